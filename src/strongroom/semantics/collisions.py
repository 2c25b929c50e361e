"""One job per resource: which runs of several plans start at their time, wait, or expire.

Within one plan overlapping rules drop runs (`windows.runs`); between plans every run becomes a job, and a resource takes one
backup or copy job at a time.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html (one job per resource),
https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html (windows) and
https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html (what an expired job says)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from strongroom import facts


class Fate(StrEnum):
    """What becomes of a run."""

    STARTS = "starts"  # at its slot
    WAITS = "waits"  # starts inside its start window, when the resource is free
    EXPIRES_WAITING = "expires waiting"  # the start window ends before the resource is free
    EXPIRES_RUNNING = "expires running"  # the completion window ends before the job does
    OPEN = "open"  # depends on how long an earlier job takes, or on what AWS leaves unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRun:
    """A run of a rule that becomes a job: not one that overlap inside its plan drops."""

    plan: str
    rule: str
    slot_at: datetime
    start_within_minutes: int
    complete_within_minutes: int | None = None  # None: no completion window, as for FSx
    duration_minutes: int | None = None  # of the backup and of copies that the caller counts in; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """What becomes of one run among the runs of other plans on the same resource."""

    run: PlanRun
    fate: Fate
    starts_at: datetime | None  # None: never, or not known
    ends_at: datetime | None  # when the resource is free again; None: never started, or not known
    behind: PlanRun | None  # the run that it waits for
    message: str  # AWS's message for an expired job, the reason for an open one, else empty


def collisions(runs: Sequence[PlanRun]) -> tuple[Collision, ...]:
    """Return what becomes of the runs of several plans on one resource, in order of time.

    First come, first served; of two runs at the same instant AWS doesn't say which goes first, so that both are open unless
    either order lets both run. A run behind one of unknown duration is open too, until that one's windows are over.

    Example:
        >>> from datetime import UTC
        >>> two = [PlanRun(plan=plan, rule="nightly", slot_at=datetime(2027, 1, 1, hour, tzinfo=UTC), start_within_minutes=60,
        ...     duration_minutes=minutes) for plan, hour, minutes in (("a", 2, 150), ("b", 3, 30))]
        >>> [str(each.fate) for each in collisions(two)]
        ['starts', 'expires waiting']
    """
    found: list[Collision] = []
    busy: Collision | None = None  # the last job that holds the resource
    ordered = sorted(runs, key=lambda run: run.slot_at)
    for index, run in enumerate(ordered):
        placed = _placed(run, busy, tied=_tied(ordered, index))
        found.append(placed)
        if placed.fate is not Fate.EXPIRES_WAITING and _later(placed, busy):
            busy = placed
    return tuple(found)


def _placed(run: PlanRun, busy: Collision | None, *, tied: PlanRun | None) -> Collision:
    deadline = run.slot_at + timedelta(minutes=run.start_within_minutes)
    if tied is not None:
        reason = f"plan {tied.plan} runs at the same instant, and AWS doesn't say which goes first"
        return Collision(run=run, fate=Fate.OPEN, starts_at=None, ends_at=None, behind=tied, message=reason)
    if busy is not None and busy.ends_at is None and _free_by(busy) > run.slot_at:
        reason = f"how long the job of plan {busy.run.plan} takes isn't known"
        return Collision(run=run, fate=Fate.OPEN, starts_at=None, ends_at=None, behind=busy.run, message=reason)
    if busy is None or busy.ends_at is None or busy.ends_at <= run.slot_at:
        return _running(run, run.slot_at, None)
    if busy.ends_at >= deadline:
        message = facts.message("expired_running_job")
        return Collision(run=run, fate=Fate.EXPIRES_WAITING, starts_at=None, ends_at=None, behind=busy.run, message=message)
    return _running(run, busy.ends_at, busy.run)


def _running(run: PlanRun, starts_at: datetime, behind: PlanRun | None) -> Collision:
    """Place a job that starts: AWS's pages count the completion window from the start or from the slot, and both are asked."""
    fate, message, ends_at = Fate.WAITS if behind else Fate.STARTS, "", None
    if run.duration_minutes is not None:
        ends_at = starts_at + timedelta(minutes=run.duration_minutes)
        if run.complete_within_minutes is not None:
            window = timedelta(minutes=run.complete_within_minutes)
            if ends_at > starts_at + window:
                fate, message, ends_at = Fate.EXPIRES_RUNNING, facts.message("expired_before_completion"), starts_at + window
            elif ends_at > run.slot_at + window:
                reason = "AWS's pages count the completion window from the start of the job or from its slot"
                fate, message = Fate.OPEN, reason
    return Collision(run=run, fate=fate, starts_at=starts_at, ends_at=ends_at, behind=behind, message=message)


def _tied(ordered: Sequence[PlanRun], index: int) -> PlanRun | None:
    """Return another run at the same instant, if one of the two could keep the other from starting in time."""
    run = ordered[index]
    for other in ordered:
        if other is run or other.slot_at != run.slot_at:
            continue
        if not (_leaves_time(run, other) and _leaves_time(other, run)):
            return other
    return None


def _leaves_time(first: PlanRun, second: PlanRun) -> bool:
    return first.duration_minutes is not None and first.duration_minutes < second.start_within_minutes


def _later(placed: Collision, busy: Collision | None) -> bool:
    """Return whether a job can hold the resource for longer than the one before it."""
    return busy is None or _free_by(placed) >= _free_by(busy)


def _free_by(placed: Collision) -> datetime:
    """Return when a job has ended at the latest: its end, or the end of its windows."""
    if placed.ends_at is not None:
        return placed.ends_at
    if placed.run.complete_within_minutes is None:
        return datetime.max.replace(tzinfo=placed.run.slot_at.tzinfo)
    return placed.run.slot_at + timedelta(minutes=placed.run.start_within_minutes + placed.run.complete_within_minutes)
