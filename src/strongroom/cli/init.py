"""`strongroom init`."""

from pathlib import Path

import click
from click.core import ParameterSource


@click.command("init")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option(
    "--template",
    default="minimal",
    show_default=True,
    help="minimal, three-tiers, landing-zone, backup-and-dr, dora or hipaa.",
)
@click.option("--from-aws", is_flag=True, help="Instead of a template: what AWS shows, from the newest snapshot or a first sync.")
@click.option("--region", "regions", multiple=True, help="With --from-aws and no snapshot: Regions to read, the first is home.")
@click.option("--role", help="With --from-aws and no snapshot: role to assume in each account; default: strongroom-read.")
@click.pass_context
def command(context: click.Context, strategy: Path, template: str, *, from_aws: bool, regions: tuple[str, ...], role: str | None) -> int:
    """Write a first strategy from a template or from AWS; an existing file is never overwritten."""
    from strongroom.errors import BadInput

    if from_aws:
        if context.get_parameter_source("template") is not ParameterSource.DEFAULT:
            raise BadInput("--from-aws takes no template", hint="leave out --template")
        return _from_aws(strategy, regions, role)
    if regions or role:
        raise BadInput("--region and --role say how to read AWS, and a template needs none of it", hint="add --from-aws")
    return _from_template(strategy, template)


def _from_template(strategy: Path, template: str) -> int:
    from strongroom.api.init import init

    written, *others = init(strategy, template)
    for other in others:
        click.echo(f"wrote {other}")
    click.echo(f"wrote {written}; fill in your account ids, then: strongroom check {written}")
    return 0


def _from_aws(strategy: Path, regions: tuple[str, ...], role: str | None) -> int:
    from strongroom.api.home import home_for
    from strongroom.api.init import init_from_aws
    from strongroom.cli.progress import progress

    with progress("reading") as update:
        made = init_from_aws(strategy, home=home_for(strategy), regions=regions, role=role, on_progress=update)
    how = "which was read first, because there was none" if made.synced else "the newest"
    click.echo(f"wrote {made.file}: {made.plans} plans, from snapshot {made.snapshot} ({how})")
    for remark in made.remarks:
        click.echo(f"  not in it: {remark}")
    click.echo(f"read it, then: strongroom check {made.file}; strongroom plan {made.file}; strongroom verify {made.file}")
    return 0
