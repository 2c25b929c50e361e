"""A StackSet: its instances in accounts and Regions, its targets, and the operations that changed it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strongroom.twin.cloudformation.stack import Stack
from strongroom.twin.cloudformation.template import refuse

POLLS = 2  # answers that still say RUNNING, whatever the clock
SERVICE_MANAGED = "SERVICE_MANAGED"
SELF_MANAGED = "SELF_MANAGED"


@dataclass(slots=True, kw_only=True)
class Instance:
    """The StackSet in one account and Region."""

    account: str
    region: str
    unit: str  # organizational unit through which it was targeted; empty for self-managed sets
    overrides: dict[str, str]
    stack: Stack | None = None
    outdated: bool = True
    detail: str = "PENDING"  # DetailedStatus
    reason: str = ""
    operation: str = ""  # last operation that touched it
    inoperable: bool = False  # its deletion failed: updates leave it out
    drift_status: str = "NOT_CHECKED"
    drift_checked_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Account and Region."""
        return (self.account, self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an operation did to one instance."""

    account: str
    region: str
    unit: str
    reason: str  # empty: it succeeded
    cancelled: bool = False  # it was not tried


@dataclass(slots=True, kw_only=True)
class Operation:
    """One operation; its work is done when it begins, but it says RUNNING for a few polls."""

    id: str
    action: str  # CREATE, UPDATE, DELETE
    began_at: datetime
    ended_at: datetime
    preferences: Mapping[str, Any]
    targets: Mapping[str, Any]
    retain: bool = False
    results: tuple[Result, ...] = ()
    polls_left: int = POLLS
    stopped: bool = False
    exceeded: bool = False  # more instances failed than is tolerated
    drift: Mapping[str, Any] | None = None  # StackSetDriftDetectionDetails of a detection

    @property
    def running(self) -> bool:
        """Whether readers still see it running."""
        return self.polls_left > 0

    @property
    def status(self) -> str:
        """What readers see."""
        if self.running:
            return "RUNNING"
        if self.stopped:
            return "STOPPED"
        return "FAILED" if self.exceeded else "SUCCEEDED"

    @property
    def failures(self) -> int:
        """Instances that failed."""
        return sum(bool(result.reason) and not result.cancelled for result in self.results)

    def poll(self) -> None:
        """Somebody looked."""
        self.polls_left -= 1


@dataclass(slots=True, kw_only=True)
class StackSet:
    """A StackSet as its administrator sees it."""

    id: str  # name:uuid
    name: str
    account: str  # administrator
    region: str
    description: str
    text: str
    parameters: dict[str, str]
    capabilities: tuple[str, ...]
    tags: dict[str, str]
    permission_model: str
    auto_deployment: dict[str, Any]
    managed_execution: bool = False
    administration_role: str = ""
    execution_role: str = ""
    status: str = "ACTIVE"
    instances: dict[tuple[str, str], Instance] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)  # unit -> Regions, for auto-deployment
    operations: list[Operation] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stackset/{self.id}"

    @property
    def service_managed(self) -> bool:
        """Whether it deploys to organizational units."""
        return self.permission_model == SERVICE_MANAGED

    @property
    def deploys_by_itself(self) -> bool:
        """Whether accounts that move in get instances."""
        return self.status == "ACTIVE" and self.service_managed and bool(self.auto_deployment.get("Enabled"))

    def running(self) -> Operation | None:
        """The operation that readers see running, if any."""
        return next((operation for operation in self.operations if operation.running), None)

    def operation(self, operation: str) -> Operation | None:
        """An operation by its id."""
        return next((each for each in self.operations if each.id == operation), None)

    def settled(self, instance: Instance) -> bool:
        """Whether the last operation on an instance has ended for readers."""
        last = self.operation(instance.operation)
        return last is None or not last.running

    def values(self, instance: Instance) -> dict[str, str]:
        """Parameters of an instance: the set's, then its overrides."""
        return self.parameters | instance.overrides

    def unit_of(self, line: tuple[str, ...], region: str) -> str:
        """The nearest targeted unit above an account, for a Region; empty if none is."""
        return next((unit for unit in reversed(line) if region in self.targets.get(unit, ())), "")

    def regions_of(self, line: tuple[str, ...]) -> tuple[str, ...]:
        """Regions in which an account with these units above it is targeted."""
        return tuple(dict.fromkeys(region for unit in line for region in self.targets.get(unit, ())))


def described(stackset: StackSet) -> dict[str, Any]:
    """A StackSet as DescribeStackSet shows it."""
    answer: dict[str, Any] = {
        "StackSetName": stackset.name,
        "StackSetId": stackset.id,
        "StackSetARN": stackset.arn,
        "Description": stackset.description,
        "Status": stackset.status,
        "TemplateBody": stackset.text,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in stackset.parameters.items()],
        "Capabilities": list(stackset.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in stackset.tags.items()],
        "PermissionModel": stackset.permission_model,
        "ManagedExecution": {"Active": stackset.managed_execution},
        "OrganizationalUnitIds": list(stackset.targets),
        "Regions": list(dict.fromkeys(region for _, region in stackset.instances)),
        "StackSetDriftDetectionDetails": drift_details(stackset),
    }
    if stackset.service_managed:
        answer["AutoDeployment"] = stackset.auto_deployment
    else:
        answer |= {"AdministrationRoleARN": stackset.administration_role, "ExecutionRoleName": stackset.execution_role}
    return answer


