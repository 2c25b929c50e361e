"""Backup vaults, standard and air-gapped, as CloudFormation resources, with their locks and access policies."""

from strongroom.compiler.keys import SERVICE_LINKED_ROLE
from strongroom.compiler.template import ORGANIZATION_ID, Json, sub
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.strategy import Lock, LockMode, Vault, VaultType

# Denied to everybody but AWS Backup itself, which expires recovery points. Changing the access policy is not denied:
# that would lock out whoever deploys (aws/03 §3.2, "self-lock trap"); a service control policy is the place for it.
DELETIONS = ["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]


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


def copy_access_policy() -> Json:
    """Return the access policy of a vault that receives copies: in from the organization, deleted by nobody.

    Without wildcards in the actions: AWS Backup refuses them (aws/03 §3.2).
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "CopiesFromTheOrganization",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "backup:CopyIntoBackupVault",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID}}},
            },
            {
                "Sid": "NobodyDeletes",
                "Effect": "Deny",
                "Principal": "*",
                "Action": DELETIONS,
                "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": sub(f"arn:${{AWS::Partition}}:iam::*:{SERVICE_LINKED_ROLE}")}},
            },
        ],
    }


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
