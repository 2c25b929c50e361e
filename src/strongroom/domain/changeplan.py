"""A change plan: everything that `apply` will do, as a value that can be read, stored and compared.

Each step is one typed action. A step may run more than once, so whoever executes it reads before it writes.
"""

from dataclasses import dataclass

from strongroom.domain.names import AccountId, Region, ResourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePolicyType:
    """Enable backup policies on the root of the organization."""

    root_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableServiceAccess:
    """Enable trusted access of a service in the organization."""

    service: str  # "backup.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateStackSetsAccess:
    """Enable trusted access of CloudFormation StackSets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDelegatedAdministrator:
    """Make an account delegated administrator of a service."""

    account: AccountId
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateGlobalSettings:
    """Set AWS Backup's global settings in the management account."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOptIn:
    """Set the service opt-in of AWS Backup in the management account and one Region."""

    region: Region
    opt_in: tuple[ResourceType, ...]  # types to switch on; others stay as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class PutStack:
    """Create or update a CloudFormation stack in one account and Region."""

    account: AccountId
    region: Region
    name: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    creates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PutStackSet:
    """Create or update a service-managed StackSet (its template, not its instances)."""

    name: str
    description: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    creates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStackInstances:
    """Deploy a StackSet to OUs and Regions."""

    name: str
    ou_ids: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPolicy:
    """Create a backup policy, or update the one with this name that Strongroom owns."""

    name: str
    content: str
    creates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPolicy:
    """Attach a backup policy to a root, OU or account."""

    name: str
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachPolicy:
    """Detach a backup policy that the strategy doesn't want there any more."""

    name: str
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePolicy:
    """Delete a backup policy that Strongroom owns and the strategy no longer declares."""

    name: str


Action = (
    EnablePolicyType
    | EnableServiceAccess
    | ActivateStackSetsAccess
    | RegisterDelegatedAdministrator
    | UpdateGlobalSettings
    | UpdateOptIn
    | PutStack
    | PutStackSet
    | CreateStackInstances
    | PutPolicy
    | AttachPolicy
    | DetachPolicy
    | DeletePolicy
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of a plan, with the sentence that a person reads before agreeing."""

    number: int  # from 1
    title: str
    removes: bool  # it takes protection away; needs an explicit word from the user
    action: Action


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
    created_at: str  # AWS's time, ISO 8601
    reads: tuple[ReadObject, ...]
    steps: tuple[Step, ...]
