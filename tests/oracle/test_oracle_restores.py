"""Restores, restore testing and legal holds agree with vectors transcribed from AWS's pages."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from strongroom.domain.names import ResourceType
from strongroom.semantics import holds, restores, restoretesting
from strongroom.semantics.jobs import LegalHoldState, RestoreJobState

TABLES = tomllib.loads((Path(__file__).parent / "restores.toml").read_text(encoding="utf-8"))
GOOD_PLAN = {
    "name": "weekly",
    "cron": "cron(0 5 ? * * *)",
    "timezone": "UTC",
    "start_window_hours": 24,
    "types": ["SNAPSHOT"],
    "include_vaults": ["*"],
    "window_days": 30,
}


def vectors(table: str) -> list[Any]:
    return [pytest.param(vector, id=vector["what"]) for vector in TABLES[table]]


def test_states_of_restore_jobs():
    """Which moves there are, and which states are the last."""
    vector = TABLES["states"]
    assert {str(state) for state in RestoreJobState if restores.is_over(state)} == set(vector["terminal"])
    for expected in ("allowed", "forbidden"):
        for move in vector[expected]:
            before, after = map(RestoreJobState, move.split())
            assert restores.may_move(before, after) is (expected == "allowed"), move


@pytest.mark.parametrize("vector", vectors("profile"))
def test_instance_profiles(vector):
    """AWS's message for a profile that an instance can't get."""
    assert [restores.profile_problem(asked, vector["backed_up"]) for asked in vector["asked"]] == [""] * len(vector["asked"])
    assert {restores.profile_problem(asked, vector["backed_up"]) for asked in vector["refused"]} == {vector["says"]}


@pytest.mark.parametrize("vector", vectors("cold"))
def test_cold_storage_takes_longer(vector):
    """How many hours more, at least and at most."""
    found = restores.retrieval(ResourceType(vector["type"]), cold=True)
    assert found == tuple(timedelta(hours=hours) for hours in vector["hours"])


@pytest.mark.parametrize("vector", vectors("metadata"))
def test_metadata_that_a_restore_needs(vector):
    """What is given is enough, and none of it can be left out."""
    kind, continuous, enough = ResourceType(vector["type"]), vector.get("continuous", False), vector["enough"]
    assert restores.missing(kind, enough, continuous=continuous) == ""
    for key in enough:
        rest = {name: text for name, text in enough.items() if name != key}
        assert restores.missing(kind, rest, continuous=continuous).endswith(f"Missing: {key}")


@pytest.mark.parametrize("vector", vectors("inferred"))
def test_inferred_metadata(vector):
    """What restore testing fills in."""
    assert restoretesting.inferred(ResourceType(vector["type"]), vector["known"]) == vector["metadata"]


@pytest.mark.parametrize("vector", vectors("override"))
def test_overrides(vector):
    """What a selection sets replaces what was inferred."""
    assert restores.merged(vector["inferred"], vector["overrides"]) == vector["metadata"]


@pytest.mark.parametrize("vector", vectors("pick"))
def test_which_recovery_point_a_test_takes(vector):
    """All dice together take exactly the recovery points that may be taken."""
    selection = restoretesting.PointSelection(
        algorithm=restoretesting.Algorithm(vector["algorithm"]),
        types=tuple(map(restoretesting.PointType, vector["types"])),
        include_vaults=("*",),
        exclude_vaults=(),
        window_days=vector["window_days"],
    )
    candidates = [
        restoretesting.Candidate(arn=point["arn"], at=point["at"], continuous=point.get("continuous", False), restorable=True)
        for point in vector["points"]
    ]
    found = [restoretesting.pick(selection, candidates, vector["at"], dice / 12) for dice in range(12)]
    assert {each.arn for each in found if each is not None} == set(vector["picked"])


@pytest.mark.parametrize("vector", vectors("vault"))
def test_which_vaults_are_tested(vector):
    """Wildcards and exact ARNs include, and excluded ones never count."""

    def takes(include, exclude=()):
        selection = restoretesting.PointSelection(
            algorithm=restoretesting.Algorithm.LATEST,
            types=(),
            include_vaults=tuple(include),
            exclude_vaults=tuple(exclude),
            window_days=30,
        )
        return restoretesting.takes_vault(selection, vector["arn"])

    assert all(takes(include) for include in vector["included"])
    assert not any(takes(include) for include in vector["left_out"])
    assert not any(takes(["*"], exclude) for exclude in vector["included"])


@pytest.mark.parametrize("vector", vectors("plan"))
def test_plans_that_are_refused(vector):
    """A good plan is refused for one wrong value."""
    assert restoretesting.plan_problem(**GOOD_PLAN) == ""
    assert restoretesting.plan_problem(**GOOD_PLAN | vector["change"]) != ""


@pytest.mark.parametrize("vector", vectors("type"))
def test_types_that_are_tested(vector):
    """Restore testing takes ten types."""
    assert {str(each) for each in ResourceType if restoretesting.testable(each)} == set(vector["yes"])
    assert not any(restoretesting.testable(each) for each in vector["no"])


@pytest.mark.parametrize("vector", vectors("at_once"))
def test_how_many_tests_run_at_once(vector):
    """The limit of each type."""
    assert {kind: restoretesting.at_once_max(ResourceType(kind)) for kind in vector["numbers"]} == vector["numbers"]


@pytest.mark.parametrize("vector", vectors("validation"))
def test_a_validation_is_given_once(vector):
    """A result is taken while the window is open."""
    assert [restoretesting.validation_refused(restoretesting.Validation(each)) for each in vector["open"]] == [""]
    assert all(restoretesting.validation_refused(restoretesting.Validation(each)) for each in vector["closed"])


@pytest.mark.parametrize("vector", vectors("hold"))
def test_when_a_hold_protects(vector):
    """States in which nothing is promised are not counted on."""
    assert all(holds.protects([LegalHoldState(each)]) for each in vector["protects"])
    assert not holds.protects(LegalHoldState(each) for each in vector["promises_nothing"])
