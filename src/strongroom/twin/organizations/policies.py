"""Operations on policies: create, update, attach, detach, delete, list, tags."""

from typing import Any

from strongroom import facts
from strongroom.twin.organizations import fullaccess, syntax
from strongroom.twin.organizations.calls import Call, invalid, page, violates
from strongroom.twin.organizations.fullaccess import SERVICE_CONTROL
from strongroom.twin.organizations.state import Account, Policy, State, Unit
from strongroom.twin.ports import ApiError

BACKUP = syntax.BACKUP_POLICY
TYPES = frozenset(facts.names("policy_types"))
_MALFORMED = "The provided policy document does not meet the requirements of the specified policy type"


def summary(state: State, policy: Policy) -> dict[str, Any]:
    """A policy's summary as AWS lists it."""
    owner = "arn:aws:organizations::aws:policy/" if policy.aws_managed else f"arn:aws:organizations::{state.management}:policy/{state.id}/"
    return {
        "Id": policy.id,
        "Arn": f"{owner}{policy.type.lower()}/{policy.id}",
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.aws_managed,
    }


def full(state: State, policy: Policy) -> dict[str, Any]:
    """A policy with its content."""
    return {"Policy": {"PolicySummary": summary(state, policy), "Content": policy.content}}


def check_type(name: str) -> str:
    """A policy type that the twin knows, or InvalidInputException."""
    if name not in TYPES:
        raise invalid("You specified an invalid value.", "INVALID_ENUM_POLICY_TYPE")
    return name


def limit(kind: str, of: str) -> int:
    """A limit of a policy type: of `characters`, in an `organization`, at a `target`."""
    return int(facts.fact("policy_types", kind).value[of])


