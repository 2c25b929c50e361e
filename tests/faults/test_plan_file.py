"""`apply --plan FILE`: exactly that plan or none."""

import json

import pytest

from strongroom.errors import ExitCode


@pytest.fixture
def planned(world):
    """A folder with a strategy and its plan in p.json; nothing of it is deployed."""
    world.shell.strategy("filed")
    assert world.shell.run("plan", "--out", "p.json").code == 0
    return world


def damaged(text):
    return text[: len(text) // 2]


def edited(text):
    document = json.loads(text)
    document["steps"] = document["steps"][:1]
    return json.dumps(document)


def unsigned(text):
    document = json.loads(text)
    del document["sha256"]
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (damaged, "p.json is not JSON: "),
        (edited, "p.json is not as strongroom wrote it: its content and its sha256 differ"),
        (unsigned, "p.json is not as strongroom wrote it: its content and its sha256 differ"),
        (lambda _: "[]", "p.json is not a change plan"),
        (lambda _: '{"format_version": 1}', "p.json is not a change plan"),
        (lambda _: "\x00", "p.json is not JSON: "),
    ],
    ids=["cut in half", "a step taken out", "no digest", "a list", "something else", "binary"],
)
def test_a_plan_that_is_not_as_it_was_written_is_refused(planned, change, message):
    """Damaged or edited plans are bad input; nothing is written to AWS."""
    file = planned.shell.folder / "p.json"
    file.write_text(change(file.read_text()))
    after = planned.last_call()
    refused = planned.shell.run("apply", "--plan", "p.json", "--yes")
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert refused.error.startswith(f"error: {message}")
    assert refused.error.endswith("help: write one with: strongroom plan --out FILE")
    assert planned.writes(after) == []


def test_a_plan_of_another_strategy_or_no_plan_is_refused(planned):
    """The plan must be of the strategy that is named."""
    planned.shell.strategy("other", file="other.yaml")
    refused = planned.shell.run("apply", "other.yaml", "--plan", "p.json", "--yes")
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith("error: p.json is a plan of strategy filed, not of other\n")
    missing = planned.shell.run("apply", "--plan", "none.json", "--yes")
    assert (missing.code, missing.error.splitlines()[0]) == (2, "error: can't read none.json: No such file or directory")


def test_a_plan_file_is_written_whole_or_not_at_all(planned):
    """A plan can't be written into a folder that isn't there; an old plan is replaced, no draft stays."""
    refused = planned.shell.run("plan", "--out", "nowhere/p.json")
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert refused.error.startswith("error: can't write nowhere/p.json: No such file or directory")
    assert planned.shell.run("plan", "--out", "p.json").code == 0
    assert sorted(file.name for file in planned.shell.folder.iterdir()) == ["p.json", "strategy.yaml"]


def test_a_plan_is_carried_out_once(world):
    """The same plan a second time: the world has moved, by that very plan, and it says so."""
    world.shell.strategy("once")
    assert world.shell.run("plan", "--out", "p.json").code == 0
    assert world.shell.run("apply", "--plan", "p.json", "--yes").code == 0
    after = world.last_call()
    again = world.shell.run("apply", "p.json", "--yes")
    assert (again.code, " changed since plan once-" in again.error) == (ExitCode.AWS_REFUSED, True)
    assert world.writes(after) == []
