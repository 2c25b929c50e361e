"""What AWS Backup does by itself, as CloudTrail tells of it: jobs, recovery points, plans of the organization's policies.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/logging-using-cloudtrail.html
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from strongroom.twin.backup.state import BackupJob, CopyJob, Place, Plan, RestoreJob, World
from strongroom.twin.cloudtrail.events import Event, of_service

_Happened = tuple[str, str, datetime | None, Mapping[str, Any]]  # subject, name of the event, at, details


def service_events(world: World, account: str, region: str) -> Iterator[Event]:
    """Yield the events of an account and Region, in no order; jobs that AWS Backup has forgotten are forgotten here too."""
    place = world.places.get((account, region))
    if place is None:
        return
    for subject, name, at, details in chain(_jobs(place), _points(place), _plans(place), _invalid(world, place)):
        if at is not None and at <= world.at:
            yield of_service((account, region), f"{name} {subject}", name, at, details)


def _jobs(place: Place) -> Iterator[_Happened]:
    for job in place.backup_jobs.values():
        yield job.job_id, "BackupJobStarted", job.started_at, _backup(job, None)
        yield job.job_id, "BackupJobCompleted", job.completed_at, _backup(job, job.completed_at)
    for copy in place.copy_jobs.values():
        yield copy.job_id, "CopyJobStarted", copy.created_at, _copy(copy, None)
        yield copy.job_id, "CopyJobCompleted", copy.completed_at, _copy(copy, copy.completed_at)
    for restore in place.restore_jobs.values():
        yield restore.job_id, "RestoreStarted", restore.started_at, _restore(restore, None)
        yield restore.job_id, "RestoreCompleted", restore.completed_at, _restore(restore, restore.completed_at)


def _points(place: Place) -> Iterator[_Happened]:
    for vault in place.vaults.values():
        for point in vault.points.values():
            details = {"recoveryPointArn": point.arn, "backupVaultName": vault.name, "resourceType": point.resource.type.value}
            yield f"{vault.arn} {point.serial}", "RecoveryPointCreated", point.completed_at, details


def _plans(place: Place) -> Iterator[_Happened]:
    for plan in place.plans.values():
        if not plan.of_organization:
            continue
        yield plan.plan_id, "CreateOrganizationalBackupPlan", plan.created_at, _plan(plan, 0)
        for number, version in enumerate(plan.versions[1:], start=1):
            yield version.version_id, "UpdateOrganizationalBackupPlan", version.created_at, _plan(plan, number)
        yield plan.plan_id, "DeleteOrganizationalBackupPlan", plan.deleted_at, _plan(plan, -1)


def _invalid(world: World, place: Place) -> Iterator[_Happened]:
    """Plans of policies that could not be made: with the plan, and no word about why."""
    policy = world.organization.organization_id
    for number, (at, account, region, plan, _why) in enumerate(world.invalid_plans):
        if (account, region) == (place.account, place.region):
            subject = f"{account} {region} {at.isoformat()} {number}"
            details = {"effectivePolicyId": policy, "effectiveBackupPlan": _lowered(plan)}
            yield subject, "InvalidOrganizationBackupPlan", at, details


def _lowered(value: Any) -> Any:
    """Return a plan's document with keys as CloudTrail writes them."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _lowered(each) for name, each in value.items()}
    return [_lowered(each) for each in value] if isinstance(value, list | tuple) else value


def _backup(job: BackupJob, ended_at: datetime | None) -> dict[str, Any]:
    details: dict[str, Any] = {
        "backupJobId": job.job_id,
        "backupVaultName": job.vault_name,
        "backupVaultArn": job.vault_arn,
        "resourceArn": job.resource.arn,
        "resourceType": job.resource.type.value,
        "iamRoleArn": job.role_arn,
        "creationDate": _instant(job.created_at),
        "state": "RUNNING",
    }
    if ended_at is not None:
        details |= {"state": job.state.value, "completionDate": _instant(ended_at), "backupSizeInBytes": job.size_bytes}
        details |= {"statusMessage": job.message} if job.message else {}
    return details


def _copy(copy: CopyJob, ended_at: datetime | None) -> dict[str, Any]:
    details: dict[str, Any] = {
        "copyJobId": copy.job_id,
        "sourceBackupVaultArn": copy.source_vault_arn,
        "destinationBackupVaultArn": copy.destination_vault_arn,
        "resourceArn": copy.resource.arn,
        "resourceType": copy.resource.type.value,
        "iamRoleArn": copy.role_arn,
        "creationDate": _instant(copy.created_at),
        "state": "RUNNING",
    }
    if ended_at is not None:
        details |= {"state": copy.state.value, "completionDate": _instant(ended_at)}
        details |= {"statusMessage": copy.message} if copy.message else {}
    return details


def _restore(job: RestoreJob, ended_at: datetime | None) -> dict[str, Any]:
    details: dict[str, Any] = {
        "restoreJobId": job.job_id,
        "recoveryPointArn": job.point.arn,
        "resourceType": job.point.resource.type.value,
        "iamRoleArn": job.role_arn,
        "creationDate": _instant(job.created_at),
        "status": "RUNNING",
    }
    if ended_at is not None:
        details |= {"status": job.state.value, "completionDate": _instant(ended_at)}
        details |= {"createdResourceArn": job.created_arn} if job.created_arn else {}
    return details


def _plan(plan: Plan, number: int) -> dict[str, Any]:
    version = plan.versions[number]
    return {
        "backupPlanId": plan.plan_id,
        "backupPlanArn": plan.arn,
        "backupPlanName": version.name,
        "backupPlanVersionId": version.version_id,
        "backupRules": json.dumps([dict(rule.document) for rule in version.rules]),
        "backupSelections": json.dumps([dict(each.document) for each in plan.selections.values()]),
    }


def _instant(at: datetime) -> dict[str, int]:
    millisecond = at.microsecond // 1000
    return {"seconds": int(at.timestamp()), "nanos": millisecond * 1_000_000}
