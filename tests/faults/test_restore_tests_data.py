"""Restore tests over real data: rows of a real PostgreSQL, items against a manifest, and a corruption that nobody else sees."""

import json

import psycopg
import pytest
from tests.faults.tested import SHOP, TABLE, Scene, organization, room, ticking

from strongroom.domain.recovery import Outcome
from strongroom.errors import ExitCode

LONG = pytest.mark.long
USER, PASSWORD, VARIABLE = "keeper", "correct-horse-battery-staple", "LEDGER_PASSWORD"
DATABASE = f"arn:aws:rds:eu-west-2:{SHOP}:db:ledger"
WHOLE = "SELECT count(*) = 42 AND sum(amount) = 903 FROM orders"
PROD = {"tags": {"environment": "prod"}}


def connected(world: Scene, name: str = "ledger") -> psycopg.Connection:
    found = world.owner("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["Endpoint"]
    options = {"user": USER, "password": PASSWORD, "dbname": "shop", "sslmode": "require", "connect_timeout": 60}
    return psycopg.connect(host=found["Address"], port=found["Port"], autocommit=True, **options)


def fill(world: Scene) -> None:
    """A database with 42 orders; the manifest of the table as it is."""
    world.owner("rds").create_db_instance(
        DBInstanceIdentifier="ledger",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        DBName="shop",
        MasterUsername=USER,
        MasterUserPassword=PASSWORD,
        StorageEncrypted=True,
        Tags=[{"Key": "environment", "Value": "prod"}],
    )
    with connected(world) as connection:
        connection.execute("CREATE TABLE orders AS SELECT n AS id, n AS amount FROM generate_series(1, 42) AS n")
    taken = world.shell.run("manifest", TABLE)
    assert taken.code == 0, taken


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One organization with data; after the backups somebody deletes the orders."""
    weekly = {"at": "Sunday 10:00", "select": {**PROD, "types": ["dynamodb", "rds"]}, "from": ["local"], "within": "7d"}
    with organization(tmp_path_factory.mktemp("data"), tests={"weekly": weekly}, prepare=fill, days=1) as world:
        with connected(world) as connection:
            connection.execute("DELETE FROM orders")
        with ticking(world.endpoint, advance="2m"):
            yield world


@pytest.fixture
def tested(shared, tmp_path):
    """A folder of the test's own with the ledger and the manifests; nothing is left in AWS."""
    world = room(shared, tmp_path)
    (world.home / "manifests").symlink_to(shared.home / "manifests")
    yield world
    shared.mend()
    databases = shared.owner("rds").describe_db_instances()["DBInstances"]
    assert ([each["DBInstanceIdentifier"] for each in databases], shared.there()) == (["ledger"], set())


def outcomes(record):
    return {each.validator: each.outcome for each in record.measurements}


def ask_database(world: Scene, *validators, password: str = PASSWORD):
    """Test the database with some validators and return the record and the exit code."""
    world.shell.write("checks/ledger.sql", WHOLE + ";\n")
    login = {"rds": {"user": USER, "password": {"env": VARIABLE}}}
    world.declare(select={**PROD, "types": ["rds"]}, validate={"rds": list(validators)}, login=login)
    world.shell.env[VARIABLE] = password
    done, code = world.run()
    (record,) = done.records
    assert record.cleaned_up
    assert PASSWORD not in json.dumps([file.read_text(encoding="utf-8") for file in (world.home / "ledger" / "tests").iterdir()])
    return record, code


def test_the_rows_are_back(tested):
    """On a real PostgreSQL, over TLS, by the user's own SQL and by counts: what was deleted from the source is in the restored one."""
    record, code = ask_database(tested, "checks/ledger.sql", {"rows": {"orders": 42}})
    assert (record.outcome, code) == (Outcome.PASSED, ExitCode.PROVEN), record
    assert outcomes(record) == dict.fromkeys(("connection", "encryption", "sql", "rows"), Outcome.PASSED) | (
        {"time": Outcome.PASSED} if record.rto_seconds else {}
    )
    assert record.restored.endpoint is not None
    evidence = json.loads((tested.home / "ledger" / "tests" / f"{record.test_id}.json").read_text(encoding="utf-8"))
    assert [each["path"] for each in evidence["files"]] == ["checks/ledger.sql"]
    assert len(evidence["files"][0]["sha256"]) == len(evidence["strategy"]["sha256"]) == 64


@LONG
def test_rows_that_are_missing_are_found(tested):
    record, code = ask_database(tested, {"rows": {"orders": {"at_least": 43}}}, {"rows": {"invoices": {"at_least": 0}}})
    assert (record.outcome, code) == (Outcome.FAILED, ExitCode.FINDINGS)
    assert "orders" in record.told


@LONG
def test_a_wrong_password_is_unknown_and_cleaned_up(tested):
    record, code = ask_database(tested, "checks/ledger.sql", password="wrong")
    assert (record.outcome, code) == (Outcome.UNKNOWN, ExitCode.COULD_NOT_VERIFY)
    assert "password authentication failed" in record.told


@LONG
def test_a_validator_that_writes_never_passes(tested):
    """PostgreSQL refuses it: the transaction is read-only."""
    record, code = ask_database(tested, {"sql": {"query": "DELETE FROM orders RETURNING true"}})
    assert record.outcome is not Outcome.PASSED
    assert code is not ExitCode.PROVEN


def test_a_silent_corruption_is_found_by_its_manifest(tested):
    """AWS Backup restores without a word; one item differs from the manifest that was taken before the backup, and it is named."""
    tested.declare(select={**PROD, "types": ["dynamodb"]}, validate={"dynamodb": [{"manifest": {"within": "2d"}}]})
    done, code = tested.run()
    assert ([each.outcome for each in done.records], code) == ([Outcome.PASSED], ExitCode.PROVEN), done.records
    tested.fault("corrupt-data", arn=done.records[0].point.arn, count=1)
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, code) == (Outcome.FAILED, True, ExitCode.FINDINGS)
    assert outcomes(record)["manifest"] is Outcome.FAILED
