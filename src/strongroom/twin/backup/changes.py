"""Events of what somebody sets up: plans, vaults, opt-ins, indexes; in the same steps of five minutes as those of jobs.

Source: AWS Backup developer guide, eventbridge (read 2026-11).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strongroom.twin.backup import notices
from strongroom.twin.backup.notices import instant
from strongroom.twin.backup.state import Index, Plan, RecoveryPoint, Vault, World
from strongroom.twin.backup.wire import Call

_PLAN_INSTANTS = {"CREATED": "creationDate", "MODIFIED": "modifiedAt", "DELETED": "deletionDate"}


def of_plan(world: World, at: datetime, plan: Plan, state: str) -> None:
    """Tell that a plan was CREATED, MODIFIED or DELETED."""
    detail = {"backupPlanId": plan.plan_id, "versionId": plan.current.version_id, _PLAN_INSTANTS[state]: instant(at), "state": state}
    place = world.place(plan.account, plan.region)
    notices.of_change(world, at, place, "Backup Plan State Change", resources=(plan.arn,), detail=detail)


def of_vault(world: World, at: datetime, vault: Vault, state: str) -> None:
    """Tell the same of a vault; with its lock or policy it is MODIFIED."""
    detail = {"backupVaultName": vault.name, "state": state, "isLocked": str(vault.lock is not None).lower()}
    place = world.place(vault.account, vault.region)
    notices.of_change(world, at, place, "Backup Vault State Change", resources=(vault.arn,), detail=detail)


def of_region(world: World, call: Call, opted: Mapping[str, bool]) -> None:
    """Tell that opt-ins of a Region were changed."""
    detail: dict[str, Any] = {"modifiedAt": instant(call.at), "ResourceTypeOptInPreference": dict(opted)}
    notices.of_change(world, call.at, world.place(call.account, call.region), "Region Setting State Change", resources=(), detail=detail)


def of_index(world: World, at: datetime, subject: tuple[Vault, RecoveryPoint, Index]) -> None:
    """Tell that an index is ACTIVE, or was DELETED, unless it was changed since or its recovery point is gone."""
    vault, point, index = subject
    if point.index is not index or vault.points.get(point.arn) is not point:
        return
    detail = {
        "recoveryPointArn": point.arn,
        "accountId": vault.account,
        "iamRoleArn": index.role_arn,
        "backupVaultArn": vault.arn,
        "indexStatus": "ACTIVE" if index.deleted_at is None else "DELETED",
        "indexCreationDate": instant(index.created_at),
        "indexCompletionDate": instant(index.ready_at),
    }
    place = world.place(vault.account, vault.region)
    notices.of_change(world, at, place, "Recovery Point Index State Change", resources=(point.arn,), detail=detail)
