"""Indexes of recovery points, as state alone: nothing is searched.

Source: AWS Backup API reference, UpdateRecoveryPointIndexSettings; developer guide, backup-search (read 2026-11).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strongroom.domain.names import ResourceType
from strongroom.twin.backup import changes
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.points import find
from strongroom.twin.backup.state import Index, RecoveryPoint, Vault, World
from strongroom.twin.backup.wire import Call

_TYPES = frozenset({ResourceType.EBS, ResourceType.S3})
_SPAN = timedelta(minutes=2), timedelta(minutes=20)


def update_index(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateRecoveryPointIndexSettings: not for air-gapped vaults, nor for types that AWS Backup doesn't index."""
    vault, point = find(world, call, parameters)
    if vault.air_gapped or point.continuous or point.resource.type not in _TYPES or point.passing is not None:
        raise invalid_request(f"Recovery point {point.arn} can't be indexed.")
    role = parameters.get("IamRoleArn")
    if role is not None and not role.startswith("arn:"):
        raise invalid_parameter(f"Invalid IamRoleArn: {role}")
    luck = chance(world.seed, "index", vault.arn, point.arn, call.at.timestamp())
    ready_at = call.at + luck.between(*_SPAN, 0)
    before, known = point.index, index_of(point, call.at)
    if parameters["Index"] == "ENABLED" and (known is None or known.deleted_at is not None):
        point.index = Index(created_at=call.at, ready_at=ready_at, role_arn=role or point.role_arn)
    elif parameters["Index"] == "DISABLED" and known is not None and known.deleted_at is None:
        point.index = Index(created_at=known.created_at, ready_at=known.ready_at, role_arn=known.role_arn, deleted_at=ready_at)
    if point.index is not None and point.index is not before:
        world.clockwork.at(ready_at, changes.of_index, (vault, point, point.index))
    found = index_of(point, call.at)
    status = None if found is None else _status(found, call.at)
    return {
        "BackupVaultName": vault.name,
        "RecoveryPointArn": point.arn,
        "IndexStatus": status,
        "Index": "DISABLED" if status in {None, "DELETING"} else "ENABLED",
    }


def index_of(point: RecoveryPoint, at: datetime) -> Index | None:
    """Return the index that a recovery point has at an instant."""
    index = point.index
    return None if index is None or (index.deleted_at is not None and index.deleted_at <= at) else index


def _status(index: Index, at: datetime) -> str:
    if index.deleted_at is not None:
        return "DELETING"
    return "PENDING" if at < index.ready_at else "ACTIVE"


def get_details(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRecoveryPointIndexDetails."""
    vault, point = find(world, call, parameters)
    index = index_of(point, call.at)
    if index is None:
        raise not_found(f"Recovery point {point.arn} has no index.")
    active = _status(index, call.at) == "ACTIVE"
    return {
        "RecoveryPointArn": point.arn,
        "BackupVaultArn": vault.arn,
        "SourceResourceArn": point.resource.arn,
        "IndexCreationDate": index.created_at,
        "IndexCompletionDate": index.ready_at if active else None,
        "IndexStatus": _status(index, call.at),
        "TotalItemsIndexed": 0 if active else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indexed:
    serial: int
    vault: Vault
    point: RecoveryPoint
    index: Index


def list_indexed(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListIndexedRecoveryPoints."""

    def listed(each: _Indexed) -> dict[str, Any]:
        return {
            "RecoveryPointArn": each.point.arn,
            "SourceResourceArn": each.point.resource.arn,
            "IamRoleArn": each.index.role_arn,
            "BackupCreationDate": each.point.created_at,
            "ResourceType": each.point.resource.type.value,
            "IndexCreationDate": each.index.created_at,
            "IndexStatus": _status(each.index, call.at),
            "BackupVaultArn": each.vault.arn,
        }

    found = sorted(_indexed(world, call, parameters), key=lambda each: each.serial)
    return page("IndexedRecoveryPoints", found, listed, parameters)


def _indexed(world: World, call: Call, parameters: Mapping[str, Any]) -> Iterator[_Indexed]:
    arn, kind, status = (parameters.get(name) for name in ("SourceResourceArn", "ResourceType", "IndexStatus"))
    before, after = parameters.get("CreatedBefore"), parameters.get("CreatedAfter")
    for vault in world.place(call.account, call.region).vaults.values():
        for point in vault.points.values():
            index = index_of(point, call.at)
            if (
                index is not None
                and arn in (None, point.resource.arn)
                and kind in (None, point.resource.type.value)
                and status in (None, _status(index, call.at))
                and (before is None or point.created_at < before)
                and (after is None or point.created_at > after)
            ):
                yield _Indexed(serial=point.serial, vault=vault, point=point, index=index)
