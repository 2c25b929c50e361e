"""Databases of the twin: how long restores take, what ninety days with twenty of them cost, and what they take on disk.

`python -m benchmarks.databases`.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import psycopg

from benchmarks import table
from benchmarks.twin_year import prepare
from strongroom.twin import client, process
from strongroom.twin.data.databases.bases import bytes_below
from strongroom.twin.state import Endpoint

RESTORE_SECONDS_MAX = 2  # of a database of 10 MB
INSTANT_SECONDS_MAX = 6  # of one of 100 MB, to a point in time
SHARE_MAX = 1.5  # of ninety days without data
DISK_BYTES_MAX = 2 << 30
DAYS = 90
DATABASES = 20
REPETITIONS = 3
PASSWORD = "not-a-secret"  # noqa: S105 - that seeds give databases
SEED = """\
twin: 1
home_region: eu-west-2
organization:
  management: {{name: management, id: "111111111111"}}
users:
  - {{name: admin, account: management, access_key: AKIATESTMANAGEMENT01, secret: test}}
resources:
  - {{type: rds, name: "database-{{n}}", count: {databases}, account: management, tags: {{environment: prod}}}}
"""


def connect(rds: Any, name: str) -> psycopg.Connection[Any]:
    """Connect to a database as its master user."""
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    place: Mapping[str, Any] = found["Endpoint"]
    return psycopg.connect(
        host=place["Address"], port=place["Port"], user=found["MasterUsername"], password=PASSWORD, dbname="postgres", autocommit=True
    )


def load(rds: Any, name: str, megabytes: int) -> None:
    """Fill a database with about so many megabytes, in ten steps."""
    with connect(rds, name) as connection:
        connection.execute("CREATE TABLE loaded (number integer, text text)")
        for _ in range(10):
            connection.execute("INSERT INTO loaded SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, %s) n", [megabytes * 100])


def count(rds: Any, name: str) -> int:
    """Return the rows of a database."""
    with connect(rds, name) as connection:
        row = connection.execute("SELECT count(*) FROM loaded").fetchone()
    return row[0] if row else 0


def restores(endpoint: Endpoint, rds: Any) -> tuple[float, float]:
    """Return the best times of a restore of 10 MB from a snapshot, and of 100 MB to a point in time: from the call to the rows."""
    load(rds, "database-1", 10)
    load(rds, "database-2", 100)
    now = client.move_clock(endpoint, advance="1h")["now"]
    client.move_clock(endpoint, advance="1h")
    load_again = "INSERT INTO loaded SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 10000) n"
    with connect(rds, "database-2") as connection:
        connection.execute(load_again)
    client.move_clock(endpoint, advance="1h")
    rds.create_db_snapshot(DBInstanceIdentifier="database-1", DBSnapshotIdentifier="ten")
    small, large = [], []
    for number in range(REPETITIONS):
        started = time.perf_counter()
        rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=f"small-{number}", DBSnapshotIdentifier="ten")
        rows = [count(rds, f"small-{number}")]
        small.append(time.perf_counter() - started)
        asked = {"SourceDBInstanceIdentifier": "database-2", "TargetDBInstanceIdentifier": f"large-{number}", "RestoreTime": now}
        started = time.perf_counter()
        rds.restore_db_instance_to_point_in_time(**asked)
        rows.append(count(rds, f"large-{number}"))
        large.append(time.perf_counter() - started)
        if rows != [10_000, 100_000]:
            raise SystemExit(f"wrong rows: {rows}")
        for name in (f"small-{number}", f"large-{number}"):
            rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    return min(small), min(large)


def days(*, data: bool) -> tuple[float, int]:
    """Return how long ninety days of daily backups with two copies take, written to every day or not, and what is on disk then."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "seed.yaml").write_text(SEED.format(databases=DATABASES), encoding="utf-8")
        endpoint = process.up(home, 0, home / "seed.yaml", start="2027-01-01T00:00:00Z")
        try:
            prepare(endpoint)
            rds = rds_of(endpoint)
            open_ones = []
            for number in range(1, DATABASES + 1) if data else ():
                load(rds, f"database-{number}", 10)
                open_ones.append(connect(rds, f"database-{number}"))
            seconds = 0.0
            for day in range(DAYS):
                started = time.perf_counter()
                client.move_clock(endpoint, advance="1d")
                seconds += time.perf_counter() - started
                for connection in open_ones if day % 10 == 0 else ():
                    connection.execute("INSERT INTO loaded VALUES (%s, 'later')", [day])
            for connection in open_ones:
                connection.close()
            return seconds, bytes_below(home)
        finally:
            process.down(home)


def rds_of(endpoint: Endpoint) -> Any:
    """Return a client of RDS."""
    keys = {"aws_access_key_id": endpoint.access_key, "aws_secret_access_key": endpoint.secret}
    return boto3.client("rds", region_name=endpoint.region, endpoint_url=endpoint.url, **keys)


def main() -> int:
    """Measure; return 1 when a budget is exceeded."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "seed.yaml").write_text(SEED.format(databases=2), encoding="utf-8")
        endpoint = process.up(home, 0, home / "seed.yaml", start="2027-01-01T00:00:00Z")
        try:
            small, large = restores(endpoint, rds_of(endpoint))
        finally:
            process.down(home)
    without = min(days(data=False)[0] for _ in range(REPETITIONS))
    found = [days(data=True) for _ in range(REPETITIONS)]
    share, disk = min(seconds for seconds, _ in found) / without, max(size for _, size in found)
    print(f"{DAYS} days without data in {without:.2f} s; {disk >> 20} MiB on disk with data")
    exceeded = [
        table.seen("databases restore of 10 MB", small, RESTORE_SECONDS_MAX),
        table.seen("databases instant of 100 MB", large, INSTANT_SECONDS_MAX),
        table.seen("databases days with data", share * without, SHARE_MAX * without),
    ]
    return 1 if any(exceeded) or disk > DISK_BYTES_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
