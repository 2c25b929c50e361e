"""Change sets: an update that is looked at before it is done, and the only one that puts drifted resources back (REVERT_DRIFT).

Source: CloudFormation user guide, "Update stacks using change sets" and "Using drift-aware change sets" (read 2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.moto_api._internal import mock_random

from strongroom.twin.cloudformation import drift
from strongroom.twin.cloudformation.differences import differences
from strongroom.twin.cloudformation.stack import Live, Stack, Unresolved
from strongroom.twin.cloudformation.stacks import Ask, Stacks, body, find, same
from strongroom.twin.cloudformation.template import Template, refuse
from strongroom.twin.ports import ApiError

REVERT_DRIFT = "REVERT_DRIFT"
REVIEW = "REVIEW_IN_PROGRESS"
POLLS = 1  # answers that still say CREATE_IN_PROGRESS, whatever the clock
_NO_CHANGE = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change set does with one resource."""

    logical_id: str
    physical_id: str
    type: str
    action: str  # Add, Modify, Remove, SyncWithActual
    drifted: str = ""  # status of a resource that is put back
    replacement: str = ""  # of a modification: True, False, Conditional


@dataclass(slots=True, kw_only=True)
class ChangeSet:
    """An update that waits for its execution."""

    id: str
    name: str
    description: str
    template: Template
    given: dict[str, str]
    tags: dict[str, str]
    capabilities: tuple[str, ...]
    mode: str  # REVERT_DRIFT or empty
    changes: tuple[Change, ...]
    drift_status: str  # of the stack, when the change set was made
    polls_left: int = POLLS
    executed: bool = False
    created_at: datetime = field(default_factory=lambda: datetime.now(tz=UTC))


