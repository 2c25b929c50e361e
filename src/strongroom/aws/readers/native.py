"""What services protect by themselves: point-in-time recovery of DynamoDB tables, automated backups and manual snapshots of RDS.

Source: DynamoDB API reference, DescribeContinuousBackups (at most 10 calls a second); RDS API reference, DescribeDBInstances
(BackupRetentionPeriod, LatestRestorableTime), DescribeDBClusters (also EarliestRestorableTime), DescribeDBSnapshots,
DescribeDBClusterSnapshots (SnapshotType manual: neither automated ones nor those of AWS Backup).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.domain.tables import DATABASE_SNAPSHOTS, NATIVE_PROTECTION
from strongroom.errors import AwsRefused

_PAGE = 100  # the most that RDS gives at once
# Asked for by name and gone meanwhile: not there, which is no failure to read.
GONE = frozenset({"ResourceNotFoundException", "TableNotFoundException", "NoSuchBucket"})


@contextmanager
def still_there() -> Iterator[None]:
    """Pass over something that was deleted between the list and the look."""
    try:
        yield
    except AwsRefused as error:
        if error.code not in GONE:
            raise


def read_table_protection(scope: Scope, harvest: Harvest, names: Sequence[str] | None, subject_name: str) -> None:
    """Add point-in-time recovery of DynamoDB tables; `names` None: they could not be listed."""
    with harvest.subject(scope.account, scope.region, subject_name) as subject:
        if names is None:
            raise AwsRefused("the tables could not be listed", code="TablesUnread")
        for name in names:
            with subject.item(), still_there():
                answer = scope.call("dynamodb", "describe_continuous_backups", TableName=name)["ContinuousBackupsDescription"]
                found = answer.get("PointInTimeRecoveryDescription") or {}
                arn = f"arn:{scope.partition}:dynamodb:{scope.region}:{scope.account}:table/{name}"
                harvest.add(
                    NATIVE_PROTECTION,
                    scope.account,
                    scope.region,
                    arn,
                    "dynamodb-pitr",
                    found.get("PointInTimeRecoveryStatus") == "ENABLED",
                    found.get("RecoveryPeriodInDays"),
                    found.get("EarliestRestorableDateTime"),
                    found.get("LatestRestorableDateTime"),
                )


def add_database_protection(scope: Scope, harvest: Harvest, arn: str, database: Mapping[str, Any]) -> None:
    """Add the automated backups of a DB instance or cluster, where its listing tells of them."""
    days = database.get("BackupRetentionPeriod")
    if days is not None:
        on = days > 0
        window = (days, database.get("EarliestRestorableTime"), database.get("LatestRestorableTime")) if on else (None, None, None)
        harvest.add(NATIVE_PROTECTION, scope.account, scope.region, arn, "rds-automated", on, *window)


def read_database_snapshots(scope: Scope, harvest: Harvest) -> None:
    """Add manual snapshots of DB instances and clusters, copies from other Regions among them."""
    with harvest.subject(scope.account, scope.region, DATABASE_SNAPSHOTS.name):
        for one in scope.items("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual", MaxRecords=_PAGE):
            _add_snapshot(scope, harvest, one, "DB", "DBInstance", source=one.get("SourceDBSnapshotIdentifier"))
        for one in scope.items("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual", MaxRecords=_PAGE):
            _add_snapshot(scope, harvest, one, "DBCluster", "DBCluster", source=one.get("SourceDBClusterSnapshotArn"))


def _add_snapshot(scope: Scope, harvest: Harvest, one: Mapping[str, Any], kind: str, database: str, *, source: str | None) -> None:
    if one.get("SnapshotCreateTime") is None:
        return  # it is only being asked for
    harvest.add(
        DATABASE_SNAPSHOTS,
        scope.account,
        scope.region,
        one[f"{kind}SnapshotArn"],
        one[f"{database}Identifier"],
        kind == "DBCluster",
        one.get("Status") or "",
        one["SnapshotCreateTime"],
        one.get("OriginalSnapshotCreateTime"),
        source or None,
        one.get("KmsKeyId") if one.get("Encrypted", one.get("StorageEncrypted")) else None,
    )
