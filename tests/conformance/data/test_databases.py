"""Rows of RDS for PostgreSQL: what a recovery point, a snapshot or an instant gives back is what was there."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import SEED, Twin
from tests.conformance.data.databases import NAME, PASSWORD, USER, Database, instants, of
from tests.conformance.data.places import OF_CENTRAL, OF_DR, OWN, Places

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A twin whose clock only moves when it is moved."""
    home = tmp_path_factory.mktemp("standing")
    keys = {user.account: (user.access_key, user.secret) for user in load(SEED).users}
    yield Places(Twin(endpoint=process.up(home, 0, SEED, start="2027-01-01T00:00:00Z"), home=home, keys=keys))
    process.down(home)


def _told(places: Places, arn: str) -> dict[str, object]:
    return next(each for each in control.ask(places.twin.endpoint, "GET", "data/databases")["instances"] if each["arn"] == arn)


def _history(database: Database, steps: int) -> list[tuple[datetime, list[int]]]:
    """Write a row a step of about an hour, and return what was there from which instant on."""
    states = [(database.places.now(), database.numbers())]
    for number in range(steps):
        database.places.twin.advance(f"{30 + 7 * number % 60}m")
        database.write(number)
        states.append((database.places.now(), [*states[-1][1], number]))
    return states


def _state_at(states: list[tuple[datetime, list[int]]], at: datetime) -> list[int]:
    return [state for written, state in states if written <= at][-1]


def test_the_endpoint_is_a_server_that_master_user_and_password_open(standing: Places) -> None:
    """DescribeDBInstances names a loopback port; the user, the password and the database are those of its creation; TLS is offered."""
    database = Database(standing, "opened").create()
    assert database.described()["Endpoint"]["Address"] == "127.0.0.1"
    for mode in ("require", "disable"):
        with database.connect(sslmode=mode) as connection:
            row = connection.execute("SELECT current_user, current_database(), rolsuper FROM pg_roles WHERE rolname = current_user")
            assert (connection.pgconn.ssl_in_use, row.fetchone()) == (mode == "require", (USER, NAME, False))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        database.connect(password="wrong")
    database.execute("CREATE DATABASE second")
    database.execute("CREATE ROLE reader LOGIN PASSWORD 'read'")
    with database.connect(dbname="second") as connection:
        assert connection.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'second'").fetchone() == (USER,)


def test_a_new_password_takes_effect_and_a_stopped_instance_refuses(standing: Places) -> None:
    """ModifyDBInstance changes the password, StopDBInstance ends connections and refuses new ones, StartDBInstance brings the rows back."""
    database = Database(standing, "changed").create()
    database.write(1)
    database.rds.modify_db_instance(DBInstanceIdentifier="changed", MasterUserPassword="another-one", ApplyImmediately=True)
    with pytest.raises(psycopg.OperationalError):
        database.connect()
    connection = database.connect(password="another-one")
    database.rds.stop_db_instance(DBInstanceIdentifier="changed")
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        database.connect(password="another-one")
    assert "stopped" in str(_told(standing, database.arn)["problem"])
    database.rds.start_db_instance(DBInstanceIdentifier="changed")
    with database.connect(password="another-one") as connection:
        assert connection.execute("SELECT number FROM numbers").fetchall() == [(1,)]


def test_a_snapshot_is_the_moment_it_was_taken_at(standing: Places) -> None:
    """What is written after CreateDBSnapshot at the same virtual instant is not in it; a copy and its restore outlive the instance."""
    database = Database(standing, "pictured").create()
    database.write(1)
    database.rds.create_db_snapshot(DBInstanceIdentifier="pictured", DBSnapshotIdentifier="picture")
    database.write(2)
    database.rds.copy_db_snapshot(SourceDBSnapshotIdentifier="picture", TargetDBSnapshotIdentifier="copied-picture")
    database.rds.delete_db_snapshot(DBSnapshotIdentifier="picture")
    database.delete()
    restored = database.from_snapshot("copied-picture", "pictured-again")
    assert (restored.described()["MasterUsername"], restored.described()["DBName"]) == (USER, NAME)
    assert restored.numbers() == [1]
    restored.write(3)
    assert restored.numbers() == [1, 3]
    assert _told(standing, database.arn)["held"] == 1
    database.rds.delete_db_snapshot(DBSnapshotIdentifier="copied-picture")
    assert not [each for each in control.ask(standing.twin.endpoint, "GET", "data/databases")["instances"] if each["arn"] == database.arn]


