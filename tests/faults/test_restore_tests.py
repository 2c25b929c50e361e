"""`strongroom test` on the twin: what is proven, what is found, and that nothing stays behind, whatever happens on the way."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.faults.tested import BUCKET, CENTRAL, FALSE, SHOP, TABLE, TRUE, WEEKLY, as_sdk_reads, organization, room, strategy, ticking

from strongroom.api import test as api
from strongroom.api.resume import unfinished
from strongroom.api.tests import evidence_of
from strongroom.api.tests import tests as standings_of
from strongroom.api.verify import prove
from strongroom.domain.finding import Severity
from strongroom.domain.recovery import Outcome
from strongroom.errors import BadInput, CouldNotVerify, ExitCode, Stopped
from strongroom.evidence.standing import State
from strongroom.proof.links import LinkName, LinkState
from strongroom.workflows.testing import steps

LONG = pytest.mark.long


def beside(world):
    """A table that no plan selects, and a role that may do everything but delete what a test makes."""
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    world.owner("dynamodb").create_table(TableName="loose", KeySchema=keys, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST")
    trusted = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    kept = {"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}
    iam = world.owner("iam")
    iam.create_role(RoleName="keeps", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}))
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything, kept]})
    iam.put_role_policy(RoleName="keeps", PolicyName="keeps", PolicyDocument=document)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One organization for all tests here; the clock goes on all the time."""
    both = {**WEEKLY, "select": {"tags": {"environment": "prod"}, "types": ["dynamodb", "s3"]}, "from": ["local", "central"]}
    both |= {"at": "10:00", "start_within": "1h", "validate_within": "7d"}  # what AWS has restored waits for us
    with (
        organization(tmp_path_factory.mktemp("tested"), tests={"weekly": both}, prepare=beside) as world,
        ticking(world.endpoint, advance="1m"),
    ):
        yield world


@pytest.fixture
def tested(shared, tmp_path):
    """A folder of the test's own, a strategy that tests the table from the local vault, and the ledger; nothing is left in AWS."""
    yield room(shared, tmp_path)
    shared.mend()
    assert (shared.there(), shared.there(CENTRAL)) == (set(), set())


def state_of(world):
    """How the one thing that is covered stands."""
    (found,) = standings_of(world.shell.folder / "strategy.yaml", home=world.home).standings
    return found.state


def test_what_comes_back_from_every_vault_is_proven(tested):
    """Restored where the recovery point lies, examined, timed, documented, gone; AWS's ids and the next date are in the evidence."""
    tested.declare(**{"from": ["local", "central"]})
    done = tested.test("--format", "json")
    assert done.code == ExitCode.PROVEN, done
    records = tested.records()
    assert {(each.vault_label, each.point.account, each.restored.account) for each in records} == {
        ("local", SHOP, SHOP),
        ("central", CENTRAL, CENTRAL),
    }
    for each in records:
        assert (each.outcome, each.cleaned_up, each.leftovers) == (Outcome.PASSED, True, ())
        outcomes = {one.validator: one.outcome for one in each.measurements}
        assert outcomes == dict.fromkeys(("encryption", "command", "time"), Outcome.PASSED)
        assert each.restored.tags["strongroom:test-run"] == each.run_id
        assert each.restored.tags["strongroom:strategy"] == "tested"
        assert 0 < each.restored.restore_seconds <= each.seconds <= each.rto_seconds == 4 * 3600
        assert each.tester == "arn:aws:iam::111111111111:user/admin"
        assert each.completed_at < each.next_at <= each.completed_at + timedelta(days=7)
    assert {each["test_id"] for each in json.loads(done.out)["records"]} == {each.test_id for each in records}
    listed = tested.shell.run("tests", "--format", "json")
    states = {(each["vault_label"], each["state"], each["proven_by"]) for each in json.loads(listed.out)["tests"]}
    assert (listed.code, states) == (ExitCode.PROVEN, {(each.vault_label, "proven", each.test_id) for each in records})
    assert records[0].restored.job_id in evidence_of(records[0].test_id, home=tested.home)


