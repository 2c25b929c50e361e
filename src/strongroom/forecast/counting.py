"""Counting the resources of a snapshot that two sides of a comparison treat alike."""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.organization import is_governed
from strongroom.forecast.policydiff import Counted, keys_compared
from strongroom.forecast.protection import ProtectionPlan, of_estate
from strongroom.forecast.unread import UnreadPlace
from strongroom.ledger import Snapshot, connect, rows

_COUNTED = """
SELECT type, region, map_from_entries(list_filter(map_entries(tags), lambda entry: list_contains($keys::VARCHAR[], entry.key))) AS tags,
       count(*) AS resources
FROM resources
WHERE list_contains($accounts::VARCHAR[], account_id)
GROUP BY ALL
"""
_SINGLE = """
SELECT type, arn, tags FROM resources
WHERE list_contains($regions::VARCHAR[], region) AND list_contains($accounts::VARCHAR[], account_id)
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
    own = {plan.name: plan.account for plan in estate.plans}
    numbers, unread = counted(snapshot, keys=keys_compared(side, side), governs=estate.organization.governs)
    found = {
        plan.name: _one_by_one(snapshot, estate, plan, opt_in)
        if plan.by_arn or own[plan.name]
        else sum(
            each.resources
            for each in numbers
            if any(each.region in rule.regions for rule in plan.rules) and plan.selects(each.type, dict(each.tags), opt_in)
        )
        for plan in side.plans
    }
    return found, unread


def _one_by_one(snapshot: Snapshot, estate: Estate, plan: ProtectionPlan, opt_in: Mapping[str, bool]) -> int:
    """Return how many resources a plan selects that asks for ARNs, which no two resources share, or is for one account."""
    known = {str(kind): kind for kind in ResourceType}
    regions = sorted({region for rule in plan.rules for region in rule.regions})
    with connect(snapshot) as ledger:
        own = next(each.account for each in estate.plans if each.name == plan.name)
        accounts = [own] if own else list(governed_accounts(ledger, estate.organization.governs))
        found = rows(ledger, _SINGLE, {"regions": regions, "accounts": accounts})
    return sum(row["type"] in known and plan.selects_resource(known[row["type"]], dict(row["tags"]), row["arn"], opt_in) for row in found)


def governed_accounts(ledger: duckdb.DuckDBPyConnection, governs: Sequence[str] | None) -> Iterator[str]:
    """Yield the active accounts below the governed OUs, which are names, paths from the root or ids; None: all of them."""
    for account in rows(ledger, "SELECT account_id, ou_path, ou_ids FROM accounts WHERE status = 'ACTIVE' ORDER BY account_id"):
        if governs is None or is_governed(governs, ou_path=account["ou_path"], ou_ids=account["ou_ids"]):
            yield account["account_id"]
