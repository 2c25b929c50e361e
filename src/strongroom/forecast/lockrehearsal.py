"""A vault lock before it is put: which jobs would fail under it, and what it commits until when.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from strongroom import facts
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.names import EVERY_ACCOUNT, RetentionDays
from strongroom.domain.strategy import LockMode, Vault, VaultType
from strongroom.forecast.calendar import RefusedSchedule, calendar
from strongroom.forecast.unread import UnreadPlace
from strongroom.semantics import lifecycle, locks
from strongroom.semantics.airgapped import lock_problem

_DAYS: Final = 30


class JobKind(StrEnum):
    """Which job a lock judges."""

    BACKUP = "backup"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedLock:
    """A lock that is to be rehearsed on a vault of the strategy."""

    label: str  # of the vault
    mode: LockMode
    min_days: int | None
    max_days: int | None
    grace_days: int | None  # compliance: days until it hardens; None: AWS's minimum
    air_gapped: bool = False  # the vault is an air-gapped one: hard from the start


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedJob:
    """The jobs that a rule, or one of its copy actions, puts into the locked vault."""

    kind: JobKind
    plan: str
    rule: str
    regions: tuple[str, ...]  # of the plan for a backup, of the destination for a copy
    keep: RetentionDays
    runs: int  # that happen within the days asked for; each is a job for every resource the plan selects
    resources: int | None  # that the plan selects now, None without a ledger
    last_at: datetime | None  # of these runs, None without any
    message: str  # AWS's, empty when the lock lets the jobs pass
    kept_until_at: datetime | None  # due date of what the last run makes; None: there is none, or it is kept for ever

    @property
    def fails(self) -> bool:
        """Whether AWS Backup fails every one of these jobs."""
        return bool(self.message)

    @property
    def forever(self) -> bool:
        """Whether what these jobs make has no end."""
        return lifecycle.is_forever(self.keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPoints:
    """What a snapshot of the ledger knows of one vault of that name, seen with the lock that is rehearsed."""

    account_id: str
    region: str
    vault_name: str
    recovery_points: int
    too_short: int  # kept less than the minimum: they keep their lifecycle, only new jobs are judged
    too_long: int  # kept longer than the maximum, for ever included
    forever: int  # without an end: can never be deleted once a compliance lock has hardened
    last_delete_at: datetime | None  # the latest due date of those that have one
    locked: bool
    min_days: int | None  # of the lock that is on now
    max_days: int | None
    lock_at: datetime | None  # when the lock that is on now hardens, or did
    phase: locks.Phase  # of the lock that is on now

    @property
    def hardened(self) -> bool:
        """Whether nobody can change the lock that is on now."""
        return self.phase is locks.Phase.COMPLIANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRehearsal:
    """One vault under one lock."""

    lock: ProposedLock
    vault_name: str
    place: str  # account id, or every-account
    regions: tuple[str, ...]
    refused: str  # why AWS would not accept the lock itself, empty otherwise
    jobs: tuple[JudgedJob, ...]
    hardens_at: datetime | None  # if it is put now; None: a governance lock never does
    committed_until_at: datetime | None  # due date of the last recovery point that can't be deleted any more; None: see below
    committed_forever: bool  # recovery points without an end lie under a lock that hardens
    stored: tuple[StoredPoints, ...]  # of the ledger, empty without one

    @property
    def failing(self) -> tuple[JudgedJob, ...]:
        """The jobs that fail."""
        return tuple(job for job in self.jobs if job.fails)

    @property
    def stuck(self) -> tuple[StoredPoints, ...]:
        """The vaults whose lock has hardened with another range, so that AWS refuses to put this one."""
        wanted = (self.lock.min_days, self.lock.max_days)
        return tuple(each for each in self.stored if each.hardened and (each.min_days, each.max_days) != wanted)

    @property
    def failing_runs(self) -> int:
        """How many runs within the days asked for end in failed jobs, for each resource."""
        return sum(job.runs for job in self.failing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Every lock that was rehearsed."""

    strategy: str
    now: datetime
    days: int
    locks: tuple[LockRehearsal, ...]
    refused_schedules: tuple[RefusedSchedule, ...]  # plans that AWS doesn't make, so that they have no runs
    observed_at: datetime | None  # of the ledger's snapshot, None without one
    unread: tuple[UnreadPlace, ...]


def declared_locks(estate: Estate) -> tuple[ProposedLock, ...]:
    """Return the locks that a strategy declares."""
    return tuple(
        ProposedLock(
            label=vault.label,
            mode=vault.lock.mode,
            min_days=vault.lock.min_days,
            max_days=vault.lock.max_days,
            grace_days=vault.lock.grace_days,
            air_gapped=vault.type is VaultType.AIR_GAPPED,
        )
        for vault in estate.vaults
        if vault.lock
    )


