"""`strongroom survive`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strongroom.proof.survival import Held, Pattern, Survival
    from strongroom.semantics.survival import Events

PATTERNS_SHOWN = 20
DOUBTS_SHOWN = 10
BAR_WIDTH = 40


@click.command("survive")
@click.argument("arn", required=False)
@click.option("--days", type=int, multiple=True, help="Days for which ransomware may go unnoticed; repeatable.  [default: 1, 7, 30, 90]")
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@click.option("--strategy", type=click.Path(path_type=Path), help="Only to find its state folder; survive needs no strategy.")
@text_or_json
def command(arn: str | None, days: tuple[int, ...], as_of: str | None, strategy: Path | None, output: str) -> int:
    """Show what has to go wrong before data are lost.

    For every resource, or for the one with ARN, the smallest sets of events after which no recovery point is left that could be
    restored: an administrator turns, an account is closed, a Region is lost, a key is deleted or disabled, ransomware goes unnoticed,
    the management account is taken. From locks, keys, policies, control policies and copies as the newest snapshot has them.

    Exits with 1 when one event is enough for some resource (besides the management account, which can close every other one), with 3
    when something could not be read or isn't certain.
    """
    from strongroom.api.home import home_for
    from strongroom.api.survive import survive, survive_one

    home, given = home_for(strategy), {"days": days} if days else {}
    if arn is not None:
        held = survive_one(arn, home=home, as_of=as_of, **given)
        if output == "json":
            print_json("survive", **held_members(held))
        else:
            print_held(held)
        return held.exit_code
    found = survive(home=home, as_of=as_of, **given)
    if output == "json":
        print_json("survive", **members(found))
    else:
        print_survival(found)
    return found.exit_code


def members(found: "Survival") -> dict[str, object]:
    """Return the answer's members for JSON."""
    return {
        "snapshot": found.snapshot_id,
        "observed_at": found.observed_at,
        "resources": found.resources,
        "by_size": {_count(size): count for size, count in found.by_size.items()},
        "patterns": [
            {
                "events": sorted(each.events),
                "words": _sentence(each.events),
                "resources": each.resources,
                "example": each.example,
                "certain": each.certain,
                "improvement": each.improvement,
            }
            for each in found.patterns
        ],
        "clean_after": found.reaching,
        "unknown": found.doubts,
        "exit_code": int(found.exit_code),
    }


def held_members(held: "Held") -> dict[str, object]:
    """Return one resource's members for JSON."""
    from strongroom.proof.survival import words

    return {
        "arn": held.arn,
        "account": held.account,
        "observed_at": held.observed_at,
        "size": _count(held.standing.size),
        "unknown": held.doubts,
        "exit_code": int(held.exit_code),
        "copies": [
            {
                "copy": copy.name,
                "hardened": copy.hardened,
                "held": copy.held,
                "destroyed_by": [words(event) for event in sorted(copy.events)],
            }
            for copy in held.standing.copies
        ],
        "sets": [{"events": sorted(each), "words": _sentence(each), "certain": held.standing.certain(each)} for each in held.standing.sets],
    }


def print_survival(found: "Survival") -> None:
    """Print how many things have to go wrong, the patterns, and how far back clean recovery points reach."""
    click.echo(f"how many things have to go wrong before data are lost ({found.resources} resources)")
    largest = max(found.by_size.values(), default=1)
    for size, count in found.by_size.items():
        bar = "#" * max(1, round(BAR_WIDTH * count / largest))
        color = {0: "red", 1: "red", 2: "yellow"}.get(size, "green")
        click.echo(f"  {_count(size):>9}  {click.style(bar, fg=color)} {count}")
    click.echo("  the management account alone can close every other one: no copy inside the organization outlasts it")
    for each in found.patterns[:PATTERNS_SHOWN]:
        _print_pattern(each)
    if len(found.patterns) > PATTERNS_SHOWN:
        click.echo(f"and {len(found.patterns) - PATTERNS_SHOWN} more patterns; all of them: strongroom survive --format json")
    click.echo("")
    rows = [
        (f"{each.days} d", str(each.resources), f"{each.oldest_at:%Y-%m-%d %H:%M}" if each.oldest_at else "none") for each in found.reaching
    ]
    print_table(("ransomware unnoticed for", "resources with a clean copy", "oldest"), rows)
    _print_doubts(found.doubts)


def _print_doubts(doubts: "Sequence[str]") -> None:
    for doubt in doubts[:DOUBTS_SHOWN]:
        click.echo(f"{click.style('unknown', fg='yellow')} {doubt}")
    if len(doubts) > DOUBTS_SHOWN:
        click.echo(f"and {len(doubts) - DOUBTS_SHOWN} more unknown")


def _print_pattern(each: "Pattern") -> None:
    click.echo("")
    resources = f"{each.resources} resource{'s' if each.resources != 1 else ''}"
    if each.events:
        mark = click.style("lost" if each.certain else "perhaps lost", fg="red" if len(each.events) == 1 else "yellow")
        click.echo(f"{mark}: {resources} when {_sentence(each.events)}")
    else:
        click.echo(f"{click.style('nothing left', fg='red')}: {resources} without a recovery point that could be restored")
    click.echo(f"  such as {each.example}")
    if not each.events:
        click.echo("  help: back it up; strongroom coverage shows whether a plan selects it")
    elif each.improvement is None:
        click.echo("  help: nothing inside the organization helps; keep a copy in an account outside it")
    else:
        click.echo(f"  help: {each.improvement.words} ({each.improvement.price}); then {_needed(each.improvement.size)}")


def print_held(held: "Held") -> None:
    """Print one resource's copies, what destroys each, and the smallest sets."""
    from strongroom.proof.survival import words

    click.echo(f"{held.arn} in account {held.account} (seen {held.observed_at:%Y-%m-%d %H:%M} UTC)")
    for copy in held.standing.copies:
        click.echo(f"  copy in {copy.name}{', locked for good' if copy.hardened else ''}{', under a legal hold' if copy.held else ''}")
        for event in sorted(copy.events):
            click.echo(f"    gone when {words(event)}{'' if event in copy.sure else ' (not certain)'}")
    if not held.standing.copies:
        click.echo("  no recovery point that could be restored")
    click.echo(f"smallest sets: {_needed(held.standing.size)}")
    for each in held.standing.sets:
        click.echo(f"  {_sentence(each)}{'' if held.standing.certain(each) else ' (not certain)'}")
    _print_doubts(held.doubts)


def _sentence(events: "Events") -> str:
    from strongroom.proof.survival import words

    return " and ".join(words(event) for event in sorted(events)) or "no recovery point could be restored"


def _needed(size: int) -> str:
    from strongroom.proof.survival import ANY_NUMBER

    if size == ANY_NUMBER:
        return f"more than {ANY_NUMBER - 1} things have to go wrong"
    return f"{size} thing{'s have' if size != 1 else ' has'} to go wrong"


def _count(size: int) -> str:
    from strongroom.proof.survival import ANY_NUMBER

    return "more" if size == ANY_NUMBER else str(size)
