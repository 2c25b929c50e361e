"""Operations on backup and copy jobs."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from strongroom import facts
from strongroom.domain.names import Arn
from strongroom.semantics import policies
from strongroom.semantics import restores as rules
from strongroom.semantics.airgapped import Way
from strongroom.semantics.jobs import BackupJobState, is_terminal, stoppable
from strongroom.twin.backup import backups, copying
from strongroom.twin.backup.arns import type_of
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import access_denied, invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.inventory import inventory
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.plandocument import air_gapped_problem, is_vault_arn, lifecycle_of, lifecycle_problem
from strongroom.twin.backup.points import lifecycle_document
from strongroom.twin.backup.state import BackupJob, CopyJob, Lifecycle, Resource, RestoreJob, World
from strongroom.twin.backup.vaults import authorize, vault_type
from strongroom.twin.backup.vaults import find as find_vault
from strongroom.twin.backup.wire import Call
from strongroom.twin.watching import metrics

Job = TypeVar("Job", BackupJob, CopyJob, RestoreJob)


def start_backup_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """StartBackupJob: an on-demand backup; the completion window counts from the call."""
    place, token = world.place(call.account, call.region), parameters.get("IdempotencyToken")
    known = place.backup_jobs.get(place.tokens.get(f"backup/{token}", ""))
    if token is not None and known is not None:
        return {"BackupJobId": known.job_id, "CreationDate": known.created_at, "IsParent": known.composite}
    vault = find_vault(world, call, parameters["BackupVaultName"])
    _check(parameters)
    astray = air_gapped_problem(parameters.get("LogicallyAirGappedBackupVaultArn"), call.account, call.region)
    if astray:
        raise invalid_parameter(astray)
    start = parameters.get("StartWindowMinutes", facts.limit("start_window_minutes_default").value)
    complete = parameters.get("CompleteWindowMinutes", facts.limit("completion_window_minutes_default").value)
    luck = chance(world.seed, "on demand", call.account, call.region, world.numbers)
    job = BackupJob(
        serial=0,
        job_id=luck.uuid.upper(),
        chance=luck,
        account=call.account,
        region=call.region,
        resource=_resource(world, call, parameters["ResourceArn"]),
        vault_name=vault.name,
        vault_arn=vault.arn,
        role_arn=parameters["IamRoleArn"],
        creator=None,
        created_at=call.at,
        start_by=call.at + timedelta(minutes=start),
        complete_by=call.at + timedelta(minutes=complete),
        complete_minutes=complete,
        lifecycle=lifecycle_of(parameters.get("Lifecycle")) or Lifecycle(),
        copies=(),
        continuous=False,
        tags=parameters.get("RecoveryPointTags") or {},
        air_gapped_arn=parameters.get("LogicallyAirGappedBackupVaultArn"),
    )
    backups.create(world, call.at, job)
    if token is not None:
        place.tokens[f"backup/{token}"] = job.job_id
    return {"BackupJobId": job.job_id, "CreationDate": job.created_at, "IsParent": job.composite}


def _check(parameters: Mapping[str, Any]) -> None:
    problem = lifecycle_problem(parameters.get("Lifecycle"))
    if problem:
        raise invalid_parameter(problem, code="ERROR_3015")
    names = ("StartWindowMinutes", "CompleteWindowMinutes")
    start = parameters.get(names[0], facts.limit("start_window_minutes_default").value)
    complete = parameters.get(names[1], facts.limit("completion_window_minutes_default").value)
    for refused in policies.window_refusals(start, complete, names=names):
        raise invalid_parameter(refused)
    if not parameters["IamRoleArn"].startswith("arn:"):
        raise invalid_parameter(f"Invalid IamRoleArn: {parameters['IamRoleArn']}")


def _resource(world: World, call: Call, arn: str) -> Resource:
    found = inventory(world, call.account, call.region)[0].get(arn)
    if found is not None:
        return found
    kind = type_of(arn)
    if kind is None:
        raise invalid_parameter(f"Invalid ARN: {arn}")
    parsed = Arn.parse(arn)
    if parsed.region not in ("", call.region) or parsed.account not in ("", call.account):
        raise invalid_parameter(f"Resource {arn} does not belong to account {call.account} and Region {call.region}")
    name = parsed.resource.replace("/", ":").rpartition(":")[2]
    return Resource(arn=arn, type=kind, name=name, tags={}, size_bytes=0, encrypted=False, key_arn=None, exists=False)


def stop_backup_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """StopBackupJob, where the type allows it."""
    job = _find(world.place(call.account, call.region).backup_jobs, parameters["BackupJobId"])
    if not stoppable(job.resource.type):
        raise invalid_request(f"Stopping a backup job of resource type {job.resource.type} is not supported.")
    if job.state not in (BackupJobState.CREATED, BackupJobState.PENDING, BackupJobState.RUNNING):
        raise invalid_request(f"Backup job {job.job_id} cannot be stopped: its state is {job.state}.")
    backups.stop(world, call.at, job)
    return {}


def describe_backup_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeBackupJob."""
    job = _find(world.place(call.account, call.region).backup_jobs, parameters["BackupJobId"])
    return rendered_backup(job) | _of_children(job)


