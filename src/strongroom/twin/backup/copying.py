"""Copy jobs: from vault to vault, Region to Region, account to account, or AWS's reason why not.

A copy job is listed where its source is; the recovery point it makes lies at the destination. It never expires.
Source: AWS Backup developer guide, create-cross-account-backup, encryption, backup-dashboards (read 2026-11).
"""

from datetime import datetime

from strongroom import facts
from strongroom.domain.names import FOREVER, Arn, ResourceType, RetentionDays, partition_of
from strongroom.semantics import copies, lifecycle
from strongroom.semantics.jobs import CopyJobState, RecoveryPointStatus
from strongroom.twin.backup import arns, pace, turns
from strongroom.twin.backup.access import Caller, may_copy_into, may_use_key
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.expiry import add_point
from strongroom.twin.backup.locks import outside_lock
from strongroom.twin.backup.settings import full_management
from strongroom.twin.backup.state import (
    ACCESS_DENIED,
    INVALID_PARAMETERS,
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
from strongroom.twin.backup.surroundings import SERVICE_LINKED_ROLE, Key, key_of


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
    copy.serial, copy.job_id = world.serial(), copy.chance.uuid.upper()
    world.place(copy.account, copy.region).copy_jobs[copy.job_id] = copy
    world.count("copy_jobs")
    world.clockwork.at(copy.created_at + pace.settling(copy.chance), begin, copy)


def inherited(source: Lifecycle, requested: Lifecycle | None) -> Lifecycle:
    """Return the lifecycle of a copy: its own, or the source's where it asks for none or for -1."""
    if requested is None:
        return source
    keep = lifecycle.copy_retention(_keep(source.delete_days), None if requested.delete_days is None else _keep(requested.delete_days))
    return Lifecycle(
        delete_days=keep if isinstance(keep, int) else None,
        cold_days=None if requested.cold_days is None or requested.cold_days < 0 else requested.cold_days,
        archive=requested.archive,
    )


def _keep(days: int | None) -> RetentionDays:
    return FOREVER if days is None or days < 0 else days


def begin(world: World, at: datetime, copy: CopyJob) -> None:
    """A created copy job fails at once, starts, or waits for its turn as long as it takes."""
    if copy.state is not CopyJobState.CREATED:
        turns.release(world, at, copy)
        return
    failure = _failure(world, copy)
    if failure is not None:
        _end(world, at, copy, CopyJobState.FAILED, failure)
    elif turns.take(world, copy, begin):
        copy.state = CopyJobState.RUNNING
        world.clockwork.at(at + pace.duration(copy.resource, copy.chance), _finish, copy)


def _failure(world: World, copy: CopyJob) -> Outcome | None:
    """Why a copy can't go on now, in about the order in which AWS looks."""
    source_key = copy.source.key_arn or ""
    way = ("copy", copy.resource.type.value, copy.account, copy.region, source_key, copy.destination_vault_arn, copy.role_arn)
    closed: Outcome | None = world.once(way, lambda: _closed(world, copy))
    if closed is not None:
        return closed
    vault = find_vault(world, copy.destination_vault_arn)
    if vault is not None and outside_lock(vault, copy.lifecycle):
        return facts.message("lock_range_copy"), INVALID_PARAMETERS
    source = find_vault(world, copy.source_vault_arn)
    if source is None or copy.source.arn not in source.points:
        return f"Cannot find recovery point {copy.source.arn}", OTHER
    return None


def _closed(world: World, copy: CopyJob) -> Outcome | None:
    """Why nothing with this source key can be copied this way; the same for all copies until somebody changes a setting."""
    destination = Arn.parse(copy.destination_vault_arn)
    same_account = destination.account == copy.account
    members = world.organization.accounts()
    if not same_account and not (copy.account in members and destination.account in members):
        return facts.message("not_same_organization"), OTHER
    vault = find_vault(world, copy.destination_vault_arn)
    source_key = None if copy.source.key_arn is None else key_of(world, copy.source.key_arn, copy.account, copy.region)
    vault_key = None if vault is None else key_of(world, vault.key_arn, vault.account, vault.region)
    verdict = copies.verdict(
        copies.CopyCase(
            type=copy.resource.type,
            same_account=same_account,
            same_region=destination.region == copy.region,
            key_manager=None if source_key is None else source_key.manager,
            advanced_dynamodb=full_management(world, copy.account, copy.region, ResourceType.DYNAMODB),
            cross_account_enabled=world.global_settings.get("isCrossAccountBackupEnabled") == "true",
            destination_key_manager=None if vault_key is None else vault_key.manager,
        )
    )
    if verdict.outcome is copies.Outcome.FAILS:
        return verdict.message, OTHER
    if vault is None:
        return facts.message("vault_missing").format(arn=copy.destination_vault_arn).replace("Backup job", "Copy job", 1), OTHER
    refused = None if same_account else _not_allowed(world, copy, vault, source_key)
    if refused is None and any(key is not None and key.state not in ("Enabled", "Missing") for key in (vault_key, source_key)):
        return facts.message("key_unusable"), ACCESS_DENIED
    return refused


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


def find_vault(world: World, arn: str) -> Vault | None:
    """Return the vault with an ARN, wherever it lies."""
    parsed = Arn.parse(arn)
    place = world.places.get((parsed.account, parsed.region))
    return None if place is None else place.vaults.get(parsed.resource.removeprefix("backup-vault:"))


def _finish(world: World, at: datetime, copy: CopyJob) -> None:
    failure = _failure(world, copy)  # the destination may have changed while the copy was running
    vault = find_vault(world, copy.destination_vault_arn)
    if failure is not None or vault is None:
        _end(world, at, copy, CopyJobState.FAILED, failure or (facts.message("internal_error"), OTHER))
        return
    copy.size_bytes = copy.source.size_bytes
    copy.key_arn = _key_at_destination(copy, vault)
    point = _point(world, at, copy, vault)
    add_point(world, vault, point)
    copy.point_arn = point.arn
    _end(world, at, copy, CopyJobState.COMPLETED, (None, SUCCESS))


def _key_at_destination(copy: CopyJob, vault: Vault) -> str | None:
    keeps_unencrypted = copy.resource.type in (ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE)
    return None if keeps_unencrypted and copy.source.key_arn is None else vault.key_arn


def _point(world: World, at: datetime, copy: CopyJob, vault: Vault) -> RecoveryPoint:
    source = copy.source
    made_at = at if source.continuous else source.created_at  # a copy of a continuous backup is a snapshot of its end
    return RecoveryPoint(
        serial=world.serial(),
        arn=arns.recovery_point_arn(source.resource, vault.account, vault.region, made_at, copy.chance, advanced=True),
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
    )


def _end(world: World, at: datetime, copy: CopyJob, state: CopyJobState, outcome: Outcome) -> None:
    copy.state, copy.completed_at = state, at
    copy.message, copy.category = outcome
    world.count(f"copy_jobs_{state.value.lower()}")
    turns.release(world, at, copy)
