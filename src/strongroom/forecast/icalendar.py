"""A calendar of backups as iCalendar, for the calendar program of whoever has to know.

Source: https://www.rfc-editor.org/rfc/rfc5545
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from strongroom.forecast.calendar import Calendar, ClockChange, PlannedRun, change_in_words, days_in_words, reason

_OCTETS_MAX: Final = 75  # RFC 5545 §3.1, without the line break


def icalendar(calendar: Calendar) -> str:
    """Return the runs as events, each from its slot to the end of its start window; lost ones say so in their summary.

    An event's UID depends on strategy, plan, rule and slot alone, so that a later export replaces an earlier one.
    DTSTAMP is the calendar's own begin. Lines end with CRLF and are folded at 75 octets.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Strongroom//Backup calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(f'Backups of {calendar.strategy}')}",
        f"X-WR-TIMEZONE:{calendar.timezone}",
        *(line for run in calendar.runs for line in _event(calendar, run)),
        *(line for change in calendar.clock_changes for line in _clock_event(calendar, change)),
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def _event(calendar: Calendar, run: PlannedRun) -> Iterator[str]:
    name = f"{run.plan}.{run.rule}"
    yield "BEGIN:VEVENT"
    yield f"UID:{_uid(calendar.strategy, run.plan, run.rule, _instant(run.slot_at))}"
    yield f"DTSTAMP:{_instant(calendar.begin_at)}"
    yield f"DTSTART:{_instant(run.slot_at)}"
    yield f"DTEND:{_instant(run.start_by)}"
    yield f"SUMMARY:{escaped(f'LOST: {name}' if run.lost else f'Backup {name}')}"
    yield f"DESCRIPTION:{escaped(_description(run))}"
    yield f"CATEGORIES:{'Lost run' if run.lost else 'Backup'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _description(run: PlannedRun) -> str:
    kept = f"keeps recovery points {days_in_words(run.keep)}"
    copies = "; ".join(f"copy to {copy.label} in {copy.region}, kept {days_in_words(copy.keep)}" for copy in run.copies)
    if run.lost:
        return reason(run) + (f". Its copies don't happen either: {copies}" if copies else "")
    return f"{kept}; {copies}" if copies else kept


def _clock_event(calendar: Calendar, change: ClockChange) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_uid(calendar.strategy, 'clock', change.timezone, _instant(change.at))}"
    yield f"DTSTAMP:{_instant(calendar.begin_at)}"
    yield f"DTSTART:{_instant(change.at)}"
    yield f"SUMMARY:{escaped(change_in_words(change))}"
    yield "CATEGORIES:Daylight saving"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _uid(*parts: str) -> str:
    return f"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}@strongroom"


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    r"""Return text with the characters escaped that mean something in a value.

    Example:
        >>> escaped("a, b; c")
        'a\\, b\\; c'
    """
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\\n").replace("\n", "\\n")


def folded(line: str) -> Iterator[str]:
    """Yield a content line in pieces of at most 75 octets, never cutting a character; all but the first begin with a blank.

    Example:
        >>> [len(part) for part in folded("x" * 100)]
        [75, 26]
    """
    piece = b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > _OCTETS_MAX:
            yield piece.decode()
            piece = b" "
        piece += octets
    yield piece.decode()
