"""KMS keys of vaults: one customer-managed key for each account and Region, with the least that copies need.

The root statement comes first and is never conditioned: a key that its own account can't administer is lost.
Principals are never written as role ARNs: KMS refuses a policy that names a role which doesn't exist yet, and in a
second Region the stack may arrive before the role does. `aws:PrincipalArn` says the same and is checked on use.
No statement about what backups do with a key asks for `kms:ViaService`: types that AWS Backup does not fully manage call KMS
through their own service (`ec2`, `rds`), so `backup.*` alone would block them (aws/07 §7.3).
"""

from collections.abc import Iterable, Sequence

from strongroom.compiler.template import ORGANIZATION_ID, Json, logical_id, owner_tags, sub
from strongroom.domain.names import AccountId, Arn, Region
from strongroom.domain.roles import Roles
from strongroom.domain.stackoutput import StackOutput
from strongroom.domain.strategy import Key, KeyKind

SERVICE_LINKED_ROLE = "role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"

USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
ROOT = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")


def backup_principals(roles: Sequence[str], account: str = "${AWS::AccountId}") -> list[Json]:
    """Return the ARNs of the roles that AWS Backup works with: those it assumes and its service-linked one."""
    return [sub(f"arn:${{AWS::Partition}}:iam::{account}:{name}") for name in (*(f"role/{role}" for role in roles), SERVICE_LINKED_ROLE)]


def local_key_policy(*, roles: Roles, copied_to: Sequence[AccountId]) -> Json:
    """Return the policy of a key in a workload account; `copied_to` are the accounts that receive copies.

    The destination's service-linked role reads the source through a grant, and a restore there decrypts (aws/07 §7.2).
    """
    ours = {"ArnLike": {"aws:PrincipalArn": backup_principals(roles.assumed_by_backup)}}
    statements = [_administration(), *_use("BackupInThisAccount", {"AWS": ROOT}, ours)]
    if copied_to:
        receivers = [sub(f"arn:${{AWS::Partition}}:iam::{account}:root") for account in copied_to]
        statements += _use("CopiesToOtherAccounts", {"AWS": receivers}, {})
    return {"Version": "2012-10-17", "Statement": statements}


def central_key_policy(*, roles: Roles, restored_everywhere: bool = False) -> Json:
    """Return the policy of a key in an account that receives copies from the whole organization.

    Only AWS Backup's own roles of the organization's accounts may use it: the role of the copy job writes with it, and the
    service-linked one of an account that gets its copy back reads with it. `restored_everywhere`: the vaults of all accounts use it, so
    that the roles of restores read with it there.
    """
    ours = {"ArnLike": {"aws:PrincipalArn": backup_principals(roles.assumed_by_backup)}}
    organization = {
        "StringEquals": {"aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID}},
        "ArnLike": {"aws:PrincipalArn": backup_principals(roles.assumed_by_backup if restored_everywhere else (roles.backup,), "*")},
    }
    statements = [
        _administration(),
        *_use("BackupInThisAccount", {"AWS": ROOT}, ours),
        *_use("CopiesFromTheOrganization", {"AWS": "*"}, organization),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def shared_key_policy(*, roles: Roles) -> Json:
    """Return the policy of a multi-Region key that vaults in the whole organization use, or of one of its replicas.

    Whoever makes a vault with a key of another account grants its use to AWS Backup, so that this is allowed too, through AWS
    Backup alone (aws/07 §7.3).
    """
    through = {
        "StringEquals": {"aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID}},
        "StringLike": {"kms:ViaService": "backup.*.amazonaws.com"},
    }
    making: Json = {
        "Sid": "VaultsOfTheOrganization",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": through,
    }
    policy = central_key_policy(roles=roles, restored_everywhere=True)
    return {**policy, "Statement": [*policy["Statement"], making]}


def vault_key(key: Key | None) -> Json | None:
    """Return what a vault writes as its key; None for a key that AWS manages or owns.

    A multi-Region key has the same id in every Region, so that its ARN there is known; the id of one that is made by the same
    deployment is a parameter, see `key_parameters`.
    """
    if key is None or key.kind is KeyKind.AWS_MANAGED:
        return None
    if is_unborn(key):
        return replica_arn(key, "${AWS::Region}")
    if key.kind is KeyKind.MULTI_REGION and key.arn is not None:
        arn = Arn.parse(key.arn)
        return sub(f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:{arn.account}:{arn.resource}")
    return {"Fn::GetAtt": [logical_id("key", key.name), "Arn"]}


def is_unborn(key: Key) -> bool:
    """Tell whether the id of a multi-Region key is only known once a deployment has made it."""
    return key.kind is KeyKind.MULTI_REGION and key.ours and key.arn is None and key.account is not None


def replica_arn(key: Key, region: str) -> Json:
    """Return the ARN in a Region of a key whose id is a parameter."""
    return sub(f"arn:${{AWS::Partition}}:kms:{region}:{key.account}:key/${{{_id_parameter(key)}}}")


def key_parameters(keys: Iterable[Key]) -> Json:
    """Return the parameters of templates that use keys whose ids aren't known yet."""
    return {
        _id_parameter(key): {"Type": "String", "Description": f"Id of the multi-Region key {key.name}, mrk-…: output KeyId of its stack"}
        for key in keys
        if is_unborn(key)
    }


def key_outputs(keys: Iterable[Key], *, strategy: str, home: Region) -> tuple[StackOutput, ...]:
    """Return where these parameters come from: the stacks of the primary keys."""
    return tuple(
        StackOutput(parameter=_id_parameter(key), account=key.account, region=home, stack=shared_key_stack(strategy, key), output="KeyId")
        for key in keys
        if is_unborn(key) and key.account is not None
    )


def shared_key_stack(strategy: str, key: Key) -> str:
    """Return the name of the stacks of a multi-Region key."""
    return f"{strategy}-key-{key.name}"


def _id_parameter(key: Key) -> str:
    return f"{logical_id('key', key.name)}Id"


def key_resources(
    *,
    logical: str,
    alias: str,
    strategy: str,
    description: str,
    policy: Json,
    condition: str | None,
    rotated: bool = True,
    multi_region: bool = False,
) -> Json:
    """Return a key and its alias; the key outlives its stack, because recovery points die with their key (FM05)."""
    key: Json = {
        "Type": "AWS::KMS::Key",
        # a creation that is rolled back must not leave something in the way of the next try
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "Description": description,
            "EnableKeyRotation": rotated,
            "KeyPolicy": policy,
            "PendingWindowInDays": 30,
            "Tags": owner_tags(strategy),
        },
    }
    if multi_region:
        key["Properties"]["MultiRegion"] = True
    named: Json = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": f"alias/{alias}", "TargetKeyId": {"Ref": logical}}}
    if condition:
        key["Condition"] = named["Condition"] = condition
    return {logical: key, f"{logical}Alias": named}


def _administration() -> Json:
    return {"Sid": "AdministeredByThisAccount", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}


def _use(sid: str, principal: Json, condition: Json) -> list[Json]:
    """Return two statements: use of the key, and grants to AWS services alone (kms:GrantIsForAWSResource)."""
    use: Json = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": USE, "Resource": "*"}
    if condition:
        use["Condition"] = condition
    grants: Json = {
        "Sid": f"{sid}Grants",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {**condition, "Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    return [use, grants]
