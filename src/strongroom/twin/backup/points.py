"""Operations on recovery points and protected resources."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics.lifecycle import cold_at
from strongroom.twin.backup.errors import access_denied, invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.expiry import change_lifecycle, remove
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.plandocument import lifecycle_of, lifecycle_problem
from strongroom.twin.backup.state import Lifecycle, RecoveryPoint, Resource, Vault, World
from strongroom.twin.backup.vaults import authorize
from strongroom.twin.backup.vaults import find as find_vault
from strongroom.twin.backup.wire import Call


def lifecycle_document(lifecycle: Lifecycle) -> dict[str, Any] | None:
    """Return a Lifecycle structure, None for one that never does anything."""
    if lifecycle.delete_days is None and lifecycle.cold_days is None:
        return None
    document = {
        "MoveToColdStorageAfterDays": lifecycle.cold_days,
        "DeleteAfterDays": lifecycle.delete_days,
        "OptInToArchiveForSupportedResources": lifecycle.archive,
    }
    return {name: value for name, value in document.items() if value is not None}


def rendered(vault: Vault, point: RecoveryPoint) -> dict[str, Any]:
    """Return a recovery point as DescribeRecoveryPoint and the listing of its vault show it."""
    document = {
        "RecoveryPointArn": point.arn,
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "SourceBackupVaultArn": point.source_vault_arn,
        "ResourceArn": point.resource.arn,
        "ResourceType": point.resource.type.value,
        "CreatedBy": None if point.creator is None else point.creator.wire,
        "IamRoleArn": point.role_arn,
        "Status": point.status.value,
        "StatusMessage": point.message,
        "CreationDate": point.created_at,
        "InitiationDate": point.initiated_at,
        "CompletionDate": point.completed_at,
        "BackupSizeInBytes": point.size_bytes,
        "CalculatedLifecycle": _calculated(point),
        "Lifecycle": lifecycle_document(point.lifecycle),
        "EncryptionKeyArn": point.key_arn,
        "IsEncrypted": point.key_arn is not None,
        "IsParent": False,
        "ResourceName": point.resource.name,
        "VaultType": "BACKUP_VAULT",
    }
    return {name: value for name, value in document.items() if value is not None}


def _calculated(point: RecoveryPoint) -> dict[str, Any] | None:
    cold = cold_at(point.created_at, _cold_days(point), point.resource.type)
    if cold is None and point.delete_at is None:
        return None
    document = {"MoveToColdStorageAt": cold, "DeleteAt": point.delete_at}
    return {name: value for name, value in document.items() if value is not None}


def _cold_days(point: RecoveryPoint) -> int | None:
    archived = point.resource.type is not ResourceType.EBS or point.lifecycle.archive  # EBS has to be opted in to archiving
    return point.lifecycle.cold_days if archived else None


def is_cold(point: RecoveryPoint, call: Call) -> bool:
    """Whether a recovery point has moved to cold storage."""
    cold = cold_at(point.created_at, _cold_days(point), point.resource.type)
    return cold is not None and cold <= call.at


def find(world: World, call: Call, parameters: Mapping[str, Any]) -> tuple[Vault, RecoveryPoint]:
    """Return a recovery point and its vault; raises ApiError when there is none."""
    owner = parameters.get("BackupVaultAccountId")
    if owner not in (None, call.account):
        raise access_denied(f"Insufficient privileges to perform this action on vaults of account {owner}.")
    vault = find_vault(world, call, parameters["BackupVaultName"])
    point = vault.points.get(parameters["RecoveryPointArn"])
    if point is None:
        raise not_found(f"Cannot find recovery point {parameters['RecoveryPointArn']}")
    return vault, point


def describe_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeRecoveryPoint."""
    vault, point = find(world, call, parameters)
    return rendered(vault, point) | {"StorageClass": "COLD" if is_cold(point, call) else "WARM"}


