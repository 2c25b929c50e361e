"""Service-managed StackSets and their instances."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from strongroom.aws.deployment.site import Shortfalls, Site, execute, owner_of, wait
from strongroom.aws.deployment.stacks import output_values
from strongroom.aws.deployment.templates import CAPABILITIES, canonical_document, parameter_list, parameter_pairs
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.organization import OrganizationTree
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import CreateStackInstances, DeleteStackSet, PutStackSet, Shortfall
from strongroom.domain.deployment import DeployedStackSet, StackGap
from strongroom.domain.names import AccountId, Region
from strongroom.errors import AwsRefused

RUNNING = frozenset({"RUNNING", "QUEUED", "STOPPING"})  # states of an operation that keeps others waiting


def read_stack_sets(sessions: Sessions, watched: Watched, tree: OrganizationTree) -> Iterator[DeployedStackSet]:
    """Yield the StackSets that a strategy names, and those that it owns and names no more."""
    listed = sessions.pages("cloudformation", watched.home_region, "list_stack_sets", "Summaries", Status="ACTIVE")
    for name in dict.fromkeys(each["StackSetName"] for each in listed):
        named = name in watched.stack_sets
        found = read_stack_set(sessions, name, watched.home_region, tree) if named or watched.is_named_like_ours(name) else None
        if found and (named or found.owner == watched.strategy):
            yield found


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
    targets = {(unit, region) for unit in found.get("OrganizationalUnitIds", []) for region in regions}
    operation = _under_way(sessions, name, home)
    return DeployedStackSet(
        name=name,
        operation=operation,
        template=canonical_document(found["TemplateBody"]),
        parameters=parameter_pairs(found.get("Parameters", [])),
        owner=owner_of(found.get("Tags", [])),
        deployed_to=tuple(sorted(deployed | targets)),
        failed=tuple(sorted(failed)),
        gaps=() if operation else tuple(_gaps(instances, targets, tree)),
    )


def _gaps(instances: list[dict[str, Any]], targets: set[tuple[str, Region]], tree: OrganizationTree) -> Iterator[StackGap]:
    """Yield where active accounts below the OUs of a StackSet lack a stack that is current."""
    there = {(each["Account"], each["Region"]): each for each in instances}
    seen = set()
    for unit, region in sorted(targets, reverse=True):
        for account in tree.accounts_below(unit):
            place = (account.id, region)
            found = there.get(place)
            if (
                account.id == tree.management_account
                or account.status != "ACTIVE"
                or place in seen
                or (found and found["Status"] == "CURRENT")
            ):
                continue
            seen.add(place)
            stack = (found or {}).get("StackId", "")
            yield StackGap(account=account.id, region=region, unit_id=unit, stack=stack, instance=found is not None)


def find_stack_set(sessions: Sessions, home: Region, name: str) -> dict[str, Any] | None:
    """Return `DescribeStackSet`'s answer, or None where there is none."""
    try:
        found: dict[str, Any] = sessions.call("cloudformation", home, "describe_stack_set", StackSetName=name)["StackSet"]
    except AwsRefused as error:
        if error.code == "StackSetNotFoundException":
            return None
        raise
    return None if found["Status"] == "DELETED" else found