@LONG
def test_what_is_found_wrong_fails_and_is_taken_away(tested):
    """Exit code 1, the validator's sentence, and `tests` says so until a later test passes."""
    tested.declare(validate={"dynamodb": [TRUE, FALSE]})
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, code) == (Outcome.FAILED, True, ExitCode.FINDINGS)
    assert record.told.startswith("command: ")
    report = standings_of(tested.shell.folder / "strategy.yaml", home=tested.home, overdue=True)
    assert ([each.state for each in report.standings], report.exit_code) == ([State.FAILED], ExitCode.FINDINGS)
    tested.declare()
    assert tested.run()[1] is ExitCode.PROVEN
    assert state_of(tested) is State.PROVEN


@LONG
def test_what_nobody_has_looked_at_is_unknown(tested):
    """A restore that completes and is encrypted proves nothing about what is in it."""
    tested.declare(validate={})
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, code) == (Outcome.UNKNOWN, True, ExitCode.COULD_NOT_VERIFY)
    assert record.told == "it was restored, and no validator is declared that looks at what is in it"


@LONG
@pytest.mark.parametrize("how", ["its program is missing", "it never ends"])
def test_a_validator_that_can_not_tell_is_unknown(tested, monkeypatch, how):
    """Never a success, and what was restored is gone."""
    monkeypatch.setattr(steps, "DEADLINE_SECONDS", 3.0)
    run = {"its program is missing": ["/no/such/program"], "it never ends": ["sleep", "600"]}[how]
    tested.declare(validate={"dynamodb": [{"command": {"run": run}}]})
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, code) == (Outcome.UNKNOWN, True, ExitCode.COULD_NOT_VERIFY)
    assert state_of(tested) is State.UNKNOWN


@LONG
def test_a_restore_slower_than_promised_fails(tested):
    """What is in it is right, and the objective is not held."""
    tested.fault("slow-jobs", factor=200.0, type="DynamoDB")
    with ticking(tested.endpoint, advance="1h"):
        done, code = tested.run()
    (record,) = done.records
    wrong = [each.validator for each in record.measurements if each.outcome is Outcome.FAILED]
    assert (wrong, record.outcome, code) == (["time"], Outcome.FAILED, ExitCode.FINDINGS)
    assert record.seconds > record.rto_seconds


def test_a_job_that_fails_is_a_failed_test(tested):
    """AWS Backup's own words; what a job has made before it failed is taken away, too."""
    tested.fault("no-space", type="DynamoDB")
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.restored, record.leftovers, code) == (Outcome.FAILED, None, (), ExitCode.FINDINGS)
    assert "ended as FAILED" in record.told


@LONG
def test_a_disabled_key_is_told_before_anything_begins(tested):
    """The vault's key can't be used: the test fails with the reason, and nothing is restored."""
    vault = tested.owner("backup", CENTRAL).describe_backup_vault(BackupVaultName="tested-central")
    tested.declare(**{"from": ["central"]}, select={"tags": {"environment": "prod"}, "types": ["s3"]}, validate={"s3": [TRUE]})
    begun = tested.last_call()
    tested.fault("disable-key", key=vault["EncryptionKeyArn"])
    done, code = tested.run()
    tested.owner("kms", CENTRAL).enable_key(KeyId=vault["EncryptionKeyArn"])
    (record,) = done.records
    assert (record.outcome, record.restored, code) == (Outcome.FAILED, None, ExitCode.FINDINGS)
    assert "key" in record.told
    assert tested.started(begun) == []


def test_planning_shows_the_calls_and_makes_none(tested):
    """What `--dry-run` prints; nothing that could act is called."""
    begun = tested.last_call()
    with tested.as_a_user():
        (way,) = api.plans(api.prepare(tested.shell.folder / "strategy.yaml", home=tested.home))
    assert [step.call.operation for step in way.plan.steps] == ["StartRestoreJob", "TagResource", "DescribeTable"]
    assert [each["operation"] for each in tested.writes(begun) if each["operation"] != "AssumeRole"] == []


