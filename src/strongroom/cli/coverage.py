"""`strongroom coverage`."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table
from strongroom.errors import ExitCode

if TYPE_CHECKING:
    from strongroom.proof import Coverage

UNCOVERED_SHOWN = 20


@click.command("coverage")
@click.option("--by", default="", metavar="WAY", help="Group by account, ou, type, tag:KEY or plan.")
@click.option("--strategy", type=click.Path(path_type=Path), help="Its state folder, and with --by plan its plans; else none is needed.")
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@text_or_json
def command(by: str, strategy: Path | None, as_of: str | None, output: str) -> int:
    """Show what is backed up and what is not, from the newest snapshot; no strategy is needed.

    Recovery points count, replicas and Multi-AZ don't. A plan selects a resource only if its conditions, exclusions and opt-in do.
    """
    from strongroom.api.home import home_for
    from strongroom.api.verify import coverage

    found = coverage(home=home_for(strategy), as_of=as_of, by=by, strategy=strategy if by == "plan" else None)
    if output == "json":
        print_json("coverage", **found.to_json())
    else:
        print_coverage(found)
    return ExitCode.COULD_NOT_VERIFY if found.unread else ExitCode.PROVEN


def print_coverage(found: "Coverage") -> None:
    """Print coverage by account, Region and type or as it was asked for, then the resources without any recovery point."""
    print_table(*(_grouped(found) if found.by else _detailed(found)))
    uncovered = found.uncovered.to_pylist()
    for row in uncovered[:UNCOVERED_SHOWN]:
        click.echo(
            f"{click.style('no recovery point', fg='red')} {row['type']} {row['arn']} in account {row['account_id']}, {row['region']}"
        )
    if len(uncovered) > UNCOVERED_SHOWN:
        click.echo(f"and {len(uncovered) - UNCOVERED_SHOWN} more; all of them: strongroom coverage --format json")
    unknown: Counter[str] = Counter()
    for row in found.unknown_to_backup.to_pylist():
        unknown[row["type"]] += row["resources"]
    for kind, count in sorted(unknown.items()):
        click.echo(f"{click.style('not protected', fg='yellow')} {count} tagged of {kind}: AWS Backup has no jobs for them")
    for account in sorted({(each.account_id, each.reason) for each in found.unread}):
        click.echo(f"{click.style('unread', fg='yellow')} account {account[0]}: {account[1]}")
    covered = sum(each.ever for each in found.accounts)
    click.echo(f"{covered} of {found.resources} resources have a recovery point (seen {found.observed_at:%Y-%m-%d %H:%M} UTC)")


def _detailed(found: "Coverage") -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    rows = [
        (
            each.account_id,
            each.region,
            each.type,
            str(each.resources),
            str(each.within_day),
            str(each.within_week),
            str(each.ever),
            _instant(each.newest_at),
            ", ".join(each.plans) or "no plan",
        )
        for each in found.accounts
    ]
    return ("account", "Region", "type", "resources", "< 24 h", "< 7 d", "ever", "newest", "selected by"), rows


def _grouped(found: "Coverage") -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    rows = [
        (
            each.name,
            str(each.resources),
            str(each.selected),
            str(each.within_day),
            str(each.within_week),
            str(each.ever),
            _instant(each.newest_at),
            str(each.unknown_to_backup),
        )
        for each in found.groups
    ]
    return (found.by, "resources", "selected", "< 24 h", "< 7 d", "ever", "newest", "unknown to AWS Backup"), rows


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"
