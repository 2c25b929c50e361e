"""Drift inside stacks: looked for by CloudFormation, put back by a drift-aware change set.

An update with an unchanged template does nothing, and StackSets have no operation that puts back; so each stack that drifted is
brought back where it is, through the deploy role of its account.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html, read 2026-11-21.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from strongroom.aws.deployment.site import Shortfalls, Site, execute, shortfall, wait
from strongroom.aws.deployment.stack_sets import RUNNING, preferences
from strongroom.aws.deployment.stacks import find_stack
from strongroom.aws.deployment.templates import CAPABILITIES
from strongroom.domain.changeplan import RevertDrift
from strongroom.domain.deployment import DeployedStack, DeployedStackSet, Deployment, Drift, DriftedProperty, DriftedResource, DriftedStack
from strongroom.domain.names import AccountId, Region
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials

CHANGE_SET = "strongroom-revert-drift"
ASTRAY = ["MODIFIED", "DELETED"]
# Made anew, these would not be what recovery points need: a vault keeps its name and its key, a key its id.
IRREPLACEABLE = frozenset(
    {"AWS::Backup::BackupVault", "AWS::Backup::LogicallyAirGappedBackupVault", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"}
)


def read_drift(deployed: Deployment, site: Site) -> Drift:
    """Let CloudFormation look for what was changed by hand in the stacks of a strategy, and return what it found.

    Takes as long as CloudFormation needs: a StackSet is looked through account by account. Nothing is changed.
    """
    stacks: list[DriftedStack] = []
    unread: list[str] = []
    owned = [each for each in deployed.stacks if each.owner == site.strategy]
    sets = [each for each in deployed.stack_sets if each.owner == site.strategy]
    looking: list[tuple[str, Callable[[], Iterator[DriftedStack]]]] = [
        *((f"stack {each.name} in account {each.account}, {each.region}", _stack(each, site)) for each in owned),
        *((f"StackSet {each.name}", _stack_set(each, site)) for each in sets),
    ]
    for subject, look in looking:
        try:
            stacks += look()
        except (NoCredentials, AwsUnreachable):
            raise
        except AwsRefused as error:
            unread.append(f"{subject} for changes by hand: {error.message}")
    return Drift(stacks=tuple(stacks), unread=tuple(unread))


def _stack(stack: DeployedStack, site: Site) -> Callable[[], Iterator[DriftedStack]]:
    def look() -> Iterator[DriftedStack]:
        begun = site.sessions.call("cloudformation", stack.region, "detect_stack_drift", account=stack.account, StackName=stack.name)
        answer: dict[str, Any] = {}

        def ended() -> bool:
            answer.update(
                site.sessions.call(
                    "cloudformation",
                    stack.region,
                    "describe_stack_drift_detection_status",
                    account=stack.account,
                    StackDriftDetectionId=begun["StackDriftDetectionId"],
                )
            )
            return bool(answer["DetectionStatus"] != "DETECTION_IN_PROGRESS")

        wait(ended, site, doing=f"looking for drift in stack {stack.name}")
        if answer["DetectionStatus"] == "DETECTION_FAILED":
            raise AwsRefused(answer.get("DetectionStatusReason") or "the detection failed", code="DETECTION_FAILED")
        if answer.get("StackDriftStatus") == "DRIFTED":
            found = site.sessions.pages(
                "cloudformation",
                stack.region,
                "describe_stack_resource_drifts",
                "StackResourceDrifts",
                account=stack.account,
                StackName=stack.name,
                StackResourceDriftStatusFilters=ASTRAY,
            )
            yield DriftedStack(
                subject=f"stack {stack.name}",
                account=stack.account,
                region=stack.region,
                stack=stack.name,
                resources=tuple(_resource(each) for each in found),
            )

    return look


def _stack_set(stack_set: DeployedStackSet, site: Site) -> Callable[[], Iterator[DriftedStack]]:
    name, home = stack_set.name, site.home_region

    def look() -> Iterator[DriftedStack]:
        if stack_set.operation:
            raise AwsRefused(f"it is in another operation, {stack_set.operation}", code="OperationInProgressException")
        begun = site.sessions.call("cloudformation", home, "detect_stack_set_drift", StackSetName=name, OperationPreferences=preferences())[
            "OperationId"
        ]

        def ended() -> bool:
            answer = site.sessions.call("cloudformation", home, "describe_stack_set_operation", StackSetName=name, OperationId=begun)
            return bool(answer["StackSetOperation"]["Status"] not in RUNNING)

        wait(ended, site, doing=f"looking for drift in StackSet {name}")
        for instance in list(site.sessions.pages("cloudformation", home, "list_stack_instances", "Summaries", StackSetName=name)):
            if instance.get("DriftStatus") == "DRIFTED":
                yield _instance(instance, name, begun, site)

    return look


def _instance(instance: Mapping[str, Any], name: str, operation: str, site: Site) -> DriftedStack:
    found = site.sessions.pages(
        "cloudformation",
        site.home_region,
        "list_stack_instance_resource_drifts",
        "Summaries",
        StackSetName=name,
        StackInstanceAccount=instance["Account"],
        StackInstanceRegion=instance["Region"],
        OperationId=operation,
        StackInstanceResourceDriftStatuses=ASTRAY,
    )
    return DriftedStack(
        subject=f"StackSet {name}",
        account=AccountId(instance["Account"]),
        region=Region(instance["Region"]),
        stack=instance["StackId"],
        resources=tuple(_resource(each) for each in found),
    )


def _resource(found: Mapping[str, Any]) -> DriftedResource:
    return DriftedResource(
        logical_id=found["LogicalResourceId"],
        type=found["ResourceType"],
        physical_id=found.get("PhysicalResourceId", ""),
        deleted=found["StackResourceDriftStatus"] == "DELETED",
        properties=tuple(
            DriftedProperty(path=each["PropertyPath"], expected=str(each["ExpectedValue"]), actual=str(each["ActualValue"]))
            for each in found.get("PropertyDifferences", ())
        ),
    )


@execute.register
def _(action: RevertDrift, site: Site) -> Shortfalls:
    try:
        _revert(action, site)
    except AwsRefused as error:
        return shortfall(error, action.subject, action.account, action.region)
    return ()


def _revert(action: RevertDrift, site: Site) -> None:
    doing = f"putting back {action.subject} in account {action.account}, {action.region}"
    stack = find_stack(site.sessions, action.account, action.region, action.stack)
    if stack is None:
        raise AwsRefused("the stack is gone", hint="somebody deleted it meanwhile; run: strongroom apply", code="StackGone")
    site.own(f"{action.subject} in account {action.account}, {action.region}", stack.get("Tags", []))
    if not stack["StackStatus"].endswith("_IN_PROGRESS"):
        made = _change_set(action, stack, site, doing=doing)
        if made is None:
            return  # a run before the crash has put it back
        _call(action, site, "execute_change_set", ChangeSetName=made, StackName=action.stack)
    wait(lambda: _settled(action, site), site, doing=doing)


def _change_set(action: RevertDrift, stack: Mapping[str, Any], site: Site, *, doing: str) -> str | None:
    """Make a change set that puts back what drifted and return its ARN; None where nothing has."""
    _call(
        action, site, "delete_change_set", ChangeSetName=CHANGE_SET, StackName=action.stack
    )  # of a run before the crash: it is out of date
    made = _call(
        action,
        site,
        "create_change_set",
        StackName=action.stack,
        ChangeSetName=CHANGE_SET,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": each["ParameterKey"], "UsePreviousValue": True} for each in stack.get("Parameters", ())],
        Capabilities=CAPABILITIES,
        DeploymentMode="REVERT_DRIFT",
    )["Id"]
    answer: dict[str, Any] = {}

    def ended() -> bool:
        answer.update(_call(action, site, "describe_change_set", ChangeSetName=made, StackName=action.stack))
        return answer["Status"] in {"CREATE_COMPLETE", "FAILED"}

    wait(ended, site, doing=doing)
    if answer["Status"] == "FAILED":
        _call(action, site, "delete_change_set", ChangeSetName=made, StackName=action.stack)
        reason = answer.get("StatusReason") or "no reason given"
        if "didn't contain changes" in reason or "No updates are to be performed" in reason:
            return None
        raise AwsRefused(f"CloudFormation made no change set: {reason}", code="FAILED")
    for change in (each.get("ResourceChange", {}) for each in answer.get("Changes", ())):
        if change.get("Replacement") in {"True", "Conditional"} and change.get("ResourceType") in IRREPLACEABLE:
            _call(action, site, "delete_change_set", ChangeSetName=made, StackName=action.stack)
            raise AwsRefused(
                f"{change['LogicalResourceId']} would be replaced by a new one, and what recovery points need must stay: mend it by hand",
                code="Replacement",
            )
    return str(made)


def _settled(action: RevertDrift, site: Site) -> bool:
    found = find_stack(site.sessions, action.account, action.region, action.stack)
    status = found["StackStatus"] if found else "DELETE_COMPLETE"
    if status == "UPDATE_COMPLETE":
        return True
    if status.endswith("_IN_PROGRESS"):
        return False
    reason = (found or {}).get("StackStatusReason") or "no reason given"
    raise AwsRefused(f"the stack ended as {status}: {reason}", code=status)


def _call(action: RevertDrift, site: Site, operation: str, **parameters: Any) -> dict[str, Any]:
    return site.sessions.call("cloudformation", action.region, operation, account=action.account, **parameters)
