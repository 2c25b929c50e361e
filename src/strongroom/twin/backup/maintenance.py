"""Backups of databases around their maintenance windows: a snapshot fails there, and where the plan is continuous too, it waits.

Source: AWS Backup developer guide, plan-options-and-configuration, creating-a-backup (read 2026-11).
"""

from datetime import datetime

from strongroom.semantics import maintenance as rules
from strongroom.semantics.maintenance import MaintenanceConflict
from strongroom.twin.backup.state import BackupJob, World


def conflict(job: BackupJob, at: datetime) -> MaintenanceConflict | None:
    """Return the maintenance window in or before which a job would begin, None where it may."""
    if job.continuous or job.resource.maintenance is None:
        return None
    found = rules.maintenance_conflicts([at], [rules.weekly(job.resource.maintenance)], job.resource.type)
    return next((each for each in found if each.certain), None)


def kept_clear(world: World, job: BackupJob) -> bool:
    """Return whether AWS Backup itself keeps a job clear of the window: its plan has snapshots and continuous backups."""
    plan = None if job.creator is None else world.place(job.account, job.region).plans.get(job.creator.plan_id)
    kinds = set() if plan is None else {rule.continuous for rule in plan.current.rules}
    return rules.scheduled_around(job.resource.type, snapshots=False in kinds, continuous=True in kinds)
