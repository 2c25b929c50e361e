"""Manual snapshots that `native: databases` declares: whether there is one since the last run, and copies of it where they belong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strongroom.domain.estate import Estate
from strongroom.domain.names import Forever
from strongroom.domain.strategy import NativeDatabases, NativeSnapshots
from strongroom.domain.tables import DATABASE_SNAPSHOTS
from strongroom.proof.native.comparing import Difference, Ground, Part, Row, Seen, resources, selected, unread
from strongroom.proof.native.databases import DATABASES, is_cluster, title
from strongroom.proof.native.keys import other_key
from strongroom.proof.readings import Unreadable
from strongroom.semantics.schedule import parse_cron, slots

SETTLING = timedelta(days=1)  # from a run until its snapshots and copies are surely there: large databases take hours
_BACK_DAYS = (2, 32, 367, 1462)  # a yearly run on 29 February is four years ago at the most

Snapshot = Mapping[str, Any]  # a row of the table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Snapshots of one schedule, and the run that has to have left some."""

    part: str
    declared: NativeSnapshots
    ran_at: datetime

    @property
    def shown(self) -> str:
        return f"snapshots {self.declared.name} of {self.ran_at:%Y-%m-%d %H:%M} UTC"


def found(given: Ground) -> Iterator[Difference | Unreadable]:
    """Yield where the last run of a schedule left no snapshot, or no copy, and what nobody has read."""
    declared = [each for each in given.estate.native.databases if each.snapshots]
    if not declared:
        return
    table = resources(given, DATABASES)
    shelf = _shelf(given.tables.table(DATABASE_SNAPSHOTS.name).to_pylist())
    for part in declared:
        yield from unread(given, Part(title=title(part), select=part.select, types=DATABASES, traits=()))
        rows = selected(part.select, DATABASES, table)
        for wanted in _wanted(part, given.tables.observed_at):
            yield from _of_one(given, wanted, [row for row in rows if _was_there(row, wanted.ran_at)], shelf)


def _shelf(rows: Sequence[Snapshot]) -> dict[tuple[str, str, str, bool], list[Snapshot]]:
    """Return the snapshots that are complete by account, Region, database and whether that is a cluster."""
    shelf: dict[tuple[str, str, str, bool], list[Snapshot]] = {}
    for row in rows:
        if row["status"] == "available":
            shelf.setdefault((row["account_id"], row["region"], row["database"], row["cluster"]), []).append(row)
    return shelf


def _wanted(part: NativeDatabases, now: datetime) -> Iterator[_Wanted]:
    for each in part.snapshots:
        ran_at = _last_run(each, now - SETTLING)
        if ran_at is not None and (isinstance(each.keep, Forever) or now <= ran_at + timedelta(days=each.keep)):
            yield _Wanted(part=title(part), declared=each, ran_at=ran_at)


def _last_run(declared: NativeSnapshots, until: datetime) -> datetime | None:
    cron = parse_cron(declared.schedule)
    tried = (slots(cron, declared.timezone, until - timedelta(days=days), until) for days in _BACK_DAYS)
    return next((found[-1] for found in tried if found), None)


def _was_there(row: Row, ran_at: datetime) -> bool:
    return row["created_at"] is None or row["created_at"] <= ran_at


def _of_one(
    given: Ground, wanted: _Wanted, rows: Sequence[Row], shelf: Mapping[tuple[str, str, str, bool], list[Snapshot]]
) -> Iterator[Difference | Unreadable]:
    readings, lacking = given.readings, _Lacking(wanted)
    for row in rows:
        account, name, cluster = row["account_id"], row["name"], is_cluster(row)
        missing = readings.missing(account, row["region"], DATABASE_SNAPSHOTS.name)
        if missing:
            yield missing
            continue
        made = [each for each in shelf.get((account, row["region"], name, cluster), ()) if each["created_at"] >= wanted.ran_at]
        if not made:
            lacking.add(row, wanted.shown, "missing", _make(row, wanted))
            continue
        for region in wanted.declared.to:
            missing = readings.missing(account, region, DATABASE_SNAPSHOTS.name)
            if missing:
                yield missing
                continue
            copies = [each for each in shelf.get((account, region, name, cluster), ()) if _is_copy(each, row, wanted.ran_at)]
            said = _lack(given.estate, wanted, copies) if region != row["region"] else ""
            if said:
                lacking.add(row, f"the copy in {region} of {wanted.shown}", said, _copy(made[-1], row, region, wanted))
    yield from lacking.differences()


class _Lacking:
    """Databases by what they lack."""

    def __init__(self, wanted: _Wanted) -> None:
        self.wanted = wanted
        self.by_lack: dict[tuple[str, str], list[tuple[Row, str]]] = {}

    def add(self, row: Row, what: str, lack: str, fix: str) -> None:
        self.by_lack.setdefault((what, lack), []).append((row, fix))

    def differences(self) -> Iterator[Difference]:
        for (what, lack), several in self.by_lack.items():
            yield Difference(
                part=self.wanted.part,
                trait=what,
                declared=f"{self.wanted.declared.schedule} {self.wanted.declared.timezone}",
                seen=Seen(value=lack, fix=several[0][1]),
                rows=tuple(row for row, _ in several),
            )


def _is_copy(snapshot: Snapshot, row: Row, ran_at: datetime) -> bool:
    source = snapshot["source_arn"]
    return bool(source and f":{row['region']}:" in source and (snapshot["data_at"] or snapshot["created_at"]) >= ran_at)


def _lack(estate: Estate, wanted: _Wanted, copies: Sequence[Snapshot]) -> str:
    """Return what is wrong with the copies in one Region; one that is right is enough."""
    if not copies:
        return "missing"
    key = wanted.declared.key
    said = [other_key(estate, key, each["key_arn"]) for each in copies] if key is not None else [""]
    return "" if "" in said else said[-1]


def _kind(row: Row) -> str:
    return "db-cluster-snapshot" if is_cluster(row) else "db-snapshot"


def _named(row: Row, wanted: _Wanted) -> str:
    return f"{row['name']}-{wanted.declared.name}-{wanted.ran_at:%Y-%m-%d}"


def _make(row: Row, wanted: _Wanted) -> str:
    what = "db-cluster" if is_cluster(row) else "db-instance"
    snapshot = _kind(row)
    named = f"--{what}-identifier {row['name']} --{snapshot}-identifier {_named(row, wanted)}"
    return f"rds create-{snapshot} --region {row['region']} {named}"


def _copy(snapshot: Snapshot, row: Row, region: str, wanted: _Wanted) -> str:
    what = _kind(row)
    key = " --kms-key-id KEY" if wanted.declared.key is not None else ""
    target = f"--target-{what}-identifier {_named(row, wanted)}"
    return f"rds copy-{what} --region {region} --source-region {row['region']} --source-{what}-identifier {snapshot['arn']} {target}{key}"
