"""A backup policy of AWS Organizations by itself: its grammar, its size, and values that can't work anywhere.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from strongroom.documents.nodes import Entry, Items, Members, Node, Place, Scalar, described, entries, find, plain
from strongroom.documents.notes import Notes, shortened, shown
from strongroom.documents.selections import note_console_role, note_console_vault, note_wildcard
from strongroom.documents.vaultpolicy import embedded
from strongroom.domain.origin import FileOrigin
from strongroom.facts import limit
from strongroom.semantics.policies import malformed

_MALFORMED_MAX: Final = 20
_LOOKED_AT_CHARACTERS: Final = 200_000  # twenty times what AWS takes
_AIR_GAPPED: Final = "target_logically_air_gapped_backup_vault_arn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A policy that AWS Organizations would take."""

    name: str
    root: Members
    document: dict[str, Any]
    notes: Notes  # of its file

    def nearest(self, path: str) -> tuple[int, FileOrigin]:
        """Return how many characters of a path such as plans/P/rules it doesn't have, and the place of what it has."""
        place, left = locate(self.root, path)
        return left, self.notes.origin(place)


def written(root: Members, notes: Notes, *, name: str) -> Written | None:
    """Return a policy, or None with findings when AWS Organizations refuses it."""
    inner = unwrapped(root, notes)
    if inner is None:
        return None
    root, document = inner, plain(inner)
    if not isinstance(document, dict) or _note_lists(root, name, notes):
        return None
    if _note_size(document, name, root.place, notes) > _LOOKED_AT_CHARACTERS or _note_grammar(document, name, root, notes):
        return None
    _note_values(root, (), notes)
    return Written(name=name, root=root, document=document, notes=notes)


def unwrapped(root: Members, notes: Notes) -> Members | None:
    """Return the policy in an answer of DescribePolicy or DescribeEffectivePolicy, else the document itself; None with a finding.

    An effective policy has values without operators; each becomes what somebody would write to get it.
    """
    content = find(root, "Policy", "Content")
    if content is not None:
        return embedded(content, "Policy.Content", notes)
    content = find(root, "EffectivePolicy", "PolicyContent")
    if content is None:
        return root
    inner = embedded(content, "EffectivePolicy.PolicyContent", notes)
    assigned = _assigned(inner) if inner is not None else None
    return assigned if isinstance(assigned, Members) else None


def _assigned(node: Node) -> Node:
    if isinstance(node, Members):
        return Members({entry.key: Entry(entry.key, entry.place, _assigned(entry.value)) for entry in entries(node)}, node.place)
    return Members({"@@assign": Entry("@@assign", node.place, node)}, node.place)


def locate(root: Members, path: str) -> tuple[Place, int]:
    """Return the place of the deepest key on a path, and how many characters of the path are left."""
    node: Node = root
    place, rest = root.place, path
    while rest and isinstance(node, Members):
        found = [each for each in node.entries.values() if (rest + "/").lower().startswith(each.key.lower() + "/")]
        if not found:
            break
        entry: Entry = max(found, key=lambda each: len(each.key))
        node, place, rest = entry.value, entry.place, rest[len(entry.key) + 1 :]
    return place, len(rest)


def _note_size(document: dict[str, Any], name: str, place: Place, notes: Notes) -> int:
    size, bound = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False)), limit("policy_characters")
    if size > bound.value:
        message = f"policy {name} has {size} {bound.unit} without blanks, {bound.value} allowed"
        notes.add("DOC022", place, f"policy {name}", message, "split it into several policies")
    return size


def _note_lists(root: Members, name: str, notes: Notes) -> bool:
    """Note lists with something else than texts, and fractions: they are no policy, and no operator could merge them."""
    wrong = False
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, Scalar) and isinstance(node.value, float):
            wrong = True
            notes.add("DOC009", node.place, f"policy {name}", f"{described(node)} is no whole number", "write a whole number as text")
        todo += [entry.value for entry in entries(node)]
        for each in node.items if isinstance(node, Items) else ():
            if not (isinstance(each, Scalar) and isinstance(each.value, str)):
                wrong = True
                notes.add("DOC009", each.place, f"policy {name}", f"an item of a list is {described(each)}: text expected", "write text")
    return wrong


def _note_grammar(document: dict[str, Any], name: str, root: Members, notes: Notes) -> bool:
    """Note everything that AWS's grammar refuses: each complaint is taken out, and the rest is asked again."""
    wrong = False
    for _ in range(_MALFORMED_MAX):
        complaint = malformed(document)
        if complaint is None:
            break
        wrong = True
        path, message = _split(complaint, document)
        place, _left = locate(root, path)
        code = "DOC008" if "unknown" in message else "DOC009"
        subject = f"policy {name}" if not path else shortened(path)
        notes.add(code, place, subject, f"{shortened(path) or f'policy {name}'}: {shortened(message, 300)}", _fix(message))
        if not path or not _removed(document, path):
            break
    return wrong


def _split(complaint: str, document: dict[str, Any]) -> tuple[str, str]:
    """Return path and message of a complaint; names may contain colons themselves."""
    for path in sorted(_paths(document, ""), key=len, reverse=True):
        if complaint.startswith(f"{path}: "):
            return path, complaint[len(path) + 2 :]
        if complaint.startswith(f"/{path}: "):
            return path, complaint[len(path) + 3 :]
    return "", complaint.partition(": ")[2] or complaint


def _paths(document: Any, above: str) -> Iterator[str]:
    for key, value in document.items() if isinstance(document, dict) else ():
        path = f"{above}/{key}".removeprefix("/")
        yield path
        yield from _paths(value, path)


def _removed(document: dict[str, Any], path: str) -> bool:
    """Take the value at a path out; tell whether it was there."""
    for key, value in document.items():
        if path == key:
            del document[key]
            return True
        if path.startswith(f"{key}/") and isinstance(value, dict) and _removed(value, path[len(key) + 1 :]):
            return True
    return False


def _fix(message: str) -> str:
    if "unknown operator" in message:
        return "write @@assign, @@append or @@remove"
    if "operator such as" in message:
        return 'write {"@@assign": VALUE}'
    return "write what is expected, or remove it"


def _note_values(node: Node, path: tuple[str, ...], notes: Notes) -> None:
    """Note values that can't work in any account, at the place where they are written."""
    for entry in entries(node):
        if not entry.key.startswith("@@"):
            _note_values(entry.value, (*path, entry.key.lower()), notes)
        elif entry.key in {"@@assign", "@@append"} and path:
            for each in entry.value.items if isinstance(entry.value, Items) else (entry.value,):
                if isinstance(each, Scalar) and isinstance(each.value, str):
                    _note_value(each.value, each.place, path, notes)


def _note_value(value: str, place: Place, path: tuple[str, ...], notes: Notes) -> None:
    subject = shortened("/".join(path[:-1]))
    match path[-1]:
        case "target_logically_air_gapped_backup_vault_arn":
            if "$region" not in value or "$account" not in value:
                message = f"{_AIR_GAPPED} is {shown(value)}, without $region and $account"
                notes.add("DOC015", place, subject, message, "write arn:aws:backup:$region:$account:backup-vault:NAME")
        case "iam_role_arn":
            note_console_role(notes, place, subject, value)
        case "target_backup_vault_name" | "target_backup_vault_arn":
            note_console_vault(notes, place, subject, value)
        case "resource_types" | "not_resource_types" if "selections" in path:
            note_wildcard(notes, place, subject, value)
        case _:
            pass
