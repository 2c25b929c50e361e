"""Operations on restore jobs."""

from collections.abc import Callable, Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import Arn, partition_of
from strongroom.semantics import restores as rules
from strongroom.semantics.jobs import RestoreJobState
from strongroom.semantics.restoretesting import Validation
from strongroom.twin.backup import points, restores, restoretests
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import access_denied, invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.jobs import accounts_covered, filtered
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.shared import shared_vaults
from strongroom.twin.backup.state import RecoveryPoint, RestoreJob, Vault, World
from strongroom.twin.backup.vaults import authorize
from strongroom.twin.backup.wire import Call

_DEFAULT_ROLE = "service-role/AWSBackupDefaultServiceRole"


def start_restore_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """StartRestoreJob; metadata that are missing or wrong show when the job runs."""
    place, token = world.place(call.account, call.region), parameters.get("IdempotencyToken")
    known = place.tokens.get(f"restore/{token}", "")
    if token is not None and known in place.restore_jobs:
        return {"RestoreJobId": known}
    vault, point = _find_point(world, call, parameters["RecoveryPointArn"])
    authorize(world, call, vault, "StartRestoreJob", point.arn)
    _check(call, point, parameters)
    job = RestoreJob(
        serial=0,
        job_id="",
        chance=chance(world.seed, "restore", call.account, call.region, world.numbers),
        account=call.account,
        region=call.region,
        vault=vault,
        point=point,
        role_arn=parameters.get("IamRoleArn") or f"arn:{partition_of(call.region)}:iam::{call.account}:role/{_DEFAULT_ROLE}",
        metadata=dict(parameters["Metadata"]),
        copy_tags=bool(parameters.get("CopySourceTagsToRestoredResource")),
        created_at=call.at,
    )
    restores.start(world, job)
    if token is not None:
        place.tokens[f"restore/{token}"] = job.job_id
    return {"RestoreJobId": job.job_id}


def _find_point(world: World, call: Call, arn: str) -> tuple[Vault, RecoveryPoint]:
    for vault in (*world.place(call.account, call.region).vaults.values(), *shared_vaults(world, call)):
        if arn in vault.points:
            return vault, vault.points[arn]
    raise not_found(f"Cannot find recovery point {arn}")


def _check(call: Call, point: RecoveryPoint, parameters: Mapping[str, Any]) -> None:
    role = parameters.get("IamRoleArn")
    if role is not None:
        try:
            owner = Arn.parse(role).account
        except ValueError:
            raise invalid_parameter(f"Invalid IamRoleArn: {role}") from None
        if owner != call.account:
            raise access_denied(facts.message("role_of_another_account"))
    kind = parameters.get("ResourceType")
    if kind not in (None, point.resource.type.value):
        raise invalid_parameter(f"Invalid ResourceType: {kind}, the recovery point is of type {point.resource.type}")
    if point.composite:
        raise invalid_request(f"Recovery point {point.arn} is composite and cannot be restored, its nested recovery points can.")
    refused = rules.refused(point.status)
    if refused:
        raise invalid_request(f"Recovery point {point.arn}: {refused}")


def find(world: World, call: Call, job_id: str) -> RestoreJob:
    """Return a restore job of the caller's account; raises ApiError when there is none."""
    job = world.place(call.account, call.region).restore_jobs.get(job_id)
    if job is None:
        raise not_found(f"Job {job_id} does not exist.")
    return job


def describe_restore_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeRestoreJob."""
    return rendered(find(world, call, parameters["RestoreJobId"]))


def get_restore_job_metadata(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRestoreJobMetadata: what was given, or inferred for a restore test."""
    job = find(world, call, parameters["RestoreJobId"])
    return {"RestoreJobId": job.job_id, "Metadata": dict(job.metadata)}