def list_by_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRecoveryPointsByBackupVault."""
    if parameters.get("BackupVaultAccountId") not in (None, call.account):
        raise access_denied("Insufficient privileges to perform this action on vaults of another account.")
    vault = find_vault(world, call, parameters["BackupVaultName"])
    return page("RecoveryPoints", _filtered(vault.points.values(), parameters), lambda point: rendered(vault, point), parameters)


def _filtered(points: Iterable[RecoveryPoint], parameters: Mapping[str, Any]) -> Iterator[RecoveryPoint]:
    arn, type_, plan = (parameters.get(name) for name in ("ByResourceArn", "ByResourceType", "ByBackupPlanId"))
    before, after = parameters.get("ByCreatedBefore"), parameters.get("ByCreatedAfter")
    if parameters.get("ByParentRecoveryPointArn"):
        return  # there are no composite recovery points yet
    for point in points:
        if (
            (arn is None or point.resource.arn == arn)
            and (type_ is None or point.resource.type.value == type_)
            and (plan is None or (point.creator is not None and point.creator.plan_id == plan))
            and (before is None or point.created_at <= before)
            and (after is None or point.created_at >= after)
        ):
            yield point


def list_by_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRecoveryPointsByResource, over all vaults of the account and Region."""
    arn = parameters["ResourceArn"]
    place = world.place(call.account, call.region)
    found = {id(point): (vault, point) for vault in place.vaults.values() for point in vault.points.values() if point.resource.arn == arn}

    def listed(point: RecoveryPoint) -> dict[str, Any]:
        vault = found[id(point)][0]
        document = {
            "RecoveryPointArn": point.arn,
            "CreationDate": point.created_at,
            "Status": point.status.value,
            "StatusMessage": point.message,
            "EncryptionKeyArn": point.key_arn,
            "BackupSizeBytes": point.size_bytes,
            "BackupVaultName": vault.name,
            "IsParent": False,
            "ResourceName": point.resource.name,
            "VaultType": "BACKUP_VAULT",
        }
        return {name: value for name, value in document.items() if value is not None}

    return page("RecoveryPoints", sorted((point for _, point in found.values()), key=lambda point: point.serial), listed, parameters)


def delete_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteRecoveryPoint: refused in a locked vault; without a usable role it answers 200 and the point becomes EXPIRED."""
    vault, point = find(world, call, parameters)
    authorize(world, call, vault, "DeleteRecoveryPoint", point.arn)
    _unlocked(vault, "deleted")
    remove(world, vault, point)
    return {}


def disassociate_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DisassociateRecoveryPoint: gives control back to the service of the resource."""
    vault, point = find(world, call, parameters)
    authorize(world, call, vault, "DisassociateRecoveryPoint", point.arn)
    _unlocked(vault, "disassociated")
    del vault.points[point.arn]
    return {}


def _unlocked(vault: Vault, verb: str) -> None:
    if vault.locked:
        raise invalid_request(f"Recovery points of the locked backup vault {vault.name} cannot be {verb}.")


