"""`coverage`: what is backed up and what is not, of a whole organization; a strategy is only needed for its own plans."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.errors import BadInput
from strongroom.proof.engine import query
from strongroom.proof.readings import Unreadable
from strongroom.proof.selecting import selected_by_plans, selected_by_strategy

FORMAT_VERSION = 1
# What resources, and those of services that AWS Backup doesn't know, are grouped by: queries of name, account_id and arn.
GROUPINGS = {
    "account": "SELECT account_id AS name, account_id, arn FROM {table}",
    "ou": "SELECT coalesce(nullif(a.ou_path, ''), '(root)') AS name, r.account_id, r.arn "
    "FROM {table} AS r LEFT JOIN accounts AS a ON a.account_id = r.account_id",
    "type": "SELECT type AS name, account_id, arn FROM {table}",
    "tag": "SELECT coalesce(tags[$key], '(no such tag)') AS name, account_id, arn FROM {table}",
    "plan": "SELECT coalesce(p.plan, '(no plan)') AS name, r.account_id, r.arn "
    "FROM {table} AS r LEFT JOIN (SELECT DISTINCT * FROM chosen) AS p ON p.account_id = r.account_id AND p.arn = r.arn",
}
WAYS = "account, ou, type, tag:KEY, plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCoverage:
    """Coverage of one resource type in one account and Region."""

    account_id: str
    region: str
    type: str
    resources: int
    selected: int  # by any plan that is there, with its conditions and exclusions
    within_day: int  # with a recovery point newer than 24 hours
    within_week: int  # newer than 7 days
    ever: int  # with any recovery point
    newest_at: datetime | None
    stalest_at: datetime | None  # the oldest of the newest recovery points
    plans: tuple[str, ...]  # names of the plans that select some of them


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCoverage:
    """Coverage of the resources of one account, OU, type, tag's value or plan."""

    name: str
    resources: int
    selected: int
    within_day: int
    within_week: int
    ever: int
    newest_at: datetime | None
    stalest_at: datetime | None
    unknown_to_backup: int  # resources of services that AWS Backup has no jobs for: nothing here protects them


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is backed up; `uncovered` has account_id, region, type, arn and name of resources without any recovery point."""

    snapshot_id: str
    observed_at: datetime
    accounts: tuple[AccountCoverage, ...]
    by: str  # what `groups` are groups of: account, ou, type, tag:KEY, plan; empty: none were asked for
    groups: tuple[GroupCoverage, ...]
    uncovered: pa.Table
    unknown_to_backup: pa.Table  # type, account_id, region and count of resources that AWS Backup has no jobs for
    unread: tuple[Unreadable, ...]  # nothing is known about these

    @property
    def resources(self) -> int:
        """All resources that were found and AWS Backup knows."""
        return sum(each.resources for each in self.accounts)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "format_version": FORMAT_VERSION,
            "snapshot": self.snapshot_id,
            "observed_at": self.observed_at.isoformat(),
            "resources": self.resources,
            "selected": sum(each.selected for each in self.accounts),
            "within_day": sum(each.within_day for each in self.accounts),
            "within_week": sum(each.within_week for each in self.accounts),
            "ever": sum(each.ever for each in self.accounts),
            "by": self.by,
            "groups": [_plain(asdict(each)) for each in self.groups],
            "accounts": [_plain(asdict(each)) for each in self.accounts],
            "uncovered": self.uncovered.to_pylist(),
            "unknown_to_backup": self.unknown_to_backup.to_pylist(),
            "unread": [asdict(each) for each in self.unread],
        }


def coverage(snapshot: ledger.Snapshot, *, by: str = "", estate: Estate | None = None) -> Coverage:
    """Return how many resources of each account, Region and type have a recovery point of which age, and the same of groups.

    An on-demand backup or one of somebody else's plan counts as well; whether it is what the organization wants is a question
    for `verify`. `by`: account, ou, type, tag:KEY or plan. `estate`: its plans select, not those that are there.
    Raises BadInput for another `by`, CouldNotVerify for a damaged snapshot.
    """
    way, key = grouping(by)
    chosen = selected_by_strategy(estate, snapshot) if estate else selected_by_plans(snapshot)
    connection = ledger.connect(snapshot)
    try:
        connection.register("clock", pa.table({"now": pa.array([snapshot.observed_at], pa.timestamp("us", tz="UTC"))}))
        connection.register("chosen", chosen)
        connection.execute(query("covered"))
        rows = ledger.rows(connection, query("coverage"))
        groups = _groups(connection, way, key) if by else ()
        text = "SELECT account_id, region, type, arn, name FROM covered WHERE newest_at IS NULL ORDER BY account_id, region, type, arn"
        uncovered = connection.sql(text).to_arrow_table()
        text = "SELECT type, account_id, region, count(*) AS resources FROM other_resources GROUP BY ALL ORDER BY ALL"
        unknown = connection.sql(text).to_arrow_table()
    finally:
        connection.close()
    return Coverage(
        snapshot_id=snapshot.id,
        observed_at=snapshot.observed_at,
        accounts=tuple(AccountCoverage(**{**row, "plans": tuple(row["plans"])}) for row in rows),
        by=by,
        groups=groups,
        uncovered=uncovered,
        unknown_to_backup=unknown,
        unread=tuple(_unread(snapshot)),
    )


def grouping(by: str) -> tuple[str, str]:
    """Return what to group by, and the key of a tag; raises BadInput for what nobody can group by."""
    way, _, key = by.partition(":")
    if by and (way not in GROUPINGS or (way == "tag") is not bool(key)):
        raise BadInput(f"coverage can't be grouped by {by!r}", hint=f"one of {WAYS}")
    return way, key


def _groups(connection: duckdb.DuckDBPyConnection, way: str, key: str) -> tuple[GroupCoverage, ...]:
    for name, table in (("grouped_resources", "resources"), ("grouped_others", "other_resources")):
        text = GROUPINGS[way].format(table=table)
        connection.execute(f"CREATE TEMP TABLE {name} AS {text}", {"key": key} if "$key" in text else {})
    return tuple(GroupCoverage(**row) for row in ledger.rows(connection, query("coverage_groups")))


def _unread(snapshot: ledger.Snapshot) -> Iterator[Unreadable]:
    reads = snapshot.table("reads")
    for row in reads.filter(pc.invert(reads["read"])).to_pylist():
        reason = ": ".join(part for part in (row["code"], row["reason"]) if part)
        yield Unreadable(account_id=row["account_id"], region=row["region"], subject=row["subject"], reason=reason)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
