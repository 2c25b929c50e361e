"""What an earlier snapshot spares a reading: jobs that have ended, and in a partial reading everything that is not asked for.

A job that has ended does not change any more, so that only those have to be asked for that were created since, or had not ended. Recovery
points are always listed: one that was deleted and one that appeared leave a vault's number as it was, and their states change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from strongroom import facts, ledger
from strongroom.aws.fleet.orders import Kind, Order
from strongroom.aws.readers import catalogue
from strongroom.aws.readers.keys import KnownKey
from strongroom.domain.tables import (
    ACCOUNTS,
    BACKUP_JOBS,
    CONTROL_POLICIES,
    COPY_JOBS,
    POLICIES,
    POLICY_TEXTS,
    READS,
    SETTINGS,
    TableSchema,
)

# States in which a job stays. Source: AWS Backup API reference, BackupJob and CopyJob.
ENDED: Mapping[str, tuple[str, ...]] = {
    BACKUP_JOBS.name: ("COMPLETED", "FAILED", "ABORTED", "EXPIRED", "PARTIAL"),
    COPY_JOBS.name: ("COMPLETED", "FAILED", "PARTIAL"),
}
MARGIN = timedelta(hours=1)  # a list may lag behind what was created
NOT_ASKED = "NotAsked"  # our code in `reads`: the rows are those of an earlier snapshot
# Tables that are read as a whole with the organization.
OF_ORGANIZATION = frozenset(
    {ACCOUNTS.name, POLICIES.name, CONTROL_POLICIES.name, *(subject for each in catalogue.ORGANIZATION for subject in each.subjects)}
)
Batches = Iterator[pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a reading asks for; empty: everything there is."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Nothing is left out."""
        return not self.accounts and not self.regions


