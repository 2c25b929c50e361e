"""`strongroom prove`."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.errors import ExitCode

if TYPE_CHECKING:
    from strongroom.proof import Chain
    from strongroom.proof.links import Link, Recheck

COLORS = {"proven": "green", "broken": "red", "unknown": "yellow"}


@click.command("prove")
@click.argument("arn")
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", show_default=True)
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@text_or_json
def command(arn: str, strategy: Path, as_of: str | None, output: str) -> int:
    """Show one resource's proof, link by link, for every rule and destination.

    Exits with 0 when all of it is proven, with 1 when something is broken or no plan selects the resource.
    """
    from strongroom.api.home import home_for
    from strongroom.api.verify import prove

    chains = prove(strategy, arn, home=home_for(strategy), as_of=as_of)
    if output == "json":
        print_json("prove", arn=arn, chains=[{"state": chain.state, **chain_members(chain)} for chain in chains])
    else:
        print_chains(arn, chains)
        print_by_hand(chains)
    states = {chain.state.value for chain in chains}
    if "unknown" in states or any(link.state.value == "unknown" for chain in chains for link in chain.links):
        return ExitCode.COULD_NOT_VERIFY
    return ExitCode.PROVEN if states == {"proven"} else ExitCode.FINDINGS


def chain_members(chain: "Chain") -> dict[str, object]:
    """Return a chain's members as JSON values."""
    from strongroom.cli.formats import plain

    members: dict[str, object] = plain(chain)
    return members


def print_chains(arn: str, chains: Sequence["Chain"]) -> None:
    """Print each chain with its links, and causes and fixes where a link doesn't hold; destinations of which all is alike once."""
    click.echo(click.style(arn, bold=True))
    if not chains:
        click.echo("\nno plan of the strategy selects it, so nothing of it is protected")
    for (plan, rule, links), alike in groupby(chains, key=lambda chain: (chain.plan, chain.rule, _said(chain))):
        same = list(alike)
        places = ", ".join(chain.destination_label or chain.destination_vault_arn or "no vault" for chain in same)
        click.echo(f"\n{plan or 'no plan'} / {rule or 'no rule'} -> {places}: {_colored(same[0].state.value)}")
        for link in links:
            evidence = "; ".join(link.evidence) if link.state.value == "proven" else link.cause
            click.echo(f"  {link.name.value.replace('_', ' '):<11} {_colored(link.state.value, width=12)}  {evidence}".rstrip())
            if link.state.value in {"broken", "unknown"} and link.evidence:
                click.echo(f"  {'':<11} seen: {'; '.join(link.evidence)}")
            if link.state.value in {"broken", "unknown"} and link.fix:
                mode = f" ({link.failure_mode})" if link.failure_mode else ""
                click.echo(f"  {'':<11} help: {link.fix}{mode}")


def print_by_hand(chains: Sequence["Chain"]) -> None:
    """Print the calls that show the same again, by account; each once, with the first link that it is about."""
    first: dict[Recheck, str] = {}
    for chain in chains:
        for link in chain.links:
            for each in link.by_hand:
                first.setdefault(each, link.name.value.replace("_", " "))
    if not first:
        return
    click.echo("\nto check it by hand (iam simulate-principal-policy leaves out what organizations and keys forbid):")
    for account in dict.fromkeys(each.account_id for each in first):
        click.echo(f"  as account {account}")
        for each, name in first.items():
            if each.account_id == account:
                click.echo(f"    {name:<11} {each.command}")


def _said(chain: "Chain") -> "tuple[Link, ...]":
    """The links of a chain without the calls, which name its vault."""
    return tuple(replace(link, by_hand=()) for link in chain.links)


def _colored(state: str, *, width: int = 0) -> str:
    """The state in its colour; padded before it is coloured, for the codes of colours have a length too."""
    words = state.replace("_", " ")
    return click.style(words, fg=COLORS[state]) + " " * (width - len(words)) if state in COLORS else words.ljust(width)
