"""`strongroom resume`."""

from pathlib import Path

import click

from strongroom.cli.changes import fell_short, print_shortfalls
from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table
from strongroom.cli.progress import progress
from strongroom.errors import BadInput, ExitCode


@click.command("resume")
@click.argument("run", required=False)
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", help="Whose state folder to look into.")
@text_or_json
def command(run: str | None, strategy: Path, output: str) -> int:
    """Go on with an interrupted apply, restore or test; without RUN, the only one there is."""
    from strongroom.api.home import home_for
    from strongroom.api.resume import kind_of, unfinished
    from strongroom.workflows.runs import RunKind

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
                rows = [(each.run_id, each.kind.value, each.strategy, f"{each.done} of {each.steps}") for each in runs]
                print_table(("run", "verb", "strategy", "done"), rows)
            raise BadInput(f"{len(runs)} runs are unfinished", hint=f"name one, such as: strongroom resume {runs[0].run_id}")
        run = runs[0].run_id
    kind = kind_of(run, home)
    if kind is RunKind.RESTORE:
        return _restore(run, home, output)
    if kind is RunKind.TEST:
        return _test(run, strategy, home, output)
    return _apply(run, home, output)


def _apply(run: str, home: Path, output: str) -> int:
    from strongroom.api.resume import resume

    with progress("resuming", quiet=output == "json") as update:
        done = resume(run, home=home, on_step=lambda step, total: update(step.number - 1, total, step.title))
    steps = done.plan.steps
    if output == "json":
        titles = [step.title for step in steps]
        print_json("resume", run=run, strategy=done.plan.strategy, steps=titles, shortfalls=done.shortfalls)
    else:
        print_shortfalls(done.shortfalls)
        click.echo(f"finished run {run}: all {len(steps)} steps are done{fell_short(done.shortfalls)}")
    return ExitCode.AWS_REFUSED if done.shortfalls else ExitCode.PROVEN


def _restore(run: str, home: Path, output: str) -> int:
    from strongroom.api.restore import resume_restore
    from strongroom.cli.restore import listeners, print_done

    with progress("resuming", quiet=output == "json") as update:
        on_step, on_wait = listeners(update)
        done = resume_restore(run, home=home, on_step=on_step, on_wait=on_wait)
    if output == "json":
        steps = [step.title for step in done.plan.steps]
        print_json("resume", run=run, strategy=done.plan.strategy, steps=steps, plan=done.plan, restored=done.restored)
    else:
        print_done(done)
    return ExitCode.PROVEN


def _test(run: str, strategy: Path, home: Path, output: str) -> int:
    from strongroom.api.test import exit_code, resume_tests
    from strongroom.cli.test import print_tested, tested_json

    with progress("resuming", quiet=output == "json") as update:
        done = resume_tests(run, strategy, home=home, on_progress=update)
    if output == "json":
        print_json("resume", run=run, **tested_json(done))
    else:
        print_tested(done, home=home)
    return exit_code(done.records, done.untested)
