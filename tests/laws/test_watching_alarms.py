"""An alarm is looked at only when something can change; looking every minute would tell the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.twin.backup.state import World
from strongroom.twin.watching import alarms, awaiting, metrics
from strongroom.twin.watching.book import Series
from strongroom.twin.watching.instants import epoch
from strongroom.twin.watching.verdicts import Trigger, judge

START = datetime(2027, 1, 1, tzinfo=UTC)
WHERE = ("555555555555", "eu-west-2")
BY_MINUTE = (metrics.EVENTS, "MatchedEvents", (("RuleName", "r"),))
BY_STEP = (metrics.BACKUP, "NumberOfBackupJobsFailed", (("BackupVaultName", "v"),))  # published after five minutes


class Nobody:
    """No organization."""

    organization_id = ""

    def path_of(self, _account: str) -> str:
        return ""


def put(trigger: Trigger, period: int, series: Series) -> Any:
    """Moto's alarm on the sum of a metric."""
    from moto.cloudwatch.models import cloudwatch_backends

    backend = cloudwatch_backends[WHERE[0]][WHERE[1]]
    backend.alarms.clear()
    return backend.put_metric_alarm(
        name="a",
        namespace=series[0],
        metric_name=series[1],
        dimensions=[{"Name": name, "Value": value} for name, value in series[2]],
        comparison_operator=trigger.comparison,
        evaluation_periods=trigger.periods,
        datapoints_to_alarm=trigger.to_alarm,
        period=period,
        threshold=trigger.threshold,
        statistic="Sum",
        description="",
        alarm_actions=[],
        treat_missing_data=trigger.missing,
    )


def happen(world: World, at: datetime, series: Series) -> None:
    """Count one thing."""
    if series is BY_STEP:
        metrics.tally(world, at, WHERE, BY_STEP[1], resource_type="EBS", vault="v")
    else:
        metrics.count(world, at, WHERE, series)


def lazily(trigger: Trigger, period: int, series: Series, happened: list[int], minutes: int) -> list[tuple[datetime, str]]:
    """The changes of state when the clock goes all the way at once."""
    world = World(organization=Nobody(), seed="s", at=START)
    alarm = put(trigger, period, series)
    alarm.state_value = "INSUFFICIENT_DATA"
    awaiting.plan(world, alarm, START + timedelta(minutes=1))
    for minute in happened:
        world.clockwork.at(START + timedelta(minutes=minute, seconds=30), happen, series)
    world.clockwork.run(world, START + timedelta(minutes=minutes))
    return [(item.at, item.summary.rpartition(" ")[2]) for item in alarm.history if item.kind == "StateUpdate"]


def every_minute(trigger: Trigger, period: int, series: Series, happened: list[int], minutes: int) -> list[tuple[datetime, str]]:
    """The changes of state when somebody looks every minute, with nothing but the list of what happened."""
    state, changes, step = "INSUFFICIENT_DATA", [], 5 if series is BY_STEP else 1
    for minute in range(1, minutes + 1):
        now = epoch(START) + 60 * minute
        points: list[float | None] = []
        for back in range(trigger.periods + 2, 0, -1):
            begin = now - period * back
            steps = [each // step * step for each in happened]
            counted = [each for each in steps if begin <= epoch(START) + 60 * each < begin + period and each + step <= minute]
            points.append(len(counted) if counted else None)
        following = judge(trigger, points, state)
        if following != state:
            changes.append((START + timedelta(minutes=minute), following))
            state = following
    return changes


TRIGGERS = st.builds(
    lambda periods, less, comparison, threshold, missing: Trigger(
        comparison=comparison, threshold=threshold, periods=periods, to_alarm=max(1, periods - less), missing=missing
    ),
    st.integers(1, 4),
    st.integers(0, 3),
    st.sampled_from(["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"]),
    st.integers(0, 3),
    st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TRIGGERS, st.sampled_from([60, 120, 300]), st.sampled_from([BY_MINUTE, BY_STEP]), st.lists(st.integers(0, 80), max_size=25))
def test_looking_when_something_can_change_is_looking_every_minute(
    trigger: Trigger, period: int, series: Series, happened: list[int]
) -> None:
    """The same states at the same minutes, whatever is missing and however it is treated."""
    found = lazily(trigger, period, series, sorted(happened), 140)
    assert found == every_minute(trigger, period, series, sorted(happened), 140)


def test_a_year_without_data_is_looked_at_once() -> None:
    """Nothing waits in the queue once an alarm has nothing in its reach."""
    world = World(organization=Nobody(), seed="s", at=START)
    trigger = Trigger(comparison="GreaterThanThreshold", threshold=0, periods=3, to_alarm=1, missing="breaching")
    alarm = put(trigger, 300, BY_MINUTE)
    awaiting.plan(world, alarm, START + timedelta(minutes=1))
    assert world.clockwork.run(world, START + timedelta(days=366)) == 1
    assert (alarm.state_value, len(world.clockwork), alarms.find(WHERE, "a")) == ("ALARM", 0, alarm)
