"""`strongroom plan`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_findings, print_undeployed
from strongroom.domain.estate import Undeployed
from strongroom.errors import ExitCode

if TYPE_CHECKING:
    from strongroom.domain.changeplan import ChangePlan


@click.command("plan")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan as JSON, for apply --plan.")
@text_or_json
def command(strategy: Path, out: Path | None, output: str) -> int:
    """Show what apply would change; nothing that could act is called."""
    from strongroom.api.plan import plan, write_plan
    from strongroom.domain.changeplan import to_json

    made = plan(strategy)
    if made.plan and out:
        write_plan(made.plan, out)
    if output == "json":
        undeployed = made.estate.undeployed
        print_json("plan", findings=made.findings, plan=to_json(made.plan) if made.plan else None, undeployed=undeployed)
    else:
        print_findings(made.findings)
        if made.plan:
            print_plan(made.plan, made.estate.undeployed)
    if made.plan is None:
        return ExitCode.FINDINGS
    if out:
        folder = f" {strategy}" if strategy != Path("strategy.yaml") else ""
        click.echo(f"wrote {out}; execute exactly this with: strongroom apply{folder} --plan {out}", err=True)
    return ExitCode.PROVEN


def print_plan(plan: "ChangePlan", undeployed: Sequence[Undeployed] = ()) -> None:
    """Print a plan's steps, those that take protection away in red, and what is declared and no step deploys."""
    if not plan.steps:
        click.echo(f"{plan.strategy} is deployed {'as far as it can be' if undeployed else 'as declared'}: nothing to do")
    for step in plan.steps:
        sign = click.style("-", fg="red", bold=True) if step.removes else click.style("+", fg="green", bold=True)
        click.echo(f"{step.number:3} {sign} {step.title}")
    print_undeployed(undeployed)
