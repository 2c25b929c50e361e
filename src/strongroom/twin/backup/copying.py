"""Copy jobs: from vault to vault, Region to Region, account to account, or AWS's reason why not.

A copy job is listed where its source is; the recovery point it makes lies at the destination. It never expires.
Source: AWS Backup developer guide, create-cross-account-backup, encryption, backup-dashboards (read 2026-11).
"""

import functools
from datetime import datetime

from strongroom import facts
from strongroom.domain.names import Arn, ResourceType, partition_of
from strongroom.semantics import copies, lifecycle
from strongroom.semantics.jobs import CopyJobState, RecoveryPointStatus
from strongroom.twin.backup import airgapped, arns, composites, notices, pace, turns
from strongroom.twin.backup.access import Caller, may_copy_into, may_use_key
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.contents import Content, NotKept, Shelf
from strongroom.twin.backup.disturbances import stretched
from strongroom.twin.backup.expiry import add_point, is_cold
from strongroom.twin.backup.locks import refusal
from strongroom.twin.backup.permissions import copy_refused
from strongroom.twin.backup.plandocument import kept, meant
from strongroom.twin.backup.settings import full_management
from strongroom.twin.backup.state import (
    ACCESS_DENIED,
    OTHER,
    SUCCESS,
    BackupJob,
    CopyAction,
    CopyJob,
    Lifecycle,
    Outcome,
    RecoveryPoint,
    Vault,
    World,
)
from strongroom.twin.backup.surroundings import SERVICE_LINKED_ROLE, Key, key_of, role_problem

_IMPOSSIBLE = "FM14"  # what is copied is of a type or state that is never copied this way


def start_of_rule(world: World, job: BackupJob, point: RecoveryPoint, action: CopyAction, number: int) -> None:
    """Start a copy action of a rule, after its backup job completed."""
    copy = CopyJob(
        serial=0,
        job_id="",
        chance=chance(world.seed, "copy", job.job_id, number),
        account=job.account,
        region=job.region,
        resource=job.resource,
        source=point,
        source_vault_arn=job.vault_arn,
        destination_vault_arn=action.vault_arn,
        role_arn=job.role_arn,
        creator=job.creator,
        backup_job_id=job.job_id,
        created_at=world.at,
        lifecycle=inherited(point.lifecycle, action.lifecycle),
    )
    start(world, copy)


def start(world: World, copy: CopyJob) -> None:
    """Put a copy job into the list of its account; it begins a moment later."""
    airgapped.begun(copy)
    copy.serial, copy.job_id = world.serial(), copy.chance.uuid.upper()
    world.place(copy.account, copy.region).copy_jobs[copy.job_id] = copy
    world.count("copy_jobs")
    notices.of_copy(world, copy.created_at, copy)
    world.clockwork.at(copy.created_at + pace.settling(copy.chance), begin, copy)


def inherited(source: Lifecycle, requested: Lifecycle | None) -> Lifecycle:
    """Return the lifecycle of a copy: its own, or the source's where it asks for none or for -1."""
    if requested is None:
        return source
    return kept(lifecycle.at_destination(meant(source), meant(requested)), archive=requested.archive)


def begin(world: World, at: datetime, copy: CopyJob) -> None:
    """A created copy job fails at once, starts, or waits for its turn as long as it takes."""
    if copy.state is not CopyJobState.CREATED:
        turns.release(world, at, copy)
        return
    failure = _failure(world, at, copy)
    if failure is not None:
        _end(world, at, copy, CopyJobState.FAILED, failure)
    elif copy.composite:
        _spread(world, at, copy)
    elif turns.take(world, copy, begin):
        copy.state = CopyJobState.RUNNING
        notices.of_copy(world, at, copy)
        world.clockwork.at(at + stretched(world.disturbances, copy, pace.duration(copy.resource, copy.chance)), _finish, copy)


def _spread(world: World, at: datetime, copy: CopyJob) -> None:
    """The copy of a composite recovery point starts those of its members; types that can't be copied this way are left out."""
    copy.state = CopyJobState.RUNNING
    notices.of_copy(world, at, copy)
    every = composites.copies(world, at, copy)
    copy.children = tuple(child for child in every if _verdict(world, child, cold=is_cold(child.source, at)).failure_mode != _IMPOSSIBLE)
    for child in copy.children:
        start(world, child)
    if not copy.children:
        _end(world, at, copy, CopyJobState.FAILED, (facts.message("unsupported_type"), OTHER))


def _gather(world: World, at: datetime, copy: CopyJob) -> None:
    """The copy of a composite recovery point is over with the last one of its members."""
    if copy.state is not CopyJobState.RUNNING or not composites.over(copy):
        return
    state, vault = composites.copy_outcome(copy), find_vault(world, copy.destination_vault_arn)
    if state is CopyJobState.FAILED or vault is None:
        first = copy.children[0]
        _end(world, at, copy, CopyJobState.FAILED, (first.message, first.category or OTHER))
        return
    copy.size_bytes, copy.key_arn, copy.to_air_gapped = copy.source.size_bytes, vault.key_arn, vault.air_gapped
    landed = [None if child.point_arn is None else vault.points.get(child.point_arn) for child in copy.children]
    whole = state is CopyJobState.COMPLETED and copy.source.status is RecoveryPointStatus.COMPLETED
    point = composites.composed(_point(world, at, copy, vault), [None if each is None else (vault, each) for each in landed], whole=whole)
    add_point(world, vault, point)
    composites.adopt(vault, point)
    copy.point_arn = point.arn
    _end(world, at, copy, state, (None, SUCCESS if state is CopyJobState.COMPLETED else OTHER))


