"""Durations as people write them: `30d`, `7y`, `90m`."""

import re

from strongroom.strategyfile.problem import ValueProblem, shown

# Minutes in each unit. A month is 30.5 days, a year 365.25 days.
_MINUTES = {"m": 1, "h": 60, "d": 1_440, "w": 10_080, "mo": 43_920, "y": 525_960}
_WHOLE_DAYS = ("d", "w", "mo", "y")
_WORDS = {
    "min": "m", "mins": "m", "minute": "m", "minutes": "m", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d",
    "week": "w", "weeks": "w", "mon": "mo", "month": "mo", "months": "mo", "yr": "y", "yrs": "y", "year": "y", "years": "y",
}  # fmt: skip
_MINUTES_PER_DAY = 1_440


def days(text: str) -> int:
    """Return a duration in days, rounded up; raises ValueProblem (a ValueError) with a fix.

    `mo` is 30.5 days, `y` 365.25 days; hours and minutes are refused, because AWS Backup counts retention in days.

    Example:
        >>> days("30d"), days("7y"), days("1mo"), days("2w")
        (30, 2557, 31, 14)
    """
    number, unit = _split(text, example="30d")
    if unit not in _WHOLE_DAYS:
        fix = f"write {number}mo for months, or {number}d for days" if unit == "m" else f"write {-(-number // 24)}d"
        name = "minutes" if unit == "m" else "hours"
        raise ValueProblem("STR007", f"{shown(text)} is in {name}: whole days expected", fix)
    return -(-number * _MINUTES[unit] // _MINUTES_PER_DAY)


def minutes(text: str) -> int:
    """Return a duration in minutes; raises ValueProblem (a ValueError) with a fix.

    Example:
        >>> minutes("90m"), minutes("8h"), minutes("1d")
        (90, 480, 1440)
    """
    number, unit = _split(text, example="8h")
    return number * _MINUTES[unit]


def _split(text: str, *, example: str) -> tuple[int, str]:
    match = re.fullmatch(r"([0-9]{1,9})(mo|[mhdwy])", text)
    if match:
        return int(match[1]), match[2]
    raise ValueProblem("STR007", f"{shown(text)} is not a duration: a number and a unit expected, such as {example}", _fix(text, example))


def _fix(text: str, example: str) -> str:
    loose = re.fullmatch(r"\s*([0-9]{1,9})\s*([A-Za-z]+)\s*", text)
    if loose:
        word = loose[2].lower()
        unit = _WORDS.get(word, word)
        if unit in _MINUTES:
            return f"did you mean {loose[1]}{unit}?"
    if re.fullmatch(r"[0-9]{1,9}", text):
        return f"did you mean {text}{example[-1]}?"
    return f"write something like {example}; units: m minutes, h hours, d days, w weeks, mo months, y years"
