"""The link `restored`: what the declared restore tests cover, when their runs were due, and every restore job that is known.

A restore test takes one recovery point of a resource in each run, whichever of its vaults in an account and Region it lies in: the job
speaks for all of them.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.compiler.restore_tests import tested_types
from strongroom.domain.estate import Estate
from strongroom.domain.names import vault_arn
from strongroom.domain.strategy import RestoreTest
from strongroom.proof.declared import DeclaredPlan
from strongroom.proof.observed import Tables
from strongroom.proof.readings import Readings
from strongroom.proof.verdicts import unread_cause
from strongroom.semantics.restoretesting import Algorithm, PointSelection, takes_vault
from strongroom.semantics.schedule import interval_minutes_max, parse_cron, slots
from strongroom.semantics.selection_columns import mask

INSTANT = pa.timestamp("us", tz="UTC")
RESTORE_HOURS_MAX = 24  # what a restore may take before its run counts as missed; AWS tells no bound
LISTED_DAYS = 30  # how far AWS lists restore jobs back
APART = timedelta(days=7)  # earlier snapshots that are looked at: each has the jobs of the month before it
SUBJECTS = ("restore_jobs", "restore_testing_plans")

TESTED = pa.schema([("resource_no", pa.int32()), ("test_no", pa.int32())])
TEST_LEGS = pa.schema([("test_no", pa.int32()), ("leg_no", pa.int32())])
TEST_VAULTS = pa.schema(
    [
        ("test_no", pa.int32()),
        ("vault_no", pa.int32()),
        ("name", pa.string()),  # of the test
        ("validated", pa.bool_()),  # somebody has to look at what was restored
        ("due_at", INSTANT),  # the newest run that must be over; null: none has been due yet
        ("next_at", INSTANT),  # when the run after it must be over
        ("planned", pa.bool_()),  # a restore testing plan there takes the vault
        ("planned_at", INSTANT),  # since when; null: unknown, or there is none
        ("deployed", pa.bool_()),  # the strategy deploys it
        ("unread", pa.string()),  # why nothing can be said, null when it can
    ]
)


@dataclass(frozen=True, slots=True)
class Due:
    """When the runs of a test are over at the latest."""

    due_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class RestoreTests:
    """Builds the tables of the restore tests that an estate declares."""

    estate: Estate
    plans: Sequence[DeclaredPlan]
    tables: Tables
    readings: Readings

    def build(self, vaults: pa.Table) -> dict[str, pa.Table]:
        """Return test_legs and test_vaults; `vaults` is vault_places."""
        legs = [(number, leg) for number, test in enumerate(self.estate.restore_tests) for leg in self._legs(test)]
        return {"test_legs": _table(TEST_LEGS, legs), "test_vaults": _table(TEST_VAULTS, self._vaults(vaults) if legs else ())}

    def asks(self) -> Iterator[tuple[int, str]]:
        """Yield the legs that tests are about, with the name of the test."""
        for test in self.estate.restore_tests:
            yield from ((leg, test.name) for leg in self._legs(test))

    def _legs(self, test: RestoreTest) -> Iterator[int]:
        for plan in self.plans:
            for rule in plan.rules:
                for leg in rule.legs:
                    if leg.label in test.vaults:
                        yield leg.number

    def _vaults(self, vaults: pa.Table) -> Iterator[tuple[Any, ...]]:
        names = {vault.name: vault.label for vault in self.estate.vaults}
        patterns = testing_plans(self.tables)
        due = [due_of(test, self.tables.observed_at) for test in self.estate.restore_tests]
        impossible = {each.subject for each in self.estate.undeployed}
        columns = (vaults[name].to_pylist() for name in ("vault_no", "account_id", "region", "vault_name"))
        for vault_no, account, region, name in zip(*columns, strict=True):
            label = names.get(name)
            for number, test in enumerate(self.estate.restore_tests):
                if label not in test.vaults:
                    continue
                missing = next((each for subject in SUBJECTS if (each := self.readings.missing(account, region, subject))), None)
                found = [at for _, takes, at in patterns.get((account, region), ()) if takes_vault(takes, vault_arn(account, region, name))]
                at = min((each for each in found if each is not None), default=None)
                told = unread_cause(missing) if missing else None
                validated = test.validate_within_hours > 0
                deployed = f"restore test {test.name}" not in impossible
                yield number, vault_no, test.name, validated, due[number].due_at, due[number].next_at, bool(found), at, deployed, told


def tested(estate: Estate, resources: pa.Table) -> pa.Table:
    """Return which protected resources are covered by which restore tests; tags of recovery points are those of their resources."""
    found = []
    for number, test in enumerate(estate.restore_tests):
        types = pa.array([str(each) for each in tested_types(estate, test)], pa.string())
        mine = resources.filter(pc.and_(mask(test.select, resources), pc.is_in(resources["type"], value_set=types)))
        numbers = mine["resource_no"].combine_chunks().cast(pa.int32())
        found.append(pa.table([numbers, pa.repeat(pa.scalar(number, pa.int32()), len(numbers))], schema=TESTED))
    return pa.concat_tables(found) if found else TESTED.empty_table()


def due_of(test: RestoreTest, now: datetime) -> Due:
    """Return the newest run of a test that must be over by now, and when the next one must be."""
    cron = parse_cron(test.schedule)
    allowance = timedelta(hours=test.start_within_hours + RESTORE_HOURS_MAX + test.validate_within_hours)
    interval = timedelta(minutes=min(interval_minutes_max(cron, test.timezone), 366 * 1440))
    runs = slots(cron, test.timezone, now - allowance - 2 * interval, now + 2 * interval)
    over = [run for run in runs if run + allowance <= now]
    later = [run + allowance for run in runs if run + allowance > now]
    return Due(max(over, default=None), min(later, default=None))


def restore_jobs(estate: Estate, snapshot: Tables, earlier: Iterable[Tables]) -> pa.Table:
    """Return the restore jobs of this and of earlier snapshots with `seen_at`, as far back as tests look; a job may be there twice."""
    reach = timedelta(days=LISTED_DAYS)
    for test in estate.restore_tests:
        due = due_of(test, snapshot.observed_at)
        reach = max(reach, snapshot.observed_at - due.due_at) if due.due_at else reach
    found, newest = [_seen(snapshot)], snapshot.observed_at
    for each in sorted(earlier, key=lambda tables: tables.observed_at, reverse=True):
        if not estate.restore_tests or each.observed_at < snapshot.observed_at - reach:
            break
        if newest - each.observed_at >= APART:
            found.append(_seen(each))
            newest = each.observed_at
    return pa.concat_tables(found)


def _seen(tables: Tables) -> pa.Table:
    jobs = tables.table("restore_jobs")
    return jobs.append_column("seen_at", pa.repeat(pa.scalar(tables.observed_at, INSTANT), jobs.num_rows))


def testing_plans(tables: Tables) -> Mapping[tuple[str, str], list[tuple[str, PointSelection, datetime | None]]]:
    """Return by account and Region the restore testing plans: names, the vaults that they take, and since when."""
    found: dict[tuple[str, str], list[tuple[str, PointSelection, datetime | None]]] = {}
    for row in tables.table("restore_testing_plans").to_pylist():
        takes = PointSelection(
            algorithm=Algorithm.LATEST,
            types=(),
            include_vaults=tuple(row["vaults"]),
            exclude_vaults=tuple(row["excluded_vaults"]),
            window_days=row["window_days"] or 0,
        )
        found.setdefault((row["account_id"], row["region"]), []).append((row["name"], takes, row["created_at"]))
    return found


def _table(schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays([pa.array(values, each.type) for values, each in zip(columns, schema, strict=True)], schema=schema)
