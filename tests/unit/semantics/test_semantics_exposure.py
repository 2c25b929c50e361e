"""The RPO as it really was, against asking every hour which recovery point was there."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from strongroom.semantics.exposure import Point, exposures, worst_by_day

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = 24 * 12
NOW = BEGIN + timedelta(hours=HOURS)
LAG = timedelta(minutes=5)


def hour(number):
    return BEGIN + timedelta(hours=number)


hours = st.integers(0, HOURS - 31)
snapshots = st.lists(st.tuples(hours, st.integers(0, 30)).map(lambda pair: Point(hour(sum(pair)), hour(pair[0]))), max_size=12)
continuous = st.lists(hours.map(lambda begun: Point(hour(begun), hour(begun), LAG)), max_size=1)


def lost_at(points, at):
    """What a failure at an instant costs, by looking at every recovery point that was complete then."""
    there = [point for point in points if point.usable_at < at]
    return min((at - point.created_at if point.lag is None else point.lag for point in there), default=None)


@given(snapshots)
def test_just_before_its_end_an_exposure_costs_what_the_recovery_points_say(points):
    """Nothing newer was complete at any time, and there is no gap between two exposures."""
    found = exposures(points, NOW)
    for each in found:
        assert each.loss == lost_at(points, each.to_at)
    assert all(earlier.to_at == later.from_at for earlier, later in pairwise(found))
    usable = [point.usable_at for point in points if point.usable_at <= NOW]
    assert (found[0].from_at, found[-1].to_at) == (min(usable), NOW) if usable else found == ()


@given(snapshots)
def test_the_worst_of_a_day_is_that_of_its_worst_moment(points):
    """The ends of exposures and of the day are the only moments that can be the worst."""
    for day, worst in worst_by_day(exposures(points, NOW), BEGIN, 12):
        moments = [point.usable_at for point in points if day < point.usable_at <= day + timedelta(days=1)] + [day + timedelta(days=1)]
        losses = [loss for at in moments if at <= NOW and (loss := lost_at(points, at)) is not None]
        assert worst == max(losses, default=None)


@given(snapshots, continuous)
def test_a_continuous_recovery_point_keeps_the_loss_at_its_lag(points, live):
    """From its beginning on no snapshot counts any more."""
    found = exposures([*points, *live], NOW)
    for point in live:
        assert all(each.loss == LAG for each in found if each.from_at >= point.usable_at)


def test_a_copy_that_arrives_late_is_counted_from_its_arrival():
    """What it holds is as old as its source, and until it came the one before it was the newest."""
    points = [Point(hour(3), hour(0)), Point(hour(40), hour(24))]
    assert [each.loss for each in exposures(points, hour(50))] == [timedelta(hours=40), timedelta(hours=26)]
