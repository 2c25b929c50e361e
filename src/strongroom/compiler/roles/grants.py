"""What a role may do: groups of actions with what they are for, and an IAM role as a resource of a template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from strongroom.compiler.template import Json, owner_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Some IAM actions, what they are needed for, and on what."""

    sid: str
    why: str
    actions: tuple[str, ...]  # sorted
    resources: tuple[Json | str, ...] = ("*",)
    condition: Json | None = None


def statements(grants: Iterable[Grant]) -> list[Json]:
    """Return the statements of an identity policy."""
    return [_statement(grant) for grant in grants]


def _statement(grant: Grant) -> Json:
    resources = list(grant.resources)
    statement: Json = {
        "Sid": grant.sid,
        "Effect": "Allow",
        "Action": list(grant.actions),
        "Resource": resources[0] if len(resources) == 1 else resources,
    }
    return {**statement, "Condition": grant.condition} if grant.condition else statement


def role_resource(
    *,
    name: str,
    description: str,
    strategy: str,
    trust: Sequence[Json],
    allowed: Sequence[Json] = (),
    managed: Sequence[Json] = (),
    condition: str | None = None,
    retained: bool = False,
) -> Json:
    """Return an IAM role; `trust` and `allowed` are statements, a `retained` one outlives its stack."""
    properties: Json = {
        "RoleName": name,
        "Description": description,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": list(trust)},
        "Tags": owner_tags(strategy),
    }
    if managed:
        properties["ManagedPolicyArns"] = list(managed)
    if allowed:
        properties["Policies"] = [{"PolicyName": "strongroom", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(allowed)}}]
    resource: Json = {"Type": "AWS::IAM::Role", "Properties": properties}
    if retained:
        # a creation that is rolled back must not leave something in the way of the next try
        resource |= {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    return {**resource, "Condition": condition} if condition else resource
