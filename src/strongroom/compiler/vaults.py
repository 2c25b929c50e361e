"""Backup vaults, standard and air-gapped, as CloudFormation resources, with their locks and access policies."""

from collections.abc import Iterable, Sequence
from typing import Final

from strongroom.compiler.keys import SERVICE_LINKED_ROLE
from strongroom.compiler.template import GOVERNED_PATHS, ORGANIZATION_ID, Json, logical_id, owner_tags, sub
from strongroom.domain.estate import OWNER_TAG, Estate
from strongroom.domain.names import AccountId
from strongroom.domain.strategy import Key, Lock, LockMode, Vault, VaultType

# Denied to everybody but AWS Backup itself, which expires recovery points. What is not denied: changing the access policy, which
# would lock out whoever deploys (aws/03 §3.2, "self-lock trap"; a service control policy is the place for it), and deleting the vault,
# which AWS refuses anyway while anything is in it, and which undoes a creation that failed.
_NOBODY_DELETES: Final[Json] = {
    "Sid": "NobodyDeletes",
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
    "Resource": "*",
    "Condition": {"ArnNotLike": {"aws:PrincipalArn": sub(f"arn:${{AWS::Partition}}:iam::*:{SERVICE_LINKED_ROLE}")}},
}


def vault_resource(vault: Vault, *, strategy: str, key: Json | None, policy: Json | None, condition: str | None) -> Json:
    """Return a vault; `key` is the ARN of its key, None for the AWS-managed one.

    The vault outlives its stack: a stack can't delete a vault with recovery points anyway, and must not try.
    """
    air_gapped = vault.type is VaultType.AIR_GAPPED
    properties: Json = {"BackupVaultName": vault.name, "BackupVaultTags": {OWNER_TAG: strategy}}
    if key:
        properties["EncryptionKeyArn"] = key
    if vault.lock:
        properties |= _range(vault.lock) if air_gapped else {"LockConfiguration": _lock(vault.lock)}
    if policy:
        properties["AccessPolicy"] = policy
    resource: Json = {
        "Type": "AWS::Backup::LogicallyAirGappedBackupVault" if air_gapped else "AWS::Backup::BackupVault",
        # a creation that is rolled back must not leave something in the way of the next try
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }
    if condition:
        resource["Condition"] = condition
    return resource


def vault_share(vault: Vault, *, strategy: str, condition: str | None) -> Json:
    """Return the share of an air-gapped vault with the accounts that may restore from it (aws/03 §3.5: accounts alone, no OU).

    It has AWS's default permission for vaults, and reaches nobody outside the organization.
    """
    resource: Json = {
        "Type": "AWS::RAM::ResourceShare",
        "Properties": {
            "Name": vault.name,
            "AllowExternalPrincipals": False,
            "Principals": list(vault.shared_with),
            "ResourceArns": [{"Fn::GetAtt": [logical_id("vault", vault.label), "BackupVaultArn"]}],
            "Tags": owner_tags(strategy),
        },
    }
    return {**resource, "Condition": condition} if condition else resource


def copy_access_policy(*, own_plans: Sequence[AccountId], copied_back_from: Sequence[AccountId] = ()) -> Json:
    """Return the access policy of a vault that receives copies: in from the governed accounts, deleted by nobody.

    `own_plans` are accounts with plans of their own, wherever they are; `copied_back_from` those that keep copies of what a plan of the
    vault's own account puts here. Without wildcards in the actions: AWS Backup refuses them
    (aws/03 §3.2). The path is that of the role of the copy job, which is in the account of the source.
    """
    organization: Json = {"StringEquals": {"aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID}}}
    paths: Json = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": {"Ref": GOVERNED_PATHS}}}
    statements = [_copies_in("CopiesFromTheOrganization", "*", {**organization, **paths})]
    if own_plans:
        accounts = {"StringEquals": {**organization["StringEquals"], "aws:PrincipalAccount": list(own_plans)}}
        statements.append(_copies_in("CopiesFromAccountsWithPlans", "*", accounts))
    return {"Version": "2012-10-17", "Statement": [*statements, *_coming_back(copied_back_from), _NOBODY_DELETES]}


def local_access_policy(*, copied_back_from: Sequence[AccountId]) -> Json:
    """Return the access policy of a vault beside the resources: copies come back from the accounts that keep them, nobody deletes."""
    return {"Version": "2012-10-17", "Statement": [*_coming_back(copied_back_from), _NOBODY_DELETES]}


def keys_used(estate: Estate, vaults: Iterable[Vault]) -> tuple[Key, ...]:
    """Return the keys that some vaults name."""
    used = {vault.key for vault in vaults}
    return tuple(key for key in estate.keys if key.name in used)


def accounts_of_plans(estate: Estate) -> tuple[AccountId, ...]:
    """Return the accounts that have plans of their own, sorted."""
    return tuple(sorted({plan.account for plan in estate.plans if plan.account is not None}))


def _coming_back(accounts: Sequence[AccountId]) -> list[Json]:
    roots = [sub(f"arn:${{AWS::Partition}}:iam::{account}:root") for account in accounts]
    return [_copies_in("CopiesComeBack", {"AWS": roots}, {})] if roots else []


def _copies_in(sid: str, principal: Json | str, condition: Json) -> Json:
    statement: Json = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "backup:CopyIntoBackupVault", "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def _range(lock: Lock) -> Json:
    configuration: Json = {"MinRetentionDays": lock.min_days}
    if lock.max_days is not None:
        configuration["MaxRetentionDays"] = lock.max_days
    return configuration


def _lock(lock: Lock) -> Json:
    configuration = _range(lock)
    if lock.mode is LockMode.COMPLIANCE:
        # its mere presence selects compliance mode; without a declared grace time, AWS's shortest is 3 days
        configuration["ChangeableForDays"] = lock.grace_days or 3
    return configuration
