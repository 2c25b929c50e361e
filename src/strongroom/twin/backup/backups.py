"""Backup jobs: created, started, finished; everything that can go wrong on the way goes wrong in AWS's words."""

from datetime import datetime, timedelta

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import copies
from strongroom.semantics.jobs import BackupJobState, RecoveryPointStatus
from strongroom.twin.backup import arns, continuous, copying, pace, turns
from strongroom.twin.backup.expiry import add_point
from strongroom.twin.backup.locks import outside_lock
from strongroom.twin.backup.settings import full_management
from strongroom.twin.backup.state import ACCESS_DENIED, INVALID_PARAMETERS, OTHER, SUCCESS, BackupJob, Outcome, RecoveryPoint, Vault, World
from strongroom.twin.backup.surroundings import key_of, key_of_resource, role_problem

_ABORTING = timedelta(seconds=30)


def create(world: World, at: datetime, job: BackupJob) -> None:
    """A backup job appears; it begins a moment later."""
    job.serial = world.serial()
    world.place(job.account, job.region).backup_jobs[job.job_id] = job
    world.count("backup_jobs")
    world.clockwork.at(at + pace.settling(job.chance), begin, job)


def begin(world: World, at: datetime, job: BackupJob) -> None:
    """A created job starts, waits for its turn, or fails."""
    if job.state is not BackupJobState.CREATED:
        turns.release(world, at, job)
        return
    if at >= job.start_by:
        _expire_waiting(world, at, job)
        return
    if not turns.take(world, job, begin):
        world.clockwork.at(job.start_by, _expire_waiting, job)
        return
    problem = _problem(world, job)
    if problem:
        _end(world, at, job, BackupJobState.FAILED, problem)
        return
    job.state, job.started_at = BackupJobState.RUNNING, at
    finish_at = job.expected_at = at + pace.duration(job.resource, job.chance)
    deadline = job.complete_by or at + timedelta(minutes=job.complete_minutes)
    world.clockwork.at(min(finish_at, deadline), _finish if finish_at <= deadline else _run_out, job)


def stop(world: World, at: datetime, job: BackupJob) -> None:
    """A user stops a job."""
    job.state = BackupJobState.ABORTING
    world.clockwork.at(at + _ABORTING, _abort, job)


def _abort(world: World, at: datetime, job: BackupJob) -> None:
    _end(world, at, job, BackupJobState.ABORTED, (facts.message("stopped_by_user"), OTHER))


def _expire_waiting(world: World, at: datetime, job: BackupJob) -> None:
    if job.state is BackupJobState.CREATED:
        _end(world, at, job, BackupJobState.EXPIRED, (facts.message("expired_running_job"), OTHER))


def _run_out(world: World, at: datetime, job: BackupJob) -> None:
    if job.state is BackupJobState.RUNNING:
        _end(world, at, job, BackupJobState.EXPIRED, (facts.message("expired_before_completion"), OTHER))


def _vault_missing(job: BackupJob) -> Outcome:
    return facts.message("vault_missing").format(arn=job.vault_arn), OTHER


def _problem(world: World, job: BackupJob) -> Outcome | None:
    """Why a job fails at its start: the message and its category."""
    vault = world.place(job.account, job.region).vaults.get(job.vault_name)
    if vault is None:
        return _vault_missing(job)
    refused = role_problem(world, job.role_arn)
    if refused:
        return refused, ACCESS_DENIED
    if not job.resource.exists:
        return f"Resource {job.resource.arn} does not exist.", OTHER
    if outside_lock(vault, job.lifecycle):
        return facts.message("lock_range_backup"), INVALID_PARAMETERS
    if _key_problem(world, job, vault):
        return facts.message("key_unusable"), ACCESS_DENIED
    return continuous.problem(world, job, vault)


def _key_problem(world: World, job: BackupJob, vault: Vault) -> bool:
    """Whether the key that will encrypt the recovery point can't be used."""
    arn = _encrypting_key(world, job, vault)
    return arn is not None and key_of(world, arn, job.account, job.region).state not in ("Enabled", "Missing")


def _encrypting_key(world: World, job: BackupJob, vault: Vault) -> str | None:
    """Return the key of a recovery point: the vault's for fully managed types, else the source's, None when unencrypted."""
    advanced = full_management(world, job.account, job.region, ResourceType.DYNAMODB)
    if copies.fully_managed(job.resource.type, advanced_dynamodb=advanced):
        return vault.key_arn
    key = key_of_resource(world, job.resource, job.account, job.region)
    return None if key is None else key.arn


def _finish(world: World, at: datetime, job: BackupJob) -> None:
    if job.state is not BackupJobState.RUNNING:
        return
    vault = world.place(job.account, job.region).vaults.get(job.vault_name)
    if vault is None:
        _end(world, at, job, BackupJobState.FAILED, _vault_missing(job))
        return
    job.size_bytes = job.resource.size_bytes
    job.key_arn = _encrypting_key(world, job, vault)
    point, remark = continuous.point(world, at, job, vault) if job.continuous else (None, None)
    if point is None:
        point = _snapshot(world, at, job)
        add_point(world, vault, point)
    job.point_arn = point.arn
    place = world.place(job.account, job.region)
    place.protected[job.resource.arn] = (job.resource, job.created_at, job.vault_arn, point.arn)
    _end(world, at, job, BackupJobState.COMPLETED, (remark, SUCCESS if remark is None else OTHER))
    for number, action in enumerate(job.copies):
        copying.start_of_rule(world, job, point, action, number)


def _snapshot(world: World, at: datetime, job: BackupJob) -> RecoveryPoint:
    advanced = full_management(world, job.account, job.region, ResourceType.DYNAMODB)
    return RecoveryPoint(
        serial=world.serial(),
        arn=arns.recovery_point_arn(job.resource, job.account, job.region, job.created_at, job.chance, advanced=advanced),
        resource=job.resource,
        created_at=job.created_at,
        initiated_at=job.created_at,
        completed_at=at,
        status=RecoveryPointStatus.COMPLETED,
        message=None,
        size_bytes=job.size_bytes,
        lifecycle=job.lifecycle,
        delete_at=None,
        due_at=None,
        key_arn=job.key_arn,
        source_vault_arn=None,
        role_arn=job.role_arn,
        creator=job.creator,
        tags=dict(job.resource.tags) | dict(job.tags),
        continuous=False,
        account=job.account,
    )


def _end(world: World, at: datetime, job: BackupJob, state: BackupJobState, outcome: Outcome) -> None:
    job.state, job.completed_at = state, at
    job.message, job.category = outcome
    world.count(f"backup_jobs_{state.value.lower()}")
    turns.release(world, at, job)
