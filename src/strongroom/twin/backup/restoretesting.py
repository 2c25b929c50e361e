"""Operations on restore testing plans and their selections."""

import re
from collections.abc import Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType, partition_of
from strongroom.semantics import restoretesting as rules
from strongroom.twin.backup import restoretests
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import already_exists, invalid_parameter, invalid_request, limit_exceeded, not_found
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.state import RestoreTestingPlan, RestoreTestingSelection, World
from strongroom.twin.backup.wire import Call


def find(world: World, call: Call, name: str) -> RestoreTestingPlan:
    """Return a restore testing plan of the caller's account; raises ApiError when there is none."""
    plan = world.place(call.account, call.region).testing_plans.get(name)
    if plan is None:
        raise not_found(f"Restore testing plan {name} does not exist.")
    return plan


def _find_selection(plan: RestoreTestingPlan, name: str) -> RestoreTestingSelection:
    selection = plan.selections.get(name)
    if selection is None:
        raise not_found(f"Restore testing selection {name} does not exist in plan {plan.name}.")
    return selection


def create_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateRestoreTestingPlan: names are unique in an account and Region."""
    place, given = world.place(call.account, call.region), parameters["RestoreTestingPlan"]
    name, request_id = given["RestoreTestingPlanName"], _request_id(parameters)
    document = _completed_plan(given)
    points = _checked_plan(name, document)
    tags = parameters.get("Tags") or {}
    if len(tags) > facts.limit("tags_max").value:
        raise invalid_parameter(f"Tags has {len(tags)} entries, {facts.limit('tags_max').value} at most")
    existing = place.testing_plans.get(name)
    if existing is not None:
        if request_id is None or existing.creator_request_id != request_id:
            text = f"Restore testing plan with the name {name} already exists"
            raise already_exists(text, arn=existing.arn, creator_request_id=existing.creator_request_id)
        return _answer(existing)
    if len(place.testing_plans) >= facts.limit("restore_testing_plans_max").value:
        raise limit_exceeded(
            f"The account has {len(place.testing_plans)} restore testing plans in {call.region}, the most that are allowed"
        )
    luck = chance(world.seed, "restore testing plan", call.account, call.region, name, world.numbers)
    plan = RestoreTestingPlan(
        serial=world.serial(),
        name=name,
        arn=f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:restore-testing-plan:{name}-{luck.uuid}",
        account=call.account,
        region=call.region,
        created_at=call.at,
        creator_request_id=request_id,
        document=document,
        points=points,
        tags=dict(tags),
    )
    place.testing_plans[name] = plan
    restoretests.schedule_runs(world, plan, call.at)
    return _answer(plan)


def _request_id(parameters: Mapping[str, Any]) -> str | None:
    request_id: str | None = parameters.get("CreatorRequestId")
    if request_id is not None and not re.fullmatch(facts.limit("creator_request_id_pattern").value, request_id):
        raise invalid_parameter(f"Invalid CreatorRequestId: {request_id}")
    return request_id


def _completed_plan(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a plan with AWS's defaults."""
    selection = {"ExcludeVaults": [], "SelectionWindowDays": facts.limit("restore_testing_window_days_default").value}
    defaults = {
        "ScheduleExpressionTimezone": facts.limit("schedule_timezone_default").value,
        "StartWindowHours": facts.limit("restore_testing_start_hours_default").value,
    }
    return defaults | dict(given) | {"RecoveryPointSelection": selection | dict(given["RecoveryPointSelection"])}


def _checked_plan(name: str, document: Mapping[str, Any]) -> rules.PointSelection:
    """Return RecoveryPointSelection parsed; raises ApiError for a plan that AWS Backup refuses."""
    written = document["RecoveryPointSelection"]
    if "Algorithm" not in written:
        raise invalid_parameter("RecoveryPointSelection needs an Algorithm")
    problem = rules.plan_problem(
        name=name,
        cron=document["ScheduleExpression"],
        timezone=document["ScheduleExpressionTimezone"],
        start_window_hours=document["StartWindowHours"],
        types=written.get("RecoveryPointTypes") or (),
        include_vaults=written.get("IncludeVaults") or (),
        window_days=written["SelectionWindowDays"],
    )
    if problem:
        raise invalid_parameter(problem)
    return rules.PointSelection(
        algorithm=rules.Algorithm(written["Algorithm"]),
        types=tuple(map(rules.PointType, written["RecoveryPointTypes"])),
        include_vaults=tuple(written["IncludeVaults"]),
        exclude_vaults=tuple(written["ExcludeVaults"]),
        window_days=written["SelectionWindowDays"],
    )


