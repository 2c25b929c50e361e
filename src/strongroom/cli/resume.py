"""`strongroom resume`."""

from pathlib import Path

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table
from strongroom.cli.progress import progress
from strongroom.errors import BadInput, ExitCode


@click.command("resume")
@click.argument("run", required=False)
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", help="Whose state folder to look into.")
@text_or_json
def command(run: str | None, strategy: Path, output: str) -> int:
    """Go on with an interrupted apply; without RUN, the only one there is."""
    from strongroom.api.home import home_for
    from strongroom.api.resume import resume, unfinished

    home = home_for(strategy)
    if run is None:
        runs = unfinished(home)
        if not runs:
            if output == "json":
                print_json("resume", run=None, steps=[])
            else:
                click.echo(f"no unfinished run in {home}")
            return ExitCode.PROVEN
        if len(runs) > 1:
            if output == "text":
                print_table(("run", "strategy", "done"), [(each.run_id, each.strategy, f"{each.done} of {each.steps}") for each in runs])
            raise BadInput(f"{len(runs)} runs are unfinished", hint=f"name one, such as: strongroom resume {runs[0].run_id}")
        run = runs[0].run_id
    with progress("resuming", quiet=output == "json") as update:
        plan = resume(run, home=home, on_step=lambda step, total: update(step.number - 1, total, step.title))
    if output == "json":
        print_json("resume", run=run, strategy=plan.strategy, steps=[step.title for step in plan.steps])
    else:
        click.echo(f"finished run {run}: all {len(plan.steps)} steps are done")
    return ExitCode.PROVEN
