"""The calendar holds every run, lost ones marked, and says when clocks change."""

from datetime import UTC, datetime, timedelta

import pytest

from strongroom.forecast.calendar import Lost, calendar, change_in_words, reason
from strongroom.semantics.schedule import CronError

NOW = datetime(2027, 1, 4, tzinfo=UTC)  # a Monday
DAILY = 'daily: {at: "02:00", keep: 30d}'


def test_a_daily_rule_runs_each_day(plan_of):
    """One run a day, in [now, now + days)."""
    found = calendar(plan_of(DAILY), now=NOW, days=3)
    assert [run.slot_at for run in found.runs] == [NOW + timedelta(days=day, hours=2) for day in range(3)]
    assert [(rule.due, rule.lost) for rule in found.rules] == [(3, 0)]


@pytest.mark.parametrize(("minutes", "runs"), [(0, 1), (1, 0), (-1439, 1), (-1440, 0)])
def test_the_begin_belongs_to_the_calendar_and_the_end_does_not(plan_of, minutes, runs):
    """A run at the very begin is shown, one at the very end isn't."""
    begin = NOW + timedelta(hours=2, minutes=minutes)
    assert len(calendar(plan_of(DAILY), now=begin, days=1).runs) == 1
    assert sum(run.slot_at == NOW + timedelta(hours=2) for run in calendar(plan_of(DAILY), now=begin, days=1).runs) == runs


def test_a_run_in_the_window_of_a_longer_kept_rule_is_lost(plan_of):
    """Overlap takes the run and its copies away, and says which rule has the window."""
    vaults = ("central: {in: central, region: eu-west-2}",)
    estate = plan_of(
        'nightly: {at: "03:00", keep: 7d, copy: central}', 'weekly: {at: "Sunday 02:00", start_within: 8h, keep: 90d}', vaults=vaults
    )
    found = calendar(estate, now=NOW, days=7)
    lost = [run for run in found.runs if run.lost]
    assert [(run.rule, run.suppressed_by, run.lost, len(run.copies)) for run in lost] == [("nightly", "weekly", Lost.OVERLAP, 1)]
    assert reason(lost[0]) == "lost: rule weekly has the start window"


def test_rules_of_two_plans_do_not_suppress_each_other(estate_of):
    """Overlap is a matter of one plan."""
    rules = 'rules: {r: {at: "03:00", keep: %s}}'
    estate = estate_of(
        "plans:", "  a:", "    select: {tags: {k: a}}", "    " + rules % "7d", "  b:", "    select: {tags: {k: b}}", "    " + rules % "90d"
    )
    assert [run.lost for run in calendar(estate, now=NOW, days=1).runs] == [None, None]


def test_a_time_that_daylight_saving_skips_is_lost(plan_of):
    """01:30 doesn't exist in London on 28 March 2027; the day before and after it does."""
    estate = plan_of('daily: {at: "01:30", timezone: Europe/London, keep: 30d}')
    found = calendar(estate, now=datetime(2027, 3, 27, tzinfo=UTC), days=3, timezone="Europe/London")
    assert [(run.lost, f"{run.slot_at:%d %H:%M}") for run in found.runs] == [
        (None, "27 01:30"),
        (Lost.DAYLIGHT_SAVING, "28 01:30"),
        (None, "29 00:30"),
    ]
    assert reason(found.runs[1]) == "lost: daylight saving in Europe/London skips 01:30"
    assert [change_in_words(change) for change in found.clock_changes] == [
        "clocks of Europe/London go forward 60 minutes on 2027-03-28 01:00 UTC"
    ]


def test_a_time_that_exists_twice_runs_once(plan_of):
    """On 31 October 2027 clocks go back in London: 01:30 runs once, the first time."""
    estate = plan_of('daily: {at: "01:30", timezone: Europe/London, keep: 30d}')
    found = calendar(estate, now=datetime(2027, 10, 31, tzinfo=UTC), days=1, timezone="UTC")
    assert [f"{run.slot_at:%H:%M}" for run in found.runs] == ["00:30"]
    assert [change.minutes for change in found.clock_changes] == [-60]


def test_a_clock_change_of_the_end_belongs_to_the_next_calendar(plan_of):
    """[begin, end): the change at 01:00 isn't in a calendar that ends then."""
    change = datetime(2027, 3, 28, 1, tzinfo=UTC)
    found = [
        calendar(plan_of(DAILY), now=change + timedelta(days=days), days=1, timezone="Europe/London").clock_changes for days in (-1, 0)
    ]
    assert [len(changes) for changes in found] == [0, 0]
    assert len(calendar(plan_of(DAILY), now=change - timedelta(minutes=1), days=1, timezone="Europe/London").clock_changes) == 1


def test_a_plan_with_a_refused_schedule_has_no_runs(plan_of):
    """AWS makes none of the plan, so that its other rules don't run either."""
    from dataclasses import replace

    estate = plan_of(DAILY, 'other: {at: "04:00", keep: 30d}')
    plan = estate.plans[0]
    broken = replace(estate, plans=(replace(plan, rules=(replace(plan.rules[0], schedule="cron(0 99 * * ? *)"), plan.rules[1])),))
    found = calendar(broken, now=NOW, days=3)
    assert (found.runs, [each.rule for each in found.refused]) == ((), ["daily"])


def test_an_unknown_time_zone_names_the_nearest(plan_of):
    """A mistyped zone is an error of the asker."""
    with pytest.raises(CronError, match="Europe/London"):
        calendar(plan_of(DAILY), now=NOW, days=1, timezone="Europe/Londno")