def _answer(plan: RestoreTestingPlan) -> dict[str, Any]:
    return {
        "CreationTime": plan.created_at,
        "RestoreTestingPlanArn": plan.arn,
        "RestoreTestingPlanName": plan.name,
    }


def update_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateRestoreTestingPlan: what isn't named stays; tests that have started go on."""
    plan, given = find(world, call, parameters["RestoreTestingPlanName"]), parameters["RestoreTestingPlan"]
    selection = dict(plan.document["RecoveryPointSelection"]) | dict(given.get("RecoveryPointSelection") or {})
    document = dict(plan.document) | dict(given) | {"RecoveryPointSelection": selection}
    plan.points = _checked_plan(plan.name, document)
    plan.document, plan.updated_at = document, call.at
    restoretests.schedule_runs(world, plan, call.at)
    return _answer(plan) | {"UpdateTime": call.at}


def _shown_plan(plan: RestoreTestingPlan) -> dict[str, Any]:
    """Return a plan as its listing shows it."""
    document = {
        "CreationTime": plan.created_at,
        "LastExecutionTime": plan.executed_at,
        "LastUpdateTime": plan.updated_at,
        "RestoreTestingPlanArn": plan.arn,
        "RestoreTestingPlanName": plan.name,
        "ScheduleExpression": plan.document["ScheduleExpression"],
        "ScheduleExpressionTimezone": plan.document["ScheduleExpressionTimezone"],
        "StartWindowHours": plan.document["StartWindowHours"],
    }
    return {name: value for name, value in document.items() if value is not None}


def described_plan(plan: RestoreTestingPlan) -> dict[str, Any]:
    """Return a plan as GetRestoreTestingPlan shows it."""
    request_id = {} if plan.creator_request_id is None else {"CreatorRequestId": plan.creator_request_id}
    return _shown_plan(plan) | {"RecoveryPointSelection": plan.document["RecoveryPointSelection"]} | request_id


def get_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRestoreTestingPlan."""
    return {"RestoreTestingPlan": described_plan(find(world, call, parameters["RestoreTestingPlanName"]))}


def list_plans(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRestoreTestingPlans."""
    return page("RestoreTestingPlans", world.place(call.account, call.region).testing_plans.values(), _shown_plan, parameters)


def delete_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteRestoreTestingPlan: its selections must be gone; one that doesn't exist is no error, the model names none."""
    plans = world.place(call.account, call.region).testing_plans
    plan = plans.get(parameters["RestoreTestingPlanName"])
    if plan is not None and plan.selections:
        raise invalid_request(f"Restore testing plan {plan.name} has selections, they must be deleted first.")
    plans.pop(parameters["RestoreTestingPlanName"], None)
    return {}


def create_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateRestoreTestingSelection."""
    plan = find(world, call, parameters["RestoreTestingPlanName"])
    given, request_id = parameters["RestoreTestingSelection"], _request_id(parameters)
    name, document = given["RestoreTestingSelectionName"], _completed_selection(given)
    scope = _checked_selection(name, document)
    existing = plan.selections.get(name)
    if existing is not None:
        if request_id is None or existing.creator_request_id != request_id:
            text = f"Restore testing selection with the name {name} already exists"
            raise already_exists(text, arn=plan.arn, creator_request_id=existing.creator_request_id)
        return _selection_answer(plan, existing)
    if len(plan.selections) >= facts.limit("restore_testing_selections_per_plan").value:
        raise limit_exceeded(f"Restore testing plan {plan.name} has {len(plan.selections)} selections, the most that are allowed")
    selection = RestoreTestingSelection(
        serial=world.serial(),
        name=name,
        created_at=call.at,
        creator_request_id=request_id,
        document=document,
        scope=scope,
    )
    plan.selections[name] = selection
    return _selection_answer(plan, selection)


def _completed_selection(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a selection with AWS's defaults; conditions alone are about all resources of the type."""
    document = {"ValidationWindowHours": 0} | dict(given)
    if not document.get("ProtectedResourceArns") and _conditions(document):
        document["ProtectedResourceArns"] = list(rules.EVERYTHING)
    return document