@LONG
def test_what_lies_elsewhere_is_copied_back_where_it_is_asked_for(tested):
    """As on the day it is needed: the copy is in the time. The vault lets nobody delete it: that and its end is told, and is no failure."""
    tested.declare(**{"from": ["central"]})
    done, code = tested.run(copy_back=True)
    (record,) = done.records
    assert (record.point.account, record.restored.account, record.outcome) == (CENTRAL, SHOP, Outcome.PASSED), record
    assert 0 < record.restored.copy_seconds < record.seconds
    assert record.restored.copy_job_id
    assert (record.cleaned_up, record.leftovers, code) == (False, (record.restored.copied_point_arn,), ExitCode.PROVEN)
    assert record.left_because[0].startswith("its vault lets nobody delete it, it expires on 20")


@LONG
def test_a_dry_run_prints_the_calls(tested):
    shown = tested.shell.run("test", "--dry-run", "--format", "json")
    (test,) = json.loads(shown.out)["tests"]
    assert (shown.code, test["calls"][0]["operation"], test["refused"]) == (ExitCode.PROVEN, "StartRestoreJob", "")
    assert "1 test; nothing was restored" in tested.shell.run("test", "--dry-run").out


@LONG
def test_nobody_at_the_terminal_agrees_to_nothing(tested):
    begun = tested.last_call()
    refused = tested.shell.run("test")
    assert refused.code == ExitCode.BAD_INPUT
    assert "--yes" in refused.error
    assert tested.started(begun) == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"tests": ["weekl"]}, "did you mean weekly?"),
        pytest.param({"vaults": ["locl"]}, "did you mean local?", marks=LONG),
        pytest.param({"tests": ["weekly"], "resources": [BUCKET]}, "see what they cover", marks=LONG),
        ({"resources": [BUCKET], "due": True}, "or test it by hand"),
        ({"resources": [TABLE.replace("orders", "nobody")]}, "strongroom coverage lists the resources"),
    ],
)
def test_wrong_names_are_bad_input(tested, how, says):
    with pytest.raises(BadInput) as refused:
        tested.run(**how)
    assert says in refused.value.hint


@LONG
def test_what_is_kept_is_told_and_found_and_cleaned(tested):
    """`--keep` leaves it; the next test names it; `--clean` takes away what carries both tags of ours, and nothing else."""
    done, code = tested.run(keep=True)
    (record,) = done.records
    assert (record.cleaned_up, record.leftovers, code) == (False, (record.restored.resource_arn,), ExitCode.PROVEN)
    name = record.restored.resource_arn.rpartition("/")[2]
    owner = tested.owner("dynamodb")
    owner.create_table(
        TableName="strongroom-test-of-somebody-else",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "strongroom:test-run", "Value": record.run_id}, {"Key": "strongroom:strategy", "Value": "another"}],
    )
    with tested.as_a_user():
        again = api.prepare(tested.shell.folder / "strategy.yaml", home=tested.home)
    assert [(each.arn, each.run) for each in again.leftovers] == [(record.restored.resource_arn, record.run_id)]
    assert tested.there() == {name, "strongroom-test-of-somebody-else"}
    cleaned = tested.test("--clean")
    assert (cleaned.code, tested.there()) == (ExitCode.PROVEN, {"strongroom-test-of-somebody-else"})
    owner.delete_table(TableName="strongroom-test-of-somebody-else")


def test_what_aws_does_not_let_go_is_told(tested):
    """The clean-up is verified: a deletion that is refused is a leftover with AWS's reason, and exit code 1."""
    tested.fault("error", operation="DeleteTable", code="AccessDeniedException", status=400, message="not you")
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, len(record.leftovers), code) == (Outcome.PASSED, False, 1, ExitCode.FINDINGS)
    assert "not you" in record.left_because[0]
    tested.mend()
    with tested.as_a_user():
        sessions, name, found = api.leftovers(tested.shell.folder / "strategy.yaml", home=tested.home)
        assert api.clean(sessions, name, found) == ()


