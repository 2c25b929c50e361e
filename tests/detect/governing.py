"""Faults in how an organization is governed: planted over the wire, each repaired when its `with` ends."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled
from tests.detect.watched import Planted, governed

Fault = Callable[[World, Shuffled], AbstractContextManager[Planted]]
POLLS, WAIT_SECONDS = 60, 0.1


@contextmanager
def effective_policy_broken(world: World, it: Shuffled) -> Iterator[Planted]:
    """A backup policy on one account adds half a plan, so that the account's effective policy is invalid."""
    content = json.dumps({"plans": {"hotfix": {"regions": {"@@assign": [it.home_region]}}}})
    with _attached(world, it, "BACKUP_POLICY", content, governed(it)):
        yield Planted(code="VRF120", mode="FM07", says="the effective backup policy is invalid", about=governed(it))


@contextmanager
def stack_set_without_an_account(world: World, it: Shuffled) -> Iterator[Planted]:
    """One account is taken out of the StackSet that watches; its stack is kept."""
    name, account = f"{it.strategy}-watch", governed(it)
    with _taken_out(world, it, name, account):
        yield Planted(code="VRF122", mode="FM07", says=f"StackSet {name} has no stack there", about=account)


@contextmanager
def stack_set_failed(world: World, it: Shuffled) -> Iterator[Planted]:
    """The StackSet comes back to an account in which its alarms are in the way of a new stack."""
    name, account = f"{it.strategy}-watch", governed(it)
    with _taken_out(world, it, name, account):
        _create(world, it, name, account)
        yield Planted(code="VRF121", mode="FM07", says=f"StackSet {name} failed: ", about=account)
        _delete(world, it, name, account, retain=False)


@contextmanager
def stack_set_edited(world: World, it: Shuffled) -> Iterator[Planted]:
    """Somebody updates a StackSet with a template of their own."""
    name = f"{it.strategy}-watch"
    with _stack_set(world, it, name, _described):
        yield Planted(code="VRF123", mode="FM35", says="has another template than the strategy's", about=f"StackSet {name}")


@contextmanager
def stack_set_drifted(world: World, it: Shuffled) -> Iterator[Planted]:
    """An alarm that a StackSet made is changed by hand, and CloudFormation has noticed."""
    name, account, region = f"{it.strategy}-watch", governed(it), it.other_region
    cloudwatch = world.client("cloudwatch", account, region)
    alarm = next(each for each in cloudwatch.describe_alarms()["MetricAlarms"] if "restore-failed" in each["AlarmName"])
    kept = ("AlarmName", "AlarmActions", "MetricName", "Namespace", "Statistic", "Dimensions", "Period", "EvaluationPeriods", "Threshold")
    settings = {each: alarm[each] for each in (*kept, "ComparisonOperator", "TreatMissingData", "AlarmDescription")}
    cloudwatch.put_metric_alarm(**{**settings, "AlarmDescription": "changed by hand"})
    _detect(world, it, name)
    yield Planted(code="VRF123", mode="FM35", says=f"what StackSet {name} made was changed by hand", about=account)
    cloudwatch.put_metric_alarm(**settings)
    _detect(world, it, name)


@contextmanager
def stack_sets_not_trusted(world: World, it: Shuffled) -> Iterator[Planted]:
    """CloudFormation has lost its access to the organization."""
    cloudformation = world.client("cloudformation", it.management, it.home_region)
    cloudformation.deactivate_organizations_access()
    yield Planted(code="VRF124", mode="FM23", says="trusted access of CloudFormation StackSets is off")
    cloudformation.activate_organizations_access()


@contextmanager
def delegation_gone(world: World, it: Shuffled) -> Iterator[Planted]:
    """The resource policy of the organization is deleted: the administrator is registered, and that is all."""
    organizations = world.client("organizations", it.management, it.home_region)
    content = organizations.describe_resource_policy()["ResourcePolicy"]["Content"]
    organizations.delete_resource_policy()
    yield Planted(code="VRF125", mode="FM23", says="the organization has no resource policy", about=it.backup_admin)
    organizations.put_resource_policy(Content=content)


