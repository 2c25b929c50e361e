"""`strongroom verify`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import findings_format, junit, plain, print_json, sarif
from strongroom.cli.printing import print_findings, print_table

if TYPE_CHECKING:
    from strongroom.proof import Verification
    from strongroom.proof.baseline import Since
    from strongroom.proof.findings import Fault


@click.command("verify")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--chains", is_flag=True, help="With --format json: also every chain that is not proven.")
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="An earlier answer as JSON: show only what changed.")
@findings_format
def command(*, strategy: Path, chains: bool, as_of: str | None, baseline: Path | None, output: str) -> int:
    """Compare the strategy with the newest snapshot of the ledger: proven, broken, unknown.

    Exits with 3 when something could not be read, whatever else is broken; with --baseline only what is new or grew counts.
    """
    from strongroom.api.home import home_for
    from strongroom.api.verify import since, verify
    from strongroom.proof.findings import in_order

    found = verify(strategy, home=home_for(strategy), as_of=as_of)
    if baseline is not None:
        changes = since(baseline, found)
        faults = in_order((*changes.new, *(each.now for each in changes.changed)))
        findings = [fault.finding for fault in faults]
        if output == "json":
            print_json("verify", **found.to_json(), since=changes_json(changes))
        elif output == "text":
            print_changes(changes)
        else:
            click.echo(sarif(findings, ranks(faults)) if output == "sarif" else junit("verify", findings))
        return changes.exit_code
    if output == "json":
        print_json("verify", **found.to_json(chains=chains))
    elif output == "sarif":
        click.echo(sarif(found.findings, ranks(found.faults)))
    elif output == "junit":
        click.echo(junit("verify", found.findings))
    else:
        print_verification(found)
    return found.exit_code


def changes_json(changes: "Since") -> dict[str, object]:
    """Return what changed as plain JSON values."""
    from strongroom.proof.verification import fault_json

    return {
        "observed_at": changes.observed_at,
        "new": [fault_json(each) for each in changes.new],
        "changed": [{"before": plain(each.before), "now": fault_json(each.now)} for each in changes.changed],
        "gone": plain(changes.gone),
    }


def print_changes(changes: "Since") -> None:
    """Print what is new, what touches more or fewer resources, and what is gone."""
    print_faults(changes.new)
    for each in changes.changed:
        color = "red" if each.now.resources > each.before.resources else "green"
        counts = click.style(f"{each.before.resources} -> {each.now.resources} resources", fg=color)
        click.echo(f"{click.style('~', fg='yellow', bold=True)} {each.now.finding.code} {counts}: {each.now.finding.message}")
    for known in changes.gone:
        click.echo(f"{click.style('mended', fg='green', bold=True)} {known.code} {known.resources} resources: {known.cause}")
    click.echo(f"{len(changes.new)} new, {len(changes.changed)} changed, {len(changes.gone)} gone since {changes.observed_at}")


def print_faults(faults: Sequence["Fault"]) -> None:
    """Print findings, each with what is at stake."""
    for fault in faults:
        print_findings([fault.finding])
        if said := stake(fault):
            click.echo(f"  stake: {said}")


def stake(fault: "Fault") -> str:
    """Return in words what a fault touches; empty: no protected resource."""
    if not fault.resources:
        return ""
    chains = f"{_counted(fault.chains, 'chain')} of " if fault.chains else ""
    where = f" in {_counted(fault.stake.accounts, 'account')}" if fault.stake.accounts else ""
    parts = [f"{chains}{_counted(fault.resources, 'resource')}{where}"]
    if fault.stake.bare:
        promised = f", {fault.stake.bare_promised} of them with a promise" if fault.stake.bare_promised else ""
        parts.append(f"{_counted(fault.stake.bare, 'resource')} without any proven copy{promised}")
    elif fault.stake.promised:
        parts.append(f"{_counted(fault.stake.promised, 'resource')} with a promise")
    return "; ".join(parts)


def ranks(faults: Sequence["Fault"]) -> list[float]:
    """Return a rank for each fault, 100 for the one with most at stake, in steps that follow the order in which they are shown."""
    return [round(100 * (len(faults) - number) / len(faults), 1) for number in range(len(faults))]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def print_verification(found: "Verification") -> None:
    """Print the faults, and below them how many chains each link holds for."""
    from strongroom.proof import ASSESSED, LinkState

    print_faults(found.faults)
    states = (LinkState.PROVEN, LinkState.BROKEN, LinkState.UNKNOWN, LinkState.NOT_REQUIRED)
    head = ("link", *(state.value.replace("_", " ") for state in states))
    print_table(head, [(link.value.replace("_", " "), *(str(found.links[link].get(state, 0)) for state in states)) for link in ASSESSED])
    click.echo(
        f"{found.resources} protected resources in {found.accounts} accounts, {found.proven + found.broken + found.unknown} chains: "
        f"{found.proven} proven, {found.broken} broken, {found.unknown} unknown (seen {found.observed_at:%Y-%m-%d %H:%M} UTC)"
    )
