"""The operations on StackSets, service-managed and self-managed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from strongroom.twin.cloudformation import preferences, rollout
from strongroom.twin.cloudformation.stacks import Ask, Stacks, body
from strongroom.twin.cloudformation.stackset import (
    SELF_MANAGED,
    SERVICE_MANAGED,
    Instance,
    Operation,
    StackSet,
    check_name,
    drift_details,
)
from strongroom.twin.cloudformation.template import parse, refuse
from strongroom.twin.organizations import Organizations
from strongroom.twin.ports import ApiError

TRUSTED = "member.org.stacksets.cloudformation.amazonaws.com"
_EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"


@dataclass(slots=True, kw_only=True)
class StackSets:
    """StackSets by administrator's account and Region."""

    stacks: Stacks
    organization: Organizations
    sets: dict[tuple[str, str], list[StackSet]] = field(default_factory=dict)
    activated: bool = False

    @property
    def has_access(self) -> bool:
        """Whether StackSets may act in the whole organization."""
        return self.activated and self.organization.is_trusted(TRUSTED)

    def owner(self, ask: Ask) -> str:
        """Account whose sets a request means: with CallAs DELEGATED_ADMIN that of the management account."""
        if ask.parameters.get("CallAs") != "DELEGATED_ADMIN":
            return ask.account
        if not self.organization.is_delegated_administrator(ask.account, TRUSTED):
            raise _not_administrator()
        return self.organization.management_account

    def here(self, ask: Ask) -> list[StackSet]:
        """All sets that a request can see, deleted ones too."""
        return self.sets.setdefault((self.owner(ask), ask.region), [])

    def find(self, ask: Ask) -> StackSet:
        """The set that a request names, by name or id."""
        name = ask.text("StackSetName")
        for stackset in self.here(ask):
            if stackset.id == name or (stackset.name == name and stackset.status == "ACTIVE"):
                return stackset
        raise ApiError("StackSetNotFoundException", f"StackSet {name} not found", status=404)

    def idle(self, ask: Ask) -> StackSet:
        """The same, if it can begin an operation."""
        stackset = self.find(ask)
        if stackset.status != "ACTIVE":
            raise ApiError("StackSetNotFoundException", f"StackSet {stackset.name} not found", status=404)
        if stackset.service_managed:
            self.check_access(self.owner(ask))
        running = stackset.running()
        if running is not None:
            running.poll()
            raise ApiError(
                "OperationInProgressException", f"Another Operation on StackSet {stackset.arn} is in progress: {running.id}", status=409
            )
        preferences.read(ask.parameters.get("OperationPreferences"))
        if stackset.operation(str(ask.parameters.get("OperationId"))) is not None:
            raise ApiError(
                "OperationIdAlreadyExistsException", f"StackSet operation {ask.parameters['OperationId']} already exists", status=409
            )
        return stackset

    def check_access(self, owner: str) -> None:
        """Refuse service-managed sets without the organization's consent."""
        if owner != self.organization.management_account or not owner:
            raise _not_administrator()
        if not self.has_access:
            raise refuse("You must enable organizations access to operate a service managed stack set")

    def moved(self, account: str, _left: str, _came: str) -> None:
        """Enrol an account that moved into a target, release one that moved out."""
        if not self.has_access:
            return
        line = self.organization.line_of(account)
        for stackset in [each for sets in self.sets.values() for each in sets if each.deploys_by_itself]:
            wanted = stackset.regions_of(line) if account in self.organization.accounts() else ()
            for each in stackset.instances.values():
                if each.account == account and each.region in wanted:
                    each.unit = stackset.unit_of(line, each.region)
            gone = [each for key, each in stackset.instances.items() if key[0] == account and key[1] not in wanted]
            if gone:
                retain = bool(stackset.auto_deployment.get("RetainStacksOnAccountRemoval"))
                work = rollout.release if retain else rollout.remove
                rollout.run(self.stacks, stackset, gone, work, action="DELETE", retain=retain, automatic=True)
            if account == self.organization.management_account:
                continue
            new = [region for region in wanted if (account, region) not in stackset.instances]
            instances = [_instance(stackset, account, region, stackset.unit_of(line, region), {}) for region in new]
            if instances:
                rollout.run(self.stacks, stackset, instances, rollout.deploy, action="CREATE", automatic=True)