def _failure(world: World, at: datetime, copy: CopyJob) -> Outcome | None:
    """Why a copy can't go on now, in about the order in which AWS looks."""
    down = world.disturbances.regions
    if down and down & {copy.region, _parsed(copy.destination_vault_arn).region}:
        return facts.message("internal_error"), OTHER
    cold = is_cold(copy.source, at)
    closed: Outcome | None = world.once(_way(copy, cold=cold), lambda: _closed(world, copy, cold=cold))
    if closed is not None:
        return closed
    vault = find_vault(world, copy.destination_vault_arn)
    locked = None if vault is None else refusal(vault, copy.lifecycle, copy=True)
    if locked is not None:
        return locked
    source = find_vault(world, copy.source_vault_arn)
    if source is None or copy.source.arn not in source.points:
        return f"Cannot find recovery point {copy.source.arn}", OTHER
    return None


def _way(copy: CopyJob, *, cold: bool) -> tuple[object, ...]:
    """Return what decides whether a copy is closed; all copies that go this way share the answer."""
    resource, source = copy.resource, copy.source
    what = (resource.type, resource.multi_az_cluster, cold, source.continuous, copy.creator is None)
    where = (copy.account, copy.region, copy.source_vault_arn, copy.destination_vault_arn)
    return ("copy", *what, *where, source.key_arn, copy.role_arn)


def _closed(world: World, copy: CopyJob, *, cold: bool) -> Outcome | None:
    """Why nothing with this source key can be copied this way; the same for all copies until somebody changes a setting."""
    same_account = _parsed(copy.destination_vault_arn).account == copy.account
    vault = find_vault(world, copy.destination_vault_arn)
    source_key, vault_key = _keys(world, copy, vault)
    verdict = _verdict(world, copy, cold=cold)
    if verdict.outcome is copies.Outcome.FAILS:
        return verdict.message, OTHER
    if vault is None:
        return facts.message("vault_missing").format(arn=copy.destination_vault_arn).replace("Backup job", "Copy job", 1), OTHER
    nobody = role_problem(world, copy.role_arn)
    if nobody:
        return nobody, ACCESS_DENIED
    gap = airgapped.between(world, copy, vault, source_key, vault_key)
    if gap:
        return gap, OTHER
    refused = None if same_account else _not_allowed(world, copy, vault, source_key)
    if refused is None and any(key is not None and key.state not in ("Enabled", "Missing") for key in (vault_key, source_key)):
        return facts.message("key_unusable"), ACCESS_DENIED
    denied = "" if refused else copy_refused(world, copy, vault)
    return (denied, ACCESS_DENIED) if denied else refused


def _verdict(world: World, copy: CopyJob, *, cold: bool) -> copies.Verdict:
    """Return what AWS Backup says of a copy by the kinds of its source and destination alone."""
    destination, members = _parsed(copy.destination_vault_arn), world.organization.accounts()
    source_key, vault_key = _keys(world, copy, find_vault(world, copy.destination_vault_arn))
    return copies.verdict(
        copies.CopyCase(
            type=copy.resource.type,
            same_account=destination.account == copy.account,
            same_region=destination.region == copy.region,
            key_manager=None if source_key is None else source_key.manager,
            advanced_dynamodb=full_management(world, copy.account, copy.region, ResourceType.DYNAMODB),
            cross_account_enabled=world.global_settings.get("isCrossAccountBackupEnabled") == "true",
            destination_key_manager=None if vault_key is None else vault_key.manager,
            same_organization=copy.account in members and destination.account in members,
            source_region=copy.region,
            destination_region=destination.region,
            multi_az_cluster=copy.resource.multi_az_cluster,
            cold=cold,
            continuous=copy.source.continuous,
            on_demand=copy.creator is None,
        )
    )


def _keys(world: World, copy: CopyJob, vault: Vault | None) -> tuple[Key | None, Key | None]:
    """Return the keys of the source and of the destination vault."""
    source = None if copy.source.key_arn is None else key_of(world, copy.source.key_arn, copy.account, copy.region)
    return source, None if vault is None or vault.key_arn is None else key_of(world, vault.key_arn, vault.account, vault.region)


def _not_allowed(world: World, copy: CopyJob, vault: Vault, source_key: Key | None) -> Outcome | None:
    """Why the policies of vault and key don't let a copy pass from account to account."""
    if not may_copy_into(vault.access_policy, vault.arn, _caller(world, copy.account, copy.role_arn)):
        return facts.message("copy_access_denied"), ACCESS_DENIED
    if source_key is not None and not _shared(world, copy, vault, source_key):  # also a key that is nowhere to be found
        return facts.message("copy_key_inaccessible"), ACCESS_DENIED
    return None


