"""States of jobs and recovery points, and the moves between them.

"Completed with issues" is no state of its own: it is COMPLETED with a message.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CopyJob.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType


class BackupJobState(StrEnum):
    """State of a backup job."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    ABORTING = "ABORTING"
    ABORTED = "ABORTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    PARTIAL = "PARTIAL"


class CopyJobState(StrEnum):
    """State of a copy job; copy jobs have no start window and never expire."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    PARTIAL = "PARTIAL"


class RecoveryPointStatus(StrEnum):
    """Status of a recovery point."""

    CREATING = "CREATING"
    COMPLETED = "COMPLETED"
    AVAILABLE = "AVAILABLE"
    STOPPED = "STOPPED"
    PARTIAL = "PARTIAL"
    EXPIRED = "EXPIRED"  # due, but the deletion failed: it stays and is billed
    DELETING = "DELETING"

    @property
    def restorable(self) -> bool:
        """Whether a restore can start from it through AWS Backup; of PARTIAL ones, their children."""
        return self in {self.COMPLETED, self.AVAILABLE, self.STOPPED}


State = BackupJobState | CopyJobState | RecoveryPointStatus
_B, _C, _R = BackupJobState, CopyJobState, RecoveryPointStatus

BACKUP_JOB_MOVES: Final[Mapping[BackupJobState, frozenset[BackupJobState]]] = MappingProxyType(
    {
        _B.CREATED: frozenset({_B.PENDING, _B.RUNNING, _B.FAILED, _B.EXPIRED, _B.ABORTING}),
        _B.PENDING: frozenset({_B.RUNNING, _B.FAILED, _B.EXPIRED, _B.ABORTING}),
        _B.RUNNING: frozenset({_B.COMPLETED, _B.PARTIAL, _B.FAILED, _B.EXPIRED, _B.ABORTING}),
        _B.ABORTING: frozenset({_B.ABORTED}),
        _B.ABORTED: frozenset(),
        _B.COMPLETED: frozenset(),
        _B.FAILED: frozenset(),
        _B.EXPIRED: frozenset(),
        _B.PARTIAL: frozenset(),
    }
)

COPY_JOB_MOVES: Final[Mapping[CopyJobState, frozenset[CopyJobState]]] = MappingProxyType(
    {
        _C.CREATED: frozenset({_C.RUNNING, _C.FAILED}),
        _C.RUNNING: frozenset({_C.COMPLETED, _C.FAILED, _C.PARTIAL}),
        _C.COMPLETED: frozenset(),
        _C.FAILED: frozenset(),
        _C.PARTIAL: frozenset(),
    }
)

RECOVERY_POINT_MOVES: Final[Mapping[RecoveryPointStatus, frozenset[RecoveryPointStatus]]] = MappingProxyType(
    {
        _R.CREATING: frozenset({_R.COMPLETED, _R.AVAILABLE, _R.PARTIAL, _R.DELETING}),
        _R.COMPLETED: frozenset({_R.DELETING, _R.EXPIRED}),
        _R.AVAILABLE: frozenset({_R.STOPPED, _R.DELETING, _R.EXPIRED}),
        _R.STOPPED: frozenset({_R.DELETING, _R.EXPIRED}),
        _R.PARTIAL: frozenset({_R.DELETING, _R.EXPIRED}),
        _R.EXPIRED: frozenset({_R.DELETING}),
        _R.DELETING: frozenset({_R.EXPIRED}),
    }
)


def may_move(
    before: BackupJobState | CopyJobState | RecoveryPointStatus, after: BackupJobState | CopyJobState | RecoveryPointStatus
) -> bool:
    """Return whether AWS Backup moves a job or recovery point from one state to another.

    Example:
        >>> may_move(BackupJobState.CREATED, BackupJobState.EXPIRED), may_move(BackupJobState.EXPIRED, BackupJobState.RUNNING)
        (True, False)
    """
    if isinstance(before, BackupJobState):
        return after in BACKUP_JOB_MOVES[before] and isinstance(after, BackupJobState)
    if isinstance(before, CopyJobState):
        return after in COPY_JOB_MOVES[before] and isinstance(after, CopyJobState)
    return after in RECOVERY_POINT_MOVES[before] and isinstance(after, RecoveryPointStatus)


def is_terminal(state: BackupJobState | CopyJobState) -> bool:
    """Return whether a job is over.

    Example:
        >>> is_terminal(BackupJobState.PARTIAL), is_terminal(CopyJobState.CREATED)
        (True, False)
    """
    return not (BACKUP_JOB_MOVES[state] if isinstance(state, BackupJobState) else COPY_JOB_MOVES[state])


class RestoreJobState(StrEnum):
    """State of a restore job; events and summaries show CREATED too."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    ABORTED = "ABORTED"
    FAILED = "FAILED"


class LegalHoldState(StrEnum):
    """State of a legal hold; while it is being made or cancelled, deletions may still or may already succeed."""

    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


def holdable(status: RecoveryPointStatus, *, continuous: bool) -> bool | None:
    """Return whether a legal hold takes a recovery point in; None where AWS doesn't say (it is being created).

    Only what exists when the hold is made counts; copies don't inherit it.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/legalhold.html

    Example:
        >>> holdable(RecoveryPointStatus.COMPLETED, continuous=False), holdable(RecoveryPointStatus.AVAILABLE, continuous=True)
        (True, False)
    """
    if continuous or status in {RecoveryPointStatus.EXPIRED, RecoveryPointStatus.DELETING}:
        return False
    return None if status is RecoveryPointStatus.CREATING else True


def stoppable(resource_type: ResourceType) -> bool:
    """Return whether StopBackupJob works for a type.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/stopping-a-backup-job.html

    Example:
        >>> stoppable(ResourceType.EBS), stoppable(ResourceType.RDS)
        (True, False)
    """
    return resource_type not in facts.types("not_stoppable")
