"""A logically air-gapped vault as the target of a rule: what goes there, by which way, and what falls back in silence.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/lag-vault-primary-backup.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/logicallyairgappedvault.html
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics.copies import AWS, UNKNOWN_KEY, fully_managed
from strongroom.semantics.jobs import BackupJobState

_NEEDS_ENCRYPTION: Final = frozenset({ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE})


class Way(StrEnum):
    """How recovery points reach the air-gapped vault."""

    DIRECT = "direct"  # the backup job writes there; the standard vault stays unused
    THROUGH_STANDARD = "through the standard vault"  # a temporary recovery point, then an automatic copy
    BESIDE_CONTINUOUS = "beside a continuous recovery point"  # Aurora: that one stays in the standard vault
    FALLS_BACK = "falls back"  # only in the standard vault, completed with issues
    FAILS = "fails"  # the job fails
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AirGappedCase:
    """A rule with an air-gapped target meets a resource."""

    type: ResourceType
    key_manager: str | None  # of the resource: AWS, CUSTOMER, UNKNOWN; None: not encrypted
    continuous: bool = False  # the rule is continuous
    continuous_elsewhere: str = ""  # S3: name of the bucket if another vault holds its continuous recovery point
    advanced_dynamodb: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AirGapped:
    """What comes of it once every job is over and nothing went wrong on the way."""

    way: Way
    job_state: BackupJobState
    message: str  # AWS's message of the backup job, or why it isn't known; empty: completed without issues
    in_air_gapped: bool
    in_standard: bool  # a recovery point stays in the standard vault

    @property
    def with_issues(self) -> bool:
        """Whether the job is green and yet the recovery point isn't where it was meant to be."""
        return self.way is Way.FALLS_BACK


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPoint:
    """A recovery point on its way through the standard vault (Lifecycle.DeleteAfterEvent DELETE_AFTER_COPY)."""

    copies_over: bool  # every copy job of it has ended, well or badly
    air_gapped_copy_completed: bool
    air_gapped_keeps_as_long: bool  # the copy there is kept at least as long as this one would be
    aurora_continuous: bool = False  # the snapshot beside a continuous recovery point goes in any case


def target(case: AirGappedCase) -> AirGapped:
    """Return where the recovery points of a rule with an air-gapped target end.

    Example:
        >>> found = target(AirGappedCase(type=ResourceType.RDS, key_manager="CUSTOMER"))
        >>> str(found.way), found.with_issues, found.in_air_gapped
        ('falls back', True, False)
    """
    if case.type is ResourceType.S3 and case.continuous_elsewhere:
        message = facts.message("s3_continuous_elsewhere").format(bucket=case.continuous_elsewhere)
        return _made(Way.FAILS, message, air_gapped=False, standard=False)
    fallback = _fallback(case)
    if fallback:
        return _made(Way.FALLS_BACK, facts.message(fallback), air_gapped=False, standard=True)
    if fully_managed(case.type, advanced_dynamodb=case.advanced_dynamodb):
        return _made(Way.DIRECT, "", air_gapped=True, standard=False)
    unknown = _unknown(case)
    if unknown:
        return _made(Way.UNKNOWN, unknown, air_gapped=False, standard=True)
    if case.continuous and case.type is ResourceType.AURORA:
        return _made(Way.BESIDE_CONTINUOUS, "", air_gapped=True, standard=True)
    return _made(Way.THROUGH_STANDARD, "", air_gapped=True, standard=False)


def _fallback(case: AirGappedCase) -> str:
    """Return the name of AWS's message for a resource whose recovery points stay in the standard vault, else empty."""
    basic = case.type is ResourceType.DYNAMODB and not case.advanced_dynamodb
    if basic or not facts.capabilities(case.type).air_gapped:
        return "air_gapped_unsupported_type"
    if fully_managed(case.type):
        return ""
    if case.key_manager is None and case.type in _NEEDS_ENCRYPTION:
        return "air_gapped_unsupported_type"
    return "air_gapped_aws_managed_key" if case.key_manager == AWS else ""


def copy_refusal(case: AirGappedCase) -> str:
    """Return AWS's message for a copy that an air-gapped vault can't take, else empty.

    Example:
        >>> copy_refusal(AirGappedCase(type=ResourceType.EBS, key_manager="AWS"))
        "Snapshots encrypted with the AWS managed key can't be shared. Specify another snapshot."
    """
    names = {"air_gapped_unsupported_type": "unsupported_type", "air_gapped_aws_managed_key": "copy_aws_managed_key"}
    name = names.get(_fallback(case))
    return "" if name is None else facts.message(name)


def removed(point: TemporaryPoint) -> bool:
    """Return whether AWS Backup removes a temporary recovery point; one whose copy failed stays for its whole retention.

    All copy jobs of it must be over, and a completed copy in the air-gapped vault must be kept as long. A copy made by hand
    later sets the removal off too. Nobody can delete it by hand where the standard vault is locked.

    Example:
        >>> removed(TemporaryPoint(copies_over=True, air_gapped_copy_completed=False, air_gapped_keeps_as_long=True))
        False
    """
    if not point.copies_over:
        return False
    return point.aurora_continuous or (point.air_gapped_copy_completed and point.air_gapped_keeps_as_long)


def lock_problem(min_days: int, max_days: int | None) -> str:
    """Return why an air-gapped vault can't be made with a range of retention, else empty; both bounds are required.

    Its lock is hard from the start: there is no grace time.

    Example:
        >>> lock_problem(3, 30)
        'MinRetentionDays is 3, 7 at least for an air-gapped vault'
    """
    low, high = facts.limit("air_gapped_retention_days_min").value, facts.limit("lock_retention_days_max").value
    if min_days < low:
        return f"MinRetentionDays is {min_days}, {low} at least for an air-gapped vault"
    if max_days is None:
        return "MaxRetentionDays is missing, an air-gapped vault needs it"
    if max_days < min_days or max_days > high:
        return f"MaxRetentionDays is {max_days}, {min_days} to {high} allowed"
    return ""


def _unknown(case: AirGappedCase) -> str:
    if "air_gapped" in facts.capabilities(case.type).disputed:
        return f"kinds of {case.type} differ in their support of air-gapped vaults"
    return "the key that encrypts the resource could not be read" if case.key_manager == UNKNOWN_KEY else ""


def _made(way: Way, message: str, *, air_gapped: bool, standard: bool) -> AirGapped:
    state = BackupJobState.FAILED if way is Way.FAILS else BackupJobState.COMPLETED
    return AirGapped(way=way, job_state=state, message=message, in_air_gapped=air_gapped, in_standard=standard)
