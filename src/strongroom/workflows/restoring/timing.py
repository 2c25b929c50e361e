"""How long a restore will take: what jobs of its type took before, by the ledger; nothing where there were none."""

from dataclasses import dataclass, replace
from typing import Any

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.errors import CouldNotVerify
from strongroom.ledger import Snapshot
from strongroom.ledger.narrowing import Narrowing, literal
from strongroom.semantics.selection import matches

Place = tuple[AccountId, Region, str]

# Jobs of a type with what they moved; medians, so that one job that hung for days says nothing of the others.
_COPIES = """
SELECT median(epoch(j.completed_at) - epoch(j.created_at)) AS seconds,
       median(p.size_bytes / nullif(epoch(j.completed_at) - epoch(j.created_at), 0)) AS rate
FROM copy_jobs j LEFT JOIN recovery_points p ON p.arn = j.destination_recovery_point_arn
WHERE j.state = 'COMPLETED' AND j.completed_at IS NOT NULL AND j.resource_type = {type}
"""
_RESTORES = """
SELECT median(epoch(completed_at) - epoch(created_at)) AS seconds,
       median(size_bytes / nullif(epoch(completed_at) - epoch(created_at), 0)) AS rate
FROM restore_jobs WHERE state = 'COMPLETED' AND completed_at IS NOT NULL AND resource_type = {type}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Seconds that the parts of a restore took before; None: nobody has measured it."""

    copy_seconds: int | None
    restore_seconds: int | None


NOTHING = Expected(copy_seconds=None, restore_seconds=None)


def expected(snapshot: Snapshot | None, kind: ResourceType, size_bytes: int | None) -> Expected:
    """Return how long a copy and a restore of a type and size take; a damaged table is nothing measured."""
    if snapshot is None:
        return NOTHING
    try:
        with ledger.connect(snapshot) as connection:
            copies, restores = (ledger.rows(connection, query.format(type=literal(str(kind))))[0] for query in (_COPIES, _RESTORES))
    except CouldNotVerify:
        return NOTHING
    return Expected(
        copy_seconds=_seconds(copies["seconds"], copies["rate"], size_bytes),
        restore_seconds=_seconds(restores["seconds"], restores["rate"], size_bytes),
    )


def _seconds(seconds: float | None, rate: float | None, size_bytes: int | None) -> int | None:
    """Return the usual time, or longer where the size at the usual rate takes longer.

    Example:
        >>> _seconds(120.0, 1000.0, 300_000), _seconds(120.0, None, 300_000), _seconds(None, None, 1)
        (300, 120, None)
    """
    if seconds is None:
        return None
    return round(max(seconds, size_bytes / rate if rate and size_bytes else 0))


def rto_seconds(estate: Estate | None, kind: ResourceType, tags: dict[str, str], arn: str) -> int | None:
    """Return the tightest recovery time that a strategy promises for a resource; None: it promises none."""
    promised = [
        each.rto_minutes
        for each in (estate.objectives if estate else ())
        if each.rto_minutes is not None and matches(each.select, kind, tags, arn)
    ]
    return min(promised) * 60 if promised else None


def places_of(snapshot: Snapshot | None, arn: str) -> tuple[Place, ...]:
    """Return the vaults that hold recovery points of a resource, by the ledger; none where it can't be read."""
    rows = _about(snapshot, arn, "recovery_points", "account_id", "region", "vault_name")
    return tuple(dict.fromkeys((AccountId(account), Region(region), vault) for account, region, vault in rows))


def resource_place(snapshot: Snapshot | None, arn: str) -> tuple[Place, ...]:
    """Return account, Region and name of a resource, by the ledger; nothing where it doesn't know it."""
    return tuple(
        (AccountId(each[0]), Region(each[1]), each[2]) for each in _about(snapshot, arn, "resources", "account_id", "region", "name")
    )


def resource_type(snapshot: Snapshot | None, arn: str) -> ResourceType | None:
    """Return the type of a resource, by the ledger, which its recovery points tell of one that is gone; None: it doesn't know."""
    rows = _about(snapshot, arn, "resources", "type") or _about(snapshot, arn, "recovery_points", "resource_type")
    return next((ResourceType(kind) for (kind,) in rows), None)


def resource_tags(snapshot: Snapshot | None, arn: str) -> dict[str, str]:
    """Return the tags of a resource, by the ledger; none where it doesn't know it."""
    return {name: text for (tags,) in _about(snapshot, arn, "resources", "tags") for name, text in dict(tags or ()).items()}


def _about(snapshot: Snapshot | None, arn: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table that are about a resource; none where they can't be read."""
    if snapshot is None:
        return []
    try:
        found = replace(snapshot, only=Narrowing(resource=arn, accounts=())).table(table)
    except CouldNotVerify:
        return []
    return list(zip(*(found.column(name).to_pylist() for name in columns), strict=True))
