"""Vault operations: create, describe, list, delete; access policy, lock, notifications."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import Arn, vault_arn
from strongroom.semantics import airgapped, locks
from strongroom.twin.backup import changes
from strongroom.twin.backup.access import Caller, denies
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import (
    access_denied,
    already_exists,
    invalid_parameter,
    invalid_request,
    limit_exceeded,
    missing_parameter,
    not_found,
)
from strongroom.twin.backup.kept import ApprovalRequest, RestoreAccess
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.shared import as_owner, shared_vaults
from strongroom.twin.backup.state import Vault, World
from strongroom.twin.backup.surroundings import aws_managed_key, key_of
from strongroom.twin.backup.wire import Call

_MAKING = timedelta(minutes=1), timedelta(minutes=3)  # how long it takes to make an air-gapped vault
_RESTORE_ACCESS = "RESTORE_ACCESS_BACKUP_VAULT"
_POLICY_CHARACTERS_MAX = 20_480  # unverified; the limit of resource policies of AWS Backup is not on its quota page


def find(world: World, call: Call, name: str) -> Vault:
    """Return a vault of the caller's account; raises ApiError when there is none."""
    vault = world.place(call.account, call.region).vaults.get(name)
    if vault is None:
        raise not_found(f"Backup vault {name} does not exist.")
    return vault


def authorize(world: World, call: Call, vault: Vault, action: str, resource_arn: str = "") -> None:
    """Refuse what the vault's access policy denies to the caller; raises ApiError."""
    if vault.access_policy is None or call.internal:
        return
    organization = world.organization
    caller = Caller(
        account=call.account,
        principal=call.principal,
        organization_id=organization.organization_id,
        path=organization.path_of(call.account) if call.account in organization.accounts() else "",
    )
    if denies(vault.access_policy, f"backup:{action}", resource_arn or vault.arn, caller):
        reason = "with an explicit deny in a resource-based policy"
        raise access_denied(f"User: {call.principal} is not authorized to perform: backup:{action} {reason}")


def create_backup_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateBackupVault."""
    existing = _existing(world, call, parameters)
    if existing is not None:
        return _created(existing)
    given = parameters.get("EncryptionKeyArn")
    key_arn = aws_managed_key(call.account, call.region, "aws/backup").arn if given is None else _key(world, call, given)
    made = _add(world, call, parameters, key_arn)
    changes.of_vault(world, call.at, made, "CREATED")
    return _created(made)


def create_air_gapped_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateLogicallyAirGappedBackupVault: locked from the start, and available after one to three minutes."""
    existing = _existing(world, call, parameters)
    if existing is None:
        least, most = parameters["MinRetentionDays"], parameters["MaxRetentionDays"]
        problem = airgapped.lock_problem(least, most)
        if problem:
            raise invalid_parameter(problem)
        given = parameters.get("EncryptionKeyArn")
        existing = _add(world, call, parameters, None if given is None else _key(world, call, given))
        luck = chance(world.seed, "air-gapped", existing.arn, existing.serial)
        existing.air_gapped, existing.available_at = True, call.at + luck.between(*_MAKING, 0)
        existing.lock = locks.Lock(min_days=least, max_days=most, lock_at=call.at)
        changes.of_vault(world, call.at, existing, "CREATED")
    return _created(existing) | {"VaultState": described(existing, call.at)["VaultState"]}


def _existing(world: World, call: Call, parameters: Mapping[str, Any]) -> Vault | None:
    """Return the vault that the same request made before; raises ApiError for another of that name, and for one too many."""
    place, request_id = world.place(call.account, call.region), parameters.get("CreatorRequestId")
    name = parameters["BackupVaultName"]
    other = place.restore_access.get(name)
    if other is not None:
        raise already_exists(facts.message("vault_exists"), arn=other.arn, creator_request_id=other.creator_request_id)
    existing = place.vaults.get(name)
    if existing is not None and (request_id is None or existing.creator_request_id != request_id):
        raise already_exists(facts.message("vault_exists"), arn=existing.arn, creator_request_id=existing.creator_request_id)
    if existing is None and len(place.vaults) >= facts.limit("vaults_per_region").value:
        raise limit_exceeded(f"The account has {len(place.vaults)} backup vaults in {call.region}, the most that are allowed")
    return existing


def _add(world: World, call: Call, parameters: Mapping[str, Any], key_arn: str | None) -> Vault:
    vault = Vault(
        serial=world.serial(),
        name=parameters["BackupVaultName"],
        arn=vault_arn(call.account, call.region, parameters["BackupVaultName"]),
        account=call.account,
        region=call.region,
        created_at=call.at,
        creator_request_id=parameters.get("CreatorRequestId"),
        key_arn=key_arn,
        tags=dict(parameters.get("BackupVaultTags") or {}),
    )
    world.place(call.account, call.region).vaults[vault.name] = vault
    return vault


