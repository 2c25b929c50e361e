"""Carry out one action of a change plan. Each may run again after a crash, so each reads before it writes."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial, singledispatch
from typing import Any

from botocore.exceptions import ClientError

from strongroom.aws.deployment_read import find_stack, find_stack_set, owner_of
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import (
    Action,
    ActivateStackSetsAccess,
    AttachPolicy,
    CreateStackInstances,
    DeletePolicy,
    DetachPolicy,
    EnablePolicyType,
    EnableServiceAccess,
    PutPolicy,
    PutStack,
    PutStackSet,
    RegisterDelegatedAdministrator,
    UpdateGlobalSettings,
    UpdateOptIn,
    canonical,
)
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.names import Region
from strongroom.errors import AwsRefused, Stopped

# CloudFormation needs this to create IAM roles with names of our own.
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 0.1, 10.0
OPERATION_HOURS_MAX = 2
# What AWS says to a call that it has carried out before: the answer was lost, and the SDK has sent it again.
ECHOES = frozenset(
    {
        "AlreadyExistsException",
        "NameAlreadyExistsException",
        "OperationIdAlreadyExistsException",
        "OperationInProgressException",
        "DuplicatePolicyException",
        "DuplicatePolicyAttachmentException",
        "PolicyTypeAlreadyEnabledException",
        "AccountAlreadyRegisteredException",
        "PolicyNotAttachedException",
        "PolicyNotFoundException",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where and for whom actions are carried out."""

    strategy: str
    home_region: Region
    sessions: Sessions
    halt: threading.Event = field(default_factory=threading.Event)  # when set, waiting ends with Stopped

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tag that marks what Strongroom owns."""
        return [{"Key": OWNER_TAG, "Value": self.strategy}]

    def organizations(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call AWS Organizations; raises AwsRefused."""
        return self.sessions.call("organizations", self.home_region, operation, **parameters)

    def own(self, subject: str, tags: Iterable[Mapping[str, str]]) -> None:
        """Make sure that the strategy owns what is about to be changed; raises AwsRefused."""
        owner = owner_of(tags)
        if owner != self.strategy:
            raise AwsRefused(
                f"{subject} belongs to {owner or 'somebody else'}, not to strategy {self.strategy}",
                hint="give the strategy another name, or remove or retag that object yourself",
                code="NotOwned",
            )


def carry_out(action: Action, site: Site) -> None:
    """Carry out an action and wait until AWS has finished it; raises AwsRefused with AWS's reason, Stopped when the site halts."""
    if site.halt.is_set():
        raise Stopped("stopped before the step began")
    try:
        execute(action, site)
    except AwsRefused as error:
        if error.code not in ECHOES:
            raise
        execute(action, site)  # it reads before it writes, so it finds what the call without an answer has done


@singledispatch
def execute(action: Action, site: Site) -> None:  # noqa: ARG001 - the registered functions use it
    """Carry out an action once."""
    raise TypeError(f"no way to carry out {type(action).__name__}")


@execute.register
def _(action: EnablePolicyType, site: Site) -> None:
    roots = site.sessions.pages("organizations", site.home_region, "list_roots", "Roots")
    enabled = [kind["Type"] for root in roots if root["Id"] == action.root_id for kind in root["PolicyTypes"]]
    if "BACKUP_POLICY" not in enabled:
        site.organizations("enable_policy_type", RootId=action.root_id, PolicyType="BACKUP_POLICY")


