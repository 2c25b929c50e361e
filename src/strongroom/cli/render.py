"""`strongroom render`."""

from pathlib import Path

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_undeployed

SUFFIXES = frozenset({".yaml", ".yml", ".json"})


@click.command("render")
@click.argument("places", nargs=-1, type=click.Path(path_type=Path), metavar="[STRATEGY] [DIR]")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to, as DIR.  [default: rendered]")
@click.option("--read-role", is_flag=True, help="Print the template of the read-only role that sync assumes, and nothing else.")
@click.option("--trust", multiple=True, metavar="ACCOUNT", help="With --read-role and no strategy: accounts that may assume it.")
@text_or_json
def command(places: tuple[Path, ...], out: Path | None, read_role: bool, trust: tuple[str, ...], output: str) -> int:  # noqa: FBT001 - click's flag
    """Write CloudFormation templates and Organizations policies for your own pipeline, with an index and their order."""
    from strongroom.api.render import read_role_template, render

    strategy, folder = _understood(places, out)
    if read_role:
        strategy = places[0] if places else None
        click.echo(read_role_template(strategy or (None if trust else Path("strategy.yaml")), trust))
        return 0
    written = render(strategy or Path("strategy.yaml"), folder or Path("rendered"))
    if output == "json":
        print_json("render", files=_names(written.files), removed=_names(written.removed), undeployed=written.undeployed)
        return 0
    for file in written.files:
        click.echo(f"wrote {file}")
    for file in written.removed:
        click.echo(f"removed {file}, which the strategy no longer needs")
    print_undeployed(written.undeployed)
    return 0


def _understood(places: tuple[Path, ...], out: Path | None) -> tuple[Path | None, Path | None]:
    """Return the strategy and the folder: a single place is a strategy when it is a file, is named like one, or has one in it."""
    if len(places) > (1 if out else 2):
        raise click.UsageError(f"got {len(places)} places: a strategy and a folder expected")
    if len(places) == 2:
        return places
    if not places:
        return None, out
    (place,) = places
    inside = any((place / name).is_file() for name in ("strategy.yaml", "strategy.yml"))  # of the latter it is said that it isn't read
    if out is not None or inside or place.is_file() or place.suffix in SUFFIXES:
        return place, out
    return None, place


def _names(files: tuple[Path, ...]) -> list[str]:
    return [str(file) for file in files]
