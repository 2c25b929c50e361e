"""`apply` called from somebody's program: errors arrive whole, nothing is left running in the process."""

import threading

import pytest

from strongroom.api.plan import apply, plan
from strongroom.api.resume import resume, unfinished
from strongroom.errors import AwsRefused, BadInput

TOPIC = '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'


@pytest.fixture
def program(world, monkeypatch):
    """The environment of the world's shell in this process."""
    for name, value in world.shell._environment({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(world.shell.folder)
    return world


class Held(Exception):
    """An error that can't be pickled."""

    def __init__(self):
        super().__init__("held")
        self.lock = threading.Lock()


def quiet(_step, _total):
    pass


def test_an_unforeseen_error_in_a_step_is_told_whole_and_a_new_apply_goes_on(program):
    """Even one that can't be stored: it names the step, keeps its cause, and leaves neither threads nor a run to resume."""
    strategy = program.shell.strategy("programmed")
    home = program.shell.folder / "home"
    made = plan(strategy)
    before = set(threading.enumerate())

    def stumble(step, _total):
        if step.title.startswith("deploy StackSet programmed-local "):
            raise Held

    with pytest.raises(RuntimeError, match=r"step \d+ deploy StackSet programmed-local .*: Held: held") as caught:
        apply(made, made.plan, home=home, on_step=stumble)
    assert isinstance(caught.value.__cause__, Held)
    assert unfinished(home) == ()
    assert {thread.name for thread in set(threading.enumerate()) - before if not thread.daemon} == set()

    seen = []
    made = plan(strategy)
    done = apply(made, made.plan, home=home, on_step=lambda step, total: seen.append((step.number, total)))
    total = len(made.plan.steps)
    assert seen == [(number, total) for number in range(1, total + 1)]
    assert plan(strategy).plan.steps == ()
    with pytest.raises(BadInput, match=f"run {done.run_id} has finished"):
        resume(done.run_id, home=home, on_step=quiet)


def test_a_plan_that_failed_before_its_first_write_may_be_carried_out_again(program):
    """The world is as it was: the same plan runs under the next run id."""
    strategy = program.shell.strategy("twice")
    home = program.shell.folder / "home"
    made = plan(strategy)

    def stumble(_step, _total):
        raise BadInput("not now")

    with pytest.raises(BadInput, match="not now"):
        apply(made, made.plan, home=home, on_step=stumble)
    assert apply(made, made.plan, home=home, on_step=quiet).run_id == f"{made.plan.plan_id}-2"
    assert plan(strategy).plan.steps == ()


def put_policy(world, name):
    world.client("organizations").create_policy(Name=name, Type="BACKUP_POLICY", Description="", Content='{"plans":{}}')


def put_stack_set(world, name):
    world.client("cloudformation").create_stack_set(StackSetName=name, TemplateBody=TOPIC)


def put_stack(world, name):
    keys = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}
    world.client("cloudformation", **keys).create_stack(StackName=name, TemplateBody=TOPIC)


@pytest.mark.parametrize(
    ("creation", "kind", "suffix"),
    [
        ("create stack", put_stack, "central"),
        ("create StackSet", put_stack_set, "local"),
        ("create backup policy", put_policy, "production"),
    ],
    ids=["stack", "StackSet", "policy"],
)
def test_what_appears_between_plan_and_step_is_not_overwritten(program, creation, kind, suffix):
    """Somebody else takes the name just before the step: the step is refused, and theirs stays as it was."""
    name = f"raced-{suffix}"
    strategy = program.shell.strategy(name)
    made = plan(strategy)
    mark = {}

    def race(step, _total):
        if step.title.startswith(f"{creation} {name}-{suffix}"):
            kind(program, f"{name}-{suffix}")
            mark["after"] = program.last_call()

    with pytest.raises(AwsRefused, match=f"{name}-{suffix}.* belongs to somebody else, not to strategy {name}") as caught:
        apply(made, made.plan, home=program.shell.folder / "home", on_step=race)
    assert caught.value.code == "NotOwned"
    assert program.writes(mark["after"]) == []
