"""One job at a time works on a resource: backups and copies of it take turns, in the order in which they came.

Source: AWS Backup quotas, "concurrent backup and copy jobs per resource: 1" (read 2026-11).
"""

from collections import deque
from datetime import datetime, timedelta

from strongroom.twin.backup.clockwork import Happening
from strongroom.twin.backup.state import BackupJob, CopyJob, World

HANDOVER = timedelta(seconds=30)  # well inside the ten minutes in which AWS tries again


def take(world: World, job: BackupJob | CopyJob, begin: Happening) -> bool:
    """Take the resource for a job; False: somebody else has it, and `begin` will be called when the job's turn comes."""
    arn = job.resource.arn
    holder = world.busy.setdefault(arn, job.job_id)
    if holder == job.job_id:
        return True
    world.waiting.setdefault(arn, deque()).append((job, begin))
    return False


def release(world: World, at: datetime, job: BackupJob | CopyJob) -> None:
    """Give the resource to the next job that still wants it, which begins a moment later."""
    arn = job.resource.arn
    if world.busy.get(arn) != job.job_id:
        return
    queue = world.waiting.get(arn)
    while queue:
        heir, begin = queue.popleft()
        if heir.state.value == "CREATED":
            world.busy[arn] = heir.job_id
            world.clockwork.at(at + HANDOVER, begin, heir)
            return
    world.waiting.pop(arn, None)
    del world.busy[arn]
