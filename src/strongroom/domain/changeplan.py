"""A change plan: everything that `apply` will do, as a value that can be read, stored and compared.

Each step is one typed action. A step may run more than once, so whoever executes it reads before it writes.
"""

import hashlib
import json
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from strongroom.domain.keptstack import KeptStack
from strongroom.domain.names import AccountId, PolicyType, Region, ResourceType
from strongroom.domain.stackoutput import StackOutput
from strongroom.errors import BadInput

FORMAT_VERSION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePolicyType:
    """Enable a type of policies on the root of the organization."""

    type: PolicyType
    root_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableServiceAccess:
    """Enable trusted access of a service in the organization."""

    service: str  # "backup.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateStackSetsAccess:
    """Enable trusted access of CloudFormation StackSets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableResourceSharing:
    """Let AWS RAM share inside the organization without invitations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDelegatedAdministrator:
    """Make an account delegated administrator of a service."""

    account: AccountId
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutDelegation:
    """Write the strategy's own statements of the organization's resource policy; those of others stay as they are."""

    sids: tuple[str, ...]  # ids of all statements that may be the strategy's, sorted
    statements: str  # canonical JSON of the list of those that it wants; "[]": none any more


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateGlobalSettings:
    """Set AWS Backup's global settings in the management account."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOptIn:
    """Set the service opt-in and the advanced features of AWS Backup in the management account and one Region."""

    region: Region
    opt_in: tuple[ResourceType, ...]  # types to switch on; others stay as they are
    managed: tuple[ResourceType, ...] = ()  # types to switch advanced features on for; others stay as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrateBackup:
    """Integrate AWS Backup into the landing zone of Control Tower, which makes the central vaults."""

    landing_zone: str  # ARN
    backup_admin: AccountId
    central: AccountId
    key_arn: str  # empty for a key that a step before this one makes
    outputs: tuple[StackOutput, ...] = ()  # of that key's stack: its ARN, read when the step runs


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableBaseline:
    """Enable Control Tower's backup baseline on an OU."""

    baseline: str  # ARN
    version: str
    target: str  # ARN of the OU
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBaseline:
    """Bring an enabled baseline to another version."""

    arn: str  # of the enabled baseline
    version: str
    target_id: str  # id of its OU


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetBaseline:
    """Give accounts of an OU the baseline that it has: those that were moved into it, or in which it failed."""

    arn: str  # of the enabled baseline
    target_id: str  # id of its OU


@dataclass(frozen=True, slots=True, kw_only=True)
class PutStack:
    """Create or update a CloudFormation stack in one account and Region."""

    account: AccountId
    region: Region
    name: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    creates: bool
    outputs: tuple[StackOutput, ...] = ()  # further parameters, read when the step runs