def _of_children(job: BackupJob | CopyJob) -> dict[str, Any]:
    """Return how many jobs the job of a stack has started, and their states."""
    if not job.composite:
        return {}
    states = Counter(child.state.value for child in job.children)
    return {"NumberOfChildJobs": len(job.children), "ChildJobsInState": dict(sorted(states.items()))}


def describe_copy_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeCopyJob."""
    return {"CopyJob": rendered_copy(_find(world.place(call.account, call.region).copy_jobs, parameters["CopyJobId"]))}


def _find(jobs: Mapping[str, Job], job_id: str) -> Job:
    job = jobs.get(job_id)
    if job is None:
        raise not_found(f"Job {job_id} does not exist.")
    return job


def start_copy_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """StartCopyJob: an on-demand copy of a snapshot recovery point."""
    place, token = world.place(call.account, call.region), parameters.get("IdempotencyToken")
    known = place.copy_jobs.get(place.tokens.get(f"copy/{token}", ""))
    if token is not None and known is not None:
        return {"CopyJobId": known.job_id, "CreationDate": known.created_at, "IsParent": known.composite}
    vault = find_vault(world, call, parameters["SourceBackupVaultName"])
    authorize(world, call, vault, "StartCopyJob")
    point = vault.points.get(parameters["RecoveryPointArn"])
    if point is None:
        raise not_found(f"Cannot find recovery point {parameters['RecoveryPointArn']}")
    if point.continuous:
        raise invalid_request("Continuous recovery points cannot be copied on demand.")
    destination = parameters["DestinationBackupVaultArn"]
    if not is_vault_arn(destination):
        raise invalid_parameter(f"Invalid DestinationBackupVaultArn: {destination}")
    problem = lifecycle_problem(parameters.get("Lifecycle"), unbounded=True)
    if problem:
        raise invalid_parameter(problem, code="ERROR_3015")
    copy = CopyJob(
        serial=0,
        job_id="",
        chance=chance(world.seed, "copy on demand", call.account, call.region, world.numbers),
        account=call.account,
        region=call.region,
        resource=point.resource,
        source=point,
        source_vault_arn=vault.arn,
        destination_vault_arn=destination,
        role_arn=parameters["IamRoleArn"],
        creator=None,
        backup_job_id=None,
        created_at=call.at,
        lifecycle=copying.inherited(point.lifecycle, lifecycle_of(parameters.get("Lifecycle"))),
    )
    copying.start(world, copy)
    if token is not None:
        place.tokens[f"copy/{token}"] = copy.job_id
    return {"CopyJobId": copy.job_id, "CreationDate": copy.created_at, "IsParent": copy.composite}


def list_backup_jobs(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupJobs of the last 30 days."""
    tests: dict[str, Callable[[BackupJob, Any], bool]] = {
        "ByResourceArn": lambda job, value: job.resource.arn == value,
        "ByState": lambda job, value: job.state.value == value,
        "ByBackupVaultName": lambda job, value: job.vault_name == value,
        "ByResourceType": lambda job, value: job.resource.type.value == value,
        "ByParentJobId": lambda job, value: job.parent is not None and job.parent.job_id == value,
        "ByMessageCategory": lambda job, value: job.category == value,
    }
    places = accounts_covered(world, call, parameters.get("ByAccountId"))
    jobs = (job for account in places for job in world.place(account, call.region).backup_jobs.values())
    return page("BackupJobs", filtered(jobs, parameters, tests, call.at), rendered_backup, parameters)


