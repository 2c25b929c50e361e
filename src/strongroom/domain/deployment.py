"""What of a backup organization is deployed now, as far as a change plan needs to know it."""

from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.keptstack import KeptStack
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import OrganizationalUnit

# States of a stack that holds what its template says; in others something is under way, or the last operation failed.
SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"})


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
    outputs: tuple[tuple[str, str], ...] = ()  # sorted by name


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGap:
    """An account and Region in which a StackSet has no current stack, though the account is below its OUs."""

    account: AccountId
    region: Region
    unit_id: str  # OU of the StackSet that the account is below
    stack: str  # ARN of the stack that could not be made or updated; empty where there is none
    instance: bool  # the StackSet knows the place


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStackSet:
    """A StackSet that a strategy wants."""

    name: str
    template: str  # canonical JSON
    parameters: tuple[tuple[str, str], ...]
    owner: str
    deployed_to: tuple[tuple[str, Region], ...]  # (OU id, Region) pairs that have instances or were asked for
    failed: tuple[tuple[str, Region, str], ...]  # (account, Region, reason) of instances that are not current
    operation: str = ""  # what it is doing right now, such as "UPDATE 1b2c…"; empty for nothing
    gaps: tuple[StackGap, ...] = ()  # none while it is doing something
    kept: tuple[KeptStack, ...] = ()  # stacks that accounts kept when they left, and that fill gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPolicies:
    """The policies of one type that are attached to a root, OU or account itself."""

    type: PolicyType
    target_id: str
    names: tuple[str, ...]  # sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedVault:
    """A backup vault in a single account."""

    account: AccountId
    region: Region
    name: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingZone:
    """The landing zone of AWS Control Tower, and its integration of AWS Backup."""

    arn: str
    version: str
    status: str  # ACTIVE, PROCESSING or FAILED
    drifted: bool
    regions: tuple[Region, ...]  # governed
    config: bool  # AWS Config is integrated
    backup: bool  # AWS Backup is integrated
    backup_admin: str  # account; empty where AWS Backup is not integrated, as the next two
    central: str  # account
    key_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledBaseline:
    """A baseline of Control Tower that is enabled on an OU."""

    arn: str
    target_id: str  # id of the OU
    version: str
    status: str  # SUCCEEDED, FAILED or UNDER_CHANGE
    drifted: bool  # an account of the OU has another version of it, or none


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedControlTower:
    """What AWS Control Tower has to do with backups."""

    landing_zone: LandingZone | None
    baseline_arn: str  # of the backup baseline; empty where there is no landing zone
    governed: tuple[str, ...]  # ids of OUs with Control Tower's own baseline, sorted
    enrolled: tuple[AccountId, ...]  # accounts that have a baseline of Control Tower, sorted
    baselines: tuple[EnabledBaseline, ...]  # the backup baseline where it is enabled, by OU
    replicas: tuple[tuple[Region, str], ...] | None  # Region -> policy of the key in it; None: the key could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVault:
    """A vault of a strategy, with what is in it."""

    account: AccountId
    region: Region
    name: str
    recovery_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedProperty:
    """A property of a resource that is not as its template says."""

    path: str  # "/AccessPolicy/Statement/0/Action", as CloudFormation writes it
    expected: str
    actual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedResource:
    """A resource of a stack that somebody changed or deleted by hand."""

    logical_id: str
    type: str  # "AWS::Backup::BackupVault"
    physical_id: str
    deleted: bool
    properties: tuple[DriftedProperty, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedStack:
    """A stack whose resources are not as its template says."""

    subject: str  # "StackSet tiers-local", "stack tiers-central"
    account: AccountId
    region: Region
    stack: str  # name or ARN
    resources: tuple[DriftedResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What somebody changed by hand inside the stacks of a strategy."""

    stacks: tuple[DriftedStack, ...] = ()
    unread: tuple[str, ...] = ()  # where it could not be looked for, each with the reason


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
    drift: Drift = Drift()  # inside the stacks; nothing where it was not looked for
    unread: tuple[str, ...] = ()  # where stacks may be that the strategy no longer declares, each with the reason
    managed: tuple[tuple[Region, tuple[tuple[str, bool], ...]], ...] = ()  # advanced features of the management account, by type
    resource_policy: str = ""  # of the organization, canonical JSON; empty: there is none
    ou_paths: tuple[tuple[AccountId, str], ...] = ()  # of each account's OU; empty directly under the root
    attached: tuple[AttachedPolicies, ...] = ()  # to the OUs that policies of the strategy are for
    policy_counts: tuple[tuple[PolicyType, int], ...] = ()  # policies of the organization, whoever made them
    vaults: tuple[DeployedVault, ...] = ()  # in single accounts, with names that the strategy makes or adopts
    buckets: tuple[str, ...] = ()  # names of those that the strategy makes which are there, whoever made them
    control_tower: DeployedControlTower | None = None  # None: the strategy does not use it, and it was not read