@dataclass(frozen=True, slots=True, kw_only=True)
class PutStackSet:
    """Create or update a service-managed StackSet (its template, not its instances)."""

    name: str
    description: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    creates: bool
    outputs: tuple[StackOutput, ...] = ()  # as those of a stack


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStackInstances:
    """Deploy a StackSet to OUs and Regions."""

    name: str
    ou_ids: tuple[str, ...]
    regions: tuple[Region, ...]
    accounts: tuple[AccountId, ...] = ()  # these of the OUs' alone; empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackStacks:
    """Import stacks that accounts kept when they left the OUs into the StackSet that made them, with all that they hold."""

    name: str
    stacks: tuple[KeptStack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertDrift:
    """Bring the resources of one stack back to what its template says; an update without a change would do nothing."""

    subject: str  # "StackSet tiers-local"
    account: AccountId
    region: Region
    stack: str  # name or ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStack:
    """Delete a stack that the strategy no longer declares; what its template retains stays: vaults, keys, the backup role."""

    account: AccountId
    region: Region
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStackSet:
    """Delete the instances of a StackSet and then itself; what its template retains stays in the accounts."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteVault:
    """Delete a vault of the strategy if it is empty then; one with recovery points stays."""

    account: AccountId
    region: Region
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPolicy:
    """Create a policy of the organization, or update the one with this name that Strongroom owns."""

    type: PolicyType
    name: str
    content: str
    creates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPolicy:
    """Attach a policy to a root, OU or account."""

    type: PolicyType
    name: str
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachPolicy:
    """Detach a policy that the strategy doesn't want there any more."""

    type: PolicyType
    name: str
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePolicy:
    """Delete a policy that Strongroom owns and the strategy no longer declares."""

    type: PolicyType
    name: str


Action = (
    EnablePolicyType
    | EnableServiceAccess
    | ActivateStackSetsAccess
    | EnableResourceSharing
    | RegisterDelegatedAdministrator
    | PutDelegation
    | UpdateGlobalSettings
    | UpdateOptIn
    | IntegrateBackup
    | EnableBaseline
    | UpdateBaseline
    | ResetBaseline
    | PutStack
    | PutStackSet
    | CreateStackInstances
    | TakeBackStacks
    | RevertDrift
    | DeleteStack
    | DeleteStackSet
    | DeleteVault
    | PutPolicy
    | AttachPolicy
    | DetachPolicy
    | DeletePolicy
)


class Sign(StrEnum):
    """What a step does to what is there, as it is shown before its title."""

    CREATES = "+"
    CHANGES = "~"
    DESTROYS = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value inside a document that a step changes."""

    path: str  # "Resources.VaultCentral.Properties.AccessPolicy.Statement[NobodyDeletes].Action"
    before: str  # canonical JSON; empty where nothing was there
    after: str  # canonical JSON; empty where nothing will be there


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of a plan, with the sentence that a person reads before agreeing."""

    number: int  # from 1
    title: str
    removes: bool  # it takes protection away; needs an explicit word from the user
    sign: Sign = Sign.CHANGES
    differences: tuple[Difference, ...] = ()  # all of them; none for what is made anew
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """What a step could not do in one account and Region while it went on with the others."""

    subject: str  # "StackSet tiers-local"
    account: AccountId
    region: Region
    cause: str  # AWS's words


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObject:
    """An object that the plan was computed from; `sha256` of its canonical JSON, empty when it did not exist."""

    subject: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """What to do to make AWS look like a strategy."""

    plan_id: str
    strategy: str
    management_account: AccountId
    home_region: Region
    deploy_role: str  # assumed in accounts other than the management account
    created_at: str  # AWS's time, ISO 8601
    reads: tuple[ReadObject, ...]
    locks: tuple[str, ...] = ()  # labels of vaults whose compliance lock these steps put: each has to be accepted by name
    steps: tuple[Step, ...]


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no blanks, so that equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(value: Any) -> str:
    """Return the hex digest of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def encode(value: Any) -> Any:
    """Return a frozen dataclass of this vocabulary as plain JSON values; an action carries its `kind`."""
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: encode(getattr(value, field.name)) for field in fields(value)}
        return {"kind": type(value).__name__, **members} if isinstance(value, get_args(Action)) else members
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def to_json(plan: ChangePlan) -> dict[str, Any]:
    """Return a plan as JSON values with its `format_version`."""
    return {"format_version": FORMAT_VERSION, **encode(plan)}


def from_json(document: Any, *, file: str) -> ChangePlan:
    """Return the plan in a JSON document; raises BadInput that names the file when it is not one."""
    if not isinstance(document, Mapping) or document.get("format_version") != FORMAT_VERSION:
        raise BadInput(f"{file} is not a change plan of format {FORMAT_VERSION}", hint="write one with: strongroom plan --out FILE")
    try:
        plan: ChangePlan = _decode(ChangePlan, {key: value for key, value in document.items() if key != "format_version"})
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{file} is not a whole change plan: {error}", hint="write it again with: strongroom plan --out FILE") from error
    return plan


def decode_step(document: Mapping[str, Any]) -> Step:
    """Return the step that `encode` wrote."""
    step: Step = _decode(Step, document)
    return step


def decode_shortfall(document: Mapping[str, Any]) -> Shortfall:
    """Return the shortfall that `encode` wrote."""
    shortfall: Shortfall = _decode(Shortfall, document)
    return shortfall


def _decode(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        by_name = {member.__name__: member for member in arguments}
        members = dict(value)
        return _decode(by_name[members.pop("kind")], members)
    if origin is tuple:
        inner = [arguments[0]] * len(value) if arguments[1:] == (...,) else list(arguments)
        return tuple(_decode(each, item) for each, item in zip(inner, value, strict=True))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        unknown = set(value) - set(hints)
        if unknown:
            raise ValueError(f"unknown member {min(unknown)!r} of {getattr(kind, '__name__', kind)}")
        return kind(**{name: _decode(hint, value[name]) for name, hint in hints.items()})  # type: ignore[operator]
    if kind in (AccountId, Region):
        return kind.parse(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} is not a {kind.__name__}")  # noqa: TRY004 - one class of error for a bad file
    return value
