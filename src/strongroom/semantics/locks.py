"""A vault lock as a state machine: what it refuses, who can still change it, and what each call makes of it.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from strongroom import facts
from strongroom.domain.names import RetentionDays
from strongroom.semantics import lifecycle


class Phase(StrEnum):
    """How firmly a lock holds."""

    NONE = "none"  # no lock
    GOVERNANCE = "governance"  # whoever has the permission can change or remove it
    GRACE = "grace"  # a compliance lock before its lock date: it can still be changed or removed
    COMPLIANCE = "compliance"  # past its lock date: nobody can, AWS included


class Act(StrEnum):
    """What somebody tries with a locked vault or with what is in it."""

    DELETE_RECOVERY_POINT = "DeleteRecoveryPoint"
    CHANGE_LIFECYCLE = "UpdateRecoveryPointLifecycle"
    DISASSOCIATE = "DisassociateRecoveryPoint"
    DELETE_VAULT = "DeleteBackupVault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock that is on; a vault without one is None."""

    min_days: int | None
    max_days: int | None
    lock_at: datetime | None  # LockDate, when it hardens; None: governance


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a call made of a lock."""

    lock: Lock | None  # afterwards
    refused: str = ""  # why nothing changed
    open: str = ""  # what AWS's pages leave unsaid about it


def phase(lock: Lock | None, at: datetime) -> Phase:
    """Return how firmly a lock holds at an instant; from its lock date on it is hard.

    Example:
        >>> from datetime import UTC
        >>> lock = Lock(min_days=7, max_days=None, lock_at=datetime(2027, 1, 4, tzinfo=UTC))
        >>> [str(phase(lock, datetime(2027, 1, day, tzinfo=UTC))) for day in (3, 4)]
        ['grace', 'compliance']
    """
    if lock is None:
        return Phase.NONE
    if lock.lock_at is None:
        return Phase.GOVERNANCE
    return Phase.COMPLIANCE if at >= lock.lock_at else Phase.GRACE


def put(lock: Lock | None, *, at: datetime, min_days: int | None, max_days: int | None, changeable_for_days: int | None) -> Change:
    """Return what PutBackupVaultLockConfiguration makes of a lock; the presence of `changeable_for_days` means compliance.

    The call replaces the whole configuration. Putting again during the grace time starts it anew; putting without
    `changeable_for_days` then would leave a governance lock: both follow from the definition, no page says so.

    Example:
        >>> from datetime import UTC
        >>> made = put(None, at=datetime(2027, 1, 1, tzinfo=UTC), min_days=7, max_days=365, changeable_for_days=3)
        >>> str(made.lock.lock_at)
        '2027-01-04 00:00:00+00:00'
    """
    before = phase(lock, at)
    if before is Phase.COMPLIANCE:
        return Change(lock=lock, refused="the lock date is over, nobody can change the lock")
    refused = _out_of_range(min_days, max_days, changeable_for_days)
    if refused:
        return Change(lock=lock, refused=refused)
    lock_at = None if changeable_for_days is None else at + timedelta(days=changeable_for_days)
    unsaid = ""
    if before is Phase.GRACE:
        switched = "takes the lock back to governance" if lock_at is None else "starts the grace time anew"
        unsaid = f"no page says that a put during the grace time {switched}"
    return Change(lock=Lock(min_days=min_days, max_days=max_days, lock_at=lock_at), open=unsaid)


def delete(lock: Lock | None, *, at: datetime) -> Change:
    """Return what DeleteBackupVaultLockConfiguration makes of a lock.

    Example:
        >>> from datetime import UTC
        >>> delete(Lock(min_days=7, max_days=None, lock_at=None), at=datetime(2027, 1, 1, tzinfo=UTC))
        Change(lock=None, refused='', open='')
    """
    if phase(lock, at) is Phase.COMPLIANCE:
        return Change(lock=lock, refused="the lock date is over, nobody can remove the lock")
    return Change(lock=None)


def refuses(lock: Lock | None, act: Act, *, recovery_points: int) -> str:
    """Return why an act fails on a vault or its recovery points, empty if the lock is no obstacle.

    Recovery points are immutable while a lock is on, in every phase, for root too; an empty vault can always be deleted.

    Example:
        >>> refuses(Lock(min_days=7, max_days=None, lock_at=None), Act.DELETE_RECOVERY_POINT, recovery_points=1)
        'the vault is locked: DeleteRecoveryPoint is refused while the lock is on'
    """
    if act is Act.DELETE_VAULT:
        return facts.message("vault_not_empty") if recovery_points else ""
    return f"the vault is locked: {act} is refused while the lock is on" if lock is not None else ""


def fails(lock: Lock | None, keep: RetentionDays, *, copy: bool) -> str:
    """Return AWS's message for a backup or copy job whose retention is outside the lock, else empty.

    Asked when the job runs, of the job's own retention; what is already in the vault keeps its lifecycle.

    Example:
        >>> fails(Lock(min_days=7, max_days=30, lock_at=None), 31, copy=False)
        'Backup job failed because the lifecycle is outside the valid range for backup vault.'
    """
    if lock is None or not lifecycle.outside_lock(keep, lock.min_days, lock.max_days):
        return ""
    return facts.message("lock_range_copy" if copy else "lock_range_backup")


def blocks_continuous(lock: Lock | None) -> bool:
    """Return whether no continuous backup can land in a vault: its minimum is longer than continuous backups are kept.

    Example:
        >>> blocks_continuous(Lock(min_days=36, max_days=None, lock_at=None))
        True
    """
    return lock is not None and lock.min_days is not None and lock.min_days > facts.limit("continuous_retention_days_max").value


def undeletable(lock: Lock | None, keep: RetentionDays, at: datetime) -> bool:
    """Return whether a recovery point can never be removed: kept for ever under a lock that has hardened.

    Only closing the account ends it: its vaults remain for 90 days and go with it.
    """
    return phase(lock, at) is Phase.COMPLIANCE and lifecycle.is_forever(keep)


def _out_of_range(min_days: int | None, max_days: int | None, changeable_for_days: int | None) -> str:
    low, high = facts.limit("lock_retention_days_min").value, facts.limit("lock_retention_days_max").value
    if min_days is not None and min_days < low:
        return f"MinRetentionDays is {min_days}, {low} at least"
    if max_days is not None and max_days > high:
        return f"MaxRetentionDays is {max_days}, {high} at most"
    if max_days is not None and max_days < (min_days or low):
        return f"MaxRetentionDays is {max_days}, below MinRetentionDays {min_days or low}"
    grace_low, grace_high = facts.limit("lock_grace_days_min").value, facts.limit("lock_grace_days_max").value
    if changeable_for_days is not None and not grace_low <= changeable_for_days <= grace_high:
        return f"ChangeableForDays is {changeable_for_days}, {grace_low} to {grace_high} allowed"
    return ""