def test_a_standing_clock_has_one_state_an_instant(standing: Places) -> None:
    """Point-in-time restores of RDS, of the instance and of one that was restored, give the rows of their instant."""
    database = Database(standing, "standing").create()
    states = _history(database, 5)
    chosen = instants(3, states[0][0], states[-1][0])
    for number, at in enumerate(chosen):
        restored = database.at(at, f"standing-{number}")
        assert restored.numbers() == _state_at(states, at), at
    restored.write(100)
    before = standing.now()
    standing.twin.advance("1h")
    restored.write(101)
    standing.twin.advance("1h")
    again = restored.at(before, "standing-again")
    assert again.numbers() == [*_state_at(states, chosen[-1]), 100]
    later = again.at(standing.now(), "standing-newest")
    assert later.numbers() == again.numbers()


def test_a_ticking_clock_has_a_state_for_each_moment(places: Places) -> None:
    """Between two rows that are written milliseconds apart lies an instant that has the first and not the second."""
    database = Database(places, "ticking").create()
    with database.connect() as connection:
        moments = []
        for number in range(4):
            connection.execute("INSERT INTO numbers VALUES (%s)", [number])
            moments.append(datetime.fromisoformat(control.ask(places.twin.endpoint, "GET", "clock")["now"]))
    places.twin.advance("1d")
    database.write(50)
    assert database.at(moments[1], "ticking-1").numbers() == [0, 1]
    assert database.at(moments[2], "ticking-2").numbers() == [0, 1, 2]
    assert database.at(moments[3] + timedelta(hours=12), "ticking-3").numbers() == [0, 1, 2, 3]


def test_an_instant_outside_the_window_is_refused(standing: Places) -> None:
    """RDS restores neither to before the creation nor to the future, nor without automated backups."""
    database = Database(standing, "windowed").create(BackupRetentionPeriod=7)
    for at in (standing.now() - timedelta(days=400), standing.now() + timedelta(hours=1)):
        with pytest.raises(ClientError, match="cannot be restored to a time"):
            database.at(at, "never")
    without = Database(standing, "unkept").create(BackupRetentionPeriod=0)
    with pytest.raises(ClientError) as refused:
        without.at(standing.now(), "never")
    assert refused.value.response["Error"]["Code"] == "PointInTimeRestoreNotEnabled"


def test_recovery_points_hold_the_rows_of_their_creation_in_every_vault(standing: Places) -> None:
    """A backup and its copies in the central account and another Region restore to the rows of then, the source being gone."""
    database = Database(standing, "ledger").create()
    states = _history(database, 3)
    job = standing.back_up(database.arn)
    standing.twin.advance("6h")
    database.write(99)
    point = standing.point_of(job)
    central = standing.copy(point, OWN, OF_CENTRAL)
    away = standing.copy(central, OF_CENTRAL, OF_DR)
    database.delete()
    for number, (copied, vault) in enumerate(((point, OWN), (central, OF_CENTRAL), (away, OF_DR))):
        restored = of(standing, standing.restored(copied, {"DBInstanceIdentifier": f"ledger-{number}"}, vault))
        assert restored.numbers() == states[-1][1], vault
        assert restored.described()["MasterUsername"] == USER
    assert _told(standing, database.arn)["held"] == 3
    for copied, (vault, account, region) in ((point, OWN), (central, OF_CENTRAL), (away, OF_DR)):
        standing.client("backup", account, region).delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=copied)
    assert not [each for each in control.ask(standing.twin.endpoint, "GET", "data/databases")["instances"] if each["arn"] == database.arn]


