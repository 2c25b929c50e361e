"""`strongroom manifest`."""

from pathlib import Path
from typing import Any

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.typed import FILLED


@click.command("manifest")
@click.argument("arns", metavar="RESOURCE_ARN…", type=FILLED, nargs=-1, required=True)
@click.option("--strategy", type=click.Path(path_type=Path), help="Default: strategy.yaml, if it is there.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Write below this folder. Default: manifests in the home.")
@click.option("--account", metavar="ID", type=FILLED, default="", help="The account of buckets, whose ARNs name none. Default: your own.")
@click.option(
    "--assume",
    "role",
    metavar="NAME",
    type=FILLED,
    default="",
    help="The role to assume. Default: the strategy's for recovery, else to deploy.",
)
@click.option("--mounted", type=click.Path(path_type=Path), metavar="FOLDER", help="Where the file system is mounted.")
@click.option("--user", type=FILLED, default="", help="The user of databases. Default: the login of the strategy's restore tests.")
@click.option(
    "--password-env", "variable", metavar="NAME", type=FILLED, default="", help="The environment variable that holds the password."
)
@click.option("--secret", "secret_arn", metavar="ARN", type=FILLED, default="", help="The secret in Secrets Manager that holds it.")
@click.option("--database", type=FILLED, default="", help="The database on the server. Default: the one it was made with, else postgres.")
@text_or_json
def command(*, arns: tuple[str, ...], strategy: Path | None, out: Path | None, output: str, **wish: Any) -> int:
    """Write down what is in resources now: names and checksums of items, objects, blocks, files and tables, no content.

    Take one shortly before a backup: the validator `manifest` compares with it what a restore brings back.

    Exits with 3 when a resource could not be read.
    """
    from strongroom.api.home import home_for
    from strongroom.api.manifest import Wish, manifest

    if strategy is None and Path("strategy.yaml").exists():
        strategy = Path("strategy.yaml")
    found = manifest(arns, strategy=strategy, home=home_for(strategy), out=out, wish=Wish(**wish))
    if output == "json":
        print_json("manifest", taken=found.taken)
        return found.exit_code
    for each in found.taken:
        if each.file:
            click.echo(f"{each.resource_arn}: {each.count} entries, SHA-256 {each.sha256[:16]}…")
            click.echo(f"  {each.file}")
            continue
        click.echo(f"{click.style('unread', fg='yellow', bold=True)} {each.resource_arn}: {each.reason}")
        if each.hint:
            click.echo(f"  help: {each.hint}")
    return found.exit_code
