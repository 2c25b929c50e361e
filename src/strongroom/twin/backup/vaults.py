"""Vault operations: create, describe, list, delete; access policy, lock, notifications."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import vault_arn
from strongroom.twin.backup.access import Caller, denies
from strongroom.twin.backup.errors import access_denied, already_exists, invalid_parameter, invalid_request, limit_exceeded, not_found
from strongroom.twin.backup.locks import hardened
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.state import Vault, World
from strongroom.twin.backup.surroundings import aws_managed_key, key_of
from strongroom.twin.backup.wire import Call

_VAULT_TYPE = "BACKUP_VAULT"
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
    place, name = world.place(call.account, call.region), parameters["BackupVaultName"]
    request_id = parameters.get("CreatorRequestId")
    existing = place.vaults.get(name)
    if existing is not None:
        if request_id is None or existing.creator_request_id != request_id:
            raise already_exists(facts.message("vault_exists"), arn=existing.arn, creator_request_id=existing.creator_request_id)
        return _created(existing)
    if len(place.vaults) >= facts.limit("vaults_per_region").value:
        raise limit_exceeded(f"The account has {len(place.vaults)} backup vaults in {call.region}, the most that are allowed")
    vault = Vault(
        serial=world.serial(),
        name=name,
        arn=vault_arn(call.account, call.region, name),
        account=call.account,
        region=call.region,
        created_at=call.at,
        creator_request_id=request_id,
        key_arn=_key(world, call, parameters.get("EncryptionKeyArn")),
        tags=dict(parameters.get("BackupVaultTags") or {}),
    )
    place.vaults[name] = vault
    return _created(vault)


def _key(world: World, call: Call, given: str | None) -> str:
    if given is None:
        return aws_managed_key(call.account, call.region, "aws/backup").arn
    key = key_of(world, given, call.account, call.region)
    if key.state != "Enabled" or f":{call.region}:" not in key.arn:
        raise invalid_parameter(f"Invalid EncryptionKeyArn {given}: the key is {key.state}, an enabled key of {call.region} is needed")
    return key.arn


def _created(vault: Vault) -> dict[str, Any]:
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, "CreationDate": vault.created_at}


def described(vault: Vault) -> dict[str, Any]:
    """Return a vault as DescribeBackupVault and ListBackupVaults show it."""
    document = {
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "VaultType": _VAULT_TYPE,
        "VaultState": "AVAILABLE",
        "CreationDate": vault.created_at,
        "EncryptionKeyArn": vault.key_arn,
        "CreatorRequestId": vault.creator_request_id,
        "NumberOfRecoveryPoints": len(vault.points),
        "Locked": vault.locked,
        "MinRetentionDays": vault.min_days,
        "MaxRetentionDays": vault.max_days,
        "LockDate": vault.lock_at,
    }
    return {name: value for name, value in document.items() if value is not None}


def describe_backup_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeBackupVault."""
    owner = parameters.get("BackupVaultAccountId")
    if owner not in (None, call.account):
        raise access_denied(f"Insufficient privileges to perform this action on vaults of account {owner}.")
    return described(find(world, call, parameters["BackupVaultName"]))


def list_backup_vaults(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupVaults; nothing is shared and no vault is air-gapped yet, so those filters give an empty list."""
    vaults = list(world.place(call.account, call.region).vaults.values())
    if parameters.get("ByVaultType", _VAULT_TYPE) != _VAULT_TYPE or parameters.get("ByShared"):
        vaults = []
    return page("BackupVaultList", vaults, described, parameters)


def delete_backup_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVault: only an empty one, whatever its lock says."""
    vault = find(world, call, parameters["BackupVaultName"])
    authorize(world, call, vault, "DeleteBackupVault")
    if vault.points:
        raise invalid_request(facts.message("vault_not_empty"), code="ERROR_9101")
    del world.place(call.account, call.region).vaults[vault.name]
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
    return {}


def _policy_problem(policy: str) -> str:
    if len(policy) > _POLICY_CHARACTERS_MAX:
        return f"{len(policy)} characters, at most {_POLICY_CHARACTERS_MAX} are allowed"
    try:
        document = json.loads(policy)
    except ValueError:
        return "not JSON"
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not statements:
        return "no statement"
    for statement in [statements] if isinstance(statements, dict) else statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            return "a statement needs the effect Allow or Deny"
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            if "*" in action or not action.startswith(("backup:", "backup-storage:")):
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
    return {}


def put_lock(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """PutBackupVaultLockConfiguration: ChangeableForDays makes it a compliance lock; its grace time starts anew with each call."""
    vault = find(world, call, parameters["BackupVaultName"])
    if hardened(vault, call.at):
        raise invalid_request(f"Backup vault {vault.name} is locked since {vault.lock_at}: its lock cannot be changed.")
    least, most, grace = (parameters.get(name) for name in ("MinRetentionDays", "MaxRetentionDays", "ChangeableForDays"))
    low, high = facts.limit("lock_retention_days_min").value, facts.limit("lock_retention_days_max").value
    for name, value in (("MinRetentionDays", least), ("MaxRetentionDays", most)):
        if value is not None and not low <= value <= high:
            raise invalid_parameter(f"{name} must be between {low} and {high}: {value}")
    if least is not None and most is not None and least > most:
        raise invalid_parameter(f"MinRetentionDays {least} is greater than MaxRetentionDays {most}")
    shortest, longest = facts.limit("lock_grace_days_min").value, facts.limit("lock_grace_days_max").value
    if grace is not None and not shortest <= grace <= longest:
        raise invalid_parameter(f"ChangeableForDays must be between {shortest} and {longest}: {grace}")
    vault.locked, vault.min_days, vault.max_days = True, least, most
    vault.lock_at = None if grace is None else call.at + timedelta(days=grace)
    return {}


def delete_lock(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVaultLockConfiguration."""
    vault = find(world, call, parameters["BackupVaultName"])
    if hardened(vault, call.at):
        raise invalid_request(f"Backup vault {vault.name} is locked since {vault.lock_at}: its lock cannot be removed.")
    vault.locked, vault.min_days, vault.max_days, vault.lock_at = False, None, None, None
    return {}


def put_notifications(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """PutBackupVaultNotifications: stored, nothing is sent yet."""
    vault = find(world, call, parameters["BackupVaultName"])
    vault.notifications = {"SNSTopicArn": parameters["SNSTopicArn"], "BackupVaultEvents": parameters["BackupVaultEvents"]}
    return {}


def get_notifications(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupVaultNotifications."""
    vault = find(world, call, parameters["BackupVaultName"])
    if vault.notifications is None:
        raise not_found(f"Backup vault {vault.name} has no notifications")
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, **vault.notifications}


def delete_notifications(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupVaultNotifications."""
    find(world, call, parameters["BackupVaultName"]).notifications = None
    return {}
