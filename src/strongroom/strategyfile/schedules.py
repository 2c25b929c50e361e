"""When a rule runs: from `Sunday 06:00` to the cron expression that AWS Backup takes."""

import re

from strongroom.semantics.cron import CronError, parse_cron
from strongroom.strategyfile.nearmiss import near_miss
from strongroom.strategyfile.problem import ValueProblem, shown

_FORMS = 'write "02:00", "Sunday 06:00", "day 1 03:00", "last day 03:00", hourly, or cron(0 2 * * ? *)'
_WEEKDAYS = {
    "monday": "MON", "tuesday": "TUE", "wednesday": "WED", "thursday": "THU", "friday": "FRI", "saturday": "SAT", "sunday": "SUN",
}  # fmt: skip
_LAST_DAY_IN_EVERY_MONTH = 28


def cron(text: str) -> str:
    """Return a schedule as AWS's six-field cron expression; raises ValueProblem (a ValueError) with a fix.

    Example:
        >>> cron("02:00"), cron("Sunday 06:00"), cron("last day 03:30"), cron("hourly")
        ('cron(0 2 * * ? *)', 'cron(0 6 ? * SUN *)', 'cron(30 3 L * ? *)', 'cron(0 * * * ? *)')
    """
    plain = " ".join(text.split())
    if plain == "hourly":
        return "cron(0 * * * ? *)"
    if plain.startswith(("cron(", "rate(")):
        return _raw(text, plain)
    day, _, time = plain.rpartition(" ")
    hour, minute = _time(text, time)
    days_of_month, days_of_week = _days(text, day.lower()) if day else ("*", "?")
    return f"cron({minute} {hour} {days_of_month} * {days_of_week} *)"


def _raw(text: str, plain: str) -> str:
    if plain.startswith("rate("):
        raise ValueProblem("STR008", f"{shown(text)} is a rate, which AWS Backup does not accept", _FORMS)
    try:
        parse_cron(plain)
    except CronError as error:
        raise ValueProblem("STR008", f"{shown(text)} is not a cron expression of AWS: {error.message}", error.fix) from error
    return plain


def _time(text: str, time: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", time)
    if not match:
        near = near_miss(time, ("hourly",))
        raise ValueProblem("STR008", f"{shown(text)} is not a schedule", f"did you mean {near}?" if near else _FORMS)
    hour, minute = int(match[1]), int(match[2])
    if hour > 23 or minute > 59:
        raise ValueProblem("STR008", f"{shown(text)} is not a time of day: 00:00 to 23:59 expected", _FORMS)
    return hour, minute


def _days(text: str, day: str) -> tuple[str, str]:
    if day == "last day":
        return "L", "?"
    numbered = re.fullmatch(r"day ([0-9]{1,2})", day)
    if numbered:
        number = int(numbered[1])
        if not 1 <= number <= _LAST_DAY_IN_EVERY_MONTH:
            message = f"{shown(text)} is a day that not every month has: day 1 to day {_LAST_DAY_IN_EVERY_MONTH} expected"
            raise ValueProblem("STR008", message, 'write "last day 03:00" for the end of each month')
        return str(number), "?"
    return "?", ",".join(_weekday(text, name) for name in re.split(r" ?, ?| and ", day))


def _weekday(text: str, name: str) -> str:
    if name in _WEEKDAYS:
        return _WEEKDAYS[name]
    abbreviated = next((short for short in _WEEKDAYS.values() if short.lower() == name), None)
    if abbreviated:
        return abbreviated
    near = near_miss(name, (*_WEEKDAYS, "last day"))
    raise ValueProblem("STR008", f"{shown(text)} names no day: {shown(name)}", f"did you mean {near.capitalize()}?" if near else _FORMS)
