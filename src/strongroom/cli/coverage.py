"""`strongroom coverage`."""

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
@click.option("--strategy", type=click.Path(path_type=Path), help="Only to find its state folder; coverage needs no strategy.")
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@text_or_json
def command(strategy: Path | None, as_of: str | None, output: str) -> int:
    """Show what is backed up and what is not, from the newest snapshot; no strategy is needed."""
    from strongroom.api.home import home_for
    from strongroom.api.verify import coverage

    found = coverage(home=home_for(strategy), as_of=as_of)
    if output == "json":
        print_json("coverage", **found.to_json())
    else:
        print_coverage(found)
    return ExitCode.COULD_NOT_VERIFY if found.unread else ExitCode.PROVEN


def print_coverage(found: "Coverage") -> None:
    """Print coverage by account, Region and type, then the resources without any recovery point."""
    head = ("account", "Region", "type", "resources", "< 24 h", "< 7 d", "ever", "newest", "selected by")
    rows = [
        (
            each.account_id,
            each.region,
            each.type,
            str(each.resources),
            str(each.within_day),
            str(each.within_week),
            str(each.ever),
            f"{each.newest_at:%Y-%m-%d %H:%M}" if each.newest_at else "never",
            ", ".join(each.plans) or "no plan",
        )
        for each in found.accounts
    ]
    print_table(head, rows)
    uncovered = found.uncovered.to_pylist()
    for row in uncovered[:UNCOVERED_SHOWN]:
        click.echo(
            f"{click.style('no recovery point', fg='red')} {row['type']} {row['arn']} in account {row['account_id']}, {row['region']}"
        )
    if len(uncovered) > UNCOVERED_SHOWN:
        click.echo(f"and {len(uncovered) - UNCOVERED_SHOWN} more; all of them: strongroom coverage --format json")
    for account in sorted({(each.account_id, each.reason) for each in found.unread}):
        click.echo(f"{click.style('unread', fg='yellow')} account {account[0]}: {account[1]}")
    covered = sum(each.ever for each in found.accounts)
    click.echo(f"{covered} of {found.resources} resources have a recovery point (seen {found.observed_at:%Y-%m-%d %H:%M} UTC)")
