"""Slots, hours and the ranges that are judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from strongroom.domain.names import FOREVER
from strongroom.proof.declared import declared
from strongroom.proof.slots import slot_tables

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def tables(builder, days=40, **changes):
    estate = builder().world.estate
    plan = estate.plans[0]
    rule = replace(plan.rules[0], **changes)
    plans = declared(replace(estate, plans=(replace(plan, rules=(rule,)),)))
    return plans, slot_tables(plans, NOW - timedelta(days=days), NOW)


def test_slots_are_numbered_and_their_sums_run(builder):
    """A range's count and sum of marks are differences of the running totals."""
    _, made = tables(builder)
    rows = made["slots"].to_pylist()
    assert [row["slot_no"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[9]["expected_to"] - rows[4]["expected_to"] == 5
    assert rows[9]["mark_to"] - rows[4]["mark_to"] == sum(row["mark"] for row in rows[5:10])
    assert len({row["mark"] for row in rows}) == len(rows)


def test_every_hour_knows_the_slot_before_and_inside_it(builder):
    """An instant is mapped with one look-up and one comparison."""
    _, made = tables(builder)
    slots = {row["slot_no"]: row["slot_at"] for row in made["slots"].to_pylist()}
    for row in made["hours"].to_pylist():
        end = datetime.fromtimestamp(row["hour"] * 3600 + 3599, UTC)
        newest = max((number for number, at in slots.items() if at <= end), default=0)
        assert row["slot_no"] == newest
        assert row["before_no"] in {newest, newest - 1}


def test_what_may_be_deleted_or_still_running_is_not_judged(builder):
    """Thirty days are kept, a run may take six hours, its copy a day longer."""
    plans, made = tables(builder)
    local, central, _ = made["leg_ranges"].to_pylist()
    assert local["first_at"] == datetime(2026, 10, 23, 2, tzinfo=UTC)
    assert local["last_at"] == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert central["first_no"] == 1
    assert central["last_at"] == datetime(2026, 11, 20, 2, tzinfo=UTC)
    assert plans[0].rules[0].allowance == timedelta(hours=6)


def test_what_is_kept_forever_is_judged_from_the_beginning(builder):
    """No recovery point of it can have been deleted."""
    _, made = tables(builder, keep=FOREVER)
    assert made["leg_ranges"].to_pylist()[0]["first_no"] == 1


def test_suppressed_and_continuous_runs_are_not_expected(builder):
    """An overlapping rule with a longer retention takes the run; a continuous rule has one recovery point."""
    estate = builder().world.estate
    plan = estate.plans[0]
    rule = plan.rules[0]
    longer = replace(rule, name="longer", schedule="cron(30 2 ? * SUN *)", keep=300)
    log = replace(rule, name="log", schedule="cron(0 12 * * ? *)", continuous=True)
    plans = declared(replace(estate, plans=(replace(plan, rules=(rule, longer, log)),)))
    rows = slot_tables(plans, NOW - timedelta(days=14), NOW)["slots"].to_pylist()
    assert {row["slot_at"].weekday() for row in rows if row["rule_no"] == 0 and not row["expected"]} == {6}
    assert sum(row["expected"] for row in rows if row["rule_no"] == 2) == 0


def test_a_completion_window_of_a_week_is_waited_for_a_day(builder):
    """AWS's default would hide a missing run for a week."""
    plans, _ = tables(builder, complete_within_minutes=10_080)
    assert plans[0].rules[0].allowance == timedelta(hours=25)
