"""`attachments.yaml`: which policies of a folder are attached to the root, to OUs and to accounts.

root:
  policies: [baseline]           # files of the folder, in the order of attachment
  units:
    Workloads:
      policies: [workloads]
      accounts:
        "555555555555": [payments]
        "666666666666": []
      units: {}
"""

from collections.abc import Iterator, Mapping
from typing import Final

from strongroom.documents.fields import Fields, did_you_mean
from strongroom.documents.nodes import Entry, Items, Members, Node, Scalar, entries
from strongroom.documents.notes import Notes, shown
from strongroom.documents.policydocument import Written
from strongroom.documents.policymerge import Path
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId
from strongroom.domain.origin import Unread
from strongroom.facts import limit

FILE: Final = "attachments.yaml"
_KEYS: Final = frozenset({"policies", "units", "accounts"})


def accounts(root: Members, policies: Mapping[str, Written | None], notes: Notes) -> tuple[tuple[AccountId, Path], ...]:
    """Return each account with the policies from the root down to it; `policies` that are None can't be merged.

    Notes unknown policies and accounts, and policies that are attached nowhere.
    """
    whole = Fields(root, "attachments", notes, lenient=True)
    whole.only({"root"})
    top = whole.object("root", "root")
    if not isinstance(top, Fields):
        if top is None:
            whole.missing("root")
        return ()
    tree = _Tree(policies, notes)
    found = tuple(tree.below(top, Path()))
    for name in policies:
        if name not in tree.attached:
            message = f"policy {name} is attached nowhere"
            notes.add(
                "DOC023", root.place, f"policy {name}", message, f"attach it in {FILE}, or remove the file", severity=Severity.WARNING
            )
    seen: dict[AccountId, Path] = {}
    for account, path in found:
        if account in seen:
            message = f"account {account} stands in two places: AWS Organizations knows one"
            notes.add("DOC023", root.place, f"account {account}", message, "remove one of them")
        seen.setdefault(account, path)
    return tuple(seen.items())


class _Tree:
    def __init__(self, policies: Mapping[str, Written | None], notes: Notes) -> None:
        self._policies = policies
        self._notes = notes
        self.attached: set[str] = set()

    def below(self, unit: Fields, above: Path) -> Iterator[tuple[AccountId, Path]]:
        """Yield the accounts of a unit and of those below it."""
        unit.only(_KEYS)
        path = above.below(self._named(unit, unit.value("policies")))
        for account, attached in self._accounts(unit):
            yield account, path.below(self._named(unit, attached))
        units = unit.object("units")
        for entry in entries(units.node) if isinstance(units, Fields) else ():
            if isinstance(entry.value, Members):
                yield from self.below(Fields(entry.value, f"unit {entry.key}", self._notes, lenient=True), path)
            elif not (isinstance(entry.value, Scalar) and entry.value.value is None):
                message = f"unit {shown(entry.key)} is no object"
                self._notes.add("DOC009", entry.value.place, f"unit {entry.key}", message, "write policies, units or accounts below it")

    def _accounts(self, unit: Fields) -> Iterator[tuple[AccountId, Node | None]]:
        written = unit.value("accounts")
        if isinstance(written, Items):
            several = tuple(Entry(str(each.value), each.place, each) for each in written.items if isinstance(each, Scalar))
            pairs: tuple[tuple[Entry, Node | None], ...] = tuple((each, None) for each in several)
        else:
            held = unit.object("accounts")
            pairs = tuple((each, each.value) for each in entries(held.node)) if isinstance(held, Fields) else ()
        for entry, attached in pairs:
            try:
                yield AccountId.parse(entry.key), attached
            except ValueError as error:
                self._notes.add("DOC023", entry.place, unit.subject, str(error)[:200], 'write it in quotes: "012345678901"')

    def _named(self, unit: Fields, node: Node | None) -> tuple[Written, ...]:
        """Return the policies that a list names, in its order."""
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return ()
        holder = Fields(Members({"policies": Entry("policies", node.place, node)}, node.place), unit.subject, self._notes, lenient=True)
        names = holder.texts("policies")
        if isinstance(names, Unread):
            return ()
        bound = limit("policies_per_target")
        if len(names) > bound.value:
            message = f"{unit.subject} has {len(names)} policies, {bound.value} allowed"
            self._notes.add("DOC022", node.place, unit.subject, message, "merge some of them")
        found: list[Written] = []
        for name in names:
            key = name.removesuffix(".json")
            self.attached.add(key)
            if key not in self._policies:
                message = f"there is no policy {shown(name)} in the folder"
                self._notes.add("DOC023", node.place, unit.subject, message, did_you_mean(key, tuple(self._policies)))
            policy = self._policies.get(key)
            if policy is not None and policy not in found:
                found.append(policy)
        return tuple(found)
