"""What somebody wants back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.domain.recovery import PointRef


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """What somebody wants back."""

    resource_arn: str  # what was backed up
    at: datetime | None = None  # the newest recovery point until then, or that very instant of a continuous one; None: the newest
    point: PointRef | None = None  # a recovery point that is known by its key: nothing is chosen
    point_arn: str = ""  # the same by its ARN: it is looked for
    vault: str = ""  # label of the strategy, name or ARN: only recovery points there
    account: AccountId | None = None  # where to restore into; None: the resource's own
    region: Region | None = None  # None: the recovery point's
    overrides: Mapping[str, str] = field(default_factory=dict)  # restore metadata
    name: str = ""  # of what is made; empty: derived from the resource's
    overwrite: str = ""  # the name once more: something existing may be written into
    job_role: str = ""  # ARN of the role that AWS Backup assumes; empty: the strategy's, else AWS Backup's default role
    items: tuple[str, ...] = ()  # S3 and EFS: only these keys or paths, at most five; empty: everything
    tags: Mapping[str, str] = field(default_factory=dict)  # put onto what is made
    test_run: str = ""  # id of the test that it belongs to
    accept_cold: bool = False  # a recovery point in cold storage may be taken, which lasts hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request whose ARN was understood."""

    request: RestoreRequest
    account: AccountId | None  # of the resource; None: neither its ARN nor the request tells
    region: Region | None
    now: datetime  # AWS's time


# Services of ARNs that are of one type alone; of the others the recovery point says.
TYPES = {
    "dynamodb": ResourceType.DYNAMODB,
    "elasticfilesystem": ResourceType.EFS,
    "s3": ResourceType.S3,
}


def type_of(arn: Arn) -> ResourceType | None:
    """Return the type of a resource, None where its ARN doesn't tell.

    Example:
        >>> type_of(Arn.parse("arn:aws:rds:eu-west-2:111122223333:db:ledger")).value
        'RDS'
    """
    if arn.service == "rds":
        return ResourceType.RDS if arn.resource.startswith("db:") else None
    if arn.service == "ec2":
        return {"volume": ResourceType.EBS, "instance": ResourceType.EC2}.get(arn.resource.partition("/")[0])
    return TYPES.get(arn.service)
