"""Trusted access of services, their delegated administrators, and the resource policy of the organization."""

import json
import re
from typing import Any

from strongroom import facts
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.organizations import tree
from strongroom.twin.organizations.calls import Call, invalid, page, seconds, violates
from strongroom.twin.organizations.state import State
from strongroom.twin.ports import ApiError

ADMINISTRATORS_MAX = 5  # for backup.amazonaws.com: AWS Backup developer guide, manage-cross-account
BACKUP = "backup.amazonaws.com"
_ACCOUNT = re.compile(r"\b\d{12}\b")
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
    if len(content) > facts.limit("resource_policy_characters").value:
        raise violates("You have exceeded the policy size limit.", "POLICY_CONTENT_LIMIT_EXCEEDED")
    _check_resource_policy(state, content)
    state.resource_policy = (state.resource_policy[0] if state.resource_policy else state.new_id("rp-"), content)
    state.resource_policy_tags |= call.tags()
    return {"ResourcePolicy": _resource_policy(state)}


def describe_resource_policy(state: State, _call: Call) -> dict[str, Any]:
    """DescribeResourcePolicy."""
    return {"ResourcePolicy": _resource_policy(state)}


def delete_resource_policy(state: State, _call: Call) -> dict[str, Any]:
    """DeleteResourcePolicy."""
    _resource_policy(state)
    state.resource_policy = None
    state.resource_policy_tags.clear()
    return {}


def _check_resource_policy(state: State, content: str) -> None:
    """Refuse what the resource policy of an organization can't say: it names actions and members, never all but some."""
    policy = parse(content, name="resource policy")
    if policy.problems or not policy.statements:
        why = policy.problems[0].message if policy.problems else "there is no Statement"
        raise invalid(f"The provided resource policy is not valid: {why}.", "INVALID_RESOURCE_POLICY_JSON")
    document = json.loads(content)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    for statement in statements:
        for word in ("NotAction", "NotResource", "NotPrincipal"):
            if word in statement:
                raise invalid(f"The provided resource policy is not valid: {word} is not supported.", "INVALID_RESOURCE_POLICY_JSON")
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            name = action.removeprefix("organizations:")
            if name == action or not (set(name) & set("*?") or name in facts.limit("delegable_actions").value):
                raise invalid(f"The action {action} is not supported in a resource policy.", "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY")
        strangers = set(_ACCOUNT.findall(json.dumps(statement.get("Principal", "")))) - state.accounts.keys()
        if strangers:
            raise invalid(f"Account {min(strangers)} is not a member of the organization.", "INVALID_PRINCIPAL")


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
