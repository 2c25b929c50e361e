"""The grammar of what stands around backups: restore tests, alerts, audit frameworks, reports, guard rails, tag policy."""

from typing import Annotated

from pydantic import Field

from strongroom.strategyfile import values
from strongroom.strategyfile.fields import (
    BucketName,
    Controls,
    Denials,
    EmailAddress,
    Events,
    ExemptRole,
    Format,
    Hours,
    Name,
    OneOrMany,
    Overrides,
    PickedPoint,
    Prefix,
    Schedule,
    StartHours,
    Tags,
    Template,
    TestWindow,
    TopicArn,
    Truth,
    TypeName,
    Types,
    Units,
    Zone,
)
from strongroom.strategyfile.parts import Part, SelectionPart
from strongroom.strategyfile.validationparts import Login, Validators


class ControlTowerPart(Part):
    """The backup baseline of AWS Control Tower, which makes its own vaults, role and plans in every account of an OU."""

    enabled_on: Units = Field(examples=[["Workloads", "Workloads/Prod"]])
    """OUs in the order in which the baseline is enabled: a parent before its children."""
    key: Name | None = None
    """The multi-Region key under `keys` that Control Tower's vaults use. Default: not said."""


class RestoreTestPart(Part):
    """Restores on a schedule that prove the recovery points of some vaults."""

    at: Schedule = Field(examples=["Sunday 10:00"])
    """When, as `at` of a rule."""
    timezone: Zone = "UTC"
    """The IANA time zone of `at`. Default: UTC."""
    select: SelectionPart = Field(examples=[{"tags": {"restore-test": "yes"}}])
    """Which recovery points: by the tags that they carry, and the types to restore."""
    vaults: Annotated[tuple[Name, ...], Field(min_length=1), OneOrMany()] = Field(alias="from", examples=[["local"]])
    """Labels of the vaults whose recovery points are restored."""
    pick: PickedPoint = Field(default="latest", validate_default=True)
    """Which recovery point of each resource: latest or random. Default: latest."""
    within: TestWindow = Field(default="30d", validate_default=True)
    """Take only recovery points that are not older. Default: 30d."""
    start_within: StartHours = Field(default="24h", validate_default=True)
    """Restores start at random moments in this time. Default: 24h."""
    validate_within: Hours | None = None
    """How long a restored resource is kept for its validation. Default: 8h where something is validated, else not at all."""
    overrides: dict[TypeName, Overrides] = Field(default_factory=dict, examples=[{"rds": {"dbSubnetGroupName": "restore-tests"}}])
    """Restore metadata by type, where what AWS infers can't be used. Default: as AWS infers."""
    validations: dict[TypeName, Validators] = Field(
        default_factory=dict, alias="validate", examples=[{"rds": ["checks/ledger.sql", {"rows": {"orders": {"at_least": 1000}}}]}]
    )
    """Validators by type that examine a restored resource: a file of SQL, or one or several of sql, rows, checksum, manifest, http,
    command and those of other packages. Default: nothing is examined."""
    login: dict[TypeName, Login] = Field(
        default_factory=dict, examples=[{"rds": {"user": "auditor", "password": {"env": "LEDGER_PASSWORD"}}}]
    )
    """How validators log in, by type. Default: as nobody, so that validators of databases can't."""


class AlertsPart(Part):
    """Who is told about what; addresses, a topic, or both."""

    email: Annotated[tuple[EmailAddress, ...], Field(min_length=1), OneOrMany()] = Field(default=(), examples=["backup-team@example.com"])
    """E-mail addresses; each has to confirm its subscription."""
    topic: TopicArn | None = None
    """The ARN of an SNS topic that exists. Default: one is made."""
    key: Name | None = None
    """The key under `keys` that encrypts the topic that is made. Default: a key is made for it."""
    on: Events = Field(default=values.FAILURES, validate_default=True, examples=[["failed", "expired", "missing", "copy-failed", "lock"]])
    """What about; `all` for everything. Default: failed, expired, with-issues, missing, copy-failed, restore-failed, lock and key."""


class FrameworkPart(Part):
    """Controls that AWS Backup Audit Manager evaluates in every governed account."""

    controls: Controls = Field(examples=[["backup-recovery-point-encrypted"]])
    """Controls by AWS's names: a list, or a mapping to their parameters, {} for none."""


class ReportPart(Part):
    """A daily report of AWS Backup over the organization."""

    template: Template = Field(examples=["backup-jobs"])
    """What it is about: backup-jobs, copy-jobs, restore-jobs, resource-compliance or control-compliance."""
    formats: Annotated[tuple[Format, ...], Field(min_length=1), OneOrMany()] = Field(default=("csv",), validate_default=True)
    """csv, json or both; AWS writes json for one account and Region only. Default: csv."""
    bucket: BucketName = Field(examples=["acme-backup-reports"])
    """The name of the S3 bucket that is made for it, in the account that administers backups."""
    prefix: Prefix = ""
    """What its keys start with. Default: nothing."""
    frameworks: Annotated[tuple[Name, ...], Field(min_length=1), OneOrMany()] = ()
    """Frameworks that a compliance report is about. Default: all of them."""


class GuardRailsPart(Part):
    """What nobody in the governed accounts may do, by service control policy."""

    deny: Denials = Field(default=values.ALL, validate_default=True, examples=[["leave-organization", "delete-keys", "remove-locks"]])
    """What is denied; `all` for everything. Default: all."""
    exempt: Annotated[tuple[ExemptRole, ...], Field(min_length=1), OneOrMany()] = Field(default=(), examples=[["break-glass"]])
    """Names of roles, or ARN patterns, that may all the same. Default: nobody but the roles that deploy."""
    attach_to: Units | None = None
    """OUs. Default: those that organization.governs names."""


class SafeguardsPart(Part):
    """What whoever takes protection away has to show."""

    mfa: Truth = False
    """A code of the caller's multi-factor device, for destroy and for apply --allow-removals. Default: false."""


class TagPolicyPart(Part):
    """How the tags that backups depend on have to be written."""

    tags: Tags = Field(min_length=1, examples=[{"environment": ["prod", "staging", "dev"]}])
    """Keys in their spelling with the values they may have; "*" for any."""
    enforce: Types = Field(default=(), examples=[["rds", "s3"]])
    """Types for which wrong tags are refused. Default: they are only reported."""
    attach_to: Units | None = None
    """OUs. Default: those that organization.governs names."""
