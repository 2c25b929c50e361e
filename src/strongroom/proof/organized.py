"""What live checks of the organization ask alike: its OUs, what was read of it, and who is meant by a list of OUs."""

from collections.abc import Iterable, Iterator
from typing import Any

from strongroom.domain.organization import OrganizationalUnit, is_governed, units_named
from strongroom.proof.engine import Judgement
from strongroom.proof.readings import Unreadable
from strongroom.proof.scope import Account


def was_asked(judgement: Judgement, subject: str) -> bool:
    """Return whether a sync asked anybody for a subject: snapshots of earlier releases say nothing of what they didn't know."""
    return any(asked == subject for _, asked in judgement.observed.readings.reasons)


def unread(judgement: Judgement, *subjects: str) -> tuple[Unreadable, ...]:
    """Return which subjects of the management account could not be read."""
    missing = (judgement.observed.readings.missing(judgement.scope.management, "", subject) for subject in subjects)
    return tuple(each for each in missing if each is not None)


def rows(judgement: Judgement, table: str) -> list[dict[str, Any]]:
    """Return the rows of a small table."""
    found: list[dict[str, Any]] = judgement.snapshot.table(table).to_pylist()
    return found


def units(judgement: Judgement) -> tuple[OrganizationalUnit, ...]:
    """Return the root, which has no name, and the OUs that have accounts below them: no other is in the ledger."""
    found: dict[str, OrganizationalUnit] = {}
    for row in rows(judgement, "accounts"):
        names = row["ou_path"].split("/") if row["ou_path"] else []
        for depth, unit in enumerate(row["ou_ids"]):
            path = "/".join(names[:depth])
            found[unit] = OrganizationalUnit(id=unit, name=names[depth - 1] if depth else "", path=path)
    return tuple(found.values())


def unit_ids(references: Iterable[str], known: tuple[OrganizationalUnit, ...]) -> dict[str, str]:
    """Return what a strategy's names of OUs mean: paths, or names where the OU is not known, by id."""
    return {unit.id: unit.path or reference for reference in references for unit in units_named(reference, known)}


def accounts_below(judgement: Judgement, references: Iterable[str]) -> Iterator[Account]:
    """Yield the active accounts below OUs, without the management account, which no StackSet reaches."""
    wanted = tuple(references)
    for row in rows(judgement, "accounts"):
        if row["status"] == "ACTIVE" and not row["management"] and is_governed(wanted, ou_path=row["ou_path"], ou_ids=row["ou_ids"]):
            yield Account(id=row["account_id"], ou_path=row["ou_path"], ou_ids=tuple(row["ou_ids"]), active=True, management=False)
