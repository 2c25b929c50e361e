"""`strongroom lock`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from strongroom.forecast.lockrehearsal import JudgedJob, LockRehearsal, ProposedLock, Rehearsal, StoredPoints

DAYS_MAX = 1_000


@click.group("lock")
def command() -> None:
    """Vault locks: what they would do, before they are put."""


@command.command("rehearse")
@click.argument("strategy", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--vault", metavar="LABEL", help="Rehearse a lock on this vault only, declared or made up with the next four.")
@click.option("--min", "minimum", metavar="DURATION", help="Shortest retention that jobs may ask for, such as 7d.")
@click.option("--max", "maximum", metavar="DURATION", help="Longest retention that jobs may ask for, such as 3y.")
@click.option("--mode", type=click.Choice(["governance", "compliance"]), help="Default: the declared one, else governance.")
@click.option("--grace", metavar="DURATION", help="With compliance: how long the lock can still be changed, 3d at least.")
@click.option("--days", type=click.IntRange(1, DAYS_MAX), default=30, show_default=True, help="Over how many days jobs are counted.")
@click.option("--from", "begin", metavar="INSTANT", help="When the lock is put. Default: now, with --ledger its time.")
@click.option("--ledger", is_flag=True, help="Also show what lies in the vaults, from the newest snapshot of the ledger.")
@text_or_json
def rehearse(
    *,
    strategy: Path,
    vault: str | None,
    minimum: str | None,
    maximum: str | None,
    mode: str | None,
    grace: str | None,
    days: int,
    begin: str | None,
    ledger: bool,
    output: str,
) -> int:
    """Show which jobs fail under the vault locks of a strategy, and what is committed until when.

    Exits with 1 when a job would fail, or AWS would refuse the lock or a plan, with 3 when --ledger meets accounts that could
    not be read.
    """
    from strongroom.api.home import home_for
    from strongroom.api.lock import Asked, exit_code
    from strongroom.api.lock import rehearse as rehearsal_of
    from strongroom.domain.strategy import LockMode

    asked = Asked(vault=vault, min=minimum, max=maximum, mode=LockMode(mode) if mode else None, grace=grace)
    found = rehearsal_of(strategy, asked, now=_now(begin, ledger=ledger), days=days, home=home_for(strategy) if ledger else None)
    if output == "json":
        print_json("lock rehearse", failing_jobs=sum(len(each.failing) for each in found.locks), rehearsal=found)
    else:
        print_rehearsal(found)
    return exit_code(found)


def _now(begin: str | None, *, ledger: bool) -> "datetime | None":
    """Return the instant asked for, else the machine's; with a ledger AWS's own time counts."""
    from datetime import UTC, datetime

    from strongroom.api.calendar import instant

    if begin:
        return instant(begin, "UTC")
    return None if ledger else datetime.now(UTC).replace(second=0, microsecond=0)


def print_rehearsal(found: "Rehearsal") -> None:
    """Print each vault's lock: the jobs that fail and those that pass, what can still be undone, what is committed."""
    for each in found.locks:
        _print_lock(each, found)
        click.echo()
    for schedule in found.refused_schedules:
        label = click.style("refused", fg="red", bold=True)
        click.echo(f"{label} rule {schedule.plan}.{schedule.rule}: {schedule.message}; AWS makes no plan {schedule.plan}")
    for gap in found.unread:
        click.echo(f"{click.style('unread', fg='yellow')} account {gap.account_id}, {gap.region}, {gap.subject}: {gap.reason}")
    failing = sum(len(each.failing) for each in found.locks)
    runs = sum(each.failing_runs for each in found.locks)
    click.echo(
        f"{found.strategy}: {_number(failing, 'rule or copy action fails', 'rules and copy actions fail')} under "
        f"{_number(len(found.locks), 'lock', 'locks')}, {_number(runs, 'job', 'jobs')} in {found.days} days for each selected resource"
    )


