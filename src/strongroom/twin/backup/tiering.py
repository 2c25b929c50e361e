"""Tiering configurations of S3 backups, as state alone: nothing moves to the low-cost warm tier.

Source: AWS Backup API reference, TieringConfiguration; developer guide, backup-tiering (read 2026-11).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType, partition_of
from strongroom.twin.backup.arns import type_of
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import already_exists, conflict, invalid_parameter, not_found
from strongroom.twin.backup.kept import TieringConfiguration
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.state import World
from strongroom.twin.backup.wire import Call

_ALL = "*"


def create_configuration(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateTieringConfiguration: one a vault, beside the one of all vaults."""
    asked, request_id = parameters["TieringConfiguration"], parameters.get("CreatorRequestId")
    place, name = world.place(call.account, call.region), asked["TieringConfigurationName"]
    existing = place.tiering.get(name)
    if existing is not None and request_id is not None and existing.creator_request_id == request_id:
        return _made(existing)
    if existing is not None:
        message = f"Tiering configuration {name} already exists."
        raise already_exists(message, arn=existing.arn, creator_request_id=existing.creator_request_id)
    _check(world, call, asked, None)
    luck = chance(world.seed, "tiering", call.account, call.region, name, world.numbers)
    made = TieringConfiguration(
        serial=world.serial(),
        name=name,
        arn=f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:tiering-configuration:{name}-{luck.uuid}",
        vault_name=asked["BackupVaultName"],
        selections=tuple(asked["ResourceSelection"]),
        created_at=call.at,
        creator_request_id=request_id,
        tags=dict(parameters.get("TieringConfigurationTags") or {}),
    )
    place.tiering[name] = made
    return _made(made)


def _made(found: TieringConfiguration) -> dict[str, Any]:
    return {"TieringConfigurationArn": found.arn, "TieringConfigurationName": found.name, "CreationTime": found.created_at}


def _check(world: World, call: Call, asked: Mapping[str, Any], own: TieringConfiguration | None) -> None:
    place, vault = world.place(call.account, call.region), asked["BackupVaultName"]
    if vault != _ALL and vault not in place.vaults:  # the model names no ResourceNotFoundException for it
        raise invalid_parameter(f"Backup vault {vault} does not exist.")
    problem = _selection_problem(asked["ResourceSelection"])
    if problem:
        raise invalid_parameter(f"Invalid ResourceSelection: {problem}")
    rival = next((other for other in place.tiering.values() if other.vault_name == vault and other is not own), None)
    if rival is not None:
        raise conflict(f"Tiering configuration {rival.name} is already that of backup vault {vault}.")


def _selection_problem(selections: Sequence[Mapping[str, Any]]) -> str:
    most, most_resources = facts.limit("tiering_selections_max").value, facts.limit("tiering_resources_max").value
    if not 1 <= len(selections) <= most:
        return f"{len(selections)} selections, 1 to {most} are allowed"
    for each in selections:
        if each["ResourceType"] != ResourceType.S3:
            return f"resource type {each['ResourceType']} is not supported, only S3 is"
        if not 1 <= len(each["Resources"]) <= most_resources:
            return f"{len(each['Resources'])} resources, 1 to {most_resources} are allowed"
        for arn in each["Resources"]:
            if arn != _ALL and type_of(arn) is not ResourceType.S3:
                return f"{arn} is not the ARN of a bucket"
    return ""


def find(world: World, call: Call, name: str) -> TieringConfiguration:
    """Return a tiering configuration; raises ApiError when there is none."""
    found = world.place(call.account, call.region).tiering.get(name)
    if found is None:
        raise not_found(f"Tiering configuration {name} does not exist.")
    return found


def get_configuration(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetTieringConfiguration."""
    found = find(world, call, parameters["TieringConfigurationName"])
    document = _listed(found) | {"ResourceSelection": found.selections, "CreatorRequestId": found.creator_request_id}
    return {"TieringConfiguration": {name: value for name, value in document.items() if value is not None}}


def _listed(found: TieringConfiguration) -> dict[str, Any]:
    document = _made(found) | {"BackupVaultName": found.vault_name, "LastUpdatedTime": found.updated_at}
    return {name: value for name, value in document.items() if value is not None}


def list_configurations(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListTieringConfigurations."""
    return page("TieringConfigurations", world.place(call.account, call.region).tiering.values(), _listed, parameters)


def update_configuration(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateTieringConfiguration: everything but the name."""
    found, asked = find(world, call, parameters["TieringConfigurationName"]), parameters["TieringConfiguration"]
    _check(world, call, asked, found)
    found.vault_name, found.selections, found.updated_at = asked["BackupVaultName"], tuple(asked["ResourceSelection"]), call.at
    return _made(found) | {"LastUpdatedTime": found.updated_at}


def delete_configuration(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteTieringConfiguration."""
    found = find(world, call, parameters["TieringConfigurationName"])
    del world.place(call.account, call.region).tiering[found.name]
    return {}
