"""Syncs of an API that refuses, throttles or is not there: nothing that AWS holds is lost, and what could not be read has its reason."""

import pytest

from strongroom import ledger
from strongroom.errors import ExitCode
from strongroom.ledger.keeping import differences

CLOSED = "666666666666"


def newest(shell):
    return ledger.snapshots(shell.folder / ".strongroom")[-1]


def unread(snapshot):
    return [row for row in snapshot.table("reads").to_pylist() if not row["read"]]


@pytest.fixture
def undisturbed(world):
    """The snapshot of a sync of the same organization that nothing disturbs."""
    world.shell.strategy("base")
    assert world.shell.run("sync", "--full").code == ExitCode.PROVEN
    return newest(world.shell)


@pytest.mark.parametrize(
    ("kind", "members"),
    [("error", {"code": "InternalFailure", "status": 500, "rate": 0.05}), ("throttle", {"rate": 0.1})],
    ids=["5 % of all calls fail", "every tenth call is throttled"],
)
def test_what_fails_now_and_then_is_read_all_the_same(world, undisturbed, kind, members):
    """Calls are made again until they are answered: the snapshot is that of an undisturbed sync."""
    world.fault(kind, times=0, **members)
    assert world.shell.run("sync", "--full").code == ExitCode.PROVEN
    assert world.hits() > 0
    assert differences(undisturbed, newest(world.shell)) == ()


@pytest.mark.usefixtures("undisturbed")
def test_a_region_that_is_down_is_unread_in_every_account(world):
    """A row for each subject, with AWS's reason; the other Region is read, and verify ends with 3."""
    world.fault("region-outage", region="eu-west-1")
    assert world.shell.run("sync", "--full", AWS_MAX_ATTEMPTS="2").code == ExitCode.COULD_NOT_VERIFY
    missing = unread(newest(world.shell))
    assert {row["region"] for row in missing} == {"eu-west-1"}
    assert {"vaults", "recovery_points", "backup_jobs", "resources:DynamoDB"} <= {row["subject"] for row in missing}
    # what hangs on a list that could not be read says that
    assert {row["code"] for row in missing} == {"ServiceUnavailable", "VaultsUnread", "TablesUnread"}
    assert world.shell.run("verify").code == ExitCode.COULD_NOT_VERIFY


@pytest.mark.long
def test_a_region_that_never_answers_costs_its_time_outs_once(world):
    """It is asked two things before everything else, and all processes know: nobody else waits for it."""
    world.shell.strategy("base")
    world.fault("silent-region", region="eu-west-1", how="hang")
    assert world.shell.run("sync", "--full", "--processes", "2", timeout=300).code == ExitCode.COULD_NOT_VERIFY
    assert world.hits() <= 6  # three attempts each
    missing = unread(newest(world.shell))
    assert {row["region"] for row in missing} == {"eu-west-1"}
    assert {row["code"] for row in missing} <= {"ReadTimeoutError", "VaultsUnread", "TablesUnread"}


def test_a_closed_account_has_rows_that_say_so(own_world):
    """Nothing is asked of an account that is suspended, nothing is concluded from its silence, and the others are read."""
    own_world.shell.strategy("base")
    own_world.fault("close-account", account=CLOSED)
    assert own_world.shell.run("sync").code == ExitCode.COULD_NOT_VERIFY
    missing = unread(newest(own_world.shell))
    assert {row["account_id"] for row in missing} == {CLOSED}
    assert {row["code"] for row in missing} == {"AccountNotActive"}
    assert {"vaults", "recovery_points", "roles", "principals"} <= {row["subject"] for row in missing}
