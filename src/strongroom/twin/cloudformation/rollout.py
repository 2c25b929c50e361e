"""Bringing a StackSet's instances up to date: Region by Region, until more have failed than the operation's preferences tolerate."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.moto_api._internal import mock_random

from strongroom.twin.cloudformation import drift
from strongroom.twin.cloudformation.preferences import REGARDLESS, Preferences, by_region, read
from strongroom.twin.cloudformation.stack import Stack
from strongroom.twin.cloudformation.stacks import Stacks
from strongroom.twin.cloudformation.stackset import POLLS, Instance, Operation, Result, StackSet
from strongroom.twin.ports import ApiError

_FAILED_CREATIONS = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"})
CANCELLED = "Cancelled since failure tolerance has exceeded"
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
    automatic: bool = False,
) -> Operation:
    """Do `work` on the instances, Region by Region, until too many have failed, and record it as one operation.

    What is `automatic`, because an account moved, has no preferences, stops at no failure and is over at once.
    """
    done = Operation(
        id=operation or str(mock_random.uuid4()),
        action=action,
        began_at=datetime.now(tz=UTC),
        ended_at=datetime.now(tz=UTC),
        preferences=preferences or {},
        targets=targets or {},
        retain=retain,
        polls_left=0 if automatic else POLLS,
    )
    wishes = REGARDLESS if automatic else read(preferences)
    results: list[Result] = []
    for there in by_region(instances, wishes, ordered=not stackset.deploys_by_itself).values():
        if done.exceeded and not wishes.parallel:
            results += [_cancelled(instance, done.id) for instance in there]
            continue
        found, exceeded = _in_region(there, wishes, done.id, lambda instance: work(stacks, stackset, instance), checks=work is check_drift)
        done.exceeded = done.exceeded or exceeded
        results += found
    done.results = tuple(results)
    done.ended_at = datetime.now(tz=UTC)
    stackset.operations.append(done)
    return done


def _in_region(
    instances: list[Instance], wishes: Preferences, operation: str, work: Callable[[Instance], str], *, checks: bool
) -> tuple[list[Result], bool]:
    """Try the instances of a Region, some at once; returns what became of them, and whether more failed than is tolerated."""
    tolerated, step = wishes.tolerated(len(instances)), wishes.at_once(len(instances))
    results: list[Result] = []
    failures = 0
    for start in range(0, len(instances), step):
        wave = instances[start : start + step]
        if failures > tolerated:
            results += [_cancelled(instance, operation) for instance in wave]
            continue
        tried = [_tried(instance, operation, work, checks=checks) for instance in wave]
        failures += sum(bool(result.reason) for result in tried)
        results += tried
    return results, failures > tolerated


def _tried(instance: Instance, operation: str, work: Callable[[Instance], str], *, checks: bool) -> Result:
    instance.operation = operation
    reason = work(instance)
    instance.reason, instance.detail = reason, "FAILED" if reason else "SUCCEEDED"
    if not checks:
        instance.outdated = bool(reason)
    return Result(account=instance.account, region=instance.region, unit=instance.unit, reason=reason)


def _cancelled(instance: Instance, operation: str) -> Result:
    instance.operation, instance.detail, instance.reason = operation, "CANCELLED", CANCELLED
    return Result(account=instance.account, region=instance.region, unit=instance.unit, reason=CANCELLED, cancelled=True)


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
        instance.inoperable = True
        return _why(failure.logical_id, failure.type, failure.why)
    stackset.instances.pop(instance.key, None)
    return ""


def release(_stacks: Stacks, stackset: StackSet, instance: Instance) -> str:
    """Drop an instance; its stack stays in the account."""
    stackset.instances.pop(instance.key, None)
    return ""


def check_drift(_stacks: Stacks, _stackset: StackSet, instance: Instance) -> str:
    """Compare the resources of an instance with its template."""
    if instance.stack is None:
        return "the stack instance has no stack"
    drift.detect(instance.stack)
    instance.drift_status = drift.status_of(instance.stack)
    instance.drift_checked_at = datetime.now(tz=UTC)
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
