"""Continuous backups, as far as a first release needs them: one AVAILABLE recovery point a resource that every run renews.

Source: AWS Backup developer guide, point-in-time-recovery (read 2026-11).
"""

from datetime import datetime

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.twin.backup import arns
from strongroom.twin.backup.expiry import add_point, plan_end
from strongroom.twin.backup.state import ACCESS_DENIED, OTHER, BackupJob, Outcome, RecoveryPoint, Vault, World


def problem(world: World, job: BackupJob, vault: Vault) -> Outcome | None:
    """Why a continuous job fails at its start: S3 wants versioning, and one vault for all backups of a bucket."""
    if job.resource.type is not ResourceType.S3:
        return None
    elsewhere = _existing(world, job)
    if elsewhere is not None and elsewhere[0] is not vault:
        return facts.message("s3_continuous_elsewhere").format(bucket=job.resource.name), OTHER
    if job.continuous and not job.resource.continuous_ready:
        return facts.message("s3_versioning_denied"), ACCESS_DENIED
    return None


def point(world: World, at: datetime, job: BackupJob, vault: Vault) -> tuple[RecoveryPoint | None, str | None]:
    """Make or renew the continuous recovery point of a resource; None: make a snapshot, with the remark if there is one."""
    if not facts.capabilities(job.resource.type).point_in_time:
        return None, None
    existing = _existing(world, job)
    if existing is None:
        made = _make(world, at, job)
        add_point(world, vault, made)
        vault.continuous[made.resource.arn] = made
        plan_end(world, vault, made, at)
        return made, None
    home, found = existing
    if home is not vault:
        plan = found.creator.wire["BackupPlanArn"] if found.creator else ""
        return None, facts.message("backup_completed_with_pitr_elsewhere").format(arn=plan)
    found.completed_at, found.lifecycle = at, job.lifecycle
    plan_end(world, vault, found, at)
    return found, None


def _existing(world: World, job: BackupJob) -> tuple[Vault, RecoveryPoint] | None:
    for vault in world.place(job.account, job.region).vaults.values():
        candidate = vault.continuous.get(job.resource.arn)
        if candidate is not None and vault.points.get(candidate.arn) is candidate:
            return vault, candidate
    return None


def _make(world: World, at: datetime, job: BackupJob) -> RecoveryPoint:
    return RecoveryPoint(
        serial=world.serial(),
        arn=arns.continuous_point_arn(job.resource, job.account, job.region, job.chance),
        resource=job.resource,
        created_at=job.created_at,
        initiated_at=job.created_at,
        completed_at=at,
        status=RecoveryPointStatus.AVAILABLE,
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
        continuous=True,
        account=job.account,
    )