@contextmanager
def delegation_halved(world: World, it: Shuffled) -> Iterator[Planted]:
    """The resource policy lets the administrator look, and change nothing."""
    with _resource_policy(world, it, lambda statement: None if statement["Sid"].endswith(("Changes", "Attaches")) else statement):
        says = f"does not let account {it.backup_admin} do organizations:AttachPolicy, organizations:DeletePolicy"
        yield Planted(code="VRF125", mode="FM23", says=says)


@contextmanager
def delegation_widened(world: World, it: Shuffled) -> Iterator[Planted]:
    """The resource policy lets the administrator attach policies anywhere."""

    def widened(statement: dict[str, Any]) -> dict[str, Any]:
        return {**statement, "Resource": ["*"]} if statement["Sid"].endswith("Attaches") else statement

    with _resource_policy(world, it, widened):
        yield Planted(code="VRF126", mode="FM35", says="differ from what it writes")


@contextmanager
def delegation_out_of_step(world: World, it: Shuffled) -> Iterator[Planted]:
    """AWS Backup no longer follows Organizations' list of administrators."""
    backup = world.client("backup", it.management, it.home_region)
    backup.update_global_settings(GlobalSettings={"isDelegatedAdministratorEnabled": "false"})
    yield Planted(code="VRF127", mode="FM23", says="isDelegatedAdministratorEnabled is false")
    backup.update_global_settings(GlobalSettings={"isDelegatedAdministratorEnabled": "true"})


@contextmanager
def guard_rail_detached(world: World, it: Shuffled) -> Iterator[Planted]:
    """A service control policy of the strategy is taken off an OU."""
    organizations = world.client("organizations", it.management, it.home_region)
    policy = _policy(organizations, it, "SERVICE_CONTROL_POLICY")
    target = organizations.list_targets_for_policy(PolicyId=policy)["Targets"][0]["TargetId"]
    organizations.detach_policy(PolicyId=policy, TargetId=target)
    yield Planted(code="VRF128", mode="FM35", says="is not attached to ", about="service control policy")
    organizations.attach_policy(PolicyId=policy, TargetId=target)


@contextmanager
def guard_rail_edited(world: World, it: Shuffled) -> Iterator[Planted]:
    """A service control policy of the strategy forbids less."""
    organizations = world.client("organizations", it.management, it.home_region)
    policy = _policy(organizations, it, "SERVICE_CONTROL_POLICY")
    text = organizations.describe_policy(PolicyId=policy)["Policy"]["Content"]
    document = json.loads(text)
    document["Statement"] = document["Statement"][1:]
    organizations.update_policy(PolicyId=policy, Content=json.dumps(document))
    yield Planted(code="VRF128", mode="FM35", says="has another text than the strategy's", about="service control policy")
    organizations.update_policy(PolicyId=policy, Content=text)


@contextmanager
def tag_policy_in_the_way(world: World, it: Shuffled) -> Iterator[Planted]:
    """Somebody's tag policy on one account leaves no room for what production is called."""
    tag = {"tag_key": {"@@assign": it.tag_key}, "tag_value": {"@@assign": ["gone"]}, "enforced_for": {"@@assign": ["dynamodb:table"]}}
    with _attached(world, it, "TAG_POLICY", json.dumps({"tags": {it.tag_key.lower(): tag}}), governed(it)):
        yield Planted(code="VRF130", mode="FM10", says="and refuses what is wrong", about=governed(it))


@contextmanager
def _attached(world: World, it: Shuffled, kind: str, content: str, target: str) -> Iterator[None]:
    organizations = world.client("organizations", it.management, it.home_region)
    made = organizations.create_policy(Name="hotfix", Description="-", Type=kind, Content=content)
    policy = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=target)
    yield
    organizations.detach_policy(PolicyId=policy, TargetId=target)
    organizations.delete_policy(PolicyId=policy)


def _policy(organizations: Any, it: Shuffled, kind: str) -> str:
    """The id of the strategy's first policy of a type."""
    policies = organizations.list_policies(Filter=kind)["Policies"]
    return str(next(each["Id"] for each in policies if each["Name"].startswith(it.strategy)))


