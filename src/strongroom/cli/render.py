"""`strongroom render`."""

from pathlib import Path

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_undeployed


@click.command("render")
@click.argument("strategy", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default="rendered", show_default=True, help="Folder to write to.")
@click.option("--read-role", is_flag=True, help="Print the template of the read-only role that sync assumes, and nothing else.")
@click.option("--trust", multiple=True, metavar="ACCOUNT", help="With --read-role and no strategy: accounts that may assume it.")
@text_or_json
def command(strategy: Path | None, out: Path, read_role: bool, trust: tuple[str, ...], output: str) -> int:  # noqa: FBT001 - click's flag
    """Write CloudFormation templates and Organizations policies for your own pipeline."""
    from strongroom.api.render import read_role_template, render

    if strategy is None and not (read_role and trust):
        strategy = Path("strategy.yaml")
    if read_role:
        click.echo(read_role_template(strategy, trust))
        return 0
    written = render(strategy or Path("strategy.yaml"), out)
    if output == "json":
        print_json("render", files=[str(file) for file in written.files], undeployed=written.undeployed)
        return 0
    for file in written.files:
        click.echo(f"wrote {file}")
    print_undeployed(written.undeployed)
    return 0
