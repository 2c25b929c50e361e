"""`strongroom check`."""

from pathlib import Path

import click

from strongroom.cli.formats import findings_format, junit, print_json, sarif
from strongroom.cli.printing import counted, print_findings


@click.command("check")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@findings_format
def command(strategy: Path, output: str) -> int:
    """Say what will fail, before anything is deployed.

    STRATEGY is a file, or a folder with strategy.yaml.
    """
    from strongroom.api.check import check

    checked = check(strategy)
    if output == "json":
        print_json("check", file=checked.file, findings=checked.findings)
    elif output == "sarif":
        click.echo(sarif(checked.findings))
    elif output == "junit":
        click.echo(junit("check", checked.findings))
    else:
        print_findings(checked.findings)
        click.echo(f"{checked.file}: {counted(checked.findings)}")
    return checked.exit_code