@LONG
def test_a_restore_whose_end_is_not_told_is_found_and_taken_away(tested):
    """AWS restores, and refuses to say what came of it: unknown, and what it made is gone all the same."""
    begun = tested.last_call()
    tested.fault("error", operation="DescribeRestoreJob", code="AccessDeniedException", status=400, message="not now", times=1)
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, code) == (Outcome.UNKNOWN, True, ExitCode.COULD_NOT_VERIFY)
    assert tested.started(begun)[-1] == "DeleteTable"
    assert len(tested.restores(record.run_id)) == 1


@LONG
def test_a_test_that_may_not_restore_is_unknown(tested):
    """AWS refuses the call that begins it: nothing was made."""
    tested.fault("error", operation="StartRestoreJob", code="AccessDeniedException", status=400, message="not you")
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.cleaned_up, code) == (Outcome.UNKNOWN, None, ExitCode.COULD_NOT_VERIFY)
    assert "not you" in record.told


@LONG
def test_a_stop_by_hand_goes_on_with_resume(tested, until):
    """Ctrl-C while a validator runs: exit code 5 and how to go on; the same restore is examined then, and taken away."""
    ready, go = tested.shell.folder / "ready", tested.shell.folder / "go"
    wait = f"import pathlib, time\npathlib.Path({str(ready)!r}).touch()\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)"
    tested.declare(validate={"dynamodb": [{"command": {"run": [sys.executable, "-c", wait]}}]})
    running = tested.shell.start("test", "--yes")
    until(ready.exists, seconds=60)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == ExitCode.STOPPED, told
    assert b"strongroom resume test-" in told
    assert len(tested.there()) == 1
    go.touch()
    resumed = tested.shell.run("resume")
    assert resumed.code == ExitCode.PROVEN, resumed
    (record,) = tested.records()
    assert (record.outcome, record.cleaned_up, len(tested.restores(record.run_id))) == (Outcome.PASSED, True, 1)


@LONG
def test_a_ledger_without_room_keeps_nothing_from_being_cleaned_up(tested):
    """The evidence can't be written: what was restored is gone all the same, and resume writes it when there is room again."""
    folder = tested.home / "ledger" / "tests"
    folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(Stopped, match="the ledger can't be written") as stopped:
        tested.run()
    assert tested.there() == set()
    folder.unlink()
    assert tested.shell.run("resume").code == ExitCode.PROVEN, stopped
    assert [each.outcome for each in tested.records()] == [Outcome.PASSED]


@LONG
def test_credentials_that_end_on_the_way_stop_the_run(tested):
    """Nothing more can be asked of AWS: exit code 5, and with new credentials the same run goes on and cleans up."""
    tested.fault("error", operation="TagResource", code="ExpiredTokenException", status=400, message="expired")
    with pytest.raises(Stopped, match="renew the credentials") as stopped:
        tested.run()
    assert "strongroom resume test-" in stopped.value.hint
    assert len(tested.there()) == 1
    tested.mend()
    resumed = tested.shell.run("resume")
    assert resumed.code == ExitCode.PROVEN, resumed
    (record,) = tested.records()
    assert (record.outcome, record.cleaned_up, len(tested.restores(record.run_id))) == (Outcome.PASSED, True, 1)


def test_what_no_restore_test_covers_is_tested_by_hand(tested):
    """From the vault that is named, by a validator as the strategy declares it: evidence like any other, which says by hand, and counts."""
    tested.declare(validate={"dynamodb": [TRUE], "s3": [TRUE]})
    done, code = tested.run(resources=[BUCKET], vaults=["central"], validators=["command"])
    (record,) = done.records
    assert (record.test, record.vault_label, record.outcome, code) == ("", "central", Outcome.PASSED, ExitCode.PROVEN), record
    assert (record.cleaned_up, record.next_at, record.rto_seconds) == (True, None, 4 * 3600)
    assert "asked for by hand" in evidence_of(record.test_id, home=tested.home)
    chains = prove(tested.shell.folder / "strategy.yaml", BUCKET, home=tested.home)
    links = {each.destination_label: link.state for each in chains for link in each.links if link.name is LinkName.RESTORED}
    assert links == {"central": LinkState.PROVEN, "local": LinkState.NOT_REQUIRED}


