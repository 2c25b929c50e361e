"""What is there already where a restore arrives: names in use, room in quotas, networks, roles, the services' own logs.

Source: RDS API reference, DescribeAccountAttributes; DynamoDB API reference, DescribeContinuousBackups; S3 API reference, HeadBucket.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.errors import AwsRefused
from strongroom.semantics.restores import CLUSTERS

# What AWS says of something that isn't there.
ABSENT: Final = frozenset(
    {
        "ResourceNotFoundException",
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "DBClusterNotFoundFault",
        "FileSystemNotFound",
        "InvalidVolume.NotFound",
        "InvalidInstanceID.NotFound",
        "NoSuchBucket",
        "NoSuchEntity",
        "404",
        "NotFound",
    }
)
_TAKEN: Final = frozenset({"403", "Forbidden", "AccessDenied", "301", "PermanentRedirect", "400"})  # of HeadBucket: somebody else's


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when to when a service can restore to any instant by its own log."""

    first: datetime
    last: datetime


def present(ask: Callable[[], Any]) -> Any | None:
    """Return what a call answers, None where AWS says that there is nothing; raises AwsRefused for any other refusal."""
    try:
        return ask()
    except AwsRefused as error:
        if error.code in ABSENT:
            return None
        raise


def is_taken(sessions: Sessions, kind: ResourceType, name: str, account: AccountId, region: Region, *, cluster: bool = False) -> bool:
    """Return whether something of a type has a name already; nothing of a type whose names AWS chooses. Raises AwsRefused."""
    asked = _CLUSTER if cluster or kind in CLUSTERS else _LOOKS.get(kind)
    if asked is None:
        return False  # volumes and instances have no names that could be taken
    service, operation, parameter = asked
    try:
        named: dict[str, Any] = {parameter: name}
        return present(lambda: sessions.call(service, region, operation, account=account, **named)) is not None
    except AwsRefused as error:
        if kind is ResourceType.S3 and error.code in _TAKEN:
            return True
        raise


_LOOKS: Final[Mapping[ResourceType, tuple[str, str, str]]] = MappingProxyType(
    {
        ResourceType.DYNAMODB: ("dynamodb", "describe_table", "TableName"),
        ResourceType.EFS: ("efs", "describe_file_systems", "FileSystemId"),
        ResourceType.RDS: ("rds", "describe_db_instances", "DBInstanceIdentifier"),
        ResourceType.S3: ("s3", "head_bucket", "Bucket"),
    }
)
_CLUSTER: Final = ("rds", "describe_db_clusters", "DBClusterIdentifier")
_RDS_QUOTAS: Final[Mapping[ResourceType, str]] = MappingProxyType(
    {ResourceType.RDS: "DBInstances", **dict.fromkeys(CLUSTERS, "DBClusters")}
)


def quota_in_use(sessions: Sessions, kind: ResourceType, account: AccountId, region: Region) -> tuple[str, int, int] | None:
    """Return name, value and use of the quota that one more of a type counts for; None: AWS doesn't tell. Raises AwsRefused."""
    if kind in _RDS_QUOTAS:
        answer = sessions.call("rds", region, "describe_account_attributes", account=account)
        for each in answer.get("AccountQuotas") or ():
            if each.get("AccountQuotaName") == _RDS_QUOTAS[kind] and each.get("Max") is not None and each.get("Used") is not None:
                return _RDS_QUOTAS[kind], int(each["Max"]), int(each["Used"])
    return None


def has_network(sessions: Sessions, account: AccountId, region: Region) -> bool:
    """Return whether databases have a place to go to: a default VPC; raises AwsRefused."""
    default = [{"Name": "is-default", "Values": ["true"]}]
    return bool(list(sessions.pages("ec2", region, "describe_vpcs", "Vpcs", account=account, Filters=default)))


def subnet_groups(sessions: Sessions, account: AccountId, region: Region) -> tuple[str, ...]:
    """Return the DB subnet groups of an account and Region; raises AwsRefused."""
    listed = sessions.pages("rds", region, "describe_db_subnet_groups", "DBSubnetGroups", account=account)
    return tuple(each["DBSubnetGroupName"] for each in listed)


def zones(sessions: Sessions, account: AccountId, region: Region) -> tuple[str, ...]:
    """Return the Availability Zones of a Region, sorted; raises AwsRefused."""
    answer = sessions.call("ec2", region, "describe_availability_zones", account=account)
    return tuple(sorted(each["ZoneName"] for each in answer["AvailabilityZones"]))


def has_role(sessions: Sessions, account: AccountId, region: Region, name: str) -> bool:
    """Return whether an account has a role; raises AwsRefused when that can't be asked."""
    return present(lambda: sessions.call("iam", region, "get_role", account=account, RoleName=name)) is not None


def own_window(sessions: Sessions, kind: ResourceType, arn: str, account: AccountId, region: Region) -> Window | None:
    """Return from when to when a table or database can be restored by its service's own log; None: it can't. Raises AwsRefused."""
    name = Arn.parse(arn).resource.rpartition("/" if kind is ResourceType.DYNAMODB else ":")[2]
    if kind is ResourceType.DYNAMODB:
        answer = present(lambda: sessions.call("dynamodb", region, "describe_continuous_backups", account=account, TableName=name))
        found = ((answer or {}).get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription") or {}
        if found.get("PointInTimeRecoveryStatus") != "ENABLED":
            return None
        return _window(found.get("EarliestRestorableDateTime"), found.get("LatestRestorableDateTime"))
    return _own_window_of_database(sessions, name, account, region) if kind is ResourceType.RDS else None


def _own_window_of_database(sessions: Sessions, name: str, account: AccountId, region: Region) -> Window | None:
    """Return the window that RDS tells of a database that is there, else what its retention and newest log say."""
    answer = present(lambda: sessions.call("rds", region, "describe_db_instances", account=account, DBInstanceIdentifier=name))
    if answer is None:
        return None
    database = answer["DBInstances"][0]
    days, last = database.get("BackupRetentionPeriod") or 0, database.get("LatestRestorableTime")
    if not days or not last:
        return None
    backups = present(
        lambda: sessions.call("rds", region, "describe_db_instance_automated_backups", account=account, DBInstanceIdentifier=name)
    )
    for each in (backups or {}).get("DBInstanceAutomatedBackups") or ():
        window = each.get("RestoreWindow") or {}
        found = _window(window.get("EarliestTime"), window.get("LatestTime"))
        if found:
            return found
    return Window(first=max(database["InstanceCreateTime"], last - timedelta(days=days)), last=last)


def _window(first: datetime | None, last: datetime | None) -> Window | None:
    return Window(first=first, last=last) if first and last else None
