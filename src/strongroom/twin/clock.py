"""The one clock of the twin: every service reads it, and it only moves forward."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from strongroom.twin.ports import ApiError

LONGEST_STEP = timedelta(days=1)  # the clock never jumps further without letting AWS Backup catch up
_DURATION = re.compile(r"(\d{1,6})([smhdwy])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}  # y: 365.25 days, as in a strategy
YEARS_MAX = 60  # datetime.max is far, but nothing sensible needs more; protects against "advance": "90000d"


class Clock:
    """Moves the whole process with time-machine; it ticks, starting at the real now unless it is told to begin elsewhere.

    One that stands still (`ticking` off) only moves when it is moved, so that a run can be repeated to the microsecond.
    Threads, timeouts and `time.monotonic` stay real. One instance a process.
    """

    def __init__(self, start: datetime | None = None, *, ticking: bool = True) -> None:
        self._start = start or real_now()
        self.ticking = ticking
        # A time zone of UTC makes naive `datetime.now()`, which some of moto's services use, mean UTC.
        self._traveller = time_machine.travel(self._start, tick=ticking).start()

    def now(self) -> datetime:
        """Return the virtual now, aware UTC."""
        return datetime.now(UTC)

    def move(self, to: datetime) -> None:
        """Move the process to `to`; an instant that has passed already leaves the clock alone."""
        if to > self.now():
            self._traveller.move_to(to, tick=self.ticking)

    def target(self, *, advance: timedelta | None = None, to: datetime | None = None) -> datetime:
        """Return the instant a request asks for; raises ApiError for one in the past or absurdly far away."""
        now = self.now()
        if advance is not None and advance > timedelta(days=366 * YEARS_MAX):
            raise ApiError("BadClock", f"advance is {advance.days} days, at most {366 * YEARS_MAX} are possible")
        target = to if to is not None else now + (advance or timedelta())
        if target < now:
            raise ApiError("BadClock", f"the clock only moves forward: now is {now.isoformat()}, asked for {target.isoformat()}")
        if target > max(self._start, real_now()) + timedelta(days=366 * YEARS_MAX):
            raise ApiError("BadClock", f"{target.isoformat()} is more than {YEARS_MAX} years away")
        return target


def real_now() -> datetime:
    """Return the machine's own now, aware UTC, wherever the virtual clock stands."""
    if not time_machine.escape_hatch.is_travelling():
        return datetime.now(UTC)
    now: datetime = time_machine.escape_hatch.datetime.datetime.now(tz=UTC)
    return now


def duration(text: Any) -> timedelta:
    """Return a duration such as `90d`, `36h`, `2w`, `30m`; raises ApiError.

    Example:
        >>> duration("36h")
        datetime.timedelta(days=1, seconds=43200)
    """
    parts = _DURATION.findall(text) if isinstance(text, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ApiError("BadClock", f"{text!r} is not a duration: something like 90d, 36h or 1d12h is expected")
    return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))


def instant(text: Any) -> datetime:
    """Return an ISO 8601 instant with its zone; raises ApiError.

    Example:
        >>> instant("2027-01-01T00:00:00Z").isoformat()
        '2027-01-01T00:00:00+00:00'
    """
    at: datetime | None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ApiError("BadClock", f"{text!r} is not an instant with its zone: something like 2027-01-01T00:00:00Z is expected")
    return at.astimezone(UTC)