def create_change_set(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """CreateChangeSet, of a stack or for a new one; one without changes shows as FAILED."""
    name, mode = ask.text("ChangeSetName"), str(ask.parameters.get("DeploymentMode") or "")
    capabilities = tuple(ask.parameters.get("Capabilities") or ())
    stack = _begun(stacks, ask, capabilities) if ask.parameters.get("ChangeSetType") == "CREATE" else _changeable(stacks, ask)
    if name in stack.change_sets:
        raise ApiError("AlreadyExistsException", f"ChangeSet {name} already exists for stack {stack.id}")
    given = ask.values(stack.parameters)
    template, values = stacks.checked(body(ask, stack.template.text), given, capabilities)
    tags = ask.tags() if ask.parameters.get("Tags") is not None else stack.tags
    if mode == REVERT_DRIFT:
        drift.detect(stack)
    made = ChangeSet(
        id=f"arn:aws:cloudformation:{ask.region}:{ask.account}:changeSet/{name}/{mock_random.uuid4()}",
        name=name,
        description=str(ask.parameters.get("Description") or ""),
        template=template,
        given=given,
        tags=tags,
        capabilities=capabilities,
        mode=mode,
        drift_status=drift.status_of(stack),
        changes=_changes(stack, template, values, mode, retagged=tags != stack.tags),
    )
    if not made.changes and not same(template, stack.template):  # outputs only
        made.changes = (Change(logical_id="Outputs", physical_id="", type="AWS::CloudFormation::Stack", action="Modify"),)
    stack.change_sets[name] = made
    return {"Id": made.id, "StackId": stack.id}


def _begun(stacks: Stacks, ask: Ask, capabilities: tuple[str, ...]) -> Stack:
    """A stack that waits for the execution of its first change set."""
    name = ask.text("StackName")
    known = stacks.named(ask.account, ask.region, name)
    if known is not None:
        if known.status != REVIEW:
            raise refuse(f"Stack [{name}] already exists and cannot be created again with the changeSet [{ask.text('ChangeSetName')}].")
        return known
    stack, _ = stacks.begin(
        account=ask.account,
        region=ask.region,
        name=name,
        text=body(ask, None),
        given=ask.values({}),
        tags=ask.tags(),
        capabilities=capabilities,
    )
    stack.status = REVIEW
    return stack


def _changeable(stacks: Stacks, ask: Ask) -> Stack:
    kind = ask.parameters.get("ChangeSetType") or "UPDATE"
    if kind != "UPDATE":
        raise ApiError("NotImplemented", f"the twin makes no change sets of type {kind}", status=501)
    stack = find(stacks, ask)
    if not stack.usable or stack.visible_status.endswith("_IN_PROGRESS"):
        shown = stack.visible_status
        stack.polls_left -= 1
        raise refuse(f"Stack:{stack.id} is in {shown} state and can not be updated.")
    return stack


def describe_change_set(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeChangeSet."""
    stack, made = _find(stacks, ask)
    made.polls_left -= 1
    return _described(stack, made) | {
        "Capabilities": list(made.capabilities),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in made.given.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in made.tags.items()],
        "Changes": [_shown(change) for change in made.changes] if made.polls_left < 0 else [],
        **({"DeploymentMode": made.mode, "StackDriftStatus": made.drift_status} if made.mode else {}),
    }


def list_change_sets(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """ListChangeSets: those that were not executed."""
    stack = find(stacks, ask)
    return {"Summaries": [_described(stack, made) for made in stack.change_sets.values() if not made.executed]}


def delete_change_set(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DeleteChangeSet; one that isn't there is no error."""
    try:
        stack, made = _find(stacks, ask)
    except ApiError as refusal:
        if refusal.code == "ChangeSetNotFound":
            return {}
        raise
    del stack.change_sets[made.name]
    return {}


def execute_change_set(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """ExecuteChangeSet: the stack is updated; all its other change sets are gone."""
    stack, made = _find(stacks, ask)
    if made.polls_left >= 0 or not made.changes or made.executed:
        state = "EXECUTE_COMPLETE" if made.executed else _status(made)
        raise ApiError("InvalidChangeSetStatus", f"ChangeSet [{made.id}] cannot be executed in its current status of [{state}]")
    _, values = stacks.checked(made.template.text, made.given, made.capabilities)
    stack.capabilities = made.capabilities
    if stack.status == REVIEW:
        stack.template, stack.parameters, stack.tags = made.template, made.given, made.tags
        stack.create(values, str(ask.parameters.get("OnStackFailure") or "ROLLBACK"))
    else:
        stack.update(made.template, made.given, values, made.tags, revert=made.mode == REVERT_DRIFT)
    made.executed = True
    stack.change_sets = {}
    return {}


def _changes(stack: Stack, template: Template, values: Mapping[str, Any], mode: str, *, retagged: bool) -> tuple[Change, ...]:
    changes = []
    wanted = stack.resolved(template, values)
    for logical_id, properties in wanted.items():
        live, kind = stack.live.get(logical_id), template.resources[logical_id].type
        if live is None:
            changes.append(Change(logical_id=logical_id, physical_id="", type=kind, action="Add"))
            continue
        found = live.drift if mode == REVERT_DRIFT and live.drift is not None else None
        astray = found.status if found is not None and found.status in {drift.MODIFIED, drift.DELETED} else ""
        if astray or retagged or live.type != kind or isinstance(properties, Unresolved) or live.properties != properties:
            action = "Add" if astray == drift.DELETED else "SyncWithActual" if _is_actual(found, properties) else "Modify"
            replacement = _replacement(stack, live, kind, properties, found) if action == "Modify" else ""
            changes.append(
                Change(
                    logical_id=logical_id,
                    physical_id=live.physical_id,
                    type=kind,
                    action=action,
                    drifted=astray,
                    replacement=replacement,
                )
            )
    for logical_id, live in stack.live.items():
        if logical_id not in wanted:
            changes.append(Change(logical_id=logical_id, physical_id=live.physical_id, type=live.type, action="Remove"))
    return tuple(changes)


def _is_actual(found: drift.Drift | None, properties: Any) -> bool:
    """Whether a resource that was changed by hand is what the new template says."""
    if found is None or found.status != drift.MODIFIED or isinstance(properties, Unresolved):
        return False
    return not differences(properties, found.actual)


def _replacement(stack: Stack, live: Live, kind: str, properties: Any, found: drift.Drift | None) -> str:
    """Whether a modification makes a new resource, as far as it can be known."""
    if live.type != kind:
        return "True"
    fixed: tuple[str, ...] | None = getattr(stack.handlers[kind], "fixed", None)
    if fixed is None or isinstance(properties, Unresolved):
        return "Conditional"
    before = live.properties if found is None else drift.reverted(live, found)
    return "True" if any(before.get(name) != properties.get(name) for name in fixed) else "False"


def _find(stacks: Stacks, ask: Ask) -> tuple[Stack, ChangeSet]:
    name = ask.text("ChangeSetName")
    here = [find(stacks, ask)] if ask.parameters.get("StackName") else list(stacks.here(ask.account, ask.region).values())
    for stack in here:
        for made in stack.change_sets.values():
            if name in {made.id, made.name}:
                return stack, made
    raise ApiError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", status=404)


def _status(made: ChangeSet) -> str:
    if made.polls_left >= 0:
        return "CREATE_IN_PROGRESS"
    return "CREATE_COMPLETE" if made.changes else "FAILED"


def _described(stack: Stack, made: ChangeSet) -> dict[str, Any]:
    status = _status(made)
    answer: dict[str, Any] = {
        "ChangeSetId": made.id,
        "ChangeSetName": made.name,
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": made.created_at,
        "Status": status,
        "ExecutionStatus": "AVAILABLE" if status == "CREATE_COMPLETE" else "UNAVAILABLE",
    }
    reason = {"StatusReason": _NO_CHANGE} if status == "FAILED" else {}
    return answer | reason | ({"Description": made.description} if made.description else {})


def _shown(change: Change) -> dict[str, Any]:
    resource = {"Action": change.action, "LogicalResourceId": change.logical_id, "ResourceType": change.type}
    if change.physical_id:
        resource["PhysicalResourceId"] = change.physical_id
    if change.drifted:
        resource["ResourceDriftStatus"] = change.drifted
    if change.replacement:
        resource["Replacement"] = change.replacement
    return {"Type": "Resource", "ResourceChange": resource}