def list_restore_jobs(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRestoreJobs of the last 30 days."""
    tests: dict[str, Callable[[RestoreJob, Any], bool]] = {
        "ByResourceType": lambda job, value: job.resource.type.value == value,
        "ByStatus": lambda job, value: job.state.value == value,
        "ByParentJobId": lambda _job, _value: False,  # of a stack each member is restored by itself
        "ByRestoreTestingPlanArn": lambda job, value: job.test is not None and job.test.plan_arn == value,
    }
    places = accounts_covered(world, call, parameters.get("ByAccountId"))
    jobs = (job for account in places for job in world.place(account, call.region).restore_jobs.values())
    return page("RestoreJobs", filtered(jobs, parameters, tests, call.at), rendered, parameters)


def list_by_protected_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRestoreJobsByProtectedResource, by the source and the creation date of its recovery points."""
    arn = parameters["ResourceArn"]
    if not arn.startswith("arn:"):
        raise invalid_parameter(f"Invalid ARN: {arn}")
    tests: dict[str, Callable[[RestoreJob, Any], bool]] = {
        "ResourceArn": lambda job, value: job.resource.arn == value,
        "ByStatus": lambda job, value: job.state.value == value,
        "ByRecoveryPointCreationDateAfter": lambda job, value: job.point.created_at >= value,
        "ByRecoveryPointCreationDateBefore": lambda job, value: job.point.created_at <= value,
    }
    jobs = world.place(call.account, call.region).restore_jobs.values()
    return page("RestoreJobs", filtered(jobs, parameters, tests, call.at), rendered, parameters)


def put_validation_result(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """PutRestoreValidationResult: once, for a completed restore test whose window is open."""
    job = find(world, call, parameters["RestoreJobId"])
    result = Validation(parameters["ValidationStatus"])
    if result not in (Validation.SUCCESSFUL, Validation.FAILED):
        raise invalid_parameter(f"Invalid ValidationStatus: {result}, SUCCESSFUL or FAILED expected")
    if job.test is None:
        raise invalid_request(f"Restore job {job.job_id} was not started by a restore testing plan.")
    refused = restoretests.validate(world, call.at, job, result, parameters.get("ValidationStatusMessage"))
    if refused:
        raise invalid_request(f"Restore job {job.job_id}: {refused}")
    return {}


def rendered(job: RestoreJob) -> dict[str, Any]:
    """Return a restore job as AWS Backup shows it."""
    done = job.state is RestoreJobState.COMPLETED
    document = {
        "AccountId": job.account,
        "RestoreJobId": job.job_id,
        "RecoveryPointArn": job.point.arn,
        "SourceResourceArn": job.resource.arn,
        "BackupVaultArn": job.vault.arn,
        "CreationDate": job.created_at,
        "CompletionDate": job.completed_at,
        "Status": job.state.value,
        "StatusMessage": job.message,
        "PercentDone": "100.00%" if done else "0.00%",
        "BackupSizeInBytes": job.point.size_bytes,
        "IamRoleArn": job.role_arn,
        "ExpectedCompletionTimeMinutes": job.expected_minutes,
        "CreatedResourceArn": job.created_arn,
        "ResourceType": job.resource.type.value,
        "RecoveryPointCreationDate": job.point.created_at,
        "IsParent": False,
        "CreatedBy": None if job.test is None else {"RestoreTestingPlanArn": job.test.plan_arn},
        "ValidationStatus": job.validation and job.validation.value,
        "ValidationStatusMessage": job.validation_message,
        "DeletionStatus": job.deletion and job.deletion.value,
        "DeletionStatusMessage": job.deletion_message,
    }
    return {name: value for name, value in document.items() if value is not None}


def latest_restore(world: World, call: Call, resource_arn: str) -> dict[str, Any]:
    """Return what DescribeProtectedResource says of the last completed restore of a resource; nothing without one."""
    jobs = world.place(call.account, call.region).restore_jobs.values()
    done = [job for job in jobs if job.resource.arn == resource_arn and job.state is RestoreJobState.COMPLETED]
    if not done:
        return {}
    last = max(done, key=lambda job: (job.created_at, job.serial))
    started, ended = last.started_at or last.created_at, last.completed_at or last.created_at
    return {
        "LatestRestoreExecutionTimeMinutes": round((ended - started).total_seconds() / 60),
        "LatestRestoreJobCreationDate": last.created_at,
        "LatestRestoreRecoveryPointCreationDate": last.point.created_at,
    }


def describe_protected_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeProtectedResource, with its last restore."""
    return points.describe_protected_resource(world, call, parameters) | latest_restore(world, call, parameters["ResourceArn"])
