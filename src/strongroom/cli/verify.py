"""`strongroom verify`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import findings_format, junit, print_json, sarif
from strongroom.cli.printing import print_findings, print_table

if TYPE_CHECKING:
    from strongroom.proof import Verification


@click.command("verify")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--chains", is_flag=True, help="With --format json: also every chain that is not proven.")
@findings_format
def command(strategy: Path, chains: bool, output: str) -> int:  # noqa: FBT001 - click's flag
    """Compare the strategy with the newest snapshot of the ledger: proven, broken, unknown.

    Exits with 3 when something could not be read, whatever else is broken.
    """
    from strongroom.api.home import home_for
    from strongroom.api.verify import verify

    found = verify(strategy, home=home_for(strategy))
    if output == "json":
        print_json("verify", **found.to_json(chains=chains))
    elif output == "sarif":
        click.echo(sarif(found.findings))
    elif output == "junit":
        click.echo(junit("verify", found.findings))
    else:
        print_verification(found)
    return found.exit_code


def print_verification(found: "Verification") -> None:
    """Print the faults, and below them how many chains each link holds for."""
    from strongroom.proof import ASSESSED, LinkState

    print_findings(found.findings)
    states = (LinkState.PROVEN, LinkState.BROKEN, LinkState.UNKNOWN, LinkState.NOT_REQUIRED)
    head = ("link", *(state.value.replace("_", " ") for state in states))
    print_table(head, [(link.value.replace("_", " "), *(str(found.links[link].get(state, 0)) for state in states)) for link in ASSESSED])
    click.echo(
        f"{found.resources} protected resources in {found.accounts} accounts, {found.proven + found.broken + found.unknown} chains: "
        f"{found.proven} proven, {found.broken} broken, {found.unknown} unknown (seen {found.observed_at:%Y-%m-%d %H:%M} UTC)"
    )
