"""A strategy: what a backup team declares, after parsing. Units are in the names; every part knows its origin."""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.names import AccountId, EveryAccount, Region, ResourceType, RetentionDays
from strongroom.domain.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTerm:
    """A tag key with the values that match it; several values mean or. Keys and values are case-sensitive."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which resources: all tag terms match AND the type is named, but none of the exclusions matches."""

    tags: tuple[TagTerm, ...] = ()
    types: tuple[ResourceType, ...] = ()  # empty: every type
    not_tags: tuple[TagTerm, ...] = ()  # a resource that matches any of them is left out
    not_types: tuple[ResourceType, ...] = ()
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts with a part in the strategy; `management` None: taken from Organizations."""

    management: AccountId | None
    backup_admin: AccountId | None  # None: the management account administers backups itself
    central: AccountId | None  # None: no central backup account
    log_archive: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Where the strategy applies."""

    home_region: Region
    regions: tuple[Region, ...]  # governed Regions, home Region included
    accounts: Accounts
    governs: tuple[str, ...]  # OU names, OU paths from the root ("Workloads/Prod") or OU ids, with all below them
    opt_in: tuple[ResourceType, ...]  # types opted in to AWS Backup in every governed Region
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Names of IAM roles; the first two are assumed by Strongroom, the last one by AWS Backup."""

    read: str
    deploy: str
    backup: str


class KeyKind(StrEnum):
    """Who makes the key that a vault uses."""

    PER_ACCOUNT = "per-account"  # a customer-managed key in each account and Region of the vault
    AWS_MANAGED = "aws-managed"  # alias aws/backup; can't be shared with another account


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A KMS key that vaults name."""

    name: str
    kind: KeyKind
    origin: Origin


class LockMode(StrEnum):
    """How a vault lock binds."""

    GOVERNANCE = "governance"  # whoever has the permission can remove it
    COMPLIANCE = "compliance"  # nobody can, once the grace time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """AWS Backup Vault Lock: the range of retention that jobs may ask for."""

    mode: LockMode
    min_days: int
    max_days: int | None  # None: no upper bound
    grace_days: int | None  # compliance only, 3 at least
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A backup vault, in one account or in every governed account."""

    label: str  # the name in the strategy, which copies refer to
    name: str  # the name in AWS
    account: AccountId | EveryAccount
    regions: tuple[Region, ...]
    key: str  # name of a Key
    lock: Lock | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy action of a rule."""

    to: str  # label of a vault
    keep: RetentionDays | None  # days from the creation date of the source; None: as the rule
    cold_after_days: int | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When, where and how long a plan backs up."""

    name: str
    schedule: str  # six-field AWS cron, "cron(0 2 * * ? *)"
    timezone: str  # IANA name
    start_within_minutes: int
    complete_within_minutes: int
    keep: RetentionDays
    cold_after_days: int | None
    continuous: bool
    vault: str  # label of a vault in every account
    copies: tuple[Copy, ...]
    archive: bool = False  # EBS snapshots move to the archive where others move to cold storage
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Resources and the rules that protect them."""

    name: str
    select: Selection
    rules: tuple[Rule, ...]
    origin: Origin


class Loss(StrEnum):
    """What a promise says may be lost without losing the data."""

    ACCOUNT = "account"  # of the resource, with everything in it
    REGION = "region"  # of the resource
    DELETION = "deletion"  # somebody with all permissions deletes what can be deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What the organization promises about some resources."""

    select: Selection
    rpo_minutes: int | None
    rto_minutes: int | None
    survives: tuple[Loss, ...] = ()
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionOwed:
    """For how long some resources' history must exist, or may exist, and why."""

    select: Selection
    at_least_days: int  # 0: nothing is owed, only `at_most_days` is declared
    at_most_days: int | None = None  # None: no upper bound is declared
    basis: str
    origin: Origin


class RegulationName(StrEnum):
    """Regulations and standards with statements that a configuration can be held against."""

    DORA = "dora"
    GDPR = "gdpr"
    HIPAA = "hipaa"
    NIS2 = "nis2"
    PCI = "pci"
    SEC_17A_4 = "sec-17a-4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    """A regulation that the organization says it is under, for some resources or for all that plans select."""

    name: RegulationName
    select: Selection | None  # None: whatever any plan selects
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """The whole declaration."""

    name: str
    organization: Organization
    roles: Roles
    keys: tuple[Key, ...]
    vaults: tuple[Vault, ...]
    plans: tuple[Plan, ...]
    objectives: tuple[Objective, ...]
    retention: tuple[RetentionOwed, ...]
    regulations: tuple[Regulation, ...] = ()
    origin: Origin
