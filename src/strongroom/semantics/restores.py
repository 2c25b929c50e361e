"""Restore jobs: their states, what can be restored, with which metadata, and how much longer cold storage takes.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-a-backup.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRestoreJob.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics.jobs import RecoveryPointStatus, RestoreJobState

_S = RestoreJobState
RESTORE_JOB_MOVES: Final[Mapping[RestoreJobState, frozenset[RestoreJobState]]] = MappingProxyType(
    {
        _S.PENDING: frozenset({_S.RUNNING, _S.FAILED, _S.ABORTED}),
        _S.RUNNING: frozenset({_S.COMPLETED, _S.FAILED, _S.ABORTED}),
        _S.COMPLETED: frozenset(),
        _S.ABORTED: frozenset(),
        _S.FAILED: frozenset(),
    }
)
CLUSTERS: Final = frozenset({ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE})
BACKED_UP_PROFILE: Final = "UseBackedUpValue"  # the one new value of IamInstanceProfileName that AWS Backup takes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """A key that a restore needs: that of the recovery point, or that of what is restored."""

    usable: bool  # enabled, and somebody knows it
    shared: bool  # its policy lets the restoring account use it


def may_move(before: RestoreJobState, after: RestoreJobState) -> bool:
    """Return whether AWS Backup moves a restore job from one state to another.

    Example:
        >>> may_move(RestoreJobState.PENDING, RestoreJobState.RUNNING), may_move(RestoreJobState.FAILED, RestoreJobState.RUNNING)
        (True, False)
    """
    return after in RESTORE_JOB_MOVES[before]


def is_over(state: RestoreJobState) -> bool:
    """Return whether a restore job is over.

    Example:
        >>> is_over(RestoreJobState.ABORTED), is_over(RestoreJobState.RUNNING)
        (True, False)
    """
    return not RESTORE_JOB_MOVES[state]


def refused(status: RecoveryPointStatus) -> str:
    """Return why no restore can start from a recovery point in a status, empty if one can; the text is our own.

    Example:
        >>> refused(RecoveryPointStatus.EXPIRED)
        'a recovery point that is EXPIRED cannot be restored by AWS Backup'
        >>> refused(RecoveryPointStatus.STOPPED)
        ''
    """
    return "" if status.restorable else f"a recovery point that is {status} cannot be restored by AWS Backup"


def key_problem(key: KeyState | None) -> str:
    """Return AWS's message for a restore whose key can't be used, empty if it can; None: nothing is encrypted.

    Example:
        >>> key_problem(KeyState(usable=True, shared=False))
        'Access denied to KMS key.'
    """
    if key is None:
        return ""
    if not key.usable:
        return facts.message("restore_key_unusable")
    return "" if key.shared else facts.message("restore_key_denied")


def value(metadata: Mapping[str, str], key: str) -> str | None:
    """Return the value of a metadata key, whatever its case.

    Example:
        >>> value({"KmsKeyId": "alias/data"}, "kmsKeyId")
        'alias/data'
    """
    return next((text for name, text in metadata.items() if name.lower() == key.lower()), None)


def merged(inferred: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Return metadata with overrides, whose keys are not case sensitive; an overridden key keeps its spelling.

    Example:
        >>> merged({"availabilityZone": "eu-west-2a"}, {"AvailabilityZone": "eu-west-2b", "iops": "3000"})
        {'availabilityZone': 'eu-west-2b', 'iops': '3000'}
    """
    spelling = {name.lower(): name for name in inferred}
    return dict(inferred) | {spelling.get(name.lower(), name): text for name, text in overrides.items()}


def missing(resource_type: ResourceType, metadata: Mapping[str, str], *, cluster: bool = False, continuous: bool = False) -> str:
    """Return AWS's message for metadata without which a type can't be restored, empty if they are all there.

    `cluster`: an RDS Multi-AZ DB cluster. Buckets need an instant where the recovery point is continuous.

    Example:
        >>> missing(ResourceType.DYNAMODB, {})
        'Restore metadata is incomplete. Missing: targetTableName'
        >>> missing(ResourceType.DYNAMODB, {"targetTableName": "orders-restored"})
        ''
    """
    row = ResourceType.AURORA if cluster else resource_type
    if row not in facts.names("restores"):
        return ""
    needs = list(facts.fact("restores", row).value["needs"])
    if continuous and resource_type is ResourceType.S3:
        needs.append("RestoreTime")
    lacking = [key for key in needs if not value(metadata, key)]
    return facts.message("restore_metadata_missing").format(keys=", ".join(lacking)) if lacking else ""


def profile_problem(asked: str | None, backed_up: str | None) -> str:
    """Return AWS's message for an instance profile that a restored EC2 instance can't get, empty if it can.

    Example:
        >>> profile_problem("admin", "web").startswith("AWS Backup does not permit attaching a new instance profile")
        True
        >>> profile_problem("UseBackedUpValue", "web"), profile_problem(None, "web"), profile_problem("web", "web")
        ('', '', '')
    """
    return "" if asked in (None, "", "null", BACKED_UP_PROFILE, backed_up) else facts.message("restore_instance_profile")


def retrieval(resource_type: ResourceType, *, cold: bool) -> tuple[timedelta, timedelta]:
    """Return how much longer a restore takes, at least and at most, because the recovery point lies in cold storage.

    AWS names about four hours for cold storage and up to 72 for an archived EBS snapshot (24 at least, by experience).

    Example:
        >>> str(retrieval(ResourceType.EFS, cold=True)[0]), str(retrieval(ResourceType.EBS, cold=True)[1])
        ('4:00:00', '3 days, 0:00:00')
    """
    if not cold:
        return timedelta(0), timedelta(0)
    if facts.storage(resource_type).cold == "archive":
        longest = timedelta(hours=facts.limit("archive_restore_hours_max").value)
        return longest / 3, longest
    usual = timedelta(hours=facts.limit("cold_restore_hours").value)
    return usual, usual
