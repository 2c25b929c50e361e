"""How much would have been lost at any time: the RPO as it really was, from the recovery points that were there.

At an instant, what was written since the creation of the newest recovery point that was already complete would be lost. So the worst
moment is just before the next one completes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Point:
    """A recovery point: the state of `created_at`, to be had from `usable_at` on; a continuous one follows its resource with a lag."""

    usable_at: datetime
    created_at: datetime
    lag: timedelta | None = None  # of a continuous recovery point; None: it is a snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A time during which the same recovery point was the newest."""

    from_at: datetime
    to_at: datetime
    loss: timedelta  # that a failure just before `to_at` would have cost


def exposures(points: Iterable[Point], now: datetime) -> tuple[Exposure, ...]:
    """Return how exposed a resource was from its first recovery point until now, without a gap, in order of time.

    Example:
        >>> at = datetime(2026, 11, 1).replace
        >>> days = [Point(at(day=day, hour=3), at(day=day, hour=2)) for day in (1, 2, 4)]
        >>> [str(each.loss) for each in exposures(days, at(day=4, hour=12))]
        ['1 day, 1:00:00', '2 days, 1:00:00', '10:00:00']
    """
    there = (point for point in points if point.usable_at <= now)
    ordered = sorted(there, key=lambda point: (point.usable_at, point.lag is not None, point.created_at))
    found: list[Exposure] = []
    newest: Point | None = None
    for point in ordered:
        if newest is not None and newest.lag is None and point.lag is None and point.created_at <= newest.created_at:
            continue  # an older state that completed late helps nobody
        if newest is not None and newest.lag is not None and point.lag is None:
            continue  # a snapshot is never ahead of a continuous recovery point
        if newest is not None and point.usable_at > newest.usable_at:
            found.append(_exposure(newest, point.usable_at))
        newest = point
    if newest is not None:
        found.append(_exposure(newest, now))
    return tuple(found)


def _exposure(newest: Point, until: datetime) -> Exposure:
    loss = until - newest.created_at if newest.lag is None else newest.lag
    return Exposure(from_at=newest.usable_at, to_at=until, loss=loss)


def worst_by_day(exposed: Iterable[Exposure], first: datetime, days: int) -> Iterator[tuple[datetime, timedelta | None]]:
    """Yield for each of some days, from the day of `first` on, the most that a failure on that day would have cost; None: no point yet."""
    each_of = tuple(exposed)
    begin = first.replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(days):
        from_at = begin + timedelta(days=number)
        to_at = from_at + timedelta(days=1)
        losses = [_within(each, to_at) for each in each_of if each.from_at < to_at and each.to_at > from_at]
        yield from_at, max(losses, default=None)


def _within(exposed: Exposure, until: datetime) -> timedelta:
    """Return what a failure at the end of an exposure, or at `until` if that comes first, would have cost."""
    ahead = max(exposed.to_at - until, timedelta(0))
    return max(exposed.loss - ahead, timedelta(0)) if ahead else exposed.loss
