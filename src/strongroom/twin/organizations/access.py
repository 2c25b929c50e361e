"""Who may call what: the management account, delegated administrators, members for themselves."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from strongroom.twin.organizations.calls import Call, need
from strongroom.twin.organizations.handshakes import denied
from strongroom.twin.organizations.state import State

EVERYBODY = frozenset({"CreateOrganization", "AcceptHandshake", "DeclineHandshake", "DescribeHandshake", "ListHandshakesForAccount"})
MEMBERS = frozenset({"DescribeOrganization", "LeaveOrganization"})
READS = ("Describe", "List")


def check(state: State | None, call: Call, operation: str) -> None:
    """Raise unless the caller may do an operation.

    AWS: reads are for the management account and for delegated administrators of any service; DescribeEffectivePolicy also for
    the account itself; everything else needs the management account, or a statement in the organization's resource policy.
    """
    if operation in EVERYBODY:
        return
    organization = need(state)
    if call.account not in organization.accounts:
        need(None)
    if call.account == organization.management or operation in MEMBERS:
        return
    if operation == "DescribeEffectivePolicy" and call.parameters.get("TargetId", call.account) == call.account:
        return
    if operation.startswith(READS) and call.account in organization.delegations:
        return
    if not _granted(organization, call, operation):
        raise denied()


def _granted(state: State, call: Call, operation: str) -> bool:
    if state.resource_policy is None:
        return False
    statements = json.loads(state.resource_policy[1]).get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    matching = [each for each in statements if _concerns(each, state, call, operation)]
    return any(each.get("Effect") == "Allow" for each in matching) and all(each.get("Effect") == "Allow" for each in matching)


def _concerns(statement: Mapping[str, Any], state: State, call: Call, operation: str) -> bool:
    principals = _values((statement.get("Principal") or {}).get("AWS")) if isinstance(statement.get("Principal"), dict) else []
    if not any(principal == call.account or f"::{call.account}:" in principal for principal in principals):
        return False
    if not any(fnmatchcase(f"organizations:{operation}".lower(), action.lower()) for action in _values(statement.get("Action"))):
        return False
    conditions = statement.get("Condition") or {}
    return all(
        _policy_type(state, call) in _values(wanted)
        for operator in conditions.values()
        for key, wanted in operator.items()
        if key.lower() == "organizations:policytype"
    )


def _policy_type(state: State, call: Call) -> str:
    for name in ("PolicyType", "Type", "Filter"):
        if isinstance(call.parameters.get(name), str):
            return str(call.parameters[name])
    policy = state.policies.get(str(call.parameters.get("PolicyId")))
    return policy.type if policy else ""


def _values(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
