"""A recovery point as its backup job makes it, before it lies in a vault."""

from datetime import datetime

from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.twin.backup.state import BackupJob, RecoveryPoint, World


def newpoint(world: World, at: datetime, job: BackupJob, *, arn: str, continuous: bool) -> RecoveryPoint:
    """Return the recovery point of a job that is done at `at`; a continuous one is AVAILABLE, a snapshot COMPLETED."""
    return RecoveryPoint(
        serial=world.serial(),
        arn=arn,
        resource=job.resource,
        created_at=job.created_at,
        initiated_at=job.created_at,
        completed_at=at,
        status=RecoveryPointStatus.AVAILABLE if continuous else RecoveryPointStatus.COMPLETED,
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
        continuous=continuous,
        account=job.account,
    )
