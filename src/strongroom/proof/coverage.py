"""`coverage`: what is backed up and what is not, of a whole organization, without any strategy."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.proof.engine import query
from strongroom.proof.readings import Unreadable
from strongroom.semantics.selection import PlanSelection
from strongroom.semantics.selection_columns import plan_mask

FORMAT_VERSION = 1
RESOURCE_COLUMNS = ("account_id", "region", "arn", "type", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCoverage:
    """Coverage of one resource type in one account and Region."""

    account_id: str
    region: str
    type: str
    resources: int
    within_day: int  # with a recovery point newer than 24 hours
    within_week: int  # newer than 7 days
    ever: int  # with any recovery point
    newest_at: datetime | None
    stalest_at: datetime | None  # the oldest of the newest recovery points
    plans: tuple[str, ...]  # names of the plans that select some of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is backed up; `uncovered` has account_id, region, type, arn and name of resources without any recovery point."""

    snapshot_id: str
    observed_at: datetime
    accounts: tuple[AccountCoverage, ...]
    uncovered: pa.Table
    unread: tuple[Unreadable, ...]  # nothing is known about these

    @property
    def resources(self) -> int:
        """All resources that were found."""
        return sum(each.resources for each in self.accounts)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "format_version": FORMAT_VERSION,
            "snapshot": self.snapshot_id,
            "observed_at": self.observed_at.isoformat(),
            "resources": self.resources,
            "within_day": sum(each.within_day for each in self.accounts),
            "within_week": sum(each.within_week for each in self.accounts),
            "ever": sum(each.ever for each in self.accounts),
            "accounts": [_plain(asdict(each)) for each in self.accounts],
            "uncovered": self.uncovered.to_pylist(),
            "unread": [asdict(each) for each in self.unread],
        }


def coverage(snapshot: ledger.Snapshot) -> Coverage:
    """Return how many resources of each account, Region and type have a recovery point of which age.

    An on-demand backup or one of somebody else's plan counts as well; whether it is what the organization wants is a question
    for `verify`. Raises CouldNotVerify for a damaged snapshot.
    """
    selecting = _selecting(snapshot)
    connection = ledger.connect(snapshot)
    try:
        connection.register("clock", pa.table({"now": pa.array([snapshot.observed_at], pa.timestamp("us", tz="UTC"))}))
        connection.execute(query("covered"))
        rows = ledger.rows(connection, query("coverage"))
        text = "SELECT account_id, region, type, arn, name FROM covered WHERE newest_at IS NULL ORDER BY account_id, region, type, arn"
        uncovered = connection.sql(text).to_arrow_table()
    finally:
        connection.close()
    return Coverage(
        snapshot_id=snapshot.id,
        observed_at=snapshot.observed_at,
        accounts=tuple(AccountCoverage(**row, plans=selecting.get((row["account_id"], row["region"], row["type"]), ())) for row in rows),
        uncovered=uncovered,
        unread=tuple(_unread(snapshot)),
    )


def age(newest_at: datetime | None, now: datetime) -> timedelta | None:
    """Return how old a recovery point is; None when there is none."""
    return None if newest_at is None else now - newest_at


def _unread(snapshot: ledger.Snapshot) -> Iterator[Unreadable]:
    reads = snapshot.table("reads")
    for row in reads.filter(pc.invert(reads["read"])).to_pylist():
        reason = ": ".join(part for part in (row["code"], row["reason"]) if part)
        yield Unreadable(account_id=row["account_id"], region=row["region"], subject=row["subject"], reason=reason)


def _selecting(snapshot: ledger.Snapshot) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return the names of the plans that select resources, by account, Region and type.

    Places with the same selections and opt-in are looked at together: policies make thousands of accounts alike.
    """
    groups = _alike(snapshot)
    resources = snapshot.table("resources").select(list(RESOURCE_COLUMNS))
    where = pc.binary_join_element_wise(resources["account_id"], resources["region"], " ")
    found: dict[tuple[str, str, str], set[str]] = {}
    for (selections, opt_in), places in groups.items():
        here = resources.filter(pc.is_in(where, value_set=pa.array(places, pa.string())))
        for plan, document in selections:
            chosen = here.filter(plan_mask(PlanSelection.parse(json.loads(document)), here, dict(opt_in)))
            for row in chosen.group_by(["account_id", "region", "type"]).aggregate([]).to_pylist():
                found.setdefault((row["account_id"], row["region"], row["type"]), set()).add(plan)
    return {key: tuple(sorted(plans)) for key, plans in found.items()}


Selections = tuple[tuple[str, str], ...]  # name of the plan, BackupSelection document
OptIn = tuple[tuple[str, bool], ...]


def _alike(snapshot: ledger.Snapshot) -> dict[tuple[Selections, OptIn], list[str]]:
    management = {row["account_id"] for row in snapshot.table("accounts").to_pylist() if row["management"]}
    names = {(row["account_id"], row["region"], row["plan_id"]): row["name"] for row in snapshot.table("backup_plans").to_pylist()}
    settings = snapshot.table("settings")
    opt_in: dict[tuple[str, str], dict[str, bool]] = {}
    for row in settings.filter(pc.equal(settings["kind"], "opt_in")).to_pylist():
        opt_in.setdefault((row["account_id"], row["region"]), {})[row["name"]] = row["value"] == "true"
    places: dict[tuple[str, str, bool], set[tuple[str, str]]] = {}
    for row in snapshot.table("selections").to_pylist():
        key = (row["account_id"], row["region"], row["plan_id"])
        by_policy = row["plan_id"].startswith("orgs/")  # then the management account's opt-in decides
        document = json.dumps({**json.loads(row["document"]), "IamRoleArn": ""}, sort_keys=True)  # the role alone differs by account
        places.setdefault((row["account_id"], row["region"], by_policy), set()).add((names.get(key, row["plan_id"]), document))
    groups: dict[tuple[Selections, OptIn], list[str]] = {}
    for (account, region, by_policy), selections in places.items():
        owner = next(iter(management), account) if by_policy else account
        chosen = tuple(sorted(opt_in.get((owner, region), {}).items()))
        groups.setdefault((tuple(sorted(selections)), chosen), []).append(f"{account} {region}")
    return groups


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
