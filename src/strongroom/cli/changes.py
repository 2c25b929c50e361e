"""How a change plan, what it means and what it fell short of look on a terminal."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from strongroom.cli.printing import print_undeployed
from strongroom.domain.estate import Undeployed

if TYPE_CHECKING:
    from strongroom.domain.changeplan import ChangePlan, Difference, Shortfall, Step
    from strongroom.workflows.planning.meaning import Meanings

COLORS = {"+": "green", "~": "yellow", "-": "red"}
MEANINGS = {"loses": "-", "gains": "+", "changes": "~"}
DRIFT = True  # whether plan and apply look for it where nobody says otherwise
DIFFERENCES_SHOWN, VALUE_SHOWN = 6, 72  # of a step, and characters of a value


drift_option = click.option(
    "--drift/--no-drift", default=DRIFT, show_default=True, help="Let CloudFormation look for changes by hand inside the stacks."
)

mfa_code_option = click.option("--mfa-code", metavar="CODE", help="The code that your multi-factor device shows now.")
mfa_device_option = click.option("--mfa-device", metavar="ARN", default="", help="That device, where you have several.")


def announce(*, drift: bool) -> None:
    """Say on a terminal what may take a while, and how to leave it out."""
    if drift and sys.stderr.isatty():
        click.echo("reading AWS, and looking for changes by hand (--no-drift leaves that out) …", err=True)


def print_plan(plan: "ChangePlan", undeployed: Sequence[Undeployed] = (), *, drift: bool = True) -> None:
    """Print a plan's steps with what they change inside documents, and what is declared and no step deploys."""
    unlooked = "" if drift else " (changes by hand inside stacks were not looked for)"
    if not plan.steps:
        click.echo(f"{plan.strategy} is deployed {'as far as it can be' if undeployed else 'as declared'}: nothing to do{unlooked}")
    for step in plan.steps:
        click.echo(f"{step.number:3} {_sign(step.sign.value)} {step.title}")
        _print_differences(step.differences)
    if plan.steps:
        click.echo(_counted(plan.steps))
    print_undeployed(undeployed)


def print_meaning(meaning: "Meanings", counted_at: datetime | None) -> None:
    """Print what a plan's policies do to resources, one line a meaning; nothing where they stay as they are."""
    for row in meaning.rows:
        click.echo(f"    {_sign(MEANINGS[row.effect.value])} {row.sentence}; in {', '.join(row.units)}")
    for line in meaning.untold:
        click.echo(f"{click.style('unread', fg='yellow')} {line}: what their change means is not known")
    for gap in meaning.unread:
        click.echo(f"{click.style('unread', fg='yellow')} account {gap.account_id}, {gap.region}, {gap.subject}: {gap.reason}")
    if meaning.rows:
        click.echo(
            f"    resources as seen {counted_at:%Y-%m-%d %H:%M} UTC" if counted_at else "    not counted: there is no snapshot, run sync"
        )


def print_shortfalls(shortfalls: "Sequence[Shortfall]") -> None:
    """Print what single accounts could not be given, each with AWS's reason."""
    for each in shortfalls:
        click.echo(f"{click.style('failed', fg='red', bold=True)} {each.subject} in account {each.account}, {each.region}: {each.cause}")
    if shortfalls:
        click.echo("  help: mend the causes, then: strongroom apply")


def fell_short(shortfalls: "Sequence[Shortfall]") -> str:
    """Return how many accounts a run fell short in, to end a sentence with."""
    accounts = len({each.account for each in shortfalls})
    return f"; {accounts} {'account' if accounts == 1 else 'accounts'} fell short" if accounts else ""


def _sign(sign: str) -> str:
    return click.style(sign, fg=COLORS[sign], bold=True)


def _counted(steps: "Sequence[Step]") -> str:
    numbers = Counter(step.sign.value for step in steps)
    words = {"+": "to create", "~": "to change", "-": "to destroy"}
    return ", ".join(f"{numbers[sign]} {word}" for sign, word in words.items() if numbers[sign])


def _print_differences(differences: "Sequence[Difference]") -> None:
    for each in differences[:DIFFERENCES_SHOWN]:
        sign = "~" if each.before and each.after else "+" if each.after else "-"
        change = " -> ".join(_short(value) for value in (each.before, each.after) if value)
        click.echo(f"        {_sign(sign)} {each.path}: {change}")
    if len(differences) > DIFFERENCES_SHOWN:
        click.echo(f"        and {len(differences) - DIFFERENCES_SHOWN} more: --format json shows them all")


def _short(value: str) -> str:
    return value if len(value) <= VALUE_SHOWN else f"{value[:VALUE_SHOWN]}…"
