"""`apply` loses its process: `resume` finishes the work, and nothing is made twice."""

import signal
from collections import Counter

import pytest
from dbos import DBOSClient

from strongroom.errors import ExitCode
from strongroom.workflows import runs

LONG = pytest.mark.long


def made(writes):
    """What was created, with what tells one creation from another as far as the journal knows it."""
    kinds = ("Create", "Enable", "Attach", "Activate", "Register")
    return Counter((each["operation"], each["account"], each["region"]) for each in writes if each["operation"].startswith(kinds))


def kill_after_write(world, number, until, verb=("apply", "--yes")):
    """Start an apply, lose every answer from write `number` on, and kill the process then: the step is neither done nor not done."""
    world.fault("cut-after-write", after=number, times=0)
    running = world.shell.start(*verb)
    until(world.hits)
    running.send_signal(signal.SIGKILL)
    out, _ = running.communicate()
    world.mend()
    assert running.returncode == -signal.SIGKILL
    return out.decode()


def finish(world):
    """Resume, and return what it said; a plan made afterwards has nothing to do."""
    resumed = world.shell.run("resume")
    assert (resumed.code, resumed.error) == (ExitCode.PROVEN, "")
    after = world.shell.run("plan")
    assert (after.code, after.out) == (0, after.out)
    assert "is deployed as declared: nothing to do" in after.out
    return resumed


@pytest.fixture(scope="module")
def undisturbed(shared_world, tmp_path_factory):
    """What an apply makes in the shared organization when nothing happens to it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shell = type(shared_world.shell)(folder, dict(shared_world.shell.env))
    shell.strategy("undisturbed")
    begun = shared_world.last_call()
    assert shell.run("apply", "--yes").code == 0
    return made(shared_world.writes(begun))


# Writes of a strategy in an organization that is set up: the resource policy, stacks, StackSets and their instances, a policy.
@pytest.mark.parametrize("number", [pytest.param(number, marks=[] if number in {2, 5} else LONG) for number in range(1, 10)])
def test_killed_after_a_write_goes_on_with_resume(world, until, undisturbed, number):
    """Whatever write was the last before kill -9, resume finishes the run without a second create."""
    world.shell.strategy(f"killed-{number}")
    begun = world.last_call()
    kill_after_write(world, number, until)
    finish(world)
    assert made(world.writes(begun)) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("queued", [False, True], ids=["in a step", "before its first step"])
def test_a_resume_that_is_killed_is_resumed(world, until, undisturbed, queued):
    """Resume loses its process too: the next one finishes, and each step is still done once."""
    world.shell.strategy("again")
    begun = world.last_call()
    kill_after_write(world, 1, until)
    if queued:  # what a resume leaves that was killed at once
        home = world.shell.folder / ".strongroom"
        client = DBOSClient(system_database_url=runs.url(home))
        client.resume_workflow(runs.unfinished_runs(home)[0].run_id)
        client.destroy()
    else:
        kill_after_write(world, 1, until, verb=["resume"])
    finish(world)
    assert made(world.writes(begun)) == undisturbed


def test_what_fell_short_before_the_kill_is_reported_by_resume(world, until):
    """The StackSet could not be deployed to one account, then the process dies: resume lists that account with the cause, exit code 4."""
    world.shell.strategy("short")
    keys = {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}
    iam = world.client("iam", **keys)
    iam.create_role(RoleName="short-AWSBackup", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    kill_after_write(world, 8, until)
    resumed = world.shell.run("resume")
    assert resumed.code == ExitCode.AWS_REFUSED
    [line] = [line for line in resumed.out.splitlines() if line.startswith("failed ")]
    assert line.startswith("failed StackSet short-local in account 666666666666, eu-west-2: ")
    assert resumed.out.splitlines()[-1].endswith(" steps are done; 1 account fell short")
    iam.delete_role(RoleName="short-AWSBackup")
