"""Who may call what: the management account, delegated administrators, members for themselves."""

import re
from types import MappingProxyType

from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.organizations.calls import Call, need
from strongroom.twin.organizations.handshakes import denied
from strongroom.twin.organizations.state import Policy, State
from strongroom.twin.trust import trusting

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
    """Return whether the organization's resource policy lets a caller do an operation on everything that it names.

    Where it isn't known which of the account's principals asks, any that the policy names will do.
    """
    if state.resource_policy is None:
        return False
    policy_id, text = state.resource_policy
    policy = parse(text, name=f"resource policy {policy_id}")
    kind = _policy_type(state, call)
    context = Context(values=MappingProxyType({"organizations:PolicyType": (kind,)} if kind else {}), complete=True)
    named = set(re.findall(rf"arn:[a-z-]+:iam::{call.account}:(?:user|role)/[^\"*]+", text))
    asking = (call.principal,) if call.principal else (_root(call.account), *named)
    actors = [trusting(arn, organization_id=state.id, organization_path=state.path(call.account)) for arn in asking]
    targets = [Target(arn=arn, account=state.management, policy=policy) for arn in _resources(state, call)]
    return any(
        all(decide(actor, f"organizations:{operation}", target, context).verdict is Verdict.ALLOWED for target in targets)
        for actor in actors
    )


def _root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def _resources(state: State, call: Call) -> tuple[str, ...]:
    """Return what a call is for, by ARN; everything where it names nothing that is there."""
    found = []
    policy = _policy(state, call)
    if policy:
        found.append(state.arn("policy", policy.type.lower(), policy.id))
    for name in ("TargetId", "ResourceId", "ParentId", "AccountId", "OrganizationalUnitId"):
        target = str(call.parameters.get(name, ""))
        if target in state.accounts:
            found.append(state.arn("account", target))
        elif target in state.units:
            found.append(state.arn("root" if state.units[target].is_root else "ou", target))
    return tuple(found) or ("*",)


def _policy_type(state: State, call: Call) -> str:
    for name in ("PolicyType", "Type", "Filter"):
        if isinstance(call.parameters.get(name), str):
            return str(call.parameters[name])
    policy = _policy(state, call)
    return policy.type if policy else ""


def _policy(state: State, call: Call) -> Policy | None:
    return state.policies.get(str(call.parameters.get("PolicyId") or call.parameters.get("ResourceId")))