@contextmanager
def _resource_policy(world: World, it: Shuffled, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Iterator[None]:
    organizations = world.client("organizations", it.management, it.home_region)
    text = organizations.describe_resource_policy()["ResourcePolicy"]["Content"]
    document = json.loads(text)
    document["Statement"] = [changed for each in document["Statement"] if (changed := change(each))]
    organizations.put_resource_policy(Content=json.dumps(document))
    yield
    organizations.put_resource_policy(Content=text)


@contextmanager
def _taken_out(world: World, it: Shuffled, name: str, account: str) -> Iterator[None]:
    """Take an account out of a StackSet and keep its stacks; in the end they are deleted, and made anew."""
    _delete(world, it, name, account, retain=True)
    yield
    for region in (it.home_region, it.other_region):
        cloudformation = world.client("cloudformation", account, region)
        for stack in cloudformation.list_stacks()["StackSummaries"]:
            if f"-{name}-" in stack["StackName"] and not stack["StackStatus"].startswith("DELETE"):
                cloudformation.delete_stack(StackName=stack["StackName"])
    _create(world, it, name, account)


def _create(world: World, it: Shuffled, name: str, account: str) -> None:
    cloudformation = world.client("cloudformation", it.management, it.home_region)
    answer = cloudformation.create_stack_instances(
        StackSetName=name,
        DeploymentTargets=_only(world, it, account),
        Regions=[it.home_region, it.other_region],
        OperationPreferences={"FailureTolerancePercentage": 100},
    )
    _ended(cloudformation, name, answer["OperationId"])


def _delete(world: World, it: Shuffled, name: str, account: str, *, retain: bool) -> None:
    cloudformation = world.client("cloudformation", it.management, it.home_region)
    answer = cloudformation.delete_stack_instances(
        StackSetName=name, DeploymentTargets=_only(world, it, account), Regions=[it.home_region, it.other_region], RetainStacks=retain
    )
    _ended(cloudformation, name, answer["OperationId"])


def _only(world: World, it: Shuffled, account: str) -> dict[str, Any]:
    organizations = world.client("organizations", it.management, it.home_region)
    unit = organizations.list_parents(ChildId=account)["Parents"][0]["Id"]
    return {"OrganizationalUnitIds": [unit], "AccountFilterType": "INTERSECTION", "Accounts": [account]}


@contextmanager
def _stack_set(world: World, it: Shuffled, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    cloudformation = world.client("cloudformation", it.management, it.home_region)
    text = cloudformation.describe_stack_set(StackSetName=name)["StackSet"]["TemplateBody"]
    document = text if isinstance(text, dict) else json.loads(text)
    for template in (change(document), document):
        answer = cloudformation.update_stack_set(
            StackSetName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"], **_as_it_is(cloudformation, name)
        )
        _ended(cloudformation, name, answer["OperationId"])
        if template is not document:
            yield


def _as_it_is(cloudformation: Any, name: str) -> dict[str, Any]:
    found = cloudformation.describe_stack_set(StackSetName=name)["StackSet"]
    return {"Tags": found["Tags"], "Parameters": found.get("Parameters", [])}


def _described(template: dict[str, Any]) -> dict[str, Any]:
    return {**template, "Description": "edited by hand"}


def _detect(world: World, it: Shuffled, name: str) -> None:
    cloudformation = world.client("cloudformation", it.management, it.home_region)
    _ended(cloudformation, name, cloudformation.detect_stack_set_drift(StackSetName=name)["OperationId"])


def _ended(cloudformation: Any, name: str, operation: str) -> None:
    for _ in range(POLLS):
        found = cloudformation.describe_stack_set_operation(StackSetName=name, OperationId=operation)["StackSetOperation"]
        if found["Status"] not in {"RUNNING", "QUEUED", "STOPPING"}:
            return
        time.sleep(WAIT_SECONDS)
    raise AssertionError(f"operation {operation} of {name} does not end")
