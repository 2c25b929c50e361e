"""A calendar of backups as one HTML page: a month's grid, the rules, what is lost; nothing is fetched from anywhere."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import groupby
from typing import Final

from strongroom.forecast.calendar import Calendar, PlannedRun, RuleSummary, change_in_words, days_in_words, reason
from strongroom.semantics.schedule import zone

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIMES_SHOWN: Final = 3  # a rule that runs more often in a day is shown by its number of runs
_HUES: Final = (210, 150, 275, 30, 335, 185, 55, 245)  # one for each plan, in turn

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #fff; --line: #d8dde4; --blank: #f4f6f8;
  --lost: #b3261e; --lost-paper: #fdecea; --chip-l: 93%; --chip-ink-l: 24%; --edge-l: 45% }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --paper: #14181e; --line: #313945; --blank: #1a1f27;
  --lost: #ff8a80; --lost-paper: #3a1d1c; --chip-l: 20%; --chip-ink-l: 86%; --edge-l: 55% } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 1240px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { margin: 0; font-size: 1.6rem } h2 { margin: 2rem 0 .6rem; font-size: 1.15rem } p { margin: .3rem 0; color: var(--soft) }
.month { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line);
  border-radius: 8px; overflow: hidden }
.head { background: var(--blank); color: var(--soft); font-size: .8rem; padding: .3rem .5rem; font-weight: 600 }
.day { background: var(--paper); min-height: 5.2rem; padding: .3rem .35rem .45rem; break-inside: avoid }
.day.out { background: var(--blank) } .number { color: var(--soft); font-size: .8rem; margin: 0 0 .2rem .1rem }
.run { display: block; margin: 2px 0; padding: 1px 5px; border-radius: 4px; font-size: .76rem; line-height: 1.35; overflow-wrap: anywhere;
  background: hsl(var(--hue) 60% var(--chip-l)); color: hsl(var(--hue) 55% var(--chip-ink-l));
  border-left: 3px solid hsl(var(--hue) 55% var(--edge-l)) }
.run.lost { background: var(--lost-paper); color: var(--lost); border-left: 3px solid var(--lost) }
.run.lost s { text-decoration-thickness: 1px } .clock { display: block; font-size: .74rem; color: var(--soft); font-style: italic }
table { border-collapse: collapse; width: 100%; font-size: .88rem } th, td { text-align: left;
  padding: .35rem .6rem .35rem 0; vertical-align: top; border-bottom: 1px solid var(--line) } th { color: var(--soft); font-weight: 600 }
.scroll { overflow-x: auto } code { font: .85em ui-monospace, Menlo, Consolas, monospace } ul { padding-left: 1.2rem; margin: .3rem 0 }
@media (max-width: 760px) { .month { grid-template-columns: 1fr } .head, .day.out { display: none } .day { min-height: 0 } }
@media print { body { padding: 0; max-width: none; font-size: 11px } .month { border-radius: 0 } .run { print-color-adjust: exact;
  -webkit-print-color-adjust: exact } section { break-inside: avoid } @page { size: A4 landscape; margin: 12mm } }
"""


