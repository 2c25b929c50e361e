"""`strongroom plan`."""

from pathlib import Path

import click

from strongroom.cli.changes import announce, drift_option, print_meaning, print_plan
from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_findings
from strongroom.errors import ExitCode


@click.command("plan")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan as JSON, for apply --plan.")
@drift_option
@text_or_json
def command(*, strategy: Path, out: Path | None, drift: bool, output: str) -> int:
    """Show what apply would change; nothing that could act is called."""
    from strongroom.api.home import home_for
    from strongroom.api.plan import plan, write_plan
    from strongroom.domain.changeplan import to_json

    announce(drift=drift)
    made = plan(strategy, home=home_for(strategy), drift=drift)
    if made.plan and out:
        write_plan(made.plan, out)
    if output == "json":
        undeployed = made.estate.undeployed
        document = to_json(made.plan) if made.plan else None
        counted_at = made.counted_at
        print_json("plan", findings=made.findings, plan=document, meaning=made.meaning, counted_at=counted_at, undeployed=undeployed)
    else:
        print_findings(made.findings)
        if made.plan:
            print_plan(made.plan, made.estate.undeployed, drift=drift)
        if made.meaning:
            print_meaning(made.meaning, made.counted_at)
        if made.plan and made.plan.locks:
            accepted = " ".join(f"--accept-lock {label}" for label in made.plan.locks)
            click.echo(f"compliance locks that nobody can take back later: rehearse them, then apply with {accepted}")
    if made.plan is None:
        return ExitCode.FINDINGS
    if out:
        folder = f" {strategy}" if strategy != Path("strategy.yaml") else ""
        click.echo(f"wrote {out}; execute exactly this with: strongroom apply{folder} --plan {out}", err=True)
    return ExitCode.PROVEN
