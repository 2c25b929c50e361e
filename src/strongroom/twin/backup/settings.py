"""Switches of AWS Backup: opt-in and full management by account and Region, the organization's global settings."""

from collections.abc import Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.twin.backup import changes
from strongroom.twin.backup.errors import access_denied, invalid_parameter, invalid_request
from strongroom.twin.backup.state import Place, World
from strongroom.twin.backup.wire import Call

_GLOBAL = {"isCrossAccountBackupEnabled": "false", "isMpaEnabled": "false", "isDelegatedAdministratorEnabled": "false"}


def opt_in(place: Place) -> dict[str, bool]:
    """Return the service opt-in of an account and Region for every type."""
    at_first = facts.types("opted_in_at_first")
    return {type_.value: place.opt_in.get(type_.value, type_ in at_first) for type_ in ResourceType}


def deciding_opt_in(world: World, account: str, region: str, *, of_organization: bool) -> Mapping[str, bool]:
    """Return the opt-in that counts: for plans of the organization that of the management account."""
    decides = world.organization.management_account if of_organization else account
    return opt_in(world.place(decides or account, region))


def full_management(world: World, account: str, region: str, type_: ResourceType) -> bool:
    """Whether full management of a type (advanced DynamoDB) is on; it is unless somebody switched it off."""
    return world.place(account, region).management.get(type_.value, True)


def describe_region_settings(world: World, call: Call, _parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeRegionSettings."""
    place = world.place(call.account, call.region)
    managed = dict.fromkeys(sorted(facts.types("managed_by_preference")), True) | place.management
    return {"ResourceTypeOptInPreference": opt_in(place), "ResourceTypeManagementPreference": managed}


def update_region_settings(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateRegionSettings: named types change, others stay."""
    place = world.place(call.account, call.region)
    opted = parameters.get("ResourceTypeOptInPreference") or {}
    managed = parameters.get("ResourceTypeManagementPreference") or {}
    known = {type_.value for type_ in ResourceType}
    for name in opted:
        if name not in known:
            raise invalid_parameter(f"Unsupported resource type: {name}")
    for name in managed:
        if name not in facts.types("managed_by_preference"):
            raise invalid_parameter(f"Resource type management preference is not supported for {name}")
    place.opt_in.update(opted)
    place.management.update(managed)
    world.forget()
    if opted:
        changes.of_region(world, call, opted)
    return {}


def describe_global_settings(world: World, call: Call, _parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeGlobalSettings."""
    if call.account not in world.organization.accounts():
        raise invalid_request("The current account is not a member of an organization.")
    return {"GlobalSettings": _GLOBAL | world.global_settings, "LastUpdateTime": world.global_settings_at}


def update_global_settings(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateGlobalSettings, for the management account alone."""
    if not world.organization.management_account or call.account != world.organization.management_account:
        raise access_denied("Global settings can only be updated by the management account of the organization.")
    asked = parameters.get("GlobalSettings") or {}
    for name, value in asked.items():
        if name not in _GLOBAL or value not in ("true", "false"):
            raise invalid_parameter(f"Invalid global setting: {name}={value}")
    world.global_settings.update(asked)
    world.global_settings_at = call.at
    return {}


def get_supported_resource_types(_world: World, _call: Call, _parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetSupportedResourceTypes."""
    return {"ResourceTypes": sorted(type_.value for type_ in ResourceType)}
