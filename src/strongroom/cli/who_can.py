"""`strongroom who-can`."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_findings, print_wrapped
from strongroom.cli.progress import progress
from strongroom.cli.statements import statement_member

if TYPE_CHECKING:
    from strongroom.api.alike import Group
    from strongroom.api.rails import Rail
    from strongroom.api.who_can import Row, WhoCan
    from strongroom.proof.holdings import Thing
    from strongroom.semantics.authorization.reach import Step

GROUPS_SHOWN = 40
NAMES_SHOWN = 4


@click.command("who-can")
@click.argument("verb")
@click.argument("resource", required=False)
@click.option("--policies", type=click.Path(path_type=Path), help="Access document, or a folder with access.yaml, in place of the ledger.")
@click.option("--ledger", is_flag=True, help="Ask the ledger; this is the default.")
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@click.option("--strategy", type=click.Path(path_type=Path), help="Only to find its state folder.")
@click.option("--through", type=click.IntRange(0, 8), default=8, show_default=True, help="Roles assumed one after the other, at most.")
@click.option("--escalations", is_flag=True, help="Also who could by changing policies, or passing roles, first; --through counts them.")
@click.option(
    "--unless-rail", multiple=True, type=click.Path(path_type=Path), help="Service control policy: whom would it stop? Repeatable."
)
@click.option("--with-rails", type=click.Path(path_type=Path), metavar="STRATEGY", help="Whom would the strategy's guard rails stop?")
@text_or_json
def command(  # noqa: PLR0917 - one parameter for each option
    verb: str,
    resource: str | None,
    policies: Path | None,
    ledger: bool,  # noqa: FBT001 - click's flag
    as_of: str | None,
    strategy: Path | None,
    through: int,
    escalations: bool,  # noqa: FBT001 - click's flag
    unless_rail: tuple[Path, ...],
    with_rails: Path | None,
    output: str,
) -> int:
    """Show everybody who could do something to backups, each by the shortest way.

    \b
    VERB is one of
      delete, shorten, copy-out, restore, release-hold            recovery points
      delete-vault, unlock, open-vault, silence                   vaults
      decrypt, change-key                                         keys
      change-plan, stop-backups                                   plans, policies and roles
      leave-organization, close-account, lift-guard-rails         the organization

    RESOURCE is an ARN, a short name such as vault:central@333333333333/eu-west-2, or an account id; without it all vaults, keys,
    plans … are asked about.

    Exits with 0 when everybody is known, whoever is among them, and with 3 when somebody or something is not.
    """  # noqa: D301 - click's mark for lines that stay
    from strongroom.api.entitled import entitled
    from strongroom.api.home import home_for
    from strongroom.api.who_can import who_can
    from strongroom.errors import BadInput

    if policies is not None and ledger:
        raise BadInput("--policies and --ledger exclude each other", hint="leave one of them out")
    rails = _rails(unless_rail, with_rails)
    source = entitled(policies=policies, home=home_for(strategy), as_of=as_of)
    with progress("asking", quiet=output == "json") as update:
        found = who_can(source, verb, resource, rails=rails, through=through, escalations=escalations, on_progress=update)
    if output == "json":
        print_json("who-can", **members(found))
    else:
        print_answer(found)
    return found.exit_code


def _rails(files: Sequence[Path], strategy: Path | None) -> "tuple[Rail, ...]":
    from strongroom.api.rails import rails_in, rails_of

    return (*rails_in(files), *(rails_of(strategy) if strategy else ()))


def members(found: "WhoCan") -> dict[str, object]:
    """Return the answer's members for JSON."""
    return {
        "asked": found.verb,
        "words": found.words,
        "source": found.source,
        "observed_at": found.observed_at,
        "exit_code": int(found.exit_code),
        "guard_rails": found.rails,
        "subjects": [_subject(each) for each in found.subjects],
        "could": [_member(row) for row in found.certain],
        "unknown": [_member(row) for row in found.unknown],
        "unread": found.gaps,
        "findings": found.findings,
    }


def _subject(each: "Thing") -> dict[str, object]:
    return {"kind": each.kind, "arn": each.arn, "account": each.account, "region": each.region, "name": each.name}


def _member(row: "Row") -> dict[str, object]:
    return {
        "principal": row.principal,
        "chain": row.chain,
        "subject": row.subject.arn,
        "account": row.subject.account,
        "way": row.way,
        "permission": row.permission,
        "resource": row.resource,
        "because": row.decision.because,
        "missing": row.decision.missing,
        "statement": statement_member(row.decision.ground),
        "assumed": [step.decision.because for step in row.steps if not step.is_change],
        "steps": [_step(step) for step in row.steps],
        "guard_rail": row.rail,
        "left_by_guard_rails": row.left,
    }