def _conditions(document: Mapping[str, Any]) -> list[Mapping[str, str]]:
    conditions = document.get("ProtectedResourceConditions") or {}
    return [*(conditions.get("StringEquals") or ()), *(conditions.get("StringNotEquals") or ())]


def _checked_selection(name: str, document: Mapping[str, Any]) -> rules.Scope:
    """Return what a selection tests; raises ApiError for one that AWS Backup refuses."""
    problem = rules.selection_problem(
        name=name,
        resource_type=document["ProtectedResourceType"],
        arns=document.get("ProtectedResourceArns") or (),
        condition_keys=[each["Key"] for each in _conditions(document)],
        validation_hours=document["ValidationWindowHours"],
        role_arn=document["IamRoleArn"],
    )
    if problem:
        raise invalid_parameter(problem)
    conditions = document.get("ProtectedResourceConditions") or {}
    equals, not_equals = (
        tuple((each["Key"], each["Value"]) for each in conditions.get(operator) or ()) for operator in ("StringEquals", "StringNotEquals")
    )
    arns = tuple(document.get("ProtectedResourceArns") or rules.EVERYTHING)
    return rules.Scope(type=ResourceType(document["ProtectedResourceType"]), arns=arns, equals=equals, not_equals=not_equals)


def _selection_answer(plan: RestoreTestingPlan, selection: RestoreTestingSelection) -> dict[str, Any]:
    return {
        "CreationTime": selection.created_at,
        "RestoreTestingPlanArn": plan.arn,
        "RestoreTestingPlanName": plan.name,
        "RestoreTestingSelectionName": selection.name,
    }


def update_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateRestoreTestingSelection: what isn't named stays; from ARNs to conditions only with the wildcard named too."""
    plan = find(world, call, parameters["RestoreTestingPlanName"])
    selection = _find_selection(plan, parameters["RestoreTestingSelectionName"])
    given = dict(parameters["RestoreTestingSelection"])
    document = dict(selection.document) | given
    if given.get("ProtectedResourceArns") and "*" not in given["ProtectedResourceArns"] and "ProtectedResourceConditions" not in given:
        document.pop("ProtectedResourceConditions", None)
    selection.scope = _checked_selection(selection.name, document)
    selection.document, selection.updated_at = document, call.at
    return _selection_answer(plan, selection) | {"UpdateTime": call.at}


def get_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRestoreTestingSelection."""
    plan = find(world, call, parameters["RestoreTestingPlanName"])
    selection = _find_selection(plan, parameters["RestoreTestingSelectionName"])
    document = dict(selection.document) | {
        "CreationTime": selection.created_at,
        "CreatorRequestId": selection.creator_request_id,
        "RestoreTestingPlanName": plan.name,
    }
    return {"RestoreTestingSelection": {name: value for name, value in document.items() if value is not None}}


def list_selections(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRestoreTestingSelections."""
    plan = find(world, call, parameters["RestoreTestingPlanName"])

    def shown(selection: RestoreTestingSelection) -> dict[str, Any]:
        return {
            "CreationTime": selection.created_at,
            "IamRoleArn": selection.document["IamRoleArn"],
            "ProtectedResourceType": selection.document["ProtectedResourceType"],
            "RestoreTestingPlanName": plan.name,
            "RestoreTestingSelectionName": selection.name,
            "ValidationWindowHours": selection.document["ValidationWindowHours"],
        }

    return page("RestoreTestingSelections", plan.selections.values(), shown, parameters)


def delete_selection(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteRestoreTestingSelection: tests that have not started yet don't."""
    plan = find(world, call, parameters["RestoreTestingPlanName"])
    del plan.selections[_find_selection(plan, parameters["RestoreTestingSelectionName"]).name]
    return {}
