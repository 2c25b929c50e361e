"""AWS's own metrics: counted where something happens, read by alarms and clients; only what is not zero exists.

A count of AWS Backup is published at the end of its step of five minutes, others at the end of their minute. Kept by the step for 63
days and by the hour for 455, as CloudWatch keeps five-minute points. Source: AWS Backup developer guide, cloudwatch; CloudWatch API
reference, GetMetricStatistics (read 2026-11).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from strongroom import facts
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching import awaiting, depths
from strongroom.twin.watching.book import Counts, Dimensions, Series, Where
from strongroom.twin.watching.instants import MINUTE, epoch, instant

BACKUP, EVENTS, SNS = "AWS/Backup", "AWS/Events", "AWS/SNS"
STEP = facts.limit("event_step_minutes").value * MINUTE  # seconds
_HOUR = 3_600
Span = tuple[int, int]  # epoch seconds: from, to before
_FINE_SECONDS = facts.limit("metric_days_fine").value * 24 * _HOUR
_HOURS_SECONDS = facts.limit("metric_days_hourly").value * 24 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """Samples of a metric in one step."""

    at: int  # epoch second at which the step begins
    total: float
    number: float = 1  # of samples
    low: float
    high: float
    unit: str | None = None


def tally(world: World, at: datetime, where: Where, metric: str, *, resource_type: str, vault: str) -> None:
    """Count one job or recovery point of AWS Backup; called a few million times in a year, so it does next to nothing."""
    series = world.book.backup.get(where)
    if series is None:
        series = world.book.backup[where] = {}
    counts = series.get((metric, vault, resource_type))
    if counts is None:
        counts = series[metric, vault, resource_type] = Counts()
    start = int(at.timestamp()) // STEP * STEP
    counts.fine[start] = counts.fine.get(start, 0) + 1
    if awaiting.alarms(world, where):
        awaiting.stir(world, where, BACKUP, metric, instant(start + STEP))


def count(world: World, at: datetime, where: Where, series: Series, times: int = 1) -> None:
    """Count something else, by the minute."""
    counts = world.book.others.setdefault(where, {}).setdefault(series, Counts())
    start = epoch(at) // MINUTE * MINUTE
    counts.fine[start] = counts.fine.get(start, 0) + times
    if awaiting.alarms(world, where):
        awaiting.stir(world, where, series[0], series[1], instant(start + MINUTE))


def read(world: World, where: Where, series: Series, span: Span, now: int) -> list[Datum]:
    """Return what was published by `now` of a metric with exactly these dimensions."""
    namespace, name, dimensions = series
    since, until = span
    if namespace == BACKUP:
        return _of_backup(world, where, name, dimensions, (since, min(until, now - STEP + 1)))
    if namespace == depths.NAMESPACE and name == depths.VISIBLE:
        waiting = depths.told(world, where, dict(dimensions).get("QueueName", ""), span, now)
        return [Datum(at=at, total=n, low=n, high=n, unit="Count") for at, n in waiting]
    found = world.book.others.get(where, {}).get(series)
    if found is not None:
        counted = _within(found, (since, min(until, now - MINUTE + 1)))
        return [Datum(at=at, total=n, number=n, low=1, high=1, unit="Count") for at, n in sorted(counted.items())]
    return [] if namespace in {EVENTS, SNS} else list(_of_clients(where, series, span))


def listed(world: World, where: Where) -> Iterator[Series]:
    """Yield the metrics that AWS's services have written, with each set of dimensions."""
    seen: dict[Series, None] = {}
    for name, vault, resource_type in world.book.backup.get(where, {}):
        pairs = (("BackupVaultName", vault), ("ResourceType", resource_type))
        for dimensions in ((pairs[0],), (pairs[1],), pairs):
            seen[BACKUP, name, dimensions] = None
    yield from seen
    yield from ((depths.NAMESPACE, depths.VISIBLE, (("QueueName", queue),)) for queue in world.book.depths.get(where, {}))
    yield from world.book.others.get(where, {})


def prune(world: World) -> None:
    """Turn old steps into hours, and forget old hours."""
    now = epoch(world.at)
    for queues in world.book.depths.values():
        for changes in queues.values():
            _forget(changes, now - _FINE_SECONDS)
    for counts in (*_all(world.book.backup), *_all(world.book.others)):
        _prune(counts, now)


