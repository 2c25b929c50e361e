"""All stacks of all accounts and Regions, and the operations on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.moto_api._internal import mock_random

from strongroom.twin.cloudformation import drift
from strongroom.twin.cloudformation.handlers import Handler
from strongroom.twin.cloudformation.stack import Stack, check_references
from strongroom.twin.cloudformation.template import (
    BODY_BYTES_MAX,
    URL_BYTES_MAX,
    Template,
    check_types,
    parameter_values,
    parse,
    refuse,
)
from strongroom.twin.ports import ApiError

_NAMING = {"RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: who asks, where, and with which parameters."""

    account: str
    region: str
    parameters: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A required string parameter."""
        value = self.parameters.get(name)
        if not value:
            raise refuse(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' "
                "failed to satisfy constraint: Member must not be null"
            )
        return str(value)

    def values(self, previous: Mapping[str, str]) -> dict[str, str]:
        """The Parameters parameter; UsePreviousValue looks into `previous`."""
        given = {}
        for each in self.parameters.get("Parameters") or ():
            name = each["ParameterKey"]
            if each.get("UsePreviousValue") and name in previous:
                given[name] = previous[name]
            elif "ParameterValue" in each:
                given[name] = str(each["ParameterValue"])
        return given

    def tags(self) -> dict[str, str]:
        """The Tags parameter."""
        return {tag["Key"]: tag["Value"] for tag in self.parameters.get("Tags") or ()}


@dataclass(slots=True, kw_only=True)
class Stacks:
    """Stacks by account and Region; deleted ones stay readable by their id."""

    handlers: Mapping[str, Handler]
    stacks: dict[tuple[str, str], dict[str, Stack]] = field(default_factory=dict)
    exports: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def here(self, account: str, region: str) -> dict[str, Stack]:
        """Stacks of an account and Region by id, deleted ones too."""
        return self.stacks.setdefault((account, region), {})

    def named(self, account: str, region: str, name: str) -> Stack | None:
        """A stack by name or id; deleted ones by id only."""
        here = self.here(account, region)
        if name in here:
            return here[name]
        return next((stack for stack in here.values() if stack.name == name and stack.deleted_at is None), None)

    def checked(self, text: str, given: Mapping[str, str], capabilities: tuple[str, ...]) -> tuple[Template, dict[str, Any]]:
        """A template that CloudFormation accepts, with its parameters' values."""
        template = parse(text)
        check_types(template, self.handlers)
        check_references(template)
        _check_capabilities(template, capabilities)
        return template, parameter_values(template, given)

    def begin(
        self, *, account: str, region: str, name: str, text: str, given: dict[str, str], tags: dict[str, str], capabilities: tuple[str, ...]
    ) -> tuple[Stack, dict[str, Any]]:
        """A stack that has made nothing yet, and the values of its parameters."""
        template, values = self.checked(text, given, capabilities)
        stack = Stack(
            id=f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{mock_random.uuid4()}",
            name=name,
            account=account,
            region=region,
            template=template,
            parameters=given,
            tags=tags,
            handlers=self.handlers,
            exports=self.exports.setdefault((account, region), {}),
            capabilities=capabilities,
        )
        stack.check(values)
        self.here(account, region)[stack.id] = stack
        return stack, values


