"""What every governed account gets: a service-managed StackSet with vaults, keys and the role of AWS Backup."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.keys import key_resources, local_key_policy, vault_key
from strongroom.compiler.template import Json, Template, logical_id, owner_tags, render_template, sub
from strongroom.compiler.undeployed import deployed_vaults
from strongroom.compiler.vaults import vault_resource
from strongroom.domain.estate import Estate, StackSet
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region, ResourceType
from strongroom.domain.strategy import Key, KeyKind, Vault

HOME = "IsHomeRegion"
HANA_POLICY = "AWSBackupRestoreAccessForSAPHANA"  # the policy for restores lacks it
MANAGED_POLICIES = (  # S3 needs its own pair (aws/01 §1.11, Roles)
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
)


def with_local_stack_set(estate: Estate) -> Estate:
    """Return the estate with the StackSet `<name>-local`; none when nothing lives in every account."""
    if not local_vaults(estate) and not estate.plans:
        return estate
    stack_set = StackSet(
        name=f"{estate.name}-local",
        description=f"Backup vault, key and role of strategy {estate.name} in every governed account",
        template=render_template(_template(estate)),
        parameters=(),
        targets=estate.organization.governs,
        regions=estate.organization.regions,
    )
    return replace(estate, stack_sets=(*estate.stack_sets, stack_set))


def local_vaults(estate: Estate) -> tuple[Vault, ...]:
    """Return the vaults that exist once in each governed account."""
    return tuple(vault for vault in deployed_vaults(estate) if vault.account is EVERY_ACCOUNT)


def _template(estate: Estate) -> Template:
    vaults = local_vaults(estate)
    regions = {vault.label: _where(estate, vault.regions) for vault in vaults}
    resources: Json = {"BackupRole": backup_role(estate)}
    conditions: Json = {HOME: _in_regions((estate.organization.home_region,))}
    for key in _keys(estate, vaults):
        where = _where(estate, tuple(region for vault in vaults if vault.key == key.name for region in vault.regions))
        conditions |= _condition(where)
        resources |= key_resources(
            logical=logical_id("key", key.name),
            alias=f"{estate.name}-local-{key.name}",
            strategy=estate.name,
            description=f"Recovery points of strategy {estate.name}, key {key.name}",
            policy=local_key_policy(role=estate.roles.backup, copied_to=receivers(estate)),
            condition=_condition_name(where),
            rotated=key.rotated,
        )
    keys = {key.name: key for key in estate.keys}
    for vault in vaults:
        conditions |= _condition(regions[vault.label])
        resources[logical_id("vault", vault.label)] = vault_resource(
            vault,
            strategy=estate.name,
            key=vault_key(keys.get(vault.key)),
            policy=None,  # restores stay inside the account, and nobody else may copy in
            condition=_condition_name(regions[vault.label]),
        )
    return Template(
        description=f"Strongroom: backups of strategy {estate.name} in one account and Region",
        resources=resources,
        conditions=conditions,
    )


def backup_role(estate: Estate) -> Json:
    """Return the role that AWS Backup assumes: once per account, so only in the home Region.

    It is retained: without it AWS Backup can't delete expired recovery points either (FM27).
    """
    return {
        "Type": "AWS::IAM::Role",
        "Condition": HOME,
        # a creation that is rolled back must not leave something in the way of the next try
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "RoleName": estate.roles.backup,
            "Description": f"Assumed by AWS Backup for strategy {estate.name}",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "backup.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                    }
                ],
            },
            "ManagedPolicyArns": [sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{name}") for name in managed_policies(estate)],
            "Tags": owner_tags(estate.name),
        },
    }


def managed_policies(estate: Estate) -> tuple[str, ...]:
    """Return the names of AWS's policies that the role needs for the types that may be selected."""
    named = {kind for plan in estate.plans for kind in plan.select.types} | set(estate.organization.opt_in)
    return (*MANAGED_POLICIES, HANA_POLICY) if ResourceType.SAP_HANA in named else MANAGED_POLICIES


def receivers(estate: Estate) -> tuple[AccountId, ...]:
    """Return the accounts that receive copies, sorted."""
    return tuple(sorted(set(_receiving(estate))))


def _receiving(estate: Estate) -> Iterator[AccountId]:
    for plan in estate.plans:
        for rule in plan.rules:
            for copy in rule.copies:
                if copy.account is not EVERY_ACCOUNT:
                    yield copy.account


def _keys(estate: Estate, vaults: tuple[Vault, ...]) -> tuple[Key, ...]:
    used = {vault.key for vault in vaults}
    return tuple(key for key in estate.keys if key.name in used and key.kind is KeyKind.PER_ACCOUNT)


def _where(estate: Estate, regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Return the Regions that need a condition: empty when a thing exists in all governed ones."""
    wanted = tuple(region for region in estate.organization.regions if region in regions)
    return () if wanted == estate.organization.regions else wanted


def _condition_name(regions: tuple[Region, ...]) -> str | None:
    return logical_id("in", *regions) if regions else None


def _condition(regions: tuple[Region, ...]) -> Json:
    return {logical_id("in", *regions): _in_regions(regions)} if regions else {}


def _in_regions(regions: tuple[Region, ...]) -> Json:
    return _any_of([{"Fn::Equals": [{"Ref": "AWS::Region"}, region]} for region in regions])


def _any_of(conditions: list[Json]) -> Json:
    # Fn::Or takes two to ten conditions: further ones are nested
    if len(conditions) == 1:
        return conditions[0]
    return {"Fn::Or": conditions if len(conditions) <= 10 else [*conditions[:9], _any_of(conditions[9:])]}
