"""An estate: the parts of a backup organization, wherever they came from.

A compiled estate is what the strategy wants; an observed one is what AWS has. Mass facts (resources, recovery points,
jobs) are not here but in tables (`domain.tables`).
"""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.governance import NO_SAFEGUARDS, Alerts, Framework, GuardRails, Report, Safeguards, TagPolicy
from strongroom.domain.names import AccountId, EveryAccount, PolicyType, Region, ResourceType, RetentionDays
from strongroom.domain.origin import Origin, Unread
from strongroom.domain.roles import Roles
from strongroom.domain.stackoutput import StackOutput
from strongroom.domain.strategy import (
    NOTHING_NATIVE,
    Key,
    Native,
    Objective,
    Organization,
    Regulation,
    RestoreTest,
    RetentionOwed,
    Selection,
    Vault,
)


class Source(StrEnum):
    """Where an estate comes from."""

    COMPILED = "compiled"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAction:
    """A copy action with its destination resolved."""

    label: str  # label of the destination vault in the strategy
    vault_name: str
    account: AccountId | EveryAccount  # EVERY_ACCOUNT: the account of the resource itself
    region: Region
    keep: RetentionDays  # effective: the rule's where the copy declares none
    cold_after_days: int | None
    archive: bool = False  # EBS snapshots move to the archive
    asked: RetentionDays | None = None  # what was written, where AWS makes something else of it; None: nothing, or not known
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRule:
    """A rule of a backup plan with its vault and copies resolved."""

    name: str
    schedule: str  # "cron(0 2 * * ? *)"
    timezone: str
    start_within_minutes: int
    complete_within_minutes: int
    keep: RetentionDays
    cold_after_days: int | None
    continuous: bool
    label: str  # label of the target vault
    vault_name: str
    copies: tuple[CopyAction, ...]
    archive: bool = False  # EBS snapshots move to the archive where others move to cold storage
    air_gapped: str | None = None  # label of the air-gapped vault in the account itself that is the target
    air_gapped_name: str | None = None  # its name in AWS
    origin: Origin

    @property
    def copied_to(self) -> tuple[str, ...]:
        """Names of the vaults that its copy jobs write into: AWS Backup copies into the air-gapped target by itself."""
        return (*filter(None, (self.air_gapped_name,)), *(copy.vault_name for copy in self.copies))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlan:
    """A backup plan as it must exist in every governed account and Region, or in one account."""

    name: str
    select: Selection
    rules: tuple[BackupRule, ...]
    regions: tuple[Region, ...]
    account: AccountId | None = None  # None: every governed account, through an organization policy
    adopted: bool = False  # somebody else keeps it: it is there without us
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPolicy:
    """A policy of AWS Organizations and the OUs it is attached to."""

    type: PolicyType = PolicyType.BACKUP
    name: str
    content: str  # canonical JSON: sorted keys, no blanks
    targets: tuple[str, ...]  # OU names, paths or ids, as the strategy writes them
    plans: tuple[str, ...] = ()  # names of the backup plans inside


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSet:
    """A service-managed CloudFormation StackSet over OUs and Regions."""

    name: str
    description: str
    template: str  # canonical JSON
    parameters: tuple[tuple[str, str], ...]  # sorted by name
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
    outputs: tuple[StackOutput, ...] = ()  # of stacks, that become parameters
    protects: bool = True  # False: it watches, reports or tests, and comes when backups are on their way


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A CloudFormation stack in one account and Region."""

    name: str
    account: AccountId
    region: Region
    template: str  # canonical JSON
    parameters: tuple[tuple[str, str], ...]
    outputs: tuple[StackOutput, ...] = ()  # of other stacks, that become parameters
    late: bool = False  # made after the StackSets, because it starts what needs their roles and vaults
    protects: bool = True  # as in a StackSet
    governed_too: bool = True  # False: left out where its account is governed, because a StackSet brings the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Switches of the organization that backups depend on."""

    opt_in: tuple[ResourceType, ...]
    cross_account_backup: bool  # AWS Backup's global setting isCrossAccountBackupEnabled
    delegated_administrator: AccountId | None  # of backup.amazonaws.com
    managed: tuple[ResourceType, ...] = ()  # types with AWS Backup's advanced features (full management), where it is a choice


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPart:
    """Something that the estate's source doesn't say; the value that stands in its place proves nothing."""

    subject: str  # "vault central", "rule production.daily"
    aspect: str  # "lock", "key", "access policy", "Region", "opt-in" …
    reason: Unread
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeployed:
    """Something that the strategy declares and this release does not deploy."""

    subject: str  # "vault airgap", "restore test weekly", "alerts" …
    reason: str  # why, and what happens instead
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """A backup organization."""

    name: str  # of the strategy; the value of the tag strongroom:strategy
    source: Source
    organization: Organization
    roles: Roles
    keys: tuple[Key, ...]
    vaults: tuple[Vault, ...]
    plans: tuple[BackupPlan, ...]
    objectives: tuple[Objective, ...]
    retention: tuple[RetentionOwed, ...]
    settings: Settings
    regulations: tuple[Regulation, ...] = ()
    restore_tests: tuple[RestoreTest, ...] = ()
    alerts: Alerts | None = None
    frameworks: tuple[Framework, ...] = ()
    reports: tuple[Report, ...] = ()
    guard_rails: GuardRails | None = None
    safeguards: Safeguards = NO_SAFEGUARDS
    tag_policy: TagPolicy | None = None
    native: Native = NOTHING_NATIVE
    undeployed: tuple[Undeployed, ...] = ()
    policies: tuple[OrganizationPolicy, ...] = ()  # backup policies
    tag_policies: tuple[OrganizationPolicy, ...] = ()
    rails: tuple[OrganizationPolicy, ...] = ()  # service control policies
    stack_sets: tuple[StackSet, ...] = ()
    stacks: tuple[Stack, ...] = ()
    unknown: tuple[UnknownPart, ...] = ()

    @property
    def organization_policies(self) -> tuple[OrganizationPolicy, ...]:
        """Policies of every type, in the order in which they are attached: what forbids comes last."""
        return (*self.tag_policies, *self.policies, *self.rails)

    def looks_into(self, account: AccountId) -> bool:
        """Whether whoever deploys the estate looks into an account: of one with nothing but what others keep, the ledger tells."""
        return any(stack.account == account for stack in self.stacks) or not any(plan.adopted for plan in self.plans)

    def knows(self, subject: str, aspect: str) -> bool:
        """Tell whether the source of this estate says something about an aspect of a subject."""
        return not any(part.subject == subject and part.aspect == aspect for part in self.unknown)


OWNER_TAG = "strongroom:strategy"  # whatever lacks it is never changed or destroyed
