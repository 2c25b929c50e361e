"""Times and durations: what was written -> days, minutes, a cron expression or a zone, within the bounds of AWS Backup."""

import re
import zoneinfo
from functools import cache, partial

from strongroom import facts
from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.strategyfile import durations, schedules
from strongroom.strategyfile.nearmiss import did_you_mean, near_miss
from strongroom.strategyfile.nodes import Plain
from strongroom.strategyfile.problem import ValueProblem, shown
from strongroom.strategyfile.values import text


def retention(value: object) -> RetentionDays:
    """Return how long to keep recovery points: days, or forever."""
    written = _duration_text(value, "30d")
    if written == FOREVER.value:
        return FOREVER
    near = near_miss(written, (FOREVER.value, "always", "never", "infinite"))
    if near is not None:
        raise ValueProblem("STR007", f"{shown(written)} is not a duration", "did you mean forever?")
    return _days(written, facts.limit("retention_days_min").value, facts.limit("retention_days_max").value, above="write forever")


def owed(value: object) -> int:
    """Return the days that history must reach back."""
    return _days(_duration_text(value, "7y"), facts.limit("retention_days_min").value, facts.limit("retention_days_max").value)


def cold_after(value: object) -> int:
    """Return the days until a recovery point moves to cold storage."""
    return _days(_duration_text(value, "30d"), facts.limit("cold_after_days_min").value, facts.limit("retention_days_max").value)


def lock_days(value: object) -> int:
    """Return a bound of a lock in days."""
    return _days(_duration_text(value, "30d"), facts.limit("lock_retention_days_min").value, facts.limit("lock_retention_days_max").value)


def grace_days(value: object) -> int:
    """Return the days in which a compliance lock can still be removed."""
    return _days(_duration_text(value, "3d"), facts.limit("lock_grace_days_min").value, facts.limit("lock_grace_days_max").value)


def start_window(value: object) -> int:
    """Return the minutes within which a job has to start."""
    least, most = facts.limit("start_window_minutes_min").value, facts.limit("start_window_minutes_max").value
    return _minutes(_duration_text(value, "8h"), least, most)


def completion_window(value: object) -> int:
    """Return the minutes within which a job has to finish."""
    return _minutes(_duration_text(value, "7d"), 1, facts.limit("completion_window_minutes_max").value)


def promise(value: object) -> int:
    """Return an rpo or rto in minutes."""
    return _minutes(_duration_text(value, "24h"), 1, facts.limit("completion_window_minutes_max").value)


def _duration_text(value: object, example: str) -> str:
    if isinstance(value, Plain):
        fix = f"did you mean {value.text}{example[-1]}?" if re.fullmatch("[0-9]+", value.text) else f"write something like {example}"
        raise ValueProblem("STR007", f"{value.text} is not a duration: a number and a unit expected, such as {example}", fix)
    return text(value)


def _days(written: str, least: int, most: int, *, above: str = "") -> int:
    found = durations.days(written)
    if found < least:
        raise ValueProblem("STR007", f"{shown(written)} is too short: {found} days, at least {least} expected", f"write {least}d or more")
    if found > most:
        raise ValueProblem(
            "STR007", f"{shown(written)} is too long: {found} days, at most {most} allowed", above or f"write {most}d or less"
        )
    return found


def _minutes(written: str, least: int, most: int) -> int:
    found = durations.minutes(written)
    if found < least:
        raise ValueProblem(
            "STR007", f"{shown(written)} is too short: {found} minutes, at least {least} expected", f"write {least}m or more"
        )
    if found > most:
        raise ValueProblem("STR007", f"{shown(written)} is too long: {found} minutes, at most {most} allowed", f"write {most}m or less")
    return found


def at(value: object) -> str:
    """Return a schedule as an AWS cron expression."""
    if isinstance(value, Plain):
        raise ValueProblem("STR008", f"{value.text} is not a schedule", 'write something like "02:00"')
    return schedules.cron(text(value))


def timezone(value: object) -> str:
    """Return the IANA name of a time zone that exists."""
    written = text(value)
    if written == "UTC" or _is_zone(written):
        return written
    raise ValueProblem("STR009", f"{shown(written)} is not a time zone of the IANA database", partial(_zone_meant, written))


def _is_zone(written: str) -> bool:
    try:
        return zoneinfo.ZoneInfo(written).key == written
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False  # no such zone, a path, or a folder of zones


def _zone_meant(written: str) -> str:
    return did_you_mean(written, _zones(), otherwise="write an IANA name such as Europe/London, or UTC")


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zoneinfo.available_timezones()))
