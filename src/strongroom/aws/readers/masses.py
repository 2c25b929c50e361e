"""Recovery points and jobs: pages of 1,000 that go from JSON to columns without botocore's parser.

Source: AWS Backup API reference, ListRecoveryPointsByBackupVault, ListBackupJobs, ListCopyJobs; lists of jobs reach back 30 days.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from strongroom import ledger
from strongroom.aws.readers.backup import PAGE
from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import days, instants, texts
from strongroom.domain.tables import BACKUP_JOBS, COPY_JOBS, RECOVERY_POINTS

Items = Sequence[Mapping[str, Any]]
Columns = dict[str, pa.Array]
NOTHING: Mapping[str, Any] = {}


def read_recovery_points(scope: Scope, harvest: Harvest, vault: str) -> None:
    """Add all recovery points of a vault."""
    with harvest.subject(scope.account, scope.region, "recovery_points") as subject:
        for page in scope.pages(
            "backup", "list_recovery_points_by_backup_vault", "RecoveryPoints", raw=True, BackupVaultName=vault, MaxResults=PAGE
        ):
            items = _dated(page, "RecoveryPointArn", subject)
            _add(scope, harvest, RECOVERY_POINTS, recovery_point_columns(items, vault), len(items))


def read_backup_jobs(scope: Scope, harvest: Harvest) -> None:
    """Add the backup jobs that AWS still lists."""
    with harvest.subject(scope.account, scope.region, "backup_jobs") as subject:
        for page in scope.pages("backup", "list_backup_jobs", "BackupJobs", raw=True, MaxResults=PAGE):
            items = _dated(page, "BackupJobId", subject)
            _add(scope, harvest, BACKUP_JOBS, backup_job_columns(items), len(items))


def read_copy_jobs(scope: Scope, harvest: Harvest) -> None:
    """Add the copy jobs that AWS still lists; they are listed in the account of the source."""
    with harvest.subject(scope.account, scope.region, "copy_jobs") as subject:
        for page in scope.pages("backup", "list_copy_jobs", "CopyJobs", raw=True, MaxResults=PAGE):
            items = _dated(page, "CopyJobId", subject)
            _add(scope, harvest, COPY_JOBS, copy_job_columns(items), len(items))


def recovery_point_columns(items: Items, vault: str) -> Columns:
    """Return the columns of recovery points, but account and Region."""
    creators = [item.get("CreatedBy") or NOTHING for item in items]
    calculated = [item.get("CalculatedLifecycle") or NOTHING for item in items]
    return {
        "vault_name": pa.repeat(vault, len(items)),
        "arn": texts(items, "RecoveryPointArn"),
        "resource_arn": texts(items, "ResourceArn", default=""),
        "resource_type": texts(items, "ResourceType", default=""),
        "status": texts(items, "Status", default=""),
        "status_message": texts(items, "StatusMessage"),
        "created_at": instants([item["CreationDate"] for item in items]),
        "completed_at": instants([item.get("CompletionDate") for item in items]),
        "delete_at": instants([each.get("DeleteAt") for each in calculated]),
        "delete_after_days": pa.array([days(item.get("Lifecycle"), "DeleteAfterDays") for item in items], pa.int64()),
        "size_bytes": pa.array([item.get("BackupSizeInBytes") for item in items], pa.int64()),
        "source_vault_arn": texts(items, "SourceBackupVaultArn"),
        "key_arn": texts(items, "EncryptionKeyArn"),
        "encrypted": pa.array([item.get("IsEncrypted") for item in items], pa.bool_()),
        "plan_id": texts(creators, "BackupPlanId"),
        "plan_version": texts(creators, "BackupPlanVersion"),
        "rule_id": texts(creators, "BackupRuleId"),
    }


def backup_job_columns(items: Items) -> Columns:
    """Return the columns of backup jobs, but account and Region."""
    creators = [item.get("CreatedBy") or NOTHING for item in items]
    return {
        "job_id": texts(items, "BackupJobId"),
        "resource_arn": texts(items, "ResourceArn", default=""),
        "resource_type": texts(items, "ResourceType", default=""),
        "vault_name": texts(items, "BackupVaultName", default=""),
        "state": texts(items, "State", default=""),
        "message": texts(items, "StatusMessage"),
        "message_category": texts(items, "MessageCategory"),
        "created_at": instants([item["CreationDate"] for item in items]),
        "start_by": instants([item.get("StartBy") for item in items]),
        "completed_at": instants([item.get("CompletionDate") for item in items]),
        "recovery_point_arn": texts(items, "RecoveryPointArn"),
        "plan_id": texts(creators, "BackupPlanId"),
        "rule_id": texts(creators, "BackupRuleId"),
    }


def copy_job_columns(items: Items) -> Columns:
    """Return the columns of copy jobs, but account and Region."""
    creators = [item.get("CreatedBy") or NOTHING for item in items]
    return {
        "job_id": texts(items, "CopyJobId"),
        "resource_arn": texts(items, "ResourceArn", default=""),
        "resource_type": texts(items, "ResourceType", default=""),
        "source_vault_arn": texts(items, "SourceBackupVaultArn", default=""),
        "destination_vault_arn": texts(items, "DestinationBackupVaultArn", default=""),
        "source_recovery_point_arn": texts(items, "SourceRecoveryPointArn", default=""),
        "destination_recovery_point_arn": texts(items, "DestinationRecoveryPointArn"),
        "state": texts(items, "State", default=""),
        "message": texts(items, "StatusMessage"),
        "created_at": instants([item["CreationDate"] for item in items]),
        "completed_at": instants([item.get("CompletionDate") for item in items]),
        "plan_id": texts(creators, "BackupPlanId"),
        "rule_id": texts(creators, "BackupRuleId"),
    }


def _dated(page: Items, key: str, subject: Subject) -> Items:
    """Return the items that have their key and a creation date; without them a row would mean nothing."""
    good = [item for item in page if item.get(key) and item.get("CreationDate") is not None]
    if len(good) < len(page):
        subject.miss(f"{len(page) - len(good)} items lack {key} or CreationDate", "IncompleteAnswer")
    return good


def _add(scope: Scope, harvest: Harvest, table: Any, columns: Columns, rows: int) -> None:
    place = {"account_id": pa.repeat(scope.account, rows), "region": pa.repeat(scope.region, rows)}
    harvest.add_columns(table, pa.table(place | columns, schema=ledger.schema(table)))
