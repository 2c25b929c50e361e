"""Who is told when a job starts or ends: the topic of its vault, and the default event bus of its account.

Both in steps of five minutes. Nobody is told what nobody listens to, so a year of jobs costs nothing.
Source: AWS Backup developer guide, backup-notifications, eventbridge (read 2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.semantics.jobs import BackupJobState, CopyJobState, RestoreJobState
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.disturbances import lost
from strongroom.twin.backup.state import BackupJob, CopyJob, Creator, Place, RecoveryPoint, RestoreJob, Vault, World
from strongroom.twin.watching import buses, metrics, topics
from strongroom.twin.watching.letters import BACKUP, Event, Message, Sender

_STEP = timedelta(minutes=facts.limit("event_step_minutes").value)
_SUBJECT = "Notification from AWS Backup"
_BACKUP, _COPY, _RESTORE = BackupJobState, CopyJobState, RestoreJobState
_EVENTS: Mapping[Any, tuple[str, ...]] = {  # names of BackupVaultEvent by state; the last ones are accepted and old
    _BACKUP.RUNNING: ("BACKUP_JOB_STARTED",),
    _BACKUP.COMPLETED: ("BACKUP_JOB_COMPLETED", "BACKUP_JOB_SUCCESSFUL"),
    _BACKUP.FAILED: ("BACKUP_JOB_COMPLETED", "BACKUP_JOB_FAILED"),
    _BACKUP.EXPIRED: ("BACKUP_JOB_COMPLETED", "BACKUP_JOB_EXPIRED"),
    _BACKUP.ABORTED: ("BACKUP_JOB_COMPLETED",),
    _BACKUP.PARTIAL: ("BACKUP_JOB_COMPLETED",),
}
_COPY_EVENTS: Mapping[Any, tuple[str, ...]] = {
    _COPY.RUNNING: ("COPY_JOB_STARTED",),
    _COPY.COMPLETED: ("COPY_JOB_SUCCESSFUL",),
    _COPY.FAILED: ("COPY_JOB_FAILED",),
    _COPY.PARTIAL: ("COPY_JOB_SUCCESSFUL",),
}
_RESTORE_EVENTS: Mapping[Any, tuple[str, ...]] = {
    _RESTORE.RUNNING: ("RESTORE_JOB_STARTED",),
    _RESTORE.COMPLETED: ("RESTORE_JOB_COMPLETED", "RESTORE_JOB_SUCCESSFUL"),
    _RESTORE.FAILED: ("RESTORE_JOB_COMPLETED", "RESTORE_JOB_FAILED"),
    _RESTORE.ABORTED: ("RESTORE_JOB_COMPLETED",),
}

# Names in AWS/Backup by state; other states have none.
_METRICS: Mapping[BackupJobState, str] = {
    state: f"NumberOfBackupJobs{state.capitalize()}" for state in _BACKUP if state not in {_BACKUP.ABORTING, _BACKUP.PARTIAL}
}
_COPY_METRICS: Mapping[CopyJobState, str] = {
    state: f"NumberOfCopyJobs{state.capitalize()}" for state in _COPY if state is not _COPY.PARTIAL
}
_RESTORE_METRICS: Mapping[RestoreJobState, str] = {
    state: f"NumberOfRestoreJobs{state.capitalize()}" for state in _RESTORE if state is not _RESTORE.ABORTED
}
_POINT_METRICS = {
    "COMPLETED": "NumberOfRecoveryPointsCompleted",
    "PARTIAL": "NumberOfRecoveryPointsPartial",
    "EXPIRED": "NumberOfRecoveryPointsExpired",
    "DELETED": "NumberOfRecoveryPointsDeleting",
}
_COLD = "NumberOfRecoveryPointsCold"


def of_backup(world: World, at: datetime, job: BackupJob) -> None:
    """Tell what became of a backup job."""
    _tally(world, at, job, _METRICS.get(job.state), job.vault_name)
    vault = world.place(job.account, job.region).vaults.get(job.vault_name)
    state = job.state
    if vault is not None and vault.notifications is not None:
        ending = f"Resource ARN : {job.resource.arn}. BackupJob ID : {job.job_id}"
        point = f" Recovery point ARN: {job.point_arn}." if job.point_arn else ""
        text = f"{facts.message(f'notice_backup_{_word(state)}')}{point} {ending}"
        news = _News(kind="BACKUP_JOB", state=state.value, identity=job.job_id, started_at=job.created_at, text=text)
        _tell(world, at, vault, _EVENTS.get(state, ()), news)
    if buses.listens(world, job.account, job.region):
        resources = (job.point_arn,) if job.point_arn else ()
        _emit(world, at, world.place(job.account, job.region), "Backup Job State Change", resources=resources, detail=_backup_detail(job))


def of_copy(world: World, at: datetime, job: CopyJob) -> None:
    """Tell what became of a copy job, in the account and Region of its source."""
    _tally(world, at, job, _COPY_METRICS.get(job.state), job.destination_vault_arn.rpartition(":")[2])
    vault = world.place(job.account, job.region).vaults.get(job.source_vault_arn.rpartition(":")[2])
    state = job.state
    if vault is not None and vault.notifications is not None:
        point = f" Recovery point ARN: {job.point_arn}." if job.point_arn else ""
        text = f"{facts.message(f'notice_copy_{_word(state)}')}{point} Resource ARN : {job.resource.arn}. CopyJob ID : {job.job_id}"
        news = _News(kind="COPY_JOB", state=state.value, identity=job.job_id, started_at=job.created_at, text=text)
        _tell(world, at, vault, _COPY_EVENTS.get(state, ()), news)
    if buses.listens(world, job.account, job.region):
        _emit(
            world, at, world.place(job.account, job.region), "Copy Job State Change", resources=(job.source.arn,), detail=_copy_detail(job)
        )


def of_restore(world: World, at: datetime, job: RestoreJob) -> None:
    """Tell what became of a restore job."""
    _tally(world, at, job, _RESTORE_METRICS.get(job.state), job.vault.name)
    state = job.state
    if job.vault.notifications is not None:
        text = f"{facts.message(f'notice_restore_{_word(state)}')} Resource ARN : {job.resource.arn}. RestoreJob ID : {job.job_id}"
        news = _News(kind="RESTORE_JOB", state=state.value, identity=job.job_id, started_at=job.created_at, text=text)
        _tell(world, at, job.vault, _RESTORE_EVENTS.get(state, ()), news)
    if buses.listens(world, job.account, job.region):
        _emit(
            world,
            at,
            world.place(job.account, job.region),
            "Restore Job State Change",
            resources=(job.point.arn,),
            detail=_restore_detail(job),
        )


def of_point(world: World, at: datetime, vault: Vault, point: RecoveryPoint, status: str) -> None:
    """Tell that a recovery point was made, changed, expired or deleted."""
    metric = _POINT_METRICS.get(status)
    if metric is not None:
        metrics.tally(world, at, (vault.account, vault.region), metric, resource_type=point.resource.type.value, vault=vault.name)
    if vault.notifications is not None and status in {"MODIFIED", "EXPIRED"}:
        text = f"{facts.message('notice_point_modified')} Recovery point ARN: {point.arn}. Resource ARN : {point.resource.arn}"
        news = _News(kind="RECOVERY_POINT", state=status, identity=point.arn, started_at=point.created_at, text=text)
        _tell(world, at, vault, ("RECOVERY_POINT_MODIFIED",), news)
    if buses.listens(world, vault.account, vault.region):
        detail = {
            "backupVaultName": vault.name,
            "backupVaultArn": vault.arn,
            "creationDate": instant(point.created_at),
            "completionDate": instant(point.completed_at),
            "resourceType": point.resource.type.value,
            "resourceArn": point.resource.arn,
            "status": status,
            "statusMessage": point.message,
            "isEncrypted": str(point.key_arn is not None or vault.air_gapped).lower(),
            "storageClass": "WARM",
            "lifecycle": {"deleteAfterDays": point.lifecycle.delete_days} if point.lifecycle.delete_days else None,
            "calculatedLifeCycle": {"deleteAt": instant(point.delete_at)} if point.delete_at else None,
            "iamRoleArn": point.role_arn,
            "createdBy": _creator(point.creator),
        }
        _emit(world, at, world.place(vault.account, vault.region), "Recovery Point State Change", resources=(point.arn,), detail=detail)


def of_change(world: World, at: datetime, place: Place, kind: str, *, resources: tuple[str, ...], detail: Mapping[str, Any]) -> None:
    """Tell the bus of an account and Region that something was set up otherwise."""
    if buses.listens(world, place.account, place.region):
        _emit(world, at, place, kind, resources=resources, detail=detail)


def of_cooling(world: World, at: datetime, vault: Vault, point: RecoveryPoint) -> None:
    """Count that a recovery point moves to cold storage, of which nobody else is told."""
    metrics.tally(world, at, (vault.account, vault.region), _COLD, resource_type=point.resource.type.value, vault=vault.name)


def _tally(world: World, at: datetime, job: BackupJob | CopyJob | RestoreJob, metric: str | None, vault_name: str) -> None:
    if metric is not None:
        metrics.tally(world, at, (job.account, job.region), metric, resource_type=job.resource.type.value, vault=vault_name)


def _word(state: Any) -> str:
    """Return the part of a message's name that stands for a state."""
    if state.value == "PARTIAL":  # AWS names no text of its own
        return "completed"
    return str(state.value).lower() if state.value in {"RUNNING", "COMPLETED", "FAILED", "EXPIRED", "ABORTED"} else "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What a message says: the documented attributes, and its text."""

    kind: str  # EventType
    state: str
    identity: str
    started_at: datetime
    text: str


