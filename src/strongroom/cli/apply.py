"""`strongroom apply`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.plan import print_plan
from strongroom.cli.printing import print_findings
from strongroom.cli.progress import progress
from strongroom.errors import BadInput, Cancelled, ExitCode

if TYPE_CHECKING:
    from strongroom.domain.changeplan import ChangePlan


@click.command("apply")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Execute this plan and nothing else.")
@click.option("--yes", is_flag=True, help="Don't ask before the first change.")
@click.option("--allow-removals", is_flag=True, help="Also carry out steps that take protection away.")
@text_or_json
def command(strategy: Path, plan_file: Path | None, yes: bool, allow_removals: bool, output: str) -> int:  # noqa: FBT001 - click's flags
    """Deploy a strategy: show the plan, ask, then execute exactly that plan."""
    from strongroom.api.home import home_for, require_writable
    from strongroom.api.plan import apply, plan, read_plan

    home = home_for(strategy)
    require_writable(home)
    made = plan(strategy)
    if made.plan is None:
        if output == "json":
            print_json("apply", findings=made.findings, plan_id=None, run=None, steps=[])
        else:
            print_findings(made.findings)
        return ExitCode.FINDINGS
    wanted = read_plan(plan_file, strategy=made.estate.name) if plan_file else made.plan
    run = None
    if output == "text":
        print_plan(wanted, made.estate.undeployed)
    if wanted.steps:
        agree(wanted, yes=yes, allow_removals=allow_removals, shown=output == "text")
        with progress("applying", quiet=output == "json") as update:
            run = apply(made, wanted, home=home, on_step=lambda step, total: update(step.number - 1, total, step.title))
    if output == "json":
        print_json(
            "apply",
            findings=[],
            plan_id=wanted.plan_id,
            run=run,
            strategy=wanted.strategy,
            steps=[step.title for step in wanted.steps],
            undeployed=made.estate.undeployed,
        )
    elif wanted.steps:
        click.echo(f"applied {len(wanted.steps)} steps; run {run}")
    return ExitCode.PROVEN


def agree(plan: "ChangePlan", *, yes: bool, allow_removals: bool, shown: bool) -> None:
    """Ask the person at the terminal; raises BadInput where nobody can answer or has seen the plan, Cancelled when the answer is no."""
    removals = [step for step in plan.steps if step.removes]
    if removals and not allow_removals:
        raise BadInput(
            f"{len(removals)} steps take protection away, first: {removals[0].title}",
            hint="if that is what you want: strongroom apply --allow-removals",
        )
    if yes:
        return
    if not shown:
        raise BadInput("with --format json nobody sees the plan before it is carried out", hint="agree to it with --yes")
    if not sys.stdin or not sys.stdin.isatty():
        raise BadInput(
            "nobody is here to agree to the plan", hint="in a pipeline: strongroom plan --out FILE, then apply --plan FILE --yes"
        )
    if not click.confirm(f"carry out these {len(plan.steps)} steps?", err=True):
        raise Cancelled("nothing was changed")
