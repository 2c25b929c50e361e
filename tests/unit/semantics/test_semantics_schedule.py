"""Schedules: errors, problems, time zones, and questions at the edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from strongroom.semantics.schedule import (
    UNBOUNDED_MINUTES,
    CronError,
    Kind,
    count,
    diagnose,
    interval_minutes_max,
    next_slot,
    parse_cron,
    problems,
    slots,
    upcoming,
    zone,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("0 2 * * ? *", "'0 2 * * ? *' is not a cron expression: cron(…) expected", "cron(minutes"),
        ("cron(60 2 * * ? *)", "minutes is '60', 0 to 59 allowed", "write one value"),
        ("cron(0 2 ? * ? *)", "day-of-month and day-of-week are both ?", "write * in one"),
        ("cron(0 2 1 * MON *)", "day-of-month is 1 and day-of-week is MON, one of them must be ?", "write ? in one"),
        ("cron(0 2 * * MON *)", "day-of-month is * and day-of-week is MON, one of them must be ?", "write ? in day-of-month"),
        ("cron(0 22-2 * * ? *)", "hours has the range 22-2, which runs backwards", "22-23,0-2"),
        ("cron(0 */0 * * ? *)", "hours has the step '0', 1 to 23 allowed", "*/2"),
        ("cron(0 */ * * ? *)", "hours has the step 'nothing', 1 to 23 allowed", "*/2"),
        ("cron(? 2 * * ? *)", "minutes is '?', 0 to 59 allowed", "belongs in one of the two day fields"),
        ("cron(0 2 ? * 3#6 *)", "day-of-week is '3#6', # must be followed by 1 to 5", "3#2"),
        ("cron(0 2 ? * 0 *)", "day-of-week is '0', 1 to 7 or SUN to SAT allowed", "1 or SUN"),
        ("cron(0 2 L-3 * ? *)", "day-of-month is 'L', 1 to 31 allowed", "stand alone"),
        ("cron(0 2 * FEBR ? *)", "month is 'FEBR', 1 to 12 or JAN to DEC allowed", "write one value"),
        ("at(2027-01-01T00:00:00)", "is not a cron expression: AWS Backup accepts no at", "cron(0 2 * * ? *)"),
        ("cron(0 2 ٣ * ? *)", "day-of-month is '٣', 1 to 31 allowed", "write one value"),
        ("", "'' is not a cron expression", "cron(minutes"),
    ],
)
def test_a_refused_schedule_names_field_value_bound_and_fix(text, message, fix):
    """The error can be acted upon without a manual."""
    with pytest.raises(CronError) as caught:
        parse_cron(text)
    assert message in caught.value.message
    assert fix in caught.value.fix
    assert str(caught.value) == f"{caught.value.message}; {caught.value.fix}"


def test_schedules_that_mean_the_same_are_equal():
    """Names, lists and steps are ways of writing."""
    assert parse_cron("cron(0 0,12 ? * SUN *)") == parse_cron("cron(0 */12 ? * 1 *)")
    assert parse_cron("cron(0 5 * * ? *)") == parse_cron("cron(0 5 ? * * *)")
    assert parse_cron("cron(0 5 ? * fri *)") == parse_cron("cron(0 5 ? * 6 *)")


@pytest.mark.parametrize(
    ("text", "timezone", "kind", "says"),
    [
        ("cron(0/30 * * * ? *)", "UTC", Kind.TOO_OFTEN, "every 30 minutes"),
        ("cron(0,59 2,3 ? * MON *)", "UTC", Kind.TOO_OFTEN, "every 1 minutes"),
        ("cron(59,0 0,23 * * ? *)", "UTC", Kind.TOO_OFTEN, "every 1 minutes"),
        ("cron(0 14/12 * * ? *)", "UTC", Kind.UNEVEN_STEP, "hours 14/12 runs at 14 only: a step starts again at midnight"),
        ("cron(0 */5 * * ? *)", "UTC", Kind.UNEVEN_STEP, "runs at 0, 5, 10, 15, 20: a step starts again at midnight"),
        ("cron(0 2 30 2 ? *)", "UTC", Kind.NEVER, "never runs"),
        ("cron(0 2 * * ? 2020)", "UTC", Kind.NEVER, "never runs"),
        ("cron(0 2 LW * ? *)", "UTC", Kind.UNDOCUMENTED, "LW"),
        ("cron(30 1 * * ? *)", "Europe/London", Kind.SKIPPED, "no run at 01:30 on 2026-03-29: daylight saving in Europe/London"),
        ("cron(0 2 * * ? *)", "Europe/Londno", Kind.REFUSED, "'Europe/Londno' is not an IANA time zone"),
        ("rate(1 day)", "UTC", Kind.REFUSED, "accepts no rate"),
    ],
)
def test_what_will_surprise_is_said_beforehand(text, timezone, kind, says):
    """Each kind of problem has a sentence and a fix."""
    found = [problem for problem in diagnose(text, timezone) if problem.kind is kind]
    assert len(found) == 1
    assert says in found[0].message
    assert found[0].fix


@pytest.mark.parametrize(
    "text", ["cron(0 2 * * ? *)", "cron(0 */6 * * ? *)", "cron(0 * * * ? *)", "cron(0 3 ? * SUN *)", "cron(0 5 ? * * *)"]
)
def test_an_ordinary_schedule_has_no_problem(text):
    """Nothing is said about schedules that do what they look like, also in a zone with daylight saving."""
    assert problems(text) == ()
    assert [problem for problem in diagnose(text, "Europe/London") if problem.kind is not Kind.SKIPPED] == []


def test_a_zone_with_a_typo_is_answered_with_the_nearest():
    """The hint can be typed."""
    with pytest.raises(CronError, match=r"did you mean Europe/London\?"):
        zone("Europe/Londno")
    with pytest.raises(CronError, match="such as Europe/London"):
        slots(parse_cron("cron(0 2 * * ? *)"), "../../etc/passwd", NOW, NOW + timedelta(days=1))


def test_a_schedule_that_ends_has_no_next_slot():
    """After its last year there is nothing."""
    cron = parse_cron("cron(0 2 1 1 ? 2027)")
    assert next_slot(cron, "UTC", NOW) == datetime(2027, 1, 1, 2, tzinfo=UTC)
    assert next_slot(cron, "UTC", datetime(2027, 1, 1, 2, tzinfo=UTC)) is None
    assert interval_minutes_max(cron, "UTC") == UNBOUNDED_MINUTES
    assert upcoming(cron, "UTC", NOW, 5) == [datetime(2027, 1, 1, 2, tzinfo=UTC)]


def test_rare_schedules_are_found():
    """29 February on a Monday comes once in 28 years."""
    assert next_slot(parse_cron("cron(0 0 29 2 ? *)"), "UTC", NOW) == datetime(2028, 2, 29, tzinfo=UTC)
    assert interval_minutes_max(parse_cron("cron(0 0 29 2 ? *)"), "UTC") == (4 * 365 + 1) * 1440


@pytest.mark.parametrize("zone_name", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Asia/Beirut", "America/New_York"])
def test_a_day_has_its_runs_in_zones_far_from_utc(zone_name):
    """Local noon comes once a local day, wherever it is in UTC."""
    found = slots(parse_cron("cron(0 12 * * ? *)"), zone_name, NOW, NOW + timedelta(days=400))
    assert len(found) == 400
    assert {instant.astimezone(zone(zone_name)).hour for instant in found} == {12}


def test_a_day_that_a_zone_skips_has_no_run():
    """Samoa had no 30 December 2011."""
    found = slots(parse_cron("cron(0 12 * * ? *)"), "Pacific/Apia", datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))
    assert [str(instant.astimezone(zone("Pacific/Apia")).date()) for instant in found] == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_instants_in_other_zones_are_compared_as_instants():
    """`after` may be given in any zone."""
    plus_two = timezone(timedelta(hours=2))
    cron = parse_cron("cron(0 2 * * ? *)")
    assert next_slot(cron, "UTC", datetime(2027, 1, 1, 3, 59, tzinfo=plus_two)) == datetime(2027, 1, 1, 2, tzinfo=UTC)
    assert next_slot(cron, "UTC", datetime(2027, 1, 1, 4, 0, tzinfo=plus_two)) == datetime(2027, 1, 2, 2, tzinfo=UTC)


def test_runs_of_a_year_are_counted():
    """A leap year has 8,784 hours."""
    hourly = parse_cron("cron(0 * * * ? *)")
    assert count(hourly, "UTC", datetime(2028, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)) == 8784
    assert (
        count(hourly, "Europe/London", datetime(2028, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)) == 8783
    )  # 01:00 exists twice, runs once