def _continuous(places: Places, database: Database) -> None:
    backup = places.client("backup")
    rule = {
        "RuleName": "log",
        "TargetBackupVaultName": OWN[0],
        "ScheduleExpression": "cron(0 1 ? * * *)",
        "EnableContinuousBackup": True,
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": database.name, "Rules": [rule]})["BackupPlanId"]
    selection = {"SelectionName": "one", "IamRoleArn": places.roles["555555555555"], "Resources": [database.arn]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)


def _continuous_instants(places: Places, name: str, steps: int, count: int) -> None:
    database = Database(places, name).create(BackupRetentionPeriod=35)
    _continuous(places, database)
    places.twin.advance("9d")  # a maintenance window may have to pass
    states = _history(database, steps)
    places.twin.advance("2d")
    points = places.client("backup").list_recovery_points_by_resource(ResourceArn=database.arn)["RecoveryPoints"]
    (point,) = [each["RecoveryPointArn"] for each in points if "continuous" in each["RecoveryPointArn"]]
    for number, at in enumerate(instants(count, states[0][0] + timedelta(seconds=1), states[-1][0])):
        asked = {"DBInstanceIdentifier": f"{name}-{number}", "RestoreTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        restored = of(places, places.restored(point, asked))
        assert restored.numbers() == _state_at(states, at), at
        restored.delete()


def test_continuous_recovery_points_give_back_any_instant(standing: Places) -> None:
    """The continuous recovery point of AWS Backup restores to what was there at instants by chance."""
    _continuous_instants(standing, "streamed", 4, 3)


@pytest.mark.long
@pytest.mark.parametrize("clock", ["standing", "places"])
def test_continuous_recovery_points_give_back_fifty_instants(clock: str, request: pytest.FixtureRequest) -> None:
    """Fifty instants by chance, on a standing and on a ticking clock."""
    _continuous_instants(request.getfixturevalue(clock), "streamed-long", 25, 50)


def test_rows_rot_in_silence(standing: Places) -> None:
    """The fault `corrupt-data` changes rows of what is restored from a recovery point; healed, the same recovery point gives them back."""
    database = Database(standing, "rotten").create()
    database.execute("CREATE TABLE named (id integer PRIMARY KEY, name varchar(8))")
    database.execute("INSERT INTO named SELECT n, 'name ' || n FROM generate_series(1, 9) n")
    job = standing.back_up(database.arn)
    standing.twin.advance("6h")
    point = standing.point_of(job)
    with database.connect() as connection:
        before = connection.execute("SELECT * FROM named ORDER BY id").fetchall()
    number = control.add_fault(standing.twin.endpoint, "corrupt-data", arn=point, count=2, seed="1")
    rotten = of(standing, standing.restored(point, {"DBInstanceIdentifier": "rotten-1"}))
    with rotten.connect() as connection:
        found = connection.execute("SELECT * FROM named ORDER BY id").fetchall()
    assert len(set(before) - set(found)) == 2
    assert [row[0] for row in found] == [row[0] for row in before]
    control.clear_faults(standing.twin.endpoint, number)
    healed = of(standing, standing.restored(point, {"DBInstanceIdentifier": "rotten-2"}))
    with healed.connect() as connection:
        assert connection.execute("SELECT * FROM named ORDER BY id").fetchall() == before


def test_a_server_that_is_killed_recovers_and_one_that_is_broken_fails_its_jobs(standing: Places) -> None:
    """A killed server starts again with its rows; one whose files are broken makes the backup job fail with the cause."""
    database = Database(standing, "broken").create()
    database.write(1)
    folder = standing.twin.home / "twin" / "databases" / str(standing.twin.endpoint.pid) / str(_told(standing, database.arn)["id"])
    _kill(folder)
    assert database.numbers() == [1]
    standing.twin.advance("1h")
    with database.connect() as connection:
        connection.execute("INSERT INTO numbers VALUES (2)")
        _kill(folder)
    (folder / "data" / "global" / "pg_control").unlink()
    job = standing.back_up(database.arn)
    standing.twin.advance("12h")
    described = standing.client("backup").describe_backup_job(BackupJobId=job)
    assert (described["State"], described["StatusMessage"].partition(":")[0]) == ("FAILED", "the database server doesn't start")
    with pytest.raises(psycopg.OperationalError):
        database.connect(password=PASSWORD)


def _kill(folder: object) -> None:
    import os
    import signal
    from pathlib import Path

    os.kill(int(Path(str(folder), "data", "postmaster.pid").read_text(encoding="utf-8").split()[0]), signal.SIGKILL)


def test_other_engines_clusters_and_replicas_are_state(standing: Places) -> None:
    """MySQL, members of Aurora clusters and read replicas have an endpoint of RDS's form, which nobody answers at."""
    rds = standing.client("rds")
    Database(standing, "original").create()
    alike = {"DBInstanceClass": "db.t4g.micro", "MasterUsername": USER, "MasterUserPassword": PASSWORD}
    rds.create_db_instance(DBInstanceIdentifier="other-engine", Engine="mysql", AllocatedStorage=20, **alike)
    rds.create_db_instance_read_replica(DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="original")
    rds.create_db_cluster(DBClusterIdentifier="cluster", Engine="aurora-postgresql", MasterUsername=USER, MasterUserPassword=PASSWORD)
    rds.create_db_instance(
        DBInstanceIdentifier="member", DBInstanceClass="db.t4g.medium", Engine="aurora-postgresql", DBClusterIdentifier="cluster"
    )
    for name in ("other-engine", "replica", "member"):
        (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        assert found["Endpoint"]["Address"].endswith(".rds.amazonaws.com"), name
