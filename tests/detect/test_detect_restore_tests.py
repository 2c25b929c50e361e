"""Restore tests that prove nothing: planted by API calls into an organization whose tests all succeed, named, repaired."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled, shuffled

from strongroom.proof import LinkName, LinkState, Verification
from strongroom.twin import client as control

DRAWN = 41
TEST = "nightly"
NOON_TEST = {"at": "12:30", "within": "7d", "start_within": "1h"}  # begins half an hour after `let_pass` ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What has to be among the findings, and the failure modes that all of them have."""

    code: str
    says: str
    fix: str
    modes: frozenset[str] = frozenset({"FM26"})


Plant = Callable[[World, Shuffled], AbstractContextManager[Expected]]


def _with_tests(it: Shuffled) -> str:
    """The strategy with a restore test of production, and an objective of an hour for its tables."""
    strategy = json.loads(it.strategy_yaml)
    local, central, _ = strategy["vaults"]
    production = {"tags": {it.tag_key: it.tag_values[0]}}
    strategy["restore_tests"] = {TEST: {**NOON_TEST, "select": {**production, "types": ["dynamodb", "rds"]}, "from": [local, central]}}
    strategy["objectives"].append({"select": {**production, "types": ["dynamodb"]}, "rto": "6h"})
    return json.dumps(strategy)


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=3)


@pytest.fixture(scope="module")
def healthy(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """A shuffled organization with restore tests, after five nights of them."""
    folder = tmp_path_factory.mktemp("tested")
    drawn.write(folder)
    (folder / "strategy.yaml").write_text(_with_tests(drawn), encoding="utf-8")
    with deployed(folder, 5) as world:
        yield world


def _plans(world: World, it: Shuffled) -> Iterator[tuple[Any, str]]:
    """The restore-testing plans of all accounts, with clients for them."""
    places = [*sorted({(each.account, each.region) for each in it.resources if each.tier >= 0}), (it.central, it.home_region)]
    for account, region in places:
        backup = world.client("backup", account, region)
        for plan in backup.list_restore_testing_plans()["RestoreTestingPlans"]:
            yield backup, plan["RestoreTestingPlanName"]


def _selections(backup: Any, plan: str) -> Iterator[dict[str, Any]]:
    for listed in backup.list_restore_testing_selections(RestoreTestingPlanName=plan)["RestoreTestingSelections"]:
        name = listed["RestoreTestingSelectionName"]
        found = backup.get_restore_testing_selection(RestoreTestingPlanName=plan, RestoreTestingSelectionName=name)
        yield found["RestoreTestingSelection"]


_GIVEN = ("RestoreTestingSelectionName", "ProtectedResourceType", "IamRoleArn", "ProtectedResourceArns", "ProtectedResourceConditions")


@contextmanager
def window_shorter_than_the_interval(world: World, it: Shuffled) -> Iterator[Expected]:
    """The test of the central account looks back one day; the next daily copy may be 25 hours away."""
    backup, name = list(_plans(world, it))[-1]
    algorithm = backup.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]["RecoveryPointSelection"]
    change = {**algorithm, "SelectionWindowDays": 1}
    backup.update_restore_testing_plan(RestoreTestingPlanName=name, RestoreTestingPlan={"RecoveryPointSelection": change})
    says = f"restore-testing plan {name} in {it.home_region} looks back 1 days into vault {it.central_vaults[0][1]}"
    yield Expected(code="VRF157", says=says, fix="SelectionWindowDays to 2")
    backup.update_restore_testing_plan(RestoreTestingPlanName=name, RestoreTestingPlan={"RecoveryPointSelection": algorithm})


@contextmanager
def selection_deleted(world: World, it: Shuffled) -> Iterator[Expected]:
    """Somebody deletes the selection of tables in one account."""
    backup, name = next(_plans(world, it))
    found = next(each for each in _selections(backup, name) if each["ProtectedResourceType"] == "DynamoDB")
    backup.delete_restore_testing_selection(RestoreTestingPlanName=name, RestoreTestingSelectionName=found["RestoreTestingSelectionName"])
    says = f"no selection of {name} takes DynamoDB of vault {it.local_vault}"
    yield Expected(code="VRF155", says=says, fix="strongroom apply")
    again = {member: found[member] for member in _GIVEN if found.get(member)}
    backup.create_restore_testing_selection(RestoreTestingPlanName=name, RestoreTestingSelection=again)


