"""The iCalendar file keeps to RFC 5545."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from strongroom.forecast.calendar import calendar
from strongroom.forecast.calendar_page import calendar_page
from strongroom.forecast.icalendar import escaped, folded, icalendar

NOW = datetime(2027, 3, 27, tzinfo=UTC)
RULES = (
    'nightly: {at: "01:30", timezone: Europe/London, start_within: 1h, keep: 7d, copy: [central, dr]}',
    'weekly: {at: "Saturday 01:00", start_within: 8h, keep: 90d}',
)
VAULTS = ("central: {in: central, region: eu-west-2}", "dr: {in: central, region: eu-west-1}")


@pytest.fixture
def estate(plan_of):
    return plan_of(*RULES, vaults=VAULTS)


def properties(text):
    """Unfolded content lines as (name, value) pairs."""
    return [tuple(line.split(":", 1)) for line in text.replace("\r\n ", "").split("\r\n") if line]


def test_lines_end_with_crlf_and_are_at_most_75_octets(estate):
    """RFC 5545 §3.1."""
    text = icalendar(calendar(estate, now=NOW, days=3))
    assert text.count("\n") == text.count("\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_every_event_has_what_rfc_5545_demands(estate):
    """UID and DTSTAMP once an event, DTSTART before DTEND, all in UTC, begun and ended in turn."""
    found = calendar(estate, now=NOW, days=3)
    events = icalendar(found).replace("\r\n ", "").split("BEGIN:VEVENT\r\n")[1:]
    assert len(events) == len(found.runs) + len(found.clock_changes) == 5
    for event in events:
        members = dict(properties(event))
        assert members["DTSTAMP"] == "20270327T000000Z"
        assert re.fullmatch(r"[0-9a-f]{32}@strongroom", members["UID"])
        assert re.fullmatch(r"\d{8}T\d{6}Z", members["DTSTART"])
        assert members.get("DTEND", "9") > members["DTSTART"]
    assert len({dict(properties(event))["UID"] for event in events}) == len(events)


def test_uids_do_not_depend_on_when_the_calendar_is_made(estate):
    """A later export replaces the events of an earlier one."""
    first, second = (icalendar(calendar(estate, now=NOW + timedelta(days=days), days=5 - days)) for days in (0, 2))
    uids = [{value for name, value in properties(text) if name == "UID"} for text in (first, second)]
    assert uids[1] < uids[0]


def test_lost_runs_are_marked(estate):
    """Summary and category say that the run doesn't happen."""
    text = icalendar(calendar(estate, now=NOW, days=2))
    lost = [value for name, value in properties(text) if name == "SUMMARY" and value.startswith("LOST")]
    assert lost == ["LOST: production.nightly"] * 2
    assert text.count("CATEGORIES:Lost run") == 2


def test_folding_cuts_no_character():
    """A piece of 75 octets ends before a character that would not fit."""
    line = "SUMMARY:" + "ü" * 80
    parts = list(folded(line))
    assert max(len(part.encode()) for part in parts) <= 75
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line


def test_text_is_escaped():
    """Commas, semicolons, backslashes and line breaks mean something in a value."""
    assert escaped("a\\b;c,d\ne") == "a\\\\b\\;c\\,d\\ne"


def test_the_page_needs_nothing_from_anywhere(estate):
    """One file: no script, no link, no address to fetch; names are escaped."""
    from dataclasses import replace

    page = calendar_page(replace(calendar(estate, now=NOW, days=3, timezone="Europe/London"), strategy="<b>&"))
    assert re.findall(r"https?:|src=|<script|<link|@import|url\(", page) == []
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page


def test_the_page_shows_every_day_and_every_lost_run(estate):
    """Each day of the calendar is there once, lost runs are struck out and listed."""
    page = calendar_page(calendar(estate, now=NOW, days=10, timezone="Europe/London"))
    assert page.count('<div class="number">') == 11  # ten days of 24 hours end on the eleventh, at 01:00 summer time
    assert page.count('class="run lost"') == 3
    assert "Lost runs (3)" in page
    assert "clocks of Europe/London go forward" in page