def _key(world: World, call: Call, given: str) -> str:
    key = key_of(world, given, call.account, call.region)
    if key.state != "Enabled" or f":{call.region}:" not in key.arn:
        raise invalid_parameter(f"Invalid EncryptionKeyArn {given}: the key is {key.state}, an enabled key of {call.region} is needed")
    return key.arn


def vault_type(*, air_gapped: bool) -> str:
    """Return the VaultType of a vault."""
    return "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" if air_gapped else "BACKUP_VAULT"


def key_type(vault: Vault) -> str | None:
    """Return the EncryptionKeyType of an air-gapped vault, None of others."""
    if not vault.air_gapped:
        return None
    return "AWS_OWNED_KMS_KEY" if vault.key_arn is None else "CUSTOMER_MANAGED_KMS_KEY"


def _created(vault: Vault) -> dict[str, Any]:
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, "CreationDate": vault.created_at}


def described(vault: Vault, at: datetime) -> dict[str, Any]:
    """Return a vault as DescribeBackupVault and ListBackupVaults show it at an instant."""
    creating = vault.available_at is not None and at < vault.available_at
    document = {
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "VaultType": vault_type(air_gapped=vault.air_gapped),
        "VaultState": "CREATING" if creating else "AVAILABLE",
        "CreationDate": vault.created_at,
        "EncryptionKeyArn": vault.key_arn,
        "CreatorRequestId": vault.creator_request_id,
        "NumberOfRecoveryPoints": len(vault.points),
        "Locked": vault.lock is not None,
        "MinRetentionDays": vault.lock and vault.lock.min_days,
        "MaxRetentionDays": vault.lock and vault.lock.max_days,
        "LockDate": vault.lock and vault.lock.lock_at,
        "EncryptionKeyType": key_type(vault),
    } | _approved(vault, at)
    return {name: value for name, value in document.items() if value is not None}


def _approved(vault: Vault, at: datetime) -> dict[str, Any]:
    if vault.approval is None:
        return {}
    update = vault.approval.update
    return {
        "MpaApprovalTeamArn": vault.approval.team_arn,
        "MpaSessionArn": update and update.session_arn,
        "LatestMpaApprovalTeamUpdate": update and latest_request(update, at),
    }


def latest_request(request: ApprovalRequest, at: datetime) -> dict[str, Any]:
    """Return a request for approval as AWS Backup shows it at an instant: nobody in the twin answers it."""
    document = {"MpaSessionArn": request.session_arn, "InitiationDate": request.initiated_at, "ExpiryDate": request.expires_at}
    if at < request.expires_at:
        return document | {"Status": "PENDING"}
    return document | {"Status": "FAILED", "StatusMessage": "The approval session expired."}


def access_state(access: RestoreAccess, at: datetime) -> str:
    """Return the VaultState of a restore access backup vault: it waits for its approval, and fails without."""
    return "CREATING" if at < access.request.expires_at else "FAILED"


def _described_access(access: RestoreAccess, at: datetime) -> dict[str, Any]:
    document = {
        "BackupVaultName": access.name,
        "BackupVaultArn": access.arn,
        "VaultType": _RESTORE_ACCESS,
        "VaultState": access_state(access, at),
        "CreationDate": access.created_at,
        "CreatorRequestId": access.creator_request_id,
        "NumberOfRecoveryPoints": 0,
        "SourceBackupVaultArn": access.source_vault_arn,
        "MpaSessionArn": access.request.session_arn,
    }
    return {name: value for name, value in document.items() if value is not None}


def describe_backup_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeBackupVault."""
    call = as_owner(world, call, parameters)
    access = world.place(call.account, call.region).restore_access.get(parameters["BackupVaultName"])
    if access is not None:
        return _described_access(access, call.at)
    return described(find(world, call, parameters["BackupVaultName"]), call.at)


def list_backup_vaults(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupVaults: one's own, or with ByShared those that others share with one."""
    wanted, place = parameters.get("ByVaultType"), world.place(call.account, call.region)
    vaults: list[Vault | RestoreAccess] = [
        vault for vault in place.vaults.values() if wanted in (None, vault_type(air_gapped=vault.air_gapped))
    ]
    if place.restore_access and wanted in (None, _RESTORE_ACCESS):
        vaults = sorted([*vaults, *place.restore_access.values()], key=lambda vault: vault.serial)

    def listed(vault: Vault | RestoreAccess) -> dict[str, Any]:
        return _described_access(vault, call.at) if isinstance(vault, RestoreAccess) else described(vault, call.at)

    if parameters.get("ByShared"):
        shared = [vault for vault in shared_vaults(world, call) if wanted in (None, vault_type(air_gapped=vault.air_gapped))]
        return page("BackupVaultList", shared, listed, parameters)
    return page("BackupVaultList", vaults, listed, parameters)