@execute.register
def _(action: PutStackSet, site: Site) -> Shortfalls:
    wanted: dict[str, Any] = {
        "StackSetName": action.name,
        "Description": action.description,
        "TemplateBody": action.template,
        "Parameters": parameter_list((*action.parameters, *output_values(site.sessions, action.outputs))),
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
        return ()
    site.own(f"StackSet {action.name}", found.get("Tags", []))
    if action.creates:
        return ()  # made before the crash
    await_running(site, action.name, doing=doing)
    operate(site, action.name, "update_stack_set", {**wanted, "OperationPreferences": preferences()}, doing=doing)
    return failures(site, action.name)


@execute.register
def _(action: CreateStackInstances, site: Site) -> Shortfalls:
    wanted = {
        "StackSetName": action.name,
        "DeploymentTargets": {"OrganizationalUnitIds": list(action.ou_ids), **_only(action)},
        "Regions": list(action.regions),
        "OperationPreferences": preferences(),
    }
    doing = f"deploying StackSet {action.name} to accounts"
    found = find_stack_set(site.sessions, site.home_region, action.name)
    if found is None:
        raise AwsRefused(f"StackSet {action.name} is gone", hint="somebody deleted it meanwhile; run: strongroom apply")
    site.own(f"StackSet {action.name}", found.get("Tags", []))
    await_running(site, action.name, doing=doing)
    if not _deployed(site, action):
        operate(site, action.name, "create_stack_instances", wanted, doing=doing)
    return failures(site, action.name)


@execute.register
def _(action: DeleteStackSet, site: Site) -> Shortfalls:
    doing = f"deleting StackSet {action.name}"
    found = find_stack_set(site.sessions, site.home_region, action.name)
    if found is None:
        return ()
    site.own(f"StackSet {action.name}", found.get("Tags", []))
    await_running(site, action.name, doing=doing)
    instances = list(site.sessions.pages("cloudformation", site.home_region, "list_stack_instances", "Summaries", StackSetName=action.name))
    if instances:
        wanted = {
            "StackSetName": action.name,
            "DeploymentTargets": {"OrganizationalUnitIds": sorted({each["OrganizationalUnitId"] for each in instances})},
            "Regions": sorted({each["Region"] for each in instances}),
            "RetainStacks": False,  # what has to stay is retained by its DeletionPolicy, one resource at a time
            "OperationPreferences": preferences(),
        }
        operate(site, action.name, "delete_stack_instances", wanted, doing=doing)
        if failed := failures(site, action.name):
            return failed
    site.sessions.call("cloudformation", site.home_region, "delete_stack_set", StackSetName=action.name)
    return ()


def _only(action: CreateStackInstances) -> dict[str, Any]:
    return {"AccountFilterType": "INTERSECTION", "Accounts": list(action.accounts)} if action.accounts else {}


def _deployed(site: Site, action: CreateStackInstances) -> bool:
    """Whether every OU, or every account that is meant, has instances in every Region: a run before the crash has asked for them."""
    instances = site.sessions.pages("cloudformation", site.home_region, "list_stack_instances", "Summaries", StackSetName=action.name)
    owner = "Account" if action.accounts else "OrganizationalUnitId"
    there = {(each.get(owner), each["Region"]) for each in instances}
    return all((each, region) in there for each in action.accounts or action.ou_ids for region in action.regions)


def preferences() -> dict[str, Any]:
    """Return how an operation goes through the accounts: all of them, whatever happens in one."""
    # One account that can't be deployed must not keep the others without a vault; its failure is reported afterwards.
    return {"RegionConcurrencyType": "PARALLEL", "FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100}


def operate(site: Site, name: str, operation: str, parameters: dict[str, Any], *, doing: str) -> None:
    """Start a StackSet operation and wait for its end."""
    started = site.sessions.call("cloudformation", site.home_region, operation, **parameters)
    wait(lambda: _finished(site, name, started["OperationId"]), site, doing=doing)


def await_running(site: Site, name: str, *, doing: str) -> None:
    """Wait for operations that run already, from before a crash: a StackSet takes one at a time."""
    listed = site.sessions.pages("cloudformation", site.home_region, "list_stack_set_operations", "Summaries", StackSetName=name)
    for operation in [each["OperationId"] for each in listed if each["Status"] in RUNNING]:
        wait(partial(_finished, site, name, operation), site, doing=doing)


def failures(site: Site, name: str) -> Shortfalls:
    """Return the accounts and Regions where the newest operation did not succeed, each with AWS's reason."""
    instances = site.sessions.pages("cloudformation", site.home_region, "list_stack_instances", "Summaries", StackSetName=name)
    return tuple(
        Shortfall(
            subject=f"StackSet {name}",
            account=AccountId(each["Account"]),
            region=Region(each["Region"]),
            cause=each.get("StatusReason") or each["Status"],
        )
        for each in instances
        if each["Status"] != "CURRENT"
    )


def _finished(site: Site, name: str, operation_id: str) -> bool:
    answer = site.sessions.call(
        "cloudformation", site.home_region, "describe_stack_set_operation", StackSetName=name, OperationId=operation_id
    )
    return bool(answer["StackSetOperation"]["Status"] in {"SUCCEEDED", "FAILED", "STOPPED"})


def _under_way(sessions: Sessions, name: str, home: Region) -> str:
    """Return what a StackSet is doing right now, empty for nothing: it takes one operation at a time."""
    listed = sessions.pages("cloudformation", home, "list_stack_set_operations", "Summaries", StackSetName=name)
    return next((f"{each['Action']} {each['OperationId']}" for each in listed if each["Status"] in RUNNING), "")
