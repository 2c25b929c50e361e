"""The organization of an access document: its units with their ids, and where each account is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from strongroom.documents.fields import Fields, did_you_mean
from strongroom.documents.nodes import Entry, Members, Place, Scalar, entries
from strongroom.documents.notes import Notes, shown
from strongroom.domain.access import AccessAccount
from strongroom.domain.names import AccountId

_ORGANIZATION: Final = frozenset({"id", "root", "units"})
_UNIT: Final = frozenset({"id", "units"})
_ACCOUNT: Final = frozenset({"name", "in", "management"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are; lines go from the root down, the place itself included."""

    organization_id: str | None  # None: the document has no organization
    lines: Mapping[str, tuple[str, ...]]  # by id of root and units
    names: Mapping[str, tuple[str, ...]]  # ids by name, path and id: several where a name isn't unique
    accounts: Mapping[str, AccessAccount]

    @property
    def everything(self) -> tuple[str, ...]:
        """Ids of the root, all units and all accounts."""
        return (*self.lines, *self.accounts)


def places(whole: Fields, notes: Notes) -> Places:
    """Return the organization and the accounts that a document names."""
    organization = whole.object("organization", "organization")
    lines: dict[str, tuple[str, ...]] = {}
    names: dict[str, tuple[str, ...]] = {}
    organization_id = None
    if isinstance(organization, Fields):
        organization.only(_ORGANIZATION)
        found = organization.text("id", required=True)
        organization_id = found if isinstance(found, str) else ""
        root = organization.text("root", required=True)
        if isinstance(root, str):
            lines[root] = (root,)
            names[root] = (root,)
            for unit_id, path, line, place in _units(organization, (root,), "", notes):
                if unit_id in lines:
                    notes.add("DOC042", place, f"unit {path}", f"id {shown(unit_id)} stands twice", "every unit has an id of its own")
                lines[unit_id] = line
                for name in dict.fromkeys((unit_id, path, path.rpartition("/")[2])):
                    names[name] = (*names.get(name, ()), unit_id)
    made = Places(organization_id=organization_id, lines=lines, names=names, accounts={})
    return Places(organization_id=organization_id, lines=lines, names=names, accounts=dict(_accounts(whole, made, notes)))


def place_named(found: Places, name: str, place: Place, subject: str, notes: Notes) -> str | None:
    """Return the id of a root, unit or account that a document names by id, path or name; note what leads nowhere."""
    if name in found.accounts:
        return name
    ids = found.names.get(name, ())
    if len(ids) == 1:
        return ids[0]
    if ids:
        notes.add("DOC041", place, subject, f"there are {len(ids)} units {shown(name)}", f"name it by its id: {' or '.join(ids[:3])}")
    else:
        help_ = did_you_mean(name, tuple(dict.fromkeys((*found.names, *found.accounts))))
        notes.add("DOC041", place, subject, f"there is no unit or account {shown(name)}", help_)
    return None


def _units(holder: Fields, above: tuple[str, ...], path: str, notes: Notes) -> Iterator[tuple[str, str, tuple[str, ...], Place]]:
    """Yield id, path, line and place of each unit, parents first."""
    units = holder.object("units")
    for entry in entries(units.node) if isinstance(units, Fields) else ():
        here = f"{path}/{entry.key}" if path else entry.key
        if not isinstance(entry.value, Members):
            notes.add("DOC009", entry.value.place, f"unit {here}", f"unit {shown(here)} is no object", "write {id: ou-…}")
            continue
        unit = Fields(entry.value, f"unit {here}", notes)
        unit.only(_UNIT)
        unit_id = unit.text("id", required=True)
        if isinstance(unit_id, str):
            yield unit_id, here, (*above, unit_id), unit.place("id")
            yield from _units(unit, (*above, unit_id), here, notes)


def _accounts(whole: Fields, known: Places, notes: Notes) -> Iterator[tuple[str, AccessAccount]]:
    accounts = whole.object("accounts", "accounts")
    if not isinstance(accounts, Fields):
        if accounts is None and known.organization_id is not None:
            whole.missing("accounts")
        return
    managing: list[str] = []
    for entry in entries(accounts.node):
        found = _account(entry, known, notes)
        if found is not None:
            managing += [found.id] if found.management else []
            yield found.id, found
    if known.organization_id is not None and len(managing) != 1:
        message = f"{len(managing)} accounts have management: true, an organization has one management account"
        notes.add(
            "DOC010", accounts.node.place, "accounts", message, "write management: true for the one that control policies don't reach"
        )


def _account(entry: Entry, known: Places, notes: Notes) -> AccessAccount | None:
    subject = f"account {entry.key}"
    try:
        account = AccountId.parse(entry.key)
    except ValueError as error:
        notes.add("DOC009", entry.place, subject, str(error)[:200], 'write it in quotes: "012345678901"')
        return None
    if isinstance(entry.value, Scalar) and entry.value.value is None:
        body = Fields(Members({}, entry.place), subject, notes)
    elif isinstance(entry.value, Members):
        body = Fields(entry.value, subject, notes)
    else:
        notes.add("DOC009", entry.value.place, subject, f"{subject} is no object", "write {in: name of a unit}, or in: none")
        return None
    body.only(_ACCOUNT)
    name, unit, management = body.text("name"), body.text("in"), body.flag("management")
    parents: tuple[str, ...] = next(iter(known.lines.values()), ())  # the root
    if unit == "none":
        parents = ()
    elif isinstance(unit, str):
        place = place_named(known, unit, body.place("in"), subject, notes)
        parents = known.lines.get(place or "", parents)
    return AccessAccount(id=account, name=name if isinstance(name, str) else "", parents=parents, management=management is True)