def delete_backup_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVault: only an empty one, whatever its lock says."""
    vault = find(world, call, parameters["BackupVaultName"])
    authorize(world, call, vault, "DeleteBackupVault")
    refused = locks.refuses(vault.lock, locks.Act.DELETE_VAULT, recovery_points=len(vault.points))
    if refused:
        raise invalid_request(refused, code="ERROR_9101")
    del world.place(call.account, call.region).vaults[vault.name]
    changes.of_vault(world, call.at, vault, "DELETED")
    return {}


def put_access_policy(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """PutBackupVaultAccessPolicy: replaces the whole policy; actions must be written out."""
    vault = find(world, call, parameters["BackupVaultName"])
    authorize(world, call, vault, "PutBackupVaultAccessPolicy")
    policy = parameters.get("Policy") or ""
    problem = _policy_problem(policy)
    if problem:
        raise invalid_parameter(f"Invalid policy document: {problem}")
    vault.access_policy = policy
    changes.of_vault(world, call.at, vault, "MODIFIED")
    return {}


def _policy_problem(policy: str) -> str:
    if len(policy) > _POLICY_CHARACTERS_MAX:
        return f"{len(policy)} characters, at most {_POLICY_CHARACTERS_MAX} are allowed"
    try:
        document = json.loads(policy)
    except ValueError:
        return "not JSON"
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not statements or not isinstance(statements, dict | list):
        return "no statement"
    for statement in [statements] if isinstance(statements, dict) else statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            return "a statement needs the effect Allow or Deny"
        actions = statement.get("Action", [])
        for action in actions if isinstance(actions, list) else [actions]:
            if not isinstance(action, str) or "*" in action or not action.startswith(("backup:", "backup-storage:")):
                return f"action {action} is not a full name of an action of AWS Backup"
    return ""


def get_access_policy(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupVaultAccessPolicy."""
    vault = find(world, call, parameters["BackupVaultName"])
    if vault.access_policy is None:
        raise not_found(f"Backup vault {vault.name} has no associated policy")
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, "Policy": vault.access_policy}


def delete_access_policy(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVaultAccessPolicy."""
    vault = find(world, call, parameters["BackupVaultName"])
    authorize(world, call, vault, "DeleteBackupVaultAccessPolicy")
    vault.access_policy = None
    changes.of_vault(world, call.at, vault, "MODIFIED")
    return {}


def put_lock(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """PutBackupVaultLockConfiguration: ChangeableForDays makes it a compliance lock; its grace time starts anew with each call."""
    vault = find(world, call, parameters["BackupVaultName"])
    change = locks.put(
        vault.lock,
        at=call.at,
        min_days=parameters.get("MinRetentionDays"),
        max_days=parameters.get("MaxRetentionDays"),
        changeable_for_days=parameters.get("ChangeableForDays"),
    )
    if change.refused:
        hard = locks.phase(vault.lock, call.at) is locks.Phase.COMPLIANCE
        raise (invalid_request if hard else invalid_parameter)(f"Backup vault {vault.name}: {change.refused}")
    vault.lock = change.lock
    changes.of_vault(world, call.at, vault, "MODIFIED")
    return {}


def delete_lock(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVaultLockConfiguration."""
    vault = find(world, call, parameters["BackupVaultName"])
    change = locks.delete(vault.lock, at=call.at)
    if change.refused:
        raise invalid_request(f"Backup vault {vault.name}: {change.refused}")
    vault.lock = change.lock
    changes.of_vault(world, call.at, vault, "MODIFIED")
    return {}


def put_notifications(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """PutBackupVaultNotifications: one topic a vault, a standard one of the same account and Region."""
    vault = find(world, call, parameters["BackupVaultName"])
    authorize(world, call, vault, "PutBackupVaultNotifications")
    problem = _topic_problem(call, parameters["SNSTopicArn"])
    if problem:
        raise invalid_parameter(f"Invalid SNSTopicArn {parameters['SNSTopicArn']}: {problem}")
    if not parameters["BackupVaultEvents"]:
        raise missing_parameter("BackupVaultEvents")
    vault.notifications = {"SNSTopicArn": parameters["SNSTopicArn"], "BackupVaultEvents": parameters["BackupVaultEvents"]}
    return {}


def _topic_problem(call: Call, arn: str) -> str:
    try:
        topic = Arn.parse(arn)
    except ValueError:
        return "not an ARN"
    if topic.service != "sns":
        return "not the ARN of a topic"
    if topic.resource.endswith(".fifo"):
        return "FIFO topics are not supported"
    if (topic.account, topic.region) != (call.account, call.region):
        return f"a topic of account {call.account} in {call.region} is needed"
    return ""


def get_notifications(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupVaultNotifications."""
    vault = find(world, call, parameters["BackupVaultName"])
    if vault.notifications is None:
        raise not_found(f"Backup vault {vault.name} has no notifications")
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, **vault.notifications}


def delete_notifications(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVaultNotifications."""
    vault = find(world, call, parameters["BackupVaultName"])
    authorize(world, call, vault, "DeleteBackupVaultNotifications")
    vault.notifications = None
    return {}
