"""`strongroom policy`."""

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json

if TYPE_CHECKING:
    from strongroom.api.policy import Diffed, Effective
    from strongroom.forecast.policydiff import DiffRow

COLORS = {"loses": "red", "gains": "green", "changes": "yellow"}


@click.group("policy")
def command() -> None:
    """Backup policies of AWS Organizations: what an account gets, and what a change would do."""


@command.command("effective")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--account", required=True, metavar="ID", help="The account whose policy is wanted.")
@click.option("--ou", metavar="PATH", help="Compile STRATEGY for an account in this OU, such as Workloads/Prod, without the ledger.")
@click.option("--explain", is_flag=True, help="Show which policy set each value, and what was written in vain.")
@text_or_json
def effective(*, strategy: Path, account: str, ou: str | None, explain: bool, output: str) -> int:
    """Show an account's effective backup policy.

    With --ou it is that of STRATEGY; without, that of the policies in the newest snapshot of the ledger beside STRATEGY, where
    AWS's own answer is compared with it. Exits with 1 when the policy is invalid or AWS sees another one.
    """
    from strongroom.api.home import home_for
    from strongroom.api.policy import effective as effective_of

    found = effective_of(strategy, account=account, ou=ou, home=home_for(strategy))
    if output == "json":
        levels = [{"level": level.name, "policies": [policy.id for policy in level.policies]} for level in found.levels]
        parts = {"values": found.explanation.values, "ineffective": found.explanation.ineffective, "open": found.explanation.open}
        print_json(
            "policy effective",
            account_id=found.account_id,
            observed_at=found.observed_at,
            agrees=found.agrees,
            levels=levels,
            policy=found.explanation.document,
            problems=found.problems,
            **(parts if explain else {}),
        )
    else:
        print_effective(found, explain=explain)
    return found.exit_code


def print_effective(found: "Effective", *, explain: bool) -> None:
    """Print the policies on the way to the account, the effective policy or its provenance, and what is wrong with it."""
    for level in found.levels:
        click.echo(f"{level.name}: {', '.join(policy.id for policy in level.policies) or 'no policy of its own'}", err=not explain)
    if found.explanation.document is None:
        click.echo(f"no backup policy reaches account {found.account_id}")
    elif explain:
        _print_explanation(found)
    else:
        click.echo(json.dumps(found.explanation.document, indent=2, ensure_ascii=False))
    for problem in found.problems:
        click.echo(f"{click.style('invalid', fg='red', bold=True)} {problem.path}: {problem.message} ({problem.code})", err=True)
    if found.problems:
        click.echo("  help: the account keeps its last valid policy until this is repaired", err=True)
    if found.agrees is False:
        click.echo(f"{click.style('differs', fg='red', bold=True)} AWS says that another policy is effective", err=True)


def _print_explanation(found: "Effective") -> None:
    explanation = found.explanation
    for value in explanation.values:
        shown = json.dumps(value.value, ensure_ascii=False)
        click.echo(f"{value.path} = {shown}")
        for one in value.set_by:
            items = f" {json.dumps(one.items, ensure_ascii=False)}" if len(value.set_by) > 1 and one.items else ""
            click.echo(f"    {one.operator}{items} by {one.policy_id} at {one.level}")
    for vain in explanation.ineffective:
        by = f": {vain.by_policy_id} at {vain.by_level}" if vain.by_policy_id else ""
        label = click.style("no effect", fg="yellow")
        click.echo(f"{label} {vain.path}: {vain.operator or 'the element'} of {vain.policy_id} at {vain.level}, {vain.reason}{by}")
    for unsaid in explanation.open:
        click.echo(f"{click.style('open', fg='yellow')} {unsaid.path}: {unsaid.reason}")


@command.command("diff")
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@click.option("--count", is_flag=True, help="Count the resources concerned, from the newest snapshot of the ledger beside A.")
@text_or_json
def diff(*, before: Path, after: Path, count: bool, output: str) -> int:
    """Show which tag values and types gain or lose what protection when B takes the place of A.

    A and B are strategies, or backup policies of AWS Organizations as JSON (as written, or effective). Exits with 1 when any
    protection is lost, with 3 when --count meets accounts that could not be read.
    """
    from strongroom.api.home import home_for
    from strongroom.api.policy import diff as diff_of

    found = diff_of(before, after, home=home_for(before) if count else None)
    if output == "json":
        print_json("policy diff", loses=found.diff.loses, diff=found.diff, observed_at=found.observed_at, unread=found.unread)
    else:
        print_diff(found)
    return found.exit_code


def print_diff(found: "Diffed") -> None:
    """Print the rows, losses first, those about the same resources together, and how many there are."""
    for (effect, where), rows in groupby(found.diff.rows, key=lambda row: (row.effect.value, _where(row))):
        click.echo(f"{click.style(effect, fg=COLORS[effect], bold=True)} {where}")
        for row in rows:
            click.echo(f"  {row.rule}, {row.aspect}: {row.before} -> {row.after}")
    for gap in found.unread:
        click.echo(f"{click.style('unread', fg='yellow')} account {gap.account_id}, {gap.region}, {gap.subject}: {gap.reason}")
    numbers = {effect: sum(row.effect.value == effect for row in found.diff.rows) for effect in COLORS}
    words = ", ".join(click.style(f"{number} {effect}", fg=COLORS[effect]) for effect, number in numbers.items() if number)
    seen = f" (resources seen {found.observed_at:%Y-%m-%d %H:%M} UTC)" if found.observed_at else ""
    click.echo(f"{found.diff.before} to {found.diff.after}: {words or 'the protection is the same'}{seen}")


def _where(row: "DiffRow") -> str:
    """Return which resources a row is about; changes of vaults and OUs are about all."""
    if row.aspect in {"governed", "lock"}:
        return "all resources"
    tags = ", ".join(f"{tag.key}: {' or '.join((*tag.values, *(('any other',) if tag.others else ())))}" for tag in row.tags)
    types = ", ".join(kind.keyword for kind in row.types) or "every type"
    number = "" if row.resources is None else f" ({row.resources} resource{'' if row.resources == 1 else 's'})"
    return f"{tags or 'any tags'}; {types}{number}"
