"""The operations that read StackSets: themselves, their instances, what operations did to these."""

from collections.abc import Sequence
from typing import Any

from strongroom.twin.cloudformation import drift
from strongroom.twin.cloudformation.stacks import Ask
from strongroom.twin.cloudformation.stackset import described, described_instance, described_operation, pick
from strongroom.twin.cloudformation.stacksets import StackSets, operation_of
from strongroom.twin.ports import ApiError

PAGE_ITEMS_MAX = 100  # API reference of the List operations


def describe_stack_set(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DescribeStackSet."""
    return {"StackSet": described(sets.find(ask))}


def list_stack_sets(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ListStackSets, by status."""
    wanted = ask.parameters.get("Status")
    keep = ("StackSetName", "StackSetId", "Description", "Status", "AutoDeployment", "PermissionModel", "ManagedExecution")
    found = [each for each in sets.here(ask) if not wanted or each.status == wanted]
    return _page(ask, [{key: value for key, value in described(each).items() if key in keep} for each in found])


def describe_stack_instance(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DescribeStackInstance."""
    stackset = sets.find(ask)
    instance = stackset.instances.get((ask.text("StackInstanceAccount"), ask.text("StackInstanceRegion")))
    if instance is None:
        raise ApiError("StackInstanceNotFoundException", "The specified stack instance doesn't exist.", status=404)
    overrides = [{"ParameterKey": key, "ParameterValue": value} for key, value in instance.overrides.items()]
    return {"StackInstance": described_instance(stackset, instance) | {"ParameterOverrides": overrides}}


def list_stack_instances(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ListStackInstances, filtered and in pages."""
    stackset = sets.find(ask)
    filters = {each["Name"]: str(each["Values"]) for each in ask.parameters.get("Filters") or ()}
    account, region = (str(ask.parameters.get(name) or "") for name in ("StackInstanceAccount", "StackInstanceRegion"))
    return _page(ask, [described_instance(stackset, instance) for instance in pick(stackset, filters, account, region)])


def describe_operation(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DescribeStackSetOperation: RUNNING for a few polls."""
    stackset, operation = operation_of(sets, ask)
    answer = described_operation(stackset, operation)
    operation.poll()
    return {"StackSetOperation": answer}


def list_operations(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ListStackSetOperations, newest first."""
    stackset = sets.find(ask)
    hidden = {"StackSetId", "DeploymentTargets", "RetainStacks"}
    shown = [{k: v for k, v in described_operation(stackset, each).items() if k not in hidden} for each in reversed(stackset.operations)]
    for operation in stackset.operations:
        operation.poll()
    return _page(ask, shown)


def list_operation_results(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ListStackSetOperationResults."""
    _, operation = operation_of(sets, ask)
    wanted = {str(each["Values"]) for each in ask.parameters.get("Filters") or ()}
    results = []
    for result in operation.results:
        ended = "CANCELLED" if result.cancelled else "FAILED" if result.reason else "SUCCEEDED"
        status = "RUNNING" if operation.running else ended
        shown = {"Account": result.account, "Region": result.region, "Status": status, "OrganizationalUnitId": result.unit}
        if result.reason and not operation.running:
            shown["StatusReason"] = result.reason
        if not wanted or status in wanted:
            results.append(shown)
    return _page(ask, results)


def list_resource_drifts(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ListStackInstanceResourceDrifts, of one instance."""
    stackset, _ = operation_of(sets, ask)
    instance = stackset.instances.get((ask.text("StackInstanceAccount"), ask.text("StackInstanceRegion")))
    if instance is None or instance.stack is None:
        raise ApiError("StackInstanceNotFoundException", "The specified stack instance doesn't exist.", status=404)
    found = drift.described(instance.stack, ask.parameters.get("StackInstanceResourceDriftStatuses") or ())
    hidden = {"ExpectedProperties", "ActualProperties"}
    return _page(ask, [{name: value for name, value in each.items() if name not in hidden} for each in found])


def list_auto_deployment_targets(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ListStackSetAutoDeploymentTargets."""
    stackset = sets.find(ask)
    return _page(ask, [{"OrganizationalUnitId": unit, "Regions": regions} for unit, regions in stackset.targets.items()])


def _page(ask: Ask, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    size = min(int(ask.parameters.get("MaxResults") or PAGE_ITEMS_MAX), PAGE_ITEMS_MAX)
    start = int(ask.parameters.get("NextToken") or 0)
    answer: dict[str, Any] = {"Summaries": list(items[start : start + size])}
    if start + size < len(items):
        answer["NextToken"] = str(start + size)
    return answer