@contextmanager
def metadata_that_do_not_do(world: World, it: Shuffled) -> Iterator[Expected]:
    """An override of every database's test names a subnet group that does not exist."""
    for backup, name in _plans(world, it):
        for found in _selections(backup, name):
            if found["ProtectedResourceType"] == "RDS":
                _override(backup, name, found, {"dbSubnetGroupName": "no-such-group"})
    world.let_pass(2)
    yield Expected(code="VRF081", says="no-such-group", fix="overrides")
    for backup, name in _plans(world, it):
        for found in _selections(backup, name):
            if found["ProtectedResourceType"] == "RDS":
                _override(backup, name, found, {})
    world.let_pass(3)


def _override(backup: Any, plan: str, found: dict[str, Any], overrides: dict[str, str]) -> None:
    change = {"IamRoleArn": found["IamRoleArn"], "RestoreMetadataOverrides": overrides}
    backup.update_restore_testing_selection(
        RestoreTestingPlanName=plan, RestoreTestingSelectionName=found["RestoreTestingSelectionName"], RestoreTestingSelection=change
    )


@contextmanager
def slower_than_promised(world: World, _it: Shuffled) -> Iterator[Expected]:
    """Restores of tables take so long that the objective of six hours is out of reach."""
    number = control.add_fault(world.endpoint, "slow-jobs", factor=400.0, type="DynamoDB")
    control.move_clock(world.endpoint, advance="2h")
    control.clear_faults(world.endpoint, number)
    world.let_pass(1)
    yield Expected(code="VRF085", says="360 minutes", fix="promise more time", modes=frozenset({"FM16"}))
    world.let_pass(1)


@contextmanager
def selections_that_mean_nobody(world: World, it: Shuffled) -> Iterator[Expected]:
    """Every selection asks for a tag value that no recovery point has: the runs are green."""
    before: list[tuple[Any, str, dict[str, Any]]] = []
    nobody = {"StringEquals": [{"Key": f"aws:ResourceTag/{it.tag_key}", "Value": "nobody"}]}
    for backup, name in _plans(world, it):
        for found in _selections(backup, name):
            before.append((backup, name, found))
            _condition(backup, name, found, nobody)
    world.let_pass(4)
    yield Expected(code="VRF156", says="no recovery point in its vaults is what its selections mean", fix="list-restore-testing-selections")
    for backup, name, found in before:
        _condition(backup, name, found, found["ProtectedResourceConditions"])
    world.let_pass(3)


def _condition(backup: Any, plan: str, found: dict[str, Any], conditions: dict[str, Any]) -> None:
    change = {"IamRoleArn": found["IamRoleArn"], "ProtectedResourceArns": ["*"], "ProtectedResourceConditions": conditions}
    backup.update_restore_testing_selection(
        RestoreTestingPlanName=plan, RestoreTestingSelectionName=found["RestoreTestingSelectionName"], RestoreTestingSelection=change
    )


SHORT: tuple[Plant, ...] = (window_shorter_than_the_interval, selection_deleted, slower_than_promised)
LONG: tuple[Plant, ...] = (metadata_that_do_not_do, selections_that_mean_nobody)


def test_tests_that_succeed_are_no_finding(healthy, told):
    """What the plants below rest on: some chains are proven by restores, and nothing is found."""
    found = healthy.verify()
    assert (told(found), found.unknown) == ([], 0)
    assert found.links[LinkName.RESTORED][LinkState.PROVEN] > 0


@pytest.mark.parametrize(
    "plant",
    [
        *(pytest.param(plant, id=plant.__name__) for plant in SHORT),
        *(pytest.param(plant, id=plant.__name__, marks=pytest.mark.long) for plant in LONG),
    ],
)
def test_a_test_that_proves_nothing_is_named(healthy, drawn, told, plant):
    """Its code, cause and fix are there, and no finding of another failure mode; repaired, there is nothing."""
    with plant(healthy, drawn) as expected:
        found = healthy.verify()
    named = _named(found, expected)
    assert named, f"no error found, the checker is broken: {told(found)}"
    assert all(expected.fix in each.finding.help for each in named)
    assert {each.finding.failure_mode for each in found.faults} == expected.modes, told(found)
    assert found.unknown == 0


@pytest.mark.long
def test_all_of_it_repaired_there_is_nothing(healthy, told):
    """What was planted and taken back left no trace."""
    found = healthy.verify()
    assert (told(found), found.unknown) == ([], 0)


def _named(found: Verification, expected: Expected) -> list[Any]:
    return [each for each in found.faults if each.finding.code == expected.code and expected.says in each.finding.message]
