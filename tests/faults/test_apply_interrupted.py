"""`apply` is stopped, refused, cut off or overtaken: it says so, and the next command goes on from there."""

import fcntl
import json
import signal

import pytest

from strongroom.errors import ExitCode
from strongroom.twin import client as control

LONG = pytest.mark.long
TOPIC = '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'


def deployed(world, folder="strategy.yaml"):
    """Whether a plan made now has nothing to do."""
    planned = world.shell.run("plan", folder)
    return planned.code == 0 and "nothing to do" in planned.out


def begun(world, operation, after):
    """Whether a call of this operation was carried out."""
    return lambda: [call for call in control.calls(world.endpoint, after=after) if call["operation"] == operation]


def interrupted_apply(world, until, *, stop=signal.SIGINT, operation="CreateStackInstances"):
    """Press Ctrl-C when AWS has got a call that takes its time."""
    after = world.last_call()
    running = world.shell.start("apply", "--yes")
    until(begun(world, operation, after))
    running.send_signal(stop)
    out, err = running.communicate(timeout=30)
    return running.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("stop", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=LONG)], ids=["Ctrl-C", "a pipeline's end"])
def test_stopping_apply_tells_how_to_go_on(world, until, stop):
    """A stopped apply exits with 5 and the command to go on with; that command finishes, and a second one has nothing to do."""
    world.shell.strategy(f"stopped-{stop.name.lower()}")
    code, _, err = interrupted_apply(world, until, stop=stop)
    assert code == ExitCode.STOPPED
    assert "Traceback" not in err
    command = err.split("go on with: ")[1].split()
    assert command[:2] == ["strongroom", "resume"]
    assert f"stopped run {command[2]}; the steps that are done stay" in err

    assert world.shell.run(*command[1:]).code == 0
    assert deployed(world)
    again = world.shell.run(*command[1:])
    assert (again.code, again.error) == (
        ExitCode.BAD_INPUT,
        f"error: run {command[2]} has finished, there is nothing to resume\n  help: see what is left with: strongroom plan",
    )


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=LONG), 3, pytest.param(4, marks=LONG), pytest.param(5, marks=LONG)])
def test_a_lost_answer_is_not_taken_for_a_failure(world, number):
    """The answer to a write is lost: the SDK asks again, and whatever AWS says then, apply finishes without a second object."""
    world.shell.strategy(f"lost-{number}")
    world.fault("cut-after-write", after=number, times=1)
    applied = world.shell.run("apply", "--yes")
    assert (applied.code, applied.error) == (0, "")
    assert world.hits() == 1
    assert deployed(world)


def test_a_connection_that_stays_dead_ends_in_one_error(world):
    """No answer comes any more: one error with exit code 4 within the retries of the SDK, and a new apply goes on."""
    world.shell.strategy("dead")
    world.fault("cut-after-write", after=2, times=0)
    refused = world.shell.run("apply", "--yes", AWS_MAX_ATTEMPTS="2")
    assert refused.code == ExitCode.AWS_REFUSED
    assert "the endpoint can't be reached" in refused.error
    world.mend()
    assert world.shell.run("apply", "--yes").code == 0
    assert deployed(world)


def test_a_stack_that_aws_refuses_is_reported_and_the_others_go_on(world):
    """An alias has the name that the central stack wants: exit code 4 with CloudFormation's reason, and the accounts get theirs.

    Once it is gone, a new apply finishes that stack and nothing else; the run itself has ended.
    """
    world.shell.strategy("collides")
    keys = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}
    kms = world.client("kms", **keys)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/collides-central-backup", TargetKeyId=key)
    assert world.shell.run("plan", "--out", "p.json").code == 0
    refused = world.shell.run("apply", "--plan", "p.json", "--yes", "--format", "json")
    assert refused.code == ExitCode.AWS_REFUSED
    [shortfall] = json.loads(refused.out)["shortfalls"]
    assert (shortfall["subject"], shortfall["account"], shortfall["region"]) == ("stack collides-central", "333333333333", "eu-west-2")
    assert "alias/collides-central-backup already exists" in shortfall["cause"]

    run = json.loads((world.shell.folder / "p.json").read_text())["plan_id"]
    resumed = world.shell.run("resume", run)
    assert resumed.error.startswith(f"error: run {run} has finished, there is nothing to resume\n")
    kms.delete_alias(AliasName="alias/collides-central-backup")
    applied = world.shell.run("apply", "--yes")
    assert (applied.code, "  1 ~ finish stack collides-central in account 333333333333, eu-west-2" in applied.out) == (0, True)
    assert "applied 1 steps" in applied.out
    assert deployed(world)


