"""What a plan was computed from, so that `apply` sees when the world has moved."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from strongroom.domain.changeplan import (
    Action,
    ActivateStackSetsAccess,
    AttachPolicy,
    ChangePlan,
    CreateStackInstances,
    DeletePolicy,
    DeleteStack,
    DeleteStackSet,
    DeleteVault,
    DetachPolicy,
    EnableBaseline,
    EnablePolicyType,
    EnableResourceSharing,
    EnableServiceAccess,
    IntegrateBackup,
    PutDelegation,
    PutPolicy,
    PutStack,
    PutStackSet,
    ReadObject,
    RegisterDelegatedAdministrator,
    ResetBaseline,
    RevertDrift,
    TakeBackStacks,
    UpdateBaseline,
    UpdateGlobalSettings,
    UpdateOptIn,
    encode,
    sha256,
)
from strongroom.domain.deployment import Deployment

# Actions that change something of which there is one in the organization.
SUBJECTS: Mapping[type[Action], str] = MappingProxyType(
    {
        EnablePolicyType: "policy types enabled",
        EnableServiceAccess: "trusted access",
        ActivateStackSetsAccess: "trusted access",
        EnableResourceSharing: "trusted access",
        RegisterDelegatedAdministrator: "delegated administrators",
        PutDelegation: "resource policy",
        UpdateGlobalSettings: "global settings",
        IntegrateBackup: "Control Tower",
        EnableBaseline: "Control Tower",
        UpdateBaseline: "Control Tower",
        ResetBaseline: "Control Tower",
    }
)


def objects_read(deployed: Deployment) -> tuple[ReadObject, ...]:
    """Return a hash for every object that a plan is computed from, so that `apply` sees when the world has moved.

    Accounts are no part of it: an account that joins meanwhile is enrolled by the StackSet and changes no step.
    """
    objects: dict[str, Any] = {
        "organizational units": encode(deployed.units),
        "policy types enabled": encode(deployed.policy_types),
        "trusted access": [*deployed.trusted_services, deployed.stack_sets_trusted],
        "delegated administrators": encode(deployed.delegated_administrators),
        "global settings": encode(deployed.global_settings),
        "resource policy": deployed.resource_policy,
        # accounts that Control Tower enrols meanwhile are no part of it either
        "Control Tower": encode(deployed.control_tower and replace(deployed.control_tower, enrolled=())),
        **{f"opt-in in {region}": encode((values, dict(deployed.managed).get(region, ()))) for region, values in deployed.opt_in},
        **{f"{each.type.words} {each.name}": encode(each) for each in deployed.policies},
        **{f"stack {each.name} in {each.account}, {each.region}": encode(each) for each in deployed.stacks},
        **{f"StackSet {each.name}": encode(replace(each, operation="", failed=(), gaps=(), kept=())) for each in deployed.stack_sets},
    }
    return tuple(ReadObject(subject=subject, sha256=sha256(value)) for subject, value in sorted(objects.items()))


def moved(plan: ChangePlan, deployed: Deployment) -> tuple[str, ...]:
    """Return the subjects that changed since the plan was made, sorted."""
    before = {each.subject: each.sha256 for each in plan.reads}
    after = {each.subject: each.sha256 for each in objects_read(deployed)}
    return tuple(sorted(subject for subject in before.keys() | after.keys() if before.get(subject) != after.get(subject)))


def subject_of(action: Action) -> str:
    """Return the subject, of those in `objects_read`, that an action changes.

    Example:
        >>> subject_of(DeleteStackSet(name="tiers-old"))
        'StackSet tiers-old'
    """
    match action:
        case UpdateOptIn():
            subject = f"opt-in in {action.region}"
        case PutStack() | DeleteStack():
            subject = f"stack {action.name} in {action.account}, {action.region}"
        case DeleteVault():
            subject = f"vault {action.name} in {action.account}, {action.region}"
        case RevertDrift():
            subject = action.subject if action.subject.startswith("StackSet ") else f"{action.subject} in {action.account}, {action.region}"
        case PutStackSet() | CreateStackInstances() | TakeBackStacks() | DeleteStackSet():
            subject = f"StackSet {action.name}"
        case PutPolicy() | AttachPolicy() | DetachPolicy() | DeletePolicy():
            subject = f"{action.type.words} {action.name}"
        case _:
            subject = SUBJECTS[type(action)]
    return subject