def _step(step: "Step") -> dict[str, object]:
    return {
        "principal": step.principal,
        "words": step.words,
        "change": step.is_change,
        "verdict": step.decision.verdict,
        "because": step.decision.because,
        "statement": statement_member(step.decision.ground),
    }


def print_answer(found: "WhoCan") -> None:
    """Print groups of principals with one cause each, those that nothing would stop first; apart from them who could by changing policies.

    Then follow those of whom it isn't known, and what is unread.
    """
    from strongroom.api.alike import alike

    print_findings(found.findings, err=True)
    names = dict(found.accounts)
    print_wrapped(f"{found.verb}: {found.words}, asked of {_subjects(found.subjects, names)}", "", bold=True)
    changing = [row for row in found.certain if row.change]
    for title, color, rows in (
        ("could", "red", [row for row in found.certain if not row.change]),
        ("could by changing policies or passing roles first", "red", changing),
        ("unknown", "yellow", found.unknown),
    ):
        groups = alike(rows)
        if groups:
            click.echo(f"\n{click.style(title, fg=color, bold=True)}")
        for group in groups[:GROUPS_SHOWN]:
            _print_group(group, found, names)
        if len(groups) > GROUPS_SHOWN:
            rest = len({row.principal for group in groups[GROUPS_SHOWN:] for row in group.rows})
            click.echo(f"  and {_number(rest, 'principal', 'principals')} more; all of them: --format json")
    _print_gaps(found, names)
    _print_summary(found)


def _print_group(group: "Group", found: "WhoCan", names: dict[str, str]) -> None:
    row = group.rows[0]
    print_wrapped(_who(group, names) + ("" if row.change else _assumed(group, names)), "  ", bold=True)
    if row.change:
        _print_steps(group, names)
    where = f", {_there(group, names)}" if len(found.subjects) > 1 else ""
    print_wrapped(f"{'then ' if row.change else ''}{row.way} ({row.permission}){where}", "    ")
    print_wrapped(group.because, "    ")
    origins = {each.telling.ground.origin for each in group.rows} - {""}
    if len(origins) == 1:
        click.echo(click.style(f"    at {origins.pop()}", dim=True))
    if found.rails:
        _print_rail(row)


def _print_steps(group: "Group", names: dict[str, str]) -> None:
    """Print what is done first, each step with its account where that is another one than before."""
    from strongroom.api.naming import account_of

    row = group.rows[0]
    same = len({each.steps[-1].principal for each in group.rows}) == 1
    before = account_of(row.principal)
    for number, (step, words) in enumerate(zip(row.steps, group.steps, strict=True)):
        account = account_of(step.principal)
        where = f" in {_account(account, names) if same else 'each account'}" if account != before else ""
        print_wrapped(f"{'then' if number else 'first'}{where} {words}", "    ", color="magenta" if step.is_change else "")
        before = account


def _print_rail(row: "Row") -> None:
    """Print what guard rails would change."""
    from strongroom.api.alike import words_of
    from strongroom.api.naming import called

    left = row.left
    other = f" as {called(left.chain[-1])}" if left is not None and left.chain[-1] != row.chain[-1] else ""
    other += f", when it first {', then '.join(left.steps)}" if left is not None and left.by_change else ""
    if row.rail:
        print_wrapped(f"guard rail {row.rail} would stop it", "    ", color="green")
    elif left is not None and left.certain and (left.way, left.chain, left.steps) == (row.way, row.chain, words_of(row)):
        print_wrapped("no guard rail stops it", "    ", color="red")
    elif left is not None and left.certain:
        print_wrapped(f"guard rails leave another way: {left.way}{other} ({left.permission})", "    ", color="red")
    elif left is not None and row.decision.verdict.value == "allowed":
        why = f": {', '.join(left.missing)} not known" if left.missing else ""
        print_wrapped(f"guard rails may leave a way: {left.way}{other} ({left.permission}){why}", "    ", color="yellow")


def _who(group: "Group", names: dict[str, str]) -> str:
    """Return who it is: one with its account, several of one name, or several names."""
    from strongroom.api.naming import SHARED_WITH, account_of, called, provider_of

    if group.principals[0] == SHARED_WITH:
        return "any account that it is shared with"
    if providers := list(dict.fromkeys(filter(None, map(provider_of, group.principals)))):
        return f"whom {_providers(providers, group.principals, names)}"
    who = [called(arn).partition(" ") for arn in group.principals]
    accounts = list(dict.fromkeys(account_of(arn) for arn in group.principals))
    where = f"in {len(accounts)} accounts" if len(accounts) > 1 else f"of {_account(accounts[0], names)}"
    kind, _, first = who[0]
    if first in {"", "on AWS"}:
        return f"{kind} {first}".rstrip() if first else f"{kind} {where}"
    if len(who) == 1:
        return f"{kind} {first} {where}"
    if kind == "root":
        return f"{len(who)} root users {where}"
    different = list(dict.fromkeys(name for _, _, name in who))
    return f"{len(who)} {kind}s {f'named {first} {where}' if len(different) == 1 else f'{where}: {_some(different)}'}"