def _print_lock(each: "LockRehearsal", found: "Rehearsal") -> None:
    where = "every account" if each.place == "every-account" else f"account {each.place}"
    click.echo(click.style(f"vault {each.lock.label}", bold=True) + f" ({each.vault_name} in {where}, {', '.join(each.regions)})")
    click.echo(f"  lock        {_lock(each.lock)}")
    if each.refused:
        click.echo(f"  {click.style('refused', fg='red', bold=True)}     AWS does not accept the lock: {each.refused}")
        return
    names = max((len(f"{job.plan}.{job.rule}") for job in each.jobs), default=0)
    for job in sorted(each.jobs, key=lambda job: not job.fails):
        _print_job(job, names, found.days)
    if not each.jobs:
        click.echo("  nothing backs up or copies into this vault")
    for line in (*_commitment(each, found), *_storage(each, found)):
        click.echo(f"  {line}")


def _print_job(job: "JudgedJob", names: int, days: int) -> None:
    from strongroom.forecast.calendar import days_in_words

    label = click.style("fails ", fg="red", bold=True) if job.fails else click.style("passes", fg="green")
    name = f"{job.plan}.{job.rule}".ljust(names)
    click.echo(
        f"  {label}      {job.kind.value:<6} {name}  keeps {days_in_words(job.keep)}, "
        f"{_number(job.runs, 'job', 'jobs')} in {days} days for {_resources(job)} ({', '.join(job.regions)})"
    )
    if job.fails:
        click.echo(f'              "{job.message}"')


def _resources(job: "JudgedJob") -> str:
    return "each selected resource" if job.resources is None else f"each of {_number(job.resources, 'resource', 'resources')}"


def _commitment(each: "LockRehearsal", found: "Rehearsal") -> "Iterator[str]":
    """Yield until when the lock can be undone, and what can't be deleted afterwards."""
    if each.hardens_at is None:
        yield "changeable  at any time, by whoever may; nothing is committed, but nothing is deleted while the lock is on either"
        return
    yield (
        f"changeable  until {each.hardens_at:%Y-%m-%d %H:%M} UTC, {_left(each.hardens_at - found.now)} from when it is put; "
        "then by nobody, AWS included"
    )
    seen = f"the next {found.days} days make" + (" or the ledger holds" if found.observed_at else "")
    if each.committed_forever:
        yield f"committed   without end: some of what {seen} is kept forever and can never be deleted"
    if each.committed_until_at:
        yield f"committed   until {each.committed_until_at:%Y-%m-%d %H:%M} UTC: what {seen} can't all be deleted earlier"
    if not each.committed_forever and not each.committed_until_at:
        yield f"committed   nothing of what {seen} lands in this vault"
    if each.lock.max_days is None:
        yield "            the lock has no maximum: any job may commit for ever"


def _storage(each: "LockRehearsal", found: "Rehearsal") -> "Iterator[str]":
    """Yield what the ledger knows of each vault of the name."""
    if found.observed_at is None:
        return
    yield f"stored      seen {found.observed_at:%Y-%m-%d %H:%M} UTC" + ("" if each.stored else ": no vault of this name")
    for vault in each.stored:
        last = f"due {vault.last_delete_at:%Y-%m-%d %H:%M} UTC at the latest" if vault.last_delete_at else "none with a due date"
        yield (
            f"            account {vault.account_id}, {vault.region}: "
            f"{_number(vault.recovery_points, 'recovery point', 'recovery points')}, "
            f"{vault.too_short} kept shorter and {vault.too_long} longer than the lock allows (they stay as they are), "
            f"{vault.forever} kept forever, {last}; {_lock_now(vault, found)}"
        )


def _lock_now(vault: "StoredPoints", found: "Rehearsal") -> str:
    if not vault.locked:
        return "not locked now"
    bounds = f"{vault.min_days or 0}d to {f'{vault.max_days}d' if vault.max_days is not None else 'no maximum'}"
    if vault.lock_at is None:
        return f"a governance lock of {bounds} is on now"
    if vault.hardened:
        return click.style(f"a lock of {bounds} has hardened on {vault.lock_at:%Y-%m-%d %H:%M} UTC: nobody can change it", fg="red")
    return f"a lock of {bounds} can still be changed for {_left(vault.lock_at - found.now)}, until {vault.lock_at:%Y-%m-%d %H:%M} UTC"


def _lock(lock: "ProposedLock") -> str:
    low = f"{lock.min_days}d" if lock.min_days is not None else "no minimum"
    high = f"{lock.max_days}d" if lock.max_days is not None else "no maximum"
    return f"{lock.mode.value}, {low} to {high}"


def _left(span: "timedelta") -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" + (f" {hours % 24} hours" if hours % 24 else "")


def _number(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
