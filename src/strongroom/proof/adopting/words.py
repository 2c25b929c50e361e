"""Values as a person would write them in a strategy file; each is read back before it is used."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Final

from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.strategyfile import durations
from strongroom.strategyfile.schedules import cron

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS_OF_YAML: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAME_CHARACTERS_MAX: Final = 40


def scalar(value: str) -> str:
    """Return a text as YAML, in quotes where it needs them.

    Example:
        >>> scalar("prod"), scalar("yes"), scalar("111122223333")
        ('prod', '"yes"', '"111122223333"')
    """
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML else json.dumps(value, ensure_ascii=False)


def several(values: Collection[str]) -> str:
    """Return texts as a list in one line; a single one as itself.

    Example:
        >>> several(["a"]), several(["a", "b"])
        ('a', '[a, b]')
    """
    found = [scalar(value) for value in values]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def days(number: RetentionDays) -> str:
    """Return a retention in days, or in years where they are exactly as many days.

    Example:
        >>> days(35), days(366), days(2557), days(FOREVER)
        ('35d', '1y', '7y', 'forever')
    """
    if number is FOREVER or not isinstance(number, int):
        return str(FOREVER.value)
    years = number // 365
    return f"{years}y" if years and durations.days(f"{years}y") == number else f"{number}d"


def minutes(number: int) -> str:
    """Return a time in the largest unit that divides it.

    Example:
        >>> minutes(90), minutes(480), minutes(10080)
        ('90m', '8h', '7d')
    """
    return next(f"{number // size}{unit}" for unit, size in (("d", 1440), ("h", 60), ("m", 1)) if number % size == 0)


def at(schedule: str) -> str:
    """Return when a rule runs: in words where they mean the very same expression, else the expression.

    Example:
        >>> at("cron(0 5 * * ? *)"), at("cron(30 6 ? * SUN *)"), at("cron(0 5 1-7 * ? *)")
        ('05:00', 'Sunday 06:30', 'cron(0 5 1-7 * ? *)')
    """
    return next((words for words in _said(schedule) if cron(words) == schedule), schedule)


def _said(schedule: str) -> Iterator[str]:
    fields = schedule.removeprefix("cron(").removesuffix(")").split()
    if len(fields) != 6:
        return
    minute, hour, day_of_month, _, day_of_week, _ = fields
    if schedule == cron("hourly"):
        yield "hourly"
    if not (minute.isdecimal() and hour.isdecimal() and int(minute) < 60 and int(hour) < 24):
        return
    time = f"{int(hour):02}:{int(minute):02}"
    yield time
    names = {name[:3].upper(): name for name in _DAYS}
    if all(part in names for part in day_of_week.split(",")):
        yield f"{', '.join(names[part] for part in day_of_week.split(','))} {time}"
    if day_of_month.isdecimal() and 1 <= int(day_of_month) <= 28:
        yield f"day {int(day_of_month)} {time}"
    if day_of_month == "L":
        yield f"last day {time}"


def label(name: str, taken: Collection[str], *, otherwise: str) -> str:
    """Return a name for a strategy file like one in AWS, that is not taken yet.

    Example:
        >>> label("Prod_Plan", (), otherwise="plan"), label("Prod", {"prod"}, otherwise="plan"), label("2024", (), otherwise="plan")
        ('prod-plan', 'prod-2', 'plan-2024')
    """
    fitting = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:_NAME_CHARACTERS_MAX].strip("-")
    if not fitting or not fitting[0].isalpha():
        fitting = f"{otherwise}-{fitting}".strip("-")
    number, free = 1, fitting
    while free in taken:
        number += 1
        free = f"{fitting}-{number}"
    return free
