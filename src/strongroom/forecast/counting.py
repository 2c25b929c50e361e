"""Counting the resources of a snapshot that two sides of a comparison treat alike."""

from collections.abc import Iterator, Sequence

import duckdb

from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.forecast.policydiff import Counted, keys_compared
from strongroom.forecast.protection import of_estate
from strongroom.forecast.unread import UnreadPlace
from strongroom.ledger import Snapshot, connect, rows

_COUNTED = """
SELECT type, region, map_from_entries(list_filter(map_entries(tags), lambda entry: list_contains($keys::VARCHAR[], entry.key))) AS tags,
       count(*) AS resources
FROM resources
WHERE list_contains($accounts::VARCHAR[], account_id)
GROUP BY ALL
"""
_UNREAD = """
SELECT account_id, region, subject, reason FROM reads
WHERE NOT read AND subject LIKE 'resources%' AND list_contains($accounts::VARCHAR[], account_id)
ORDER BY ALL
"""


Numbers = tuple[Counted, ...]


def counted(snapshot: Snapshot, *, keys: Sequence[str], governs: Sequence[str] | None) -> tuple[Numbers, tuple[UnreadPlace, ...]]:
    """Return the resources of the governed accounts (None: of all) by type, Region and the values of some tag keys, and the gaps.

    Raises CouldNotVerify for a damaged snapshot.
    """
    known = {str(kind): kind for kind in ResourceType}
    with connect(snapshot) as ledger:
        accounts = list(governed_accounts(ledger, governs))
        found = rows(ledger, _COUNTED, {"keys": list(keys), "accounts": accounts})
        gaps = rows(ledger, _UNREAD, {"accounts": accounts})
    numbers = tuple(
        Counted(type=known[row["type"]], region=row["region"], tags=tuple(sorted(row["tags"])), resources=row["resources"])
        for row in found
        if row["type"] in known
    )
    return numbers, tuple(UnreadPlace(**row) for row in gaps)


def selected(snapshot: Snapshot, estate: Estate) -> tuple[dict[str, int], tuple[UnreadPlace, ...]]:
    """Return how many resources each plan of a strategy selects in its Regions, and the gaps.

    Raises CouldNotVerify for a damaged snapshot.
    """
    side = of_estate(estate)
    opt_in = {str(kind): kind in estate.settings.opt_in for kind in ResourceType}
    numbers, unread = counted(snapshot, keys=keys_compared(side, side), governs=estate.organization.governs)
    found = {
        plan.name: sum(
            each.resources
            for each in numbers
            if any(each.region in rule.regions for rule in plan.rules) and plan.selects(each.type, dict(each.tags), opt_in)
        )
        for plan in side.plans
    }
    return found, unread


def governed_accounts(ledger: duckdb.DuckDBPyConnection, governs: Sequence[str] | None) -> Iterator[str]:
    """Yield the active accounts below the governed OUs, which are names, paths from the root or ids; None: all of them."""
    for account in rows(ledger, "SELECT account_id, ou_path, ou_ids FROM accounts WHERE status = 'ACTIVE' ORDER BY account_id"):
        path = f"{account['ou_path']}/"
        if governs is None or any(ou in account["ou_ids"] or path.startswith(f"{ou}/") or ou in path.split("/") for ou in governs):
            yield account["account_id"]
