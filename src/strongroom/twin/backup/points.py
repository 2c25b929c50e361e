"""Operations on recovery points and protected resources."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from strongroom import facts
from strongroom.semantics import lifecycle as lifecycle_rules
from strongroom.semantics import locks
from strongroom.semantics.locks import Act
from strongroom.twin.backup import composites, notices
from strongroom.twin.backup.audited import Framework, ReportPlan
from strongroom.twin.backup.errors import invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.expiry import change_lifecycle, cold_at, held, is_cold, plan_end, remove
from strongroom.twin.backup.kept import AccessPoint, RestoreAccess, TieringConfiguration
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.plandocument import kept, lifecycle_of, lifecycle_problem, meant
from strongroom.twin.backup.settling import gone
from strongroom.twin.backup.shared import as_owner
from strongroom.twin.backup.state import LegalHold, Lifecycle, RecoveryPoint, Resource, RestoreTestingPlan, Vault, World
from strongroom.twin.backup.vaults import authorize, key_type, vault_type
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
        "Lifecycle": _lifecycle(point),
        "EncryptionKeyArn": point.key_arn,
        "IsEncrypted": point.key_arn is not None or vault.air_gapped,
        "IsParent": point.composite,
        "ParentRecoveryPointArn": _parent(point),
        "CompositeMemberIdentifier": point.member,
        "ResourceName": point.resource.name,
        "VaultType": vault_type(air_gapped=vault.air_gapped),
        "EncryptionKeyType": key_type(vault),
        "LastRestoreTime": point.restored_at,
    }
    return {name: value for name, value in document.items() if value is not None}


def _parent(point: RecoveryPoint) -> str | None:
    return None if point.parent is None else point.parent[1].arn


def _lifecycle(point: RecoveryPoint) -> dict[str, Any] | None:
    document = lifecycle_document(point.lifecycle)
    return document if point.passing is None else (document or {}) | {"DeleteAfterEvent": "DELETE_AFTER_COPY"}


def _calculated(point: RecoveryPoint) -> dict[str, Any] | None:
    cold = cold_at(point)
    if cold is None and point.delete_at is None:
        return None
    document = {"MoveToColdStorageAt": cold, "DeleteAt": point.delete_at}
    return {name: value for name, value in document.items() if value is not None}


def find(world: World, call: Call, parameters: Mapping[str, Any]) -> tuple[Vault, RecoveryPoint]:
    """Return a recovery point and its vault; raises ApiError when there is none."""
    vault = find_vault(world, as_owner(world, call, parameters), parameters["BackupVaultName"])
    point = vault.points.get(parameters["RecoveryPointArn"])
    if point is None:
        raise not_found(f"Cannot find recovery point {parameters['RecoveryPointArn']}")
    return vault, point


def describe_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeRecoveryPoint."""
    vault, point = find(world, call, parameters)
    return rendered(vault, point) | {"StorageClass": "COLD" if is_cold(point, call.at) else "WARM"}