def test_an_account_that_fails_does_not_stop_the_others(world):
    """A role of one account has the name that the StackSet wants: the other account and the policy are done, the cause is reported."""
    world.shell.strategy("crowded")
    keys = {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}
    iam = world.client("iam", **keys)
    iam.create_role(RoleName="crowded-AWSBackup", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    refused = world.shell.run("apply", "--yes")
    assert refused.code == ExitCode.AWS_REFUSED
    [line] = [line for line in refused.out.splitlines() if line.startswith("failed ")]
    assert line.startswith("failed StackSet crowded-local in account 666666666666, eu-west-2: ")
    assert "crowded-AWSBackup already exists" in line
    assert refused.out.splitlines()[-1].endswith("; 1 account fell short")
    listed = world.client("organizations").list_policies(Filter="BACKUP_POLICY")["Policies"]
    assert "crowded-production" in [policy["Name"] for policy in listed]
    instances = world.client("cloudformation").list_stack_instances(StackSetName="crowded-local")["Summaries"]
    assert {each["Account"] for each in instances if each["Status"] == "CURRENT"} >= {"555555555555"}

    iam.delete_role(RoleName="crowded-AWSBackup")
    applied = world.shell.run("apply", "--yes")
    assert (applied.code, "update StackSet crowded-local: nothing in it changes, again for 1 failed instances" in applied.out) == (0, True)
    assert deployed(world)


def test_a_stale_plan_is_refused_by_the_name_of_what_moved(world):
    """The world moved between plan and apply: exit code 4, the object named, nothing written."""
    world.shell.strategy("stale")
    assert world.shell.run("plan", "--out", "p.json").code == 0
    backup = world.client("backup", "eu-west-1")
    preference = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    backup.update_region_settings(ResourceTypeOptInPreference={"EFS": not preference["EFS"]})
    after = world.last_call()
    refused = world.shell.run("apply", "--plan", "p.json", "--yes")
    assert refused.code == ExitCode.AWS_REFUSED
    assert refused.error.startswith("error: opt-in in eu-west-1 changed since plan stale-")
    assert refused.error.endswith("help: make a new plan: strongroom plan")
    assert world.writes(after) == []


def test_resume_refuses_when_somebody_else_changed_what_is_still_to_do(world, until):
    """Between a stop and resume somebody makes the policy that the run was to make: resume names it and writes nothing."""
    world.shell.strategy("meddled")
    code, _, _ = interrupted_apply(world, until)
    assert code == ExitCode.STOPPED
    world.client("organizations").create_policy(Name="meddled-production", Type="BACKUP_POLICY", Description="", Content='{"plans":{}}')
    after = world.last_call()
    refused = world.shell.run("resume")
    assert refused.code == ExitCode.AWS_REFUSED
    assert refused.error.startswith("error: backup policy meddled-production changed since plan meddled-")
    assert world.writes(after) == []


def test_a_later_run_of_the_strategy_overtakes_a_stopped_one(world, until):
    """After a stop and a new apply, resume would bring back the past: it is refused, and the stopped run is no longer listed."""
    world.shell.strategy("overtaken")
    _, _, err = interrupted_apply(world, until)
    run = err.split("strongroom resume ")[1].split()[0]
    assert world.shell.run("apply", "--yes").code == 0
    refused = world.shell.run("resume", run)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith(f"error: run {run} was overtaken by overtaken-")
    assert world.shell.run("resume").out.startswith("no unfinished run in ")


def test_runs_of_two_strategies_in_one_home_leave_each_other_alone(world, until):
    """A stopped run of one strategy stays as it is while another is applied, and can be resumed afterwards."""
    world.shell.strategy("first-of-two")
    code, _, _ = interrupted_apply(world, until)
    assert code == ExitCode.STOPPED
    world.shell.strategy("second-of-two", file="second.yaml")
    after = world.last_call()
    assert world.shell.run("apply", "second.yaml", "--yes").code == 0
    assert [call for call in world.writes(after) if call["operation"] == "CreatePolicy"] != []
    assert not deployed(world)
    assert world.shell.run("resume").code == 0
    assert deployed(world)
    assert deployed(world, "second.yaml")


def test_only_one_apply_works_in_a_home(world):
    """While another process applies, a second apply is told to wait: exit code 2, nothing written."""
    world.shell.strategy("locked")
    home = world.shell.folder / ".strongroom"
    home.mkdir()
    after = world.last_call()
    with (home / "apply.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = world.shell.run("apply", "--yes")
    assert second.code == ExitCode.BAD_INPUT
    assert second.error == (f"error: another apply or resume is at work in {home}\n  help: wait for it, or use another STRONGROOM_HOME")
    assert world.writes(after) == []


def test_stopping_before_the_plan_is_made_changes_nothing(world, until):
    """Ctrl-C while apply still reads: cancelled, exit code 130."""
    world.shell.strategy("early")
    world.fault("silent-region", region="eu-west-1", how="hang")
    running = world.shell.start("apply", "--yes")
    until(world.hits)
    after = world.last_call()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=10)
    assert (running.returncode, err) == (ExitCode.CANCELLED, b"\ncancelled\n")
    assert world.writes(after) == []


def foreign(world, kind, name):
    """Make something with the name that a strategy wants, without its tag."""
    if kind == "policy":
        world.client("organizations").create_policy(Name=name, Type="BACKUP_POLICY", Description="", Content='{"plans":{}}')
    elif kind == "StackSet":
        world.client("cloudformation").create_stack_set(StackSetName=name, TemplateBody=TOPIC)
    else:
        keys = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}
        world.client("cloudformation", **keys).create_stack(StackName=name, TemplateBody=TOPIC)


