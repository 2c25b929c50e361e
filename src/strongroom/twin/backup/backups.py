"""Backup jobs: created, started, finished; everything that can go wrong on the way goes wrong in AWS's words."""

from datetime import datetime, timedelta

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import copies
from strongroom.semantics.airgapped import Way
from strongroom.semantics.jobs import BackupJobState, is_terminal, stoppable
from strongroom.twin.backup import airgapped, arns, composites, continuous, copying, maintenance, notices, pace, turns
from strongroom.twin.backup.contents import Content, NotKept
from strongroom.twin.backup.disturbances import stretched
from strongroom.twin.backup.expiry import add_point
from strongroom.twin.backup.locks import refusal
from strongroom.twin.backup.newpoint import newpoint
from strongroom.twin.backup.permissions import backup_refused
from strongroom.twin.backup.settings import full_management
from strongroom.twin.backup.state import ACCESS_DENIED, OTHER, SUCCESS, BackupJob, Outcome, RecoveryPoint, Vault, World
from strongroom.twin.backup.surroundings import key_of, key_of_resource, role_problem

_ABORTING = timedelta(seconds=30)


def create(world: World, at: datetime, job: BackupJob) -> None:
    """A backup job appears; it begins a moment later."""
    job.serial = world.serial()
    world.place(job.account, job.region).backup_jobs[job.job_id] = job
    world.count("backup_jobs")
    notices.of_backup(world, at, job)
    world.clockwork.at(at + pace.settling(job.chance), begin, job)


def begin(world: World, at: datetime, job: BackupJob) -> None:
    """A created job starts, waits for its turn, or fails."""
    if job.state is not BackupJobState.CREATED:
        turns.release(world, at, job)
        return
    if at >= job.start_by:
        _expire_waiting(world, at, job)
        return
    upkeep = maintenance.conflict(job, at)
    if upkeep is not None and maintenance.kept_clear(world, job):
        turns.release(world, at, job)
        world.clockwork.at(min(upkeep.blocked_until_at, job.start_by), begin, job)
        return
    if not job.composite and not turns.take(world, job, begin):
        world.clockwork.at(job.start_by, _expire_waiting, job)
        return
    down = job.region in world.disturbances.regions
    problem = (facts.message("internal_error"), OTHER) if down else airgapped.aim(world, job) or _problem(world, job)
    if upkeep is not None and problem is None:
        problem = f"Backup job {upkeep.message}.", OTHER
    if problem:
        _end(world, at, job, BackupJobState.FAILED, problem)
        return
    job.state, job.started_at = BackupJobState.RUNNING, at
    notices.of_backup(world, at, job)
    if job.composite:
        job.children = composites.children(world, at, job)
        for child in job.children:
            create(world, at, child)
        return
    finish_at = job.expected_at = at + stretched(world.disturbances, job, pace.duration(job.resource, job.chance))
    deadline = job.complete_by or at + timedelta(minutes=job.complete_minutes)
    world.clockwork.at(min(finish_at, deadline), _finish if finish_at <= deadline else _run_out, job)


def stop(world: World, at: datetime, job: BackupJob) -> None:
    """A user stops a job."""
    job.state = BackupJobState.ABORTING
    world.clockwork.at(at + _ABORTING, _abort, job)
    for child in job.children:
        if stoppable(child.resource.type) and not is_terminal(child.state) and child.state is not BackupJobState.ABORTING:
            stop(world, at, child)


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
    locked = refusal(vault, job.lifecycle, copy=False)
    if locked:
        return locked
    denied = facts.message("key_unusable") if _key_problem(world, job, vault) else backup_refused(world, job, vault)
    if denied:
        return denied, ACCESS_DENIED
    return continuous.problem(world, job)


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
    if job.account in world.closed:
        _end(world, at, job, BackupJobState.FAILED, (role_problem(world, job.role_arn), ACCESS_DENIED))
        return
    try:
        content = world.contents.take(job.resource, job.account, job.region, job.created_at)
    except NotKept as problem:
        _end(world, at, job, BackupJobState.FAILED, (str(problem), OTHER))
        return
    job.size_bytes = job.resource.size_bytes if content is None else content.size_bytes
    job.moved_bytes = None if content is None else content.moved_bytes
    job.key_arn = _encrypting_key(world, job, vault)
    point, remark = continuous.point(world, at, job, vault) if job.continuous else (None, None)
    onward = point
    if point is not None:
        _renew(world, point, content)
    if point is None or job.way is Way.BESIDE_CONTINUOUS:
        onward = _snapshot(world, at, job, vault)
        onward.content = content if point is None or content is None else world.contents.share(content)
        airgapped.mark(job, onward)
        add_point(world, vault, onward)
    point = point or onward
    if point is None or onward is None:
        return
    job.point_arn = point.arn
    place = world.place(job.account, job.region)
    place.protected[job.resource.arn] = (job.resource, job.created_at, job.vault_arn, point.arn)
    remark = remark or job.fallback or None
    _end(world, at, job, BackupJobState.COMPLETED, (remark, SUCCESS if remark is None else OTHER))
    last = airgapped.onward(job)
    if last is not None:
        copying.start_of_rule(world, job, onward, last, airgapped.LAST)
    for number, action in enumerate(job.copies):
        copying.start_of_rule(world, job, point, action, number)


def _renew(world: World, point: RecoveryPoint, content: Content | None) -> None:
    """A continuous recovery point holds the history of its resource; that of its newest run takes the place of the one before."""
    if point.content is not None and point.content is not content:
        world.contents.release(point.content)
    point.content = content


def _gather(world: World, at: datetime, job: BackupJob) -> None:
    """The job of a stack is over with the last one of its members."""
    if job.state is not BackupJobState.RUNNING or not composites.over(job):
        return
    state = composites.outcome(job)
    vault = world.place(job.account, job.region).vaults.get(job.vault_name)
    if vault is None or state is BackupJobState.FAILED:
        first = job.children[0]
        _end(world, at, job, BackupJobState.FAILED, _vault_missing(job) if vault is None else (first.message, first.category or OTHER))
        return
    job.key_arn = vault.key_arn
    point = composites.point(world, at, job)
    add_point(world, vault, point)
    composites.adopt(vault, point)
    job.point_arn, job.size_bytes = point.arn, point.size_bytes
    world.place(job.account, job.region).protected[job.resource.arn] = (job.resource, job.created_at, job.vault_arn, point.arn)
    remark = job.fallback or None
    _end(world, at, job, state, (remark, SUCCESS if remark is None and state is BackupJobState.COMPLETED else OTHER))
    for number, action in enumerate(job.copies):
        copying.start_of_rule(world, job, point, action, number)


def _snapshot(world: World, at: datetime, job: BackupJob, vault: Vault) -> RecoveryPoint:
    advanced = full_management(world, job.account, job.region, ResourceType.DYNAMODB)
    arn = arns.recovery_point_arn(
        job.resource, job.account, job.region, job.created_at, job.chance, advanced=advanced, air_gapped=vault.air_gapped
    )
    point = newpoint(world, at, job, arn=arn, continuous=False)
    point.member = job.member
    return point


def _end(world: World, at: datetime, job: BackupJob, state: BackupJobState, outcome: Outcome) -> None:
    job.state, job.completed_at = state, at
    job.message, job.category = outcome
    world.count(f"backup_jobs_{state.value.lower()}")
    notices.of_backup(world, at, job)
    turns.release(world, at, job)
    if job.parent is not None:
        _gather(world, at, job.parent)
