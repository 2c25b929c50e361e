"""A strategy: what a backup team declares, after parsing. Units are in the names; every part knows its origin."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from strongroom.domain.governance import NO_SAFEGUARDS, Alerts, Framework, GuardRails, Report, Safeguards, TagPolicy
from strongroom.domain.names import AccountId, EveryAccount, Region, ResourceType, RetentionDays
from strongroom.domain.origin import Origin
from strongroom.domain.roles import Roles


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTerm:
    """A tag key with the values that match it; several values mean or. Keys and values are case-sensitive."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which resources: all tag terms match AND type and ARN are named, but none of the exclusions matches."""

    tags: tuple[TagTerm, ...] = ()
    types: tuple[ResourceType, ...] = ()  # empty: every type
    arns: tuple[str, ...] = ()  # ARNs and patterns with *, any of which matches; empty: every ARN
    not_tags: tuple[TagTerm, ...] = ()  # a resource that matches any of them is left out
    not_types: tuple[ResourceType, ...] = ()
    not_arns: tuple[str, ...] = ()
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts with a part in the strategy; `management` None: taken from Organizations."""

    management: AccountId | None
    backup_admin: AccountId | None  # None: the management account administers backups itself
    central: AccountId | None  # None: no central backup account
    log_archive: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTower:
    """The backup baseline of AWS Control Tower, which makes vaults, a role and plans of its own."""

    enabled_on: tuple[str, ...]  # OU names, paths or ids, in the order in which the baseline is enabled
    key: str | None  # name of the Key that its vaults use; None: not said
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Where the strategy applies."""

    home_region: Region
    regions: tuple[Region, ...]  # governed Regions, home Region included
    accounts: Accounts
    governs: tuple[str, ...]  # OU names, OU paths from the root ("Workloads/Prod") or OU ids, with all below them
    opt_in: tuple[ResourceType, ...]  # types opted in to AWS Backup in every governed Region
    control_tower: ControlTower | None = None  # None: Control Tower has no part in backups
    origin: Origin


class KeyKind(StrEnum):
    """Who makes the key that a vault uses."""

    PER_ACCOUNT = "per-account"  # a customer-managed key in each account and Region of the vault
    MULTI_REGION = "multi-region"  # one customer-managed key in one account, with a replica in every governed Region
    AWS_MANAGED = "aws-managed"  # alias aws/backup; can't be shared with another account


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A KMS key that vaults name."""

    name: str
    kind: KeyKind
    account: AccountId | None = None  # multi-region only: where the key is
    arn: str | None = None  # multi-region only: of the primary key; None: there is none yet
    ours: bool = True  # Strongroom makes it; multi-region keys of others exist with their replicas
    rotated: bool = True  # its material changes every year; without a meaning for AWS-managed keys
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
    grace_days: int | None  # compliance only, 3 at least; 0: hard from the start, as the lock of an air-gapped vault is
    origin: Origin


class VaultType(StrEnum):
    """Where AWS keeps what is in a vault."""

    STANDARD = "standard"  # in the account of the vault
    AIR_GAPPED = "air-gapped"  # in an account of AWS's own (logically air-gapped vault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A backup vault, in one account or in every governed account."""

    label: str  # the name in the strategy, which copies refer to
    name: str  # the name in AWS
    account: AccountId | EveryAccount
    regions: tuple[Region, ...]
    key: str  # name of a Key; empty: a key that AWS owns, which only air-gapped vaults can have
    lock: Lock | None  # always there on an air-gapped vault: compliance, without grace time
    type: VaultType = VaultType.STANDARD
    shared_with: tuple[AccountId, ...] = ()  # air-gapped only: accounts that can restore from it without a copy
    adopted: bool = False  # somebody else made it and keeps it: it is used, and never made, changed or destroyed
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
    vault: str  # label of a standard vault in every account, or in the account of the plan
    copies: tuple[Copy, ...]
    archive: bool = False  # EBS snapshots move to the archive where others move to cold storage
    air_gapped: str | None = None  # label of the air-gapped vault that is the target; types it doesn't take stay in `vault`
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Resources and the rules that protect them."""

    name: str
    select: Selection
    rules: tuple[Rule, ...]
    account: AccountId | None = None  # None: an organization policy brings it to every governed account
    regions: tuple[Region, ...] = ()  # empty: every governed Region that has its vaults
    adopted: bool = False  # somebody else made it and keeps it: it is never made, changed or destroyed
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


class Pick(StrEnum):
    """Which recovery point of a resource a restore test takes."""

    LATEST = "latest"
    RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOverride:
    """Restore metadata for a type, where what AWS infers is not usable."""

    type: ResourceType
    values: tuple[tuple[str, str], ...]  # AWS's names, such as dbSubnetGroupName
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """How a restored resource of a type is examined by one validator."""

    type: ResourceType
    validator: str = "sql"  # name of the plugin
    settings: str = "{}"  # of the plugin, as canonical JSON
    file: str = ""  # named by the settings, relative to the strategy, such as checks/ledger.sql; empty: none
    origin: Origin


class Tls(StrEnum):
    """How much TLS a connection to a restored database needs."""

    PREFER = "prefer"  # where it is offered
    REQUIRE = "require"
    VERIFY = "verify"  # with the certificate and its name checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How validators log in to restored resources of a type; where the password is, never the password."""

    type: ResourceType
    user: str = ""  # empty: the one in the secret, else the database's master user
    variable: str = ""  # environment variable that holds the password
    secret_arn: str = ""  # secret in Secrets Manager, a password or RDS's JSON, read when it is needed
    database: str = ""  # empty: the one that the resource was made with, else postgres
    tls: Tls = Tls.PREFER
    ca: str = ""  # file of trusted certificates, relative to the strategy; empty: those of the machine
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTest:
    """Restores on a schedule that prove recovery points of some vaults."""

    name: str
    schedule: str  # six-field AWS cron
    timezone: str
    select: Selection  # its tags are those of the recovery points, its types those that are restored
    vaults: tuple[str, ...]  # labels of the vaults whose recovery points are restored
    pick: Pick
    within_days: int  # only recovery points that are not older
    start_within_hours: int  # restores start at random moments in this time
    validate_within_hours: int  # what was restored is kept so long for its validation; 0: nothing is validated
    overrides: tuple[RestoreOverride, ...] = ()
    validations: tuple[Validation, ...] = ()
    logins: tuple[Login, ...] = ()  # at most one a type
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSnapshots:
    """Manual snapshots of databases, beside their automated backups."""

    name: str  # "monthly"
    schedule: str  # six-field AWS cron
    timezone: str
    keep: RetentionDays  # RDS keeps them until they are deleted
    to: tuple[Region, ...]  # Regions that they are copied to
    key: str | None  # name of the Key of the copies; None: the owning service's
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeDatabases:
    """How RDS and Aurora databases protect themselves."""

    name: str
    select: Selection
    retention_days: int | None  # of automated backups, 0: off; None: not declared, as everything that is None here
    backup_window: str | None  # "03:00-04:00" in UTC, as RDS writes it
    maintenance_window: str | None  # "mon:04:00-mon:05:00" in UTC, as RDS writes it
    deletion_protection: bool | None
    copy_tags: bool | None  # tags go to snapshots
    snapshots: tuple[NativeSnapshots, ...]
    origin: Origin


