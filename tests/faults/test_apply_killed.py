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


# writes of a strategy in an organization that is set up: CreateStack, CreateStackSet, CreateStackInstances, CreatePolicy, AttachPolicy
@pytest.mark.parametrize("number", [1, pytest.param(2, marks=LONG), 3, pytest.param(4, marks=LONG), pytest.param(5, marks=LONG)])
def test_killed_after_a_write_goes_on_with_resume(world, until, number):
    """Whatever write was the last before kill -9, resume finishes the run without a second create."""
    world.shell.strategy(f"killed-{number}")
    begun = world.last_call()
    kill_after_write(world, number, until)
    finish(world)
    assert made(world.writes(begun)) == {
        ("CreateStack", "333333333333", "eu-west-2"): 1,
        ("CreateStackSet", "111111111111", "eu-west-2"): 1,
        ("CreateStackInstances", "111111111111", "eu-west-2"): 1,
        ("CreatePolicy", "111111111111", "eu-west-2"): 1,
        ("AttachPolicy", "111111111111", "eu-west-2"): 1,
    }


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 13))
def test_killed_after_any_write_of_a_first_apply_goes_on_with_resume(own_world, until, number):
    """The same for every write of an apply in an organization that was never set up."""
    own_world.shell.strategy("tiers")
    kill_after_write(own_world, number, until)
    finish(own_world)
    assert max(made(own_world.writes()).values()) == 1


@pytest.mark.long
@pytest.mark.parametrize("queued", [False, True], ids=["in a step", "before its first step"])
def test_a_resume_that_is_killed_is_resumed(world, until, queued):
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
    assert max(made(world.writes(begun)).values()) == 1
