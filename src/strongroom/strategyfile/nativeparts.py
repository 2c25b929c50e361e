"""The grammar of protection outside of AWS Backup: what databases, buckets, tables and ECS do for themselves."""

from typing import Annotated

from pydantic import Field

from strongroom.strategyfile.fields import (
    AutomatedDays,
    BackupWindow,
    BucketName,
    ClassName,
    Days,
    MaintenanceWindow,
    Mode,
    Name,
    OneOrMany,
    RegionCode,
    Retention,
    Schedule,
    Shorthand,
    TableDays,
    Truth,
    Zone,
)
from strongroom.strategyfile.parts import SELECT, Part, SelectionPart


def _replication(value: object) -> object:
    return {"to": value} if isinstance(value, str) else value


class SnapshotsPart(Part):
    """Manual snapshots of databases on a schedule."""

    at: Schedule = Field(examples=["day 1 02:00"])
    """When, as `at` of a rule: "day 1 02:00" for monthly, cron(0 2 1 1 ? *) for yearly."""
    timezone: Zone = "UTC"
    """The IANA time zone of `at`. Default: UTC."""
    keep: Retention = Field(examples=["7y"])
    """How long to keep them, forever included; RDS itself never deletes them. There is no default."""
    to: Annotated[tuple[RegionCode, ...], OneOrMany()] = Field(default=(), alias="copy", examples=["eu-west-1"])
    """Regions to copy them to. Default: none."""
    key: Name | None = None
    """The key under `keys` that encrypts the copies. Default: the AWS-managed key of the service."""


class DatabasesPart(Part):
    """How RDS and Aurora databases protect themselves. What is not written is not judged."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which databases."""
    keep: AutomatedDays | None = None
    """How long automated backups are kept, 35d at most; off for none."""
    backup_window: BackupWindow | None = None
    """When automated backups are made, in UTC: "03:00-04:00"."""
    maintenance_window: MaintenanceWindow | None = None
    """When AWS may maintain the database, in UTC: "Monday 04:00-05:00"."""
    deletion_protection: Truth | None = None
    """Whether nobody can delete the database without switching this off first."""
    copy_tags: Truth | None = None
    """Whether snapshots get the tags of the database."""
    snapshots: dict[Name, SnapshotsPart] = Field(default_factory=dict)
    """Manual snapshots by name, such as monthly and yearly. Default: none."""


class ObjectLockPart(Part):
    """The default retention of new objects: S3 Object Lock."""

    mode: Mode = Field(examples=["governance"])
    """governance: whoever has the permission can lift it; compliance: nobody can."""
    keep: Days = Field(examples=["7y"])
    """How long nobody can delete or overwrite an object version."""


class OldVersionsPart(Part):
    """What happens to versions that are no longer current."""

    transitions: dict[ClassName, Days] = Field(default_factory=dict, examples=[{"glacier-ir": "30d"}])
    """Storage classes with the time after which versions move there."""
    keep: Days | None = Field(default=None, examples=["90d"])
    """How long they are kept. Default: forever."""


class ReplicationPart(Part):
    """Objects are copied to another bucket as they arrive."""

    to: RegionCode = Field(examples=["eu-west-1"])
    """The Region of the other bucket."""
    bucket: BucketName | None = None
    """The name of the other bucket. Default: <bucket>-<Region>."""
    storage_class: ClassName | None = None
    """The storage class of the replicas. Default: that of the source."""
    encrypted_objects: Truth = True
    """Select objects that a KMS key encrypts too; S3 skips them otherwise. Default: true."""
    key: Name | None = None
    """The key under `keys` that encrypts the replicas. Default: S3's own encryption."""


class BucketsPart(Part):
    """How S3 buckets protect their objects."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which buckets."""
    versioning: Truth | None = None
    """Whether earlier versions of objects are kept; replication, Object Lock and AWS Backup need it. Default: not judged."""
    mfa_delete: Truth = False
    """Ask for a second factor to delete versions; S3 refuses it together with lifecycle rules. Default: false."""
    object_lock: ObjectLockPart | None = None
    """The default retention of new objects. Default: none."""
    transitions: dict[ClassName, Days] = Field(default_factory=dict, examples=[{"standard-ia": "90d", "glacier": "365d"}])
    """Storage classes with the time after which objects move there. Default: none."""
    keep: Days | None = Field(default=None, examples=["10y"])
    """How long objects are kept; lifecycle rules delete them afterwards. Default: forever."""
    old_versions: OldVersionsPart = Field(default_factory=OldVersionsPart)
    """What happens to versions that are no longer current. Default: they stay."""
    replicate: Annotated[tuple[Annotated[ReplicationPart, Shorthand(_replication, "[a-z0-9-]+")], ...], OneOrMany()] = Field(
        default=(), examples=["eu-west-1"]
    )
    """Where objects are replicated: a Region, several, or mappings of `to` with more. Default: nowhere."""


class TablesPart(Part):
    """How DynamoDB tables protect themselves."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which tables."""
    point_in_time: TableDays = Field(default="35d", validate_default=True, examples=["35d"])
    """How far a point-in-time restore reaches back, 35d at most; off for none. Default: 35d."""
    deletion_protection: Truth | None = None
    """Whether nobody can delete the table without switching this off first. Default: not judged."""


class ContainersPart(Part):
    """ECS services with their task definitions and scaling policies, which AWS Backup doesn't know: captured into a bucket."""

    select: SelectionPart = Field(examples=[SELECT])
    """Which clusters and services, by tags or ARNs."""
    at: Schedule = Field(default="05:00", validate_default=True)
    """When. Default: daily at 05:00."""
    timezone: Zone = "UTC"
    """The IANA time zone of `at`. Default: UTC."""
    bucket: BucketName = Field(examples=["acme-ecs-captures"])
    """The name of a versioned S3 bucket."""
    keep: Retention = Field(examples=["90d"])
    """How long captures are kept. There is no default."""


class NativePart(Part):
    """Protection outside of AWS Backup: whoever owns the resources sets it, and `verify` compares it with what is on."""

    databases: dict[Name, DatabasesPart] = Field(default_factory=dict)
    """RDS and Aurora databases: automated backups, windows, manual snapshots and their copies."""
    buckets: dict[Name, BucketsPart] = Field(default_factory=dict)
    """S3 buckets: versioning, Object Lock, lifecycle, replication."""
    tables: dict[Name, TablesPart] = Field(default_factory=dict)
    """DynamoDB tables: point-in-time recovery."""
    ecs: dict[Name, ContainersPart] = Field(default_factory=dict)
    """ECS: task definitions, services and scaling policies, captured."""