def _providers(providers: list[str], principals: Sequence[str], names: dict[str, str]) -> str:
    """Return that identity providers sign somebody in: who that is, they know alone."""
    from strongroom.api.naming import account_of

    accounts = list(dict.fromkeys(filter(None, map(account_of, principals))))
    where = f" in {len(accounts)} accounts" if len(accounts) > 1 else f" of {_account(accounts[0], names)}" if accounts else ""
    if len(principals) == 1:
        return f"identity provider {providers[0]}{where} signs in"
    return f"{len(principals)} identity providers{where} ({_some(providers)}) sign in"


def _assumed(group: "Group", names: dict[str, str]) -> str:
    """Return the roles that are assumed, each with its account where that is another one than before."""
    from strongroom.api.naming import account_of, called

    row, words = group.rows[0], ""
    same = len({each.chain[1:] for each in group.rows}) == 1
    for before, arn in pairwise(row.chain):
        account = account_of(arn)
        other = account_of(before) != account
        words += f" -> {called(arn)}{(f' of {_account(account, names)}' if same else ' in each account') if other else ''}"
    return words


def _there(group: "Group", names: dict[str, str]) -> str:
    if group.at_home and len(group.subjects) > 1 and len(group.principals) > 1:
        return f"{_counted(group.subjects)}, each of the own account"
    return _subjects(group.subjects, names)


def _subjects(subjects: "Sequence[Thing]", names: dict[str, str]) -> str:
    """Return what is asked about: one by its name, several counted, those of one account by their names."""
    if not subjects:
        return "nothing, because there is nothing of the kind"
    accounts = list(dict.fromkeys(each.account for each in subjects))
    if len(subjects) == 1:
        return _thing(subjects[0], names)
    if len(accounts) > 1:
        return f"{_counted(subjects)} in {len(accounts)} accounts"
    places = [f"{each.name} ({each.region})" if each.region else each.name for each in subjects]
    return f"{_counted(subjects)} of {_account(accounts[0], names)}: {_some(places)}"


def _thing(each: "Thing", names: dict[str, str]) -> str:
    if each.kind == "account":
        return f"account {_account(each.account, names)}"
    return f"{each.kind} {each.name} of {_account(each.account, names)}{f', {each.region}' if each.region else ''}"


def _counted(subjects: "Sequence[Thing]") -> str:
    numbers: dict[str, int] = {}
    for each in subjects:
        numbers[each.kind] = numbers.get(each.kind, 0) + 1
    plurals = {"policy": "policies", "organization": "organizations"}
    return ", ".join(_number(count, kind, plurals.get(kind, f"{kind}s")) for kind, count in numbers.items())


def _print_gaps(found: "WhoCan", names: dict[str, str]) -> None:
    from strongroom.api.alike import gaps_alike

    if found.gaps:
        click.echo(f"\n{click.style('unread', fg='yellow', bold=True)}")
    for what, reason, accounts in gaps_alike(found.gaps):
        where = f"{len(accounts)} accounts: " if len(accounts) > 1 else f"account {_account(accounts[0], names)}: " if accounts[0] else ""
        print_wrapped(f"{where}{what}: {reason}", "  ")


def _print_summary(found: "WhoCan") -> None:
    could = {row.principal for row in found.certain}
    free = {row.principal for row in found.certain if not row.rail}
    unknown = {row.principal for row in found.unknown} - could
    changing = could - {row.principal for row in found.certain if not row.change}
    parts = [f"{_number(len(could), 'principal', 'principals')} could" if could else "nobody is known who could"]
    if changing:
        parts.append(f"{len(changing)} of them by changing policies or passing roles first")
    if found.rails:
        parts.append(f"guard rails stop {len(could - free)} of them")
    if unknown:
        parts.append(f"{len(unknown)} unknown")
    if found.gaps:
        parts.append(f"{_number(len(found.gaps), 'thing', 'things')} unread")
    seen = f" (seen {found.observed_at:%Y-%m-%d %H:%M} UTC)" if found.observed_at else f" ({found.source})"
    click.echo()
    print_wrapped(f"{found.verb}: {', '.join(parts)}{seen}", "")


def _account(account: str, names: dict[str, str]) -> str:
    name = names.get(account, "")
    return f"{name} {account}" if name and name != account else account


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _number(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
