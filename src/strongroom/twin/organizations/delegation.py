"""Trusted access of services, their delegated administrators, and the resource policy of the organization."""

import json
from typing import Any

from strongroom.twin.organizations import tree
from strongroom.twin.organizations.calls import Call, invalid, page, seconds, violates
from strongroom.twin.organizations.state import State
from strongroom.twin.ports import ApiError

ADMINISTRATORS_MAX = 5  # for backup.amazonaws.com: AWS Backup developer guide, manage-cross-account
RESOURCE_POLICY_CHARACTERS_MAX = 40_000  # orgs_reference_limits
BACKUP = "backup.amazonaws.com"
STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"
SERVICES = frozenset(  # the part of orgs_integrated-services-list that matters to a landing zone
    {
        "account.amazonaws.com",
        "auditmanager.amazonaws.com",
        BACKUP,
        "cloudtrail.amazonaws.com",
        "config.amazonaws.com",
        "config-multiaccountsetup.amazonaws.com",
        "controltower.amazonaws.com",
        "guardduty.amazonaws.com",
        "health.amazonaws.com",
        "iam.amazonaws.com",
        "inspector2.amazonaws.com",
        "ipam.amazonaws.com",
        STACKSETS,
        "mpa.amazonaws.com",
        "ram.amazonaws.com",
        "securityhub.amazonaws.com",
        "servicecatalog.amazonaws.com",
        "servicequotas.amazonaws.com",
        "ssm.amazonaws.com",
        "sso.amazonaws.com",
        "stacksets.cloudformation.amazonaws.com",
        "tagpolicies.tag.amazonaws.com",
    }
)


def enable_service_access(state: State, call: Call) -> dict[str, Any]:
    """EnableAWSServiceAccess; enabling twice changes nothing."""
    state.services.setdefault(_service(call), call.now)
    return {}


def disable_service_access(state: State, call: Call) -> dict[str, Any]:
    """DisableAWSServiceAccess; refused while a delegated administrator is registered."""
    service = _service(call)
    if any(service in services for services in state.delegations.values()):
        raise violates(
            "You must deregister all delegated administrators of the service before you disable its access.",
            "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE",
        )
    state.services.pop(service, None)
    return {}


def list_service_access(state: State, call: Call) -> dict[str, Any]:
    """ListAWSServiceAccessForOrganization."""
    services = [{"ServicePrincipal": name, "DateEnabled": seconds(at)} for name, at in state.services.items()]
    return page(call, "EnabledServicePrincipals", services)


def register(state: State, call: Call) -> dict[str, Any]:
    """RegisterDelegatedAdministrator; the service needs trusted access first."""
    account, service = state.account(call.text("AccountId")), _service(call)
    if account.id == state.management:
        raise violates(
            "You cannot register master account/yourself as delegated administrator for your organization.",
            "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
        )
    if account.status != "ACTIVE":
        raise violates(
            "You can't register a suspended account as a delegated administrator.",
            "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
        )
    if service not in state.services:
        raise violates(
            "You attempted to register a delegated administrator before you enabled service access. "
            "Call the EnableAWSServiceAccess API first.",
            "SERVICE_ACCESS_NOT_ENABLED",
        )
    if service in state.delegations.get(account.id, {}):
        raise ApiError(
            "AccountAlreadyRegisteredException", "The provided account is already a delegated administrator for your organization."
        )
    if sum(service in services for services in state.delegations.values()) >= ADMINISTRATORS_MAX:
        raise violates(
            "You have exceeded the number of delegated administrators allowed for the service.",
            "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED",
        )
    state.delegations.setdefault(account.id, {})[service] = call.now
    return {}


def deregister(state: State, call: Call) -> dict[str, Any]:
    """DeregisterDelegatedAdministrator."""
    account, service = state.account(call.text("AccountId")), _service(call)
    services = state.delegations.get(account.id, {})
    if service not in services:
        raise _not_registered()
    del services[service]
    if not services:
        del state.delegations[account.id]
    return {}


def list_administrators(state: State, call: Call) -> dict[str, Any]:
    """ListDelegatedAdministrators, of one service or of all."""
    service = call.parameters.get("ServicePrincipal")
    found = [
        tree.described(state, state.accounts[account]) | {"DelegationEnabledDate": seconds(min(services.values()))}
        for account, services in state.delegations.items()
        if not service or service in services
    ]
    return page(call, "DelegatedAdministrators", found)


def list_services_for_account(state: State, call: Call) -> dict[str, Any]:
    """ListDelegatedServicesForAccount."""
    account = state.account(call.text("AccountId"))
    if account.id not in state.delegations:
        raise _not_registered()
    services = state.delegations[account.id].items()
    return page(call, "DelegatedServices", [{"ServicePrincipal": name, "DelegationEnabledDate": seconds(at)} for name, at in services])


def put_resource_policy(state: State, call: Call) -> dict[str, Any]:
    """PutResourcePolicy: one for the organization."""
    content = call.text("Content")
    if len(content) > RESOURCE_POLICY_CHARACTERS_MAX:
        raise violates("You have exceeded the policy size limit.", "POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        raise invalid("The provided resource policy is not valid JSON.", "INVALID_RESOURCE_POLICY_JSON") from error
    state.resource_policy = (state.resource_policy[0] if state.resource_policy else state.new_id("rp-"), content)
    return {"ResourcePolicy": _resource_policy(state)}


def describe_resource_policy(state: State, _call: Call) -> dict[str, Any]:
    """DescribeResourcePolicy."""
    return {"ResourcePolicy": _resource_policy(state)}


def delete_resource_policy(state: State, _call: Call) -> dict[str, Any]:
    """DeleteResourcePolicy."""
    _resource_policy(state)
    state.resource_policy = None
    return {}


def _resource_policy(state: State) -> dict[str, Any]:
    if state.resource_policy is None:
        raise ApiError("ResourcePolicyNotFoundException", "We can't find a resource policy request with the parameter that you specified.")
    name, content = state.resource_policy
    return {"ResourcePolicySummary": {"Id": name, "Arn": state.arn("resourcepolicy", name)}, "Content": content}


def _service(call: Call) -> str:
    service = call.text("ServicePrincipal")
    if service not in SERVICES:
        raise invalid("You specified an unrecognized service principal.", "UNRECOGNIZED_SERVICE_PRINCIPAL")
    return service


def _not_registered() -> ApiError:
    return ApiError(
        "AccountNotRegisteredException", "The provided account is not a registered delegated administrator for your organization."
    )