def _tell(world: World, at: datetime, vault: Vault, names: tuple[str, ...], news: _News) -> None:
    """Send a message for each event that the vault's owner asked for."""
    wanted = (vault.notifications or {}).get("BackupVaultEvents", ())
    for _ in [name for name in names if name in wanted]:
        message = Message(
            topic_arn=(vault.notifications or {})["SNSTopicArn"],
            sender=Sender(service=BACKUP, account=vault.account, arn=vault.arn),
            subject=_SUBJECT,
            text=news.text,
            attributes={
                "EventType": news.kind,
                "State": news.state,
                "AccountId": vault.account,
                "Id": news.identity,
                "StartTime": instant(news.started_at) or "",
            },
        )
        world.clockwork.at(_due(at), _publish, message)


def _emit(world: World, at: datetime, place: Place, kind: str, *, resources: tuple[str, ...], detail: Mapping[str, Any]) -> None:
    account, region = place.account, place.region
    known = {name: value for name, value in detail.items() if value is not None}
    luck = chance(world.seed, "event", account, region, kind, at.timestamp(), *sorted(map(str, known.values())))
    event = Event(event_id=luck.uuid, account=account, region=region, at=at, detail_type=kind, resources=resources, detail=known)
    world.clockwork.at(_due(at), _deliver, event)


