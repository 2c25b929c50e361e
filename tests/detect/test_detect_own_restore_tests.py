"""What `strongroom test` has shown is what `verify` and `prove` say: proven, wrong, not told; and copies that come back too late."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.faults.tested import CENTRAL, FALSE, TABLE, TRUE, WEEKLY, Scene, organization, room, strategy, ticking

from strongroom.api.verify import prove, verify
from strongroom.proof import Fault, LinkName, LinkState

BEGAN = datetime.fromisoformat(os.environ["STRONGROOM_TWIN_START"])
LATER = f"{BEGAN + timedelta(days=4):%A} 10:00"  # AWS Backup's own restore testing has had no occasion to run
TESTED = {**WEEKLY, "at": LATER, "from": ["local", "central"]}
OWN = {"VRF086", "VRF087", "VRF089", "VRF099", "VRF158"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Scene]:
    """An organization with a restore test, two days after its first backups."""
    with organization(tmp_path_factory.mktemp("own"), tests={"weekly": TESTED}) as world:
        yield world


@pytest.fixture
def tested(shared, tmp_path) -> Scene:
    """A folder and a ledger of the test's own."""
    return room(shared, tmp_path)


def carried_out(world, *checks):
    """Test the table from both vaults with some validators; returns what the tests found."""
    world.declare(**{**TESTED, "validate": {"dynamodb": list(checks)}})
    with ticking(world.endpoint, advance="1m"):
        done, _ = world.run()
    assert len(done.records) == 2
    return {str(each.outcome) for each in done.records}


def told(world, codes=OWN) -> list[Fault]:
    found = verify(world.shell.folder / "strategy.yaml", home=world.home)
    return [each for each in found.faults if each.finding.code in codes]


def links(world, name):
    """A link of the table's chains, by the label of the vault."""
    chains = prove(world.shell.folder / "strategy.yaml", TABLE, home=world.home)
    return {chain.destination_label: next(link for link in chain.links if link.name is name) for chain in chains}


def test_a_test_that_passes_proves_each_vault_that_it_restored_from(tested):
    """No new sync is needed; the evidence names the test, and its restore job with the call that shows it."""
    assert {each.state for each in links(tested, LinkName.RESTORED).values()} == {LinkState.NOT_REQUIRED}
    assert carried_out(tested, TRUE) == {"passed"}
    found = links(tested, LinkName.RESTORED)
    for record in tested.records():
        link = found[record.vault_label]
        assert link.state is LinkState.PROVEN
        assert link.evidence[0].startswith(f"test {record.test_id} of ")
        assert any(record.restored.job_id in each.command and each.account_id == record.restored.account for each in link.by_hand)
    assert set(found) == {"local", "central"}
    assert told(tested) == []


def test_a_test_that_finds_something_wrong_breaks_its_chains(tested):
    """FM26, VRF086, with the validator's sentence; one that passes later mends them."""
    assert carried_out(tested, FALSE) == {"failed"}
    (fault,) = told(tested)
    assert (fault.finding.code, fault.finding.failure_mode, fault.link, fault.arns) == ("VRF086", "FM26", LinkName.RESTORED, (TABLE,))
    assert fault.chains == 2
    assert fault.finding.message.startswith("restore test weekly failed: command: ")
    assert carried_out(tested, TRUE) == {"passed"}
    assert told(tested) == []


def test_a_test_that_could_not_tell_leaves_its_chains_unknown(tested):
    """Never proven: VRF089, with the reason; and exit code 3."""
    assert carried_out(tested, {"command": {"run": ["/no/such/program"]}}) == {"unknown"}
    (fault,) = told(tested)
    assert (fault.finding.code, fault.finding.failure_mode, fault.state) == ("VRF089", "FM26", LinkState.UNKNOWN)
    assert "could not tell: command: " in fault.finding.message
    assert verify(tested.shell.folder / "strategy.yaml", home=tested.home).exit_code == 3


@pytest.mark.long
def test_what_a_test_left_behind_is_found(tested):
    """FM26, VRF158: what a test was told to keep, until the next snapshot shows that it is gone."""
    with ticking(tested.endpoint, advance="1m"):
        done, _ = tested.run(keep=True)
    (fault,) = told(tested)
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF158", "FM26")
    (kept,) = done.records[0].leftovers
    assert fault.finding.subject == kept
    tested.owner("dynamodb").delete_table(TableName=kept.rpartition("/")[2])
    assert tested.shell.run("sync").code == 0
    assert told(tested) == []


@pytest.mark.long
def test_copies_that_would_come_back_too_late_are_found(tested):
    """FM16, VRF159: every night's copy takes longer than what is promised after the loss of the account."""
    hasty = [{"select": {"tags": {"environment": "prod"}, "types": ["dynamodb"]}, "rto": "30m", "survives": ["account"]}]
    tested.shell.write("strategy.yaml", strategy({"weekly": TESTED}, objectives=hasty))
    assert told(tested, {"VRF159"}) == []
    tested.fault("slow-jobs", factor=40.0, type="DynamoDB")
    for _ in range(4):
        tested.wait_for_noon()
    tested.mend()
    assert tested.shell.run("sync").code == 0
    (fault,) = told(tested, {"VRF159"})
    assert (fault.finding.code, fault.finding.failure_mode, fault.arns) == ("VRF159", "FM16", (TABLE,))
    assert f"comes back from account {CENTRAL}" in fault.finding.message
    assert "the objective is 30 minutes" in fault.finding.message
