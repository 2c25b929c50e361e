"""Times in which no backup can begin: around the maintenance windows of databases and FSx file systems.

A snapshot job whose time comes then fails, it doesn't wait. Aurora is exempt. A plan that takes snapshots and continuous
backups of a type that supports both is scheduled around the windows by AWS Backup itself.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY
_DATABASES: Final = frozenset({ResourceType.RDS, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE, ResourceType.REDSHIFT})
_MINUTE_OF_DAY: Final = "([01][0-9]|2[0-3]):([0-5][0-9])"
_WEEKLY: Final = re.compile(f"(mon|tue|wed|thu|fri|sat|sun):{_MINUTE_OF_DAY}-(mon|tue|wed|thu|fri|sat|sun):{_MINUTE_OF_DAY}", re.IGNORECASE)
_FSX_WEEKLY: Final = re.compile(f"([1-7]):{_MINUTE_OF_DAY}")
_DAILY: Final = re.compile(_MINUTE_OF_DAY)


class WindowError(ValueError):
    """A window that AWS wouldn't print like that; shows the text and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindow:
    """A time of each week in UTC; one that ends before it begins wraps over Sunday midnight."""

    begins_minute: int  # of the week, from Monday 00:00 UTC
    minutes: int  # how long it lasts
    what: str = "maintenance window"

    def widened(self, before_minutes: int) -> "WeeklyWindow":
        """Return the window with a margin before it, a whole week at most.

        Example:
            >>> weekly("mon:00:30-mon:01:30").widened(60) == weekly("sun:23:30-mon:01:30")
            True
        """
        begins = (self.begins_minute - before_minutes) % _WEEK
        return WeeklyWindow(begins_minute=begins, minutes=min(self.minutes + before_minutes, _WEEK), what=self.what)

    def around(self, instant: datetime) -> datetime | None:
        """Return when the occurrence that holds an instant began, or None; the first minute is inside, the end isn't."""
        utc = instant.astimezone(UTC)
        midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=utc.weekday())
        for monday in (midnight, midnight - timedelta(weeks=1)):
            begins = monday + timedelta(minutes=self.begins_minute)
            if begins <= utc < begins + timedelta(minutes=self.minutes):
                return begins
        return None

    def next_begin(self, after: datetime) -> datetime:
        """Return the first begin after an instant."""
        utc = after.astimezone(UTC)
        midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=utc.weekday())
        begins = midnight + timedelta(minutes=self.begins_minute)
        return begins if begins > utc else begins + timedelta(weeks=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceConflict:
    """A run that falls into, or may slide into, a time in which no backup can begin."""

    slot_at: datetime
    certain: bool  # False: the slot is free, but the start window reaches into the blocked time
    window_begins_at: datetime  # of the window itself, without its margin
    blocked_from_at: datetime
    blocked_until_at: datetime
    what: str  # which window
    message: str  # what AWS answers


def weekly(text: str) -> WeeklyWindow:
    """Return RDS's form of a weekly window, `mon:04:00-mon:05:00` in UTC; raises WindowError.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html (PreferredMaintenanceWindow)

    Example:
        >>> weekly("sun:23:30-mon:00:30").minutes
        60
    """
    found = _WEEKLY.fullmatch(text.strip())
    if found is None:
        raise WindowError(f"{text!r} is not a weekly window: something like mon:04:00-mon:05:00 expected")
    day, hour, minute, end_day, end_hour, end_minute = found.groups()
    begins = _DAYS.index(day.lower()) * _DAY + int(hour) * 60 + int(minute)
    ends = _DAYS.index(end_day.lower()) * _DAY + int(end_hour) * 60 + int(end_minute)
    if begins == ends:
        raise WindowError(f"{text!r} is a window of no length, at least 30 minutes expected")
    return WeeklyWindow(begins_minute=begins, minutes=(ends - begins) % _WEEK)


def fsx_weekly(text: str) -> WeeklyWindow:
    """Return FSx's form of a weekly window, `1:04:00` (Monday is 1, UTC, 30 minutes long); raises WindowError.

    Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_WindowsFileSystemConfiguration.html

    Example:
        >>> fsx_weekly("7:23:45") == WeeklyWindow(begins_minute=10065, minutes=30)
        True
    """
    found = _FSX_WEEKLY.fullmatch(text.strip())
    if found is None:
        raise WindowError(f"{text!r} is not a weekly start time: something like 1:04:00 expected, Monday being 1")
    day, hour, minute = map(int, found.groups())
    begins = (day - 1) * _DAY + hour * 60 + minute
    return WeeklyWindow(begins_minute=begins, minutes=facts.limit("maintenance_minutes_fsx").value)


def fsx_daily(text: str) -> tuple[WeeklyWindow, ...]:
    """Return FSx's automatic-backup window, `03:00` each day in UTC, as seven weekly ones; raises WindowError.

    Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_WindowsFileSystemConfiguration.html

    Example:
        >>> [window.begins_minute for window in fsx_daily("03:00")][:2]
        [180, 1620]
    """
    found = _DAILY.fullmatch(text.strip())
    if found is None:
        raise WindowError(f"{text!r} is not a time of day: something like 03:00 expected")
    begins = int(found.group(1)) * 60 + int(found.group(2))
    minutes = facts.limit("backup_window_minutes_fsx").value
    return tuple(WeeklyWindow(begins_minute=day * _DAY + begins, minutes=minutes, what="automatic-backup window") for day in range(7))


def margin_minutes(resource_type: ResourceType) -> int | None:
    """Return how long before a window backups of a type can't begin any more; None for a type without such a rule.

    Example:
        >>> [margin_minutes(each) for each in (ResourceType.RDS, ResourceType.FSX, ResourceType.AURORA)]
        [60, 240, None]
    """
    if resource_type is ResourceType.FSX:
        return int(facts.limit("maintenance_margin_minutes_fsx").value)
    if resource_type in _DATABASES:
        return int(facts.limit("maintenance_margin_minutes_database").value)
    return None


def scheduled_around(resource_type: ResourceType, *, snapshots: bool, continuous: bool) -> bool:
    """Return whether AWS Backup itself keeps clear of the windows: the plan has both kinds, and the type supports both.

    Example:
        >>> scheduled_around(ResourceType.RDS, snapshots=True, continuous=True)
        True
    """
    return snapshots and continuous and facts.capabilities(resource_type).point_in_time


def maintenance_conflicts(
    slots: Iterable[datetime],
    windows: Sequence[WeeklyWindow],
    resource_type: ResourceType,
    *,
    start_within_minutes: int = 0,
) -> tuple[MaintenanceConflict, ...]:
    """Return which runs of a rule can't begin because of a resource's windows, the certain ones and those that may slide in.

    `slots` are the runs in time order, `windows` those of one resource (its automatic-backup window counts for FSx). AWS Backup
    makes a job some time after its slot, so that a blocked time inside the start window is possible trouble. Ask
    `scheduled_around` first.

    Example:
        >>> slot = datetime(2027, 1, 4, 3, tzinfo=UTC)  # a Monday
        >>> [each.certain for each in maintenance_conflicts([slot], [weekly("mon:04:00-mon:05:00")], ResourceType.RDS)]
        [True]
    """
    margin = margin_minutes(resource_type)
    if margin is None:
        return ()
    blocked = [window.widened(margin) for window in windows]
    found = []
    for slot in slots:
        hit = [_conflict(slot, window, margin, start_within_minutes) for window in blocked]
        found += [conflict for conflict in hit if conflict is not None]
    return tuple(sorted(found, key=lambda conflict: (conflict.slot_at, conflict.blocked_from_at)))


def _conflict(slot: datetime, blocked: WeeklyWindow, margin: int, start_within_minutes: int) -> MaintenanceConflict | None:
    begins = blocked.around(slot)
    certain = begins is not None
    if begins is None:
        begins = blocked.next_begin(slot)
        if begins >= slot + timedelta(minutes=start_within_minutes):
            return None
    name = "maintenance_backup_window" if blocked.what.startswith("automatic") else "maintenance_window"
    return MaintenanceConflict(
        slot_at=slot,
        certain=certain,
        window_begins_at=begins + timedelta(minutes=margin),
        blocked_from_at=begins,
        blocked_until_at=begins + timedelta(minutes=blocked.minutes),
        what=blocked.what,
        message=facts.message(name),
    )
