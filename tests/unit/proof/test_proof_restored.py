"""The link `restored`: restore tests as declared, and the restore jobs that are known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.proof.tested import NOW, ONLY_TABLES, SUNDAY, WEEKLY, job, with_testing_plans

from strongroom import proof
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Objective
from strongroom.proof.engine import judge
from strongroom.proof.findings import faults
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.restored import due_of
from strongroom.proof.verification import chain_table, unreadable


@pytest.fixture
def world(builder):
    return with_testing_plans(builder)


def judged(world, home, *tests, earlier=(), **changes):
    """The state, code and cause of `restored` on the table's local chain, and the findings."""
    estate = replace(world.estate, restore_tests=tests or (WEEKLY,), **changes)
    with judge(estate, world.write(home), earlier) as judgement:
        rows = chain_table(judgement).to_pylist()
        found = [(each.finding.code, each.finding.failure_mode) for each in faults(judgement, ())]
        unread = tuple(unreadable(judgement))
    arn = world.resource()["arn"]
    others = {row["restored_state"] for row in rows if (row["resource_arn"], row["destination_label"]) != (arn, "local")}
    assert others == {"not_required"}  # neither another type nor another vault is tested
    row = next(row for row in rows if (row["resource_arn"], row["destination_label"]) == (arn, "local"))
    return (row["restored_state"], row["restored_code"], row["restored_cause"]), found, unread


def test_a_validated_restore_of_the_last_run_is_proven(world, tmp_path):
    """With job, time and validation as evidence."""
    job(world, validation_message="42 items")
    assert judged(world, tmp_path) == (("proven", None, None), [], ())
    estate = replace(world.estate, restore_tests=(WEEKLY,))
    chain = proof.prove(estate, world.write(tmp_path), world.resource()["arn"])[0]
    link = next(each for each in chain.links if each.name is LinkName.RESTORED)
    said = "restore job job-1 of 2026-11-15 10:00 UTC: COMPLETED, took 10 minutes, validation SUCCESSFUL (42 items)"
    assert (link.state, link.evidence) == (LinkState.PROVEN, (said,))


WRONG = (
    ({"state": "FAILED", "message": "no subnet group"}, "VRF081", "restores of restore test weekly fail: no subnet group"),
    ({"state": "ABORTED", "message": None}, "VRF081", "the job ended as ABORTED"),
    ({"validation_status": "FAILED", "validation_message": "no rows"}, "VRF082", "was found wrong: no rows"),
    ({"validation_status": "TIMED_OUT"}, "VRF083", "was never validated in time"),
    ({"validation_status": None}, "VRF083", "was never validated"),
    ({"at": SUNDAY - timedelta(days=7)}, "VRF080", "has not restored the resource since 2026-11-15 10:00 UTC"),
)


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[1] + case[2])
def test_a_restore_that_proves_nothing_is_named(world, tmp_path, case):
    """FM26: failed, wrong, never looked at, or too long ago."""
    change, code, words = case
    job(world, **change)
    (state, told, cause), found, _ = judged(world, tmp_path)
    assert (state, told, found) == ("broken", code, [(code, "FM26")])
    assert words in cause


def test_a_run_that_came_for_nothing_is_overdue(world, tmp_path):
    """AWS skips what has no recovery point in the window, and says nothing."""
    assert judged(world, tmp_path)[0][:2] == ("broken", "VRF080")


def test_a_validation_that_nobody_declared_is_not_asked_for(world, tmp_path):
    """Without time for a validation a completed restore is all that can be."""
    job(world, validation_status=None)
    assert judged(world, tmp_path, replace(WEEKLY, validate_within_hours=0))[0][0] == "proven"


def test_nothing_is_due_before_the_first_run_is_over(world, tmp_path):
    """A testing plan of yesterday: not required yet, with the date."""
    for row in world.tables["restore_testing_plans"]:
        row["created_at"] = NOW - timedelta(days=1)
    (state, _, cause), found, _ = judged(world, tmp_path)
    assert (state, found) == ("not_required", [])
    assert "the next must be over by 2026-11-24 02:00 UTC" in cause