class StorageClass(StrEnum):
    """Storage classes of S3, as S3 writes them."""

    STANDARD = "STANDARD"
    STANDARD_IA = "STANDARD_IA"
    ONEZONE_IA = "ONEZONE_IA"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    GLACIER_IR = "GLACIER_IR"
    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"

    @property
    def keyword(self) -> str:
        """How a strategy file writes it.

        Example:
            >>> StorageClass.STANDARD_IA.keyword
            'standard-ia'
        """
        return self.value.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """When objects move to another storage class."""

    after_days: int
    to: StorageClass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLock:
    """The default retention of new objects in a bucket."""

    mode: LockMode
    days: int
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """Objects of a bucket are copied to another one as they arrive."""

    to: Region
    bucket: str | None  # name of the other bucket; None: named after its source and Region
    storage_class: StorageClass | None  # None: that of the source
    encrypted_objects: bool  # objects under a KMS key are selected too; S3 skips them otherwise
    key: str | None  # name of the Key of the replicas
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeBuckets:
    """How S3 buckets protect their objects."""

    name: str
    select: Selection
    versioning: bool | None  # None: not declared
    mfa_delete: bool
    object_lock: ObjectLock | None
    transitions: tuple[Transition, ...]
    expire_after_days: int | None  # of current versions; None: never
    noncurrent_transitions: tuple[Transition, ...]
    noncurrent_expire_after_days: int | None
    replications: tuple[Replication, ...]
    origin: Origin

    @property
    def has_lifecycle(self) -> bool:
        """Whether any lifecycle rule is declared."""
        moves = self.transitions or self.noncurrent_transitions
        return bool(moves) or self.expire_after_days is not None or self.noncurrent_expire_after_days is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeTables:
    """How DynamoDB tables protect themselves."""

    name: str
    select: Selection
    point_in_time_days: int  # how far a point-in-time restore reaches back; 0: off
    deletion_protection: bool | None  # None: not declared
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeContainers:
    """ECS services, task definitions and scaling policies, captured because AWS Backup doesn't know ECS."""

    name: str
    select: Selection  # by tags or ARNs of clusters and services
    schedule: str  # six-field AWS cron
    timezone: str
    bucket: str  # name of a versioned S3 bucket
    keep: RetentionDays
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """Protection outside of AWS Backup."""

    databases: tuple[NativeDatabases, ...] = ()
    buckets: tuple[NativeBuckets, ...] = ()
    tables: tuple[NativeTables, ...] = ()
    containers: tuple[NativeContainers, ...] = ()


NOTHING_NATIVE: Final = Native()


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
    restore_tests: tuple[RestoreTest, ...] = ()
    alerts: Alerts | None = None
    frameworks: tuple[Framework, ...] = ()
    reports: tuple[Report, ...] = ()
    guard_rails: GuardRails | None = None
    safeguards: Safeguards = NO_SAFEGUARDS
    tag_policy: TagPolicy | None = None
    native: Native = NOTHING_NATIVE
    origin: Origin