def list_by_vault(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRecoveryPointsByBackupVault."""
    vault = find_vault(world, as_owner(world, call, parameters), parameters["BackupVaultName"])
    return page("RecoveryPoints", _filtered(vault.points.values(), parameters), lambda point: rendered(vault, point), parameters)


def _filtered(points: Iterable[RecoveryPoint], parameters: Mapping[str, Any]) -> Iterator[RecoveryPoint]:
    arn, type_, plan = (parameters.get(name) for name in ("ByResourceArn", "ByResourceType", "ByBackupPlanId"))
    before, after = parameters.get("ByCreatedBefore"), parameters.get("ByCreatedAfter")
    parent = parameters.get("ByParentRecoveryPointArn")
    for point in points:
        if (
            (parent is None or _parent(point) == parent)
            and (arn is None or point.resource.arn == arn)
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
            "IsParent": point.composite,
            "ParentRecoveryPointArn": _parent(point),
            "ResourceName": point.resource.name,
            "VaultType": vault_type(air_gapped=vault.air_gapped),
            "EncryptionKeyType": key_type(vault),
        }
        return {name: value for name, value in document.items() if value is not None}

    return page("RecoveryPoints", sorted((point for _, point in found.values()), key=lambda point: point.serial), listed, parameters)


def delete_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteRecoveryPoint: refused in a locked vault; without a usable role it answers 200 and the point becomes EXPIRED."""
    vault, point = find(world, call, parameters)
    authorize(world, call, vault, "DeleteRecoveryPoint", point.arn)
    _unlocked(vault, Act.DELETE_RECOVERY_POINT)
    _unheld(point)
    _childless(point)
    remove(world, vault, point)
    return {}


def disassociate_recovery_point(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DisassociateRecoveryPoint: gives control back to the service of the resource."""
    vault, point = find(world, call, parameters)
    authorize(world, call, vault, "DisassociateRecoveryPoint", point.arn)
    _unlocked(vault, Act.DISASSOCIATE)
    _unheld(point)
    _childless(point)
    del vault.points[point.arn]
    if point.content is not None:
        world.contents.release(point.content)
    return {}


def disassociate_from_parent(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DisassociateRecoveryPointFromParent: the recovery point stays, the composite one ends without it."""
    _, point = find(world, call, parameters)
    if point.parent is None:
        raise invalid_request(f"Recovery point {point.arn} has no parent recovery point.")
    vault, parent = point.parent
    point.parent = None
    parent.members = tuple((home, member) for home, member in parent.members if member is not point)
    plan_end(world, vault, parent, parent.created_at)
    return {}


def _childless(point: RecoveryPoint) -> None:
    """Refuse to remove a composite recovery point before its members."""
    if composites.present(point):
        raise invalid_request(f"Recovery point {point.arn} has nested recovery points, they must be deleted first.")


def _unlocked(vault: Vault, act: Act) -> None:
    refused = locks.refuses(vault.lock, act, recovery_points=len(vault.points))
    if refused:
        raise invalid_request(f"Backup vault {vault.name}: {refused}")


def _unheld(point: RecoveryPoint) -> None:
    if held(point):
        raise invalid_request(facts.message("held_recovery_point").format(arn=point.arn))


def update_lifecycle(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateRecoveryPointLifecycle: replaces the whole lifecycle, what is omitted becomes never; -1 means never too."""
    vault, point = find(world, call, parameters)
    authorize(world, call, vault, "UpdateRecoveryPointLifecycle", point.arn)
    _unlocked(vault, Act.CHANGE_LIFECYCLE)
    if point.composite:
        raise invalid_request(f"Recovery point {point.arn} is composite, its lifecycle is that of its nested recovery points.")
    asked = lifecycle_of(parameters.get("Lifecycle")) or Lifecycle()
    problem = lifecycle_problem(parameters.get("Lifecycle"), unbounded=True)
    if problem:
        raise invalid_parameter(problem, code="ERROR_3015")
    cold = is_cold(point, call.at)
    age = (call.at - point.created_at).days
    change = lifecycle_rules.updated(meant(point.lifecycle), meant(asked), age_days=age, cold=cold, continuous=point.continuous)
    if change.refused:
        raise (invalid_request if cold or point.continuous else invalid_parameter)(change.refused)
    change_lifecycle(world, vault, point, kept(change.lifecycle, archive=asked.archive))
    notices.of_point(world, call.at, vault, point, "MODIFIED")
    return {
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point.arn,
        "Lifecycle": lifecycle_document(point.lifecycle) or {},
        "CalculatedLifecycle": _calculated(point) or {},
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
    others: tuple[LegalHold | RestoreTestingPlan | Framework | ReportPlan | TieringConfiguration | RestoreAccess | AccessPoint, ...] = (
        *place.holds.values(),
        *place.testing_plans.values(),
        *(framework for framework in place.frameworks.values() if not gone(framework, call.at)),
        *(plan for plan in place.report_plans.values() if not gone(plan, call.at)),
        *place.tiering.values(),
        *place.restore_access.values(),
        *(each for each in place.access_points.values() if each.deleted_at is None or call.at < each.deleted_at),
    )
    for tagged in others:
        if tagged.arn == arn:
            return tagged.tags
    raise not_found(f"Resource {arn} does not exist.")
