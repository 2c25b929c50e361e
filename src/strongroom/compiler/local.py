"""What every governed account gets: a service-managed StackSet with vaults, keys and the role of AWS Backup."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.keys import key_outputs, key_parameters, key_resources, local_key_policy, vault_key
from strongroom.compiler.roles.jobs import backup_role
from strongroom.compiler.template import Json, Template, any_of, logical_id, render_template
from strongroom.compiler.undeployed import deployed_vaults
from strongroom.compiler.vaults import keys_used, local_access_policy, vault_resource, vault_share
from strongroom.domain.estate import Estate, StackSet
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region
from strongroom.domain.strategy import Key, KeyKind, Vault

HOME = "IsHomeRegion"


def with_local_stack_set(estate: Estate) -> Estate:
    """Return the estate with the StackSet `<name>-local`; none when nothing lives in every account."""
    if not local_vaults(estate) and (estate.roles.adopted or all(plan.adopted for plan in estate.plans)):
        return estate
    stack_set = StackSet(
        name=f"{estate.name}-local",
        description=f"Backup vault, key and role of strategy {estate.name} in every governed account",
        template=render_template(_template(estate)),
        parameters=(),
        targets=estate.organization.governs,
        regions=estate.organization.regions,
        outputs=key_outputs(keys_used(estate, local_vaults(estate)), strategy=estate.name, home=estate.organization.home_region),
    )
    return replace(estate, stack_sets=(*estate.stack_sets, stack_set))


def local_vaults(estate: Estate) -> tuple[Vault, ...]:
    """Return the vaults that exist once in each governed account."""
    return tuple(vault for vault in deployed_vaults(estate) if vault.account is EVERY_ACCOUNT)


def _template(estate: Estate) -> Template:
    vaults = local_vaults(estate)
    regions = {vault.label: _where(estate, vault.regions) for vault in vaults}
    resources: Json = {} if estate.roles.adopted else {"BackupRole": backup_role(estate, condition=HOME)}
    conditions: Json = {} if estate.roles.adopted else {HOME: _in_regions((estate.organization.home_region,))}
    for key in _keys(estate, vaults):
        where = _where(estate, tuple(region for vault in vaults if vault.key == key.name for region in vault.regions))
        conditions |= _condition(where)
        resources |= key_resources(
            logical=logical_id("key", key.name),
            alias=f"{estate.name}-local-{key.name}",
            strategy=estate.name,
            description=f"Recovery points of strategy {estate.name}, key {key.name}",
            policy=local_key_policy(roles=estate.roles, copied_to=receivers(estate)),
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
            policy=local_access_policy(copied_back_from=receivers(estate)),
            condition=_condition_name(regions[vault.label]),
        )
        if vault.shared_with:
            resources[logical_id("share", vault.label)] = vault_share(
                vault, strategy=estate.name, condition=_condition_name(regions[vault.label])
            )
    return Template(
        description=f"Strongroom: backups of strategy {estate.name} in one account and Region",
        resources=resources,
        conditions=conditions,
        parameters=key_parameters(keys_used(estate, vaults)),
    )


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
    return tuple(key for key in keys_used(estate, vaults) if key.kind is KeyKind.PER_ACCOUNT)


def _where(estate: Estate, regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Return the Regions that need a condition: empty when a thing exists in all governed ones."""
    wanted = tuple(region for region in estate.organization.regions if region in regions)
    return () if wanted == estate.organization.regions else wanted


def _condition_name(regions: tuple[Region, ...]) -> str | None:
    return logical_id("in", *regions) if regions else None


def _condition(regions: tuple[Region, ...]) -> Json:
    return {logical_id("in", *regions): _in_regions(regions)} if regions else {}


def _in_regions(regions: tuple[Region, ...]) -> Json:
    return any_of([{"Fn::Equals": [{"Ref": "AWS::Region"}, region]} for region in regions])
