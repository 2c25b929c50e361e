"""`strongroom calendar`."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json
from strongroom.cli.printing import print_table
from strongroom.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from strongroom.forecast.calendar import Calendar, PlannedRun

DAYS_MAX = 1_000
ROWS_MAX = 3  # a rule's runs in a row on one day, of the same fate; more are printed as one line


@click.command("calendar")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--days", type=click.IntRange(1, DAYS_MAX), default=30, show_default=True, help="How many days of 24 hours.")
@click.option("--from", "begin", metavar="INSTANT", help="ISO 8601, such as 2027-01-01 or 2027-01-01T06:00Z. Default: now.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="IANA time zone shown beside UTC.")
@click.option("--format", "output", type=click.Choice(["text", "json", "html", "ics"]), default="text", show_default=True)
def command(strategy: Path, days: int, begin: str | None, timezone: str, output: str) -> int:
    """Show every run of the next days, and which of them are lost to what.

    STRATEGY is a file, or a folder with strategy.yaml. Write a page with --format html > calendar.html, and a file for
    calendar programs with --format ics. Exits with 1 when AWS refuses a schedule; lost runs alone don't change the exit code.
    """
    from strongroom.api.calendar import calendar, instant

    now = instant(begin, timezone) if begin else _machine_now()
    found = calendar(strategy, now=now, days=days, timezone=timezone)
    if output == "json":
        print_json("calendar", calendar=found)
    elif output == "html":
        from strongroom.forecast.calendar_page import calendar_page

        click.echo(calendar_page(found), nl=False)
    elif output == "ics":
        from strongroom.forecast.icalendar import icalendar

        click.echo(icalendar(found).encode(), nl=False)  # text streams would turn CRLF into something else
    else:
        print_calendar(found)
    return ExitCode.FINDINGS if found.refused else ExitCode.PROVEN


def _machine_now() -> "datetime":
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(second=0, microsecond=0)


def print_calendar(found: "Calendar") -> None:
    """Print the runs day by day in the reader's time zone, then each rule with the number of its runs."""
    from datetime import UTC

    from strongroom.forecast.calendar import change_in_words, days_in_words, reason
    from strongroom.semantics.schedule import zone

    local = zone(found.timezone)
    utc = found.timezone == "UTC"
    names = max((len(f"{run.plan}.{run.rule}") for run in found.runs), default=0)
    for day, runs in groupby(found.runs, key=lambda run: run.slot_at.astimezone(local).date()):
        click.echo(click.style(f"{day:%A} {day.day} {day:%B %Y}", bold=True))
        for (plan, rule, lost), group in groupby(runs, key=lambda run: (run.plan, run.rule, reason(run))):
            row = list(group)
            for few in [row] if len(row) > ROWS_MAX else [[run] for run in row]:
                at = _span(few, local) + ("" if utc else f" ({_span(few, UTC)} UTC)")
                number = f"{len(few)} runs  " if len(few) > 1 else ""
                line = f"  {at}  {f'{plan}.{rule}'.ljust(names)}  {number}"
                click.echo(click.style(line + lost, fg="red") if lost else f"{line}keeps {days_in_words(few[0].keep)}{_copies(few[0])}")
        for change in found.clock_changes:
            if change.at.astimezone(local).date() == day:
                click.echo(click.style(f"  {change_in_words(change)}", fg="yellow"))
    click.echo()
    head = ("rule", "schedule", "time zone", "Regions", "kept", "runs", "lost")
    print_table(
        head,
        [
            (
                f"{rule.plan}.{rule.rule}",
                rule.schedule,
                rule.timezone,
                ", ".join(rule.regions),
                days_in_words(rule.keep),
                str(rule.due - rule.lost),
                str(rule.lost),
            )
            for rule in found.rules
        ],
    )
    _print_end(found)


def _span(runs: "Sequence[PlannedRun]", where: "tzinfo") -> str:
    first, last = (f"{run.slot_at.astimezone(where):%H:%M}" for run in (runs[0], runs[-1]))
    return first if len(runs) == 1 else f"{first} to {last}"


def _print_end(found: "Calendar") -> None:
    for each in found.refused:
        label = click.style("refused", fg="red", bold=True)
        click.echo(f"{label} rule {each.plan}.{each.rule}: {each.message}; AWS makes no plan {each.plan}")
    lost = sum(run.lost is not None for run in found.runs)
    happen = len(found.runs) - lost
    times = f"times in {found.timezone}" + ("" if found.timezone == "UTC" else ", UTC in brackets")
    click.echo(f"{found.begin_at:%Y-%m-%d %H:%M} to {found.end_at:%Y-%m-%d %H:%M} UTC: {happen} runs, {lost} lost ({times})")


def _copies(run: "PlannedRun") -> str:
    from strongroom.forecast.calendar import days_in_words

    copies = ", ".join(f"{copy.label} ({copy.region}) {days_in_words(copy.keep)}" for copy in run.copies)
    return f" -> {copies}" if copies else ""
