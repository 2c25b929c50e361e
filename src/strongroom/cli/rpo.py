"""`strongroom rpo`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.errors import ExitCode

if TYPE_CHECKING:
    from strongroom.proof.exposed import ActualRpo, Exposed

BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "·"  # no recovery point yet


@click.command("rpo")
@click.argument("arn")
@click.option("--days", type=int, default=30, show_default=True, help="How far back.")
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", show_default=True, help="Whose objective counts.")
@text_or_json
def command(arn: str, days: int, strategy: Path, output: str) -> int:
    """Draw how much of a resource would have been lost, day by day and for each vault.

    At any time that is what was written since the newest complete recovery point; all snapshots of the ledger count, so that recovery
    points that have expired since are seen too. Exits with 1 when the strategy's objective was not held by any vault on some day.
    """
    from strongroom.api.home import home_for
    from strongroom.api.rpo import rpo

    found = rpo(arn, home=home_for(strategy), days=days, strategy=strategy)
    if output == "json":
        print_json("rpo", **members(found))
    else:
        print_rpo(found)
    missed = found.rpo_minutes is not None and (not found.vaults or min(found.missed(each) for each in found.vaults) > 0)
    return ExitCode.FINDINGS if missed else ExitCode.PROVEN


def members(found: "ActualRpo") -> dict[str, object]:
    """Return the answer's members for JSON; times are in minutes."""
    return {
        "arn": found.arn,
        "type": found.type,
        "observed_at": found.observed_at,
        "rpo_minutes": found.rpo_minutes,
        "vaults": [
            {
                "account": each.account,
                "region": each.region,
                "vault": each.vault,
                "points": each.points,
                "worst_minutes": _minutes(each.worst),
                "now_minutes": _minutes(each.now),
                "days_missed": found.missed(each),
                "by_day": [{"day": f"{day:%Y-%m-%d}", "loss_minutes": _minutes(loss)} for day, loss in each.by_day],
            }
            for each in found.vaults
        ],
    }


def print_rpo(found: "ActualRpo") -> None:
    """Print a line of bars for each vault, its worst day, and the objective."""
    click.echo(click.style(found.arn, bold=True))
    if not found.vaults:
        click.echo("no recovery point was ever seen")
        return
    top = max((each.worst for each in found.vaults if each.worst is not None), default=timedelta(hours=1))
    bound = timedelta(minutes=found.rpo_minutes) if found.rpo_minutes is not None else None
    first, last = found.vaults[0].by_day[0][0], found.vaults[0].by_day[-1][0]
    click.echo(f"most that would have been lost on a day, {first:%Y-%m-%d} to {last:%Y-%m-%d}; a full bar is {_words(top)}")
    for each in found.vaults:
        click.echo(f"\n{each.vault} in account {each.account}, {each.region}: {each.points} recovery points seen")
        click.echo("  " + "".join(_bar(loss, top, bound) for _, loss in each.by_day))
        click.echo(f"  {_summary(found, each)}")


def _summary(found: "ActualRpo", each: "Exposed") -> str:
    if each.worst is None or each.now is None:
        return "no recovery point in these days"
    day = next(day for day, loss in each.by_day if loss == each.worst)
    text = f"worst {_words(each.worst)} on {_day(day)}, now {_words(each.now)}"
    if found.rpo_minutes is None:
        return text
    missed, bound = found.missed(each), _words(timedelta(minutes=found.rpo_minutes))
    held = click.style(f"objective {bound} held", fg="green")
    return f"{text}; {click.style(f'objective {bound} missed on {missed} days', fg='red') if missed else held}"


def _bar(loss: timedelta | None, top: timedelta, bound: timedelta | None) -> str:
    if loss is None:
        return NOTHING
    block = BLOCKS[min(len(BLOCKS) - 1, int(loss / top * len(BLOCKS)))] if top else BLOCKS[0]
    return click.style(block, fg="red") if bound is not None and loss > bound else block


def _words(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    days, hours = divmod(minutes // 60, 24)
    if minutes < 60:
        return f"{minutes} min"
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _minutes(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds() / 60)
