"""Bringing a StackSet's instances up to date: one account and Region at a time, failures of one don't stop the others."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.moto_api._internal import mock_random

from strongroom.twin.cloudformation.stack import Stack
from strongroom.twin.cloudformation.stacks import Stacks
from strongroom.twin.cloudformation.stackset import POLLS, Instance, Operation, Result, StackSet
from strongroom.twin.ports import ApiError

_FAILED_CREATIONS = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"})
Work = Callable[[Stacks, StackSet, Instance], str]  # returns why it failed, or an empty string


def run(
    stacks: Stacks,
    stackset: StackSet,
    instances: Iterable[Instance],
    work: Work,
    *,
    action: str,
    operation: str = "",
    preferences: Mapping[str, Any] | None = None,
    targets: Mapping[str, Any] | None = None,
    retain: bool = False,
    polls: int = POLLS,
) -> Operation:
    """Do `work` on every instance and record it as one operation."""
    began_at, name = datetime.now(tz=UTC), operation or str(mock_random.uuid4())
    results = []
    for instance in instances:
        instance.operation = name
        reason = work(stacks, stackset, instance)
        instance.reason = reason
        instance.outdated = bool(reason)
        instance.detail = "FAILED" if reason else "SUCCEEDED"
        results.append(Result(account=instance.account, region=instance.region, unit=instance.unit, reason=reason))
    done = Operation(
        id=name,
        action=action,
        began_at=began_at,
        ended_at=datetime.now(tz=UTC),
        preferences=preferences or {},
        targets=targets or {},
        retain=retain,
        results=tuple(results),
        polls_left=polls,
    )
    stackset.operations.append(done)
    return done


def deploy(stacks: Stacks, stackset: StackSet, instance: Instance) -> str:
    """Create or update the stack of an instance; one whose creation failed is made anew."""
    if instance.stack is not None and instance.stack.status in _FAILED_CREATIONS:
        instance.stack.delete()
        instance.stack = None
    try:
        if instance.stack is None:
            return _create(stacks, stackset, instance)
        return _update(stacks, stackset, instance, instance.stack)
    except ApiError as refusal:
        return refusal.message


def remove(_stacks: Stacks, stackset: StackSet, instance: Instance) -> str:
    """Delete the stack of an instance, and the instance unless that failed."""
    failure = instance.stack.delete() if instance.stack is not None else None
    if failure is not None:
        return _why(failure.logical_id, failure.type, failure.why)
    stackset.instances.pop(instance.key, None)
    return ""


def release(_stacks: Stacks, stackset: StackSet, instance: Instance) -> str:
    """Drop an instance; its stack stays in the account."""
    stackset.instances.pop(instance.key, None)
    return ""


def _create(stacks: Stacks, stackset: StackSet, instance: Instance) -> str:
    stack, values = stacks.begin(
        account=instance.account,
        region=instance.region,
        name=f"StackSet-{stackset.name}-{mock_random.uuid4()}",
        text=stackset.text,
        given=stackset.values(instance),
        tags=dict(stackset.tags),
        capabilities=stackset.capabilities,
    )
    instance.stack = stack
    stack.create(values, "ROLLBACK")
    stack.polls_left = 0
    return _first_failure(stack) if stack.status != "CREATE_COMPLETE" else ""


def _update(stacks: Stacks, stackset: StackSet, instance: Instance, stack: Stack) -> str:
    given = stackset.values(instance)
    template, values = stacks.checked(stackset.text, given, stackset.capabilities)
    failure = stack.update(template, given, values, dict(stackset.tags))
    stack.polls_left = 0
    return _why(failure.logical_id, failure.type, failure.why) if failure else ""


def _first_failure(stack: Stack) -> str:
    for event in stack.events:
        if event.status.endswith("_FAILED"):
            return _why(event.logical_id, event.type, event.reason)
    return stack.status_reason


def _why(logical_id: str, kind: str, reason: str) -> str:
    return f"ResourceLogicalId:{logical_id}, ResourceType:{kind}, ResourceStatusReason:{reason}."
