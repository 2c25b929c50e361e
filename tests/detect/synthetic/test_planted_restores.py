"""What restores and tests of them have shown, planted in tables: copies that come back too late, and what a test left behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.proof.tested import record

from strongroom import proof
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Loss, Objective

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TABLES = (ResourceType.DYNAMODB,)


def promise(world, rto_minutes, *losses):
    """Promise a time to restore for the tables of production."""
    select = replace(world.estate.plans[0].select, types=TABLES)
    objective = Objective(select=select, rpo_minutes=None, rto_minutes=rto_minutes, survives=losses, origin=BuiltIn())
    world.estate = replace(world.estate, objectives=(*world.estate.objectives, objective))


def copied(made, minutes, *, size=10**9, labels=("central", "dr")):
    """Every table of production was copied lately, in so many minutes; the tables' size in bytes."""
    world = made.world
    regions = {"central": "eu-west-2", "dr": "eu-west-1"}
    for table in tables(world):
        table["size_bytes"] = size
        for label in labels:
            at = {"created_at": NOW - timedelta(days=1), "completed_at": NOW - timedelta(days=1) + timedelta(minutes=25 + minutes)}
            to = made.vault_arn(world.central, regions[label], f"three-tiers-{label}")
            made.copy_job(table, made.vault_arn(table["account_id"], table["region"], "three-tiers-local"), to, at)


def tables(world):
    return [
        row
        for row in world.tables["resources"]
        if row["tags"].get(world.key) == world.values[0] and row["type"] == str(ResourceType.DYNAMODB)
    ]


def restored(world, minutes):
    """One table was restored in so many minutes."""
    row = {"account_id": world.resource()["account_id"], "region": world.resource()["region"], "resource_type": "DynamoDB"}
    done = {"created_at": NOW - timedelta(hours=9), "completed_at": NOW - timedelta(hours=9) + timedelta(minutes=minutes)}
    world.tables["restore_jobs"].append(
        row | done | {"job_id": "r", "recovery_point_arn": "p", "source_resource_arn": world.resource()["arn"], "state": "COMPLETED"}
    )


def told(world, tmp_path, **more):
    found = proof.verify(world.estate, world.write(tmp_path), **more)
    return [fault for fault in found.faults if fault.finding.code in {"VRF158", "VRF159"}]


@pytest.fixture
def made(builder):
    """A healthy world and who made it."""
    here = builder(1, 30)
    here.build()
    return here


def test_copies_that_come_back_after_the_objective_are_named(made, tmp_path):
    """FM16: a copy of 90 minutes and a restore of 50, two hours are promised after the loss of the account."""
    world = made.world
    promise(world, 120, Loss.ACCOUNT)
    copied(made, 90)
    restored(world, 50)
    found = told(world, tmp_path)
    assert {(each.finding.code, each.finding.failure_mode) for each in found} == {("VRF159", "FM16")}
    assert sorted(arn for each in found for arn in each.arns) == sorted(row["arn"] for row in tables(world))
    message = "is restored after 140 minutes (90 of them for the copy), the objective is 120 minutes"
    assert all(f"comes back from account {world.central}" in each.finding.message and message in each.finding.message for each in found)


def test_copies_that_come_back_in_time_are_not(made, tmp_path):
    """The same, where 140 minutes are promised."""
    promise(made.world, 140, Loss.ACCOUNT)
    copied(made, 90)
    restored(made.world, 50)
    assert told(made.world, tmp_path) == []


def test_a_copy_that_is_too_slow_by_itself_needs_no_restore_to_be_named(made, tmp_path):
    """Nobody has ever restored a table."""
    promise(made.world, 60, Loss.ACCOUNT)
    copied(made, 90)
    found = told(made.world, tmp_path)
    assert found
    assert all("nobody has measured a restore" in each.finding.message for each in found)


UNMEASURED = ({"labels": ("central",)}, {"labels": ()})


@pytest.mark.parametrize("case", UNMEASURED, ids=str)
def test_what_nobody_has_measured_is_not_accused(made, tmp_path, case):
    """One of the copies may come back in time, for all that is known."""
    promise(made.world, 60, Loss.ACCOUNT)
    copied(made, 90, **case)
    assert told(made.world, tmp_path) == []


def test_copies_of_another_size_tell_nothing(made, tmp_path):
    """The time that small ones take doesn't grow with their size."""
    promise(made.world, 60, Loss.ACCOUNT)
    copied(made, 90, size=1_000)
    large = tables(made.world)[0]
    large["size_bytes"] = 10**12
    made.world.drop("copy_jobs", resource_arn=large["arn"])
    found = told(made.world, tmp_path)
    assert found
    assert large["arn"] not in {arn for each in found for arn in each.arns}


@pytest.mark.parametrize("size", [None, 0])
def test_of_what_has_no_size_its_own_copies_are_measured(made, tmp_path, size):
    """Services don't always tell, and a table's size is none for hours."""
    promise(made.world, 60, Loss.ACCOUNT)
    copied(made, 90, size=size)
    made.world.drop("copy_jobs", resource_arn=tables(made.world)[0]["arn"])
    found = told(made.world, tmp_path)
    assert sorted(arn for each in found for arn in each.arns) == sorted(row["arn"] for row in tables(made.world)[1:])


def test_without_the_loss_of_the_account_copies_need_not_come_back(made, tmp_path):
    """Until nothing else is left of a table."""
    promise(made.world, 60)
    copied(made, 90)
    assert told(made.world, tmp_path) == []
    gone = made.world.resource()
    made.world.drop("recovery_points", resource_arn=gone["arn"], account_id=gone["account_id"])
    assert [each.arns for each in told(made.world, tmp_path)] == [(gone["arn"],)]


def test_what_a_test_left_behind_is_named_while_it_is_there(made, tmp_path):
    """FM26: a warning, until the snapshot shows that it is gone."""
    world = made.world
    kept = made.add_resource(world.resource()["account_id"], world.resource()["region"], "DynamoDB", "strongroom-test-1", {})
    left = record(world, NOW - timedelta(hours=3), cleaned_up=False, leftovers=(kept["arn"], "arn:gone"))
    (found,) = told(world, tmp_path, records=(left,))
    assert (found.finding.code, found.finding.failure_mode, found.finding.subject) == ("VRF158", "FM26", kept["arn"])
    assert f"left 1 of what it made: {kept['arn']}" in found.finding.message
    assert "strongroom test --clean" in found.finding.help
    world.drop("resources", arn=kept["arn"])
    assert told(world, tmp_path, records=(left,)) == []


def test_what_a_test_left_after_the_snapshot_is_named_unseen(made, tmp_path):
    """The snapshot can't know it; and a clean-up that nobody looked at is named without a list."""
    late = record(made.world, NOW + timedelta(hours=1), cleaned_up=False, leftovers=("arn:left",))
    unseen = record(made.world, NOW + timedelta(hours=1), 2, cleaned_up=False)
    assert [each.finding.subject for each in told(made.world, tmp_path, records=(late, unseen))] == ["arn:left", "test run-2"]
