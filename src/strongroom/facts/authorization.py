"""The facts of who may do what: the calls behind a backup, AWS's managed policies, the forms of ARNs, what can be done to backups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from strongroom.domain.names import ResourceType
from strongroom.facts.catalogue import Fact, Status, capabilities, fact, names

BASIC_DYNAMODB = "basic DynamoDB"  # DynamoDB without advanced features


class Asked(StrEnum):
    """Which policies a call depends on."""

    FULLY = "fully"  # on all of them
    RESOURCE = "resource"  # on the resource's policy and on control policies; AWS's page asks it of that policy alone
    GRANTED = "granted"  # AWS Backup has a grant of its own: only a denial stops it


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """A kind of call that is made for some operations and resource types."""

    name: str
    operations: tuple[str, ...]  # as `semantics.authorization.places.Operation` writes them
    types: tuple[str, ...]  # resource types; ("every",), ("fully managed",), ("not fully managed",)
    actor: str  # as `semantics.authorization.places.Maker` writes it
    actions: tuple[str, ...]
    on: tuple[str, ...]  # places, or forms of ARNs
    context: Mapping[str, tuple[str, ...]]  # context keys of the call; values with {…} to be filled in
    when: tuple[str, ...]  # all of these hold
    unless: tuple[str, ...]  # none of these holds
    asked: Asked
    why: str  # what the call is for
    failure_mode: str  # FM…; empty: none of the list
    message: str  # name of AWS's message in messages.toml; empty: not known
    effect: str  # what happens when it is refused; empty: nothing more than the refusal
    unsupported: bool  # AWS Backup doesn't do this: there are no calls
    source: str
    status: Status

    def covers(self, resource_type: ResourceType, *, basic: bool = False) -> bool:
        """Return whether it is about a type; `basic` is DynamoDB without its advanced features.

        Example:
            >>> [each.name for each in calls() if each.unsupported and each.covers(ResourceType.CLOUDFORMATION)]
            ['unsupported_copy_account', 'unsupported_restore_test']
        """
        if self.types == ("every",):
            return True
        if self.types in {("fully managed",), ("not fully managed",)}:
            managed = capabilities(resource_type).fully_managed and not (basic and resource_type is ResourceType.DYNAMODB)
            return managed is (self.types == ("fully managed",))
        return str(resource_type) in self.types


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """A policy that AWS keeps."""

    name: str
    arn: str
    version: str  # v30: the default version when it was read
    created: date
    updated: date
    text: str  # JSON
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArnForms:
    """ARNs of a resource type with {partition}, {region} and {account}, and ids that only show the form."""

    service: str  # through which the type uses keys of its own: kms:ViaService is service.region.amazonaws.com
    source: str
    recovery_point: str
    restored: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A permission, and what it is asked for."""

    action: str
    on: str  # recovery point, vault, key, role, plan, policy, topic, legal hold, account, organization, everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to do something: all of its permissions are needed."""

    words: str
    needs: tuple[Need, ...]
    source: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody can do to backups, and every way to it."""

    name: str  # delete, decrypt, unlock …
    words: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """How somebody gets more permissions than they have."""

    name: str
    kind: str  # permissions, trust, credentials, policy, grant, pass
    on: str  # role, user, key, vault
    actions: tuple[str, ...]  # all of them are needed
    words: str  # what somebody does, with {on}
    service: str  # pass: the service principal that the role is passed to
    doubt: str  # what isn't known even where all actions are allowed; empty: nothing
    source: str


@cache
def calls() -> tuple[CallFact, ...]:
    """Return all kinds of calls, in the order of the file.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html and the page of each row
    """
    return tuple(_call(fact("calls", name)) for name in names("calls"))


@cache
def managed_policies() -> Mapping[str, ManagedPolicy]:
    """Return AWS's managed policies by ARN.

    Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
    """
    found = (managed_policy(name) for name in names("managed_policies"))
    return MappingProxyType({policy.arn: policy for policy in found})


@cache
def managed_policy(name: str) -> ManagedPolicy:
    """Return a managed policy of AWS; raises UnknownFact.

    Example:
        >>> managed_policy("AWSBackupServiceRolePolicyForBackup").arn
        'arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup'
    """
    found = fact("managed_policies", name)
    text = files("strongroom.facts").joinpath("managed_policies", f"{name}.json").read_text(encoding="utf-8")
    return ManagedPolicy(
        name=name,
        arn=found.value["arn"],
        version=found.value["version"],
        created=found.value["created"],
        updated=found.value["updated"],
        text=text,
        source=found.source,
    )


@cache
def arn_forms(resource_type: ResourceType, *, basic: bool = False) -> ArnForms:
    """Return the forms of a type's ARNs; `basic` is DynamoDB without its advanced features.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html

    Example:
        >>> arn_forms(ResourceType.EBS).recovery_point
        'arn:{partition}:ec2:{region}::snapshot/snap-00000000000000000'
    """
    name = BASIC_DYNAMODB if basic and resource_type is ResourceType.DYNAMODB else str(resource_type)
    return ArnForms(**fact("arns", name).value)


@cache
def deeds() -> tuple[Deed, ...]:
    """Return what can be done to backups, each with its ways.

    Example:
        >>> [way.needs[0].action for way in next(deed for deed in deeds() if deed.name == "unlock").ways]
        ['backup:DeleteBackupVaultLockConfiguration', 'backup:PutBackupVaultLockConfiguration']
    """
    return tuple(_deed(fact("operations", name)) for name in names("operations"))


@cache
def escalations() -> tuple[Escalation, ...]:
    """Return how somebody who may change policies, or pass roles, gets more permissions.

    Example:
        >>> [each.actions for each in escalations() if each.kind == "trust"]
        [('iam:UpdateAssumeRolePolicy',)]
    """
    return tuple(_escalation(fact("escalations", name)) for name in names("escalations"))


def _escalation(found: Fact) -> Escalation:
    value: dict[str, Any] = found.value
    return Escalation(
        name=found.name,
        kind=value["kind"],
        on=value["on"],
        actions=tuple(value["actions"]),
        words=value["words"],
        service=value.get("service", ""),
        doubt=value.get("doubt", ""),
        source=found.source,
    )


def _call(found: Fact) -> CallFact:
    value: dict[str, Any] = found.value
    types = value["types"]
    return CallFact(
        name=found.name,
        operations=tuple(value["operations"]),
        types=(types,) if isinstance(types, str) else tuple(types),
        actor=value.get("actor", ""),
        actions=tuple(value.get("actions", ())),
        on=tuple(value.get("on", ())),
        context=MappingProxyType({key: tuple(values) for key, values in value.get("context", {}).items()}),
        when=tuple(value.get("when", ())),
        unless=tuple(value.get("unless", ())),
        asked=Asked(value.get("asked", "fully")),
        why=value["why"],
        failure_mode=value.get("mode", ""),
        message=value.get("says", ""),
        effect=value.get("without", ""),
        unsupported=value.get("unsupported", False),
        source=found.source,
        status=found.status,
    )


def _deed(found: Fact) -> Deed:
    ways = tuple(
        Way(
            words=way["words"],
            needs=tuple(Need(**need) for need in way["needs"]),
            source=way.get("source", found.source),
            status=Status(way.get("status", found.status)),
        )
        for way in found.value["ways"]
    )
    return Deed(name=found.name, words=found.value["words"], ways=ways)
