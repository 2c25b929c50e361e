"""Alarms on the virtual clock: looked at on whole minutes, over periods that end there, and moved from state to state.

Source: CloudWatch user guide, alarm-evaluation, alarms-and-missing-data (read 2026-11).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strongroom import facts
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching import actions, awaiting, composites, metrics
from strongroom.twin.watching.book import Series, Where
from strongroom.twin.watching.formulas import BadExpression, Values, compute
from strongroom.twin.watching.history import Change
from strongroom.twin.watching.instants import MINUTE, epoch, instant
from strongroom.twin.watching.metrics import Datum
from strongroom.twin.watching.verdicts import COMPARISONS, INSUFFICIENT, Trigger, judge, latest

_MORE_POINTS = facts.limit("alarm_points_beside").value  # that CloudWatch looks at beside the evaluation periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A metric that an alarm asks for."""

    id: str
    series: Series
    statistic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an alarm sees at an instant."""

    points: tuple[float | None, ...]  # oldest first, one a period
    starts: tuple[int, ...]  # of the periods
    seen: frozenset[int]  # when the steps begin that have data


def find(where: Where, name: str) -> Any | None:
    """Return moto's alarm of a name, None where there is none."""
    backend = backend_of("cloudwatch", *where)
    return None if backend is None else backend.alarms.get(name)


def evaluate(world: World, at: datetime, subject: tuple[str, str, str]) -> None:
    """Look at an alarm, and plan when to look again."""
    account, region, name = subject
    alarm = find((account, region), name)
    if alarm is None or alarm.rule is not None or not awaiting.is_planned(alarm, at):  # deleted, or put again
        return
    trigger, period = trigger_of(alarm), period_of(alarm)
    if trigger is None or period is None:
        return
    starts = tuple(epoch(at) - period * back for back in range(trigger.periods + _MORE_POINTS, 0, -1))
    look = _look(world, alarm, starts, period)
    state = judge(trigger, look.points, alarm.state_value)
    if state != alarm.state_value:
        move(world, at, alarm, Change(state=state, reason=_reason(trigger, look, state), data=_data(alarm, look, at)))
    following = _next(look.seen, period, epoch(at))
    if following is not None:
        awaiting.plan(world, alarm, instant(following))


def move(world: World, at: datetime, alarm: Any, change: Change) -> None:
    """Give an alarm another state, tell those who want to know, and let composite alarms look."""
    actions.carry_out(world, at, alarm, change)
    for other in composites.concerned(alarm):
        following = composites.judge(other)
        if following.state != other.state_value:
            move(world, at, other, following)


def trigger_of(alarm: Any) -> Trigger | None:
    """Return when an alarm is one; None for comparisons that the twin doesn't know (anomaly detection)."""
    if alarm.comparison_operator not in COMPARISONS or alarm.threshold is None:
        return None
    periods = int(alarm.evaluation_periods)
    return Trigger(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        periods=periods,
        to_alarm=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
    )


def period_of(alarm: Any) -> int | None:
    """Return the period of an alarm in seconds; shorter ones than a minute are a minute."""
    found = [each.period or (each.metric_stat and each.metric_stat.period) for each in alarm.metric_data_queries] or [alarm.period]
    known = [int(each) for each in found if each]
    return max(MINUTE, *known) if known else None


def queries_of(alarm: Any) -> tuple[tuple[Query, ...], str]:
    """Return the metrics of an alarm, and the expression or id that it watches."""
    if not alarm.metric_data_queries:
        series = alarm.namespace, alarm.metric_name, metrics.dimensions_of(alarm.dimensions)
        return (Query(id="m", series=series, statistic=alarm.statistic or alarm.extended_statistic or ""),), "m"
    found, watched = [], ""
    for each in alarm.metric_data_queries:
        if each.metric_stat is not None:
            metric = each.metric_stat.metric
            series = metric.namespace, metric.metric_name, metrics.dimensions_of(metric.dimensions)
            found.append(Query(id=each.id, series=series, statistic=each.metric_stat.stat))
        if each.return_data is not False and str(each.return_data).lower() != "false":
            watched = each.expression or each.id
    return tuple(found), watched


def _look(world: World, alarm: Any, starts: tuple[int, ...], period: int) -> Look:
    queries, watched = queries_of(alarm)
    now = starts[-1] + period
    series: dict[str, Values] = {}
    seen: set[int] = set()
    for query in queries:
        data = metrics.read(world, composites.place_of(alarm), query.series, (starts[0], now), now)
        seen.update(each.at for each in data)
        series[query.id] = by_period(data, starts[0], period, query.statistic) if metrics.is_statistic(query.statistic) else {}
    expressions = {each.id: each.expression for each in alarm.metric_data_queries if each.expression and each.expression != watched}
    try:
        for name, expression in expressions.items():
            series[name] = compute(expression, series, starts)
        values = compute(watched, series, starts)
    except BadExpression:
        values = {}
    return Look(points=tuple(values.get(at) for at in starts), starts=starts, seen=frozenset(seen))


def by_period(data: list[Datum], start: int, period: int, statistic: str) -> Values:
    """Return a statistic of data by the beginning of the period, counted from `start`, in which they lie."""
    found: dict[int, list[Datum]] = {}
    for each in data:
        found.setdefault(start + (each.at - start) // period * period, []).append(each)
    return {at: float(metrics.statistic(statistic, each)) for at, each in found.items()}


def _next(seen: frozenset[int], period: int, now: int) -> int | None:
    """Return the first minute at which a step that is seen now lies in another period, or in none any more."""
    return min((at // MINUTE * MINUTE + -((at - now) // period) * period + MINUTE for at in seen), default=None)


def _reason(trigger: Trigger, look: Look, state: str) -> str:
    real = latest(trigger, look.points)
    if state == INSUFFICIENT:
        return facts.message("alarm_insufficient_data").format(number=trigger.periods)
    if not real:
        return facts.message("alarm_missing_data").format(number=trigger.periods, treated=trigger.missing)
    shown = ", ".join(f"{value} ({instant(look.starts[-age]):%d/%m/%y %H:%M:%S})" for age, value in real)
    was = "was" if state == "ALARM" else "was not"
    words = COMPARISONS[trigger.comparison][1]
    return facts.message("alarm_threshold_crossed").format(
        number=len(real), periods=trigger.periods, points=shown, was=was, words=words, threshold=trigger.threshold
    )


def _data(alarm: Any, look: Look, at: datetime) -> str:
    """Return what a program reads of the reason."""
    document = {
        "version": "1.0",
        "queryDate": f"{at:%Y-%m-%dT%H:%M:%S}.000+0000",
        "startDate": f"{instant(look.starts[0]):%Y-%m-%dT%H:%M:%S}.000+0000",
        "statistic": alarm.statistic,
        "period": period_of(alarm),
        "recentDatapoints": [value for value in look.points if value is not None],
        "threshold": float(alarm.threshold),
    }
    return json.dumps({name: value for name, value in document.items() if value is not None})
