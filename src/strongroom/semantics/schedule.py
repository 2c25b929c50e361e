"""When a rule runs: AWS cron expressions in a time zone, as UTC instants.

A cron is evaluated on the wall clock of its zone, day by day, so that a step never crosses midnight. A time that daylight
saving skips doesn't run that day; one that exists twice runs once, the first time.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (daylight saving; for AWS Backup itself unverified)
"""

import calendar
import difflib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from strongroom import facts
from strongroom.semantics.cron import Cron, CronError, Days, fields, parse_cron

__all__ = [
    "UNBOUNDED_MINUTES",
    "Cron",
    "CronError",
    "Kind",
    "Problem",
    "count",
    "diagnose",
    "interval_minutes_max",
    "next_slot",
    "parse_cron",
    "problems",
    "slots",
    "upcoming",
    "zone",
]

UNBOUNDED_MINUTES: Final = 52_560_000  # a hundred years: the gap after the last run of a schedule that ends
_REFERENCE: Final = datetime(2026, 1, 1, tzinfo=UTC)  # questions about "a year" are asked of the years after it
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_NOTHING: Final = timedelta()
_UTC_NAMES: Final = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/Universal", "Zulu", "Universal", "Etc/UCT", "UCT"})


class Kind(StrEnum):
    """What is wrong with a schedule."""

    REFUSED = "refused"  # AWS Backup doesn't accept it
    TOO_OFTEN = "too often"  # more often than hourly
    UNEVEN_STEP = "uneven step"  # a step that midnight cuts off
    NEVER = "never"  # no day matches, or all its years are over
    SKIPPED = "skipped"  # daylight saving skips a run
    UNDOCUMENTED = "undocumented"  # AWS's pages don't mention the form


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a schedule, and what to write instead."""

    kind: Kind
    message: str
    fix: str


def slots(cron: Cron, timezone: str, after: datetime, until: datetime) -> list[datetime]:
    """Return the instants in (after, until] at which a rule runs, in order; raises CronError for an unknown zone.

    Example:
        >>> daily = parse_cron("cron(0 2 * * ? *)")
        >>> [str(t) for t in slots(daily, "Europe/London", datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 3, 29, tzinfo=UTC))]
        ['2027-03-27 02:00:00+00:00', '2027-03-28 01:00:00+00:00']
    """
    found: list[datetime] = []
    for instants in _daily(cron, timezone, after):
        if instants[-1] <= after:
            continue
        if instants[0] > until:
            break
        if instants[0] > after and instants[-1] <= until:
            found += instants
        else:
            found += instants[bisect_right(instants, after) : bisect_right(instants, until)]
    return found


def upcoming(cron: Cron, timezone: str, after: datetime, number: int) -> list[datetime]:
    """Return the next `number` instants after `after`, fewer if the schedule ends before.

    Example:
        >>> [t.hour for t in upcoming(parse_cron("cron(0 0/8 * * ? *)"), "UTC", datetime(2027, 1, 1, tzinfo=UTC), 3)]
        [8, 16, 0]
    """
    found: list[datetime] = []
    for instants in _daily(cron, timezone, after):
        found += instants if instants[0] > after else instants[bisect_right(instants, after) :]
        if len(found) >= number:
            return found[:number]
    return found


def next_slot(cron: Cron, timezone: str, after: datetime) -> datetime | None:
    """Return the first instant after `after`, or None if the schedule never runs again.

    Example:
        >>> next_slot(parse_cron("cron(0 5 ? * MON *)"), "UTC", datetime(2026, 11, 21, tzinfo=UTC))
        datetime.datetime(2026, 11, 23, 5, 0, tzinfo=datetime.timezone.utc)
    """
    return next(iter(upcoming(cron, timezone, after, 1)), None)


def count(cron: Cron, timezone: str, after: datetime, until: datetime) -> int:
    """Return how many runs lie in (after, until].

    Example:
        >>> count(parse_cron("cron(0 * * * ? *)"), "UTC", datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
        8760
    """
    zone(timezone)
    times, margin = len(_times(cron.hours, cron.minutes)), 2 * _DAY
    total = 0
    for year, month, days in _months(cron, (after.astimezone(UTC) - _DAY).date()):
        if not days:
            continue
        first, last = datetime(year, month, days[0], tzinfo=UTC), datetime(year, month, days[-1], tzinfo=UTC)
        if first - margin > until:
            break
        if first - margin >= after and last + margin <= until and not _changing_days(timezone, year, month).intersection(days):
            total += len(days) * times
            continue
        for day in days:
            instants = _instants(cron, timezone, datetime(year, month, day, tzinfo=UTC))
            total += bisect_right(instants, until) - bisect_right(instants, after)
    return total


@lru_cache(maxsize=4096)
def interval_minutes_max(cron: Cron, timezone: str) -> int:
    """Return the longest gap between two runs in the years after 2026-01-01, in minutes.

    A schedule that runs once or never gives UNBOUNDED_MINUTES.

    Example:
        >>> interval_minutes_max(parse_cron("cron(0 2 * * ? *)"), "UTC") // 60
        24
    """
    for years in (4, 28, 174):
        runs = slots(cron, timezone, _REFERENCE, _REFERENCE.replace(year=_REFERENCE.year + years))
        if len(runs) > 2:
            break
    if len(runs) < 2:
        return UNBOUNDED_MINUTES
    return max(later - earlier for earlier, later in pairwise(runs)) // _MINUTE


def problems(text: str, timezone: str = "UTC") -> tuple[str, ...]:
    """Return what is wrong with a schedule, as sentences; see `diagnose` for their kinds.

    Example:
        >>> problems("cron(0 14/12 * * ? *)")
        ('hours 14/12 runs at 14 only: a step starts again at midnight',)
    """
    return tuple(problem.message for problem in diagnose(text, timezone))


def diagnose(text: str, timezone: str = "UTC") -> tuple[Problem, ...]:
    """Return everything that is wrong with a schedule: refused forms alone, otherwise what will surprise.

    Example:
        >>> [str(problem.kind) for problem in diagnose("cron(0/30 2 * * ? *)")]
        ['too often']
    """
    try:
        cron = parse_cron(text)
        zone(timezone)
    except CronError as error:
        return (Problem(kind=Kind.REFUSED, message=error.message, fix=error.fix),)
    if next_slot(cron, timezone, _REFERENCE) is None:
        return (Problem(kind=Kind.NEVER, message=f"{text} never runs after {_REFERENCE:%Y-%m-%d}", fix="widen days, months or years"),)
    found = (_too_often(cron, timezone), *_uneven_steps(text), _undocumented(cron), _skipped(cron, timezone))
    return tuple(problem for problem in found if problem)


def zone(timezone: str) -> ZoneInfo:
    """Return a time zone by its IANA name; raises CronError with the nearest name.

    Example:
        >>> zone("Europe/Londno")
        Traceback (most recent call last):
        strongroom.semantics.cron.CronError: 'Europe/Londno' is not an IANA time zone; did you mean Europe/London?
    """
    try:
        return _zone(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(timezone, sorted(available_timezones()), n=1)
        fix = f"did you mean {close[0]}?" if close else "write a name such as Europe/London or UTC"
        raise CronError(f"{timezone!r} is not an IANA time zone", fix=fix, field_name="time zone", value=timezone) from None


@lru_cache(maxsize=1024)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


def _daily(cron: Cron, timezone: str, after: datetime) -> Iterator[list[datetime]]:
    """Yield the instants of each day that has any, from the day before `after`; they grow over days too."""
    where, times = zone(timezone), _times(cron.hours, cron.minutes)
    start = (after.astimezone(UTC) - _DAY).date()
    for year, month, days in _months(cron, start):
        midnights = _month_midnights(year, month, days)
        changing = _changing_days(timezone, year, month)
        for midnight in midnights:
            if changing and midnight.day in changing:
                if instants := _through_a_change(where, midnight, times):
                    yield instants
            elif timezone in _UTC_NAMES:
                yield [midnight + time for time in times]
            else:
                first = midnight - (_offset(timezone, midnight) or _NOTHING)
                yield [first + time for time in times]


@lru_cache(maxsize=65536)
def _month_midnights(year: int, month: int, days: tuple[int, ...]) -> tuple[datetime, ...]:
    return tuple(datetime(year, month, day, tzinfo=UTC) for day in days)


def _instants(cron: Cron, timezone: str, midnight: datetime) -> list[datetime]:
    """Return the instants of one local day, given as if it were UTC; none if daylight saving skips them all."""
    times = _times(cron.hours, cron.minutes)
    if timezone in _UTC_NAMES:
        return [midnight + time for time in times]
    offset = _offset(timezone, midnight)
    if offset is None:
        return _through_a_change(zone(timezone), midnight, times)
    first = midnight - offset
    return [first + time for time in times]


def _midnights(cron: Cron, start: date) -> Iterator[datetime]:
    for year, month, days in _months(cron, start):
        yield from _month_midnights(year, month, days)


def _months(cron: Cron, start: date) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield year, month and the days in it on which a schedule runs, from a day on."""
    for year in cron.years:
        if year < start.year:
            continue
        for month in cron.months:
            if year == start.year and month < start.month:
                continue
            weekday, length = _month(year, month)
            days = _days(cron.days, weekday, length)
            begins = (year, month) == (start.year, start.month)
            yield year, month, tuple(day for day in days if day >= start.day) if begins else days


@lru_cache(maxsize=16384)
def _changing_days(timezone: str, year: int, month: int) -> frozenset[int]:
    """Return the days of a month in which a zone's offset changes."""
    if timezone in _UTC_NAMES:
        return frozenset()
    days = range(1, _month(year, month)[1] + 1)
    return frozenset(day for day in days if _offset(timezone, datetime(year, month, day, tzinfo=UTC)) is None)


@lru_cache(maxsize=4096)
def _month(year: int, month: int) -> tuple[int, int]:
    """Return the weekday of the first day (SUN=1) and the number of days."""
    monday_first, length = calendar.monthrange(year, month)
    return (monday_first + 1) % 7 + 1, length


@lru_cache(maxsize=65536)
def _days(days: Days, first_weekday: int, length: int) -> tuple[int, ...]:
    """Return the matching days of a month that begins on a weekday (SUN=1) and has a length."""
    found = {day for day in range(1, length + 1) if days.days >> day & 1}
    if days.every:
        return tuple(range(1, length + 1))
    weekday_of = [0] + [(first_weekday + day - 2) % 7 + 1 for day in range(1, length + 1)]
    found |= {day for day in range(1, length + 1) if days.weekdays >> weekday_of[day] & 1}
    if days.last_day:
        found.add(length)
    if days.last_weekday:
        found.add(_nearest_weekday(length, weekday_of))
    found |= {_nearest_weekday(day, weekday_of) for day in days.nearest_weekdays if day <= length}
    found |= {max(day for day in range(length - 6, length + 1) if weekday_of[day] == weekday) for weekday in days.last_weekdays}
    for weekday, which in days.nth_weekdays:
        day = (weekday - first_weekday) % 7 + 1 + 7 * (which - 1)
        if day <= length:
            found.add(day)
    return tuple(sorted(found))


def _nearest_weekday(day: int, weekday_of: list[int]) -> int:
    """Return the day from Monday to Friday nearest to `day`, in the same month."""
    if weekday_of[day] == 7:
        return day - 1 if day > 1 else 3
    if weekday_of[day] == 1:
        return day + 1 if day + 1 < len(weekday_of) else day - 2
    return day


@lru_cache(maxsize=16384)
def _times(hours: tuple[int, ...], minutes: tuple[int, ...]) -> tuple[timedelta, ...]:
    return tuple(timedelta(hours=hour, minutes=minute) for hour in hours for minute in minutes)


@lru_cache(maxsize=262144)
def _offset(timezone: str, midnight: datetime) -> timedelta | None:
    """Return the zone's offset on a local day (given as if it were UTC), or None when it changes in that day."""
    local = midnight.replace(tzinfo=_zone(timezone))
    begin, end = local.utcoffset(), (local + _DAY).utcoffset()
    return begin if begin == end else None


def _through_a_change(where: ZoneInfo, midnight: datetime, times: tuple[timedelta, ...]) -> list[datetime]:
    found = []
    for time in times:
        wall = (midnight + time).replace(tzinfo=where)
        instant = wall.astimezone(UTC)
        if instant.astimezone(where).replace(tzinfo=None) == wall.replace(tzinfo=None):  # else daylight saving skips it
            found.append(instant)
    return found


def _too_often(cron: Cron, timezone: str) -> Problem | None:
    bound = facts.limit("schedule_interval_minutes_min").value
    runs = slots(cron, "UTC" if timezone in _UTC_NAMES else timezone, _REFERENCE, _REFERENCE + 2 * _DAY) if cron.days.every else None
    if runs is None:
        times = _times(cron.hours, cron.minutes)
        gaps = [(later - earlier) // _MINUTE for earlier, later in pairwise(times)]
    else:
        gaps = [(later - earlier) // _MINUTE for earlier, later in pairwise(runs)]
    if not gaps or min(gaps) >= bound:
        return None
    message = f"{cron} runs every {min(gaps)} minutes, AWS Backup runs a rule every {bound} minutes at most"
    return Problem(kind=Kind.TOO_OFTEN, message=message, fix="write one minute: cron(0 * * * ? *)")


def _uneven_steps(text: str) -> Iterator[Problem]:
    for name, written, size in zip(("minutes", "hours"), fields(text), (60, 24), strict=False):
        for item in written.split(","):
            span, slash, step = item.partition("/")
            if not slash or "-" in span:
                continue
            first = 0 if span == "*" else int(span)
            values = list(range(first, size, int(step)))
            if first < int(step) and size % int(step) == 0:
                continue
            shown = ", ".join(map(str, values)) + (" only" if len(values) == 1 else "")
            again = "midnight" if name == "hours" else "each hour"
            message = f"{name} {item} runs at {shown}: a step starts again at {again}"
            yield Problem(kind=Kind.UNEVEN_STEP, message=message, fix=f"list the {name} that are meant")


def _undocumented(cron: Cron) -> Problem | None:
    if not cron.days.last_weekday:
        return None
    message = f"{cron} uses LW, which no AWS page mentions"
    return Problem(kind=Kind.UNDOCUMENTED, message=message, fix="write L, or a day such as 28W")


def _skipped(cron: Cron, timezone: str) -> Problem | None:
    """Report the first run that daylight saving skips in the two years after the reference."""
    if timezone in _UTC_NAMES:
        return None
    where, times = zone(timezone), _times(cron.hours, cron.minutes)
    for midnight in islice(_midnights(cron, _REFERENCE.date()), 2 * 366):
        if _offset(timezone, midnight) is None and len(kept := _through_a_change(where, midnight, times)) < len(times):
            walls = {instant.astimezone(where).replace(tzinfo=UTC) for instant in kept}
            lost = next(midnight + time for time in times if midnight + time not in walls)
            message = f"{cron} has no run at {lost:%H:%M on %Y-%m-%d}: daylight saving in {timezone} skips that time"
            return Problem(kind=Kind.SKIPPED, message=message, fix="choose a time outside 00:00 to 03:59, or UTC")
    return None
