"""Backup access points of S3 recovery points, as state alone: S3 shows none, and they keep no recovery point from being deleted.

Source: AWS Backup API reference, CreateBackupAccessPoint; developer guide, backup-instant-access (read 2026-11).
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType, partition_of
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.continuous import outside
from strongroom.twin.backup.errors import already_exists, invalid_parameter, invalid_request, limit_exceeded, not_found
from strongroom.twin.backup.kept import AccessPoint
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.state import RecoveryPoint, Vault, World
from strongroom.twin.backup.wire import Call

_MAKING = timedelta(seconds=30), timedelta(minutes=5)
_PAGE = 100  # the most that a page can have, which is also its size when none is asked
_INSTANT = "AccessPointInTime"


def alive(world: World, call: Call) -> dict[str, AccessPoint]:
    """Return the access points of the caller's account and Region by ARN, without those that are gone."""
    known = world.place(call.account, call.region).access_points
    return {each.arn: each for each in known.values() if each.deleted_at is None or call.at < each.deleted_at}


def create_access_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateBackupAccessPoint: of an S3 recovery point that can be restored."""
    name, arn = parameters["Name"], parameters["RecoveryPointArn"]
    vault, point = _recovery_point(world, call, arn)
    if point.resource.type is not ResourceType.S3 or not point.status.restorable:
        raise invalid_request(f"Recovery point {arn} can't have access points: an S3 one is needed, and AVAILABLE, STOPPED or COMPLETED.")
    _check(call, point, parameters)
    others = alive(world, call)
    own_arn = f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:accesspoint/{name}"
    if own_arn in others:
        raise already_exists(f"Backup access point {name} already exists.", arn=own_arn, creator_request_id=None)
    count, most = sum(each.point_arn == arn for each in others.values()), facts.limit("access_points_per_recovery_point").value
    if count >= most:
        raise limit_exceeded(f"Recovery point {arn} has {count} access points, {most} allowed")
    luck = chance(world.seed, "access point", own_arn, world.numbers)
    made = AccessPoint(
        serial=world.serial(),
        name=name,
        arn=own_arn,
        alias=f"{name}-{luck.hexadecimal(24)}-s3alias",
        created_at=call.at,
        available_at=call.at + luck.between(*_MAKING, 0),
        vault_name=vault.name,
        vault_arn=vault.arn,
        point_arn=arn,
        resource_arn=point.resource.arn,
        resource_type=point.resource.type.value,
        metadata=dict(parameters.get("AccessPointMetadata") or {}),
        tags=dict(parameters.get("Tags") or {}),
    )
    world.place(call.account, call.region).access_points[own_arn] = made
    return {"AccessPointArn": own_arn, "Status": _status(made, call.at)}


def _recovery_point(world: World, call: Call, arn: str) -> tuple[Vault, RecoveryPoint]:
    for vault in world.place(call.account, call.region).vaults.values():
        if arn in vault.points:
            return vault, vault.points[arn]
    raise not_found(f"Cannot find recovery point {arn}")


def _check(call: Call, point: RecoveryPoint, parameters: Mapping[str, Any]) -> None:
    policy, given = parameters.get("AccessPointPolicy"), (parameters.get("AccessPointMetadata") or {}).get(_INSTANT)
    if policy is not None and not _is_policy(policy):
        raise invalid_parameter("Invalid AccessPointPolicy: not a JSON object with statements")
    if point.continuous is not (given is not None):
        wanted = "is needed for a continuous recovery point" if point.continuous else "is for continuous recovery points only"
        raise invalid_parameter(f"AccessPointMetadata: {_INSTANT} {wanted}")
    if given is None:
        return
    problem = outside(point, given, call.at)
    if problem:
        raise invalid_parameter(f"AccessPointMetadata: {_INSTANT} {problem}")


def _is_policy(text: str) -> bool:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and bool(document.get("Statement"))


def _status(found: AccessPoint, at: datetime) -> str:
    if found.deleted_at is not None:
        return "DELETING"
    return "CREATING" if at < found.available_at else "AVAILABLE"


def _find(world: World, call: Call, arn: str) -> AccessPoint:
    found = alive(world, call).get(arn)
    if found is None:
        raise not_found(f"Backup access point {arn} does not exist.")
    return found


def _rendered(call: Call) -> Callable[[AccessPoint], dict[str, Any]]:
    def shown(found: AccessPoint) -> dict[str, Any]:
        owner = f"arn:{partition_of(call.region)}:s3:{call.region}:{call.account}"
        in_s3 = {"S3AccessPointArn": f"{owner}:accesspoint/{found.name}", "S3AccessPointAlias": found.alias}
        return {
            "AccessPointArn": found.arn,
            "AccessPointMetadata": dict(found.metadata) | (in_s3 if _status(found, call.at) == "AVAILABLE" else {}),
            "BackupVaultArn": found.vault_arn,
            "BackupVaultName": found.vault_name,
            "CreationTime": found.created_at,
            "Name": found.name,
            "RecoveryPointArn": found.point_arn,
            "ResourceArn": found.resource_arn,
            "ResourceType": found.resource_type,
            "Status": _status(found, call.at),
        }

    return shown


def describe_access_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeBackupAccessPoint."""
    return _rendered(call)(_find(world, call, parameters["AccessPointArn"]))


def delete_access_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupAccessPoint: it is gone after a while."""
    found = _find(world, call, parameters["AccessPointArn"])
    if found.deleted_at is None:
        found.deleted_at = call.at + chance(world.seed, "access point gone", found.arn, found.serial).between(*_MAKING, 0)
    return {}


def list_access_points(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupAccessPoints."""
    return _page(world, call, parameters, lambda _: True)


def list_by_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupAccessPointsByRecoveryPoint."""
    return _page(world, call, parameters, lambda each: each.point_arn == parameters["RecoveryPointArn"])


def list_by_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupAccessPointsByResource."""
    return _page(world, call, parameters, lambda each: each.resource_arn == parameters["ResourceArn"])


def _page(world: World, call: Call, parameters: Mapping[str, Any], wanted: Callable[[AccessPoint], bool]) -> dict[str, Any]:
    found = sorted(filter(wanted, alive(world, call).values()), key=lambda each: each.serial)
    return page("BackupAccessPoints", found, _rendered(call), {"MaxResults": _PAGE} | dict(parameters))