def enable_policy_type(state: State, call: Call) -> None:
    """EnablePolicyType on the root; control policies start with one that allows everything, attached everywhere."""
    kind = _root_and_type(state, call)
    if state.feature_set != "ALL":
        raise ApiError(
            "PolicyTypeNotAvailableForOrganizationException",
            "You can't use the specified policy type with the feature set currently enabled for this organization.",
        )
    if kind in state.policy_types:
        raise ApiError("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
    state.policy_types.append(kind)
    fullaccess.attach_everywhere(state, kind)


def disable_policy_type(state: State, call: Call) -> None:
    """DisablePolicyType on the root: every policy of the type is detached everywhere."""
    kind = _root_and_type(state, call)
    if kind not in state.policy_types:
        raise _not_enabled()
    state.policy_types.remove(kind)
    for target, attached in state.attachments.items():
        state.attachments[target] = [each for each in attached if state.policies[each].type != kind]


def create_policy(state: State, call: Call) -> dict[str, Any]:
    """CreatePolicy, with the syntax check of its type."""
    kind, name = check_type(call.text("Type")), call.text("Name")
    if any(policy.name == name and policy.type == kind for policy in state.policies.values()):
        raise ApiError("DuplicatePolicyException", "A policy with the same name already exists.")
    if sum(policy.type == kind for policy in state.policies.values()) >= limit(kind, "organization"):
        raise violates("You have exceeded the number of policies that you can have in an organization.", "POLICY_NUMBER_LIMIT_EXCEEDED")
    content = _content(kind, call.text("Content"))
    policy = Policy(
        id=state.new_id("p-"),
        name=name,
        description=str(call.parameters.get("Description") or ""),
        type=kind,
        content=content,
        tags=call.tags(),
    )
    state.policies[policy.id] = policy
    return full(state, policy)


def update_policy(state: State, call: Call) -> dict[str, Any]:
    """UpdatePolicy: name, description, content; what is absent stays."""
    policy = state.policy(call.text("PolicyId"))
    if policy.aws_managed:
        raise invalid("You can't modify a policy that AWS manages.", "IMMUTABLE_POLICY")
    name = call.parameters.get("Name") or policy.name
    if any(other.name == name and other.type == policy.type and other is not policy for other in state.policies.values()):
        raise ApiError("DuplicatePolicyException", "A policy with the same name already exists.")
    if call.parameters.get("Content"):
        policy.content = _content(policy.type, call.text("Content"))
    policy.name = name
    if call.parameters.get("Description") is not None:
        policy.description = str(call.parameters["Description"])
    return full(state, policy)


def describe_policy(state: State, call: Call) -> dict[str, Any]:
    """DescribePolicy."""
    return full(state, state.policy(call.text("PolicyId")))


def delete_policy(state: State, call: Call) -> dict[str, Any]:
    """DeletePolicy: only one that is attached nowhere."""
    policy = state.policy(call.text("PolicyId"))
    if any(policy.id in attached for attached in state.attachments.values()):
        raise ApiError(
            "PolicyInUseException",
            "The policy is attached to one or more entities. "
            "You must detach it from all roots, OUs, and accounts before performing this operation.",
        )
    del state.policies[policy.id]
    return {}


def attach_policy(state: State, call: Call) -> dict[str, Any]:
    """AttachPolicy: the order of attachment decides conflicts within a target."""
    policy, target = state.policy(call.text("PolicyId")), state.target(call.text("TargetId"))
    if policy.type not in state.policy_types:
        raise _not_enabled()
    attached = state.attachments.setdefault(target.id, [])
    if policy.id in attached:
        raise ApiError("DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target.")
    if sum(state.policies[each].type == policy.type for each in attached) >= limit(policy.type, "target"):
        raise violates(
            "You have exceeded the number of policies of the specified type that can be attached to an entity.",
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
        )
    attached.append(policy.id)
    return {}


def detach_policy(state: State, call: Call) -> dict[str, Any]:
    """DetachPolicy; the last service control policy of a target stays, and RCPFullAWSAccess anywhere."""
    policy, target = state.policy(call.text("PolicyId")), state.target(call.text("TargetId"))
    attached = state.attachments.get(target.id, [])
    if policy.id not in attached:
        raise ApiError("PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root.")
    if policy.type == SERVICE_CONTROL and sum(state.policies[each].type == SERVICE_CONTROL for each in attached) == 1:
        raise violates("You must have at least one SCP attached to each entity.", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    if policy.id == fullaccess.RESOURCE_FULL_ACCESS:
        raise violates("You can't detach the policy RCPFullAWSAccess.", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    attached.remove(policy.id)
    return {}


def list_policies(state: State, call: Call) -> dict[str, Any]:
    """ListPolicies of one type."""
    kind = check_type(call.text("Filter"))
    return page(call, "Policies", [summary(state, policy) for policy in state.policies.values() if policy.type == kind])


def list_policies_for_target(state: State, call: Call) -> dict[str, Any]:
    """ListPoliciesForTarget of one type, in order of attachment."""
    target, kind = state.target(call.text("TargetId")), check_type(call.text("Filter"))
    attached = [state.policies[each] for each in state.attachments.get(target.id, [])]
    return page(call, "Policies", [summary(state, policy) for policy in attached if policy.type == kind])


def list_targets_for_policy(state: State, call: Call) -> dict[str, Any]:
    """ListTargetsForPolicy."""
    policy = state.policy(call.text("PolicyId"))
    targets = [_target(state, state.target(target)) for target, attached in state.attachments.items() if policy.id in attached]
    return page(call, "Targets", targets)


def tag_resource(state: State, call: Call) -> dict[str, Any]:
    """TagResource on an account, a unit, the root or a policy."""
    _tags_of(state, call.text("ResourceId")).update(call.tags())
    return {}


def untag_resource(state: State, call: Call) -> dict[str, Any]:
    """UntagResource."""
    tags = _tags_of(state, call.text("ResourceId"))
    for key in call.parameters.get("TagKeys") or ():
        tags.pop(key, None)
    return {}


def list_tags_for_resource(state: State, call: Call) -> dict[str, Any]:
    """ListTagsForResource."""
    tags = _tags_of(state, call.text("ResourceId"))
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _content(kind: str, content: str) -> str:
    if len(content) > limit(kind, "characters"):
        raise violates("You have exceeded the policy size limit.", "POLICY_CONTENT_LIMIT_EXCEEDED")
    problem = syntax.problem(content, kind)
    if problem:
        raise ApiError("MalformedPolicyDocumentException", f"{_MALFORMED}: {problem}.")
    return content


def _root_and_type(state: State, call: Call) -> str:
    if call.text("RootId") != state.root_id:
        raise ApiError("RootNotFoundException", "You specified a root that doesn't exist.")
    return check_type(call.text("PolicyType"))


def _not_enabled() -> ApiError:
    return ApiError("PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types.")


def _target(state: State, target: Unit | Account) -> dict[str, Any]:
    if isinstance(target, Account):
        return {"TargetId": target.id, "Arn": state.arn("account", target.id), "Name": target.name, "Type": "ACCOUNT"}
    kind = "root" if target.is_root else "ou"
    wire = "ROOT" if target.is_root else "ORGANIZATIONAL_UNIT"
    return {"TargetId": target.id, "Arn": state.arn(kind, target.id), "Name": target.name, "Type": wire}


def _tags_of(state: State, resource: str) -> dict[str, str]:
    if state.resource_policy is not None and resource == state.resource_policy[0]:
        return state.resource_policy_tags
    found = state.policies.get(resource) or state.target(resource)
    return found.tags
