"""`strongroom prove`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.errors import ExitCode

if TYPE_CHECKING:
    from strongroom.proof import Chain

COLORS = {"proven": "green", "broken": "red", "unknown": "yellow"}


@click.command("prove")
@click.argument("arn")
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", show_default=True)
@text_or_json
def command(arn: str, strategy: Path, output: str) -> int:
    """Show one resource's proof, link by link, for every rule and destination."""
    from strongroom.api.home import home_for
    from strongroom.api.verify import prove

    chains = prove(strategy, arn, home=home_for(strategy))
    if output == "json":
        print_json("prove", arn=arn, chains=[{"state": chain.state, **chain_members(chain)} for chain in chains])
    else:
        print_chains(arn, chains)
    states = {chain.state.value for chain in chains}
    if "unknown" in states or any(link.state.value == "unknown" for chain in chains for link in chain.links):
        return ExitCode.COULD_NOT_VERIFY
    return ExitCode.FINDINGS if "broken" in states else ExitCode.PROVEN


def chain_members(chain: "Chain") -> dict[str, object]:
    """Return a chain's members as JSON values."""
    from strongroom.cli.formats import plain

    members: dict[str, object] = plain(chain)
    return members


def print_chains(arn: str, chains: Sequence["Chain"]) -> None:
    """Print each chain with its links, and causes and fixes where a link doesn't hold."""
    click.echo(click.style(arn, bold=True))
    for chain in chains:
        place = chain.destination_vault_arn or "no vault"
        click.echo(
            f"\n{chain.plan or 'no plan'} / {chain.rule or 'no rule'} -> {chain.destination_label or place}: {_colored(chain.state.value)}"
        )
        for link in chain.links:
            evidence = "; ".join(link.evidence) if link.state.value == "proven" else link.cause
            click.echo(f"  {link.name.value.replace('_', ' '):<11} {_colored(link.state.value):<24} {evidence}".rstrip())
            if link.state.value in {"broken", "unknown"} and link.fix:
                mode = f" ({link.failure_mode})" if link.failure_mode else ""
                click.echo(f"  {'':<11} help: {link.fix}{mode}")


def _colored(state: str) -> str:
    return click.style(state.replace("_", " "), fg=COLORS.get(state))
