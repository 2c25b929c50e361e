"""What clients ask of metrics: GetMetricData with metric math, GetMetricStatistics."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strongroom.twin.backup.state import World
from strongroom.twin.watching import metrics
from strongroom.twin.watching.book import Series, Where
from strongroom.twin.watching.formulas import BadExpression, Values, compute
from strongroom.twin.watching.instants import MINUTE, epoch, instant
from strongroom.twin.watching.metrics import Datum, Span

_POINTS_MAX = 100_800  # of an answer


def answer(
    world: World,
    where: Where,
    at: datetime,
    *,
    queries: list[dict[str, Any]],
    start_time: datetime,
    end_time: datetime,
    scan_by: str = "TimestampAscending",
) -> list[dict[str, Any]]:
    """Return the results of GetMetricData; raises moto's ValidationError."""
    from moto.cloudwatch.exceptions import ValidationError

    span = metrics.stamp(start_time), metrics.stamp(end_time)
    if span[0] > span[1]:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    if span[0] == span[1]:
        raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
    series: dict[str, Values] = {}
    for query in (each for each in queries if "MetricStat" in each):
        series[query["Id"]] = _of_metric(world, where, query["MetricStat"], span, epoch(at))
    step = min((period for each in queries if (period := _period(each))), default=5 * MINUTE)
    if (span[1] - span[0]) // step > _POINTS_MAX:
        raise ValidationError("The requested time range has too many data points")
    grid = range(span[0] // step * step, span[1], step)
    for query in (each for each in queries if "Expression" in each):
        try:
            series[query["Id"]] = compute(query["Expression"], series, grid)
        except BadExpression as problem:
            raise ValidationError(str(problem)) from problem
    newest_first = scan_by == "TimestampDescending"
    return [_result(query, series[query["Id"]], newest_first=newest_first) for query in queries if query.get("ReturnData", True)]


def _period(query: Mapping[str, Any]) -> int:
    return int(query.get("Period") or (query.get("MetricStat") or {}).get("Period") or 0)


def _of_metric(world: World, where: Where, asked: Mapping[str, Any], span: Span, now: int) -> Values:
    from moto.cloudwatch.exceptions import ValidationError

    if not metrics.is_statistic(asked["Stat"]):
        raise ValidationError(f"The value {asked['Stat']} for parameter Stat is not supported.")
    data = metrics.read(world, where, series_of(asked["Metric"]), _whole(span, int(asked["Period"])), now)
    found = _periods(data, int(asked["Period"]), asked.get("Unit"))
    return {at: float(metrics.statistic(asked["Stat"], each)) for at, each in found.items()}


def series_of(metric: Mapping[str, Any]) -> Series:
    """Return a metric of a request as a series."""
    dimensions = tuple(sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions") or ()))
    return metric["Namespace"], metric["MetricName"], dimensions


def _whole(span: Span, period: int) -> Span:
    """Return a span that begins with a whole period."""
    return span[0] // period * period, span[1]


def _periods(data: list[Datum], period: int, unit: str | None) -> dict[int, list[Datum]]:
    """Return data by the beginning of their period: a whole number of periods since 1970."""
    found: dict[int, list[Datum]] = {}
    for each in data:
        if unit in {None, each.unit}:
            found.setdefault(each.at // period * period, []).append(each)
    return dict(sorted(found.items()))


def _result(query: Mapping[str, Any], values: Values, *, newest_first: bool) -> dict[str, Any]:
    points = sorted(values.items(), reverse=newest_first)
    stat = query.get("MetricStat")
    name = query["Id"] if stat is None else stat["Metric"]["MetricName"]
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or name,
        "Timestamps": [instant(at) for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete",
    }


def statistics(
    world: World,
    where: Where,
    at: datetime,
    *,
    namespace: str,
    metric_name: str,
    start_time: datetime,
    end_time: datetime,
    period: int,
    stats: list[str],
    dimensions: list[dict[str, str]],
    unit: str | None = None,
) -> list[dict[str, Any]]:
    """Return the data points of GetMetricStatistics; raises moto's InvalidParameterValue."""
    from moto.cloudwatch.exceptions import InvalidParameterValue

    span = metrics.stamp(start_time), metrics.stamp(end_time)
    if span[0] >= span[1]:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    series = series_of({"Namespace": namespace, "MetricName": metric_name, "Dimensions": dimensions})
    data = metrics.read(world, where, series, _whole(span, int(period)), epoch(at))
    found = _periods(data, int(period), unit)
    return [
        {"Timestamp": instant(start), "Unit": each[0].unit or "None"} | {name: float(metrics.statistic(name, each)) for name in stats or ()}
        for start, each in found.items()
    ]
