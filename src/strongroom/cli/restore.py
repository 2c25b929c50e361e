"""`strongroom restore`."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_findings, print_wrapped
from strongroom.cli.progress import progress
from strongroom.cli.typed import FILLED
from strongroom.errors import BadInput, Cancelled, ExitCode

if TYPE_CHECKING:
    from strongroom.api.restore import Prepared
    from strongroom.domain.recovery import ApiCall, PointRef, RestorePlan, RestoreStep
    from strongroom.workflows.restore import RestoreDone

LABEL_WIDTH = 10


@click.command("restore")
@click.argument("resource", metavar="RESOURCE_ARN", type=FILLED)
@click.option(
    "--at", metavar="INSTANT", type=FILLED, default="", help="The newest data until then; of a continuous backup that very instant."
)
@click.option("--point", metavar="ARN", type=FILLED, default="", help="This recovery point.")
@click.option("--vault", metavar="VAULT", type=FILLED, default="", help="From this vault alone: a label of the strategy, a name or an ARN.")
@click.option(
    "--to-account", "account", metavar="ID", type=FILLED, default="", help="Restore into this account. Default: the resource's own."
)
@click.option(
    "--to-region", "region", metavar="REGION", type=FILLED, default="", help="Restore into this Region. Default: the recovery point's."
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", type=FILLED, help="Override restore metadata; repeatable.")
@click.option(
    "--name", metavar="NAME", type=FILLED, default="", help="Name of what is made. Default: the resource's own, -restored- and the time."
)
@click.option(
    "--overwrite", metavar="NAME", type=FILLED, default="", help="The same name again: restore into this bucket or file system that exists."
)
@click.option(
    "--item", "items", multiple=True, metavar="KEY", type=FILLED, help="Only this object of a bucket or path of a file system; up to five."
)
@click.option(
    "--role", "job_role", metavar="ARN", type=FILLED, default="", help="The role that AWS Backup takes on. Default: the strategy's."
)
@click.option(
    "--assume", metavar="NAME", type=FILLED, default="", help="The role to assume in other accounts. Default: the strategy's for recovery."
)
@click.option("--accept-cold", is_flag=True, help="Wait the hours or days until it is back from cold storage.")
@click.option("--strategy", type=click.Path(path_type=Path), help="Default: strategy.yaml, if it is there.")
@click.option(
    "--as-of", metavar="INSTANT", type=FILLED, help="Predict from the ledger's newest snapshot until then, or from one by its id."
)
@click.option("--dry-run", is_flag=True, help="Show the exact calls, and call nothing that acts.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@text_or_json
def command(
    *,
    resource: str,
    strategy: Path | None,
    assume: str,
    as_of: str | None,
    dry_run: bool,
    yes: bool,
    output: str,
    **wish: Any,
) -> int:
    """Bring back what was backed up: show the plan, ask, then restore beside what exists.

    The recovery point is chosen and explained; what would make the restore fail is looked up before it begins. Nothing that exists is
    written into unless it is named twice.

    Exits with 1 when something is in the way, with 4 when AWS fails the job, with 5 when it was stopped: strongroom resume goes on.
    """
    from strongroom.api.home import home_for
    from strongroom.api.restore import Wish, prepare, restore

    home = home_for(strategy)
    prepared = prepare(Wish(resource_arn=resource, **wish), strategy=strategy, home=home, role=assume, as_of=as_of)
    plan = prepared.plan
    if output == "text":
        print_plan(plan, calls=dry_run)
        print_findings(plan.findings)
    if prepared.refused or dry_run:
        if output == "json":
            print_json("restore", plan=plan, findings=plan.findings, refused=prepared.refused, run=None, restored=None)
        elif not prepared.refused:
            click.echo("nothing was restored: this was a dry run")
        return ExitCode.FINDINGS if prepared.refused else ExitCode.PROVEN
    _agree(prepared, yes=yes, shown=output == "text")
    with progress("restoring", quiet=output == "json") as update:
        on_step, on_wait = listeners(update)
        done = restore(prepared, on_step=on_step, on_wait=on_wait)
    if output == "json":
        print_json("restore", plan=plan, findings=plan.findings, refused=False, run=done.run_id, restored=done.restored)
    else:
        print_done(done)
    return ExitCode.PROVEN


def listeners(update: Callable[[int, int, str], None]) -> "tuple[Callable[[RestoreStep, int], None], Callable[[str, float | None], None]]":
    """Return what hears of steps and of waiting, and shows both."""
    now: dict[str, Any] = {"done": 0, "total": 0, "title": ""}

    def on_step(step: "RestoreStep", total: int) -> None:
        now.update(done=step.number - 1, total=total, title=step.title)
        update(step.number - 1, total, step.title)

    def on_wait(state: str, share: float | None) -> None:
        how_far = f", {share:.0%}" if share else ""
        update(now["done"], now["total"], f"{now['title']}: {state}{how_far}")

    return on_step, on_wait


def print_plan(plan: "RestorePlan", *, calls: bool) -> None:
    """Print what a restore will do; with `calls` each call as it will be made."""
    _line("restore", f"{plan.type} {plan.resource_arn}")
    if plan.point:
        _line("from", _point(plan.point))
    if plan.steps:
        _line("because", plan.reason)
    if plan.steps and plan.instant:
        _line("to", f"the instant {plan.instant:%Y-%m-%d %H:%M:%S} UTC")
    if plan.steps:
        _line("into", f"account {plan.account}, {plan.region}{f' as {plan.creates}' if plan.creates else ''}")
    for name, text in sorted(plan.metadata.items(), key=lambda each: each[0].lower()):
        own = "  (overridden)" if plan.inferred.get(name) != text else ""
        click.echo(f"  {'':<{LABEL_WIDTH}} {name}={text}{own}")
    if plan.job_role:
        _line("role", plan.job_role)
    if plan.steps:
        _line("time", _time(plan))
    for step in plan.steps:
        usual = f"  (usually {_span(step.expected_seconds)})" if step.expected_seconds is not None else ""
        click.echo(f"{step.number:3} {step.title}{usual}")
        if calls:
            _print_call(step.call)


def print_done(done: "RestoreDone") -> None:
    """Print what was restored, where it is, and what to do next."""
    made, plan = done.restored, done.plan
    click.echo(f"{click.style('restored', fg='green', bold=True)} {made.resource_arn}")
    if made.endpoint:
        who = f", user {made.endpoint.user}" if made.endpoint.user else ""
        _line("endpoint", f"{made.endpoint.address}:{made.endpoint.port} ({made.endpoint.engine}{who})")
    if made.encrypted is not None:
        key = f", key {made.key_arn}" if made.key_arn else ""
        _line("encrypted", f"{'yes' if made.encrypted else 'no'}{key}")
    taken = round(made.restore_seconds + made.copy_seconds)
    copied = f" ({_span(round(made.copy_seconds))} of it for the copy back)" if made.copy_seconds else ""
    promised = f", {_span(plan.rto_seconds)} are promised" if plan.rto_seconds is not None else ""
    _line("took", f"{_span(taken)}{copied}{promised}")
    for remark in made.remarks:
        print_wrapped(f"warning    {remark}", "  ", deeper=LABEL_WIDTH + 1, color="yellow")
    _line("run", done.run_id)
    _line("next", "tag it so that a plan selects it: nothing backs up what was restored until one does")
    if made.copied_point_arn:
        _line("", f"the copy {made.copied_point_arn} ends by its own lifecycle")


def _point(point: "PointRef") -> str:
    size = f", {point.size_bytes / 2**30:.2f} GiB" if point.size_bytes is not None else ""
    kind = "continuous since" if point.continuous else "of"
    return (
        f"vault {point.vault} (account {point.account}, {point.region}), {kind} {point.created_at:%Y-%m-%d %H:%M:%S} UTC{size}; {point.arn}"
    )


def _time(plan: "RestorePlan") -> str:
    """Return what is expected and what is promised."""
    known = [step.expected_seconds for step in plan.steps if step.expected_seconds is not None]
    expected = f"about {_span(sum(known))}, by earlier jobs of its type" if known else "nobody has measured a restore of its type"
    promised = f"; {_span(plan.rto_seconds)} are promised" if plan.rto_seconds is not None else "; no objective promises a time"
    return expected + promised


def _span(seconds: int) -> str:
    """Return seconds as people say them.

    Example:
        >>> _span(5400), _span(59), _span(0)
        ('1h 30m', '59s', '0s')
    """
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if count]
    return " ".join(parts[:2]) or "0s"


def _print_call(call: "ApiCall") -> None:
    click.echo(f"      {call.service}:{call.operation} in account {call.account}, {call.region}")
    for name, value in call.parameters.items():
        print_wrapped(f"{name}: {_value(value)}", " " * 8)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value if not isinstance(value, Mapping) else dict(value), ensure_ascii=False)


def _line(label: str, text: str) -> None:
    print_wrapped(f"{label:<{LABEL_WIDTH}} {text}", "  ", deeper=LABEL_WIDTH + 1)


def _agree(prepared: "Prepared", *, yes: bool, shown: bool) -> None:
    """Ask the person at the terminal; raises BadInput where nobody can answer or has seen the plan, Cancelled when the answer is no."""
    if yes:
        return
    if not shown:
        raise BadInput("with --format json nobody sees the plan before it is carried out", hint="agree to it with --yes")
    if not sys.stdin or not sys.stdin.isatty():
        raise BadInput("nobody is here to agree to the restore", hint="see it with --dry-run, then agree with --yes")
    if not click.confirm(f"restore {prepared.plan.type} into account {prepared.plan.account}, {prepared.plan.region}?", err=True):
        raise Cancelled("nothing was restored")