def update_lifecycle(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateRecoveryPointLifecycle: replaces the whole lifecycle, what is omitted becomes never; -1 means never too."""
    vault, point = find(world, call, parameters)
    authorize(world, call, vault, "UpdateRecoveryPointLifecycle", point.arn)
    _unlocked(vault, "changed")
    if point.continuous:
        raise invalid_request("The lifecycle of a continuous recovery point is that of its rule.")
    asked = parameters.get("Lifecycle") or {}
    problem = lifecycle_problem(asked, unbounded=True)
    if problem:
        raise invalid_parameter(problem, code="ERROR_3015")
    wanted = lifecycle_of({name: value for name, value in asked.items() if value != -1}) or Lifecycle()
    if wanted.cold_days != point.lifecycle.cold_days:
        if is_cold(point, call):
            raise invalid_request("The transition to cold storage cannot be changed after it happened.")
        if wanted.cold_days is not None and point.created_at + timedelta(days=wanted.cold_days - 1) < call.at:
            raise invalid_parameter("Invalid lifecycle. MoveToColdStorageAfterDays must be at least one day after the recovery point's age")
    change_lifecycle(world, vault, point, wanted)
    return {
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point.arn,
        "Lifecycle": lifecycle_document(point.lifecycle) or {},
        "CalculatedLifecycle": _calculated(point) or {},
    }


def get_restore_metadata(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRecoveryPointRestoreMetadata: what the twin knows of the source, all values texts."""
    vault, point = find(world, call, parameters)
    resource = point.resource
    metadata = {
        ResourceType.EBS: {"volumeSize": str(resource.size_bytes // 1024**3), "encrypted": str(resource.encrypted).lower()},
        ResourceType.EFS: {"file-system-id": resource.arn.rpartition("/")[2], "Encrypted": str(resource.encrypted).lower()},
        ResourceType.DYNAMODB: {"originalTableName": resource.name, "encryptionType": "Default"},
        ResourceType.S3: {"DestinationBucketName": resource.name, "RestoreLatestVersionsUpTo": "1"},
        ResourceType.RDS: {"DBInstanceIdentifier": resource.name},
        ResourceType.AURORA: {"DBClusterIdentifier": resource.name},
    }.get(resource.type, {"resource": resource.arn})
    return {
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point.arn,
        "RestoreMetadata": metadata,
        "ResourceType": resource.type.value,
    }


def describe_protected_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeProtectedResource."""
    known = world.place(call.account, call.region).protected.get(parameters["ResourceArn"])
    if known is None:
        raise not_found(f"Resource {parameters['ResourceArn']} is not protected by AWS Backup.")
    return _protected(*known)


def list_protected_resources(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListProtectedResources: whatever was backed up once."""
    return _protected_page(world.place(call.account, call.region).protected.values(), parameters)


def list_protected_by_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListProtectedResourcesByBackupVault."""
    vault = find_vault(world, call, parameters["BackupVaultName"])
    latest: dict[str, RecoveryPoint] = {}
    for point in vault.points.values():
        known = latest.get(point.resource.arn)
        if known is None or known.created_at < point.created_at:
            latest[point.resource.arn] = point
    known_ones = ((point.resource, point.created_at, vault.arn, point.arn) for point in latest.values())
    return _protected_page(known_ones, parameters)


class _Numbered:
    """A protected resource with its place in the listing."""

    __slots__ = ("document", "serial")

    def __init__(self, serial: int, document: dict[str, Any]) -> None:
        self.serial = serial
        self.document = document


def _protected_page(known: Iterable[tuple[Resource, Any, str, str]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    items = [_Numbered(number, _protected(*each)) for number, each in enumerate(known, 1)]
    return page("Results", items, lambda item: item.document, parameters)


def _protected(resource: Resource, at: Any, vault_arn: str, point_arn: str) -> dict[str, Any]:
    return {
        "ResourceArn": resource.arn,
        "ResourceType": resource.type.value,
        "LastBackupTime": at,
        "ResourceName": resource.name,
        "LastBackupVaultArn": vault_arn,
        "LastRecoveryPointArn": point_arn,
    }


def list_tags(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListTags."""
    return {"Tags": _tags(world, call, parameters["ResourceArn"])}


def tag_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """TagResource."""
    tags = _tags(world, call, parameters["ResourceArn"])
    if len(tags | parameters["Tags"]) > facts.limit("recovery_point_tags_max").value:
        raise invalid_parameter(facts.message("too_many_tags"))
    tags.update(parameters["Tags"])
    return {}


def untag_resource(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UntagResource."""
    tags = _tags(world, call, parameters["ResourceArn"])
    for key in parameters["TagKeyList"]:
        tags.pop(key, None)
    return {}


def _tags(world: World, call: Call, arn: str) -> dict[str, str]:
    place = world.place(call.account, call.region)
    for vault in place.vaults.values():
        if vault.arn == arn:
            return vault.tags
        if arn in vault.points:
            return vault.points[arn].tags
    for plan in place.plans.values():
        if plan.arn == arn and plan.deleted_at is None:
            return plan.tags
    raise not_found(f"Resource {arn} does not exist.")
