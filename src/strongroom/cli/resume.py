"""`strongroom resume`."""

from pathlib import Path

import click

from strongroom.cli.printing import print_table
from strongroom.cli.progress import progress
from strongroom.errors import ExitCode


@click.command("resume")
@click.argument("run", required=False)
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", help="Whose state folder to look into.")
def command(run: str | None, strategy: Path) -> int:
    """Go on with an interrupted apply; without RUN, the only one there is."""
    from strongroom.api.home import home_for
    from strongroom.api.resume import resume, unfinished

    home = home_for(strategy)
    if run is None:
        runs = unfinished(home)
        if not runs:
            click.echo(f"no unfinished run in {home}")
            return ExitCode.PROVEN
        if len(runs) > 1:
            print_table(("run", "strategy", "done"), [(each.run_id, each.strategy, f"{each.done} of {each.steps}") for each in runs])
            click.echo("several runs are unfinished; name one: strongroom resume RUN", err=True)
            return ExitCode.BAD_INPUT
        run = runs[0].run_id
    with progress("resuming") as update:
        plan = resume(run, home=home, on_step=lambda step, total: update(step.number - 1, total, step.title))
    click.echo(f"finished run {run}: all {len(plan.steps)} steps are done")
    return ExitCode.PROVEN