@dataclass(slots=True)
class Earlier:
    """A snapshot of the same organization, and what is taken from it."""

    snapshot: ledger.Snapshot
    partial: bool = False  # what is not asked for is taken over
    _connection: Any = None

    def is_of(self, organization: str, now: datetime) -> bool:
        """Whether it was taken of an organization, and not in its future."""
        query = "SELECT value FROM settings WHERE kind = 'organization' AND name = 'id'"
        return self.snapshot.observed_at <= now and any(row["value"] == organization for row in self._rows(query))

    def since(self, until: datetime | None, now: datetime) -> dict[tuple[str, str, str], float]:
        """Return for each account, Region and kind of job since when jobs have to be asked for, in epoch seconds.

        `until`: nowhere later than this. Where that is further back than AWS lists jobs, all have to be.
        """
        oldest = now - timedelta(days=facts.limit("job_history_days").value)
        found: dict[tuple[str, str, str], float] = {}
        latest = min(self.snapshot.observed_at, until or self.snapshot.observed_at)
        for table, ended in ENDED.items():
            query = f"""
                SELECT account_id, region, min(opened.created_at) AS opened_at
                FROM reads LEFT JOIN (SELECT * FROM {table} WHERE state NOT IN (SELECT unnest($ended))) AS opened USING (account_id, region)
                WHERE subject = '{table}' AND read GROUP BY ALL
            """  # noqa: S608 - our own names
            for row in self._rows(query, ended=list(ended)):
                start = min(latest, row["opened_at"] or latest) - MARGIN
                if start > oldest:
                    found[row["account_id"], row["region"], table] = float(int(start.timestamp()))
        return found

    def jobs(self, table: TableSchema, since: Mapping[tuple[str, str], float], *, now: datetime) -> Batches:
        """Yield the jobs of some accounts and Regions that were not asked for again and that AWS would still list."""
        if not since:
            return
        asked = pa.table(
            {
                "account_id": [account for account, _ in since],
                "region": [region for _, region in since],
                "since": pa.array([datetime.fromtimestamp(at, UTC) for at in since.values()], pa.timestamp("us", tz="UTC")),
            }
        )
        query = f"""
            SELECT jobs.* FROM {table.name} AS jobs JOIN asked USING (account_id, region)
            WHERE created_at < since AND created_at >= $oldest
        """  # noqa: S608 - our own names
        oldest = now - timedelta(days=facts.limit("job_history_days").value)
        yield from self._batches(table, query, {"asked": asked}, oldest=oldest)

    def rest(self, table: TableSchema, orders: Sequence[Order], places: Sequence[str], fresh: pa.Table) -> Batches:
        """Yield the rows of a table about what a partial reading did not ask for; `fresh` are its own `reads`."""
        if table.name in OF_ORGANIZATION:
            return
        accounts = sorted({order.account for order in orders if order.kind in {Kind.ACCOUNT, Kind.CLOSED}})
        asked = [(account, region) for account in accounts for region in ("", *places)]
        if table is SETTINGS:
            asked += [(order.account, "") for order in orders if order.kind is Kind.ORGANIZATION]
        if table is POLICY_TEXTS:
            query = "SELECT * FROM policy_texts"
        elif table is READS:
            query = _READS
        elif any(column.name == "region" for column in table.columns):
            query = f"SELECT kept.* FROM {table.name} AS kept ANTI JOIN asked USING (account_id, region)"  # noqa: S608 - our own names
        else:
            query = f"SELECT kept.* FROM {table.name} AS kept ANTI JOIN asked USING (account_id)"  # noqa: S608 - our own names
        given = {
            "asked": pa.table({"account_id": [each for each, _ in asked], "region": [each for _, each in asked]}),
            "fresh": fresh.select(["account_id", "region", "subject"]),
        }
        parameters: dict[str, Any] = {}
        if table is READS:
            at = self.snapshot.observed_at
            parameters = {"at": at, "as_of": f"as of {at:%Y-%m-%d %H:%M} UTC", "code": NOT_ASKED}
        yield from self._batches(table, query, given, **parameters)

    def roles(self, accounts: Sequence[str]) -> set[tuple[str, str]]:
        """Return the roles of some accounts that were wanted then."""
        query = "SELECT account_id, arn FROM roles WHERE account_id IN (SELECT unnest($accounts))"
        return {(row["account_id"], row["arn"]) for row in self._rows(query, accounts=list(accounts))}

    def keys(self) -> dict[tuple[str, str], list[KnownKey]]:
        """Return the keys that were read then, by account and Region."""
        found: dict[tuple[str, str], list[KnownKey]] = {}
        for row in self._rows("SELECT account_id, region, arn, manager FROM keys"):
            found.setdefault((row["account_id"], row["region"]), []).append(KnownKey(row["arn"], row["arn"], row["manager"]))
        return found

    def _rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        return ledger.rows(self._cursor(), query, parameters)

    def _batches(self, table: TableSchema, query: str, given: Mapping[str, pa.Table], **parameters: Any) -> Batches:
        cursor = self._cursor()
        for name, data in given.items():
            cursor.register(name, data)
        wanted = ledger.schema(table)
        for batch in cursor.sql(query, params=parameters or None).to_arrow_reader(100_000):
            yield pa.Table.from_batches([batch]).select(wanted.names).cast(wanted)

    def _cursor(self) -> Any:
        """Return a cursor over the snapshot, which is opened once: its many views take a while."""
        if self._connection is None:
            self._connection = ledger.connect(self.snapshot)
        return self._connection.cursor()


# What was unread then stays so for the same reason; what was read was read then, and not now.
_READS = """
    SELECT kept.account_id, kept.region, kept.subject, false AS read,
           $code AS code,
           CASE WHEN kept.code = $code THEN kept.reason
                WHEN kept.read THEN $as_of || ': this sync did not ask for it'
                ELSE $as_of || ': ' || kept.reason END AS reason,
           coalesce(kept.read_at, $at) AS read_at
    FROM reads AS kept ANTI JOIN asked USING (account_id, region) ANTI JOIN fresh USING (account_id, region, subject)
"""