def _due(at: datetime) -> datetime:
    """Return when what happened at an instant is told: at the end of its step of five minutes."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - at) // _STEP) * _STEP


def _publish(world: World, at: datetime, message: Message) -> None:
    sender = message.sender
    if not lost(world.disturbances, sender.account, sender.arn.split(":")[3], message.text, at.timestamp()):
        topics.publish(world, at, message)


def _deliver(world: World, at: datetime, event: Event) -> None:
    if not lost(world.disturbances, event.account, event.region, event.event_id):
        buses.emit(world, at, event)


def _backup_detail(job: BackupJob) -> dict[str, Any]:
    if job.state is _BACKUP.CREATED:
        return {"backupJobId": job.job_id, "state": job.state.value, "creationDate": instant(job.created_at)}
    return {
        "backupJobId": job.job_id,
        "backupSizeInBytes": str(job.size_bytes),
        "backupVaultArn": job.vault_arn,
        "backupVaultName": job.vault_name,
        "bytesTransferred": str(job.size_bytes),
        "creationDate": instant(job.created_at),
        "completionDate": instant(job.completed_at),
        "createdBy": _creator(job.creator),
        "expectedCompletionDate": _spoken(job.expected_at),
        "iamRoleArn": job.role_arn,
        "percentDone": 100.0 if job.state is _BACKUP.COMPLETED else 0.0,
        "resourceArn": job.resource.arn,
        "resourceType": job.resource.type.value,
        "startBy": instant(job.start_by),
        "state": job.state.value,
        "statusMessage": None if job.message is None else f'"{job.message}"',  # with the quotation marks
    }


def _copy_detail(job: CopyJob) -> dict[str, Any]:
    return {
        "copyJobId": None if job.state is _COPY.CREATED else job.job_id,
        "backupSizeInBytes": job.size_bytes,
        "creationDate": instant(job.created_at),
        "completionDate": instant(job.completed_at),
        "state": job.state.value,
        "statusMessage": job.message,
        "resourceArn": job.resource.arn,
        "resourceType": job.resource.type.value,
        "sourceBackupVaultArn": job.source_vault_arn,
        "destinationBackupVaultArn": job.destination_vault_arn,
        "destinationRecoveryPointArn": job.point_arn or {},
        "iamRoleArn": job.role_arn,
        "createdBy": _creator(job.creator),
    }


def _restore_detail(job: RestoreJob) -> dict[str, Any]:
    return {
        "restoreJobId": job.job_id,
        "backupSizeInBytes": str(job.point.size_bytes),
        "creationDate": instant(job.created_at),
        "completionDate": instant(job.completed_at),
        "iamRoleArn": job.role_arn,
        "percentDone": 0.0,  # it often stays so, says the page
        "resourceType": job.resource.type.value,
        "status": job.state.value,
        "statusMessage": job.message,
        "createdResourceArn": job.created_arn,
        "sourceResourceArn": job.resource.arn,
        "recoveryPointArn": job.point.arn,
        "backupVaultArn": job.vault.arn,
        "restoreTestingPlanArn": None if job.test is None else job.test.plan_arn,
    }


def _creator(creator: Creator | None) -> dict[str, str] | None:
    if creator is None:
        return None
    wire = creator.wire
    return {
        "backupPlanId": wire["BackupPlanId"],
        "backupPlanArn": wire["BackupPlanArn"],
        "backupPlanVersion": wire["BackupPlanVersion"],
        "backupPlanRuleId": wire["BackupRuleId"],
    }


def instant(at: datetime | None) -> str | None:
    """Return an instant as events and messages show it."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _spoken(at: datetime | None) -> str | None:
    """Return an instant as people say it, which is how this one comes: Jul 15, 2020 9:39:07 PM."""
    if at is None:
        return None
    return f"{at:%b} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"
