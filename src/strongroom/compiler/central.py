"""Vaults of single accounts, such as the central one: a stack for each account and Region."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.keys import central_key_policy, key_outputs, key_parameters, key_resources, vault_key
from strongroom.compiler.notifications import vault_notifications
from strongroom.compiler.template import Json, Template, logical_id, organization_parameters, render_template
from strongroom.compiler.undeployed import deployed_vaults
from strongroom.compiler.vaults import accounts_of_plans, copy_access_policy, keys_used, vault_resource, vault_share
from strongroom.domain.estate import Estate, Stack
from strongroom.domain.names import AccountId, Region
from strongroom.domain.strategy import KeyKind, Vault


def with_central_stacks(estate: Estate) -> Estate:
    """Return the estate with a stack `<name>-central` in each account and Region that has vaults of its own."""
    stacks = tuple(
        Stack(
            name=f"{estate.name}-central",
            account=account,
            region=region,
            template=render_template(_template(estate, vaults, vault_notifications(estate, account, region))),
            parameters=(),
            outputs=key_outputs(keys_used(estate, vaults), strategy=estate.name, home=estate.organization.home_region),
        )
        for (account, region), vaults in sorted(_by_place(estate).items())
    )
    return replace(estate, stacks=(*estate.stacks, *stacks))


def _by_place(estate: Estate) -> dict[tuple[AccountId, Region], list[Vault]]:
    places: dict[tuple[AccountId, Region], list[Vault]] = {}
    for place, vault in _placed(estate):
        places.setdefault(place, []).append(vault)
    return places


def _placed(estate: Estate) -> Iterator[tuple[tuple[AccountId, Region], Vault]]:
    for vault in deployed_vaults(estate):
        if isinstance(vault.account, AccountId):
            for region in vault.regions:
                yield (vault.account, region), vault


def _keepers(estate: Estate, vault: Vault) -> tuple[AccountId, ...]:
    """Return the other accounts that keep copies of what plans of a vault's own account put into it, sorted."""
    own = [rule for plan in estate.plans if plan.account == vault.account for rule in plan.rules]
    rules = [rule for rule in own if vault.label in {rule.label, rule.air_gapped}]
    return tuple(sorted({copy.account for rule in rules for copy in rule.copies if isinstance(copy.account, AccountId)} - {vault.account}))


def _template(estate: Estate, vaults: list[Vault], notifications: Json) -> Template:
    keys = {key.name: key for key in estate.keys}
    own_keys = {key.name for key in estate.keys if key.kind is KeyKind.PER_ACCOUNT}
    resources: Json = {}
    for name in sorted({vault.key for vault in vaults} & own_keys):
        resources |= key_resources(
            logical=logical_id("key", name),
            alias=f"{estate.name}-central-{name}",
            strategy=estate.name,
            description=f"Copies of strategy {estate.name}, key {name}",
            policy=central_key_policy(roles=estate.roles),
            condition=None,
            rotated=keys[name].rotated,
        )
    for vault in vaults:
        resources[logical_id("vault", vault.label)] = vault_resource(
            vault,
            strategy=estate.name,
            key=vault_key(keys.get(vault.key)),
            policy=copy_access_policy(own_plans=accounts_of_plans(estate), copied_back_from=_keepers(estate, vault)),
            condition=None,
        )
        resources[logical_id("vault", vault.label)]["Properties"] |= notifications
        if vault.shared_with:
            resources[logical_id("share", vault.label)] = vault_share(vault, strategy=estate.name, condition=None)
    return Template(
        description=f"Strongroom: vaults of strategy {estate.name} that receive copies from the organization",
        resources=resources,
        parameters={**organization_parameters(), **key_parameters(keys_used(estate, vaults))},
    )
