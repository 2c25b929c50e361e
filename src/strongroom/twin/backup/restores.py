"""Restore jobs: pending, running, over; what goes wrong on the way goes wrong in AWS's words.

A restore takes no turn with backups of its source: it makes something new. Source: AWS Backup developer guide,
restoring-a-backup, restore-testing (read 2026-11).
"""

from datetime import UTC, datetime

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import restores as rules
from strongroom.semantics.jobs import RestoreJobState
from strongroom.twin.backup import notices, pace, restored
from strongroom.twin.backup.access import Caller, may_use_key
from strongroom.twin.backup.contents import NotKept
from strongroom.twin.backup.continuous import outside, window
from strongroom.twin.backup.disturbances import stretched
from strongroom.twin.backup.expiry import is_cold
from strongroom.twin.backup.permissions import restore_refused
from strongroom.twin.backup.state import RestoreJob, World
from strongroom.twin.backup.surroundings import Key, key_of, role_problem

_KEY_NAMES = ("kmsKeyId", "kmsMasterKeyArn", "KMSKey")  # EBS, EFS and databases; DynamoDB; S3


def start(world: World, job: RestoreJob) -> None:
    """Put a restore job into the list of its account; it begins a moment later."""
    enlist(world, job)
    world.clockwork.at(job.created_at + pace.settling(job.chance), begin, job)


def enlist(world: World, job: RestoreJob) -> None:
    """Put a restore job into the list of its account; somebody else says when it begins."""
    job.serial, job.job_id = world.serial(), job.chance.uuid.upper()
    world.place(job.account, job.region).restore_jobs[job.job_id] = job
    world.count("restore_jobs")
    notices.of_restore(world, job.created_at, job)


def begin(world: World, at: datetime, job: RestoreJob) -> None:
    """A pending restore job fails at once or runs, longer where its recovery point is cold."""
    if job.state is not RestoreJobState.PENDING:
        return
    problem = _problem(world, job) or _instant_problem(job, at)
    if problem:
        fail(world, at, job, problem)
        return
    job.state, job.started_at = RestoreJobState.RUNNING, at
    notices.of_restore(world, at, job)
    low, high = rules.retrieval(job.resource.type, cold=is_cold(job.point, at))
    retrieval = low if low == high else job.chance.between(low, high, 3)
    duration = stretched(world.disturbances, job, retrieval + pace.duration(job.resource, job.chance))
    job.expected_minutes = round(duration.total_seconds() / 60)
    world.clockwork.at(at + duration, _finish, job)


def _problem(world: World, job: RestoreJob) -> str:
    """Why a restore can't go on now, in about the order in which AWS looks; empty if it can."""
    if job.region in world.disturbances.regions:
        return facts.message("internal_error")
    refused = role_problem(world, job.role_arn)
    if refused:
        return refused
    if job.vault.points.get(job.point.arn) is not job.point:
        return f"Cannot find recovery point {job.point.arn}"
    metadata, cluster = job.metadata, job.resource.multi_az_cluster
    profile = rules.value(metadata, "IamInstanceProfileName") if job.resource.type is ResourceType.EC2 else None
    return (
        rules.refused(job.point.status)
        or rules.missing(job.resource.type, metadata, cluster=cluster, continuous=job.point.continuous)
        or rules.profile_problem(profile, job.resource.details.get("IamInstanceProfileName"))
        or _key_problem(world, job)
        or restore_refused(world, job)
    )


def _instant_problem(job: RestoreJob, at: datetime) -> str:
    """Why the instant that is asked for can't be restored, empty if it can; looked at once, because the end of the log moves on."""
    given = rules.value(job.metadata, "RestoreTime") if job.point.continuous else None
    problem = outside(job.point, given, at) if given else ""
    return problem and f"RestoreTime {problem}"


def _key_problem(world: World, job: RestoreJob) -> str:
    """Why the key of the recovery point, or that of what will be restored, can't be used; empty if they can."""
    named = [rules.value(job.metadata, name) for name in _KEY_NAMES]
    for reference in (job.point.key_arn, *named):
        if reference:
            key = key_of(world, reference, job.account, job.region)
            shared = f":{job.account}:" in key.arn or may_use_key(key.policy, key.arn, _caller(world, job))
            problem = rules.key_problem(rules.KeyState(usable=_usable(key), shared=shared))
            if problem:
                return problem
    return ""


def _usable(key: Key) -> bool:
    return key.state == "Enabled"


def _caller(world: World, job: RestoreJob) -> Caller:
    organization = world.organization
    path = organization.path_of(job.account) if job.account in organization.accounts() else ""
    return Caller(account=job.account, principal=job.role_arn, organization_id=organization.organization_id, path=path)


def _finish(world: World, at: datetime, job: RestoreJob) -> None:
    problem = _problem(world, job)  # role, key or recovery point may have changed while it ran
    if problem:
        fail(world, at, job, problem)
        return
    try:
        arn = restored.make(world, at, job)
        if job.point.content is not None:
            world.contents.fill(job.point.content, job, arn, _instant(job, at))
        job.created_arn = arn
    except (restored.NotRestored, NotKept) as refusal:
        fail(world, at, job, str(refusal))
        return
    job.point.restored_at = at
    _end(world, at, job, RestoreJobState.COMPLETED, None)


def _instant(job: RestoreJob, at: datetime) -> datetime | None:
    """Return the instant that a continuous recovery point is restored to: the newest one where none was asked for; None: a snapshot."""
    if not job.point.continuous:
        return None
    given = rules.value(job.metadata, "RestoreTime")
    instant = datetime.fromisoformat(given) if given else window(job.point, at)[1]
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def fail(world: World, at: datetime, job: RestoreJob, message: str) -> None:
    """End a restore job that can't go on."""
    _end(world, at, job, RestoreJobState.FAILED, message or facts.message("internal_error"))


def _end(world: World, at: datetime, job: RestoreJob, state: RestoreJobState, message: str | None) -> None:
    job.state, job.completed_at, job.message = state, at, message
    world.count(f"restore_jobs_{state.value.lower()}")
    notices.of_restore(world, at, job)
    if job.test is not None:
        job.test.over(world, at, job)
