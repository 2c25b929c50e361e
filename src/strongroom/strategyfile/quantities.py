"""Times and durations: what was written -> days, minutes, a cron expression or a zone, within the bounds of AWS Backup."""

import re
import zoneinfo
from functools import cache, partial
from typing import Final

from strongroom import facts
from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.strategyfile import durations, schedules
from strongroom.strategyfile.nearmiss import did_you_mean, near_miss
from strongroom.strategyfile.nodes import Plain
from strongroom.strategyfile.problem import ValueProblem, shown
from strongroom.strategyfile.values import text

OFF: Final = "off"


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


def automated_days(value: object) -> int:
    """Return the days that automated backups of a database are kept; 0 is off."""
    return _days_or_off(value, facts.limit("automated_backup_days_max").value, above="write 35d or less, and declare snapshots for more")


def table_days(value: object) -> int:
    """Return the days that a point-in-time restore of a table reaches back; 0 is off."""
    return _days_or_off(value, facts.limit("table_restore_days_max").value, above="")


def _days_or_off(value: object, most: int, *, above: str) -> int:
    if value == OFF or (isinstance(value, Plain) and value.value is False):
        return 0
    return _days(_duration_text(value, f"{most}d"), 1, most, above=above)


def test_window(value: object) -> int:
    """Return the days within which a restore test looks for recovery points."""
    least, most = facts.limit("restore_testing_window_days_min").value, facts.limit("restore_testing_window_days_max").value
    return _days(_duration_text(value, "30d"), least, most)


def test_start_hours(value: object) -> int:
    """Return the hours within which the restores of a test start."""
    least, most = facts.limit("restore_testing_start_hours_min").value, facts.limit("restore_testing_start_hours_max").value
    return _hours(_duration_text(value, "24h"), least, most)


def validation_hours(value: object) -> int:
    """Return the hours that a restored resource is kept for its validation."""
    return _hours(_duration_text(value, "8h"), 1, facts.limit("restore_testing_validation_hours_max").value)


def deadline(value: object) -> int:
    """Return the minutes after which a validator is ended: a day at most, since what was restored waits for it."""
    return _minutes(_duration_text(value, "10m"), 1, 1_440)


def manifest_reach(value: object) -> int:
    """Return the minutes by which a manifest may be older than the recovery point: a week at most."""
    return _minutes(_duration_text(value, "1h"), 1, 10_080)


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


def _hours(written: str, least: int, most: int) -> int:
    found = durations.minutes(written)
    if found % 60 or not least * 60 <= found <= most * 60:
        bounds = f"whole hours from {least}h to {most}h expected"
        raise ValueProblem("STR007", f"{shown(written)} can't be used: {bounds}", f"write something like {max(least, min(most, 8))}h")
    return found // 60


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