def test_what_has_no_recovery_point_can_not_be_tested(tested):
    """Said before anything is asked of AWS where the ledger knows it, else by the vault; nothing is restored."""
    loose, begun = TABLE.replace("orders", "loose"), tested.last_call()
    with pytest.raises(CouldNotVerify, match="no vault holds a recovery point of arn:"):
        tested.run(resources=[loose])
    done, code = tested.run(resources=[loose], vaults=["local"])
    assert (done.records, code) == ((), ExitCode.COULD_NOT_VERIFY)
    assert "holds no recovery point of it" in done.untested[0].reason
    shown = tested.shell.run("test", "--resource", BUCKET, "--dry-run")
    assert (shown.code, shown.out.count("by hand: arn:aws:s3:::tested-papers from ")) == (ExitCode.PROVEN, 2)
    assert tested.started(begun) == []


def test_no_restore_begins_that_nobody_could_take_away(tested):
    """The role for recovery deletes nothing: told beforehand, unknown, and with --keep it is what was asked for."""
    deletes_nothing = {"deploy": "somebody", "recovery": {"name": "strongroom-deploy", "trust": "management", "mfa": False}}
    tested.shell.write("strategy.yaml", strategy({"weekly": WEEKLY}, roles=deletes_nothing))
    begun = tested.last_call()
    with tested.as_a_user():
        (way,) = api.plans(api.prepare(tested.shell.folder / "strategy.yaml", home=tested.home))
        (kept,) = api.plans(api.prepare(tested.shell.folder / "strategy.yaml", home=tested.home, keep=True))
    assert ([each.code for each in way.plan.findings if each.severity is Severity.ERROR], kept.trouble) == (["RCV018"], "")
    done, code = tested.run()
    (record,) = done.records
    assert (record.outcome, record.restored, record.cleaned_up, code) == (Outcome.UNKNOWN, None, None, ExitCode.COULD_NOT_VERIFY)
    assert record.told == "role strongroom-deploy may not delete DynamoDB that a test has restored: no restore was begun"
    assert tested.started(begun) == []


def test_what_the_ledger_says_of_a_role_of_others_is_told_beforehand(tested):
    """Its policies deny the deletion, as they were synced: no restore begins."""
    begun = tested.last_call()
    done, code = tested.run(role="keeps")
    (record,) = done.records
    assert (record.outcome, record.restored, code) == (Outcome.UNKNOWN, None, ExitCode.COULD_NOT_VERIFY)
    assert record.told.startswith("role keeps may not call dynamodb:DeleteTable on what a test has restored: ")
    assert tested.started(begun) == []


@LONG
def test_a_role_that_can_not_be_assumed_is_refused(tested):
    """Without a way into the account nothing is asked of its vault: what could be tested is told as unknown, nothing is written."""
    begun = tested.last_call()
    done, code = tested.run(role="no-such-role")
    assert (done.records, code) == ((), ExitCode.COULD_NOT_VERIFY)
    assert "no-such-role" in done.untested[0].reason
    assert tested.started(begun) == []


def by_aws(world):
    with world.as_a_user():
        return api.by_aws(world.shell.folder / "strategy.yaml", home=world.home, on_progress=lambda _done, _total, _what: None)


