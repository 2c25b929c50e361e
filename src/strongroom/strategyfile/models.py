"""The grammar of a strategy file: pydantic models at the edge, and nothing of them beyond it.

Descriptions and examples here are what editors show, through `json_schema()`.
"""

from typing import Annotated

from pydantic import Field

from strongroom.strategyfile import values
from strongroom.strategyfile.fields import (
    Account,
    Basis,
    ColdDays,
    CompletionWindow,
    Days,
    GraceDays,
    Home,
    KeyArn,
    Kind,
    Law,
    LockDays,
    Losses,
    Mode,
    Name,
    OneOrMany,
    PlanName,
    Promise,
    RegionCode,
    Regions,
    Retention,
    RuleName,
    Schedule,
    Shorthand,
    StartWindow,
    StrategyName,
    Truth,
    Types,
    Units,
    VaultKind,
    VaultName,
    Version,
    Where,
    Zone,
)
from strongroom.strategyfile.governanceparts import (
    AlertsPart,
    ControlTowerPart,
    FrameworkPart,
    GuardRailsPart,
    ReportPart,
    RestoreTestPart,
    SafeguardsPart,
    TagPolicyPart,
)
from strongroom.strategyfile.nativeparts import NativePart
from strongroom.strategyfile.parts import SELECT, Part, SelectionPart
from strongroom.strategyfile.roleparts import RolesPart

_RULES = {"daily": {"at": "02:00", "keep": "30d"}}


def _copy(value: object) -> object:
    return {"to": value} if isinstance(value, str) else value


