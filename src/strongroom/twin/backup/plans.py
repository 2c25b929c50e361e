"""Plan and selection operations."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import partition_of
from strongroom.semantics import schedule, windows
from strongroom.semantics import selection as selection_rules
from strongroom.twin.backup import changes, timetable
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import already_exists, invalid_parameter, invalid_request, limit_exceeded, not_found
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.plandocument import version_of
from strongroom.twin.backup.state import Plan, PlanVersion, Selection, World
from strongroom.twin.backup.wire import Call


def find(world: World, call: Call, plan_id: str) -> Plan:
    """Return a plan of the caller's account, deleted or not; raises ApiError when there is none."""
    plan = world.place(call.account, call.region).plans.get(plan_id)
    if plan is None:
        raise not_found(facts.message("plan_unknown"))
    return plan


def _writable(world: World, call: Call, plan_id: str) -> Plan:
    plan = find(world, call, plan_id)
    if plan.deleted_at is not None:
        raise not_found(facts.message("plan_unknown"))
    if plan.of_organization:
        raise invalid_request("This backup plan is managed by an organization backup policy and cannot be changed in a member account.")
    return plan


def create_backup_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateBackupPlan: an identical document is refused, an identical name is not."""
    place, document = world.place(call.account, call.region), parameters["BackupPlan"]
    request_id, canonical = parameters.get("CreatorRequestId"), _canonical(document)
    alive = [plan for plan in place.plans.values() if plan.deleted_at is None]
    for plan in alive:
        if request_id is not None and plan.creator_request_id == request_id:
            return _created(plan)
        if not plan.of_organization and _canonical(plan.current.document) == canonical:
            raise already_exists(facts.message("plan_document_exists"), arn=plan.arn, creator_request_id=plan.creator_request_id)
    if len(alive) >= facts.limit("plans_per_region").value:
        raise limit_exceeded(f"The account has {len(alive)} backup plans in {call.region}, the most that are allowed")
    plan_id = chance(world.seed, "plan", call.account, call.region, world.numbers).uuid
    tags = parameters.get("BackupPlanTags") or {}
    return _created(add_plan(world, call, plan_id, document, tags=tags, creator_request_id=request_id))


def add_plan(
    world: World, call: Call, plan_id: str, document: Mapping[str, Any], *, tags: Mapping[str, str], creator_request_id: str | None
) -> Plan:
    """Add a plan and let it run; raises ApiError for a document that AWS Backup refuses."""
    first = version_of(document, plan_id=plan_id, account=call.account, region=call.region, number=1, seed=world.seed, at=call.at)
    plan = Plan(
        serial=world.serial(),
        plan_id=plan_id,
        arn=f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:backup-plan:{plan_id}",
        account=call.account,
        region=call.region,
        created_at=call.at,
        creator_request_id=creator_request_id,
        versions=[first],
        tags=dict(tags),
    )
    world.place(call.account, call.region).plans[plan_id] = plan
    timetable.start(world, plan)
    changes.of_plan(world, call.at, plan, "CREATED")
    return plan


def change_plan(world: World, call: Call, plan: Plan, document: Mapping[str, Any]) -> None:
    """Add a version to a plan: jobs and recovery points that exist keep the old one."""
    number = len(plan.versions) + 1
    if number > facts.limit("plan_versions_max").value:
        raise limit_exceeded(f"Backup plan {plan.plan_id} has {number - 1} versions, the most that are allowed")
    plan.versions.append(
        version_of(document, plan_id=plan.plan_id, account=plan.account, region=plan.region, number=number, seed=world.seed, at=call.at)
    )
    timetable.start(world, plan)
    changes.of_plan(world, call.at, plan, "MODIFIED")


def update_backup_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateBackupPlan."""
    plan = _writable(world, call, parameters["BackupPlanId"])
    change_plan(world, call, plan, parameters["BackupPlan"])
    return _created(plan)


def _created(plan: Plan) -> dict[str, Any]:
    return {
        "BackupPlanId": plan.plan_id,
        "BackupPlanArn": plan.arn,
        "CreationDate": plan.current.created_at,
        "VersionId": plan.current.version_id,
        "AdvancedBackupSettings": plan.current.document.get("AdvancedBackupSettings"),
    }


def get_backup_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupPlan, of one version, with the next runs on request."""
    plan = find(world, call, parameters["BackupPlanId"])
    wanted = parameters.get("VersionId")
    version = next((each for each in reversed(plan.versions) if wanted in (None, each.version_id)), None)
    if version is None:
        raise not_found(facts.message("plan_unknown"))
    count = parameters.get("MaxScheduledRunsPreview") or 0
    return {
        "BackupPlan": dict(version.document) | {"Rules": [dict(rule.document) for rule in version.rules]},
        "BackupPlanId": plan.plan_id,
        "BackupPlanArn": plan.arn,
        "VersionId": version.version_id,
        "CreatorRequestId": plan.creator_request_id,
        "CreationDate": version.created_at,
        "DeletionDate": plan.deleted_at,
        "LastExecutionDate": plan.executed_at,
        "AdvancedBackupSettings": version.document.get("AdvancedBackupSettings"),
        "ScheduledRunsPreview": _preview(version, call, count) if count else None,
    }


def _preview(version: PlanVersion, call: Call, count: int) -> list[dict[str, Any]]:
    rules, after = timetable.rule_windows(version), call.at
    runs: list[windows.Run] = []
    while len(runs) < count:
        firsts = [schedule.next_slot(rule.cron, rule.timezone, after) for rule in rules]
        known = [first for first in firsts if first is not None]
        if not known:
            break
        until = max(after, min(known)) + timetable.STRETCH
        runs += [run for run in windows.runs(rules, after, until) if run.suppressed_by is None]
        after = until
    by_name = {rule.name: rule for rule in version.rules}
    return [
        {
            "ExecutionTime": run.slot_at,
            "RuleId": by_name[run.rule].rule_id,
            "RuleExecutionType": "CONTINUOUS_AND_SNAPSHOTS" if by_name[run.rule].continuous else "SNAPSHOTS",
        }
        for run in sorted(runs, key=lambda run: run.slot_at)[:count]
    ]


def delete_backup_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupPlan: its selections must be gone; its recovery points stay."""
    plan = _writable(world, call, parameters["BackupPlanId"])
    if plan.selections:
        raise invalid_request(facts.message("plan_has_selections"))
    plan.deleted_at = call.at
    changes.of_plan(world, call.at, plan, "DELETED")
    return {"BackupPlanId": plan.plan_id, "BackupPlanArn": plan.arn, "DeletionDate": call.at, "VersionId": plan.current.version_id}