@pytest.mark.parametrize(
    ("kind", "suffix", "subject"),
    [
        ("stack", "central", "stack foreign-stack-central in account 333333333333, eu-west-2"),
        ("StackSet", "local", "StackSet foreign-stackset-local"),
        ("policy", "production", "backup policy foreign-policy-production"),
    ],
)
def test_what_lacks_the_strategy_s_tag_is_never_changed(world, kind, suffix, subject):
    """A stack, StackSet or policy of somebody else with a name that the strategy wants: ORG003, exit code 1, nothing written."""
    name = f"foreign-{kind.lower()}"
    world.shell.strategy(name)
    foreign(world, kind, f"{name}-{suffix}")
    after = world.last_call()
    refused = world.shell.run("apply", "--yes")
    assert refused.code == ExitCode.FINDINGS
    assert f"{subject} exists and belongs to somebody else, not to strategy {name}" in refused.out
    assert "error[ORG003] strategy.yaml:3:1" in refused.out
    assert world.writes(after) == []


def test_a_quota_that_is_reached_is_named(world):
    """AWS takes no further StackSet: exit code 4, the quota and AWS's words; what was done before stays, and apply goes on later."""
    world.shell.strategy("full")
    words = "The limit on the number of stack sets has been reached"
    world.fault("error", code="LimitExceededException", message=words, operation="CreateStackSet", times=0)
    refused = world.shell.run("apply", "--yes", AWS_MAX_ATTEMPTS="2")
    assert refused.code == ExitCode.AWS_REFUSED
    assert f"a quota of AWS is reached (LimitExceededException: {words})" in refused.error
    assert "raise the quota with Service Quotas" in refused.error
    world.mend()
    assert world.shell.run("apply", "--yes").code == 0
    assert deployed(world)


def test_somebody_else_s_operation_on_a_stack_set_is_named_and_waited_for(world):
    """A plan says which operation runs; apply waits for it and is not refused."""
    world.shell.strategy("busy")
    assert world.shell.run("apply", "--yes").code == 0
    world.shell.strategy(
        "busy", ("keep: 30d", "keep: 31d"), ("  local: {in: every-account}", "  local: {in: every-account}\n  second: {in: every-account}")
    )
    cloudformation = world.client("cloudformation")
    operation = cloudformation.detect_stack_set_drift(StackSetName="busy-local")["OperationId"]
    planned = world.shell.run("plan", "--no-drift")
    assert f"StackSet busy-local is in another operation: DETECT_DRIFT {operation}" in planned.out
    applied = world.shell.run("apply", "--yes", "--no-drift")
    assert (applied.code, "update StackSet busy-local: makes 1 Backup::BackupVault" in applied.out) == (0, True)
