"""Configurations found live go through the checks of strategies: FM11 FM12 FM13 FM14 FM25 FM33 FM36 FM37 FM38 FM39."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.detect import by_hand, configurations

from strongroom.errors import ExitCode

DRAWN = 23
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
