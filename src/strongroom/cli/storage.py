"""`strongroom twin storage`: what the snapshots of volumes take up in a twin, and what each would free alone."""

from typing import Any

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


@click.command("storage")
@click.option("--snapshots", is_flag=True, help="List every snapshot, with what is only in it and what it shares.")
@text_or_json
def storage(snapshots: bool, output: str) -> int:  # noqa: FBT001 - click's
    """Show what snapshots of EBS volumes take up, by account and Region and by vault.

    Snapshots are incremental: a block is stored once for all snapshots that refer to it, and goes with the last of them.
    """
    from strongroom.api.home import home_for
    from strongroom.twin import client, process

    told = client.storage(process.running(home_for(None)))
    if output == "json":
        print_json("twin storage", **told)
        return 0
    if not told["places"]:
        click.echo("no snapshots of volumes that anybody has written to")
        return 0
    print_table(("account", "Region", "snapshots", "stored", "archived"), [_place(place) for place in told["places"]])
    click.echo()
    print_table(("vault", "snapshots", "stored"), [_vault(vault) for vault in told["vaults"]])
    if snapshots:
        click.echo()
        rows = [_snapshot(each) for place in told["places"] for each in place["snapshots"]]
        print_table(("snapshot", "taken", "full size", "only here", "shared"), rows)
    return 0


def _place(place: dict[str, Any]) -> tuple[str, ...]:
    account = f"{place['account']} (air-gapped)" if place["air_gapped"] else place["account"]
    return account, place["region"], str(len(place["snapshots"])), size(place["stored_bytes"]), size(place["archived_bytes"])


def _vault(vault: dict[str, Any]) -> tuple[str, ...]:
    return vault["vault"], str(vault["recovery_points"]), size(vault["stored_bytes"])


def _snapshot(each: dict[str, Any]) -> tuple[str, ...]:
    name = f"{each['name']} (archived)" if each["archived"] else each["name"]
    return name, each["at"][:16], size(each["full_bytes"]), size(each["unique_bytes"]), size(each["shared_bytes"])


def size(amount: float) -> str:
    """Return a number of bytes for people.

    Example:
        >>> size(0), size(524288), size(1610612736)
        ('0 B', '512.0 KiB', '1.5 GiB')
    """
    unit = 0
    while amount >= _STEP and unit < len(_UNITS) - 1:
        amount, unit = amount / _STEP, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{amount} B"
