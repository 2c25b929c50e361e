"""Syncs that don't ask for everything: what they leave out is taken over, marked, and never proven; what they ask for is the same."""

import json

import pytest

from strongroom import ledger
from strongroom.errors import ExitCode
from strongroom.ledger.keeping import differences
from strongroom.twin import client as control

SHOP, PAYMENTS = "555555555555", "666666666666"


@pytest.fixture
def lived(own_world):
    """A world of its own in which backups ran for three days, and was read."""
    own_world.shell.strategy("base")
    assert own_world.shell.run("apply", "--yes").code == 0
    control.move_clock(own_world.endpoint, advance="3d")
    assert own_world.shell.run("sync").code == ExitCode.PROVEN
    return own_world


def newest(world):
    return ledger.latest(world.shell.folder / ".strongroom")


def test_what_is_asked_in_part_is_taken_over_and_asked_in_full_is_the_same(lived):
    """Jobs since the newest snapshot, some accounts, one Region: each equals what a full sync would know, or says that it isn't."""
    control.move_clock(lived.endpoint, advance="40h")
    assert lived.shell.run("sync").code == ExitCode.PROVEN
    incremental, calls = newest(lived), control.calls(lived.endpoint, after=lived.last_call() - 400)
    assert calls
    assert lived.shell.run("sync", "--full").code == ExitCode.PROVEN
    assert differences(incremental, newest(lived)) == ()
    before = newest(lived)
    assert before.table("backup_jobs").num_rows > 0

    control.move_clock(lived.endpoint, advance="24h")
    after = lived.last_call()
    synced = lived.shell.run("sync", "--accounts", SHOP, "--regions", "eu-west-2")
    assert synced.code == ExitCode.PROVEN
    assert "verify takes it for unread until the next whole sync" in synced.out
    asked = {(call["account"], call["region"]) for call in control.calls(lived.endpoint, after=after) if call["service"] == "backup"}
    assert {account for account, region in asked if region == "eu-west-1"} == set()
    assert {account for account, _ in asked} <= {SHOP, "111111111111"}
    part = newest(lived)
    reads = part.table("reads").to_pylist()
    stale = {(row["account_id"], row["region"]) for row in reads if row["code"] == "NotAsked"}
    assert (SHOP, "eu-west-2") not in stale
    assert {(SHOP, "eu-west-1"), (PAYMENTS, "eu-west-2"), (PAYMENTS, "")} <= stale
    assert {row["read"] for row in reads if row["code"] == "NotAsked"} == {False}
    assert {row["read_at"] for row in reads if row["code"] == "NotAsked"} == {before.observed_at}
    assert all(row["reason"].startswith(f"as of {before.observed_at:%Y-%m-%d %H:%M} UTC") for row in reads if row["code"] == "NotAsked")
    assert points(part, SHOP) > points(before, SHOP)
    assert points(part, PAYMENTS) == points(before, PAYMENTS) > 0

    said = json.loads(lived.shell.run("verify", "--format", "json").out)
    assert said["exit_code"] == ExitCode.COULD_NOT_VERIFY
    assert any("as of " in each["reason"] for each in said["unread"])
    assert lived.shell.run("sync").code == ExitCode.PROVEN
    whole = newest(lived)
    assert lived.shell.run("sync", "--full").code == ExitCode.PROVEN
    assert differences(whole, newest(lived)) == ()


def points(snapshot, account):
    return sum(row["account_id"] == account for row in snapshot.table("recovery_points").select(["account_id"]).to_pylist())


def test_an_account_or_region_that_is_not_there_is_named(world):
    """A mistyped account or Region: exit code 2, nothing written."""
    world.shell.strategy("base")
    refused = world.shell.run("sync", "--accounts", "123412341234")
    assert (refused.code, "the organization has no account 123412341234" in refused.error) == (ExitCode.BAD_INPUT, True)
    refused = world.shell.run("sync", "--regions", "eu-west-9")
    assert (refused.code, "eu-west-9 is none of the Regions that are read" in refused.error) == (ExitCode.BAD_INPUT, True)
    assert list(world.shell.folder.glob(".strongroom/ledger/*/manifest.json")) == []
