"""`strongroom sync`."""

from pathlib import Path

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.progress import progress


@click.command("sync")
@click.argument("strategy", type=click.Path(path_type=Path), required=False)
@click.option("--region", "regions", multiple=True, help="Without a strategy: Regions to read, the first is home.")
@click.option("--role", help="Role to assume in each account; default: the strategy's, else strongroom-read.")
@text_or_json
def command(strategy: Path | None, regions: tuple[str, ...], role: str | None, output: str) -> int:
    """Read the live state of every account into the ledger.

    With a STRATEGY its Regions and its read role are used; without one, ./strategy.yaml if it is there.
    """
    from strongroom.api.home import home_for
    from strongroom.api.sync import sync

    if strategy is None and not regions and Path("strategy.yaml").exists():
        strategy = Path("strategy.yaml")
    with progress("reading", quiet=output == "json") as update:
        synced = sync(strategy, home=home_for(strategy), regions=regions, role=role, on_progress=update)
    if output == "json":
        print_json(
            "sync", snapshot=synced.snapshot.id, observed_at=synced.snapshot.observed_at, rows=dict(synced.rows), unread=synced.unread
        )
        return synced.exit_code
    rows = dict(synced.rows)
    click.echo(
        f"snapshot {synced.snapshot.id}: {rows['accounts']} accounts, {rows['resources']} resources, "
        f"{rows['recovery_points']} recovery points, {rows['backup_jobs']} backup jobs, {rows['copy_jobs']} copy jobs"
    )
    for place in synced.unread:
        where = "/".join(part for part in (place.account_id, place.region) if part)
        click.echo(f"{click.style('unread', fg='yellow', bold=True)} {where}: {place.reason} ({len(place.subjects)} subjects)")
    return synced.exit_code