def create_stack(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """CreateStack: a failure shows as ROLLBACK_COMPLETE."""
    name = ask.text("StackName")
    if stacks.named(ask.account, ask.region, name) is not None:
        raise ApiError("AlreadyExistsException", f"Stack [{name}] already exists")
    stack, values = stacks.begin(
        account=ask.account,
        region=ask.region,
        name=name,
        text=body(ask, None),
        given=ask.values({}),
        tags=ask.tags(),
        capabilities=tuple(ask.parameters.get("Capabilities") or ()),
    )
    on_failure = ask.parameters.get("OnFailure") or ("DO_NOTHING" if ask.parameters.get("DisableRollback") else "ROLLBACK")
    stack.create(values, str(on_failure))
    return {"StackId": stack.id}


def update_stack(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """UpdateStack; refused when nothing would change."""
    stack = find(stacks, ask)
    if stack.visible_status.endswith("_IN_PROGRESS") or not stack.usable:
        shown = stack.visible_status
        stack.polls_left -= 1
        raise refuse(f"Stack:{stack.id} is in {shown} state and can not be updated.")
    given = ask.values(stack.parameters)
    capabilities = tuple(ask.parameters.get("Capabilities") or ())
    template, values = stacks.checked(body(ask, stack.template.text), given, capabilities)
    tags = ask.tags() if ask.parameters.get("Tags") is not None else stack.tags
    if same(template, stack.template) and values == stack.values() and tags == stack.tags:
        raise refuse("No updates are to be performed.")
    stack.update(template, given, values, tags)
    return {"StackId": stack.id}


def delete_stack(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DeleteStack; a stack that isn't there is no error."""
    stack = stacks.named(ask.account, ask.region, ask.text("StackName"))
    if stack is not None and stack.deleted_at is None:
        stack.delete(tuple(ask.parameters.get("RetainResources") or ()))
    return {}


def describe_stacks(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeStacks, of one or of all that are not deleted."""
    if ask.parameters.get("StackName"):
        name = ask.text("StackName")
        found = stacks.named(ask.account, ask.region, name)
        if found is None:
            raise refuse(f"Stack with id {name} does not exist")
        return {"Stacks": [_described(found)]}
    return {"Stacks": [_described(stack) for stack in stacks.here(ask.account, ask.region).values() if stack.deleted_at is None]}


def list_stacks(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """ListStacks, deleted ones too, filtered by status."""
    wanted = ask.parameters.get("StackStatusFilter") or ()
    found = [stack for stack in stacks.here(ask.account, ask.region).values() if not wanted or stack.visible_status in wanted]
    keep = ("StackId", "StackName", "StackStatus", "StackStatusReason", "CreationTime", "LastUpdatedTime", "DeletionTime")
    return {"StackSummaries": [{key: value for key, value in _described(stack).items() if key in keep} for stack in found]}


def get_template(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """GetTemplate: the text as it was sent."""
    return {"TemplateBody": find(stacks, ask).template.text, "StagesAvailable": ["Original", "Processed"]}


def describe_stack_events(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeStackEvents, newest first."""
    stack = find(stacks, ask)
    events = [
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "EventId": f"{event.logical_id}-{number}",
            "LogicalResourceId": event.logical_id,
            "PhysicalResourceId": event.physical_id,
            "ResourceType": event.type,
            "ResourceStatus": event.status,
            "Timestamp": event.at,
        }
        | ({"ResourceStatusReason": event.reason} if event.reason else {})
        for number, event in enumerate(stack.events)
    ]
    return {"StackEvents": events[::-1]}


def describe_stack_resources(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeStackResources, of all or of one logical id."""
    name = ask.parameters.get("PhysicalResourceId") if not ask.parameters.get("StackName") else None
    if name:
        stack = next(
            (
                each
                for each in stacks.here(ask.account, ask.region).values()
                if any(live.physical_id == name for live in each.live.values())
            ),
            None,
        )
        if stack is None:
            raise refuse(f"Stack for {name} does not exist")
    else:
        stack = find(stacks, ask)
    logical = ask.parameters.get("LogicalResourceId")
    return {"StackResources": [each for each in _resources(stack, "Timestamp") if not logical or each["LogicalResourceId"] == logical]}


def describe_stack_resource(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """DescribeStackResource."""
    stack, logical = find(stacks, ask), ask.text("LogicalResourceId")
    for each in _resources(stack, "LastUpdatedTimestamp"):
        if each["LogicalResourceId"] == logical:
            return {"StackResourceDetail": each}
    raise refuse(f"Resource {logical} does not exist for stack {stack.name}")


def list_stack_resources(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """ListStackResources."""
    return {"StackResourceSummaries": _resources(find(stacks, ask), "LastUpdatedTimestamp")}


def list_exports(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """ListExports of an account and Region."""
    owners = {
        output["ExportName"]: stack.id
        for stack in stacks.here(ask.account, ask.region).values()
        for output in stack.outputs
        if "ExportName" in output
    }
    exports = stacks.exports.get((ask.account, ask.region), {})
    return {
        "Exports": [{"ExportingStackId": owners.get(name, ""), "Name": name, "Value": value} for name, value in sorted(exports.items())]
    }


def validate_template(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """ValidateTemplate: parameters, and the capabilities that it needs."""
    template = parse(body(ask, None))
    check_types(template, stacks.handlers)
    check_references(template)
    needed = _needed_capability(template)
    parameters = [
        {"ParameterKey": name, "NoEcho": False, "Description": str(each.get("Description", ""))}
        | ({"DefaultValue": str(each["Default"])} if "Default" in each else {})
        for name, each in template.parameters.items()
    ]
    return {"Description": template.description, "Parameters": parameters, "Capabilities": [needed] if needed else []}


def get_template_summary(stacks: Stacks, ask: Ask) -> dict[str, Any]:
    """GetTemplateSummary, of a template or of a stack's."""
    text = find(stacks, ask).template.text if ask.parameters.get("StackName") else body(ask, None)
    template = parse(text)
    needed = _needed_capability(template)
    parameters = [
        {"ParameterKey": name, "ParameterType": str(each.get("Type", "String")), "NoEcho": False}
        | ({"DefaultValue": str(each["Default"])} if "Default" in each else {})
        | ({"Description": str(each["Description"])} if "Description" in each else {})
        for name, each in template.parameters.items()
    ]
    summary: dict[str, Any] = {
        "Parameters": parameters,
        "Capabilities": [needed] if needed else [],
        "ResourceTypes": sorted({resource.type for resource in template.resources.values()}),
    }
    return summary | ({"Description": template.description} if template.description else {})


def body(ask: Ask, previous: str | None) -> str:
    """The template's text: in the request, in S3, or the previous one."""
    text, url = ask.parameters.get("TemplateBody"), ask.parameters.get("TemplateURL")
    if text:
        if len(text.encode()) > BODY_BYTES_MAX:
            raise refuse(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {BODY_BYTES_MAX}"
            )
        return str(text)
    if url:
        return _from_s3(ask, str(url))
    if previous is not None and (ask.parameters.get("UsePreviousTemplate") or "TemplateBody" not in ask.parameters):
        return previous
    raise refuse("Either Template URL or Template Body must be specified.")


def _from_s3(ask: Ask, url: str) -> str:
    from moto.cloudformation.utils import get_stack_from_s3_url
    from moto.s3.exceptions import S3ClientError

    try:
        text = get_stack_from_s3_url(url, account_id=ask.account, partition="aws")
    except (S3ClientError, AttributeError) as error:
        raise refuse("S3 error: Access Denied") from error
    if len(text.encode()) > URL_BYTES_MAX:
        raise refuse(f"Template may not exceed {URL_BYTES_MAX} bytes in size.")
    return str(text)


def find(stacks: Stacks, ask: Ask) -> Stack:
    """The stack that a request names."""
    name = ask.text("StackName")
    stack = stacks.named(ask.account, ask.region, name)
    if stack is None:
        raise refuse(f"Stack [{name}] does not exist")
    return stack


def same(one: Template, other: Template) -> bool:
    """Whether two templates ask for the same."""
    return (
        one.resources == other.resources
        and one.outputs == other.outputs
        and one.conditions == other.conditions
        and one.mappings == other.mappings
    )


def _needed_capability(template: Template) -> str:
    types = [resource for resource in template.resources.values() if resource.type.startswith("AWS::IAM::")]
    if any(_NAMING & set(resource.properties) for resource in types):
        return "CAPABILITY_NAMED_IAM"
    return "CAPABILITY_IAM" if types else ""


def _check_capabilities(template: Template, capabilities: tuple[str, ...]) -> None:
    needed = _needed_capability(template)
    accepted = {"CAPABILITY_NAMED_IAM"} | ({"CAPABILITY_IAM"} if needed == "CAPABILITY_IAM" else set())
    if needed and not accepted & set(capabilities):
        raise ApiError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def _described(stack: Stack) -> dict[str, Any]:
    status = stack.visible_status
    stack.polls_left -= 1
    described: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": stack.created_at,
        "StackStatus": status,
        "DisableRollback": False,
        "NotificationARNs": [],
        "Capabilities": list(stack.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "Parameters": [{"ParameterKey": key, "ParameterValue": _shown(value)} for key, value in stack.values().items()],
        "Outputs": stack.outputs if not status.endswith("_IN_PROGRESS") else [],
        "EnableTerminationProtection": False,
        "DriftInformation": drift.stack_information(stack),
    }
    optional = {
        "Description": stack.template.description,
        "StackStatusReason": "" if status.endswith("_IN_PROGRESS") else stack.status_reason,
        "LastUpdatedTime": stack.updated_at,
        "DeletionTime": stack.deleted_at,
    }
    return described | {key: value for key, value in optional.items() if value}


def _shown(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _resources(stack: Stack, time: str) -> list[dict[str, Any]]:
    return [
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": live.physical_id,
            "ResourceType": live.type,
            "ResourceStatus": "CREATE_COMPLETE" if stack.updated_at is None else "UPDATE_COMPLETE",
            "DriftInformation": drift.resource_information(live),
            time: live.changed_at,
        }
        for logical_id, live in stack.live.items()
    ]
