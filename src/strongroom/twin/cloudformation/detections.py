"""The operations that detect the drift of stacks."""

from typing import Any

from moto.moto_api._internal import mock_random

from strongroom.twin.cloudformation import drift
from strongroom.twin.cloudformation.stack import POLLS, Detection, Stack
from strongroom.twin.cloudformation.stacks import Ask, Stacks, find
from strongroom.twin.cloudformation.template import refuse

_DETECTABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"})
_PAGE_MAX = 100


def detect_stack_drift(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DetectStackDrift, of all resources or of those named."""
    stack = find(stacks, ask)
    shown = stack.visible_status
    if shown not in _DETECTABLE:
        raise refuse(f"Cannot detect drift of stack [{stack.name}] while it is in status [{shown}]")
    names = frozenset(ask.parameters.get("LogicalResourceIds") or ())
    _check(stack, names)
    if any(each.polls_left > 0 for each in stack.detections.values()):
        raise refuse(f"Drift detection is already in progress for stack [{stack.name}]")
    drift.detect(stack, names)
    name = str(mock_random.uuid4())
    stack.detections[name] = Detection(polls_left=POLLS, status=drift.status_of(stack), drifted=drift.drifted_count(stack))
    return {"StackDriftDetectionId": name}


def describe_detection_status(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeStackDriftDetectionStatus: DETECTION_IN_PROGRESS first, whatever the clock."""
    name = ask.text("StackDriftDetectionId")
    stack = next((stack for stack in stacks.here(ask.account, ask.region).values() if name in stack.detections), None)
    if stack is None:
        raise refuse(f"Drift detection with id [{name}] does not exist")
    detection = stack.detections[name]
    answer: dict[str, Any] = {"StackId": stack.id, "StackDriftDetectionId": name, "Timestamp": detection.at}
    detection.polls_left -= 1
    if detection.polls_left >= 0:
        return answer | {"DetectionStatus": "DETECTION_IN_PROGRESS"}
    done = {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": detection.status, "DriftedStackResourceCount": detection.drifted}
    return answer | done


def detect_resource_drift(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DetectStackResourceDrift: at once."""
    stack, name = find(stacks, ask), ask.text("LogicalResourceId")
    _check(stack, frozenset({name}))
    drift.detect(stack, frozenset({name}))
    found = next((each for each in drift.described(stack) if each["LogicalResourceId"] == name), None)
    if found is None:
        raise refuse(f"Drift detection is not supported for resources of type {stack.live[name].type}")
    return {"StackResourceDrift": found}


def describe_resource_drifts(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeStackResourceDrifts: of all that were checked, filtered and in pages."""
    stack = find(stacks, ask)
    shown = drift.described(stack, ask.parameters.get("StackResourceDriftStatusFilters") or ())
    size = min(int(ask.parameters.get("MaxResults") or _PAGE_MAX), _PAGE_MAX)
    start = int(ask.parameters.get("NextToken") or 0)
    answer: dict[str, Any] = {"StackResourceDrifts": shown[start : start + size]}
    return answer | ({"NextToken": str(start + size)} if start + size < len(shown) else {})


def _check(stack: Stack, names: frozenset[str]) -> None:
    missing = sorted(names - set(stack.live))
    if missing:
        raise refuse(f"Resources {missing} do not exist in stack [{stack.name}]")
