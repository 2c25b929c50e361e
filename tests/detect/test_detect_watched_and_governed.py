"""Alarms that never arrive, runs that nobody misses, half a delegation, edited guard rails, StackSets that failed: planted one at a time.

Each is named, once, and nothing else is.
"""

from collections.abc import Iterator

import pytest
from tests.detect import arriving, governing, silent
from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled
from tests.detect.watched import confirm, watched

from strongroom.errors import ExitCode

DRAWN = 23  # the seed of the organization that is broken here
SOON = (silent.silence_not_breaching, silent.copies_unwatched, governing.delegation_halved)  # the others with --long
FAULTS = (
    silent.silence_not_breaching,
    silent.silence_without_alarm,
    silent.heartbeat_disabled,
    silent.nobody_watches_an_account,
    silent.copies_unwatched,
    silent.copy_alarm_switched_off,
    silent.alarm_switched_off,
    silent.alarm_without_action,
    silent.alarm_from_ten_on,
    silent.forwarding_disabled,
    silent.pattern_narrowed,
    silent.topic_key_of_aws,
    silent.topic_policy_without_cloudwatch,
    silent.topic_of_one_account,
    silent.topic_key_closed,
    silent.topic_key_disabled,
    silent.subscription_cancelled,
    silent.bus_policy_gone,
    silent.queue_policy_gone,
    arriving.topic_gone,
    arriving.topic_first_in_first_out,
    arriving.topic_of_a_vault_gone,
    arriving.topic_of_a_vault_refuses,
    arriving.queue_key_of_aws,
    arriving.queue_key_closed,
    governing.effective_policy_broken,
    governing.stack_set_without_an_account,
    governing.stack_set_failed,
    governing.stack_set_edited,
    governing.stack_set_drifted,
    governing.stack_sets_not_trusted,
    governing.delegation_gone,
    governing.delegation_halved,
    governing.delegation_widened,
    governing.delegation_out_of_step,
    governing.guard_rail_detached,
    governing.guard_rail_edited,
    governing.tag_policy_in_the_way,
)


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return watched(DRAWN)


@pytest.fixture(scope="module")
def healthy(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """An organization that watches and is governed, ten days after its strategy was applied; each test repairs what it breaks."""
    folder = tmp_path_factory.mktemp("watched")
    drawn.write(folder)
    with deployed(folder, 0) as world:
        confirm(world, drawn)
        world.let_pass(10)
        yield world


@pytest.mark.parametrize(
    "fault", [pytest.param(each, id=each.__name__, marks=[] if each in SOON else [pytest.mark.long]) for each in FAULTS]
)
def test_a_fault_is_named(healthy, drawn, told, fault):
    """Its code and failure mode, the words of its cause, and where it is."""
    with fault(healthy, drawn) as planted:
        found = healthy.verify()
    assert [(each.finding.code, each.finding.failure_mode) for each in found.faults] == [(planted.code, planted.mode)], told(found)
    assert planted.says in found.faults[0].finding.message
    assert planted.about in found.faults[0].finding.subject
    assert (found.unknown, found.exit_code) == (0, ExitCode.FINDINGS)


@pytest.mark.long
def test_trusted_access_that_is_off_is_named_beside_the_administrator_who_is_gone(healthy, drawn, told):
    """AWS takes both or none; each has a finding of its own."""
    with arriving.backup_not_trusted(healthy, drawn) as planted:
        found = healthy.verify()
    [named] = [each.finding for each in found.faults if each.finding.code == planted.code]
    assert planted.says in named.message
    assert {each.finding.code for each in found.faults} == {"VRF004", planted.code}, told(found)
    assert (found.unknown, found.exit_code) == (0, ExitCode.FINDINGS)


def test_what_was_repaired_is_found_no_more(healthy, told):
    """After all of them nothing is left; whoever is told has confirmed."""
    found = healthy.verify()
    assert told(found) == []
    assert found.exit_code is ExitCode.PROVEN
