"""AWS cron expressions: six fields, read into sets of minutes, hours, days, months and years.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from strongroom import facts

_MONTHS: Final = {
    name: number for number, name in enumerate(("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1)
}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_EXAMPLE: Final = "write cron(minutes hours day-of-month month day-of-week year), such as cron(0 2 * * ? *)"


class CronError(ValueError):
    """A schedule that AWS Backup would refuse; `str` shows field, value and bound, `fix` says what to write."""

    def __init__(self, message: str, *, fix: str, field_name: str = "", value: str = "") -> None:
        super().__init__(f"{message}; {fix}")
        self.message = message
        self.fix = fix
        self.field_name = field_name
        self.value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days that a cron runs on, from its day-of-month or its day-of-week field; weekdays count from SUN=1."""

    days: int = 0  # bit d: day d of the month
    last_day: bool = False  # L
    last_weekday: bool = False  # LW
    nearest_weekdays: tuple[int, ...] = ()  # 15W
    weekdays: int = 0  # bit w: every such weekday
    last_weekdays: tuple[int, ...] = ()  # 6L
    nth_weekdays: tuple[tuple[int, int], ...] = ()  # 3#2: (weekday, which one)

    @property
    def every(self) -> bool:
        """Whether that is every day."""
        return self.days == _EVERY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A parsed cron expression; expressions that mean the same are equal."""

    text: str = field(compare=False)
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: tuple[int, ...]
    years: tuple[int, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: dict[str, int] = field(default_factory=dict, compare=False)


_EVERY_DAY: Final = sum(1 << day for day in range(1, 32))
_YEARS: Final = (facts.limit("schedule_year_min").value, facts.limit("schedule_year_max").value)
_FIELDS: Final = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day-of-month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day-of-week", 1, 7, _WEEKDAYS),
    _Field("year", *_YEARS),
)


def parse_cron(text: str) -> Cron:
    """Return the cron expression in `text`; raises CronError naming field, value, bound and fix.

    Example:
        >>> parse_cron("cron(30 2,14 ? * MON-FRI *)").hours
        (2, 14)
        >>> parse_cron("rate(1 day)")
        Traceback (most recent call last):
        strongroom.semantics.cron.CronError: 'rate(1 day)' is not a cron expression: AWS Backup accepts no rate; write cron(0 2 * * ? *)
    """
    minutes, hours, day, month, weekday, year = _split(text)
    return Cron(
        text=text,
        minutes=_numbers(_FIELDS[0], minutes),
        hours=_numbers(_FIELDS[1], hours),
        days=_days(day, weekday),
        months=_numbers(_FIELDS[3], month),
        years=_numbers(_FIELDS[5], year),
    )


def fields(text: str) -> tuple[str, ...]:
    """Return the six fields as they are written; raises CronError."""
    return _split(text)


def _split(text: str) -> tuple[str, ...]:
    stripped = text.strip()
    if stripped.startswith(("rate(", "at(")):
        kind = stripped.partition("(")[0]
        raise CronError(f"{text!r} is not a cron expression: AWS Backup accepts no {kind}", fix="write cron(0 2 * * ? *)", value=text)
    if not (stripped.startswith("cron(") and stripped.endswith(")")):
        raise CronError(f"{text!r} is not a cron expression: cron(…) expected", fix=_EXAMPLE, value=text)
    parts = tuple(stripped[len("cron(") : -1].split())
    if len(parts) != len(_FIELDS):
        fix = "AWS adds a year at the end and wants ? in one of the day fields: cron(0 2 * * ? *)" if len(parts) == 5 else _EXAMPLE
        raise CronError(f"{text!r} has {len(parts)} fields, {len(_FIELDS)} expected", fix=fix, value=text)
    return parts


@lru_cache(maxsize=4096)
def _numbers(where: _Field, text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for item in text.split(","):
        found.update(_range(where, item))
    return tuple(sorted(found))


def _range(where: _Field, item: str) -> range:
    span, slash, step_text = item.partition("/")
    step = _step(where, step_text) if slash else 1
    if span == "*":
        return range(where.low, where.high + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = _number(where, first_text)
    last = _number(where, last_text) if dash else (where.high if slash else first)
    if last < first:
        fix = f"write it as two ranges: {first}-{where.high},{where.low}-{last}"
        raise CronError(f"{where.name} has the range {span}, which runs backwards", fix=fix, field_name=where.name, value=item)
    return range(first, last + 1, step)


def _step(where: _Field, text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= where.high:
        message = f"{where.name} has the step {text or 'nothing'!r}, 1 to {where.high} allowed"
        raise CronError(message, fix="write a step such as */2, or list the values", field_name=where.name, value=text)
    return int(text)


def _number(where: _Field, text: str) -> int:
    number = where.names.get(text.upper()) if where.names else None
    if number is None and re.fullmatch("[0-9]{1,4}", text):
        number = int(text)
    if number is not None and where.low <= number <= where.high:
        return number
    allowed = f"{where.low} to {where.high}" + (f" or {next(iter(where.names))} to {list(where.names)[-1]}" if where.names else "")
    raise CronError(f"{where.name} is {text!r}, {allowed} allowed", fix=_fix(where, text), field_name=where.name, value=text)


def _fix(where: _Field, text: str) -> str:
    if where.name == "day-of-week" and text == "0":
        return "write 1 or SUN for Sunday"
    if text == "?":
        return "write * here; ? belongs in one of the two day fields"
    if any(letter in text.upper() for letter in "LW#"):
        return "L, W and # stand alone and only in the day fields: L and 15W in day-of-month, 6L and 3#2 in day-of-week"
    return "write one value, a list 1,3, a range 1-3 or a step */2"


@lru_cache(maxsize=4096)
def _days(day: str, weekday: str) -> Days:
    if day == "?" and weekday == "?":
        raise CronError("day-of-month and day-of-week are both ?", fix="write * in one of them", field_name="day-of-week", value="?")
    if day != "?" and weekday != "?":
        fix = "write ? in day-of-week" if weekday == "*" else "write ? in day-of-month" if day == "*" else "write ? in one of them"
        message = f"day-of-month is {day} and day-of-week is {weekday}, one of them must be ?"
        raise CronError(message, fix=fix, field_name="day-of-week", value=weekday)
    return _weekdays(weekday) if day == "?" else _month_days(day)


def _month_days(text: str) -> Days:
    where, days, nearest, last_day, last_weekday = _FIELDS[2], 0, [], False, False
    for item in text.upper().split(","):
        if item == "L":
            last_day = True
        elif item in {"LW", "WL"}:
            last_weekday = True
        elif item.endswith("W") and len(item) > 1:
            nearest.append(_number(where, item[:-1]))
        else:
            days |= sum(1 << day for day in _range(where, item))
    return Days(days=days, last_day=last_day, last_weekday=last_weekday, nearest_weekdays=tuple(sorted(set(nearest))))


def _weekdays(text: str) -> Days:
    if text == "*":
        return Days(days=_EVERY_DAY)
    where, mask, last, nth = _FIELDS[4], 0, [], []
    for item in text.upper().split(","):
        if "#" in item:
            nth.append(_nth(where, item))
        elif item == "L":
            mask |= 1 << 7
        elif item.endswith("L"):
            last.append(_number(where, item[:-1]))
        else:
            mask |= sum(1 << weekday for weekday in _range(where, item))
    if len(nth) > 1:
        message = f"day-of-week has {len(nth)} # expressions, 1 allowed"
        raise CronError(message, fix="make a rule of its own for each", field_name=where.name, value=text)
    if mask == sum(1 << weekday for weekday in range(1, 8)):
        return Days(days=_EVERY_DAY)
    return Days(weekdays=mask, last_weekdays=tuple(sorted(set(last))), nth_weekdays=tuple(nth))


def _nth(where: _Field, item: str) -> tuple[int, int]:
    weekday, _, which = item.partition("#")
    if which not in {"1", "2", "3", "4", "5"}:
        message = f"day-of-week is {item!r}, # must be followed by 1 to 5"
        raise CronError(message, fix="write 3#2 for the second Tuesday", field_name=where.name, value=item)
    return _number(where, weekday), int(which)
