"""What of a backup organization is deployed now, as far as a change plan needs to know it."""

from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import OrganizationalUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedPolicy:
    """A policy of the organization."""

    type: PolicyType
    policy_id: str
    name: str
    content: str  # canonical JSON
    owner: str  # value of the tag strongroom:strategy, empty when it has none
    targets: tuple[str, ...]  # sorted ids of roots, OUs and accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """A CloudFormation stack that a strategy wants."""

    account: AccountId
    region: Region
    name: str
    status: str
    template: str  # canonical JSON
    parameters: tuple[tuple[str, str], ...]
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStackSet:
    """A StackSet that a strategy wants."""

    name: str
    template: str  # canonical JSON
    parameters: tuple[tuple[str, str], ...]
    owner: str
    deployed_to: tuple[tuple[str, Region], ...]  # (OU id, Region) pairs that have instances or were asked for
    failed: tuple[tuple[str, Region, str], ...]  # (account, Region, reason) of instances that are not current


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The deployed side of a strategy."""

    observed_at: datetime
    organization_id: str
    management_account: AccountId
    root_id: str
    units: tuple[OrganizationalUnit, ...]
    accounts: tuple[AccountId, ...]
    policy_types: tuple[PolicyType, ...]  # enabled ones
    trusted_services: tuple[str, ...]
    stack_sets_trusted: bool
    delegated_administrators: tuple[AccountId, ...]  # of backup.amazonaws.com
    global_settings: tuple[tuple[str, str], ...]
    opt_in: tuple[tuple[Region, tuple[tuple[str, bool], ...]], ...]  # of the management account
    policies: tuple[DeployedPolicy, ...]
    stacks: tuple[DeployedStack, ...]
    stack_sets: tuple[DeployedStackSet, ...]
