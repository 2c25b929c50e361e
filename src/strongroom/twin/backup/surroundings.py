"""Roles and keys that jobs depend on, read in-process from moto's IAM and KMS."""

import json
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from strongroom.domain.access import PrincipalKind
from strongroom.domain.names import ResourceType, partition_of
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import Resource, World

SERVICE_LINKED_ROLE = "aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
_SERVICE = Actor(kind=PrincipalKind.SERVICE, arn="backup.amazonaws.com", account="")
_AWS_ALIASES = {
    ResourceType.EBS: "aws/ebs",
    ResourceType.EC2: "aws/ebs",
    ResourceType.EFS: "aws/elasticfilesystem",
    ResourceType.DYNAMODB: "aws/dynamodb",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a job needs to know of a KMS key."""

    arn: str
    manager: str  # AWS, CUSTOMER or UNKNOWN
    policy: str = ""  # JSON; empty for AWS-managed keys
    state: str  # Enabled, Disabled, PendingDeletion, …; Missing when nobody knows it


def role_problem(world: World, role_arn: str) -> str:
    """Return why AWS Backup can't assume a role, in AWS's words; empty when it can."""
    if role_arn in world.disturbances.roles:
        return f"IAM Role {role_arn} cannot be assumed by AWS Backup"
    problem: str = world.once(("role", role_arn), lambda: _role_problem(world, role_arn))
    return problem


def _role_problem(world: World, role_arn: str) -> str:
    parts = role_arn.split(":", 5)
    refused = f"IAM Role {role_arn} cannot be assumed by AWS Backup"
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/") or world.organization.is_closed(parts[4]):
        return refused
    if SERVICE_LINKED_ROLE in role_arn:  # the service makes it when it needs it
        return ""
    backend = backend_of("iam", parts[4], parts[1])
    for role in () if backend is None else list(backend.roles.values()):
        if role.arn == role_arn:
            return "" if _trusts_backup(role_arn, role.assume_role_policy_document) else refused
    return refused


def _trusts_backup(role_arn: str, document: str | dict[str, Any]) -> bool:
    """Return whether AWS Backup may assume a role; a condition on what AWS doesn't tell of its own calls is taken as met."""
    account = role_arn.split(":")[4]
    text = document if isinstance(document, str) else json.dumps(document)
    target = Target(arn=role_arn, account=account, policy=parse(text, name="trust policy"))
    context = Context(values=MappingProxyType({"aws:SourceAccount": (account,)}))
    return decide(_SERVICE, "sts:AssumeRole", target, context).verdict is not Verdict.DENIED


def key_of(world: World, reference: str, account: str, region: str) -> Key:
    """Return the key behind an ARN, id or alias as `account` would find it in `region`."""
    key: Key = world.once(("key", reference, account, region), lambda: _available(world, _key(reference, account, region)))
    return key


def _available(world: World, key: Key) -> Key:
    """Return a key as everybody finds it: that of a closed account can't be used."""
    return replace(key, state="Unavailable") if world.organization.is_closed(key.arn.split(":")[4]) else key


def _key(reference: str, account: str, region: str) -> Key:
    parts = reference.split(":", 5)
    name = parts[5] if len(parts) == 6 else reference
    owner, place = (parts[4] or account, parts[3] or region) if len(parts) == 6 else (account, region)
    name = name.removeprefix("key/")
    arn = f"arn:{partition_of(place)}:kms:{place}:{owner}:key/{name}"
    if name == "default_kms_key_id":  # moto's word for alias/aws/rds
        return Key(arn=aws_managed_key(owner, place, "aws/rds").arn, manager="AWS", state="Enabled")
    if name.startswith("alias/aws/"):
        return aws_managed_key(owner, place, name.removeprefix("alias/"))
    backend = backend_of("kms", owner, place)
    for key in () if backend is None else list(backend.keys.values()):
        if key.id == name or name in key.aliases:
            own = key.key_manager == "CUSTOMER" and not any(alias.startswith("alias/aws/") for alias in key.aliases)
            return Key(arn=key.arn, manager="CUSTOMER" if own else "AWS", state=key.key_state, policy=key.policy if own else "")
    return Key(arn=arn, manager="UNKNOWN", state="Missing")


def aws_managed_key(account: str, region: str, alias: str) -> Key:
    """Return the AWS-managed key behind an alias such as `aws/backup`; made by AWS when a service first needs it."""
    from moto.kms.models import kms_backends

    backend = kms_backends[account][region]
    key_id = backend.get_key_id_from_alias(f"alias/{alias}")
    if key_id is None:
        made = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", f"Default key that protects data of {alias}", None)
        backend.create_alias(made.id, f"alias/{alias}")
        key_id = made.id
    key = backend.keys[key_id]
    key.key_manager = "AWS"  # moto says CUSTOMER for all keys
    return Key(arn=key.arn, manager="AWS", state=key.key_state)


def key_of_resource(world: World, resource: Resource, account: str, region: str) -> Key | None:
    """Return the key that a resource is encrypted with, None when it isn't encrypted."""
    if not resource.encrypted:
        return None
    return key_of(world, resource.key_arn or f"alias/{_AWS_ALIASES.get(resource.type, 'aws/rds')}", account, region)
