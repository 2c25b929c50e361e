"""`strongroom sync`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.progress import progress

if TYPE_CHECKING:
    from strongroom.api.sync import Unread

UNREAD_SHOWN = 20


@click.command("sync")
@click.argument("strategy", type=click.Path(path_type=Path), required=False)
@click.option("--region", "regions", multiple=True, help="Without a strategy: Regions to read, the first is home.")
@click.option("--role", help="Role to assume in each account; default: the strategy's, else strongroom-read.")
@click.option("--accounts", metavar="ID,…", help="Ask only these accounts; the rest is taken from the newest snapshot, and marked.")
@click.option("--regions", "only_regions", metavar="REGION,…", help="Ask only in these Regions; likewise.")
@click.option("--since", metavar="INSTANT", help="Ask again for jobs created since then; default: an hour before the newest snapshot.")
@click.option("--full", is_flag=True, help="Ask for all jobs again, whatever the newest snapshot has.")
@click.option(
    "--processes", type=int, metavar="NUMBER", help="Read with so many processes; default: a core each, if there is much to read."
)
@click.option("--fresh", is_flag=True, help="Begin anew instead of going on where a sync was stopped less than an hour ago.")
@text_or_json
def command(
    *,
    strategy: Path | None,
    regions: tuple[str, ...],
    role: str | None,
    accounts: str | None,
    only_regions: str | None,
    since: str | None,
    full: bool,
    processes: int | None,
    fresh: bool,
    output: str,
) -> int:
    """Read the live state of every account into the ledger.

    With a STRATEGY its Regions and its read role are used; without one, ./strategy.yaml if it is there.
    """
    from strongroom.api.calendar import instant
    from strongroom.api.home import home_for
    from strongroom.api.sync import sync

    if strategy is None and not regions and Path("strategy.yaml").exists():
        strategy = Path("strategy.yaml")
    with progress("reading", quiet=output == "json") as update:
        synced = sync(
            strategy,
            home=home_for(strategy),
            regions=regions,
            role=role,
            accounts=_listed(accounts),
            only_regions=_listed(only_regions),
            since=instant(since, "UTC") if since else None,
            full=full,
            processes=processes,
            fresh=fresh,
            on_progress=update,
        )
    if synced.begun_at and output == "text":
        click.echo(f"went on with the sync of {synced.begun_at:%H:%M} UTC, which was stopped", err=True)
    if output == "json":
        print_json(
            "sync",
            snapshot=synced.snapshot.id,
            observed_at=synced.snapshot.observed_at,
            partial=synced.partial,
            rows=dict(synced.rows),
            unread=synced.unread,
        )
        return synced.exit_code
    rows = dict(synced.rows)
    click.echo(
        f"snapshot {synced.snapshot.id}: {rows['accounts']} accounts, {rows['resources']} resources, "
        f"{rows['recovery_points']} recovery points, {rows['backup_jobs']} backup jobs, {rows['copy_jobs']} copy jobs"
    )
    if synced.partial:
        click.echo("what was not asked for is as an earlier snapshot has it; verify takes it for unread until the next whole sync")
    print_unread(synced.unread)
    return synced.exit_code


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(each.strip() for each in (text or "").split(",") if each.strip())


def print_unread(unread: Sequence["Unread"]) -> None:
    """Print what could not be read: a line for each account and first reason, with its Regions and the number of subjects."""
    places: dict[tuple[str, str], list[Unread]] = {}
    for each in unread:
        places.setdefault((each.account_id, each.region), []).append(each)
    lines: dict[tuple[str, str], tuple[list[str], int, int]] = {}  # (account, reason) -> Regions, subjects, further reasons
    for (account, region), found in places.items():
        regions, subjects, further = lines.setdefault((account, found[0].reason), ([], 0, 0))
        regions.extend([region] if region else [])
        count = subjects + sum(len(each.subjects) for each in found)
        lines[account, found[0].reason] = (regions, count, further + len(found) - 1)
    for (account, reason), (regions, subjects, further) in list(lines.items())[:UNREAD_SHOWN]:
        where = f"account {account}" + (f" in {', '.join(regions)}" if regions else "")
        more = f" (and {further} further reason{'s' if further > 1 else ''})" if further else ""
        label = click.style("unread", fg="yellow", bold=True)
        click.echo(f"{label} {subjects} subject{'s' if subjects > 1 else ''} of {where}: {reason}{more}")
    if len(lines) > UNREAD_SHOWN:
        click.echo(f"and {len(lines) - UNREAD_SHOWN} more; all of them: strongroom sync --format json")
