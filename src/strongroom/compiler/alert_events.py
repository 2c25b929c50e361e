"""What EventBridge tells about backups: the rules of the central bus, each with its pattern and the words of its message.

Patterns follow AWS Backup's events (aws/07 §7.6): backup and copy jobs have a `state`, restore jobs and recovery points a
`status`, and a job "completed with issues" is a completed one with a message.
"""

from dataclasses import dataclass
from typing import Final

from strongroom.compiler.template import Json
from strongroom.domain.governance import AlertEvent

BACKUP_EVENTS: Final[Json] = {"source": ["aws.backup"]}  # all of them: jobs, recovery points, vaults, plans, settings of a Region
# EventBridge sees the calls of people and programs where a trail of CloudTrail logs management events
KEY_EVENTS: Final[Json] = {
    "source": ["aws.kms"],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {
        "eventSource": ["kms.amazonaws.com"],
        "eventName": ["DisableKey", "ScheduleKeyDeletion"],
        "errorCode": [{"exists": False}],
    },
}


def _change(kind: str, field: str, *states: str) -> Json:
    return {**BACKUP_EVENTS, "detail-type": [f"{kind} State Change"], "detail": {field: list(states)}}


COMPLETED_JOBS: Final = _change("Backup Job", "state", "COMPLETED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rule of the central bus: it counts its events in CloudWatch, and tells people where they ask for it."""

    name: str  # of the rule
    words: str  # what happened, first line of the message
    pattern: Json
    event: AlertEvent | None  # None: counted only


_ISSUES: Final[Json] = {
    **BACKUP_EVENTS,
    "$or": [
        {"detail-type": ["Backup Job State Change"], "detail": {"state": ["COMPLETED"], "statusMessage": [{"exists": True}]}},
        {"detail-type": ["Recovery Point State Change"], "detail": {"status": ["PARTIAL"]}},
    ],
}
_EVENTS: Final[tuple[tuple[AlertEvent, str, Json], ...]] = (
    (AlertEvent.STARTED, "a backup job started", _change("Backup Job", "state", "RUNNING")),
    (AlertEvent.COMPLETED, "a backup job completed", COMPLETED_JOBS),
    (AlertEvent.FAILED, "a backup job failed or was aborted", _change("Backup Job", "state", "FAILED", "ABORTED")),
    (AlertEvent.EXPIRED, "a backup job expired: it could not start in its window", _change("Backup Job", "state", "EXPIRED")),
    (AlertEvent.WITH_ISSUES, "a backup completed with issues: something is not in it", _ISSUES),
    (AlertEvent.COPY_FAILED, "a copy job failed", _change("Copy Job", "state", "FAILED")),
    (AlertEvent.RESTORE_STARTED, "a restore started", _change("Restore Job", "status", "RUNNING")),
    (AlertEvent.RESTORE_COMPLETED, "a restore completed", _change("Restore Job", "status", "COMPLETED")),
    (AlertEvent.RESTORE_FAILED, "a restore or a restore test failed", _change("Restore Job", "status", "FAILED")),
    (AlertEvent.LOCK, "a vault or its lock changed", _change("Backup Vault", "state", "MODIFIED", "DELETED")),
    (AlertEvent.KEY, "a key was disabled or scheduled for deletion", KEY_EVENTS),
)
TOLD: Final = (
    *(Told(name=event.value, words=words, pattern=pattern, event=event) for event, words, pattern in _EVENTS),
    Told(name="copy-completed", words="a copy job completed", pattern=_change("Copy Job", "state", "COMPLETED"), event=None),
)
