"""Backups of CloudFormation stacks: a job for the template and for each member that can be backed up, and a recovery point around theirs.

AWS documents the ARN of a composite recovery point for EKS alone; that of a stack follows it here. Source: AWS Backup developer guide,
applicationstackbackups (read 2026-11).
"""

from dataclasses import replace
from datetime import datetime

from strongroom.domain.names import partition_of
from strongroom.semantics.jobs import BackupJobState, CopyJobState, RecoveryPointStatus, is_terminal
from strongroom.twin.backup.chance import Chance, chance
from strongroom.twin.backup.inventory import inventory
from strongroom.twin.backup.newpoint import newpoint
from strongroom.twin.backup.state import BackupJob, CopyJob, RecoveryPoint, Resource, Vault, World

_Member = tuple[Vault, RecoveryPoint]


def children(world: World, at: datetime, job: BackupJob) -> tuple[BackupJob, ...]:
    """Return the jobs that the job of a stack starts: snapshots, whether their types are opted in or not."""
    found, _ = inventory(world, job.account, job.region)
    members = [(name, found[arn]) for name, arn in _named(job.resource) if arn in found]
    return tuple(_child(world, at, job, resource, name) for name, resource in ((None, job.resource), *members))


def _named(stack: Resource) -> tuple[tuple[str, str], ...]:
    """Return logical id and ARN of a stack's members; the ARN is empty for what AWS Backup doesn't know."""
    named: tuple[tuple[str, str], ...] = stack.details["members"]
    return named


def _child(world: World, at: datetime, job: BackupJob, resource: Resource, name: str | None) -> BackupJob:
    luck = chance(world.seed, "member", job.job_id, name or "")
    return BackupJob(
        serial=0,
        job_id=luck.uuid.upper(),
        chance=luck,
        account=job.account,
        region=job.region,
        resource=resource,
        vault_name=job.vault_name,
        vault_arn=job.vault_arn,
        role_arn=job.role_arn,
        creator=job.creator,
        created_at=at,
        start_by=job.start_by,
        complete_by=job.complete_by,
        complete_minutes=job.complete_minutes,
        lifecycle=job.lifecycle,
        copies=(),  # the copies of the composite recovery point take it along
        continuous=False,
        tags=job.tags,
        air_gapped_arn=job.air_gapped_arn,
        parent=job,
        member=name,
    )


def over(job: BackupJob | CopyJob) -> bool:
    """Return whether all jobs that belong to the job of a stack are over."""
    return all(is_terminal(child.state) for child in job.children)


def outcome(job: BackupJob) -> BackupJobState:
    """Return how the job of a stack ends."""
    states = {child.state for child in job.children}
    if BackupJobState.COMPLETED not in states:
        return BackupJobState.FAILED
    return BackupJobState.COMPLETED if len(states) == 1 else BackupJobState.PARTIAL


def copy_outcome(copy: CopyJob) -> CopyJobState:
    """Return how the copy of a composite recovery point ends; members that can't be copied are missing in it."""
    states = {child.state for child in copy.children}
    if CopyJobState.COMPLETED not in states:
        return CopyJobState.FAILED
    whole = len(states) == 1 and len(copy.children) == len(copy.source.members)
    return CopyJobState.COMPLETED if whole else CopyJobState.PARTIAL


def point(world: World, at: datetime, job: BackupJob) -> RecoveryPoint:
    """Return the composite recovery point of a job; PARTIAL where anything of the stack is in no recovery point."""
    done = [child for child in job.children if child.state is BackupJobState.COMPLETED]
    whole = len(done) == len(_named(job.resource)) + 1  # with the template
    made = newpoint(world, at, job, arn=arn(job.resource, job.account, job.region, job.created_at, job.chance), continuous=False)
    made.tags = dict(job.tags)  # those of the stack stay behind
    made.size_bytes = sum(child.size_bytes for child in done)
    return composed(made, [_landed(world, child) for child in done], whole=whole)


def composed(made: RecoveryPoint, members: list[_Member | None], *, whole: bool) -> RecoveryPoint:
    """Return a recovery point as the composite one of members that are in their vaults."""
    made.composite, made.members = True, tuple(member for member in members if member is not None)
    made.status = RecoveryPointStatus.COMPLETED if whole else RecoveryPointStatus.PARTIAL
    return made


def adopt(vault: Vault, made: RecoveryPoint) -> None:
    """Let the members of a composite recovery point know it, once it lies in its vault."""
    for _, member in made.members:
        member.parent = vault, made


def _landed(world: World, child: BackupJob) -> _Member | None:
    vault = world.place(child.account, child.region).vaults.get(child.vault_name)
    found = None if vault is None or child.point_arn is None else vault.points.get(child.point_arn)
    return None if vault is None or found is None else (vault, found)


def present(made: RecoveryPoint) -> list[_Member]:
    """Return the members that a composite recovery point still has."""
    return [(vault, each) for vault, each in made.members if vault.points.get(each.arn) is each and _parent(each) is made]


def _parent(member: RecoveryPoint) -> RecoveryPoint | None:
    return None if member.parent is None else member.parent[1]


def arn(stack: Resource, account: str, region: str, at: datetime, luck: Chance) -> str:
    """Return the ARN of a composite recovery point."""
    name = f"cloudformation/{stack.name}-{at:%Y%m%d%H%M%S}-{luck.hexadecimal(8)}"
    return f"arn:{partition_of(region)}:backup:{region}:{account}:recovery-point:composite:{name}"


def copies(world: World, at: datetime, copy: CopyJob) -> tuple[CopyJob, ...]:
    """Return the copy jobs of members that the copy of their composite recovery point starts."""
    return tuple(
        replace(
            copy,
            chance=chance(world.seed, "member copy", copy.job_id, member.arn),
            resource=member.resource,
            source=member,
            source_vault_arn=vault.arn,
            created_at=at,
            state=CopyJobState.CREATED,
            parent=copy,
        )
        for vault, member in present(copy.source)
    )
