"""Recovery points that somebody deleted, or lets expire too early, are missed, whichever they are."""

from collections.abc import Iterator

import pytest
from tests.detect.faults import delete_copies, points_of, without_policy
from tests.detect.shuffling import Resource, Shuffled, shuffled

from strongroom.errors import ExitCode
from strongroom.proof import Fault, Verification


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(12, accounts=3)


@pytest.fixture(scope="module")
def tables(drawn) -> Iterator[dict[str, Resource]]:
    """A table of production for each thing that is done."""
    production = [resource for resource in drawn.resources if (resource.kind, resource.tier) == ("dynamodb", 0)]
    done = ("one in the middle", "all", "the newest", "the oldest", "all but the newest", "a local one", "kept too short")
    return dict(zip(done, production, strict=False))


@pytest.fixture(scope="module")
def found(deployed, drawn, tables, tmp_path_factory) -> Iterator[Verification]:
    """A shuffled organization after thirteen days, in which somebody did something to one table after the other."""
    folder = tmp_path_factory.mktemp("shuffled")
    drawn.write(folder)
    with deployed(folder, 10) as world:
        delete_copies(world, drawn, tables["the newest"], slice(-1, None))
        world.let_pass(3)  # by then no copy job can be under way any more
        delete_copies(world, drawn, tables["one in the middle"], slice(4, 5))
        delete_copies(world, drawn, tables["all"], slice(None))
        delete_copies(world, drawn, tables["the oldest"], slice(None, 3))
        delete_copies(world, drawn, tables["all but the newest"], slice(None, -1))
        for done, change in (("a local one", "delete_recovery_point"), ("kept too short", "update_recovery_point_lifecycle")):
            table = tables[done]
            arn = points_of(world, table, table.account, table.region, drawn.local_vault)[5]
            shorter = {"Lifecycle": {"DeleteAfterDays": 15}} if change.startswith("update") else {}
            backup = world.client("backup", table.account, table.region)
            with without_policy(backup, drawn.local_vault):
                getattr(backup, change)(BackupVaultName=drawn.local_vault, RecoveryPointArn=arn, **shorter)
        yield world.verify()


def _about(found: Verification, table: Resource) -> list[Fault]:
    return [each for each in found.faults if any(arn.endswith(f":table/{table.name}") for arn in each.arns)]


@pytest.mark.parametrize(
    "done",
    ["one in the middle", "all", "the newest", "the oldest", "all but the newest"],
)
def test_deleted_copies_are_missed(found, tables, told, done):
    """Copies that were deleted in the central vault are named once, with a table each."""
    named = _about(found, tables[done])
    assert [fault.finding.failure_mode for fault in named] == ["FM21"], f"no error found, the checker is broken: {told(found)}"
    assert "start-copy-job" in named[0].finding.help


def test_a_deleted_local_recovery_point_is_missed(found, tables, told):
    """A recovery point deleted inside its retention is named as history that is gone."""
    named = _about(found, tables["a local one"])
    assert [fault.finding.failure_mode for fault in named] == ["FM36"], f"no error found, the checker is broken: {told(found)}"
    assert "inside the retention of 30 days" in named[0].finding.message


def test_a_shortened_lifecycle_is_named(found, tables, told):
    """A recovery point that expires earlier than declared is named, with what it is kept and what it should be."""
    named = _about(found, tables["kept too short"])
    assert [fault.finding.failure_mode for fault in named] == ["FM36"], f"no error found, the checker is broken: {told(found)}"
    assert "are kept 15 days instead of 30 days" in named[0].finding.message
    assert "update-recovery-point-lifecycle" in named[0].finding.help


def test_other_resources_are_not_blamed(found, tables):
    """Only tables that something was done to are in findings; nothing is unknown."""
    names = tuple(f":table/{table.name}" for table in tables.values())
    assert [arn for fault in found.faults for arn in fault.arns if not arn.endswith(names)] == []
    assert (found.unknown, found.exit_code) == (0, ExitCode.FINDINGS)
