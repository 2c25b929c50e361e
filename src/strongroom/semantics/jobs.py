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
