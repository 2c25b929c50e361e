"""When databases back up and are maintained: from `Monday 04:00-05:00` to the text that RDS takes."""

import re
from typing import Final

from strongroom.semantics.maintenance import WindowError, weekly
from strongroom.strategyfile.nearmiss import near_miss
from strongroom.strategyfile.problem import ValueProblem, shown
from strongroom.strategyfile.values import text

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAILY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9]) ?- ?([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MINUTES_MIN: Final = 30  # of both windows, in RDS


def backup(value: object) -> str:
    """Return a time of each day in UTC as RDS writes it.

    Example:
        >>> backup("3:00 - 04:00")
        '03:00-04:00'
    """
    begins, ends = _minutes(text(value), text(value), 'write something like "03:00-04:00", in UTC')
    return f"{_clock(begins)}-{_clock(ends)}"


def maintenance(value: object) -> str:
    """Return a time of each week in UTC as RDS writes it.

    Example:
        >>> maintenance("Monday 04:00-05:00"), maintenance("sunday 23:30-00:30")
        ('mon:04:00-mon:05:00', 'sun:23:30-mon:00:30')
    """
    written = text(value)
    try:
        weekly(written)
    except WindowError:
        pass
    else:
        return written.lower()
    fix = 'write something like "Monday 04:00-05:00", in UTC'
    day, _, times = written.strip().partition(" ")
    name = next((each for each in _DAYS if day.lower() in {each, each[:3]}), None)
    if name is None:
        near = near_miss(day, _DAYS)
        meant = f"did you mean {near.capitalize()}?" if near else fix
        raise ValueProblem("STR027", f"{shown(written)} is not a time of the week", meant)
    begins, ends = _minutes(written, times, fix)
    last = name if ends > begins else _DAYS[(_DAYS.index(name) + 1) % 7]
    return f"{name[:3]}:{_clock(begins)}-{last[:3]}:{_clock(ends)}"


def _minutes(written: str, times: str, fix: str) -> tuple[int, int]:
    match = _DAILY.fullmatch(times.strip())
    if not match:
        raise ValueProblem("STR027", f"{shown(written)} is not a window: two times of day expected", fix)
    begins, ends = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    long = (ends - begins) % (24 * 60)
    if long < _MINUTES_MIN:
        raise ValueProblem("STR027", f"{shown(written)} is {long} minutes long, at least {_MINUTES_MIN} expected", fix)
    return begins, ends


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