def _forget(changes: dict[int, int], before: int) -> None:
    """Drop old changes of a number, but for the last one, which still holds."""
    for at in [each for each in changes if each < before][:-1]:
        del changes[at]


def _all(places: Mapping[Where, Mapping[Any, Counts]]) -> Iterator[Counts]:
    for place in places.values():
        yield from place.values()


def _prune(counts: Counts, now: int) -> None:
    old = []
    for at in counts.fine:
        if at >= now - _FINE_SECONDS:
            break
        old.append(at)
    for at in old:
        hour = at // _HOUR * _HOUR
        counts.hours[hour] = counts.hours.get(hour, 0) + counts.fine.pop(at)
    for at in [hour for hour in counts.hours if hour < now - _HOURS_SECONDS]:
        del counts.hours[at]


def _of_backup(world: World, where: Where, name: str, dimensions: Dimensions, span: Span) -> list[Datum]:
    wanted = dict(dimensions)
    if not wanted or not wanted.keys() <= {"BackupVaultName", "ResourceType"}:
        return []
    sums: dict[int, int] = {}
    for (metric, vault, resource_type), counts in world.book.backup.get(where, {}).items():
        if metric == name and wanted.get("BackupVaultName", vault) == vault and wanted.get("ResourceType", resource_type) == resource_type:
            for at, number in _within(counts, span).items():
                sums[at] = sums.get(at, 0) + number
    return [Datum(at=at, total=n, low=n, high=n, unit="Count") for at, n in sorted(sums.items())]


def _within(counts: Counts, span: Span) -> dict[int, int]:
    since, until = span
    found = {at: number for at, number in counts.hours.items() if since <= at < until}
    for at in reversed(counts.fine):
        if at < since:
            break
        if at < until:
            found[at] = counts.fine[at]
    return found


def _of_clients(where: Where, series: Series, span: Span) -> Iterator[Datum]:
    """Yield what clients have put, and what moto's other services tell."""
    backend = backend_of("cloudwatch", *where)
    namespace, name, dimensions = series
    for each in () if backend is None else backend.get_all_metrics():
        if each.namespace == namespace and each.name == name and dimensions_of(each.dimensions) == dimensions:
            at = stamp(each.timestamp)
            if span[0] <= at < span[1]:
                yield _datum(each, at)


def _datum(each: Any, at: int) -> Datum:
    if hasattr(each, "sample_count"):
        return Datum(at=at, total=each.sum, number=each.sample_count, low=each.min, high=each.max, unit=each.unit)
    return Datum(at=at, total=each.value, low=each.value, high=each.value, unit=each.unit)


def dimensions_of(dimensions: Any) -> Dimensions:
    """Return moto's dimensions in the form of a series."""
    return tuple(sorted((each.name, each.value) for each in dimensions))


def stamp(at: datetime) -> int:
    """Return the epoch second of a timestamp of moto, which is UTC also where it doesn't say so."""
    return epoch(at if at.tzinfo else at.replace(tzinfo=UTC))


def statistic(name: str, data: list[Datum]) -> float:
    """Return a statistic over the samples of a period; there is at least one."""
    number = sum(each.number for each in data)
    if name.startswith("p"):
        return _percentile(float(name[1:]), data)
    return {
        "Sum": lambda: sum(each.total for each in data),
        "SampleCount": lambda: number,
        "Average": lambda: sum(each.total for each in data) / number,
        "Minimum": lambda: min(each.low for each in data),
        "Maximum": lambda: max(each.high for each in data),
    }[name]()


def _percentile(share: float, data: list[Datum]) -> float:
    ordered = sorted(data, key=lambda each: each.total / each.number)
    wanted, seen = share / 100 * sum(each.number for each in data), 0.0
    for each in ordered:
        seen += each.number
        if seen >= wanted:
            break
    return each.total / each.number


def is_statistic(name: str) -> bool:
    """Return whether a statistic is one that `statistic` can tell."""
    return name in {"Sum", "SampleCount", "Average", "Minimum", "Maximum"} or (
        name.startswith("p") and name[1:].replace(".", "", 1).isdigit() and float(name[1:]) <= 100
    )
