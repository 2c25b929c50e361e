"""`strongroom init`."""

from pathlib import Path

import click


@click.command("init")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--template", default="minimal", show_default=True, help="Which template; an unknown name lists them.")
def command(strategy: Path, template: str) -> int:
    """Write a first strategy from a template; an existing file is never overwritten."""
    from strongroom.api.init import init

    written = init(strategy, template)
    click.echo(f"wrote {written}; fill in your account ids, then: strongroom check {written}")
    return 0
