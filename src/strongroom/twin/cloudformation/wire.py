"""CloudFormation on moto's server: our classes in place of moto's."""

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, ClassVar

from moto.cloudformation import responses, urls
from moto.core.exceptions import ServiceException
from moto.core.responses import TYPE_RESPONSE, ActionResult
from moto.core.utils import get_service_model

from strongroom.twin.cloudformation import changesets, detections, imports, managed_policies, setreadings, stacks, stacksets
from strongroom.twin.cloudformation.handlers import Handler
from strongroom.twin.cloudformation.stacks import Ask, Stacks
from strongroom.twin.cloudformation.stacksets import StackSets
from strongroom.twin.cloudformation.types import resource_types
from strongroom.twin.organizations import Organizations
from strongroom.twin.ports import ApiError, BackupService

_STACKS: Mapping[str, Callable[[Stacks, Ask], dict[str, Any]]] = {
    "CreateStack": stacks.create_stack,
    "UpdateStack": stacks.update_stack,
    "DeleteStack": stacks.delete_stack,
    "DescribeStacks": stacks.describe_stacks,
    "ListStacks": stacks.list_stacks,
    "GetTemplate": stacks.get_template,
    "GetTemplateSummary": stacks.get_template_summary,
    "DescribeStackEvents": stacks.describe_stack_events,
    "DescribeStackResource": stacks.describe_stack_resource,
    "DescribeStackResources": stacks.describe_stack_resources,
    "ListStackResources": stacks.list_stack_resources,
    "ListExports": stacks.list_exports,
    "CreateChangeSet": changesets.create_change_set,
    "DescribeChangeSet": changesets.describe_change_set,
    "ListChangeSets": changesets.list_change_sets,
    "ExecuteChangeSet": changesets.execute_change_set,
    "DeleteChangeSet": changesets.delete_change_set,
    "DetectStackDrift": detections.detect_stack_drift,
    "DetectStackResourceDrift": detections.detect_resource_drift,
    "DescribeStackDriftDetectionStatus": detections.describe_detection_status,
    "DescribeStackResourceDrifts": detections.describe_resource_drifts,
    "ValidateTemplate": stacks.validate_template,
}
_SETS: Mapping[str, Callable[[StackSets, Ask], dict[str, Any]]] = {
    "ActivateOrganizationsAccess": stacksets.activate,
    "DeactivateOrganizationsAccess": stacksets.deactivate,
    "DescribeOrganizationsAccess": stacksets.describe_access,
    "CreateStackSet": stacksets.create_stack_set,
    "UpdateStackSet": stacksets.update_stack_set,
    "DeleteStackSet": stacksets.delete_stack_set,
    "DescribeStackSet": setreadings.describe_stack_set,
    "ListStackSets": setreadings.list_stack_sets,
    "CreateStackInstances": stacksets.create_stack_instances,
    "UpdateStackInstances": stacksets.update_stack_instances,
    "DeleteStackInstances": stacksets.delete_stack_instances,
    "ImportStacksToStackSet": imports.import_stacks,
    "DescribeStackInstance": setreadings.describe_stack_instance,
    "ListStackInstances": setreadings.list_stack_instances,
    "DescribeStackSetOperation": setreadings.describe_operation,
    "ListStackSetOperations": setreadings.list_operations,
    "ListStackSetOperationResults": setreadings.list_operation_results,
    "DetectStackSetDrift": stacksets.detect_drift,
    "ListStackInstanceResourceDrifts": setreadings.list_resource_drifts,
    "StopStackSetOperation": stacksets.stop_operation,
    "ListStackSetAutoDeploymentTargets": setreadings.list_auto_deployment_targets,
}


class CloudFormation:
    """CloudFormation of all accounts and Regions; one operation at a time."""

    def __init__(self, handlers: Mapping[str, Handler], organization: Organizations) -> None:
        self.stacks = Stacks(handlers=handlers)
        self.sets = StackSets(stacks=self.stacks, organization=organization)
        self._lock = RLock()

    def call(self, account: str, region: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Do one operation; raises ApiError."""
        ask = Ask(account=account, region=region, parameters=parameters)
        with self._lock:
            if operation in _STACKS:
                return _STACKS[operation](self.stacks, ask)
            if operation in _SETS:
                return _SETS[operation](self.sets, ask)
        if operation in get_service_model("cloudformation").operation_names:
            raise ApiError("NotImplemented", f"the twin's CloudFormation has no {operation}", status=501)
        raise ApiError("InvalidAction", f"Could not find operation {operation} for version 2010-05-15")

    def moved(self, account: str, left: str, came: str) -> None:
        """An account joined, moved or left."""
        with self._lock:
            self.sets.moved(account, left, came)


class Refusal(ServiceException):
    """An ApiError in moto's terms, so that its serializer can write it."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.code, error.message)


class CloudFormationResponse(responses.CloudFormationResponse):
    """Answers the query protocol of CloudFormation from our own state."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    cloudformation: ClassVar[CloudFormation]

    def call_action(self) -> TYPE_RESPONSE:
        """Do the operation that the request names."""
        result: object
        try:
            result = self.cloudformation.call(self.current_account, self.region, self._get_action(), self.params)
        except ApiError as error:
            result = Refusal(error)
        status, headers, body = self.serialized(ActionResult(result))
        headers["status"] = str(status)
        return (status, *self._enrich_response(headers, body))


def install(backup: BackupService, organization: Organizations) -> None:
    """Put our CloudFormation in place of moto's; before moto's applications are created."""
    managed_policies.install()
    cloudformation = CloudFormation(resource_types(backup), organization)
    organization.listen(cloudformation.moved)
    CloudFormationResponse.cloudformation = cloudformation
    responses.CloudFormationResponse = CloudFormationResponse
    urls.url_paths = {"{0}/$": CloudFormationResponse.dispatch}