def rehearse(
    estate: Estate,
    proposed: Iterable[ProposedLock],
    *,
    now: datetime,
    days: int = _DAYS,
    stored: Mapping[str, Sequence[StoredPoints]] | None = None,
    selected: Mapping[str, int] | None = None,
    observed_at: datetime | None = None,
    unread: Sequence[UnreadPlace] = (),
) -> Rehearsal:
    """Return what each lock does to the strategy's jobs if it is put at `now`; every label must be a vault of the estate.

    Runs are counted over the `days` after `now`, without those that overlap drops. `stored` maps labels to what is in the
    vaults, `selected` plans to how many resources they select.
    Two locks are judged apart: a copy counts as failing even where a lock on the first vault already fails the backup.
    """
    runs: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    planned = calendar(estate, now=now, days=days)
    for run in planned.runs:
        if run.lost is None:
            runs[run.plan, run.rule].append(run.slot_at)
    return Rehearsal(
        strategy=estate.name,
        now=planned.begin_at,
        days=days,
        locks=tuple(_rehearsed(estate, lock, _Due(runs, selected or {}), now, (stored or {}).get(lock.label, ())) for lock in proposed),
        refused_schedules=planned.refused,
        observed_at=observed_at,
        unread=tuple(unread),
    )


def _rehearsed(
    estate: Estate,
    proposed: ProposedLock,
    due: "_Due",
    now: datetime,
    stored: Sequence[StoredPoints],
) -> LockRehearsal:
    vault = next(vault for vault in estate.vaults if vault.label == proposed.label)
    put = _put(proposed, now)
    lock = put.lock
    jobs = tuple(_jobs(estate, vault, lock, due))
    hardens_at = lock.lock_at if lock else None
    passing = [job for job in jobs if not job.fails and job.runs] if hardens_at else []
    until = [job.kept_until_at for job in passing if job.kept_until_at]
    until += [each.last_delete_at for each in stored if hardens_at and each.last_delete_at and each.last_delete_at > hardens_at]
    return LockRehearsal(
        lock=proposed,
        vault_name=vault.name,
        place="every-account" if vault.account is EVERY_ACCOUNT else vault.account,
        regions=tuple(vault.regions),
        refused=put.refused,
        jobs=jobs,
        hardens_at=hardens_at,
        committed_until_at=max(until, default=None),
        committed_forever=any(job.forever for job in passing) or any(each.forever for each in stored if hardens_at),
        stored=tuple(stored),
    )


def refusal(proposed: ProposedLock) -> str:
    """Return why AWS would not accept a lock whatever vault it is for, empty otherwise.

    Example:
        >>> refusal(ProposedLock(label="dr", mode=LockMode.COMPLIANCE, min_days=7, max_days=None, grace_days=2))
        'ChangeableForDays is 2, 3 to 36500 allowed'
    """
    return _put(proposed, datetime(2000, 1, 1, tzinfo=UTC)).refused


def _put(proposed: ProposedLock, at: datetime) -> locks.Change:
    if proposed.air_gapped:
        refused = lock_problem(proposed.min_days or 1, proposed.max_days)
        made = locks.Lock(min_days=proposed.min_days, max_days=proposed.max_days, lock_at=at)
        return locks.Change(lock=None if refused else made, refused=refused)
    grace = proposed.grace_days if proposed.grace_days is not None else int(facts.limit("lock_grace_days_min").value)
    return locks.put(
        None,
        at=at,
        min_days=proposed.min_days,
        max_days=proposed.max_days,
        changeable_for_days=grace if proposed.mode is LockMode.COMPLIANCE else None,
    )


@dataclass(frozen=True, slots=True)
class _Due:
    """What comes, without any lock."""

    runs: Mapping[tuple[str, str], Sequence[datetime]]  # of each plan and rule
    selected: Mapping[str, int]  # resources of each plan


def _jobs(estate: Estate, vault: Vault, lock: locks.Lock | None, due: _Due) -> Iterator[JudgedJob]:
    """Yield the backups into a vault and the copies to it, in the order of the strategy."""
    for plan in estate.plans:
        for rule in plan.rules:
            if vault.label in {rule.label, rule.air_gapped}:
                yield _judged(JobKind.BACKUP, plan=plan, rule=rule, regions=tuple(plan.regions), keep=rule.keep, due=due, lock=lock)
            copies: dict[RetentionDays, list[str]] = {}
            for copy in rule.copies:
                if copy.label == vault.label:
                    copies.setdefault(copy.keep, []).append(copy.region)
            for keep, to in copies.items():
                yield _judged(JobKind.COPY, plan=plan, rule=rule, regions=tuple(to), keep=keep, due=due, lock=lock)


def _judged(
    kind: JobKind,
    *,
    plan: BackupPlan,
    rule: BackupRule,
    regions: tuple[str, ...],
    keep: RetentionDays,
    due: _Due,
    lock: locks.Lock | None,
) -> JudgedJob:
    slots = due.runs.get((plan.name, rule.name), ())
    last_at = slots[-1] if slots else None
    # a job may start at the end of its window, and retention counts from its creation
    latest = last_at + timedelta(minutes=rule.start_within_minutes) if last_at else None
    return JudgedJob(
        kind=kind,
        plan=plan.name,
        rule=rule.name,
        regions=regions,
        keep=keep,
        runs=len(slots),
        resources=due.selected.get(plan.name),
        last_at=last_at,
        message=locks.fails(lock, keep, copy=kind is JobKind.COPY),
        kept_until_at=lifecycle.delete_at(latest, keep) if latest else None,
    )
