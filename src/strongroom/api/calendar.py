"""`calendar`: every run of the next days, the lost ones marked."""

from datetime import datetime
from pathlib import Path

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.errors import BadInput
from strongroom.forecast.calendar import Calendar
from strongroom.forecast.calendar import calendar as runs_of
from strongroom.semantics.schedule import CronError, zone

YEARS = (1970, 2190)  # a schedule can have years to 2199


def calendar(strategy: Path, *, now: datetime, days: int, timezone: str) -> Calendar:
    """Return every run in the `days` times 24 hours from `now` on; raises FaultyStrategy, BadInput for an unknown time zone."""
    try:
        return runs_of(compiler.compile_strategy(load_strategy(strategy)), now=now, days=days, timezone=timezone)
    except CronError as error:
        raise BadInput(error.message, hint=error.fix) from error


def instant(text: str, timezone: str) -> datetime:
    """Return an instant from ISO 8601 text, in a time zone where the text names none; raises BadInput.

    Example:
        >>> instant("2027-06-01 02:00", "Europe/London").isoformat()
        '2027-06-01T02:00:00+01:00'
    """
    try:
        found = datetime.fromisoformat(text)
        where = zone(timezone)
    except CronError as error:
        raise BadInput(error.message, hint=error.fix) from error
    except ValueError as error:
        raise BadInput(f"{text!r} is not an instant", hint="write something like 2027-01-01 or 2027-01-01T06:00:00Z") from error
    low, high = YEARS
    if not low <= found.year <= high:
        raise BadInput(f"{text!r} lies outside the years {low} to {high}", hint="write something like 2027-01-01")
    return found if found.tzinfo else found.replace(tzinfo=where)
