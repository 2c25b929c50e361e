"""`strongroom destroy`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.changes import fell_short, mfa_code_option, mfa_device_option, print_plan, print_shortfalls
from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.progress import progress
from strongroom.errors import BadInput, Cancelled, ExitCode

if TYPE_CHECKING:
    from strongroom.workflows.planning.destruction import Destruction


@click.command("destroy")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--yes", "agreed", metavar="NAME", help="Don't ask; NAME is the strategy's name, so that it can't be another one by mistake.")
@click.option("--dry-run", is_flag=True, help="Show what would be taken away, and end.")
@mfa_code_option
@mfa_device_option
@text_or_json
def command(*, strategy: Path, agreed: str | None, dry_run: bool, mfa_code: str | None, mfa_device: str, output: str) -> int:
    """Take a deployed strategy away: policies, StackSets, stacks, empty vaults.

    Vaults with recovery points, keys and the roles of AWS Backup stay, and so does everything without the strategy's tag.
    """
    from strongroom.api.destroy import destroy, plan_destroy
    from strongroom.api.home import home_for, require_writable
    from strongroom.api.plan import MultiFactor

    home = home_for(strategy)
    require_writable(home)
    made = plan_destroy(strategy, multi_factor=MultiFactor(device=mfa_device, code=mfa_code) if mfa_code else None)
    destruction, steps = made.destruction, made.destruction.plan.steps
    if output == "text":
        print_destruction(destruction)
    done = None
    if steps and not dry_run:
        agree(made.estate.name, agreed=agreed, shown=output == "text")
        with progress("destroying", quiet=output == "json") as update:
            done = destroy(made, home=home, on_step=lambda step, total: update(step.number - 1, total, step.title))
    shortfalls = done.shortfalls if done else ()
    if output == "json":
        print_json(
            "destroy",
            run=done.run_id if done else None,
            strategy=made.estate.name,
            steps=[step.title for step in steps],
            kept=destruction.kept,
            left=destruction.left,
            unread=destruction.unread,
            shortfalls=shortfalls,
        )
    elif done:
        print_shortfalls(shortfalls)
        click.echo(f"took {made.estate.name} away in {len(steps)} steps; run {done.run_id}{fell_short(shortfalls)}")
    if shortfalls:
        return ExitCode.AWS_REFUSED
    return ExitCode.COULD_NOT_VERIFY if destruction.unread else ExitCode.PROVEN


def print_destruction(destruction: "Destruction") -> None:
    """Print the steps, and what stays with its reason."""
    if destruction.plan.steps:
        print_plan(destruction.plan)
    else:
        click.echo(f"nothing of {destruction.plan.strategy} is deployed")
    for vault in destruction.kept:
        points = f"{vault.recovery_points} recovery {'point' if vault.recovery_points == 1 else 'points'}"
        click.echo(f"{click.style('kept', fg='green')} vault {vault.name} in account {vault.account}, {vault.region}: it holds {points}")
    for what in destruction.left if destruction.plan.steps else ():
        click.echo(f"{click.style('left', fg='cyan')} {what}")
    for place in destruction.unread:
        click.echo(f"{click.style('unread', fg='yellow')} {place}; what is there stays")


def agree(name: str, *, agreed: str | None, shown: bool) -> None:
    """Let the person say the strategy's name; raises BadInput where nobody can or it is another, Cancelled where nobody wants to."""
    if agreed is not None:
        if agreed != name:
            raise BadInput(f"--yes {agreed} is not the name of the strategy", hint=f"if you mean it: --yes {name}")
        return
    if not shown:
        raise BadInput("with --format json nobody sees what is taken away before it is", hint=f"agree to it with --yes {name}")
    if not sys.stdin or not sys.stdin.isatty():
        raise BadInput("nobody is here to agree", hint=f"in a pipeline: strongroom destroy --yes {name}")
    if click.prompt(f"this can't be undone; type the strategy's name, {name}, to go on", default="", show_default=False, err=True) != name:
        raise Cancelled("nothing was changed")