def test_aws_is_told_what_was_measured_and_nothing_else(tested):
    """Its own restore tests are examined by our validators: once each, and of what nobody looks into nothing is said."""
    told = by_aws(tested)
    tables = [each for each in told.records if each.type == "DynamoDB"]
    papers = [each for each in told.records if each.type == "S3"]
    assert {each.vault_label for each in tables} == {each.vault_label for each in papers} == {"local", "central"}
    assert {(each.reported, each.origin, each.cleaned_up) for each in tables} == {("SUCCESSFUL", "aws", None)}
    contents = {one.outcome for each in tables for one in each.measurements if one.validator != "time"}  # another test slows AWS down
    assert contents == {Outcome.PASSED}
    assert {(each.outcome, each.reported) for each in papers} == {(Outcome.UNKNOWN, "")}
    assert (told.unread, told.refused, told.foreign) == ((), (), 0)
    assert api.exit_code(papers) is ExitCode.COULD_NOT_VERIFY
    known = {each.restored.job_id: each for each in told.records}
    for account in (SHOP, CENTRAL):
        for job in tested.owner("backup", account).list_restore_jobs(ByStatus="COMPLETED")["RestoreJobs"]:
            record = known.get(job["RestoreJobId"])
            if record is not None:
                assert job["ValidationStatus"] == (record.reported or "VALIDATING")
                assert job.get("ValidationStatusMessage", "") == (record.told if record.reported else "")
    again = by_aws(tested)
    assert not {each.restored.job_id for each in again.records if each.type == "DynamoDB"} & set(known)
    assert {each.test_id for each in tested.records()} >= {f"aws-{each}" for each in known}


@LONG
def test_aws_is_told_what_was_found_wrong(tested):
    """FAILED with the validator's sentence; by the command line, exit code 1."""
    for _ in range(2):  # the first noon may be minutes away
        tested.wait_for_noon()
    tested.declare(validate={"dynamodb": [FALSE]})
    told = tested.test("--aws", "--format", "json")
    found = [each for each in json.loads(told.out)["records"] if each["type"] == "DynamoDB"]
    assert told.code == ExitCode.FINDINGS
    assert {(each["outcome"], each["reported"]) for each in found} == {("failed", "FAILED")}


def kill_after_write(world, number, until, *verb):
    """Lose every answer from write `number` on, and kill the process then."""
    world.fault("cut-after-write", after=number, times=0)
    running = world.shell.start(*verb)
    until(world.hits)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    world.mend()
    assert running.returncode == -signal.SIGKILL


# Writes of a test of one table: the restore begins, tags, the deletion.
@pytest.mark.parametrize("number", [1, pytest.param(2, marks=LONG), pytest.param(3, marks=LONG)])
def test_killed_after_a_write_goes_on_with_resume(tested, until, number):
    """Whatever write was the last before kill -9: one restore, examined, and gone in the end."""
    kill_after_write(tested, number, until, "test", "--yes")
    resumed = tested.shell.run("resume")
    assert resumed.code == ExitCode.PROVEN, resumed
    (record,) = tested.records()
    assert (record.outcome, record.cleaned_up) == (Outcome.PASSED, True)
    assert len(tested.restores(record.run_id)) == 1


@LONG
@pytest.mark.parametrize("title", [title for title, _ in steps.STEPS])
def test_killed_at_every_step_goes_on_with_resume(tested, title):
    """What was done before is not done again, what follows is done: one restore, its evidence, and nothing left."""
    worker = [sys.executable, "-m", "tests.faults.restore_test_worker", str(tested.shell.folder), title]
    root = Path(__file__).parents[2]
    died = subprocess.run(worker, cwd=root, env={**os.environ, **as_sdk_reads(tested.endpoint)}, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died
    with tested.as_a_user():
        (run,) = unfinished(tested.home)
        done = api.resume_tests(run.run_id, tested.shell.folder / "strategy.yaml", home=tested.home, on_progress=lambda *_: None)
    assert unfinished(tested.home) == ()
    (record,) = done.records
    assert tested.records() == (record,)
    assert (record.outcome, record.cleaned_up, record.run_id) == (Outcome.PASSED, True, run.run_id)
    assert len(tested.restores(run.run_id)) == 1
