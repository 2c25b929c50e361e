"""`strongroom apply`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.changes import (
    announce,
    drift_option,
    fell_short,
    mfa_code_option,
    mfa_device_option,
    print_meaning,
    print_plan,
    print_shortfalls,
)
from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.lock import print_rehearsal
from strongroom.cli.printing import print_findings
from strongroom.cli.progress import progress
from strongroom.domain.finding import Severity
from strongroom.errors import BadInput, Cancelled, ExitCode

if TYPE_CHECKING:
    from strongroom.domain.changeplan import ChangePlan


@click.command("apply")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Execute this plan and nothing else.")
@click.option("--yes", is_flag=True, help="Don't ask before the first change.")
@click.option("--allow-removals", is_flag=True, help="Also carry out steps that take protection away.")
@click.option("--accept-lock", "accept_locks", multiple=True, metavar="VAULT", help="Put the compliance lock of this vault; repeatable.")
@mfa_code_option
@mfa_device_option
@drift_option
@text_or_json
def command(
    *,
    strategy: Path,
    plan_file: Path | None,
    yes: bool,
    allow_removals: bool,
    accept_locks: tuple[str, ...],
    mfa_code: str | None,
    mfa_device: str,
    drift: bool,
    output: str,
) -> int:
    """Deploy a strategy: show the plan, ask, then execute exactly that plan.

    STRATEGY may also be a plan's file (.json) of the strategy.yaml in the working folder: `strongroom apply plan.json`.

    Exits with 1 before the first change when something is in the way, with 4 when single accounts could not be given their part.
    """
    from strongroom.api.home import home_for, require_writable
    from strongroom.api.plan import MultiFactor, apply, plan, read_plan, rehearsal, unaccepted

    strategy, plan_file = _named(strategy, plan_file)
    home = home_for(strategy)
    require_writable(home)
    multi_factor = MultiFactor(device=mfa_device, code=mfa_code) if mfa_code else None
    announce(drift=drift and plan_file is None)
    made = plan(strategy, home=home, drift=drift and plan_file is None, multi_factor=multi_factor)
    wanted = read_plan(plan_file, strategy=made.estate.name) if plan_file and made.plan else made.plan
    findings = made.findings if wanted is None else (*made.findings, *unaccepted(made, wanted, accept_locks))
    locks = rehearsal(made, wanted, home=home) if wanted else None
    if output == "text":
        if wanted:
            print_plan(wanted, made.estate.undeployed, drift=drift)
        if wanted and made.meaning and not plan_file:
            print_meaning(made.meaning, made.counted_at)
        if locks:
            print_rehearsal(locks)
        print_findings(findings)
    if wanted is None or any(finding.severity is Severity.ERROR for finding in findings):
        if output == "json":
            print_json("apply", findings=findings, plan_id=None, run=None, steps=[], locks=locks)
        return ExitCode.FINDINGS
    done = None
    if wanted.steps:
        agree(wanted, yes=yes, allow_removals=allow_removals, shown=output == "text")
        with progress("applying", quiet=output == "json") as update:
            done = apply(
                made,
                wanted,
                home=home,
                accept_locks=accept_locks,
                on_step=lambda step, total: update(step.number - 1, total, step.title),
            )
    shortfalls = done.shortfalls if done else ()
    if output == "json":
        print_json(
            "apply",
            findings=findings,
            plan_id=wanted.plan_id,
            run=done.run_id if done else None,
            strategy=wanted.strategy,
            steps=[step.title for step in wanted.steps],
            shortfalls=shortfalls,
            locks=locks,
            undeployed=made.estate.undeployed,
        )
    elif done:
        print_shortfalls(shortfalls)
        click.echo(f"applied {len(wanted.steps)} steps; run {done.run_id}{fell_short(shortfalls)}")
    return ExitCode.AWS_REFUSED if shortfalls else ExitCode.PROVEN


def _named(strategy: Path, plan_file: Path | None) -> tuple[Path, Path | None]:
    """Return the strategy and the plan that were named: a JSON file in the strategy's place is a plan."""
    if strategy.suffix != ".json":
        return strategy, plan_file
    if plan_file is not None:
        raise BadInput(f"{strategy} and {plan_file} are both plans", hint="name one of them")
    return Path("strategy.yaml"), strategy


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
