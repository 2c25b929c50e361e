"""`strongroom init`."""

from pathlib import Path

import click


@click.command("init")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option(
    "--template",
    default="minimal",
    show_default=True,
    help="minimal, three-tiers, landing-zone, backup-and-dr, dora or hipaa.",
)
def command(strategy: Path, template: str) -> int:
    """Write a first strategy from a template; an existing file is never overwritten."""
    from strongroom.api.init import init

    written, *others = init(strategy, template)
    for other in others:
        click.echo(f"wrote {other}")
    click.echo(f"wrote {written}; fill in your account ids, then: strongroom check {written}")
    return 0
