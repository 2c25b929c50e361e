"""Faults planted into a healthy, shuffled organization after `apply`: `verify` names each, and only it."""

from collections.abc import Iterator

import pytest
from tests.detect import faults
from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled, shuffled

from strongroom.errors import ExitCode

DRAWN = 11  # the seed of the organization that is broken here
FAULTS = (
    faults.role_deleted,
    faults.role_trusts_somebody_else,
    faults.local_key_disabled,
    faults.local_key_to_be_deleted,
    faults.central_key_disabled,
    faults.central_key_without_its_statements,
    faults.role_without_its_policy,
    faults.copies_denied_by_control_policy,
    faults.policy_detached,
    faults.retention_edited,
    faults.copy_edited_out,
    faults.selection_edited,
    faults.overridden_in_one_account,
    faults.access_policy_removed,
    faults.access_policy_of_a_stranger,
    faults.central_vault_locked_short,
    faults.cross_account_switched_off,
    faults.administrator_deregistered,
    faults.opted_out,
    faults.tag_removed,
    faults.tag_case_changed,
)
SOON = (faults.role_deleted,)  # those whose days pass in `make test` too
LIKE_ANOTHER = (  # only with --long
    faults.role_trusts_somebody_else,
    faults.local_key_to_be_deleted,
    faults.selection_edited,
    faults.copy_edited_out,
)


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=3)


@pytest.fixture(scope="module")
def healthy(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """A shuffled organization ten days after its strategy was applied; each test repairs what it breaks."""
    folder = tmp_path_factory.mktemp("shuffled")
    drawn.write(folder)
    with deployed(folder, 10) as world:
        yield world


def _cases(soon: tuple[faults.Fault, ...]) -> list[object]:
    return [pytest.param(fault, id=fault.__name__, marks=[] if fault in soon else [pytest.mark.long]) for fault in FAULTS]


@pytest.mark.parametrize("fault", _cases(tuple(fault for fault in FAULTS if fault not in LIKE_ANOTHER)))
def test_a_fault_is_named_at_once(healthy, drawn, told, fault):
    """Before a single job has failed, a planted fault is named with its cause, its fix and all it touches; nothing else is."""
    with fault(healthy, drawn) as expected:
        found = healthy.verify()
    assert [each.finding.failure_mode for each in found.faults] == [expected.mode], f"no error found, the checker is broken: {told(found)}"
    named = found.faults[0]
    assert expected.says in named.finding.message
    assert expected.fix in named.finding.help
    assert named.resources == expected.touched
    assert (found.unknown, found.exit_code) == (0, ExitCode.FINDINGS)


def test_settings_of_a_member_account_are_no_fault(healthy, drawn, told):
    """For plans of organization policies the management account's opt-in decides; and what other tests repaired left no trace."""
    account = drawn.pick("dynamodb", 0).account
    for region in (drawn.home_region, drawn.other_region):
        backup = healthy.client("backup", account, region)
        backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": False, "EBS": False})
    assert told(healthy.verify()) == []


def test_an_account_that_was_moved_out_is_named_and_so_is_its_way_back(deployed, drawn, tmp_path, told):
    """StackSets leave their stacks behind in an account that goes, and can't make them again when it comes back."""
    drawn.write(tmp_path)
    with deployed(tmp_path, 10) as world:
        with faults.account_moved_out(world, drawn) as expected:
            found = world.verify()
        [named] = found.faults
        assert (named.finding.failure_mode, named.resources) == (expected.mode, expected.touched), told(found)
        assert expected.says in named.finding.message
        assert expected.fix in named.finding.help
        back = world.verify()
        world.deploy()
        whole = world.verify()
    assert {each.finding.code for each in back.faults} == {"VRF121"}, told(back)
    assert told(whole) == []  # apply has taken back what the account kept
    assert all("import-stacks-to-stack-set" in each.finding.help and expected.says in each.finding.help for each in back.faults)


@pytest.mark.parametrize("fault", _cases(SOON))
def test_a_fault_is_still_the_one_days_later(deployed, drawn, tmp_path, told, fault):
    """Jobs that fail for days because of a fault are told as that one fault, beside what needs a fix of its own by then."""
    drawn.write(tmp_path)
    with deployed(tmp_path, 10) as world, fault(world, drawn) as expected:
        world.let_pass(3)
        found = world.verify()
    modes = [each.finding.failure_mode for each in found.faults]
    assert modes.count(expected.mode) == 1, f"no error found, the checker is broken: {told(found)}"
    assert set(modes) <= {expected.mode, *expected.later}, told(found)
    assert found.unknown == 0
