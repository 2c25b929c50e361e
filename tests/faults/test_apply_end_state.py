"""However an apply is disturbed, `resume` or a second try ends in the very state of an undisturbed one: the whole twin is compared."""

import signal

import pytest

from strongroom.twin import client as control

LONG = pytest.mark.long
LOCK = (
    "central: {in: central, region: eu-west-2}",
    "central: {in: central, region: eu-west-2, lock: {mode: compliance, min: 1d, max: 3y, grace: 3d}}",
)
# Something of every kind that is deployed, but for alerts: which events they see first depends on the second in which they come.
ALL = (
    "opt_in: [dynamodb, s3]\n",
    """opt_in: [dynamodb, s3]
guard_rails: {deny: [leave-organization, remove-locks]}
tag_policy: {tags: {environment: [prod, dev]}}
restore_tests:
  weekly: {at: "Sunday 10:00", select: {tags: {restore-test: "yes"}}, from: [local]}
reports:
  jobs: {template: backup-jobs, bucket: tiers-reports}
""",
)
YEARLY = ('at: "02:00"', 'at: "cron(0 2 1 1 ? *)"')  # no run of a rule is near, whenever the tests run
CHANGES = (LOCK, ALL, YEARLY)
APPLY = ("apply", "--yes", "--accept-lock", "central", "--no-drift")
WRITES = 28  # bound: an apply of the strategy below, in an organization that was never set up, makes no more; see the first fixture


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, fresh_world, end_state):
    """How many writes an apply makes when nothing happens to it, and the state that it leaves."""
    with fresh_world(tmp_path_factory.mktemp("undisturbed")) as world:
        world.shell.strategy("tiers", *CHANGES)
        world.wait_for_noon()
        applied = world.shell.run(*APPLY)
        assert (applied.code, applied.error) == (0, "")
        writes = len(world.writes())
        assert 20 < writes <= WRITES
        return writes, end_state(world.endpoint)


@pytest.mark.parametrize("number", [pytest.param(number, marks=[] if number == 16 else LONG) for number in range(1, WRITES + 1)])
def test_killed_after_any_write_resume_ends_in_the_same_state(own_world, until, undisturbed, end_state, number):
    """The answer of write N is lost and the process killed: resume leaves what an undisturbed apply leaves, and nothing twice."""
    own_world.shell.strategy("tiers", *CHANGES)
    own_world.wait_for_noon()
    writes, state = undisturbed
    own_world.fault("cut-after-write", after=min(number, writes), times=0)
    running = own_world.shell.start(*APPLY)
    until(own_world.hits)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    own_world.mend()
    resumed = own_world.shell.run("resume")
    assert (resumed.code, resumed.error) == (0, "")
    assert end_state(own_world.endpoint) == state


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("error", {"code": "InternalFailure", "status": 500, "rate": 0.05}),
        pytest.param("throttle", {"rate": 0.1}, marks=LONG),
    ],
    ids=["5 % of all calls fail", "every tenth call is throttled"],
)
def test_an_api_that_fails_now_and_then_ends_in_the_same_state(own_world, undisturbed, end_state, kind, members):
    """The SDK tries again, and what it could not finish is done by a second apply."""
    own_world.shell.strategy("tiers", *CHANGES)
    own_world.wait_for_noon()
    own_world.fault(kind, times=0, **members)
    for _ in range(5):
        if own_world.shell.run(*APPLY, timeout=300, AWS_MAX_ATTEMPTS="8").code == 0:
            break
    assert own_world.hits() > 0
    own_world.mend()
    again = own_world.shell.run(*APPLY)
    assert (again.code, "nothing to do" in again.out) == (0, True)
    assert end_state(own_world.endpoint) == undisturbed[1]


def test_a_second_apply_writes_nothing(own_world, end_state):
    """By the journal of the twin, not by what the program says."""
    own_world.shell.strategy("tiers", *CHANGES)
    assert own_world.shell.run(*APPLY).code == 0
    before = end_state(own_world.endpoint)
    after = own_world.last_call()
    assert own_world.shell.run("apply", "--yes", "--no-drift").code == 0
    assert own_world.writes(after) == []
    assert [call["operation"] for call in control.calls(own_world.endpoint, after=after)] != []
    assert end_state(own_world.endpoint, settled=True) == before
    looked = own_world.shell.run("apply", "--yes")
    assert (looked.code, "nothing to do" in looked.out) == (0, True)
    assert own_world.writes(after) == []