def _regulation(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _lock(value: object) -> object:
    words = value.split() if isinstance(value, str) else []
    return {"like": words[1]} if len(words) == 2 and words[0] == "like" else value


class AccountsPart(Part):
    """The accounts with a part in the strategy, each as twelve digits in quotes."""

    management: Account | None = None
    """The management account. Default: read from Organizations."""
    backup_admin: Account | None = None
    """The delegated administrator of AWS Backup. Default: the management account administers backups itself."""
    central: Account | None = None
    """The account that holds the central vaults. Default: there is none."""
    log_archive: Account | None = None
    """The account that holds logs and reports. Default: there is none."""


class OrganizationPart(Part):
    """Where the strategy applies."""

    home_region: RegionCode = Field(examples=["eu-west-2"])
    """The Region of central settings: StackSets, roles and the default Region of central vaults."""
    regions: Regions | None = Field(default=None, min_length=1, examples=[["eu-west-2", "eu-west-1"]])
    """The governed Regions, home Region included: backups run there and Strongroom looks there. Default: the home Region alone."""
    accounts: AccountsPart = Field(default_factory=AccountsPart)
    """Accounts that vaults can name, such as `in: central`."""
    governs: Units = Field(examples=[["Workloads"]])
    """Organizational units whose accounts are backed up, with everything below them: names, paths such as Workloads/Prod, or ids."""
    opt_in: Types = Field(default=values.ALL, validate_default=True, examples=[["dynamodb", "s3", "rds"]])
    """Resource types opted in to AWS Backup in every governed Region. Default: all of them."""
    control_tower: ControlTowerPart | None = None
    """The backup baseline of AWS Control Tower. Default: it has no part in backups."""


class KeyPart(Part):
    """A KMS key that vaults name."""

    kind: Kind = Field(examples=["per-account"])
    """per-account: a customer-managed key in each account and Region of the vault; multi-region: one key in one account with a replica
    in every governed Region; aws-managed: aws/backup, which can't be shared."""
    where: Home | None = Field(default=None, alias="in", examples=["central"])
    """Where a multi-region key is made: a role of organization.accounts, or an account id. Default: central."""
    arn: KeyArn | None = None
    """The ARN of a multi-region key that exists. Without `in`, the key and its replicas belong to somebody else. Default: apply makes the
    key, its replicas, and then the vaults that use it."""
    rotation: Truth = True
    """Let KMS change the key's material every year; recovery points stay readable. Default: true."""


class LockPart(Part):
    """AWS Backup Vault Lock: jobs outside its range fail; a compliance lock can't be removed once its grace time is over.

    That of an air-gapped vault has min and max alone: it is there from the start, and nobody can remove it.
    """

    mode: Mode | None = None
    """governance: whoever has the permission can remove it; compliance: nobody can, once the grace time is over."""
    min: LockDays | None = None
    """The shortest retention a job may ask for. Default: 1d."""
    max: LockDays | None = None
    """The longest retention a job may ask for. Default: no bound."""
    grace: GraceDays | None = None
    """How long a compliance lock can still be removed, 3d at least; there is no default."""
    like: Name | None = None
    """Take the lock of another vault, also written as `lock: like central`."""


class VaultPart(Part):
    """A backup vault, in one account or in every governed account."""

    where: Where = Field(alias="in", examples=["central"])
    """every-account: one in each governed account; or a role of organization.accounts; or an account id."""
    region: RegionCode | None = None
    """The Region of the vault. Default: the home Region, or every governed Region for a vault in every-account."""
    regions: Regions | None = None
    """Several Regions; write either this or `region`."""
    key: Name | None = None
    """The key under `keys` that encrypts it. Default: the key named backup, or the only one declared; a key of AWS's if air-gapped."""
    name: VaultName | None = None
    """The name in AWS. Default: <strategy>-<label>."""
    share: Annotated[tuple[Home, ...], Field(min_length=1), OneOrMany()] = Field(default=(), examples=[["backup_admin"]])
    """Accounts that an air-gapped vault is shared with through AWS RAM, so that they can restore from it without a copy: roles of
    organization.accounts, or account ids. Default: nobody."""
    adopt: VaultName | None = None
    """The name of a vault that exists and that somebody else keeps, such as Control Tower: plans use it, and it is never made, changed or
    destroyed. key (default: control_tower.key), lock and type say what it has. Default: Strongroom makes the vault."""
    lock: Annotated[LockPart, Shorthand(_lock, f"like {values.NAME_PATTERN}")] | None = None
    """The range of retention that jobs may ask for, or `like <label>`; required for an air-gapped vault. Default: no lock."""
    type: VaultKind = Field(default="standard", validate_default=True)
    """standard, or air-gapped: AWS keeps its contents in an account of its own, locked from the start. Default: standard."""


class CopyPart(Part):
    """A copy action to one vault."""

    to: Name = Field(examples=["central"])
    """The label of a vault in one account and one Region."""
    keep: Retention | None = None
    """How long to keep the copy, counted from the creation of its source. Default: as the rule says."""
    cold_after: ColdDays | None = None
    """When the copy moves to cold storage. Default: never."""


class RulePart(Part):
    """When a plan backs up, where to and for how long."""

    at: Schedule = Field(default="05:00", validate_default=True)
    """When: "02:00" daily, "Sunday 06:00", "day 1 03:00", "last day 03:00", hourly, or an AWS cron(…). Default: daily at 05:00."""
    timezone: Zone = "UTC"
    """The IANA time zone of `at`. Default: UTC."""
    start_within: StartWindow = Field(default="8h", validate_default=True)
    """A job that has not started by then expires; 60m at least. Default: 8h."""
    complete_within: CompletionWindow = Field(default="7d", validate_default=True)
    """A job that has not finished by then is stopped; longer than start_within. Default: 7d."""
    keep: Retention = Field(examples=["30d"])
    """How long to keep recovery points, counted from their creation: 30d, 2w, 6mo, 7y, or forever. There is no default."""
    cold_after: ColdDays | None = None
    """When recovery points move to cold storage, for the types that have it. Default: never."""
    archive: Truth = False
    """Move EBS snapshots to the archive after cold_after: monthly rules or rarer only, each archived snapshot is a full one."""
    continuous: Truth = False
    """Continuous backup for point-in-time restores, for the types that have it; keep at most 35d. Default: false."""
    vault: Name | None = None
    """The label of the vault beside the resources that takes the backup. Default: local, or the only standard one in every-account."""
    through: Name | None = None
    """The standard vault on the way into an air-gapped `vault`, where types that AWS doesn't keep there stay. Default: as `vault`."""
    copies: Annotated[tuple[Annotated[CopyPart, Shorthand(_copy, values.NAME_PATTERN)], ...], OneOrMany()] = Field(
        default=(), alias="copy", examples=["central"]
    )
    """Vaults to copy to: a label, several, or mappings of `to` with a `keep` of their own. Default: no copy."""
    adopt: RuleName | None = None
    """The name of the rule in an adopted plan, where it differs from the one here. Default: as here."""


class PlanPart(Part):
    """Resources and the rules that protect them."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which resources."""
    rules: dict[Name, RulePart] = Field(min_length=1, examples=[_RULES])
    """The rules by name."""
    where: Home | None = Field(default=None, alias="in", examples=["log_archive"])
    """Make the plan in one account instead: a role of organization.accounts, or an account id. It protects that account alone.
    Default: an organization policy brings it to every governed account."""
    regions: Regions | None = Field(default=None, examples=[["eu-west-2"]])
    """The governed Regions that it protects. Default: those that have its vaults."""
    adopt: PlanName | None = None
    """The name of a plan that exists and that somebody else keeps, in a backup policy or (with `in`) in that account: what is written here
    is what it does, verify compares, and it is never made, changed or destroyed. Default: Strongroom makes the plan."""


class ObjectivePart(Part):
    """What the organization promises about some resources; verify proves or disproves it."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which resources."""
    rpo: Promise | None = None
    """The recovery point objective: no more than this may be lost."""
    rto: Promise | None = None
    """The recovery time objective: a restore takes no longer than this."""
    survives: Losses = Field(default=(), examples=[["account", "region"]])
    """What may be lost without losing the data: account, region, deletion (by somebody with all permissions). Default: not promised."""


class RetentionPart(Part):
    """For how long some resources' history must exist, and why."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which resources."""
    at_least: Days | None = Field(default=None, examples=["7y"])
    """How far the history must reach back. Default: not owed."""
    at_most: Days | None = Field(default=None, examples=["10y"])
    """How far the history may reach back: nothing older may exist. Default: no bound."""
    basis: Basis = Field(examples=["SOX, company policy 12"])
    """The law, contract or policy that asks for it."""


class RegulationPart(Part):
    """A regulation that the organization is under; check says which of its statements the configuration can't meet."""

    name: Law = Field(examples=["dora"])
    """dora, gdpr, hipaa, nis2, pci or sec-17a-4."""
    select: SelectionPart | None = Field(default=None, examples=[SELECT])
    """Which resources it is about. Default: whatever any plan selects."""


class StrategyPart(Part):
    """A backup strategy for an AWS organization: what is backed up, where to, how long, and what is promised."""

    strongroom: Version = Field(examples=[1])
    """The format version of this file, 1."""
    name: StrategyName | None = None
    """The name that AWS names start with and that owned resources are tagged with. Default: the file, or its folder for strategy.yaml."""
    organization: OrganizationPart = Field(examples=[{"home_region": "eu-west-2", "governs": ["Workloads"]}])
    """Where the strategy applies."""
    roles: RolesPart = Field(default_factory=RolesPart)
    """IAM roles: names, and who may assume those of people."""
    keys: dict[Name, KeyPart] = Field(default_factory=dict)
    """KMS keys by name. Default: one key named backup, per-account."""
    vaults: dict[Name, VaultPart] = Field(default_factory=dict)
    """Backup vaults by label. A vault `local` in every-account is added when none is declared there."""
    plans: dict[Name, PlanPart] = Field(
        min_length=1,
        examples=[{"production": {"select": SELECT, "rules": _RULES}}],
    )
    """Backup plans by name."""
    objectives: tuple[ObjectivePart, ...] = ()
    """What is promised, checked against the schedules and proven from the recovery points."""
    retention: tuple[RetentionPart, ...] = ()
    """What history is owed, checked against plans, copies and locks."""
    regulations: Annotated[tuple[Annotated[RegulationPart, Shorthand(_regulation, "[a-z0-9-]+")], ...], OneOrMany()] = Field(
        default=(), examples=[["dora"]]
    )
    """Regulations to check the configuration against: names, or mappings of `name` and `select`. No legal advice."""
    restore_tests: dict[Name, RestoreTestPart] = Field(default_factory=dict)
    """Restores on a schedule that prove recovery points, by name. Default: none."""
    alerts: AlertsPart | None = None
    """Who is told about failures. Default: nobody."""
    frameworks: dict[Name, FrameworkPart] = Field(default_factory=dict)
    """Frameworks of AWS Backup Audit Manager by name. Default: none."""
    reports: dict[Name, ReportPart] = Field(default_factory=dict)
    """Reports of AWS Backup by name. Default: none."""
    guard_rails: GuardRailsPart | None = None
    """What nobody in the governed accounts may do. Default: nothing is denied."""
    safeguards: SafeguardsPart = Field(default_factory=SafeguardsPart)
    """What whoever takes protection away has to show. Default: nothing but the permission."""
    tag_policy: TagPolicyPart | None = None
    """How the tags that backups depend on have to be written. Default: as anybody likes."""
    native: NativePart = Field(default_factory=NativePart)
    """Protection outside of AWS Backup: databases, buckets, tables, ECS. Default: none is declared."""
