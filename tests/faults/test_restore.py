"""`restore` brings back what was backed up, beside what exists; what is in its way is told before anything is written."""

import json
import re
import signal
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.faults.restoring import CENTRAL, CLUSTER, LEDGER, ORDERS, PAPERS, PLAIN, SHOP, backed_up, made, passing, sessions

from strongroom import ledger
from strongroom.api.restore import Wish, prepare, restore, resume_restore
from strongroom.api.resume import unfinished
from strongroom.aws.permissions import RESTORE_ACTIONS
from strongroom.aws.recovery.cleaning import delete, leftovers, made_so_far, still_there
from strongroom.aws.recovery.cleaning import made as made_by
from strongroom.aws.recovery.describing import described
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, Region
from strongroom.domain.recovery import RESTORE_TAG, StepKind
from strongroom.errors import AwsRefused, BadInput, ExitCode, Stopped
from strongroom.workflows.restore import RestoreFailed

QUIET = {"on_step": lambda _step, _total: None, "on_wait": lambda _state, _share: None}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One twin for all tests here, in which everything has been backed up for three days."""
    with backed_up(tmp_path_factory.mktemp("restores")) as world:
        yield world


@pytest.fixture
def program(world, tmp_path, monkeypatch):
    """The environment of the world's shell in this process, and a state folder without a ledger."""
    for name, value in world.shell._environment({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield world
    world.mend()


def planned(world, arn, home, **wish):
    """The plan of a restore; what has no account in its ARN is looked up in the world's ledger."""
    home = world.shell.folder / ".strongroom" if arn == PAPERS else home
    return prepare(Wish(resource_arn=arn, **wish), strategy=world.shell.folder / "strategy.yaml", home=home)


def found(prepared, severity=Severity.ERROR):
    """The codes of the findings of a severity."""
    return {each.code for each in prepared.plan.findings if each.severity is severity}


def told(prepared, code):
    """The one message with a code."""
    [message] = {each.message for each in prepared.plan.findings if each.code == code}
    return message


def of_type(world, kind):
    """The one resource of a type whose name AWS chose."""
    points = ledger.latest(world.shell.folder / ".strongroom").table("recovery_points").select(["resource_type", "resource_arn"])
    [arn] = {each["resource_arn"] for each in points.to_pylist() if each["resource_type"] == kind}
    return arn


@pytest.mark.parametrize(
    "resource",
    [
        ORDERS,
        LEDGER,
        pytest.param(PAPERS, marks=pytest.mark.long),
        "EBS",
        pytest.param("EC2", marks=pytest.mark.long),
        pytest.param("EFS", marks=pytest.mark.long),
        pytest.param(CLUSTER, marks=pytest.mark.long),
    ],
    ids=["dynamodb", "rds", "s3", "ebs", "ec2", "efs", "aurora"],
)
def test_a_resource_of_every_type_comes_back_and_is_taken_away_again(program, tmp_path, resource):
    """One job makes it, it carries the tag of its run, and the clean-up removes it and nothing that lacks the tag."""
    arn = resource if ":" in resource else of_type(program, resource)
    begun = program.last_call()
    prepared = planned(program, arn, tmp_path)
    assert (prepared.refused, made(program, begun)) == (False, {})
    with passing(program):
        done = restore(prepared, **QUIET)
    assert made(program, begun)["StartRestoreJob"] == 1
    assert done.restored.resource_arn != arn
    assert done.restored.tags[RESTORE_TAG] == prepared.plan.plan_id
    assert done.restored.restore_seconds > 0

    aws, plan = sessions(), prepared.plan
    [thing] = made_by(done.restored, plan)
    listed, unread = leftovers(aws, [(plan.account, plan.region)], tag=RESTORE_TAG, value=plan.plan_id)
    assert ((thing.arn, thing.type) in {(each.arn, each.type) for each in listed}, unread) == (True, ())
    assert len(listed) == (2 if resource == "EC2" else 1)  # an instance has a volume
    with pytest.raises(AwsRefused, match="is left alone"):
        delete(replace(thing, arn=arn), aws, tags=plan.tags)
    delete(thing, aws, tags=plan.tags)
    with passing(program):
        delete(thing, aws, tags=plan.tags)  # what is gone or going can be deleted again
        while still_there(thing, aws):
            pass
    assert leftovers(aws, [(plan.account, plan.region)], tag=RESTORE_TAG, value=plan.plan_id) == ((), ())
    assert described(aws, plan.type, arn, account=AccountId(SHOP), region=Region("eu-west-2")) is not None


def test_a_database_comes_back_with_its_endpoint(program, tmp_path):
    """What connects needs address, port, engine and user, as AWS describes them."""
    prepared = planned(program, PLAIN, tmp_path, name="plain-again")
    assert (prepared.plan.creates, prepared.plan.point.continuous) == ("plain-again", False)
    with passing(program):
        done = restore(prepared, **QUIET)
    endpoint = done.restored.endpoint
    assert (endpoint.engine, bool(endpoint.address), endpoint.port > 0, bool(endpoint.user)) == ("postgres", True, True, True)
    again = planned(program, PLAIN, tmp_path, name="plain-again")
    assert (found(again), again.refused) == ({"RCV008"}, True)
    assert told(again, "RCV008") == "plain-again exists already, and AWS restores no RDS into one that exists"


def test_the_newest_data_nearest_to_the_target_are_chosen(program, tmp_path):
    """Copies have the same creation date: the local one needs no copy back; each other vault can be asked for."""
    best = planned(program, ORDERS, tmp_path).plan
    assert (best.point.vault, best.point.account) == ("bring-local", SHOP)
    assert best.reason.startswith("the newest data, where it is restored, of ")
    central = planned(program, ORDERS, tmp_path, vault="central").plan
    assert (central.point.account, central.reason.split(",")[1]) == (CENTRAL, " in another account")
    assert central.steps[0].kind is StepKind.COPY_BACK
    there = planned(program, ORDERS, tmp_path, vault="dr", account=CENTRAL).plan
    assert (there.account, there.region, there.steps[0].kind) == (CENTRAL, "eu-west-1", StepKind.RESTORE)
    earlier = planned(program, ORDERS, tmp_path, at=(best.point.created_at - timedelta(seconds=1)).isoformat())
    assert earlier.plan.point.created_at < best.point.created_at
    assert "RCV015" in found(earlier, Severity.INFO)


def test_what_lies_in_another_account_is_copied_back_first_and_counted_into_the_time(world, program):
    """One copy and one restore; the copy's time is known from earlier jobs and shown against the objective (FM16)."""
    home = world.shell.folder / ".strongroom"
    prepared = planned(program, ORDERS, home, vault="dr", region="eu-west-2")
    [copy, *_] = prepared.plan.steps
    assert (copy.kind, copy.call.account, copy.call.region, copy.expected_seconds > 0) == (StepKind.COPY_BACK, CENTRAL, "eu-west-1", True)
    assert copy.call.parameters["DestinationBackupVaultArn"] == f"arn:aws:backup:eu-west-2:{SHOP}:backup-vault:bring-local"
    assert (found(prepared), prepared.plan.rto_seconds) == (set(), 60)
    assert told(prepared, "RCV014").endswith("are expected, 1m are promised")
    begun = program.last_call()
    with passing(program):
        done = restore(prepared, **QUIET)
    assert {name: made(program, begun)[name] for name in ("StartCopyJob", "StartRestoreJob")} == {"StartCopyJob": 1, "StartRestoreJob": 1}
    assert (done.restored.copy_seconds > 0, done.restored.copied_point_arn.split(":")[4]) == (True, SHOP)
    aws, (table, copy) = sessions(), made_by(done.restored, prepared.plan)
    assert ((table.type, copy.type), still_there(copy, aws)) == (("DynamoDB", None), True)
    with pytest.raises(AwsRefused, match="explicit deny"):  # vaults of the strategy let nobody delete: it ends by its own lifecycle
        delete(copy, aws, tags=prepared.plan.tags)
    assert made_so_far(prepared.plan, {}) == ()


def test_an_air_gapped_vault_that_is_shared_is_restored_from_without_a_copy(program, tmp_path):
    """The recovery point stays where it is; the account that it is shared with starts the restore."""
    prepared, begun = planned(program, ORDERS, tmp_path, vault="airgap"), program.last_call()
    assert (prepared.refused, prepared.plan.point.account, prepared.plan.account) == (False, CENTRAL, SHOP)
    assert prepared.plan.reason.startswith("the newest data, in an air-gapped vault that is shared with the account")
    with passing(program):
        done = restore(prepared, **QUIET)
    assert (made(program, begun)["StartCopyJob"], made(program, begun)["StartRestoreJob"], done.restored.copied_point_arn) == (0, 1, "")


def test_a_continuous_backup_restores_the_very_instant(program, tmp_path):
    """The window is named when the instant is outside; without a continuous one the newest point before it is taken."""
    newest = planned(program, LEDGER, tmp_path).plan
    at = newest.instant - timedelta(hours=3, seconds=17)
    exact = planned(program, LEDGER, tmp_path, at=at.isoformat()).plan
    assert (exact.instant, exact.point.continuous) == (at, True)
    assert exact.metadata["RestoreTime"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    outside = planned(program, LEDGER, tmp_path, point=exact.point.arn, at=(at - timedelta(days=40)).isoformat())
    assert (found(outside), outside.plan.steps) == ({"RCV005"}, ())
    assert "is outside the window that can be restored, " in told(outside, "RCV005")
    with pytest.raises(BadInput, match="has not come yet"):
        planned(program, LEDGER, tmp_path, at=(newest.made_at + timedelta(hours=1)).isoformat())


def test_the_log_of_the_service_itself_is_used_where_nothing_else_reaches_the_instant(program, tmp_path):
    """A table with point-in-time recovery comes back as of that instant, without a job of AWS Backup; twice is once."""
    aws = sessions()
    aws.call(
        "dynamodb",
        "eu-west-2",
        "update_continuous_backups",
        account=SHOP,
        TableName="orders",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    with passing(program, step="30m"):
        while not (own := planned(program, ORDERS, tmp_path)).plan.made_at:
            pass
    at = own.plan.made_at
    with passing(program, step="10m"):
        while aws.observed_at() < at + timedelta(hours=1):
            aws.call("dynamodb", "eu-west-2", "list_tables", account=SHOP)
    begun = program.last_call()
    prepared = planned(program, ORDERS, tmp_path, at=(at + timedelta(minutes=20)).isoformat())
    assert (prepared.plan.point, prepared.plan.steps[0].call.operation) == (None, "RestoreTableToPointInTime")
    with passing(program):
        done = restore(prepared, **QUIET)
    assert (made(program, begun)["RestoreTableToPointInTime"], made(program, begun)["StartRestoreJob"]) == (1, 0)
    assert (done.restored.job_id, done.restored.tags[RESTORE_TAG]) == ("", prepared.plan.plan_id)


def test_a_database_without_a_continuous_backup_has_the_log_of_rds(program, tmp_path):
    """RDS's own backups reach the very instant: what it makes stands in the source's network and has the tags of the run from the start."""
    newest = planned(program, PLAIN, tmp_path).plan
    at = newest.made_at - timedelta(hours=2)
    begun, prepared = program.last_call(), planned(program, PLAIN, tmp_path, at=at.isoformat(), name="plain-at", overrides=["MultiAZ=true"])
    call = prepared.plan.steps[0].call
    assert (call.operation, call.parameters["RestoreTime"], call.parameters["MultiAZ"]) == (
        "RestoreDBInstanceToPointInTime",
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        True,
    )
    wrong = planned(program, PLAIN, tmp_path, at=at.isoformat(), overrides=["Colour=red"])
    assert told(wrong, "RCV007") == "Colour=red is no setting of RDS's own restore"
    with passing(program):
        done = restore(prepared, **QUIET)
    assert made(program, begun)["RestoreDBInstanceToPointInTime"] == 1
    assert (done.restored.resource_arn, done.restored.tags[RESTORE_TAG]) == (PLAIN.replace("plain", "plain-at"), prepared.plan.plan_id)
    taken = planned(program, PLAIN, tmp_path, at=at.isoformat(), name="plain-at")
    assert found(taken) == {"RCV008"}


@pytest.mark.parametrize(
    ("arn", "wish", "code", "words"),
    [
        (ORDERS, {"at": "2020-01-01"}, "RCV001", "no recovery point of 2020-01-01 00:00:00 UTC or before can be restored; nearest: "),
        (ORDERS.replace("orders", "nobody"), {}, "RCV001", "no recovery point can be restored; there is none at all"),
        (ORDERS, {"point": "arn:aws:backup:eu-west-2:1:recovery-point:x"}, "RCV001", "no vault that was looked into has recovery point "),
        (ORDERS, {"name": "orders"}, "RCV008", "orders exists already, and AWS restores no DynamoDB into one that exists"),
        (PAPERS, {"name": "restores-papers"}, "RCV008", "restores-papers exists already"),
        (
            PAPERS,
            {"overrides": ["NewBucket=false"], "name": "restores-papers"},
            "RCV008",
            "restores-papers exists already and would be written",
        ),
        (PAPERS, {"overrides": ["DestinationBucketName=Papers_2"]}, "RCV008", "'Papers_2' is no name for S3"),
        (LEDGER, {"overrides": ["DBSubnetGroupName=none"]}, "RCV011", "DB subnet group none is not in account 555555555555, eu-west-2"),
        (ORDERS, {"overrides": ["targetTableName="]}, "RCV007", "restore metadata is incomplete. Missing: targetTableName"),
    ],
)
def test_what_is_in_the_way_is_told_before_anything_is_written(program, tmp_path, arn, wish, code, words):  # noqa: PLR0917 - a table
    """Each has its code and says what was found; a refused plan can't be carried out."""
    begun = program.last_call()
    prepared = planned(program, arn, tmp_path, **wish)
    assert code in found(prepared)
    assert told(prepared, code).startswith(words)
    with pytest.raises(BadInput, match="can't be carried out"):
        restore(prepared, **QUIET)
    assert program.writes(begun) == []


@pytest.mark.parametrize(
    ("arn", "wish", "words"),
    [
        ("orders", {}, "is not an ARN"),
        (f"arn:aws:lambda:eu-west-2:{SHOP}:function:x", {}, "is of no type that AWS Backup restores"),
        (ORDERS, {"vault": "centrall"}, "no vault 'centrall' is known"),
        (ORDERS, {"items": ["a"]}, "single items can be restored from buckets and file systems alone"),
        (PAPERS, {"items": list("abcdef")}, "6 items are named"),
        (PAPERS, {"overwrite": "restores-papers"}, "--overwrite restores-papers and --name (none) differ"),
        (ORDERS, {"overrides": ["novalue"]}, "'novalue' sets nothing"),
        (ORDERS, {"account": "12"}, "is not an account id"),
        (ORDERS, {"region": "London"}, "is not a Region code"),
        (ORDERS, {"at": "yesterday"}, "'yesterday' is not an instant"),
    ],
)
def test_what_was_meant_otherwise_is_said_so(program, tmp_path, arn, wish, words):
    """Mistakes in arguments are bad input with a hint."""
    with pytest.raises(BadInput) as caught:
        planned(program, arn, tmp_path, **wish)
    assert words in caught.value.message
    assert caught.value.hint


def test_only_what_is_named_twice_is_written_into(program, tmp_path):
    """An existing bucket takes the objects beside its own and gets no tag; its clean-up would not touch it."""
    prepared = planned(program, PAPERS, tmp_path, name="restores-papers", overwrite="restores-papers", items=["a"])
    assert (found(prepared), StepKind.TAG in {step.kind for step in prepared.plan.steps}) == (set(), False)
    assert prepared.plan.metadata["ItemsToRestore"] == '["a"]'
    absent = planned(program, PAPERS, tmp_path, name="restores-nobody", overwrite="restores-nobody")
    assert told(absent, "RCV008") == "restores-nobody does not exist, so nothing can be restored into it"


def test_a_key_that_nobody_can_use_is_told_before(program, tmp_path):
    """The key of the recovery point waits for its deletion: the plan is refused and names its state."""
    aws, point = sessions(), planned(program, LEDGER, tmp_path).plan.point
    answer = aws.call(
        "backup", "eu-west-2", "describe_recovery_point", account=SHOP, BackupVaultName=point.vault, RecoveryPointArn=point.arn
    )
    key = answer["EncryptionKeyArn"]
    aws.call("kms", "eu-west-2", "disable_key", account=SHOP, KeyId=key)
    try:
        prepared = planned(program, LEDGER, tmp_path)
    finally:
        aws.call("kms", "eu-west-2", "enable_key", account=SHOP, KeyId=key)
    assert (found(prepared), told(prepared, "RCV004")) == ({"RCV004"}, f"its key {key} is Disabled")


def test_cold_storage_is_waited_for_by_consent_alone(program, tmp_path):
    """The retrieval time is told; warm points are taken before cold ones of the same resource, if nobody asks for one."""
    arn = of_type(program, "EFS")
    listed = sessions().pages(
        "backup",
        "eu-west-2",
        "list_recovery_points_by_backup_vault",
        "RecoveryPoints",
        account=SHOP,
        BackupVaultName="bring-local",
        ByResourceArn=arn,
    )
    oldest = min((each for each in listed if "MoveToColdStorageAfterDays" in each["Lifecycle"]), key=lambda each: each["CreationDate"])
    refused = planned(program, arn, tmp_path, point=oldest["RecoveryPointArn"])
    assert (found(refused), told(refused, "RCV003")) == ({"RCV003"}, "it is in cold storage: AWS takes 4 hours to bring it back")
    accepted = planned(program, arn, tmp_path, point=oldest["RecoveryPointArn"], accept_cold=True)
    assert (accepted.refused, "RCV003" in found(accepted, Severity.WARNING)) == (False, True)
    until = oldest["CreationDate"].isoformat()
    warm = planned(program, arn, tmp_path, at=until).plan.point
    assert warm.arn != oldest["RecoveryPointArn"]


def test_an_account_that_nobody_can_enter_is_told_before_anything_begins(world, program, tmp_path):
    """Not even a copy back is started when the restore could not be; the account of the resource may be lost, if another one takes it."""
    strategy, begun = world.shell.folder / "strategy.yaml", program.last_call()
    program.fault("deny-assume-role", account=SHOP)
    shut = prepare(Wish(resource_arn=ORDERS, vault="central"), strategy=strategy, home=tmp_path)
    assert (found(shut), shut.plan.steps) == ({"RCV017"}, ())
    elsewhere = prepare(Wish(resource_arn=ORDERS, account=CENTRAL), strategy=strategy, home=tmp_path)
    assert (elsewhere.refused, elsewhere.plan.point.account, told(elsewhere, "RCV016")[:36]) == (
        False,
        CENTRAL,
        "recovery points were not looked for ",
    )
    assert program.writes(begun) == []


@pytest.fixture(scope="module")
def least(world):
    """A role with the documented permissions and nothing else, in the accounts of resources and copies."""
    allowed = {"Effect": "Allow", "Action": list(RESTORE_ACTIONS), "Resource": "*"}
    trusted = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"}
    keys = {SHOP: ("AKIATWINSHOP00000001", "local-shop"), CENTRAL: ("AKIATWINCENTRAL00001", "local-central")}
    for access_key, secret in keys.values():
        iam = world.client("iam", aws_access_key_id=access_key, aws_secret_access_key=secret)
        iam.create_role(RoleName="least", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}))
        iam.put_role_policy(
            RoleName="least", PolicyName="restore", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        )
    return "least"


@pytest.mark.parametrize(
    ("arn", "wish"),
    [
        (ORDERS, {"vault": "central", "name": "least-orders"}),
        pytest.param(LEDGER, {"name": "least-ledger"}, marks=pytest.mark.long),
        pytest.param(PAPERS, {"name": "least-papers"}, marks=pytest.mark.long),
        pytest.param("EBS", {}, marks=pytest.mark.long),
        pytest.param("EFS", {}, marks=pytest.mark.long),
    ],
    ids=["dynamodb", "rds", "s3", "ebs", "efs"],
)
def test_the_documented_permissions_are_enough(program, least, arn, wish):
    """Whoever has them sees all that is in the way, restores, and tags what was made."""
    folder = program.shell.folder
    wanted = Wish(resource_arn=arn if ":" in arn else of_type(program, arn), **wish)
    prepared = prepare(wanted, strategy=folder / "strategy.yaml", home=folder / ".strongroom", role=least)
    assert "RCV016" not in {each.code for each in prepared.plan.findings}
    with passing(program):
        done = restore(prepared, **QUIET)
    assert (done.restored.remarks, done.restored.tags[RESTORE_TAG]) == ((), prepared.plan.plan_id)


def test_a_job_that_aws_fails_ends_the_run_in_its_words(program, tmp_path):
    """A role that AWS Backup can't take on: the job fails, nothing is left to resume."""
    prepared = planned(program, ORDERS, tmp_path, job_role=f"arn:aws:iam::{SHOP}:role/nobody")
    with passing(program), pytest.raises(RestoreFailed, match=r"^restore job [0-9A-F-]+ ended as FAILED: .*nobody"):
        restore(prepared, **QUIET)


def test_a_dry_run_shows_the_exact_calls_and_acts_on_nothing(world):
    """With a ledger permissions are predicted; without one the plan says that they are not."""
    begun = world.last_call()
    told_json = world.shell.run("restore", ORDERS, "--dry-run", "--format", "json")
    document = json.loads(told_json.out)
    assert (told_json.code, document["refused"], document["run"]) == (ExitCode.PROVEN, False, None)
    call = document["plan"]["steps"][0]["call"]
    assert (call["service"], call["operation"], call["account"]) == ("backup", "StartRestoreJob", SHOP)
    assert {"RecoveryPointArn", "Metadata", "IamRoleArn", "ResourceType"} == set(call["parameters"])
    assert not {"RCV012", "RCV013"} & {each["code"] for each in document["findings"]}
    shown = world.shell.run("restore", ORDERS, "--dry-run", STRONGROOM_HOME="elsewhere")
    assert "permissions are not predicted: no snapshot is in the ledger" in shown.out
    assert shown.out.splitlines()[-1] == "nothing was restored: this was a dry run"
    asked = world.shell.run("restore", ORDERS)
    assert (asked.code, asked.error.splitlines()[0]) == (ExitCode.BAD_INPUT, "error: nobody is here to agree to the restore")
    assert world.writes(begun) == []


def killed_after(world, folder, number, until, verb):
    """Start a verb, lose every answer from write `number` on, and kill the process then: what it asked for is neither done nor not done."""
    world.fault("cut-after-write", after=number, times=0)
    running = replace(world.shell, folder=folder).start(*verb)
    with passing(world):
        until(world.hits, seconds=60)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    world.mend()
    assert running.returncode == -signal.SIGKILL


def copies_back():
    """How many copies came back from the central account."""
    vault = f"arn:aws:backup:eu-west-2:{SHOP}:backup-vault:bring-local"
    return len(list(sessions().pages("backup", "eu-west-2", "list_copy_jobs", "CopyJobs", account=CENTRAL, ByDestinationVaultArn=vault)))


# Writes of a restore with a copy back: both jobs, the tags of what was made and of the copy.
@pytest.mark.parametrize("number", [pytest.param(number, marks=[] if number == 2 else pytest.mark.long) for number in range(1, 5)])
def test_killed_after_any_write_goes_on_without_a_second_copy_or_restore(program, tmp_path, until, number):
    """Whatever write was the last before kill -9, resume ends with exactly one copy and one restore."""
    shell, copied = replace(program.shell, folder=tmp_path), copies_back()
    strategy, name = str(program.shell.folder / "strategy.yaml"), f"killed-{number}"
    verb = ("restore", ORDERS, "--vault", "central", "--name", name, "--strategy", strategy, "--yes")
    home = {"STRONGROOM_HOME": str(tmp_path / "home")}
    program.shell.env.update(home)
    try:
        killed_after(program, tmp_path, number, until, verb)
        with passing(program):
            resumed = shell.run("resume", "--strategy", strategy)
    finally:
        program.shell.env.pop("STRONGROOM_HOME")
    assert (resumed.code, resumed.error) == (ExitCode.PROVEN, "")
    assert f"table/{name}" in resumed.out
    assert unfinished(tmp_path / "home") == ()
    listed = sessions().pages("backup", "eu-west-2", "list_restore_jobs", "RestoreJobs", account=SHOP)
    assert sum(each.get("CreatedResourceArn", "").endswith(name) for each in listed) == 1
    assert copies_back() - copied == 1  # the calls may be repeated, with the token of the run


@pytest.mark.long
def test_an_interrupt_stops_and_resume_goes_on(program, tmp_path, until):
    """Ctrl-C while a job runs ends with code 5 and says how to go on; the job goes on in AWS and is not started again."""
    shell, begun = replace(program.shell, folder=tmp_path), program.last_call()
    strategy, home = str(program.shell.folder / "strategy.yaml"), str(tmp_path / "home")
    running = shell.start("restore", ORDERS, "--name", "interrupted", "--strategy", strategy, "--yes", STRONGROOM_HOME=home)
    until(lambda: made(program, begun)["StartRestoreJob"], seconds=60)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == ExitCode.STOPPED
    [run] = re.findall(r"help: go on with: strongroom resume (restore-[0-9a-f]+)", err.decode())
    with passing(program):
        resumed = shell.run("resume", run, "--format", "json", STRONGROOM_HOME=home)
    assert (resumed.code, json.loads(resumed.out)["restored"]["resource_arn"]) == (ExitCode.PROVEN, ORDERS.replace("orders", "interrupted"))
    with pytest.raises(BadInput, match=f"run {run} has finished, there is nothing to resume"):
        resume_restore(run, home=tmp_path / "home", **QUIET)


def test_a_network_that_goes_away_while_a_job_runs_loses_nothing(program, tmp_path):
    """The run stops and can go on; nobody starts the job again."""
    prepared, begun, heard = planned(program, ORDERS, tmp_path, name="unreachable"), program.last_call(), []

    def on_wait(state, _share):
        heard.append(state)
        program.fault("silent-region", region="eu-west-2", service="backup", how="close")

    with pytest.raises(Stopped) as caught:
        restore(prepared, on_step=QUIET["on_step"], on_wait=on_wait)
    program.mend()
    assert (caught.value.hint, heard) == (f"go on with: strongroom resume {prepared.plan.plan_id}", ["PENDING"])
    assert [each.kind for each in unfinished(tmp_path)] == ["restore"]
    with passing(program):
        done = resume_restore(prepared.plan.plan_id, home=tmp_path, **QUIET)
    assert (done.restored.resource_arn, unfinished(tmp_path)) == (ORDERS.replace("orders", "unreachable"), ())
    listed = sessions().pages("backup", "eu-west-2", "list_restore_jobs", "RestoreJobs", account=SHOP)
    assert sum(each.get("CreatedResourceArn", "").endswith("unreachable") for each in listed) == 1
    assert made(program, begun)["StartRestoreJob"] == 2  # asked again, with the same token


@pytest.mark.long
def test_restores_go_on_beside_each_other(program, tmp_path, until):
    """In an incident one restore does not wait for the other, though both are runs of one state folder."""
    shell, begun = replace(program.shell, folder=tmp_path), program.last_call()
    strategy, home = str(program.shell.folder / "strategy.yaml"), str(tmp_path / "home")
    running = [
        shell.start("restore", ORDERS, "--name", name, "--strategy", strategy, "--yes", STRONGROOM_HOME=home)
        for name in ("beside-1", "beside-2", "beside-3")
    ]
    until(lambda: made(program, begun)["StartRestoreJob"] == len(running), seconds=60)
    with passing(program):
        ended = [(each.communicate(), each.returncode)[1] for each in running]
    assert ended == [ExitCode.PROVEN] * len(running)
