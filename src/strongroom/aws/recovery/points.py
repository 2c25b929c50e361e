"""Recovery points as a restore sees them: listed, described, and what AWS Backup says to restore them with.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRecoveryPoint.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_GetRecoveryPointRestoreMetadata.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.domain.recovery import PointRef
from strongroom.semantics.jobs import RecoveryPointStatus

PAGE = 1000  # the most that AWS Backup gives at once
_AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"
_CONTINUOUS = frozenset({RecoveryPointStatus.AVAILABLE, RecoveryPointStatus.STOPPED})  # statuses of continuous backups alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A recovery point and what decides whether it can be restored."""

    point: PointRef
    resource_arn: str
    type: ResourceType
    status: RecoveryPointStatus
    completed_at: datetime | None
    delete_at: datetime | None  # None: never, or not told
    delete_after_days: int | None
    key_arn: str | None
    encrypted: bool | None
    parent: bool  # composite: its members can be restored, it can't
    air_gapped: bool
    cold: bool | None = None  # None: listings don't tell
    passing: bool = False  # AWS Backup deletes it as soon as it is copied to an air-gapped vault


def points_in_vault(sessions: Sessions, account: AccountId, region: Region, vault: str, resource_arn: str) -> Iterator[Candidate]:
    """Yield the recovery points of a resource in one vault; raises AwsRefused."""
    listed = sessions.pages(
        "backup",
        region,
        "list_recovery_points_by_backup_vault",
        "RecoveryPoints",
        account=account,
        BackupVaultName=vault,
        ByResourceArn=resource_arn,
        MaxResults=PAGE,
    )
    for each in listed:
        yield _candidate(each, account, region, vault)


def points_of_resource(sessions: Sessions, account: AccountId, region: Region, resource_arn: str) -> Iterator[tuple[str, str]]:
    """Yield vault name and ARN of each recovery point of a resource that AWS Backup keeps in one account and Region; raises AwsRefused."""
    listed = sessions.pages(
        "backup",
        region,
        "list_recovery_points_by_resource",
        "RecoveryPoints",
        account=account,
        ResourceArn=resource_arn,
        ManagedByAWSBackupOnly=True,
        MaxResults=PAGE,
    )
    for each in listed:
        if each.get("BackupVaultName"):
            yield each["BackupVaultName"], each["RecoveryPointArn"]


def described_point(sessions: Sessions, account: AccountId, region: Region, vault: str, arn: str) -> Candidate:
    """Return a recovery point as it is now; raises AwsRefused, code ResourceNotFoundException where there is none."""
    answer = sessions.call("backup", region, "describe_recovery_point", account=account, BackupVaultName=vault, RecoveryPointArn=arn)
    return _candidate(answer, account, region, vault)


def restore_metadata(sessions: Sessions, point: PointRef) -> dict[str, str]:
    """Return what AWS Backup recorded of the resource, by the keys that a restore takes; raises AwsRefused."""
    answer = sessions.call(
        "backup",
        point.region,
        "get_recovery_point_restore_metadata",
        account=point.account,
        BackupVaultName=point.vault,
        RecoveryPointArn=point.arn,
    )
    found: dict[str, str] = answer.get("RestoreMetadata") or {}
    return found


def tags_of_point(sessions: Sessions, point: PointRef) -> dict[str, str]:
    """Return the tags of a recovery point, which are those that the resource had then; raises AwsRefused."""
    tagged: dict[str, str] = {}
    for page in sessions.whole_pages("backup", point.region, "list_tags", "Tags", account=point.account, ResourceArn=point.arn):
        tagged.update(page)  # a map, unlike in other listings
    return tagged


def vault_names(sessions: Sessions, account: AccountId, region: Region) -> tuple[str, ...]:
    """Return the vaults of an account and Region; raises AwsRefused."""
    listed = sessions.pages("backup", region, "list_backup_vaults", "BackupVaultList", account=account, MaxResults=PAGE)
    return tuple(each["BackupVaultName"] for each in listed)


def vaults_shared_with(sessions: Sessions, account: AccountId, region: Region) -> frozenset[str]:
    """Return the ARNs of other accounts' air-gapped vaults from which an account restores without a copy; raises AwsRefused."""
    listed = sessions.pages(
        "backup", region, "list_backup_vaults", "BackupVaultList", account=account, ByShared=True, ByVaultType=_AIR_GAPPED, MaxResults=PAGE
    )
    return frozenset(each["BackupVaultArn"] for each in listed)


def key_state(sessions: Sessions, key_arn: str) -> tuple[str, str]:
    """Return KMS's state of a key ("Enabled", "PendingDeletion" …), and AWS or CUSTOMER, who keeps it; raises AwsRefused."""
    parsed = Arn.parse(key_arn)
    answer = sessions.call("kms", parsed.region, "describe_key", account=parsed.account, KeyId=key_arn)
    found = answer["KeyMetadata"]
    return str(found["KeyState"]), str(found.get("KeyManager") or "")


def vault_named(sessions: Sessions, account: AccountId, region: Region, name: str) -> dict[str, Any] | None:
    """Return `DescribeBackupVault`'s answer, or None where there is no such vault; raises AwsRefused."""
    listed = sessions.pages("backup", region, "list_backup_vaults", "BackupVaultList", account=account, MaxResults=PAGE)
    return next((each for each in listed if each["BackupVaultName"] == name), None)


def _candidate(answer: Mapping[str, Any], account: AccountId, region: Region, vault: str) -> Candidate:
    status, lifecycle = RecoveryPointStatus(answer["Status"]), answer.get("Lifecycle") or {}
    size = answer.get("BackupSizeInBytes")
    return Candidate(
        point=PointRef(
            account=account,
            region=region,
            vault=vault,
            arn=answer["RecoveryPointArn"],
            created_at=answer["CreationDate"],
            continuous=status in _CONTINUOUS,
            size_bytes=None if size is None else int(size),
            encrypted=answer.get("IsEncrypted"),
        ),
        resource_arn=answer["ResourceArn"],
        type=ResourceType(answer["ResourceType"]),
        status=status,
        completed_at=answer.get("CompletionDate"),
        delete_at=(answer.get("CalculatedLifecycle") or {}).get("DeleteAt"),
        delete_after_days=lifecycle.get("DeleteAfterDays"),
        key_arn=answer.get("EncryptionKeyArn"),
        encrypted=answer.get("IsEncrypted"),
        parent=bool(answer.get("IsParent")),
        air_gapped=answer.get("VaultType") == _AIR_GAPPED,
        passing="DeleteAfterEvent" in lifecycle,
        cold=answer["StorageClass"] in {"COLD", "DELETED"} if "StorageClass" in answer else None,
    )