def test_a_test_under_way_is_not_missed(world, tmp_path):
    """The validation of the last run still goes on; the one before was well."""
    job(world, validation_status="VALIDATING")
    assert judged(world, tmp_path)[0][0] == "not_required"
    job(world, SUNDAY - timedelta(days=7), 2)
    assert judged(world, tmp_path)[0][0] == "proven"


def test_a_restore_by_hand_counts_when_it_was_validated(world, tmp_path):
    """What somebody tried and failed at disproves nothing."""
    job(world, SUNDAY + timedelta(days=1), 1, testing_plan_arn=None)
    assert judged(world, tmp_path)[0][0] == "proven"
    job(world, SUNDAY + timedelta(days=2), 2, testing_plan_arn=None, state="FAILED", message="wrong name")
    assert judged(world, tmp_path)[0][0] == "proven"


def test_the_newest_test_decides(world, tmp_path):
    """It worked last week and fails now."""
    job(world, SUNDAY - timedelta(days=7), 1)
    job(world, SUNDAY, 2, state="FAILED", message="no room")
    assert judged(world, tmp_path)[0][:2] == ("broken", "VRF081")


def test_a_restore_slower_than_the_objective_is_named(world, tmp_path):
    """FM16: measured, not planned."""
    job(world)
    promise = Objective(select=ONLY_TABLES, rpo_minutes=None, rto_minutes=9, origin=BuiltIn())
    (state, code, cause), found, _ = judged(world, tmp_path, objectives=(promise,))
    assert (state, code, found) == ("broken", "VRF085", [("VRF085", "FM16")])
    assert "9 minutes" in cause
    assert judged(world, tmp_path, objectives=(replace(promise, rto_minutes=10),))[0][0] == "proven"


def test_unread_restore_jobs_prove_nothing(world, tmp_path):
    """Unknown, and named as unread."""
    job(world)
    place = {name: world.resource()[name] for name in ("account_id", "region")}
    world.rows("reads", subject="restore_jobs", **place)[0].update(read=False, code="AccessDenied", reason="no")
    (state, code, _), found, unread = judged(world, tmp_path)
    assert (state, code, found) == ("unknown", "VRF001", [])
    assert [each.subject for each in unread] == ["restore_jobs"]


def test_a_job_that_aws_lists_no_more_counts_from_an_earlier_snapshot(world, tmp_path):
    """A yearly test outlives the thirty days for which jobs are listed."""
    yearly = replace(WEEKLY, schedule="cron(0 10 1 9 ? 2020-2030)")
    run = datetime(2026, 9, 1, 10, tzinfo=UTC)
    job(world, run)
    then = world.write(tmp_path, run + timedelta(days=20))
    world.tables["restore_jobs"].clear()
    assert judged(world, tmp_path, yearly)[0][:2] == ("broken", "VRF080")
    assert judged(world, tmp_path, yearly, earlier=(then,))[0][0] == "proven"


def test_a_job_without_its_source_is_known_by_its_recovery_point(world, tmp_path):
    """AWS doesn't always tell the resource."""
    job(world, source_resource_arn=None, vault_arn=None)
    assert judged(world, tmp_path)[0][0] == "proven"


def test_a_test_that_no_testing_plan_carries_out_is_broken_without_a_finding_of_its_own(world, tmp_path):
    """The live check about restore tests that are not deployed names it once."""
    world.tables["restore_testing_plans"].clear()
    (state, code, _), found, _ = judged(world, tmp_path)
    assert (state, code, found) == ("broken", "VRF155", [])


def test_a_run_is_due_when_its_windows_are_over():
    """Start window, a day for the restore, and the time for the validation."""
    due = due_of(WEEKLY, SUNDAY + timedelta(hours=39))
    assert due.due_at == SUNDAY - timedelta(days=7)
    assert due.next_at == SUNDAY + timedelta(hours=40)
    assert due_of(WEEKLY, SUNDAY + timedelta(hours=40)).due_at == SUNDAY
