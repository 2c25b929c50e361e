"""Configurations found live go through the checks of strategies: FM11 FM12 FM13 FM14 FM25 FM33 FM36 FM37 FM38 FM39."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.detect import by_hand, configurations, own_plan

from strongroom.errors import ExitCode

DRAWN = 23
FAR = configurations.FAR
BOUND = """
retention:
  - {{select: {{tags: {{{it.key}: "{it.values[2]}"}}}}, at_most: 30d, basis: privacy}}
"""


@pytest.fixture(scope="module")
def healthy(tmp_path_factory) -> Iterator[by_hand.Adopted]:
    """An organization that others built by AWS CLI commands, some days later; each test repairs what it breaks."""
    with by_hand.adopted(tmp_path_factory.mktemp("hand"), DRAWN, more=BOUND) as world:
        yield world


def told(found):
    return [f"{each.finding.code} {each.finding.failure_mode} {each.finding.subject}: {each.finding.message}" for each in found.faults]


def fits(expected, fault):
    finding = fault.finding
    said = f"{finding.subject} {finding.message}"
    return (expected.code, expected.mode) == (finding.code, finding.failure_mode) and expected.says in said and expected.fix in finding.help


def test_all_of_them_at_once_are_named_one_by_one(healthy):
    """Ten causes, ten findings, each with its failure mode and a fix; repaired, nothing."""
    with ExitStack() as planted:
        wanted = [planted.enter_context(plant(healthy.org)) for plant in configurations.ALL]
        found = healthy.verify()
    missing = [each for each in wanted if sum(fits(each, fault) for fault in found.faults) != 1]
    assert missing == [], f"no error found, the checker is broken: {told(found)}"
    beside = [fault for fault in found.faults if not any(fits(each, fault) for each in wanted)]
    # a bucket whose replication is halted is a replica without a backup as well
    assert {(fault.finding.code, fault.finding.failure_mode) for fault in beside} <= {("REP001", "FM38")}, told(found)
    assert found.unknown == 0
    assert told(healthy.verify()) == []


def test_each_change_of_a_plan_that_one_account_made_is_named(healthy):
    """VRF220: vault, hour, days and selection of an adopted plan are held against what was written down."""
    changes = (own_plan.another_vault, own_plan.another_hour, own_plan.fewer_days, own_plan.another_copy)
    with own_plan.changed(healthy.org, *changes, value=FAR):
        found = healthy.verify()
    it = healthy.org.it
    wanted = {f"rule Quarter-Hourly.No of plan {it.own_plan} {own_plan.said(healthy.org, change)}" for change in changes}
    named = [fault.finding for fault in found.faults if fault.finding.code == "VRF220"]
    assert {each.message for each in named} == {*wanted, f"plan {it.own_plan} selects other resources than the strategy"}
    assert {each.failure_mode for each in named} == {"FM35"}
    assert told(healthy.verify()) == []


def test_the_account_decides_what_its_own_plan_protects(healthy):
    """FM09: for plans of organization policies the management account's opt-in counts, for an account's own plan its own."""
    it = healthy.org.it
    backup = healthy.org.client("backup", it.workloads[1], it.home)
    backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": False})
    found = healthy.verify()
    backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": True})
    assert [(fault.finding.code, fault.finding.failure_mode) for fault in found.faults] == [("VRF014", "FM09")], told(found)
    assert f"DynamoDB is not opted in to AWS Backup in {it.home} of account {it.workloads[1]}" in found.faults[0].finding.message
    assert (found.faults[0].resources, found.unknown) == (1, 0)


@pytest.mark.long
@pytest.mark.parametrize("change", [own_plan.another_vault, own_plan.another_hour, own_plan.fewer_days, own_plan.another_copy])
def test_one_change_of_such_a_plan_is_one_finding(healthy, change):
    """And nothing else, before a job has run."""
    with own_plan.changed(healthy.org, change):
        found = healthy.verify()
    assert [fault.finding.code for fault in found.faults] == ["VRF220"], told(found)
    assert own_plan.said(healthy.org, change) in found.faults[0].finding.message
    assert (found.unknown, found.exit_code) == (0, ExitCode.FINDINGS)


@pytest.mark.long
@pytest.mark.parametrize("plant", configurations.ALL, ids=lambda plant: plant.__name__)
def test_each_of_them_alone_is_named_and_nothing_else(healthy, plant):
    """One cause, one finding."""
    with plant(healthy.org) as expected:
        found = healthy.verify()
    named = [fault for fault in found.faults if fits(expected, fault)]
    assert len(named) == 1, f"no error found, the checker is broken: {told(found)}"
    allowed = {expected.code} | ({"REP001"} if expected.code == "BKT003" else set())
    assert {fault.finding.code for fault in found.faults} <= allowed, told(found)
    assert (found.unknown, found.exit_code) == (0, ExitCode.FINDINGS)
