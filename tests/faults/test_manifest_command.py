"""`strongroom manifest` as a person calls it, on a twin with a real PostgreSQL behind RDS."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests import forked

from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Endpoint, Outcome, PointRef, Restored
from strongroom.domain.strategy import Login, Validation
from strongroom.validators.running import examine
from strongroom.validators.target import Target

PASSWORD = "correct-horse-battery-staple"
STRATEGY = """\
strongroom: 1
organization: {home_region: REGION, governs: [Workloads]}
plans: {production: {select: {tags: {environment: prod}}, rules: {daily: {at: "02:00", keep: 30d}}}}
restore_tests:
  weekly:
    at: "Sunday 10:00"
    select: {tags: {test: "yes"}}
    from: local
    validate: {rds: [manifest, checks/ledger.sql], dynamodb: manifest}
    login: {rds: {user: master, password: {env: LEDGER_PASSWORD}}}
"""


@dataclass(frozen=True)
class Shell:
    """A folder with a strategy, and a twin."""

    folder: Path
    twin: Any

    def run(self, *arguments: str, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STRONGROOM_HOME"))}
        environment = {**kept, **self.twin.environment(), **variables}
        said = forked.run(arguments, folder=self.folder, env=environment, seconds=120)
        done = subprocess.CompletedProcess(said.args, said.returncode, said.stdout.decode(), said.stderr.decode())
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        return done


@pytest.fixture
def shell(aws_twin_session, tmp_path) -> Shell:
    (tmp_path / "strategy.yaml").write_text(STRATEGY.replace("REGION", aws_twin_session.region), encoding="utf-8")
    return Shell(tmp_path, aws_twin_session)


@pytest.fixture
def database(shell: Shell) -> Iterator[str]:
    """A database with a thousand orders; its ARN."""
    rds = shell.twin.client("rds")
    made = {"DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20, "Engine": "postgres", "DBName": "ledger"}
    rds.create_db_instance(DBInstanceIdentifier="manifested", MasterUsername="master", MasterUserPassword=PASSWORD, **made)
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier="manifested")["DBInstances"]
    at = instance["Endpoint"]
    with psycopg.connect(host=at["Address"], port=at["Port"], user="master", password=PASSWORD, dbname="ledger") as connection:
        connection.execute("CREATE TABLE orders AS SELECT n AS id, 'order ' || n AS note FROM generate_series(1, 1000) AS n")
    yield instance["DBInstanceArn"]
    rds.delete_db_instance(DBInstanceIdentifier="manifested", SkipFinalSnapshot=True)


def test_a_database_is_written_down_with_the_login_of_the_strategy(shell, database):
    """Tables with their rows and checksums, by a login of the restore tests; a wrong password is told, and exits with 3."""
    told = json.loads(shell.run("manifest", database, "--format", "json", LEDGER_PASSWORD=PASSWORD).stdout)
    (taken,) = told["taken"]
    assert (told["verb"], taken["resource_arn"], taken["type"], taken["count"]) == ("manifest", database, "RDS", 1)
    document = json.loads(Path(taken["file"]).read_text(encoding="utf-8"))
    assert (document["format_version"], document["rows"]) == (1, {"public.orders": 1000})
    assert list(document["entries"]) == ["public.orders"]
    assert "order 7" not in json.dumps(document)
    assert shell.folder / ".strongroom" / "manifests" / "rds" in Path(taken["file"]).parents
    again = shell.run("manifest", database, "--out", "elsewhere", LEDGER_PASSWORD=PASSWORD).stdout
    assert again.startswith(f"{database}: 1 entries, SHA-256 {taken['sha256'][:16]}…\n  elsewhere/rds/")
    refused = shell.run("manifest", database, code=3, LEDGER_PASSWORD="wrong").stdout
    assert 'password authentication failed for user "master"' in refused
    assert "the environment variable LEDGER_PASSWORD is not set" in shell.run("manifest", database, code=3).stdout


def test_bad_input_is_refused_before_anything_is_read(shell):
    """Files are read where they are mounted: exit code 2, and no call of AWS."""
    before = len(shell.twin.calls())
    system = "arn:aws:elasticfilesystem:eu-west-1:111111111111:file-system/fs-1"
    assert "--mounted FOLDER" in shell.run("manifest", system, code=2).stderr
    assert len(shell.twin.calls()) == before


def test_a_file_that_a_test_needs_is_missed_by_check(shell):
    """Before any restore waits for it."""
    told = shell.run("check", "strategy.yaml", "--format", "json", code=1)
    (finding,) = (each for each in json.loads(told.stdout)["findings"] if each["code"] == "STR032")
    assert finding["message"] == "restore test weekly needs checks/ledger.sql, which is not there"
    assert finding["origin"] == "strategy.yaml:9:32"
    (shell.folder / "checks").mkdir()
    (shell.folder / "checks" / "ledger.sql").write_text("SELECT true;\n", encoding="utf-8")
    assert "STR032" not in shell.run("check", "strategy.yaml", "--format", "json", "--fail-on", "never").stdout


JOBS = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores")


def restored(shell: Shell, arn: str) -> Target:
    """Back up and restore a database by AWS Backup, with a row deleted in between; what came back."""
    iam, backup, rds = (shell.twin.client(service) for service in ("iam", "backup", "rds"))
    role = iam.create_role(RoleName="jobs", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **JOBS}))["Role"]["Arn"]
    for policy in POLICIES:
        iam.attach_role_policy(RoleName="jobs", PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
    backup.create_backup_vault(BackupVaultName="local")
    job = backup.start_backup_job(BackupVaultName="local", ResourceArn=arn, IamRoleArn=role)["BackupJobId"]
    shell.twin.advance("12h")
    point = backup.describe_backup_job(BackupJobId=job)["RecoveryPointArn"]
    execute(shell, arn, "DELETE FROM orders WHERE id = 7")
    wanted = backup.get_recovery_point_restore_metadata(BackupVaultName="local", RecoveryPointArn=point)["RestoreMetadata"]
    named = {**wanted, "DBInstanceIdentifier": "manifested-restored"}
    job = backup.start_restore_job(RecoveryPointArn=point, Metadata=named, IamRoleArn=role)["RestoreJobId"]
    shell.twin.advance("12h")
    done = backup.describe_restore_job(RestoreJobId=job)
    assert done["Status"] == "COMPLETED", done
    (made,) = rds.describe_db_instances(DBInstanceIdentifier="manifested-restored")["DBInstances"]
    at, place = made["Endpoint"], {"account": AccountId(shell.twin.account), "region": Region(shell.twin.region)}
    known = backup.describe_recovery_point(BackupVaultName="local", RecoveryPointArn=point)
    return Target(
        restored=Restored(
            **place,
            resource_arn=made["DBInstanceArn"],
            type=ResourceType.RDS,
            job_id=job,
            endpoint=Endpoint(address=at["Address"], port=at["Port"], engine=made["Engine"], user="master", database="ledger"),
            encrypted=True,
            key_arn=None,
            started_at=done["CreationDate"],
            completed_at=done["CompletionDate"],
        ),
        source_arn=arn,
        point=PointRef(**place, vault="local", arn=point, created_at=known["CreationDate"]),
        login=Login(type=ResourceType.RDS, variable="LEDGER_PASSWORD", origin=BuiltIn()),
        folder=shell.folder,
        manifests=shell.folder / ".strongroom" / "manifests",
    )


def execute(shell: Shell, arn: str, statement: str) -> None:
    """Run something in a database of the twin."""
    (found,) = shell.twin.client("rds").describe_db_instances(DBInstanceIdentifier=arn.rpartition(":")[2])["DBInstances"]
    at = found["Endpoint"]
    with psycopg.connect(host=at["Address"], port=at["Port"], user="master", password=PASSWORD, dbname="ledger") as connection:
        connection.execute(statement)


@pytest.mark.long
def test_what_came_back_is_compared_with_what_was_there(shell, database, monkeypatch):
    """The rows of the instant of the backup, not those of today; one that rots in silence is found, whatever the count of rows says."""
    shell.run("manifest", database, LEDGER_PASSWORD=PASSWORD)
    about = restored(shell, database)
    monkeypatch.setenv("LEDGER_PASSWORD", PASSWORD)
    for name, value in shell.twin.environment().items():
        monkeypatch.setenv(name, value)
    sessions = Sessions.open(role="strongroom-deploy", region=shell.twin.region)
    settings = {"manifest": {}, "sql": {"query": "SELECT count(*) = 1000 FROM orders"}, "checksum": {"table": "orders"}}
    wanted = [
        Validation(type=ResourceType.RDS, validator=name, settings=json.dumps(given), origin=BuiltIn()) for name, given in settings.items()
    ]
    found = examine(about, wanted, sessions)
    assert [(each.validator, each.outcome) for each in found] == [
        (name, Outcome.PASSED) for name in ("connection", "encryption", "manifest", "sql", "checksum")
    ]
    assert found[0].measured["tls"] is True
    execute(shell, about.restored.resource_arn, "UPDATE orders SET note = 'order 8' WHERE id = 7")
    outcomes = {each.validator: each.outcome for each in examine(about, wanted, sessions)}
    assert outcomes["sql"] is Outcome.PASSED
    assert (outcomes["manifest"], outcomes["checksum"]) == (Outcome.FAILED, Outcome.FAILED)
