"""`strongroom test`."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import plain, print_json, text_or_json
from strongroom.cli.printing import print_findings, print_table, print_wrapped
from strongroom.cli.progress import progress
from strongroom.cli.typed import FILLED
from strongroom.errors import BadInput, Cancelled, ExitCode

if TYPE_CHECKING:
    from strongroom.api.test import Prepared
    from strongroom.domain.recovery import TestRecord
    from strongroom.workflows.testing import AwsTested, Left, Tested, Untested, Way

COLORS = {"passed": "green", "failed": "red", "unknown": "yellow"}


@click.command("test")
@click.argument("tests", nargs=-1, metavar="[TEST]...", type=FILLED)
@click.option("--strategy", type=click.Path(path_type=Path), default="strategy.yaml", show_default=True, help="Whose restore tests.")
@click.option(
    "--resource", "resources", multiple=True, metavar="ARN", type=FILLED, help="Only this resource, covered by a test or not; repeatable."
)
@click.option("--from", "vaults", multiple=True, metavar="VAULT", type=FILLED, help="Only from this vault of the strategy; repeatable.")
@click.option("--validate", "validators", multiple=True, metavar="NAME", type=FILLED, help="By hand: look into it with this; repeatable.")
@click.option("--due", is_flag=True, help="Only what has not been tested since its newest run began.")
@click.option("--at-most", type=click.IntRange(min=1), metavar="NUMBER", help="No more tests than so many: what waits longest comes first.")
@click.option(
    "--assume", metavar="NAME", type=FILLED, default="", help="The role to assume in the accounts. Default: the strategy's for tests."
)
@click.option("--dry-run", is_flag=True, help="Show what would be restored and the exact calls, and restore nothing.")
@click.option("--copy-back", is_flag=True, help="Restore into the resource's own account: what lies elsewhere is copied back first.")
@click.option("--keep", is_flag=True, help="Leave what was restored there.")
@click.option("--aws", is_flag=True, help="Validate what AWS Backup's own restore tests have restored, and tell AWS.")
@click.option("--clean", is_flag=True, help="Take away what earlier tests have left behind, and test nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@text_or_json
def command(
    *,
    tests: tuple[str, ...],
    strategy: Path,
    resources: tuple[str, ...],
    vaults: tuple[str, ...],
    validators: tuple[str, ...],
    due: bool,
    at_most: int | None,
    assume: str,
    dry_run: bool,
    keep: bool,
    copy_back: bool,
    aws: bool,
    clean: bool,
    yes: bool,
    output: str,
) -> int:
    """Restore recovery points, examine what came back, keep the evidence, and take away what was restored.

    TEST: names of the strategy's restore tests; without one all of them. A resource that none of them covers is tested by hand: from the
    vaults that --from names, else from all that hold a recovery point of it, and examined by what --validate names: manifest, another
    validator as the strategy declares it for the type, or a file of SQL beside the strategy.

    Exits with 1 when a test failed or left something behind, with 3 when one could not tell.
    """
    from strongroom.api.home import home_for
    from strongroom.api.test import by_aws, exit_code, plans, prepare, run

    home = home_for(strategy)
    only = {"--resource": resources, "--from": vaults, "--validate": validators, "--due": due, "--at-most": at_most}
    ours = {"--keep": keep, "--copy-back": copy_back}
    if clean:
        _refuse("with --clean nothing is tested", {"--aws": aws, "TEST": tests, **only, **ours})
        return _clean(strategy, home=home, assume=assume, yes=yes, dry_run=dry_run, output=output)
    if aws:
        _refuse("with --aws it is AWS that restores", {"--dry-run": dry_run, **only, **ours})
        with progress("asking for AWS's tests", quiet=output == "json") as update:
            told = by_aws(strategy, home=home, tests=tests, role=assume, on_progress=update)
        return _show_aws(told, home=home, output=output)
    prepared = prepare(
        strategy,
        home=home,
        tests=tests,
        resources=resources,
        vaults=vaults,
        due=due,
        at_most=at_most,
        keep=keep,
        copy_back=copy_back,
        validators=validators,
        role=assume,
    )
    if dry_run:
        return _show_plans(prepared, plans(prepared), output=output)
    if output == "text":
        print_leftovers(prepared.leftovers)
    if not prepared.order.subjects:
        if output == "json":
            print_json("test", run=None, records=[], untested=[], leftovers=_left(prepared.leftovers))
        else:
            click.echo("no test is due" if due else "restore tests cover nothing")
        return ExitCode.PROVEN if due else ExitCode.COULD_NOT_VERIFY
    agree(
        f"restore {_counted(len(prepared.order.subjects), 'recovery point')}{'' if keep else ', and delete what was restored afterwards'}?",
        yes=yes,
    )
    with progress("testing", quiet=output == "json") as update:
        done = run(prepared, on_progress=update)
    if output == "json":
        print_json("test", run=done.run_id, **tested_json(done), leftovers=_left(prepared.leftovers))
    else:
        print_tested(done, home=home)
    return exit_code(done.records, done.untested)


def tested_json(done: "Tested") -> dict[str, object]:
    """Return what tests have shown as plain JSON values."""
    from strongroom.domain.recoveryjson import encode

    return {"records": [encode(each) for each in done.records], "untested": _untested(done.untested)}


def print_tested(done: "Tested", *, home: Path) -> None:
    """Print each test with what was measured, then what they come to."""
    for record in done.records:
        print_record(record)
    for each in done.untested:
        print_wrapped(f"unknown  {each.subject.resource_arn} from {each.subject.vault_label or each.subject.vault}", "", color="yellow")
        print_wrapped(f"nothing to restore: {each.reason}", "  ")
    _print_sum(done.records, len(done.untested), home=home)


def print_record(record: "TestRecord") -> None:
    """Print one test."""
    head = f"{record.outcome.value}  {record.resource_arn} from {record.vault_label or record.point.vault}"
    print_wrapped(head, "", color=COLORS[record.outcome.value], bold=True)
    print_wrapped(f"recovery point of {record.point.created_at:%Y-%m-%d %H:%M} UTC, {record.point.arn}", "  ")
    if not record.measurements:
        print_wrapped(record.told, "  ")
    for each in record.measurements:
        print_wrapped(f"{each.outcome.value} {each.validator}: {each.told}", "  ", color=COLORS[each.outcome.value])
    if record.measurements and not any(each.outcome.value == record.outcome.value for each in record.measurements):
        print_wrapped(record.told, "  ")
    for arn, why in zip(record.leftovers, record.left_because, strict=False):
        print_wrapped(f"still there: {arn}: {why}", "  ", color="red")
    if record.cleaned_up:
        print_wrapped("what was restored is gone", "  ")
    if not record.test:
        print_wrapped("asked for by hand", "  ")
    if record.next_at:
        print_wrapped(f"next: {record.next_at:%Y-%m-%d %H:%M} UTC", "  ")


def print_leftovers(found: "Sequence[Left]") -> None:
    """Print what earlier tests have left behind, and the places that could not be looked at."""
    there = [each for each in found if each.thing is not None]
    for each in found:
        word = "left behind" if each.thing is not None else "not looked at"
        by = f" by {each.run}" if each.run else f": {each.reason}"
        print_wrapped(f"{word}  {each.arn}{by}", "", color="yellow")
    if there:
        click.echo("  help: go on with the run that made it (strongroom resume), or take it away: strongroom test --clean")


def agree(question: str, *, yes: bool) -> None:
    """Ask the person at the terminal; raises BadInput where nobody can answer, Cancelled when the answer is no."""
    if yes:
        return
    if not sys.stdin or not sys.stdin.isatty():
        raise BadInput("nobody is at the terminal to agree", hint="say it with --yes; see before what would happen: --dry-run")
    if not click.confirm(question, err=True):
        raise Cancelled("nothing was changed")


def _clean(strategy: Path, *, home: Path, assume: str, yes: bool, dry_run: bool, output: str) -> int:
    from strongroom.api.test import clean, leftovers

    sessions, name, found = leftovers(strategy, home=home, role=assume)
    there = [each for each in found if each.thing is not None]
    if output == "text":
        print_leftovers(found)
    if not there or dry_run:
        if output == "json":
            print_json("test", found=_left(found), still_there=_left(found))
        elif not there:
            click.echo("tests have left nothing behind" if not found else "nothing was found where AWS let us look")
        return ExitCode.COULD_NOT_VERIFY if len(there) < len(found) else ExitCode.FINDINGS if there else ExitCode.PROVEN
    agree(f"delete {_counted(len(there), 'thing')}? an interrupted run that made them can't go on afterwards", yes=yes)
    still = clean(sessions, name, found)
    if output == "json":
        print_json("test", found=_left(found), still_there=_left(still))
    else:
        for each in still:
            print_wrapped(f"still there: {each.arn}: {each.reason}", "", color="red")
        click.echo(f"{len(found) - len(still)} of {len(there)} are gone")
    if any(each.thing is None for each in still):
        return ExitCode.COULD_NOT_VERIFY
    return ExitCode.FINDINGS if still else ExitCode.PROVEN


def _show_plans(prepared: "Prepared", ways: "Sequence[Way]", *, output: str) -> int:
    refused = any(way.plan is None or way.trouble for way in ways)
    if output == "json":
        rows = [
            {
                "test": way.subject.test,
                "resource_arn": way.subject.resource_arn,
                "vault": way.subject.vault_label,
                "point": way.point,
                "refused": way.untested or way.trouble,
                "creates": way.plan.creates if way.plan else None,
                "findings": way.plan.findings if way.plan else (),
                "calls": [step.call for step in way.plan.steps] if way.plan and not way.trouble else [],
            }
            for way in ways
        ]
        print_json("test", dry_run=True, tests=rows, leftovers=_left(prepared.leftovers))
        return ExitCode.FINDINGS if refused else ExitCode.PROVEN
    print_leftovers(prepared.leftovers)
    for way in ways:
        subject = way.subject
        head = f"{subject.test or 'by hand'}: {subject.resource_arn} from {subject.vault_label or subject.vault}"
        print_wrapped(head, "", bold=True)
        if way.plan is None or way.trouble:
            print_wrapped(f"would not be restored: {way.untested or way.trouble}", "  ", color="red")
        if way.plan:
            print_findings(way.plan.findings)
        for step in way.plan.steps if way.plan and not way.trouble else ():
            where = f"{step.call.service}:{step.call.operation} in account {step.call.account}, {step.call.region}"
            print_wrapped(f"{step.number} {step.title}: {where}", "  ")
            print_wrapped(json.dumps(plain(dict(step.call.parameters)), default=str, ensure_ascii=False), "    ")
    click.echo(f"{_counted(len(ways), 'test')}; nothing was restored")
    return ExitCode.FINDINGS if refused else ExitCode.PROVEN


def _show_aws(told: "AwsTested", *, home: Path, output: str) -> int:
    from strongroom.api.test import exit_code
    from strongroom.domain.recoveryjson import encode

    if output == "json":
        print_json(
            "test",
            records=[encode(each) for each in told.records],
            unread=[{"account_id": account, "region": region, "reason": why} for account, region, why in told.unread],
            refused=[{"test_id": test_id, "reason": why} for test_id, why in told.refused],
            foreign=told.foreign,
        )
    else:
        for record in told.records:
            print_record(record)
            print_wrapped(f"told to AWS: {record.reported or 'nothing, because nothing was measured'}", "  ")
        for account, region, why in told.unread:
            print_wrapped(f"not looked at  account {account}, {region}: {why}", "", color="yellow")
        for test_id, why in told.refused:
            print_wrapped(f"AWS did not take the result of {test_id}: {why}", "", color="red")
        if told.foreign:
            click.echo(f"{told.foreign} restores of testing plans that the strategy doesn't know wait for whoever made them")
        _print_sum(told.records, 0, home=home)
    code = exit_code(told.records)
    if code is ExitCode.FINDINGS:
        return code
    if told.refused:
        return ExitCode.AWS_REFUSED
    return ExitCode.COULD_NOT_VERIFY if told.unread else code


def _refuse(why: str, given: Mapping[str, object]) -> None:
    """Raise BadInput for the first option that says nothing here."""
    for name, value in given.items():
        if value:
            raise BadInput(f"{why}: {name} says nothing there", hint=f"leave out {name}, or {why.split()[1]}")


def _print_sum(records: "Iterable[TestRecord]", untested: int, *, home: Path) -> None:
    records = tuple(records)
    counts = {word: sum(record.outcome.value == word for record in records) for word in COLORS}
    counts["unknown"] += untested
    click.echo(f"{_counted(len(records) + untested, 'test')}: " + ", ".join(f"{counts[word]} {word}" for word in COLORS))
    if records:
        rows = [(record.test_id, str(home / "ledger" / "tests" / f"{record.test_id}.md")) for record in records]
        print_table(("test", "evidence"), rows)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _left(found: "Iterable[Left]") -> list[dict[str, object]]:
    return [
        {
            "arn": each.thing.arn if each.thing else None,
            "account_id": each.account,
            "region": each.region,
            "run": each.run or None,
            "reason": each.reason,
        }
        for each in found
    ]


def _untested(untested: "Iterable[Untested]") -> list[dict[str, object]]:
    return [
        {
            "test": each.subject.test,
            "resource_arn": each.subject.resource_arn,
            "vault": each.subject.vault_label,
            "reason": each.reason,
        }
        for each in untested
    ]