def _shared(world: World, copy: CopyJob, vault: Vault, key: Key) -> bool:
    """Whether the destination account can read the source: fully managed types are read with the vault's key by AWS Backup."""
    advanced = full_management(world, copy.account, copy.region, ResourceType.DYNAMODB)
    if copies.fully_managed(copy.resource.type, advanced_dynamodb=advanced) or f":{vault.account}:" in key.arn:
        return True
    role = f"arn:{partition_of(vault.region)}:iam::{vault.account}:role/{SERVICE_LINKED_ROLE}"
    service = {ResourceType.EBS: "ec2", ResourceType.EC2: "ec2"}.get(copy.resource.type, "rds")
    return may_use_key(key.policy, key.arn, _caller(world, vault.account, role, f"{service}.{copy.region}.amazonaws.com"))


def _caller(world: World, account: str, principal: str, service: str = "") -> Caller:
    organization = world.organization
    path = organization.path_of(account)
    return Caller(account=account, principal=principal, organization_id=organization.organization_id, path=path, service=service)


@functools.lru_cache(maxsize=10_000)
def _parsed(vault_arn: str) -> Arn:
    """Parse the ARN of a vault, of which there are few and which are asked for with each copy."""
    return Arn.parse(vault_arn)


def find_vault(world: World, arn: str) -> Vault | None:
    """Return the vault with an ARN, wherever it lies."""
    parsed = _parsed(arn)
    place = world.places.get((parsed.account, parsed.region))
    return None if place is None else place.vaults.get(parsed.resource.removeprefix("backup-vault:"))


def _finish(world: World, at: datetime, copy: CopyJob) -> None:
    failure = _failure(world, at, copy)  # the destination may have changed while the copy was running
    vault = find_vault(world, copy.destination_vault_arn)
    if failure is not None or vault is None:
        _end(world, at, copy, CopyJobState.FAILED, failure or (facts.message("internal_error"), OTHER))
        return
    copy.size_bytes = copy.source.size_bytes
    copy.key_arn = _key_at_destination(world, copy, vault)
    copy.to_air_gapped = vault.air_gapped
    try:
        point = _point(world, at, copy, vault)
    except NotKept as problem:
        _end(world, at, copy, CopyJobState.FAILED, (str(problem), OTHER))
        return
    add_point(world, vault, point)
    copy.point_arn = point.arn
    _end(world, at, copy, CopyJobState.COMPLETED, (None, SUCCESS))


def _key_at_destination(world: World, copy: CopyJob, vault: Vault) -> str | None:
    encrypted = copy.source.key_arn is not None or airgapped.comes_out(world, copy)
    unencrypted = copies.stays_unencrypted(copy.resource.type, encrypted=encrypted)
    return None if unencrypted else vault.key_arn


def _point(world: World, at: datetime, copy: CopyJob, vault: Vault) -> RecoveryPoint:
    source = copy.source
    made_at = at if source.continuous else source.created_at  # a copy of a continuous backup is a snapshot of its end
    return RecoveryPoint(
        serial=world.serial(),
        arn=_arn(copy, vault, made_at),
        resource=source.resource,
        created_at=made_at,
        initiated_at=copy.created_at,
        completed_at=at,
        status=RecoveryPointStatus.COMPLETED,
        message=None,
        size_bytes=source.size_bytes,
        lifecycle=copy.lifecycle,
        delete_at=None,
        due_at=None,
        key_arn=copy.key_arn,
        source_vault_arn=copy.source_vault_arn,
        role_arn=f"arn:{partition_of(vault.region)}:iam::{vault.account}:role/{SERVICE_LINKED_ROLE}",
        creator=source.creator,
        tags=dict(source.tags),
        continuous=False,
        account=source.account,
        member=source.member,
        content=_content(world, at, copy, vault),
    )


def _content(world: World, at: datetime, copy: CopyJob, vault: Vault) -> Content | None:
    source = copy.source
    if source.continuous:
        return world.contents.take(source.resource, source.account, copy.region, at)
    if source.content is None:
        return None
    shelf = Shelf(account=vault.account, region=vault.region, key_arn=copy.key_arn, air_gapped=vault.air_gapped)
    return world.contents.share(source.content, shelf)


def _arn(copy: CopyJob, vault: Vault, at: datetime) -> str:
    resource = copy.source.resource
    if copy.composite:
        return composites.arn(resource, vault.account, vault.region, at, copy.chance)
    return arns.recovery_point_arn(resource, vault.account, vault.region, at, copy.chance, advanced=True, air_gapped=vault.air_gapped)


def _end(world: World, at: datetime, copy: CopyJob, state: CopyJobState, outcome: Outcome) -> None:
    copy.state, copy.completed_at = state, at
    copy.message, copy.category = outcome
    world.count(f"copy_jobs_{state.value.lower()}")
    notices.of_copy(world, at, copy)
    airgapped.over(world, at, copy, find_vault(world, copy.destination_vault_arn))
    turns.release(world, at, copy)
    if copy.parent is not None:
        _gather(world, at, copy.parent)
