"""`strongroom enrol`."""

from pathlib import Path

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.progress import progress

PLACES_SHOWN = 20


@click.command("enrol")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--account", "accounts", multiple=True, help="Only this account; may be given several times. Default: all governed ones.")
@click.option("--role", help="Role to assume in each account; default: the one that apply has made for it, <strategy>-enrol.")
@text_or_json
def command(strategy: Path, accounts: tuple[str, ...], role: str | None, output: str) -> int:
    """Opt governed accounts in to AWS Backup: StackSets bring them everything else.

    Run it after apply, and when accounts have joined; what is switched on already is left alone.
    """
    from strongroom.api.enrol import enrol

    with progress("enrolling", quiet=output == "json") as update:
        found = enrol(strategy, accounts=accounts, role=role, on_progress=update)
    if output == "json":
        print_json("enrol", role=found.role, places=found.places, skipped=found.skipped)
        return found.exit_code
    for place in [each for each in found.places if each.changed][:PLACES_SHOWN]:
        click.echo(f"account {place.account}, {place.region}: switched on {', '.join(place.changed)}")
    for skipped in found.skipped:
        click.echo(f"{click.style('left out', fg='yellow', bold=True)} account {skipped.account}: {skipped.reason}")
    for place in found.failed[:PLACES_SHOWN]:
        click.echo(f"{click.style('failed', fg='red', bold=True)} account {place.account}, {place.region}: {place.reason}")
    changed = sum(1 for each in found.places if each.changed)
    counts = f"{changed} changed, {len(found.places) - changed - len(found.failed)} were ready, {len(found.failed)} failed"
    click.echo(f"{len(found.places)} accounts and Regions: {counts}")
    if len(found.failed) > PLACES_SHOWN or changed > PLACES_SHOWN:
        click.echo(f"the first {PLACES_SHOWN} are shown; all of them: strongroom enrol --format json")
    if found.failed:
        click.echo(f"  help: apply brings role {found.role} to every governed account; when it is there: strongroom enrol", err=True)
    return found.exit_code
