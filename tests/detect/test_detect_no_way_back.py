"""What can't be repaired: a lock that has hardened, an account that left, an account that was closed. One after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.detect.conftest import World
from tests.detect.conftest import _as_sdk_reads as as_sdk_reads
from tests.detect.shuffling import Shuffled, shuffled

from strongroom.api.sync import sync
from strongroom.api.verify import verify
from strongroom.proof import Fault, Verification
from strongroom.twin import process

pytestmark = pytest.mark.long
DRAWN = 51


@dataclass(frozen=True, slots=True)
class Seen:
    """What `verify` says after each step, and whom the steps were about."""

    hardened: Verification
    left: Verification
    closed: Verification
    owner_closed: Verification
    accounts: tuple[str, ...]  # governed: one leaves, one is closed


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=4)


@pytest.fixture(scope="module")
def seen(deployed, drawn, tmp_path_factory) -> Iterator[Seen]:
    """A shuffled organization to which worse and worse things happen."""
    folder = tmp_path_factory.mktemp("shuffled")
    drawn.write(folder)
    leaving, closing = _with_copies(drawn)[:2]
    with deployed(folder, 8) as world:
        region, name = drawn.central_vaults[1]
        central = world.client("backup", drawn.central, region)
        central.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=1, MaxRetentionDays=36500, ChangeableForDays=3)
        world.let_pass(5)
        hardened = _verify(world, 0)
        organizations = world.client("organizations", drawn.management, drawn.home_region)
        organizations.remove_account_from_organization(AccountId=leaving)
        left = _verify(world, 1)
        organizations.close_account(AccountId=closing)
        closed = _verify(world, 2)
        organizations.close_account(AccountId=drawn.central)
        yield Seen(hardened, left, closed, _verify(world, 3), (leaving, closing))


def _with_copies(it: Shuffled) -> list[str]:
    """Governed accounts with something in production, so that copies of it exist; each OU keeps an account."""
    return sorted({each.account for each in it.resources if each.tier == 0})


def _verify(world: World, number: int) -> Verification:
    """Sync and verify, whatever could not be read."""
    home = world.home / f"step-{number}"
    with as_sdk_reads(process.environment(world.endpoint)):
        sync(world.strategy, home=home, on_progress=lambda *_: None)
    return verify(world.strategy, home=home)


def _named(found: Verification, code: str, says: str) -> list[Fault]:
    return [each for each in found.faults if each.finding.code == code and says in each.finding.message]


def _modes(found: Verification) -> set[str]:
    return {each.finding.failure_mode for each in found.faults}


def test_a_lock_that_hardened_undeclared_is_named(seen, drawn, told):
    """FM04: the day is past, the fix is another vault."""
    region, name = drawn.central_vaults[1]
    named = _named(seen.hardened, "VRF150", f"the compliance lock of vault {name} in {region}, 1 to 36500 days, hardened on ")
    assert len(named) == 1, f"no error found, the checker is broken: {told(seen.hardened)}"
    assert "nobody can change it any more" in named[0].finding.help
    assert (_modes(seen.hardened), seen.hardened.unknown) == ({"FM04"}, 0), told(seen.hardened)


def test_copies_of_an_account_that_left_are_named(seen, told):
    """FM06: what it left in the central vaults, and until when."""
    named = _named(seen.left, "VRF152", f"copies of account {seen.accounts[0]} are left in vault")
    assert len(named) == 1, f"no error found, the checker is broken: {told(seen.left)}"
    assert "the account is not in the organization any more; the last one expires on " in named[0].finding.message
    assert "invite-account-to-organization" in named[0].finding.help
    assert (_modes(seen.left), seen.left.unknown) == ({"FM04", "FM06"}, 0), told(seen.left)


def test_a_closed_governed_account_is_named(seen, told):
    """FM06: its vaults are deleted in ninety days; nothing else is said of it."""
    named = _named(seen.closed, "VRF151", f"account {seen.accounts[1]} is SUSPENDED: its vaults are deleted 90 days after it was closed")
    assert len(named) == 1, f"no error found, the checker is broken: {told(seen.closed)}"
    assert "copy what is still needed to another account" in named[0].finding.help
    assert _modes(seen.closed) == {"FM04", "FM06"}, told(seen.closed)


def test_a_closed_central_account_is_an_error(seen, drawn, told):
    """FM06: the account that keeps all copies; its chains are unknown, because nobody can read it any more."""
    named = _named(seen.owner_closed, "VRF151", f"account {drawn.central}, which owns vault {drawn.central_vaults[0][1]}")
    assert [str(each.finding.severity) for each in named] == ["error"], f"no error found, the checker is broken: {told(seen.owner_closed)}"
    assert seen.owner_closed.unknown > 0
