"""The resources that checks may look at, where somebody has read them: a small typed view, no table.

What a source doesn't say is None, and None is never a pass: UNK001 and UNK002 name it where a check would have asked.
"""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.names import AccountId, Region, ResourceType


class Replication(StrEnum):
    """How a resource is repeated elsewhere by its own service; each of them repeats a deletion too."""

    NONE = "none"
    MULTI_AZ = "multi-az"
    READ_REPLICA = "read-replica"
    GLOBAL = "global"  # a DynamoDB global table, an Aurora global database
    BUCKET = "bucket"  # S3 replication to another bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Switches of an S3 bucket; None: the source doesn't say."""

    versioned: bool | None = None
    mfa_delete: bool | None = None
    lifecycle_rules: bool | None = None  # it has any enabled lifecycle rule
    replication_enabled: bool | None = None  # its replication rules are enabled
    replicates_encrypted: bool | None = None  # they select objects that are encrypted with KMS keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that AWS Backup can protect; None: the source doesn't say."""

    arn: str
    type: ResourceType
    account: AccountId
    region: Region
    tags: tuple[tuple[str, str], ...]
    encrypted: bool | None  # None: unknown
    key_manager: str | None  # AWS or CUSTOMER; None: not encrypted, or unknown
    maintenance_window: str | None = None  # as the service prints it: mon:04:00-mon:05:00, for FSx 1:04:00
    backup_window: str | None = None  # FSx: daily time of its own automatic backups, 03:00, or off
    multi_az_cluster: bool | None = None  # RDS: a Multi-AZ DB cluster rather than an instance
    persistent_options: bool | None = None  # RDS: its option group has persistent or permanent options, such as TDE
    advanced_backup: bool | None = None  # DynamoDB: AWS Backup's advanced features are on in its account and Region
    replication: Replication | None = None
    bucket: Bucket | None = None  # S3 only


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedResource:
    """A resource of a type that AWS Backup can't protect."""

    arn: str
    type: str  # as its source calls it: ECS, ElastiCache, AWS::MSK::Cluster
    account: AccountId
    region: Region
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """Something of one account and Region that could not be read, and why."""

    account: AccountId
    region: str  # empty for global things
    subject: str  # "resources:EBS"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Resources, and what could not be read of them."""

    resources: tuple[Resource, ...]
    unread: tuple[UnreadPart, ...] = ()
    unsupported: tuple[UnsupportedResource, ...] = ()
