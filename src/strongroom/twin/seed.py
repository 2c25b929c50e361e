"""What a seed file declares: an organization with its accounts, access keys, roles, KMS keys and resources."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from strongroom.domain.origin import FileOrigin

EVERY: Final = "all"  # `accounts: all`
NO_KEY: Final = "none"  # what the service does without being asked: unencrypted, or a key that AWS owns
AWS_MANAGED: Final = "aws-managed"  # the service's alias/aws/… key, which can't be shared with another account


class Kind(StrEnum):
    """Types of resources that a seed can create."""

    DYNAMODB = "dynamodb"
    S3 = "s3"
    RDS = "rds"
    AURORA = "aurora"
    EBS = "ebs"
    EFS = "efs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAccount:
    """An account and its place."""

    name: str
    id: str
    unit: tuple[str, ...]  # names of the units from below the root; empty: in the root


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedUser:
    """An IAM user with one access key."""

    name: str
    account: str  # id, here and below
    access_key: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRole:
    """An IAM role in some accounts."""

    name: str
    accounts: tuple[str, ...]
    trusts: tuple[str, ...]  # ids of accounts whose principals may assume it


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedKey:
    """A customer-managed KMS key, one in each of its accounts and Regions, with the alias `alias/<name>`."""

    name: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    shared_with: tuple[str, ...]  # accounts that its key policy lets use it


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSubnetGroup:
    """A group of database subnets, one in each of its accounts and Regions, over the subnets of the default VPC."""

    name: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedResource:
    """One resource."""

    kind: Kind
    name: str
    account: str
    region: str
    key: str  # NO_KEY, AWS_MANAGED, or the name of a SeedKey in the same account and Region
    tags: tuple[tuple[str, str], ...]
    items: int  # items of a table, objects of a bucket
    size_gib: int  # of a volume or a database
    engine: str  # of a database or cluster
    versioned: bool  # buckets: AWS Backup needs versioning
    planted: bool  # declared in the section of things wrong on purpose
    origin: FileOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedControlTower:
    """A landing zone of AWS Control Tower, without AWS Backup in it."""

    version: str  # of the landing zone
    baseline: str  # version of AWSControlTowerBaseline that fits it
    log_archive: str  # account, as the next
    audit: str
    security: str  # name of the OU of these accounts
    registers: tuple[tuple[str, ...], ...]  # paths of OUs, in the order in which they are registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A whole seed file."""

    home_region: str
    regions: tuple[str, ...]
    management: SeedAccount
    units: tuple[tuple[str, ...], ...]  # paths, parents first
    accounts: tuple[SeedAccount, ...]  # without the management account
    users: tuple[SeedUser, ...]
    roles: tuple[SeedRole, ...]
    keys: tuple[SeedKey, ...]
    resources: tuple[SeedResource, ...]
    subnet_groups: tuple[SeedSubnetGroup, ...] = ()
    control_tower: SeedControlTower | None = None

    def every_account(self) -> tuple[SeedAccount, ...]:
        """All accounts, the management account first."""
        return (self.management, *self.accounts)

    def administrator(self) -> SeedUser:
        """The user whose keys a client gets that names none: the first one in the management account."""
        return next(user for user in self.users if user.account == self.management.id)
