"""Names that AWS gives things: parsed once at the edge, trusted afterwards."""

import functools
import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final, Self


class AccountId(str):
    """An AWS account id: twelve digits, kept as text because leading zeros count."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the account id in `text`; raises ValueError with the offending value.

        Example:
            >>> AccountId.parse("012345678901")
            '012345678901'
        """
        if not re.fullmatch(r"[0-9]{12}", text):
            raise ValueError(f"{text!r} is not an account id: twelve digits expected")
        return cls(text)


class Region(str):
    """The code of an AWS Region such as `eu-west-2`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the Region code in `text`; raises ValueError when it doesn't look like one.

        Whether the Region exists is a question for `facts`, not for a pattern.

        Example:
            >>> Region.parse("eu-west-2")
            'eu-west-2'
        """
        if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", text):
            raise ValueError(f"{text!r} is not a Region code: something like eu-west-2 expected")
        return cls(text)


class EveryAccount(Enum):
    """The place of a thing that exists once in each governed account."""

    EVERY_ACCOUNT = "every-account"


EVERY_ACCOUNT: Final = EveryAccount.EVERY_ACCOUNT


class Forever(Enum):
    """A retention without end."""

    FOREVER = "forever"


FOREVER: Final = Forever.FOREVER

# Prefixes of the Region codes of each partition but `aws`, as botocore's partitions.json (regionRegex) has them, read 2026-11-21.
_PARTITIONS: Final = MappingProxyType(
    {
        "cn-": "aws-cn",
        "eusc-": "aws-eusc",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "eu-isoe-": "aws-iso-e",
        "us-isof-": "aws-iso-f",
        "us-gov-": "aws-us-gov",
    }
)

# Days that a recovery point is kept, counted from its creation date, or FOREVER.
RetentionDays = int | Forever


class PolicyType(StrEnum):
    """The types of AWS Organizations policies that are deployed, as its API writes them."""

    BACKUP = "BACKUP_POLICY"
    SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
    TAG = "TAG_POLICY"

    @property
    def words(self) -> str:
        """How people say it.

        Example:
            >>> PolicyType.SERVICE_CONTROL.words
            'service control policy'
        """
        return self.value.replace("_", " ").lower()


class ResourceType(StrEnum):
    """The resource types of AWS Backup, as its API writes them (`GetSupportedResourceTypes`)."""

    AURORA = "Aurora"
    CLOUDFORMATION = "CloudFormation"
    DOCUMENTDB = "DocumentDB"
    DYNAMODB = "DynamoDB"
    EBS = "EBS"
    EC2 = "EC2"
    EFS = "EFS"
    EKS = "EKS"
    FSX = "FSx"
    NEPTUNE = "Neptune"
    RDS = "RDS"
    REDSHIFT = "Redshift"
    S3 = "S3"
    SAP_HANA = "SAP HANA on Amazon EC2"
    STORAGE_GATEWAY = "Storage Gateway"
    TIMESTREAM = "Timestream"
    VIRTUAL_MACHINE = "VirtualMachine"

    @property
    def keyword(self) -> str:
        """How a strategy file writes it.

        Example:
            >>> ResourceType.SAP_HANA.keyword, ResourceType.S3.keyword
            ('sap-hana', 's3')
        """
        return self.name.lower().replace("_", "-")


class Replication(StrEnum):
    """How a resource is repeated elsewhere by its own service; each of them repeats a deletion too."""

    NONE = "none"
    MULTI_AZ = "multi-az"
    READ_REPLICA = "read-replica"
    GLOBAL = "global"  # a DynamoDB global table, an Aurora global database
    BUCKET = "bucket"  # S3 replication to another bucket


@dataclass(frozen=True, slots=True)
class Arn:
    """An Amazon Resource Name, split at its first five colons."""

    partition: str
    service: str
    region: str  # empty for global services and S3
    account: str  # empty for S3 buckets, EBS snapshots and AMIs
    resource: str  # everything after the fifth colon

    @classmethod
    def parse(cls, text: str) -> "Arn":
        """Return the parts of an ARN; raises ValueError.

        Example:
            >>> Arn.parse("arn:aws:backup:eu-west-2:111122223333:backup-vault:local").resource
            'backup-vault:local'
        """
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
            raise ValueError(f"{text!r} is not an ARN: arn:partition:service:region:account:resource expected")
        return cls(*parts[1:])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@functools.lru_cache(maxsize=256)  # there are few, and each recovery point of a fleet asks
def partition_of(region: str) -> str:
    """Return the AWS partition of a Region.

    Example:
        >>> partition_of("cn-north-1"), partition_of("us-isob-east-1"), partition_of("eu-west-2")
        ('aws-cn', 'aws-iso-b', 'aws')
    """
    return next((partition for prefix, partition in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def vault_arn(account: str, region: str, name: str) -> str:
    """Return the ARN of a backup vault."""
    return f"arn:{partition_of(region)}:backup:{region}:{account}:backup-vault:{name}"
