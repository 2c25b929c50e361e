"""What a query says against what is expected of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from strongroom.validators.target import Found, failed, unknown

_KEYS: Final = ("equals", "at_least", "at_most", "rows")
_SHOWN_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query has said: how many rows there are, and the one that decides."""

    where: str  # file and line
    rows: int = 0
    names: Sequence[str] = ()
    row: Sequence[Any] = ()

    def shown(self) -> dict[str, Any]:
        """Return the deciding row for the record."""
        return {name: _shown(value) for name, value in zip(self.names, self.row, strict=True)}


def expected(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which expectations are written; none: everything must be true."""
    return tuple(key for key in _KEYS if key in settings)


def judged(answer: Answer, settings: Mapping[str, Any]) -> Found | None:
    """Return what is not as expected, None where everything is."""
    keys = expected(settings)
    if "rows" in keys and answer.rows != settings["rows"]:
        return failed(f"{answer.where}: {answer.rows} rows, {settings['rows']} expected")
    if keys == ("rows",):
        return None
    if not answer.rows:
        return failed(f"{answer.where}: no row")
    return _one_value(answer, settings) if keys else _true(answer)


def _true(answer: Answer) -> Found | None:
    for name, value in zip(answer.names, answer.row, strict=True):
        if value is None or value is False:
            return failed(f"{answer.where}: {name} is {'null' if value is None else 'false'}")
        if value is not True:
            told = f"{answer.where}: {name} is {_shown(value)}, neither true nor false"
            return unknown(f"{told}: say what is expected by equals, at_least or at_most")
    return None


def _one_value(answer: Answer, settings: Mapping[str, Any]) -> Found | None:
    if answer.rows > 1 or len(answer.row) != 1:
        return unknown(f"{answer.where}: {answer.rows} row{'s' * (answer.rows > 1)} of {len(answer.row)} values, one value expected")
    (name,), (value,) = answer.names, answer.row
    if "equals" in settings and not _equal(value, settings["equals"]):
        return failed(f"{answer.where}: {name} is {_shown(value)}, {_shown(settings['equals'])} expected")
    bounded = "at_least" in settings or "at_most" in settings
    return _bounded(f"{answer.where}: {name}", value, settings) if bounded else None


def _bounded(subject: str, value: Any, settings: Mapping[str, Any]) -> Found | None:
    if value is None:
        return failed(f"{subject} is null, a number expected")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return unknown(f"{subject} is {_shown(value)}, a number expected")
    if not settings.get("at_least", value) <= value:  # not a number is not enough
        return failed(f"{subject} is {value}, at least {settings['at_least']} expected")
    if not value <= settings.get("at_most", value):
        return failed(f"{subject} is {value}, at most {settings['at_most']} expected")
    return None


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool) or value is None:
        return value is wanted
    if isinstance(value, int | float | Decimal) and isinstance(wanted, int | float):
        return Decimal(str(value)) == Decimal(str(wanted))
    return str(value) == str(wanted)


def _shown(value: Any) -> Any:
    """Return a value for the record: numbers and truth values as they are, everything else as short text."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
