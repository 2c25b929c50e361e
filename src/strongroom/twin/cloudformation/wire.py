"""CloudFormation on moto's server: our classes in place of moto's."""

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, ClassVar

from moto.cloudformation import responses, urls
from moto.core.exceptions import ServiceException
from moto.core.responses import TYPE_RESPONSE, ActionResult

from strongroom.twin.cloudformation import foreign, keys, managed_policies, plans, roles, stacks, stacksets
from strongroom.twin.cloudformation.handlers import Handler
from strongroom.twin.cloudformation.stacks import Ask, Stacks
from strongroom.twin.cloudformation.stacksets import StackSets
from strongroom.twin.cloudformation.vaults import AirGappedVault, BackupVault
from strongroom.twin.organizations import Organizations
from strongroom.twin.ports import ApiError, BackupService

_STACKS: Mapping[str, Callable[[Stacks, Ask], dict[str, Any]]] = {
    "CreateStack": stacks.create_stack,
    "UpdateStack": stacks.update_stack,
    "DeleteStack": stacks.delete_stack,
    "DescribeStacks": stacks.describe_stacks,
    "ListStacks": stacks.list_stacks,
    "GetTemplate": stacks.get_template,
    "DescribeStackEvents": stacks.describe_stack_events,
    "DescribeStackResource": stacks.describe_stack_resource,
    "DescribeStackResources": stacks.describe_stack_resources,
    "ListStackResources": stacks.list_stack_resources,
    "ListExports": stacks.list_exports,
    "ValidateTemplate": stacks.validate_template,
}
_SETS: Mapping[str, Callable[[StackSets, Ask], dict[str, Any]]] = {
    "ActivateOrganizationsAccess": stacksets.activate,
    "DeactivateOrganizationsAccess": stacksets.deactivate,
    "DescribeOrganizationsAccess": stacksets.describe_access,
    "CreateStackSet": stacksets.create_stack_set,
    "UpdateStackSet": stacksets.update_stack_set,
    "DeleteStackSet": stacksets.delete_stack_set,
    "DescribeStackSet": stacksets.describe_stack_set,
    "ListStackSets": stacksets.list_stack_sets,
    "CreateStackInstances": stacksets.create_stack_instances,
    "UpdateStackInstances": stacksets.update_stack_instances,
    "DeleteStackInstances": stacksets.delete_stack_instances,
    "DescribeStackInstance": stacksets.describe_stack_instance,
    "ListStackInstances": stacksets.list_stack_instances,
    "DescribeStackSetOperation": stacksets.describe_operation,
    "ListStackSetOperations": stacksets.list_operations,
    "ListStackSetOperationResults": stacksets.list_operation_results,
    "StopStackSetOperation": stacksets.stop_operation,
    "ListStackSetAutoDeploymentTargets": stacksets.list_auto_deployment_targets,
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
    handlers: dict[str, Handler] = {
        **foreign.known(),
        "AWS::Backup::BackupPlan": plans.BackupPlan(backup),
        "AWS::Backup::BackupSelection": plans.BackupSelection(backup),
        "AWS::Backup::BackupVault": BackupVault(backup),
        "AWS::Backup::LogicallyAirGappedBackupVault": AirGappedVault(backup),
        "AWS::KMS::Key": keys.Key(),
        "AWS::KMS::ReplicaKey": keys.ReplicaKey(),
        "AWS::KMS::Alias": keys.Alias(),
        "AWS::IAM::Role": roles.Role(),
        "AWS::IAM::ManagedPolicy": roles.ManagedPolicy(),
        "AWS::IAM::Policy": roles.InlinePolicy(),
    }
    cloudformation = CloudFormation(handlers, organization)
    organization.listen(cloudformation.moved)
    CloudFormationResponse.cloudformation = cloudformation
    responses.CloudFormationResponse = CloudFormationResponse
    urls.url_paths = {"{0}/$": CloudFormationResponse.dispatch}
