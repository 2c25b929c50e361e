"""Step one: the recovery point of a resource that a test restores."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from strongroom.aws.recovery.points import Candidate
from strongroom.domain.recovery import PointRef
from strongroom.domain.strategy import Pick
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.workflows.testing.orders import Subject

USABLE = frozenset({RecoveryPointStatus.COMPLETED, RecoveryPointStatus.AVAILABLE, RecoveryPointStatus.STOPPED})


def picked(subject: Subject, candidates: Sequence[Candidate], *, now: datetime, seed: str) -> PointRef | str:
    """Return the recovery point that a test takes, or why there is none; the same seed takes the same one."""
    mine = [each for each in candidates if each.type is subject.type and not each.parent]
    usable = [each for each in mine if each.status in USABLE]
    since = now - timedelta(days=subject.within_days)
    # A continuous backup is as old as its first day, and what it holds as new as its last.
    recent = [each.point for each in usable if each.point.continuous or each.point.created_at >= since]
    if not recent:
        return _why_none(subject, mine, usable)
    recent.sort(key=lambda each: (each.created_at, each.arn))
    if subject.pick is Pick.LATEST:
        return recent[-1]
    return random.Random(seed).choice(recent)  # noqa: S311 - a lot, no secret


def _why_none(subject: Subject, mine: Sequence[Candidate], usable: Sequence[Candidate]) -> str:
    where = f"vault {subject.vault} of account {subject.account} in {subject.region}"
    if usable:
        newest = max(each.point.created_at for each in usable)
        return f"the newest recovery point in {where} is of {newest:%Y-%m-%d %H:%M} UTC, and the test looks back {subject.within_days} days"
    if mine:
        states = ", ".join(sorted({each.status.value for each in mine}))
        return f"no recovery point in {where} can be restored: they are {states}"
    return f"{where} holds no recovery point of it"
