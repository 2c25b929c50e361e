"""What a plan was computed from, so that `apply` sees when the world has moved."""

from typing import Any

from strongroom.domain.changeplan import (
    Action,
    ActivateStackSetsAccess,
    AttachPolicy,
    ChangePlan,
    CreateStackInstances,
    DeletePolicy,
    DetachPolicy,
    EnablePolicyType,
    EnableServiceAccess,
    PutPolicy,
    PutStack,
    PutStackSet,
    ReadObject,
    RegisterDelegatedAdministrator,
    UpdateGlobalSettings,
    UpdateOptIn,
    encode,
    sha256,
)
from strongroom.domain.deployment import Deployment


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
        **{f"opt-in in {region}": encode(values) for region, values in deployed.opt_in},
        **{f"{each.type.words} {each.name}": encode(each) for each in deployed.policies},
        **{f"stack {each.name} in {each.account}, {each.region}": encode(each) for each in deployed.stacks},
        **{f"StackSet {each.name}": encode(each) for each in deployed.stack_sets},
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
        >>> subject_of(DeletePolicy(type=PolicyType.BACKUP, name="tiers-old"))
        'backup policy tiers-old'
    """
    match action:
        case EnablePolicyType():
            subject = "policy types enabled"
        case EnableServiceAccess() | ActivateStackSetsAccess():
            subject = "trusted access"
        case RegisterDelegatedAdministrator():
            subject = "delegated administrators"
        case UpdateGlobalSettings():
            subject = "global settings"
        case UpdateOptIn():
            subject = f"opt-in in {action.region}"
        case PutStack():
            subject = f"stack {action.name} in {action.account}, {action.region}"
        case PutStackSet() | CreateStackInstances():
            subject = f"StackSet {action.name}"
        case PutPolicy() | AttachPolicy() | DetachPolicy() | DeletePolicy():
            subject = f"{action.type.words} {action.name}"
    return subject