@execute.register
def _(action: EnableServiceAccess, site: Site) -> None:
    listed = site.sessions.pages("organizations", site.home_region, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    if action.service not in {each["ServicePrincipal"] for each in listed}:
        site.organizations("enable_aws_service_access", ServicePrincipal=action.service)


@execute.register
def _(action: ActivateStackSetsAccess, site: Site) -> None:  # noqa: ARG001 - dispatch goes by its type
    answer = site.sessions.call("cloudformation", site.home_region, "describe_organizations_access")
    if answer["Status"] != "ENABLED":
        site.sessions.call("cloudformation", site.home_region, "activate_organizations_access")


@execute.register
def _(action: RegisterDelegatedAdministrator, site: Site) -> None:
    listed = site.sessions.pages(
        "organizations",
        site.home_region,
        "list_delegated_administrators",
        "DelegatedAdministrators",
        ServicePrincipal=action.service,
    )
    if action.account not in {each["Id"] for each in listed}:
        site.organizations("register_delegated_administrator", AccountId=action.account, ServicePrincipal=action.service)


@execute.register
def _(action: UpdateGlobalSettings, site: Site) -> None:
    wanted = dict(action.values)
    settings = site.sessions.call("backup", site.home_region, "describe_global_settings")["GlobalSettings"]
    if any(settings.get(name) != value for name, value in wanted.items()):
        site.sessions.call("backup", site.home_region, "update_global_settings", GlobalSettings=wanted)


@execute.register
def _(action: UpdateOptIn, site: Site) -> None:
    preference = site.sessions.call("backup", action.region, "describe_region_settings")["ResourceTypeOptInPreference"]
    missing = [kind for kind in action.opt_in if not preference.get(kind)]
    if missing:
        wanted = {kind.value: True for kind in missing}
        site.sessions.call("backup", action.region, "update_region_settings", ResourceTypeOptInPreference=wanted)


@execute.register
def _(action: PutStack, site: Site) -> None:
    client = site.sessions.client("cloudformation", action.region, action.account)
    wanted: dict[str, Any] = {
        "StackName": action.name,
        "TemplateBody": action.template,
        "Parameters": _parameters(action.parameters),
        "Capabilities": CAPABILITIES,
        "Tags": site.tags,
    }
    found = find_stack(site.sessions, action.account, action.region, action.name)
    doing = f"deploying stack {action.name} in account {action.account}, {action.region}"
    if found:
        site.own(f"stack {action.name} in account {action.account}, {action.region}", found.get("Tags", []))
        found = _undone(found, action, site, doing=doing)
    try:
        if found is None:
            client.create_stack(**wanted)
        elif not found["StackStatus"].endswith("_IN_PROGRESS"):
            client.update_stack(**wanted)
    except ClientError as error:
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            raise site.sessions.refusal(error, doing=doing) from error
    _wait(lambda: _stack_finished(site.sessions, action), site, doing=doing)


def _undone(found: dict[str, Any], action: PutStack, site: Site, *, doing: str) -> dict[str, Any] | None:
    """Remove what is left of a creation that AWS rolled back: such a stack holds nothing, and can only be deleted."""
    if found["StackStatus"] == "ROLLBACK_IN_PROGRESS":
        _wait(lambda: _status(site.sessions, action) != "ROLLBACK_IN_PROGRESS", site, doing=doing)
        found["StackStatus"] = _status(site.sessions, action)
    if found["StackStatus"] != "ROLLBACK_COMPLETE":
        return found
    site.sessions.call("cloudformation", action.region, "delete_stack", account=action.account, StackName=action.name)
    _wait(lambda: not _status(site.sessions, action).startswith("DELETE_IN"), site, doing=doing)
    return None


def _status(sessions: Sessions, action: PutStack) -> str:
    found = find_stack(sessions, action.account, action.region, action.name)
    return str(found["StackStatus"]) if found else "DELETE_COMPLETE"


def _stack_finished(sessions: Sessions, action: PutStack) -> bool:
    found = find_stack(sessions, action.account, action.region, action.name)
    status = found["StackStatus"] if found else "DELETE_COMPLETE"
    if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return True
    if status.endswith("_IN_PROGRESS"):
        return False
    reason = found.get("StackStatusReason", "") if found else "it was rolled back"
    raise AwsRefused(
        f"stack {action.name} in account {action.account}, {action.region} ended as {status}: {reason or 'no reason given'}",
        hint="read the stack's events in CloudFormation, mend the cause, delete a ROLLBACK_COMPLETE stack, then: strongroom apply",
        code=status,
    )


@execute.register
def _(action: PutStackSet, site: Site) -> None:
    wanted: dict[str, Any] = {
        "StackSetName": action.name,
        "Description": action.description,
        "TemplateBody": action.template,
        "Parameters": _parameters(action.parameters),
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
    _wait(lambda: _finished(site, name, started["OperationId"]), site, doing=doing)


def _await_running(site: Site, name: str, *, doing: str) -> None:
    """Wait for operations that run already, from before a crash: a StackSet takes one at a time."""
    listed = site.sessions.pages("cloudformation", site.home_region, "list_stack_set_operations", "Summaries", StackSetName=name)
    for operation in [each["OperationId"] for each in listed if each["Status"] in {"RUNNING", "QUEUED", "STOPPING"}]:
        _wait(partial(_finished, site, name, operation), site, doing=doing)


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


@execute.register
def _(action: PutPolicy, site: Site) -> None:
    found = _policy(site, action.name)
    if found is None:
        site.organizations(
            "create_policy",
            Name=action.name,
            Type="BACKUP_POLICY",
            Description=f"Backup policy of the Strongroom strategy {site.strategy}",
            Content=action.content,
            Tags=site.tags,
        )
        return
    _own_policy(site, found)
    content = site.organizations("describe_policy", PolicyId=found["Id"])["Policy"]["Content"]
    if canonical(json.loads(content)) != action.content:
        site.organizations("update_policy", PolicyId=found["Id"], Content=action.content)


@execute.register
def _(action: AttachPolicy, site: Site) -> None:
    policy_id = _existing_policy(site, action.name)
    if action.target_id not in _targets(site, policy_id):
        site.organizations("attach_policy", PolicyId=policy_id, TargetId=action.target_id)


@execute.register
def _(action: DetachPolicy, site: Site) -> None:
    found = _policy(site, action.name)
    if found and action.target_id in _targets(site, found["Id"]):
        _own_policy(site, found)
        site.organizations("detach_policy", PolicyId=found["Id"], TargetId=action.target_id)


@execute.register
def _(action: DeletePolicy, site: Site) -> None:
    found = _policy(site, action.name)
    if found:
        _own_policy(site, found)
        site.organizations("delete_policy", PolicyId=found["Id"])


def _policy(site: Site, name: str) -> dict[str, Any] | None:
    summaries = site.sessions.pages("organizations", site.home_region, "list_policies", "Policies", Filter="BACKUP_POLICY")
    return next((each for each in summaries if each["Name"] == name), None)


def _existing_policy(site: Site, name: str) -> str:
    found = _policy(site, name)
    if found is None:
        raise AwsRefused(f"backup policy {name} is gone", hint="somebody deleted it meanwhile; run: strongroom apply")
    _own_policy(site, found)
    return str(found["Id"])


def _own_policy(site: Site, found: Mapping[str, str]) -> None:
    tags = site.sessions.pages("organizations", site.home_region, "list_tags_for_resource", "Tags", ResourceId=found["Id"])
    site.own(f"backup policy {found['Name']}", tags)


def _targets(site: Site, policy_id: str) -> set[str]:
    targets = site.sessions.pages("organizations", site.home_region, "list_targets_for_policy", "Targets", PolicyId=policy_id)
    return {target["TargetId"] for target in targets}


def _parameters(parameters: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters]


def _wait(finished: Callable[[], bool], site: Site, *, doing: str) -> None:
    """Poll with growing pauses; raises Stopped when the site halts, AwsRefused after OPERATION_HOURS_MAX."""
    pause, waited = POLL_SECONDS_MIN, 0.0
    while not finished():
        if waited > OPERATION_HOURS_MAX * 3600:
            raise AwsRefused(f"{doing} has not ended after {OPERATION_HOURS_MAX} hours", hint="look at it in CloudFormation")
        if site.halt.wait(pause):
            raise Stopped(f"stopped while {doing}")
        waited += pause
        pause = min(pause * 2, POLL_SECONDS_MAX)
