"""`strongroom tests`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table
from strongroom.cli.typed import FILLED

if TYPE_CHECKING:
    from strongroom.evidence.standing import Standing

COLORS = {"failed": "red", "overdue": "yellow", "unknown": "yellow", "proven": "green", "waiting": None}


@click.command("tests")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--overdue", is_flag=True, help="Only what is overdue or was found wrong.")
@click.option("--show", metavar="TEST_ID", type=FILLED, help="Print the evidence of one test for people, and nothing else.")
@click.option("--as-of", metavar="INSTANT", type=FILLED, help="The ledger's newest snapshot until then, or a snapshot's id.")
@text_or_json
def command(*, strategy: Path, overdue: bool, show: str | None, as_of: str | None, output: str) -> int:
    """Show every resource and vault that restore tests cover: last proven, in what time, and what is overdue.

    Exits with 1 when something is overdue or was found wrong, with 3 when tests could not tell.
    """
    from strongroom.api.home import home_for
    from strongroom.api.tests import evidence_of, tests

    home = home_for(strategy)
    if show is not None:
        click.echo(evidence_of(show, home=home), nl=False)
        return 0
    found = tests(strategy, home=home, as_of=as_of, overdue=overdue)
    if output == "json":
        print_json("tests", strategy=found.strategy, snapshot=found.snapshot, observed_at=found.observed_at, tests=found.standings)
        return found.exit_code
    if found.standings:
        head = ("state", "resource", "vault", "test", "last proven", "took", "target", "next")
        print_table(head, [_row(each) for each in found.standings])
    counts = {word: sum(each.state.value == word for each in found.standings) for word in COLORS}
    told = ", ".join(click.style(f"{number} {word}", fg=COLORS[word] if number else None) for word, number in counts.items())
    click.echo(f"{len(found.standings)} resources and vaults: {told} (seen {found.observed_at:%Y-%m-%d %H:%M} UTC)")
    return found.exit_code


def _row(standing: "Standing") -> tuple[str, ...]:
    return (
        standing.state.value,
        standing.resource_arn,
        f"{standing.vault_label or standing.vault} {standing.account} {standing.region}",
        standing.test,
        f"{standing.proven_at:%Y-%m-%d %H:%M}" if standing.proven_at else "never",
        "-" if standing.seconds is None else _span(standing.seconds),
        "-" if standing.rto_seconds is None else _span(standing.rto_seconds),
        f"{standing.next_at:%Y-%m-%d %H:%M}" if standing.next_at else "-",
    )


def _span(seconds: float) -> str:
    """Return a span in the largest unit that says enough.

    Example:
        >>> _span(42), _span(5400), _span(14400)
        ('42 s', '90 min', '4 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