def calendar_page(calendar: Calendar) -> str:
    """Return the calendar as a self-contained HTML document: light and dark, printable on A4 landscape."""
    title = f"Backups of {calendar.strategy}"
    lost = sum(run.lost is not None for run in calendar.runs)
    number = len(calendar.runs) - lost
    begin, end = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (calendar.begin_at, calendar.end_at))
    happens = f"{number} runs" + (f", {lost} more are lost" if lost else "")
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{begin} to {end}. Times are in {escape(calendar.timezone)}; point at one for UTC. {happens}.</p>",
        *_months(calendar),
        *_rules(calendar),
        *_losses(calendar),
        *_notes(calendar),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _months(calendar: Calendar) -> Iterator[str]:
    local = zone(calendar.timezone)
    by_day = {
        day: tuple(found) for day, found in groupby(calendar.runs, key=lambda run: run.slot_at.astimezone(local).date())
    }  # the runs are in order of time, so a day's are together
    first = calendar.begin_at.astimezone(local).date()
    last = (calendar.end_at - timedelta(microseconds=1)).astimezone(local).date()
    hues = {plan: _HUES[number % len(_HUES)] for number, plan in enumerate(dict.fromkeys(rule.plan for rule in calendar.rules))}
    changes = {change.at.astimezone(local).date(): change_in_words(change) for change in calendar.clock_changes}
    month = first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=32)).replace(day=1)
        yield f"<section><h2>{month:%B %Y}</h2>"
        yield '<div class="month">' + "".join(f'<div class="head">{name}</div>' for name in _WEEKDAYS)
        begin = max(first, month)
        begin -= timedelta(days=begin.weekday())  # weeks that are over before the calendar begins are left out
        end = min(last, following - timedelta(days=1))
        for day in _days(begin, end + timedelta(days=6 - end.weekday())):
            if not max(first, month) <= day <= end:
                yield '<div class="day out"></div>'
                continue
            chips = "".join(_chips(by_day.get(day, ()), calendar.timezone, hues))
            clock = f'<span class="clock">{escape(changes[day])}</span>' if day in changes else ""
            yield f'<div class="day"><div class="number">{day:%a} {day.day}</div>{chips}{clock}</div>'
        yield "</div></section>"
        month = following


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _chips(runs: Sequence[PlannedRun], timezone: str, hues: dict[str, int]) -> Iterator[str]:
    """Yield one chip for each rule and fate of a day."""
    groups: dict[tuple[str, str, bool], list[PlannedRun]] = {}
    for run in runs:
        groups.setdefault((run.plan, run.rule, run.lost is not None), []).append(run)
    for (plan, rule, lost), found in groups.items():
        times = [_clock(run.slot_at, timezone) for run in found]
        shown = ", ".join(times) if len(times) <= _TIMES_SHOWN else f"{len(times)} runs, {times[0]} to {times[-1]}"
        name = escape(f"{plan}.{rule}")
        hint = escape("\n".join(_hint(run) for run in found[:_TIMES_SHOWN]))
        if lost:
            yield f'<span class="run lost" title="{hint}"><s>{shown} {name}</s> lost</span>'
        else:
            copies = " → " + escape(", ".join(dict.fromkeys(copy.label for copy in found[0].copies))) if found[0].copies else ""
            yield f'<span class="run" style="--hue:{hues[plan]}" title="{hint}"><b>{shown}</b> {name}{copies}</span>'


def _hint(run: PlannedRun) -> str:
    copies = "".join(f"; copy to {copy.label} in {copy.region}, kept {days_in_words(copy.keep)}" for copy in run.copies)
    return f"{run.slot_at:%Y-%m-%d %H:%M} UTC: " + (reason(run) if run.lost else f"kept {days_in_words(run.keep)}{copies}")


def _rules(calendar: Calendar) -> Iterator[str]:
    yield "<section><h2>Rules</h2>"
    head = ("Rule", "Schedule", "Time zone", "Regions", "Kept", "Copies", "Runs", "Lost")
    rows = [_rule_row(rule, calendar) for rule in calendar.rules]
    yield _table(head, rows) + "</section>"


def _rule_row(rule: RuleSummary, calendar: Calendar) -> tuple[str, ...]:
    example = next((run for run in calendar.runs if (run.plan, run.rule) == (rule.plan, rule.rule)), None)
    copies = ", ".join(f"{copy.label} {copy.region} {days_in_words(copy.keep)}" for copy in example.copies) if example else ""
    return (
        f"{rule.plan}.{rule.rule}",
        rule.schedule,
        rule.timezone,
        ", ".join(rule.regions),
        days_in_words(rule.keep) + (" continuous" if rule.continuous else ""),
        copies or "none",
        str(rule.due - rule.lost),
        str(rule.lost),
    )


def _losses(calendar: Calendar) -> Iterator[str]:
    lost = [run for run in calendar.runs if run.lost]
    if not lost:
        return
    yield f"<section><h2>Lost runs ({len(lost)})</h2>"
    rows = [
        (
            f"{run.slot_at:%Y-%m-%d %H:%M}",
            f"{run.slot_at.astimezone(zone(calendar.timezone)):%Y-%m-%d %H:%M}",
            f"{run.plan}.{run.rule}",
            reason(run),
            ", ".join(dict.fromkeys(copy.label for copy in run.copies)) or "none",
        )
        for run in lost
    ]
    yield _table(("UTC", calendar.timezone, "Rule", "Why", "Copies lost with it"), rows) + "</section>"


def _notes(calendar: Calendar) -> Iterator[str]:
    notes = [change_in_words(change) for change in calendar.clock_changes]
    notes += [f"plan {each.plan} is not made, AWS refuses rule {each.rule}: {each.message}" for each in calendar.refused]
    if notes:
        yield "<section><h2>Notes</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul></section>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _clock(instant: datetime, timezone: str) -> str:
    return f"{instant.astimezone(UTC).astimezone(zone(timezone)):%H:%M}"
