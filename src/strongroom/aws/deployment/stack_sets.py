"""Service-managed StackSets and their instances."""

from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from strongroom.aws.deployment.site import Site, execute, owner_of, wait
from strongroom.aws.deployment.templates import CAPABILITIES, canonical_document, parameter_list, parameter_pairs
from strongroom.aws.organization import OrganizationTree
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import CreateStackInstances, PutStackSet
from strongroom.domain.deployment import DeployedStackSet
from strongroom.domain.names import Region
from strongroom.errors import AwsRefused


def read_stack_set(sessions: Sessions, name: str, home: Region, tree: OrganizationTree) -> DeployedStackSet | None:
    """Return a StackSet with where it is deployed, or None where there is none."""
    found = find_stack_set(sessions, home, name)
    if found is None:
        return None
    deployed: set[tuple[str, Region]] = set()
    failed: set[tuple[str, Region, str]] = set()
    instances = list(sessions.pages("cloudformation", home, "list_stack_instances", "Summaries", StackSetName=name))
    for instance in instances:
        region = Region(instance["Region"])
        deployed.add((instance.get("OrganizationalUnitId", ""), region))
        if instance["Status"] != "CURRENT":
            failed.add((instance["Account"], region, instance.get("StatusReason", instance["Status"])))
    regions = {Region(region) for region in found.get("Regions", [])} or {region for _, region in deployed}
    if not instances and any(tree.accounts_below(unit) for unit in found.get("OrganizationalUnitIds", [])):
        regions = set()  # created, but its instances never were
    deployed |= {(unit, region) for unit in found.get("OrganizationalUnitIds", []) for region in regions}
    return DeployedStackSet(
        name=name,
        template=canonical_document(found["TemplateBody"]),
        parameters=parameter_pairs(found.get("Parameters", [])),
        owner=owner_of(found.get("Tags", [])),
        deployed_to=tuple(sorted(deployed)),
        failed=tuple(sorted(failed)),
    )


def find_stack_set(sessions: Sessions, home: Region, name: str) -> dict[str, Any] | None:
    """Return `DescribeStackSet`'s answer, or None where there is none."""
    try:
        found: dict[str, Any] = sessions.client("cloudformation", home).describe_stack_set(StackSetName=name)["StackSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "StackSetNotFoundException":
            return None
        raise sessions.refusal(error, doing=f"reading StackSet {name}") from error
    return None if found["Status"] == "DELETED" else found


@execute.register
def _(action: PutStackSet, site: Site) -> None:
    wanted: dict[str, Any] = {
        "StackSetName": action.name,
        "Description": action.description,
        "TemplateBody": action.template,
        "Parameters": parameter_list(action.parameters),
        "Capabilities": CAPABILITIES,
        "PermissionModel": "SERVICE_MANAGED",
        # Vaults hold recovery points: an account that leaves keeps them.
        "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
        "Tags": site.tags,
    }
    doing = f"deploying StackSet {action.name}"
    found = find_stack_set(site.sessions, site.home_region, action.name)
    if found is None:
        site.sessions.call("cloudformation", site.home_region, "create_stack_set", **wanted)
        return
    site.own(f"StackSet {action.name}", found.get("Tags", []))
    if action.creates:
        return  # made before the crash
    _await_running(site, action.name, doing=doing)
    _operate(site, action.name, "update_stack_set", {**wanted, "OperationPreferences": _preferences()}, doing=doing)
    _refuse_failures(site, action.name)


@execute.register
def _(action: CreateStackInstances, site: Site) -> None:
    wanted = {
        "StackSetName": action.name,
        "DeploymentTargets": {"OrganizationalUnitIds": list(action.ou_ids)},
        "Regions": list(action.regions),
        "OperationPreferences": _preferences(),
    }
    doing = f"deploying StackSet {action.name} to accounts"
    found = find_stack_set(site.sessions, site.home_region, action.name)
    if found is None:
        raise AwsRefused(f"StackSet {action.name} is gone", hint="somebody deleted it meanwhile; run: strongroom apply")
    site.own(f"StackSet {action.name}", found.get("Tags", []))
    _await_running(site, action.name, doing=doing)
    if not _deployed(site, action):
        _operate(site, action.name, "create_stack_instances", wanted, doing=doing)
    _refuse_failures(site, action.name)


def _deployed(site: Site, action: CreateStackInstances) -> bool:
    """Whether every OU has instances in every Region: a run before the crash has asked for them."""
    instances = site.sessions.pages("cloudformation", site.home_region, "list_stack_instances", "Summaries", StackSetName=action.name)
    there = {(each.get("OrganizationalUnitId"), each["Region"]) for each in instances}
    return all((unit, region) in there for unit in action.ou_ids for region in action.regions)


def _preferences() -> dict[str, Any]:
    # One account that can't be deployed must not keep the others without a vault; its failure is reported afterwards.
    return {"RegionConcurrencyType": "PARALLEL", "FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100}


def _operate(site: Site, name: str, operation: str, parameters: dict[str, Any], *, doing: str) -> None:
    """Start a StackSet operation and wait for it."""
    started = site.sessions.call("cloudformation", site.home_region, operation, **parameters)
    wait(lambda: _finished(site, name, started["OperationId"]), site, doing=doing)


def _await_running(site: Site, name: str, *, doing: str) -> None:
    """Wait for operations that run already, from before a crash: a StackSet takes one at a time."""
    listed = site.sessions.pages("cloudformation", site.home_region, "list_stack_set_operations", "Summaries", StackSetName=name)
    for operation in [each["OperationId"] for each in listed if each["Status"] in {"RUNNING", "QUEUED", "STOPPING"}]:
        wait(partial(_finished, site, name, operation), site, doing=doing)


def _refuse_failures(site: Site, name: str) -> None:
    instances = site.sessions.pages("cloudformation", site.home_region, "list_stack_instances", "Summaries", StackSetName=name)
    failed = [each for each in instances if each["Status"] != "CURRENT"]
    if failed:
        first = failed[0]
        raise AwsRefused(
            f"StackSet {name} could not deploy {len(failed)} stack instances, first in account {first['Account']}, "
            f"{first['Region']}: {first.get('StatusReason', first['Status'])}",
            hint="mend the cause, then: strongroom apply",
            code=first["Status"],
        )


def _finished(site: Site, name: str, operation_id: str) -> bool:
    answer = site.sessions.call(
        "cloudformation", site.home_region, "describe_stack_set_operation", StackSetName=name, OperationId=operation_id
    )
    return bool(answer["StackSetOperation"]["Status"] in {"SUCCEEDED", "FAILED", "STOPPED"})
