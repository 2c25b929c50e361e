"""Recovery points and jobs: pages of 1,000 that go from JSON to columns without botocore's parser.

Source: AWS Backup API reference, ListRecoveryPointsByBackupVault, ListBackupJobs, ListCopyJobs, ListRestoreJobs; lists of jobs reach
back 30 days.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.aws.readers.backup import PAGE
from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import days, instants, texts
from strongroom.domain.tables import BACKUP_JOBS, COPY_JOBS, RECOVERY_POINTS, RESTORE_JOBS, Column, ColumnType, TableSchema
from strongroom.ledger.columns import ARROW_TYPES

Items = Sequence[Mapping[str, Any]]
Columns = dict[str, pa.Array]
NOTHING: Mapping[str, Any] = {}
DAY_SECONDS = 86_400

# Which member of AWS's answer each column is, or which member of a member.
_JOB: Final = MappingProxyType(
    {
        "resource_arn": "ResourceArn",
        "resource_type": "ResourceType",
        "state": "State",
        "message": "StatusMessage",
        "created_at": "CreationDate",
        "completed_at": "CompletionDate",
        "plan_id": "CreatedBy.BackupPlanId",
        "rule_id": "CreatedBy.BackupRuleId",
    }
)
_BACKUP_JOB: Final = MappingProxyType(
    {
        **_JOB,
        "job_id": "BackupJobId",
        "vault_name": "BackupVaultName",
        "message_category": "MessageCategory",
        "start_by": "StartBy",
        "recovery_point_arn": "RecoveryPointArn",
    }
)
_COPY_JOB: Final = MappingProxyType(
    {
        **_JOB,
        "job_id": "CopyJobId",
        "source_vault_arn": "SourceBackupVaultArn",
        "destination_vault_arn": "DestinationBackupVaultArn",
        "source_recovery_point_arn": "SourceRecoveryPointArn",
        "destination_recovery_point_arn": "DestinationRecoveryPointArn",
    }
)
_RESTORE_JOB: Final = MappingProxyType(
    {
        "job_id": "RestoreJobId",
        "resource_type": "ResourceType",
        "recovery_point_arn": "RecoveryPointArn",
        "source_resource_arn": "SourceResourceArn",
        "vault_arn": "BackupVaultArn",
        "state": "Status",
        "message": "StatusMessage",
        "created_at": "CreationDate",
        "completed_at": "CompletionDate",
        "recovery_point_created_at": "RecoveryPointCreationDate",
        "size_bytes": "BackupSizeInBytes",
        "role_arn": "IamRoleArn",
        "created_resource_arn": "CreatedResourceArn",
        "testing_plan_arn": "CreatedBy.RestoreTestingPlanArn",
        "validation_status": "ValidationStatus",
        "validation_message": "ValidationStatusMessage",
        "deletion_status": "DeletionStatus",
        "deletion_message": "DeletionStatusMessage",
    }
)
_RECOVERY_POINT: Final = MappingProxyType(
    {
        "arn": "RecoveryPointArn",
        "resource_arn": "ResourceArn",
        "resource_type": "ResourceType",
        "status": "Status",
        "status_message": "StatusMessage",
        "created_at": "CreationDate",
        "completed_at": "CompletionDate",
        "delete_at": "CalculatedLifecycle.DeleteAt",
        "size_bytes": "BackupSizeInBytes",
        "source_vault_arn": "SourceBackupVaultArn",
        "key_arn": "EncryptionKeyArn",
        "encrypted": "IsEncrypted",
        "plan_id": "CreatedBy.BackupPlanId",
        "plan_version": "CreatedBy.BackupPlanVersion",
        "rule_id": "CreatedBy.BackupRuleId",
    }
)


def read_recovery_points(scope: Scope, harvest: Harvest, vault: str) -> None:
    """Add all recovery points of a vault."""
    watched = scope.reading.watched.get((scope.account, scope.region))
    newest: dict[int, tuple[float, str]] = {}
    with harvest.subject(scope.account, scope.region, "recovery_points") as subject:
        for page in scope.pages(
            "backup", "list_recovery_points_by_backup_vault", "RecoveryPoints", raw=True, BackupVaultName=vault, MaxResults=PAGE
        ):
            items = _dated(page, "RecoveryPointArn", subject)
            columns = recovery_point_columns(items, vault)
            # Keys that nothing uses any more still decide whether what they encrypt can be read.
            harvest.keys.update((scope.account, scope.region, key) for key in columns["key_arn"].unique().to_pylist() if key)
            if watched:
                _watch(columns, watched, newest)
            _add(scope, harvest, RECOVERY_POINTS, columns, len(items))
    harvest.witnesses.update((scope.region, arn) for _, arn in newest.values())


def read_backup_jobs(scope: Scope, harvest: Harvest) -> None:
    """Add the backup jobs that AWS still lists."""
    _read_jobs(scope, harvest, JOBS[BACKUP_JOBS.name])


def read_copy_jobs(scope: Scope, harvest: Harvest) -> None:
    """Add the copy jobs that AWS still lists; they are listed in the account of the source."""
    _read_jobs(scope, harvest, JOBS[COPY_JOBS.name])


def read_restore_jobs(scope: Scope, harvest: Harvest) -> None:
    """Add the restore jobs that AWS still lists; they are listed where the recovery point is."""
    _read_jobs(scope, harvest, JOBS[RESTORE_JOBS.name])


def read_jobs_of_all(scope: Scope, harvest: Harvest, name: str, *, since: float | None, until: float | None) -> bool:
    """Add the jobs of all accounts, asked of one that administers AWS Backup; return whether all that AWS has was read.

    `since`, `until`: when they were created, in epoch seconds. Nothing is said about subjects: whom the list answers for is not known here.
    """
    # A second more at both ends: AWS does not say whether an item of that very instant is listed.
    filters = {} if since is None else {"ByCreatedAfter": datetime.fromtimestamp(since - 1, UTC)}
    filters |= {} if until is None else {"ByCreatedBefore": datetime.fromtimestamp(until + 1, UTC)}
    kind, subject = JOBS[name], Subject()
    with subject.item():
        for page in scope.pages("backup", kind.operation, kind.member, raw=True, ByAccountId="*", MaxResults=PAGE, **filters):
            items = _dated(page, kind.key, subject)
            owners = texts(items, "AccountId")
            if owners.null_count:
                subject.miss(f"{owners.null_count} items lack AccountId", "IncompleteAnswer")
            place = {"account_id": pc.fill_null(owners, ""), "region": pa.repeat(scope.region, len(items))}
            rows = pa.table(place | kind.columns(items), schema=ledger.schema(kind.table))
            if until is not None:
                rows = rows.filter(pc.less(rows["created_at"], pa.scalar(datetime.fromtimestamp(until, UTC))))
            harvest.add_columns(kind.table, rows)
    return not subject.missed


def _read_jobs(scope: Scope, harvest: Harvest, kind: "Jobs") -> None:
    with harvest.subject(scope.account, scope.region, kind.table.name) as subject:
        filters = scope.created_after(kind.table.name)
        for page in scope.pages("backup", kind.operation, kind.member, raw=True, MaxResults=PAGE, **filters):
            items = _dated(page, kind.key, subject)
            _add(scope, harvest, kind.table, kind.columns(items), len(items))


def _watch(columns: Columns, between: tuple[float, float], newest: dict[int, tuple[float, str]]) -> None:
    """Note the newest recovery point of each day that a backup job of the account itself has made; `between` in epoch seconds."""
    seconds = pc.divide(pc.cast(columns["created_at"], pa.int64()), 1_000_000)
    made = pc.and_(pc.equal(columns["status"], "COMPLETED"), pc.is_null(columns["source_vault_arn"]))
    wanted = pc.and_(made, pc.and_(pc.greater_equal(seconds, int(between[0])), pc.less(seconds, int(between[1]))))
    for at, arn in zip(seconds.filter(wanted).to_pylist(), columns["arn"].filter(wanted).to_pylist(), strict=True):
        day = at // DAY_SECONDS
        if at > newest.get(day, (0.0, ""))[0]:
            newest[day] = (at, arn)


def recovery_point_columns(items: Items, vault: str) -> Columns:
    """Return the columns of recovery points, but account and Region."""
    kept = pa.array([days(item.get("Lifecycle"), "DeleteAfterDays") for item in items], pa.int64())
    return _columns(RECOVERY_POINTS, _RECOVERY_POINT, items, vault_name=pa.repeat(vault, len(items)), delete_after_days=kept)


def backup_job_columns(items: Items) -> Columns:
    """Return the columns of backup jobs, but account and Region."""
    return _columns(BACKUP_JOBS, _BACKUP_JOB, items)


def copy_job_columns(items: Items) -> Columns:
    """Return the columns of copy jobs, but account and Region."""
    return _columns(COPY_JOBS, _COPY_JOB, items)


def restore_job_columns(items: Items) -> Columns:
    """Return the columns of restore jobs, but account and Region."""
    return _columns(RESTORE_JOBS, _RESTORE_JOB, items)


@dataclass(frozen=True, slots=True)
class Jobs:
    """How AWS lists jobs of one kind."""

    table: TableSchema
    operation: str
    member: str  # of the answer
    key: str
    columns: Callable[[Items], Columns]


JOBS: Mapping[str, Jobs] = MappingProxyType(
    {
        BACKUP_JOBS.name: Jobs(BACKUP_JOBS, "list_backup_jobs", "BackupJobs", "BackupJobId", backup_job_columns),
        COPY_JOBS.name: Jobs(COPY_JOBS, "list_copy_jobs", "CopyJobs", "CopyJobId", copy_job_columns),
        RESTORE_JOBS.name: Jobs(RESTORE_JOBS, "list_restore_jobs", "RestoreJobs", "RestoreJobId", restore_job_columns),
    }
)


def _columns(table: TableSchema, members: Mapping[str, str], items: Items, **made: pa.Array) -> Columns:
    """Return the columns in the table's order: those already made, and members of AWS's answer converted to their types."""
    holders: dict[str, Items] = {"": items}
    for column in table.columns:
        if column.name in members:
            holder, _, member = members[column.name].rpartition(".")
            if holder not in holders:
                holders[holder] = [item.get(holder) or NOTHING for item in items]
            made[column.name] = _column(column, holders[holder], member)
    return {column.name: made[column.name] for column in table.columns if column.name in made}


def _column(column: Column, items: Items, member: str) -> pa.Array:
    if column.type is ColumnType.TEXT:
        return texts(items, member, default=None if column.nullable else "")
    values = [item.get(member) for item in items]
    return instants(values) if column.type is ColumnType.INSTANT else pa.array(values, ARROW_TYPES[column.type])


def _dated(page: Items, key: str, subject: Subject) -> Items:
    """Return the items that have their key and a creation date; without them a row would mean nothing."""
    good = [item for item in page if item.get(key) and item.get("CreationDate") is not None]
    if len(good) < len(page):
        subject.miss(f"{len(page) - len(good)} items lack {key} or CreationDate", "IncompleteAnswer")
    return good


def _add(scope: Scope, harvest: Harvest, table: TableSchema, columns: Columns, rows: int) -> None:
    place = {"account_id": pa.repeat(scope.account, rows), "region": pa.repeat(scope.region, rows)}
    harvest.add_columns(table, pa.table(place | columns, schema=ledger.schema(table)))
