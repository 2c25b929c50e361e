"""Syncs that are stopped, killed or lose a process half-way: nothing half is visible, nothing read is read twice, the end is the same."""

import os
import signal
from pathlib import Path

import pytest

from strongroom import ledger
from strongroom.aws.fleet import shelf
from strongroom.errors import ExitCode
from strongroom.ledger.keeping import differences
from strongroom.twin import client as control

SLOW = "666666666666"  # the account that AWS throttles, so that the others are done first
OTHERS = {"111111111111", "222222222222", "333333333333", "555555555555"}


@pytest.fixture
def half_read(world, until):
    """Start a sync and return it when all accounts but one are read."""

    def start(*options):
        world.shell.strategy("base")
        world.fault("throttle", account=SLOW)
        running = world.shell.start("sync", *options)
        until(lambda: read_accounts(world.shell.folder) == OTHERS)
        return running

    return start


def read_accounts(folder):
    shelves = folder.glob(".strongroom/ledger/.reading-*")
    return {entry.order.split()[1] for each in shelves for entry in shelf.entries(each) if entry.order.startswith("account ")}


def snapshots(shell):
    return ledger.snapshots(shell.folder / ".strongroom")


def asked_accounts(world, after):
    """Accounts whose vaults were listed."""
    calls = control.calls(world.endpoint, after=after)
    return {call["account"] for call in calls if call["operation"] == "ListBackupVaults"}


def assert_taken_up(world):
    """The next sync asks only the account that is missing, and ends as one that nobody disturbed."""
    world.mend()
    after = world.last_call()
    resumed = world.shell.run("sync")
    assert resumed.code == ExitCode.PROVEN
    assert resumed.err.splitlines()[-1].startswith("went on with the sync of ")
    assert asked_accounts(world, after) == {SLOW}
    assert world.shell.run("sync", "--fresh", "--full").code == ExitCode.PROVEN
    before, undisturbed = snapshots(world.shell)
    assert differences(before, undisturbed) == ()
    assert list(world.shell.folder.glob(".strongroom/ledger/.reading-*")) == []


def test_a_killed_sync_is_taken_up(world, half_read):
    """Kill -9: no snapshot; the next sync goes on, says so, and finds what an undisturbed one finds."""
    running = half_read()
    running.kill()
    running.communicate()
    assert snapshots(world.shell) == ()
    assert_taken_up(world)


def test_ctrl_c_leaves_what_was_read(world, half_read):
    """Ctrl-C half-way: exit code 5, what is read and how to go on; and it does go on."""
    running = half_read("--processes", "2")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (ExitCode.STOPPED, b"")
    assert b"error: reading was stopped, 4 accounts are read\n  help: run the same strongroom sync within an hour" in err
    assert_taken_up(world)


@pytest.mark.long
def test_a_process_that_dies_is_an_error_that_names_its_accounts(world, half_read):
    """One of two worker processes is killed: exit code 5, its accounts named, no snapshot; the next sync goes on."""
    running = half_read("--processes", "2")
    for child in children(running.pid):
        os.kill(child, signal.SIGKILL)
    _, err = running.communicate(timeout=20)
    assert running.returncode == ExitCode.STOPPED
    assert b"a process that read accounts " in err
    assert b"died (killed by signal 9): no snapshot was written" in err
    assert snapshots(world.shell) == ()
    assert_taken_up(world)


def children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


@pytest.mark.long
def test_several_processes_read_what_one_does(world):
    """Two worker processes and none: the same rows in every table."""
    world.shell.strategy("base")
    assert world.shell.run("sync", "--processes", "1").code == ExitCode.PROVEN
    assert world.shell.run("sync", "--processes", "2", "--full").code == ExitCode.PROVEN
    one, two = snapshots(world.shell)
    assert differences(one, two) == ()
    assert one.table("reads").equals(two.table("reads"))


@pytest.mark.long
def test_what_another_strategy_left_is_not_taken_up(world, half_read):
    """A changed strategy file is another reading: everything is asked again."""
    running = half_read()
    running.kill()
    running.communicate()
    world.mend()
    world.shell.strategy("base", ("keep: 30d", "keep: 31d"))
    after = world.last_call()
    synced = world.shell.run("sync")
    assert (synced.code, "went on" in synced.err) == (ExitCode.PROVEN, False)
    assert asked_accounts(world, after) == {*OTHERS, SLOW}