def drift_details(stackset: StackSet) -> dict[str, Any]:
    """StackSetDriftDetectionDetails: of the last detection, and of the instances as they were then."""
    detections = [each for each in stackset.operations if each.action == "DETECT_DRIFT"]
    statuses = [instance.drift_status for instance in stackset.instances.values()]
    if not detections:
        return {"DriftStatus": "NOT_CHECKED", "TotalStackInstancesCount": len(statuses)}
    last = detections[-1]
    if last.running:
        return {"DriftDetectionStatus": "IN_PROGRESS", "TotalStackInstancesCount": len(statuses)}
    return {
        "DriftStatus": "DRIFTED" if "DRIFTED" in statuses else "IN_SYNC",
        "DriftDetectionStatus": "PARTIAL_SUCCESS" if last.failures else "COMPLETED",
        "LastDriftCheckTimestamp": last.ended_at,
        "TotalStackInstancesCount": len(statuses),
        "DriftedStackInstancesCount": statuses.count("DRIFTED"),
        "InSyncStackInstancesCount": statuses.count("IN_SYNC"),
        "InProgressStackInstancesCount": 0,
        "FailedStackInstancesCount": last.failures,
    }


def described_instance(stackset: StackSet, instance: Instance) -> dict[str, Any]:
    """A stack instance; while its operation runs it is OUTDATED."""
    settled = stackset.settled(instance)
    answer: dict[str, Any] = {
        "StackSetId": stackset.id,
        "Account": instance.account,
        "Region": instance.region,
        "Status": "INOPERABLE" if settled and instance.inoperable else "CURRENT" if settled and not instance.outdated else "OUTDATED",
        "StackInstanceStatus": {"DetailedStatus": instance.detail if settled else "RUNNING"},
        "OrganizationalUnitId": instance.unit,
        "DriftStatus": instance.drift_status,
        "LastOperationId": instance.operation,
    }
    if instance.drift_checked_at is not None:
        answer["LastDriftCheckTimestamp"] = instance.drift_checked_at
    if instance.stack is not None:
        answer["StackId"] = instance.stack.id
    if instance.reason and settled:
        answer["StatusReason"] = instance.reason
    return answer


def described_operation(stackset: StackSet, operation: Operation) -> dict[str, Any]:
    """An operation as DescribeStackSetOperation shows it."""
    answer: dict[str, Any] = {
        "OperationId": operation.id,
        "StackSetId": stackset.id,
        "Action": operation.action,
        "Status": operation.status,
        "OperationPreferences": dict(operation.preferences),
        "CreationTimestamp": operation.began_at,
        "DeploymentTargets": dict(operation.targets),
        "StatusDetails": {"FailedStackInstancesCount": 0 if operation.running else operation.failures},
    }
    if not operation.running:
        answer["EndTimestamp"] = operation.ended_at
    if operation.action == "DELETE":
        answer["RetainStacks"] = operation.retain
    if operation.drift is not None and not operation.running:
        answer["StackSetDriftDetectionDetails"] = dict(operation.drift)
    return answer


def pick(stackset: StackSet, filters: Mapping[str, str], account: str, region: str) -> Iterator[Instance]:
    """Instances that the filters of ListStackInstances let through, in order of account and Region."""
    for key in sorted(stackset.instances):
        instance = stackset.instances[key]
        shown = described_instance(stackset, instance)
        if account and instance.account != account:
            continue
        if region and instance.region != region:
            continue
        if filters.get("DETAILED_STATUS", shown["StackInstanceStatus"]["DetailedStatus"]) != shown["StackInstanceStatus"]["DetailedStatus"]:
            continue
        if filters.get("LAST_OPERATION_ID", instance.operation) != instance.operation:
            continue
        if filters.get("DRIFT_STATUS", instance.drift_status) != instance.drift_status:
            continue
        yield instance


def check_name(name: str) -> str:
    """A StackSet name that AWS takes."""
    if not name[:1].isalpha() or not all(letter.isalnum() or letter == "-" for letter in name) or len(name) > 128:
        raise refuse(
            f"1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    return name
