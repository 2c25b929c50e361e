"""Continuous backups: one AVAILABLE recovery point a resource that every run renews; who gets it is `semantics.continuous`.

A database that keeps no backups of its own begins in its next maintenance window; until then there are snapshots.
Source: AWS Backup developer guide, point-in-time-recovery, s3-backups (read 2026-11).
"""

from datetime import UTC, datetime
from typing import Any

from strongroom import facts
from strongroom.domain.names import Arn, ResourceType
from strongroom.semantics import continuous as rules
from strongroom.semantics.continuous import Gets
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.semantics.maintenance import weekly
from strongroom.twin.backup import arns
from strongroom.twin.backup.expiry import add_point, plan_end
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.newpoint import newpoint
from strongroom.twin.backup.state import ACCESS_DENIED, OTHER, BackupJob, Creator, Outcome, RecoveryPoint, Resource, Vault, World


def problem(world: World, job: BackupJob) -> Outcome | None:
    """Why a job of a bucket fails at its start: S3 wants versioning, and one vault for all backups of a bucket."""
    if job.resource.type is not ResourceType.S3:
        return None
    placed = _placement(world, job, _existing(world, job))
    if placed.gets is Gets.FAILS:
        return placed.message.format(bucket=job.resource.name), OTHER
    if rules.interrupted(versioning=job.resource.continuous_ready, notifications=True):
        return facts.message("s3_versioning_denied"), ACCESS_DENIED
    return None


def point(world: World, at: datetime, job: BackupJob, vault: Vault) -> tuple[RecoveryPoint | None, str | None]:
    """Make or renew the continuous recovery point of a resource; None: make a snapshot, with the remark if there is one."""
    existing = _existing(world, job)
    placed = _placement(world, job, existing)
    if placed.gets is Gets.NOTHING and existing is not None:
        return existing[1], None  # a rule that keeps it longer has it in the same vault
    if placed.gets is not Gets.CONTINUOUS:
        return None, placed.message or None
    if existing is None and _waits(world, at, job):
        return None, None
    _take_over(world, at, (job.resource, job.lifecycle.delete_days or 0))
    if existing is not None and existing[0] is vault and _goes_on(existing[1], job):
        found = existing[1]
        found.completed_at, found.lifecycle, found.creator = at, job.lifecycle, job.creator
        plan_end(world, vault, found, at)
        return found, None
    if existing is not None:
        _stop(world, at, *existing)
    made = newpoint(world, at, job, arn=arns.continuous_point_arn(job.resource, job.account, job.region, job.chance), continuous=True)
    add_point(world, vault, made)
    vault.continuous[made.resource.arn] = made
    plan_end(world, vault, made, at)
    return made, None


def _database(resource: Resource) -> Any | None:
    """Return moto's database or cluster behind a resource."""
    parsed = Arn.parse(resource.arn)
    backend = backend_of("rds", parsed.account, parsed.region) if parsed.service == "rds" else None
    if backend is None:
        return None
    kind, _, name = parsed.resource.partition(":")
    return (backend.databases if kind == "db" else backend.clusters).get(name)


def _waits(world: World, at: datetime, job: BackupJob) -> bool:
    """Whether RDS has to switch its own backups on first, which it does in its next maintenance window."""
    database, days = _database(job.resource), job.lifecycle.delete_days or 0
    if database is None or job.resource.maintenance is None:
        return False
    if rules.retention_change(job.resource.type, database.backup_retention_period or 0, days) is not rules.Effect.MAINTENANCE_WINDOW:
        return False
    world.clockwork.at(weekly(job.resource.maintenance).next_begin(at), _take_over, (job.resource, days))
    return True


def _take_over(_world: World, _at: datetime, subject: tuple[Resource, int]) -> None:
    """RDS keeps its own backups as long as AWS Backup says, whatever others set before."""
    resource, days = subject
    database = _database(resource)
    if database is not None:
        database.backup_retention_period = days


def window(point: RecoveryPoint, at: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last instant that a continuous recovery point can be restored to at an instant."""
    goes_on = point.status is RecoveryPointStatus.AVAILABLE
    last = (rules.restorable_until(point.resource.type, at) if goes_on else None) or point.completed_at or point.created_at
    return rules.restorable_from(point.created_at, point.lifecycle.delete_days, at), last


def outside(point: RecoveryPoint, given: str, at: datetime) -> str:
    """Return why a continuous recovery point can't be restored to an instant, as it was given; empty if it can."""
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        return f"{given} is not an instant"
    first, last = window(point, at)
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if first.replace(microsecond=0) <= instant <= last:  # instants are given in whole seconds
        return ""
    return f"{given} is not between {first:%Y-%m-%dT%H:%M:%SZ} and {last:%Y-%m-%dT%H:%M:%SZ}"


def _existing(world: World, job: BackupJob) -> tuple[Vault, RecoveryPoint] | None:
    for vault in world.place(job.account, job.region).vaults.values():
        candidate = vault.continuous.get(job.resource.arn)
        if candidate is not None and vault.points.get(candidate.arn) is candidate:
            return vault, candidate
    return None


def _placement(world: World, job: BackupJob, existing: tuple[Vault, RecoveryPoint] | None) -> rules.Placement:
    """Return what a job gets beside the rule that has the continuous recovery point now."""
    own = _rule(job.creator, job.vault_name, job.lifecycle.delete_days, continuous=job.continuous)
    asked: tuple[rules.ContinuousRule, ...] = (own,)
    if existing is not None and _is_rival(world, job, *existing):
        home, found = existing
        asked = (_rule(found.creator, home.name, found.lifecycle.delete_days, continuous=True), own)
    return rules.placements(job.resource.type, asked, multi_az_cluster=job.resource.multi_az_cluster)[-1]


def _is_rival(world: World, job: BackupJob, home: Vault, found: RecoveryPoint) -> bool:
    """Whether a continuous recovery point is another rule's: in its own vault a rule takes over what a removed one left."""
    if home.name != job.vault_name:
        return True
    if found.creator is None or found.creator.rule_id == (job.creator and job.creator.rule_id):
        return False
    plan = world.place(job.account, job.region).plans.get(found.creator.plan_id)
    alive = () if plan is None or plan.deleted_at is not None else plan.current.rules
    return any(rule.rule_id == found.creator.rule_id and rule.continuous for rule in alive)


def _rule(creator: Creator | None, vault: str, keep_days: int | None, *, continuous: bool) -> rules.ContinuousRule:
    plan, rule = ("", "") if creator is None else (creator.wire["BackupPlanArn"], creator.rule_id)
    return rules.ContinuousRule(plan_arn=plan, rule=rule, vault=vault, continuous=continuous, keep_days=keep_days or 0)


def _goes_on(found: RecoveryPoint, job: BackupJob) -> bool:
    before, after = found.lifecycle.delete_days, job.lifecycle.delete_days
    return before == after or rules.retention_change(job.resource.type, before or 0, after or 0) is not rules.Effect.NEW_POINT


def _stop(world: World, at: datetime, vault: Vault, found: RecoveryPoint) -> None:
    """End a continuous recovery point: it stays as long as it was to be kept, and nobody renews it."""
    found.status = RecoveryPointStatus.STOPPED
    del vault.continuous[found.resource.arn]
    plan_end(world, vault, found, at)
