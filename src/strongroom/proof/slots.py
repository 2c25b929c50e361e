"""The runs that each rule should have made, as tables for SQL.

Every slot has a number (from 1, per rule) and a mark, a fixed 48-bit number drawn from its instant. The sum of the marks of a
range tells, without sorting anything, whether exactly the recovery points of these slots are there: a missing, doubled or
strange one changes the sum (two different sets agree by chance once in about 10^14). Only chains whose sums differ are looked
at slot by slot.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from strongroom.domain.names import Forever
from strongroom.proof.declared import DeclaredPlan, DeclaredRule, Leg
from strongroom.semantics.windows import RuleWindow, Run, runs

HOUR_SECONDS = 3600
Row = tuple[Any, ...]
INSTANT = pa.timestamp("us", tz="UTC")

SLOTS = pa.schema(
    [
        ("rule_no", pa.int32()),
        ("slot_no", pa.int32()),
        ("slot_at", INSTANT),
        ("expected", pa.int32()),  # 0: suppressed by an overlapping rule
        ("mark", pa.int64()),  # 0 when not expected
        ("expected_to", pa.int64()),  # running total up to and with this slot
        ("mark_to", pa.int64()),
    ]
)
HOURS = pa.schema(
    [
        ("rule_no", pa.int32()),
        ("hour", pa.int64()),  # hours since 1970
        ("before_no", pa.int32()),  # the newest slot before this hour, 0: none
        ("before_mark", pa.int64()),
        ("slot_at", INSTANT),  # the slot in this hour; when there is none it repeats what was before
        ("slot_no", pa.int32()),
        ("mark", pa.int64()),
    ]
)
RANGES = pa.schema(
    [
        ("leg_no", pa.int32()),
        ("first_no", pa.int32()),  # the oldest slot whose recovery point can't have been deleted yet
        ("last_no", pa.int32()),  # the newest slot whose recovery point must be there
        ("local_first_no", pa.int32()),  # the same of the rule's local vault
        ("first_at", INSTANT),
        ("last_at", INSTANT),
    ]
)


def slot_tables(plans: Iterable[DeclaredPlan], since: datetime, now: datetime) -> dict[str, pa.Table]:
    """Return the tables slots, hours and leg_ranges for the time from `since` to `now`."""
    slots: list[Row] = []
    hours: list[Row] = []
    ranges: list[Row] = []
    for plan in plans:
        by_rule = _runs(plan, since, now)
        for rule in plan.rules:
            own = by_rule[rule.rule.name]
            slots += _slots(rule, own)
            hours += _hours(rule, own, since, now)
            ranges += _ranges(rule, own, now)
    return {"slots": _table(SLOTS, slots), "hours": _table(HOURS, hours), "leg_ranges": _table(RANGES, ranges)}


def _runs(plan: DeclaredPlan, since: datetime, now: datetime) -> dict[str, list[Run]]:
    windows = [
        RuleWindow(
            name=rule.rule.name,
            cron=rule.cron,
            timezone=rule.rule.timezone,
            start_within_minutes=rule.rule.start_within_minutes,
            keep=rule.rule.keep,
        )
        for rule in plan.rules
    ]
    found: dict[str, list[Run]] = {rule.rule.name: [] for rule in plan.rules}
    for run in runs(windows, since, now):
        found[run.rule].append(run)
    return found


def _slots(rule: DeclaredRule, own: list[Run]) -> Iterator[Row]:
    count = total = 0
    for number, run in enumerate(own, 1):
        mark = _mark(rule, run)
        count, total = count + (mark > 0), total + mark
        yield rule.number, number, run.slot_at, int(mark > 0), mark, count, total


def _mark(rule: DeclaredRule, run: Run) -> int:
    if run.suppressed_by is not None or rule.rule.continuous:
        return 0
    return 1 + int.from_bytes(hashlib.blake2b(run.slot_at.isoformat().encode(), digest_size=6).digest())


def _hours(rule: DeclaredRule, own: list[Run], since: datetime, now: datetime) -> Iterator[Row]:
    inside: dict[int, tuple[int, int, datetime]] = {}
    for number, run in enumerate(own, 1):  # AWS runs a rule once an hour at most
        inside.setdefault(int(run.slot_at.timestamp()) // HOUR_SECONDS, (number, _mark(rule, run), run.slot_at))
    before: tuple[int, int] = (0, 0)
    for hour in range(int(since.timestamp()) // HOUR_SECONDS, int(now.timestamp()) // HOUR_SECONDS + 1):
        number, mark, slot_at = inside.get(hour, (*before, since))
        yield rule.number, hour, *before, slot_at, number, mark
        before = (number, mark)


def _ranges(rule: DeclaredRule, own: list[Run], now: datetime) -> Iterator[Row]:
    local_first = _first(rule.legs[0], own, now)
    for leg in rule.legs:
        first = _first(leg, own, now)
        allowance = rule.copy_allowance if leg.copy else rule.allowance
        last = sum(run.slot_at + allowance < now for run in own)
        at = {number: run.slot_at for number, run in enumerate(own, 1)}
        yield leg.number, first, last, local_first, at.get(first), at.get(last)


def _first(leg: Leg, own: list[Run], now: datetime) -> int:
    if isinstance(leg.keep, Forever):
        return 1
    # A recovery point is made at its slot or later, so it can't be due for deletion before slot + keep.
    return 1 + sum(run.slot_at + timedelta(days=leg.keep) <= now for run in own)


def _table(schema: pa.Schema, rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.Table.from_arrays([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)
