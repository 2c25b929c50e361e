"""Operations on frameworks of AWS Backup Audit Manager."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from strongroom import facts
from strongroom.domain.names import partition_of
from strongroom.semantics import controls
from strongroom.twin.backup.audited import Framework
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import already_exists, invalid_parameter, limit_exceeded, not_found
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.settling import deployment, gone, settled_at, unsettle
from strongroom.twin.backup.state import World
from strongroom.twin.backup.wire import Call

_RECORDED: tuple[str, ...] = tuple(facts.fact("other_services", "config_types_of_frameworks").value)


def alive(world: World, call: Call) -> dict[str, Framework]:
    """Return the frameworks of an account and Region by name."""
    frameworks = world.place(call.account, call.region).frameworks
    return {name: framework for name, framework in frameworks.items() if not gone(framework, call.at)}


def find(world: World, call: Call, name: str) -> Framework:
    """Return a framework of the caller's account; raises ApiError when there is none."""
    framework = alive(world, call).get(name)
    if framework is None:
        raise not_found(f"Framework {name} does not exist.")
    return framework


def create_framework(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateFramework: no two with the same controls, 50 controls in all."""
    known, name, token = alive(world, call), parameters["FrameworkName"], parameters.get("IdempotencyToken")
    existing = known.get(name)
    if existing is not None and token is not None and existing.token == token:
        return _answer(existing)
    if existing is not None:
        raise already_exists(f"Framework with the name {name} already exists", arn=existing.arn, creator_request_id=token)
    wanted = tuple(parameters["FrameworkControls"])
    _check(wanted)
    _check_others(list(known.values()), wanted)
    if len(known) >= facts.limit("frameworks_max").value:
        raise limit_exceeded(f"The account has {len(known)} frameworks in {call.region}, the most that are allowed")
    luck = chance(world.seed, "framework", call.account, call.region, name, world.numbers)
    framework = Framework(
        serial=world.serial(),
        name=name,
        arn=f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:framework:{name}-{luck.uuid}",
        created_at=call.at,
        token=token,
        description=parameters.get("FrameworkDescription"),
        controls=wanted,
        tags=dict(parameters.get("FrameworkTags") or {}),
        settled_at=settled_at(world, call, luck.uuid),
    )
    world.place(call.account, call.region).frameworks[name] = framework
    return _answer(framework)


def _answer(framework: Framework) -> dict[str, Any]:
    return {"FrameworkName": framework.name, "FrameworkArn": framework.arn}


def parameters_of(control: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a control by name."""
    return {each["ParameterName"]: each["ParameterValue"] for each in control.get("ControlInputParameters") or ()}


def _check(wanted: Sequence[Mapping[str, Any]]) -> None:
    if not wanted:
        raise invalid_parameter("FrameworkControls is empty")
    for control in wanted:
        if any(not {"ParameterName", "ParameterValue"} <= each.keys() for each in control.get("ControlInputParameters") or ()):
            raise invalid_parameter(f"Control {control['ControlName']}: a parameter needs a name and a value")
        problem = controls.parameter_problem(control["ControlName"], parameters_of(control))
        if problem:
            raise invalid_parameter(f"Invalid control: {problem}")
        scope = control.get("ControlScope") or {}
        ids, most = scope.get("ComplianceResourceIds"), facts.limit("control_scope_ids_max").value
        if ids is not None and not 1 <= len(ids) <= most:
            raise invalid_parameter(f"ComplianceResourceIds has {len(ids)} entries, 1 to {most} are allowed")
        if len(scope.get("Tags") or {}) > 1:
            raise invalid_parameter("ControlScope has more than one tag, one key is allowed")


def _check_others(others: Sequence[Framework], wanted: Sequence[Mapping[str, Any]]) -> None:
    twin = next((other for other in others if _canonical(other.controls) == _canonical(wanted)), None)
    if twin is not None:
        raise already_exists(f"Framework {twin.name} has the same controls", arn=twin.arn, creator_request_id=None)
    count, most = len(wanted) + sum(len(other.controls) for other in others), facts.limit("controls_max").value
    if count > most:
        raise limit_exceeded(f"{count} controls in all frameworks, {most} allowed")


def _canonical(wanted: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(json.dumps(control, sort_keys=True) for control in wanted)


def update_framework(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateFramework: what isn't named stays."""
    framework = find(world, call, parameters["FrameworkName"])
    wanted = parameters.get("FrameworkControls")
    if wanted is not None:
        _check(wanted)
        _check_others([other for other in alive(world, call).values() if other is not framework], wanted)
    unsettle(world, call, framework, "UPDATE")
    framework.controls = framework.controls if wanted is None else tuple(wanted)
    framework.description = parameters.get("FrameworkDescription", framework.description)
    return _answer(framework) | {"CreationTime": framework.created_at}


def delete_framework(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteFramework."""
    unsettle(world, call, find(world, call, parameters["FrameworkName"]), "DELETE")
    return {}


def describe_framework(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeFramework."""
    framework = find(world, call, parameters["FrameworkName"])
    return {
        "FrameworkName": framework.name,
        "FrameworkArn": framework.arn,
        "FrameworkDescription": framework.description,
        "FrameworkControls": list(framework.controls),
        "CreationTime": framework.created_at,
        "DeploymentStatus": deployment(framework, call.at),
        "FrameworkStatus": status(call.account, call.region),
        "IdempotencyToken": framework.token,
    }


def list_frameworks(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListFrameworks."""

    def listed(framework: Framework) -> dict[str, Any]:
        document = {
            "FrameworkName": framework.name,
            "FrameworkArn": framework.arn,
            "FrameworkDescription": framework.description,
            "NumberOfControls": len(framework.controls),
            "CreationTime": framework.created_at,
            "DeploymentStatus": deployment(framework, call.at),
        }
        return {name: value for name, value in document.items() if value is not None}

    return page("Frameworks", alive(world, call).values(), listed, parameters)


def status(account: str, region: str) -> str:
    """Return the FrameworkStatus: whether AWS Config records what the controls look at."""
    backend = backend_of("config", account, region)
    recording: set[str] = set()
    for recorder in () if backend is None else list(backend.recorders.values()):
        if recorder.status.recording:
            group = recorder.recording_group
            recording |= set(_RECORDED) if group.all_supported else set(_RECORDED) & set(group.resource_types or ())
    if not recording:
        return "INACTIVE"
    return "ACTIVE" if recording == set(_RECORDED) else "PARTIALLY_ACTIVE"