def activate(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """ActivateOrganizationsAccess, by the management account."""
    _check_management(sets, ask)
    sets.organization.trust(TRUSTED, on=True)
    sets.activated = True
    return {}


def deactivate(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DeactivateOrganizationsAccess: existing instances stay."""
    _check_management(sets, ask)
    sets.organization.trust(TRUSTED, on=False)
    sets.activated = False
    return {}


def describe_access(sets: StackSets, _ask: Ask) -> dict[str, Any]:
    """DescribeOrganizationsAccess."""
    if not sets.organization.organization_id:
        raise ApiError("InvalidOperationException", "Your account is not a member of an organization.")
    return {"Status": "ENABLED" if sets.has_access else "DISABLED"}


def create_stack_set(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """CreateStackSet; the template is checked here, instances come later."""
    name, owner = check_name(ask.text("StackSetName")), sets.owner(ask)
    model = str(ask.parameters.get("PermissionModel") or SELF_MANAGED)
    if model not in {SERVICE_MANAGED, SELF_MANAGED}:
        raise refuse(f"1 validation error detected: Value '{model}' at 'permissionModel' failed to satisfy constraint")
    if model == SERVICE_MANAGED:
        sets.check_access(owner)
    elif ask.parameters.get("AutoDeployment"):
        raise refuse("AutoDeployment is not supported for SELF_MANAGED StackSets")
    if any(stackset.name == name and stackset.status == "ACTIVE" for stackset in sets.here(ask)):
        raise ApiError("NameAlreadyExistsException", f"The name {name} is already in use.", status=409)
    text, given = body(ask, None), ask.values({})
    capabilities = tuple(ask.parameters.get("Capabilities") or ())
    sets.stacks.checked(text, given, capabilities)
    stackset = StackSet(
        id=f"{name}:{mock_random.uuid4()}",
        name=name,
        account=owner,
        region=ask.region,
        description=str(ask.parameters.get("Description") or ""),
        text=text,
        parameters=given,
        capabilities=capabilities,
        tags=ask.tags(),
        permission_model=model,
        auto_deployment=_auto_deployment(ask),
        managed_execution=bool((ask.parameters.get("ManagedExecution") or {}).get("Active")),
        administration_role=str(
            ask.parameters.get("AdministrationRoleARN") or f"arn:aws:iam::{owner}:role/AWSCloudFormationStackSetAdministrationRole"
        ),
        execution_role=str(ask.parameters.get("ExecutionRoleName") or _EXECUTION_ROLE),
    )
    sets.here(ask).append(stackset)
    return {"StackSetId": stackset.id}


def update_stack_set(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """UpdateStackSet: new template, parameters or tags reach the resources of all instances, or of those named."""
    stackset = sets.idle(ask)
    text = body(ask, stackset.text)
    given = ask.values(stackset.parameters) if ask.parameters.get("Parameters") is not None else dict(stackset.parameters)
    capabilities = tuple(ask.parameters.get("Capabilities") or ()) or stackset.capabilities
    sets.stacks.checked(text, given, capabilities)
    stackset.text, stackset.parameters, stackset.capabilities = text, given, capabilities
    if ask.parameters.get("Description") is not None:
        stackset.description = str(ask.parameters["Description"])
    if ask.parameters.get("Tags") is not None:
        stackset.tags = ask.tags()
    if ask.parameters.get("AutoDeployment") is not None:
        stackset.auto_deployment = _auto_deployment(ask)
    chosen = [each for each in _chosen(sets, stackset, ask, narrowed=_is_narrowed(ask)) if not each.inoperable]
    for instance in stackset.instances.values():
        instance.outdated = True
    return {"OperationId": _run(sets, stackset, ask, chosen, rollout.deploy, action="UPDATE").id}


def create_stack_instances(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """CreateStackInstances in all accounts of the targets and all given Regions; those that exist and are current stay as they are."""
    stackset = sets.idle(ask)
    regions = _regions(ask)
    targets = ask.parameters.get("DeploymentTargets") or {}
    overrides = _overrides(stackset, ask, {})
    if stackset.service_managed:
        remember(sets, stackset, targets, regions)
    chosen = []
    for region in regions:
        for account, unit in _accounts(sets, stackset, ask).items():
            instance = stackset.instances.get((account, region)) or _instance(stackset, account, region, unit, overrides)
            if instance.outdated:
                chosen.append(instance)
    return {"OperationId": _run(sets, stackset, ask, chosen, rollout.deploy, action="CREATE").id}


def update_stack_instances(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """UpdateStackInstances: other parameter overrides."""
    stackset = sets.idle(ask)
    _regions(ask)
    chosen = _chosen(sets, stackset, ask, narrowed=True)
    if not chosen:
        raise ApiError("StackInstanceNotFoundException", "The specified stack instance doesn't exist.", status=404)
    if ask.parameters.get("ParameterOverrides") is not None:  # those that are not named are the set's again
        for instance in chosen:
            instance.overrides = _overrides(stackset, ask, instance.overrides)
    return {"OperationId": _run(sets, stackset, ask, chosen, rollout.deploy, action="UPDATE").id}


def delete_stack_instances(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DeleteStackInstances, with or without their stacks; the targets no longer enrol accounts."""
    stackset, regions = sets.idle(ask), _regions(ask)
    targets, retain = ask.parameters.get("DeploymentTargets") or {}, bool(ask.parameters.get("RetainStacks"))
    chosen = _chosen(sets, stackset, ask, narrowed=True)
    for unit in _whole_units(targets):
        left = [region for region in stackset.targets.get(unit, []) if region not in regions]
        stackset.targets[unit] = left
        if not left:
            del stackset.targets[unit]
    work = rollout.release if retain else rollout.remove
    return {"OperationId": _run(sets, stackset, ask, chosen, work, action="DELETE", retain=retain).id}


def delete_stack_set(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DeleteStackSet: only one without instances."""
    stackset = sets.idle(ask)
    if stackset.instances:
        raise ApiError("StackSetNotEmptyException", "StackSet is not empty", status=409)
    stackset.status = "DELETED"
    return {}


def detect_drift(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """DetectStackSetDrift, of all instances."""
    stackset = sets.idle(ask)
    chosen = _chosen(sets, stackset, ask, narrowed=False)
    operation = _run(sets, stackset, ask, chosen, rollout.check_drift, action="DETECT_DRIFT")
    polls, operation.polls_left = operation.polls_left, 0
    operation.drift = drift_details(stackset)
    operation.polls_left = polls
    return {"OperationId": operation.id}


def stop_operation(sets: StackSets, ask: Ask) -> dict[str, Any]:
    """StopStackSetOperation."""
    _, operation = operation_of(sets, ask)
    if not operation.running:
        raise ApiError("InvalidOperationException", f"Operation {operation.id} is not in progress")
    operation.stopped, operation.polls_left = True, 0
    return {}


def _run(
    sets: StackSets,
    stackset: StackSet,
    ask: Ask,
    instances: Sequence[Instance],
    work: rollout.Work,
    *,
    action: str,
    retain: bool = False,
) -> Operation:
    guarded = work if stackset.service_managed else _with_role(work)
    if work is not rollout.release:
        instances = [each for each in instances if not _skipped(sets, each)]
    return rollout.run(
        sets.stacks,
        stackset,
        instances,
        guarded,
        action=action,
        operation=str(ask.parameters.get("OperationId") or ""),
        preferences=ask.parameters.get("OperationPreferences"),
        targets=ask.parameters.get("DeploymentTargets"),
        retain=retain,
    )


def _skipped(sets: StackSets, instance: Instance) -> bool:
    """Whether an operation leaves an instance out because its account was closed."""
    closed = sets.organization.is_closed(instance.account)
    if closed:
        instance.detail = "SKIPPED_SUSPENDED_ACCOUNT"
    return closed


def _with_role(work: rollout.Work) -> rollout.Work:
    def guarded(stacks: Stacks, stackset: StackSet, instance: Instance) -> str:
        roles = iam_backends[instance.account]["aws"].roles.values()
        if all(role.name != stackset.execution_role for role in roles):
            return (
                f"Account {instance.account} should have '{stackset.execution_role}' role with trust relationship to Role "
                f"'{stackset.administration_role.rpartition('/')[2]}'."
            )
        return work(stacks, stackset, instance)

    return guarded


def _overrides(stackset: StackSet, ask: Ask, before: Mapping[str, str]) -> dict[str, str]:
    """Parameters of an instance that are not the set's; raises ApiError for some that the template doesn't have."""
    given = ask.parameters.get("ParameterOverrides") or ()
    known = parse(stackset.text).parameters
    surplus = sorted({each["ParameterKey"] for each in given} - set(known))
    if surplus:
        raise refuse(f"Parameters: [{', '.join(surplus)}] do not exist in the template")
    found = {}
    for each in given:
        name = each["ParameterKey"]
        if not each.get("UsePreviousValue"):
            found[name] = str(each.get("ParameterValue", ""))
        elif name in before:
            found[name] = before[name]
    return found


def _instance(stackset: StackSet, account: str, region: str, unit: str, overrides: Mapping[str, str]) -> Instance:
    instance = Instance(account=account, region=region, unit=unit, overrides=dict(overrides))
    stackset.instances[instance.key] = instance
    return instance


def remember(sets: StackSets, stackset: StackSet, targets: Mapping[str, Any], regions: Sequence[str]) -> None:
    """Targets of a service-managed set enrol accounts from now on."""
    if not targets.get("OrganizationalUnitIds"):
        raise refuse("StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    for unit in targets["OrganizationalUnitIds"]:
        if not sets.organization.has_unit(unit):
            raise refuse(f"OrganizationalUnitId {unit} does not exist in the organization")
    if targets.get("AccountFilterType", "NONE") != "NONE":
        return
    for unit in targets["OrganizationalUnitIds"]:
        known = stackset.targets.setdefault(unit, [])
        known.extend(region for region in regions if region not in known)


def _accounts(sets: StackSets, stackset: StackSet, ask: Ask) -> dict[str, str]:
    """Accounts that a request targets, each with the unit through which it is."""
    targets = ask.parameters.get("DeploymentTargets") or {}
    named = list(ask.parameters.get("Accounts") or targets.get("Accounts") or ())
    if not stackset.service_managed:
        if targets.get("OrganizationalUnitIds"):
            raise refuse("StackSets with SELF_MANAGED permission model can only have accounts as target")
        return dict.fromkeys(named, "")
    found: dict[str, str] = {}
    for unit in targets.get("OrganizationalUnitIds") or ():
        for account in sets.organization.accounts_below(unit):
            if account != sets.organization.management_account:
                found.setdefault(account, unit)
    match targets.get("AccountFilterType", "NONE"):
        case "INTERSECTION":
            return {account: unit for account, unit in found.items() if account in named}
        case "DIFFERENCE":
            return {account: unit for account, unit in found.items() if account not in named}
        case "UNION":
            return found | {account: "" for account in named if account not in found}
    return found


def _chosen(sets: StackSets, stackset: StackSet, ask: Ask, *, narrowed: bool) -> list[Instance]:
    """Existing instances that a request means, Region by Region."""
    regions = ask.parameters.get("Regions") or ()
    accounts: Sequence[str] = tuple(_accounts(sets, stackset, ask)) if narrowed else ()
    targets = ask.parameters.get("DeploymentTargets") or {}
    units = _whole_units(targets)  # they also mean accounts that are no longer in them
    chosen = [
        instance
        for instance in stackset.instances.values()
        if not narrowed or ((instance.account in accounts or instance.unit in units) and (not regions or instance.region in regions))
    ]
    return sorted(chosen, key=lambda instance: (instance.region, instance.account))


def _whole_units(targets: Mapping[str, Any]) -> set[str]:
    """Units that a request means with all their accounts."""
    return set(targets.get("OrganizationalUnitIds") or ()) if targets.get("AccountFilterType", "NONE") == "NONE" else set()


def _is_narrowed(ask: Ask) -> bool:
    return bool(ask.parameters.get("Accounts") or ask.parameters.get("DeploymentTargets"))


def _regions(ask: Ask) -> list[str]:
    regions = list(ask.parameters.get("Regions") or ())
    if not regions:
        raise refuse("1 validation error detected: Value null at 'regions' failed to satisfy constraint: Member must not be null")
    return regions


def operation_of(sets: StackSets, ask: Ask) -> tuple[StackSet, Operation]:
    """The operation that a request names, and its set."""
    stackset, name = sets.find(ask), ask.text("OperationId")
    operation = stackset.operation(name)
    if operation is None:
        raise ApiError("OperationNotFoundException", f"Operation {name} not found", status=404)
    return stackset, operation


def _auto_deployment(ask: Ask) -> dict[str, Any]:
    given = ask.parameters.get("AutoDeployment") or {}
    if not given.get("Enabled"):
        if given.get("RetainStacksOnAccountRemoval"):
            raise refuse("RetainStacksOnAccountRemoval can be specified only if AutoDeployment is enabled")
        return {"Enabled": False}
    return {"Enabled": True, "RetainStacksOnAccountRemoval": bool(given.get("RetainStacksOnAccountRemoval"))}


def _not_administrator() -> ApiError:
    return refuse(
        "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set"
    )


def _check_management(sets: StackSets, ask: Ask) -> None:
    if not ask.account or ask.account != sets.organization.management_account:
        raise ApiError("InvalidOperationException", "Only the management account of an organization can change organizations access.")
