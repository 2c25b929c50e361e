"""A DB instance of RDS for PostgreSQL as its users see it: an endpoint, a user, rows."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
from tests.conformance.data.places import HOME, SHOP, Places

USER, PASSWORD, NAME = "keeper", "open-sesame", "shop"


def connect(endpoint: Mapping[str, Any], password: str = PASSWORD, **options: Any) -> psycopg.Connection[Any]:
    """Connect to an endpoint as the master user."""
    asked = {"user": USER, "dbname": NAME, "sslmode": "require", "connect_timeout": 60} | options
    return psycopg.connect(host=endpoint["Address"], port=endpoint["Port"], password=password, autocommit=True, **asked)


class Database:
    """A table of numbers in an instance of its own."""

    def __init__(self, places: Places, name: str, account: str = SHOP, region: str = HOME) -> None:
        self.places, self.name = places, name
        self.rds = places.client("rds", account, region)
        self.arn = f"arn:aws:rds:{region}:{account}:db:{name}"

    def create(self, **options: Any) -> "Database":
        """Make the instance and its table."""
        asked = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "AllocatedStorage": 20, "DBName": NAME} | options
        self.rds.create_db_instance(DBInstanceIdentifier=self.name, MasterUsername=USER, MasterUserPassword=PASSWORD, **asked)
        self.execute("CREATE TABLE numbers (number integer)")
        return self

    def described(self) -> dict[str, Any]:
        """Return what RDS tells."""
        found: dict[str, Any] = self.rds.describe_db_instances(DBInstanceIdentifier=self.name)["DBInstances"][0]
        return found

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """Connect to where RDS says that it is."""
        return connect(self.described()["Endpoint"], **options)

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with self.connect() as connection:
            connection.execute(statement)

    def write(self, number: int) -> None:
        """Write a row."""
        with self.connect() as connection:
            connection.execute("INSERT INTO numbers VALUES (%s)", [number])

    def numbers(self) -> list[int]:
        """Return all rows."""
        with self.connect() as connection:
            return [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY number")]

    def at(self, instant: datetime, name: str) -> "Database":
        """Restore it to a point in time with RDS's own call."""
        self.rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier=self.name, TargetDBInstanceIdentifier=name, RestoreTime=instant
        )
        return self.beside(name)

    def from_snapshot(self, snapshot: str, name: str) -> "Database":
        """Restore a DB snapshot."""
        self.rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=snapshot)
        return self.beside(name)

    def beside(self, name: str) -> "Database":
        """Return another instance of the same account and Region."""
        _, _, _, region, account, *_ = self.arn.split(":")
        return Database(self.places, name, account, region)

    def delete(self) -> None:
        """Delete the instance without a snapshot."""
        self.rds.delete_db_instance(DBInstanceIdentifier=self.name, SkipFinalSnapshot=True)


def of(places: Places, arn: str) -> Database:
    """Return the database of an ARN."""
    _, _, _, region, account, _, name = arn.split(":")
    return Database(places, name, account, region)


def instants(count: int, first: datetime, last: datetime) -> list[datetime]:
    """Return instants by chance in whole seconds, which is what AWS Backup takes."""
    luck = random.Random(count)  # noqa: S311 - for tests
    seconds = (last - first).total_seconds()
    drawn = sorted(first.timestamp() + luck.random() * seconds for _ in range(count))
    return [datetime.fromtimestamp(int(each), UTC) for each in drawn]