def list_backup_plans(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupPlans; deleted ones on request only."""
    plans = [
        plan
        for plan in world.place(call.account, call.region).plans.values()
        if plan.deleted_at is None or parameters.get("IncludeDeleted")
    ]
    return page("BackupPlansList", plans, lambda plan: _listed(plan, plan.current), parameters)


def list_backup_plan_versions(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupPlanVersions, all on one page: there are 2,000 at most."""
    plan = find(world, call, parameters["BackupPlanId"])
    return {"BackupPlanVersionsList": [_listed(plan, version) for version in plan.versions]}


def _listed(plan: Plan, version: PlanVersion) -> dict[str, Any]:
    document = {
        "BackupPlanArn": plan.arn,
        "BackupPlanId": plan.plan_id,
        "CreationDate": version.created_at,
        "DeletionDate": plan.deleted_at,
        "VersionId": version.version_id,
        "BackupPlanName": version.name,
        "CreatorRequestId": plan.creator_request_id,
        "LastExecutionDate": plan.executed_at,
        "AdvancedBackupSettings": version.document.get("AdvancedBackupSettings"),
    }
    return {name: value for name, value in document.items() if value is not None}


def create_backup_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateBackupSelection."""
    plan = _writable(world, call, parameters["BackupPlanId"])
    document, request_id = parameters["BackupSelection"], parameters.get("CreatorRequestId")
    for known in plan.selections.values():
        if request_id is not None and known.creator_request_id == request_id:
            return _selected(plan, known)
        if known.name == document["SelectionName"]:
            raise already_exists(
                "Backup selection with the same name already exists", arn=plan.arn, creator_request_id=known.creator_request_id
            )
    return _selected(plan, add_selection(world, call, plan, document, creator_request_id=request_id))


def add_selection(world: World, call: Call, plan: Plan, document: Mapping[str, Any], *, creator_request_id: str | None = None) -> Selection:
    """Add a selection to a plan; raises ApiError for a document that AWS Backup refuses."""
    _check_selection(plan, document)
    selection = Selection(
        serial=world.serial(),
        selection_id=chance(world.seed, "selection", plan.account, plan.region, plan.plan_id, document["SelectionName"], plan.changes).uuid,
        name=document["SelectionName"],
        role_arn=document["IamRoleArn"],
        created_at=call.at,
        creator_request_id=creator_request_id,
        document=document,
        parsed=selection_rules.PlanSelection.parse(document),
    )
    plan.selections[selection.selection_id] = selection
    plan.changes += 1
    return selection


def _check_selection(plan: Plan, document: Mapping[str, Any]) -> None:
    problem = selection_rules.problem(document)
    if problem:
        raise invalid_parameter(problem)
    with_tags = sum(bool(each.document.get("ListOfTags")) for each in plan.selections.values()) + bool(document.get("ListOfTags"))
    for count, limit in ((len(plan.selections) + 1, "selections_per_plan"), (with_tags, "tag_selections_per_plan")):
        allowed = facts.limit(limit)
        if count > allowed.value:
            raise limit_exceeded(f"{count} {allowed.unit} in the plan, {allowed.value} allowed")


def _selected(plan: Plan, selection: Selection) -> dict[str, Any]:
    return {"SelectionId": selection.selection_id, "BackupPlanId": plan.plan_id, "CreationDate": selection.created_at}


def find_selection(plan: Plan, selection_id: str) -> Selection:
    """Return a selection of a plan; raises ApiError when there is none."""
    selection = plan.selections.get(selection_id)
    if selection is None:
        raise not_found(f"Backup selection {selection_id} does not exist.")
    return selection


def get_backup_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupSelection."""
    plan = find(world, call, parameters["BackupPlanId"])
    selection = find_selection(plan, parameters["SelectionId"])
    empty: dict[str, Any] = {"Resources": [], "ListOfTags": [], "NotResources": []}
    return _selected(plan, selection) | {
        "BackupSelection": empty | dict(selection.document),
        "CreatorRequestId": selection.creator_request_id,
    }


def list_backup_selections(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupSelections."""
    plan = find(world, call, parameters["BackupPlanId"])

    def listed(selection: Selection) -> dict[str, Any]:
        document = _selected(plan, selection) | {"SelectionName": selection.name, "IamRoleArn": selection.role_arn}
        request_id = selection.creator_request_id
        return document if request_id is None else document | {"CreatorRequestId": request_id}

    return page("BackupSelectionsList", list(plan.selections.values()), listed, parameters)


def delete_backup_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteBackupSelection."""
    plan = _writable(world, call, parameters["BackupPlanId"])
    del plan.selections[find_selection(plan, parameters["SelectionId"]).selection_id]
    plan.changes += 1
    return {}


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True)
