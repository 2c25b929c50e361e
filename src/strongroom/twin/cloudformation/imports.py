"""ImportStacksToStackSet: stacks that are there become instances of a service-managed StackSet, with all that they hold.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/service-managed-import.html, read 2026-11-21.
"""

from typing import Any

from strongroom.twin.cloudformation import rollout
from strongroom.twin.cloudformation.stack import Stack
from strongroom.twin.cloudformation.stacks import Ask, same
from strongroom.twin.cloudformation.stackset import Instance, StackSet
from strongroom.twin.cloudformation.stacksets import StackSets, remember
from strongroom.twin.cloudformation.template import parse, refuse
from strongroom.twin.ports import ApiError

STACKS_MAX = 10  # of one call, by their ids


def import_stacks(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ImportStacksToStackSet, by ids; what a stack's parameters say otherwise than the set stays as its overrides."""
    stackset = sets.idle(ask)
    if not stackset.service_managed or ask.parameters.get("StackIdsUrl"):
        raise ApiError("NotImplemented", "the twin's ImportStacksToStackSet takes ids, for service-managed StackSets", status=501)
    ids, units = list(ask.parameters.get("StackIds") or ()), list(ask.parameters.get("OrganizationalUnitIds") or ())
    if not 0 < len(ids) <= STACKS_MAX:
        raise refuse(f"StackIds must have between 1 and {STACKS_MAX} members")
    found = [_instance(sets, stackset, str(each), units) for each in ids]
    remember(sets, stackset, {"OrganizationalUnitIds": units}, list(dict.fromkeys(each.region for each in found)))
    for instance in found:
        stackset.instances[instance.key] = instance
    operation = rollout.run(
        sets.stacks,
        stackset,
        found,
        lambda *_: "",
        action="CREATE",
        operation=str(ask.parameters.get("OperationId") or ""),
        preferences=ask.parameters.get("OperationPreferences"),
        targets={"OrganizationalUnitIds": units},
    )
    for instance in found:  # another template comes with the next update
        instance.outdated = instance.stack is None or not same(parse(stackset.text), instance.stack.template)
    return {"OperationId": operation.id}


def _instance(sets: StackSets, stackset: StackSet, arn: str, units: list[str]) -> Instance:
    """The instance that a stack becomes."""
    stack = _stack(sets, arn)
    unit = next((each for each in reversed(sets.organization.line_of(stack.account)) if each in units), "") if stack else ""
    if stack is None or not unit or stack.account == sets.organization.management_account:
        raise ApiError("StackNotFoundException", f"Stack {arn} is not found in the given organizational units", status=404)
    if any(each.stack is stack for one in sets.sets.values() for each_set in one for each in each_set.instances.values()):
        raise refuse(f"Stack {arn} already belongs to a StackSet")
    if (stack.account, stack.region) in stackset.instances:
        raise refuse(f"StackSet {stackset.name} already has a stack instance in account {stack.account}, {stack.region}")
    overrides = {name: value for name, value in stack.parameters.items() if stackset.parameters.get(name) != value}
    return Instance(account=stack.account, region=stack.region, unit=unit, overrides=overrides, stack=stack)


def _stack(sets: StackSets, arn: str) -> Stack | None:
    """A stack by its ARN, if it is there and in no rollback."""
    parts = arn.split(":")
    found = sets.stacks.named(parts[4], parts[3], arn) if len(parts) > 5 else None
    return found if found is not None and found.deleted_at is None and found.usable else None