def list_copy_jobs(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListCopyJobs of the last 30 days."""
    tests: dict[str, Callable[[CopyJob, Any], bool]] = {
        "ByResourceArn": lambda job, value: job.resource.arn == value,
        "ByState": lambda job, value: job.state.value == value,
        "ByDestinationVaultArn": lambda job, value: job.destination_vault_arn == value,
        "BySourceRecoveryPointArn": lambda job, value: job.source.arn == value,
        "ByResourceType": lambda job, value: job.resource.type.value == value,
        "ByParentJobId": lambda job, value: job.parent is not None and job.parent.job_id == value,
        "ByMessageCategory": lambda job, value: job.category == value,
    }
    places = accounts_covered(world, call, parameters.get("ByAccountId"))
    jobs = (job for account in places for job in world.place(account, call.region).copy_jobs.values())
    return page("CopyJobs", filtered(jobs, parameters, tests, call.at), rendered_copy, parameters)


def accounts_covered(world: World, call: Call, wanted: str | None) -> tuple[str, ...]:
    """Return the accounts that a listing covers: `*` and other accounts are for those who administer the organization."""
    if wanted in (None, call.account):
        return (call.account,)
    if not administers(world, call):
        raise access_denied(f"Insufficient privileges to list jobs of account {wanted}.")
    return world.organization.accounts() if wanted == "*" else (wanted,)


def administers(world: World, call: Call) -> bool:
    """Whether the caller's account administers AWS Backup of the organization."""
    organization = world.organization
    return call.account == organization.management_account or organization.is_delegated_administrator(call.account, "backup.amazonaws.com")


def filtered(
    jobs: Iterable[Job], parameters: Mapping[str, Any], tests: Mapping[str, Callable[[Job, Any], bool]], now: datetime
) -> Iterator[Job]:
    """Return the jobs of the last 30 days that pass the filters of a listing, in the order of creation."""
    asked = [(test, parameters[name]) for name, test in tests.items() if name in parameters]
    oldest = now - timedelta(days=facts.limit("job_history_days").value)
    created_after = max(oldest, parameters.get("ByCreatedAfter") or oldest)
    created_before, done_after, done_before = (parameters.get(name) for name in ("ByCreatedBefore", "ByCompleteAfter", "ByCompleteBefore"))
    chosen = []
    for job in jobs:
        done = job.completed_at
        if (
            job.created_at >= created_after
            and (created_before is None or job.created_at <= created_before)
            and (done_after is None or (done is not None and done >= done_after))
            and (done_before is None or (done is not None and done <= done_before))
            and all(test(job, value) for test, value in asked)
        ):
            chosen.append(job)
    return iter(sorted(chosen, key=lambda job: job.serial))


def prune(world: World) -> None:
    """Forget finished jobs that no list shows any more."""
    if world.at < world.pruned_at + timedelta(days=1):
        return
    world.pruned_at = world.at
    oldest = world.at - timedelta(days=facts.limit("job_history_days").value)
    for place in world.places.values():
        for jobs in (place.backup_jobs, place.copy_jobs):
            old = [job.job_id for job in _oldest(jobs.values(), oldest) if is_terminal(job.state)]
            for job_id in old:
                del jobs[job_id]
        for job in [job for job in place.restore_jobs.values() if job.created_at < oldest and rules.is_over(job.state)]:
            del place.restore_jobs[job.job_id]
    metrics.prune(world)


def _oldest(jobs: Iterable[BackupJob] | Iterable[CopyJob], before: datetime) -> Iterator[BackupJob | CopyJob]:
    for job in jobs:  # in order of creation
        if job.created_at >= before:
            return
        yield job


def rendered_backup(job: BackupJob) -> dict[str, Any]:
    """Return a backup job as AWS Backup shows it."""
    document = {
        "AccountId": job.account,
        "BackupJobId": job.job_id,
        "BackupVaultName": job.vault_name,
        "BackupVaultArn": job.vault_arn,
        "VaultType": vault_type(air_gapped=job.way is Way.DIRECT),
        "RecoveryPointArn": job.point_arn,
        "RecoveryPointLifecycle": lifecycle_document(job.lifecycle),
        "EncryptionKeyArn": job.key_arn,
        "IsEncrypted": None if job.point_arn is None else job.key_arn is not None,
        "ResourceArn": job.resource.arn,
        "CreationDate": job.created_at,
        "InitiationDate": job.created_at,
        "CompletionDate": job.completed_at,
        "State": job.state.value,
        "StatusMessage": job.message,
        "PercentDone": "100.0" if job.state is BackupJobState.COMPLETED else "0.0",
        "BackupSizeInBytes": job.size_bytes,
        "IamRoleArn": job.role_arn,
        "CreatedBy": None if job.creator is None else job.creator.wire,
        "ExpectedCompletionDate": job.expected_at,
        "StartBy": job.start_by,
        "ResourceType": job.resource.type.value,
        "BytesTransferred": job.size_bytes if job.moved_bytes is None else job.moved_bytes,
        "ParentJobId": None if job.parent is None else job.parent.job_id,
        "IsParent": job.composite,
        "ResourceName": job.resource.name,
        "MessageCategory": job.category,
    }
    return {name: value for name, value in document.items() if value is not None}


def rendered_copy(job: CopyJob) -> dict[str, Any]:
    """Return a copy job as AWS Backup shows it."""
    document = {
        "AccountId": job.account,
        "CopyJobId": job.job_id,
        "SourceBackupVaultArn": job.source_vault_arn,
        "SourceRecoveryPointArn": job.source.arn,
        "DestinationBackupVaultArn": job.destination_vault_arn,
        "DestinationVaultType": vault_type(air_gapped=job.to_air_gapped),
        "DestinationRecoveryPointArn": job.point_arn,
        "DestinationEncryptionKeyArn": job.key_arn,
        "DestinationRecoveryPointLifecycle": lifecycle_document(job.lifecycle),
        "ResourceArn": job.resource.arn,
        "CreationDate": job.created_at,
        "CompletionDate": job.completed_at,
        "State": job.state.value,
        "StatusMessage": job.message,
        "BackupSizeInBytes": job.size_bytes,
        "IamRoleArn": job.role_arn,
        "CreatedBy": None if job.creator is None else job.creator.wire,
        "CreatedByBackupJobId": job.backup_job_id,
        "ResourceType": job.resource.type.value,
        "ParentJobId": None if job.parent is None else job.parent.job_id,
        "IsParent": job.composite,
        "CompositeMemberIdentifier": job.source.member,
        "ResourceName": job.resource.name,
        "MessageCategory": job.category,
    }
    return {name: value for name, value in document.items() if value is not None} | _of_children(job)
