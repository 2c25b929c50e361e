"""`apply` called from somebody's program: errors arrive whole, nothing is left running in the process."""

import threading

import pytest

from strongroom.api.plan import apply, plan
from strongroom.api.resume import resume, unfinished
from strongroom.errors import BadInput


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
        if step.number == 3:
            raise Held

    with pytest.raises(RuntimeError, match=r"step 3, deploy StackSet programmed-local .*: Held: held") as caught:
        apply(made, made.plan, home=home, on_step=stumble)
    assert isinstance(caught.value.__cause__, Held)
    assert unfinished(home) == ()
    assert {thread.name for thread in set(threading.enumerate()) - before if not thread.daemon} == set()

    seen = []
    made = plan(strategy)
    run = apply(made, made.plan, home=home, on_step=lambda step, total: seen.append((step.number, total)))
    assert seen == [(number, 3) for number in (1, 2, 3)]
    assert plan(strategy).plan.steps == ()
    with pytest.raises(BadInput, match=f"run {run} has finished"):
        resume(run, home=home, on_step=quiet)


def test_a_plan_that_failed_before_its_first_write_may_be_carried_out_again(program):
    """The world is as it was: the same plan runs under the next run id."""
    strategy = program.shell.strategy("twice")
    home = program.shell.folder / "home"
    made = plan(strategy)

    def stumble(_step, _total):
        raise BadInput("not now")

    with pytest.raises(BadInput, match="not now"):
        apply(made, made.plan, home=home, on_step=stumble)
    assert apply(made, made.plan, home=home, on_step=quiet) == f"{made.plan.plan_id}-2"
    assert plan(strategy).plan.steps == ()
