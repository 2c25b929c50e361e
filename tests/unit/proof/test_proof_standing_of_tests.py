"""The ledger of tests: who stands how, by records and by AWS's jobs, and when a test is due."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.proof.tested import NOW, SUNDAY, WEEKLY, job, record, with_testing_plans

from strongroom import ledger
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Outcome
from strongroom.domain.strategy import Objective, Selection
from strongroom.evidence.standing import State, longest_unproven, standings
from strongroom.proof.engine import judge

WEEK = timedelta(days=7)


@pytest.fixture
def world(builder):
    return with_testing_plans(builder)


def stand(world, home, *records, now=None, tests=(WEEKLY,), **changes):
    """How the tables stand; those but the first are never tested."""
    estate = replace(world.estate, restore_tests=tests, **changes)
    return standings(estate, world.write(home), (), records, now=now)


def mine(world, found):
    return next(each for each in found if each.resource_arn == world.resource()["arn"])


def test_every_covered_resource_and_vault_is_there(world, tmp_path):
    """Tables alone, in the local vault alone; without a test nothing is."""
    found = stand(world, tmp_path)
    tables = {row["arn"] for row in world.tables["resources"] if row["type"] == "DynamoDB"}
    assert {each.resource_arn for each in found} <= tables
    assert {(each.type, each.vault_label, each.test) for each in found} == {(ResourceType.DYNAMODB, "local", "weekly")}
    assert {(each.account, each.region) for each in found} <= {(row["account_id"], row["region"]) for row in world.tables["resources"]}
    assert stand(world, tmp_path / "none", tests=()) == ()


@pytest.mark.parametrize(
    ("case", "state"),
    [
        ("nothing", State.OVERDUE),
        ("passed on Sunday", State.PROVEN),
        ("passed the week before", State.OVERDUE),
        ("passed, then failed", State.FAILED),
        ("failed, then passed", State.PROVEN),
        ("passed, then unknown", State.PROVEN),
        ("unknown on Sunday", State.OVERDUE),
    ],
)
def test_the_newest_test_that_could_tell_decides(world, tmp_path, case, state):
    """A failure stands until a later test passes; what is unknown neither proves nor disproves, and time goes on."""
    later = SUNDAY + timedelta(days=1)
    records = {
        "nothing": (),
        "passed on Sunday": (record(world),),
        "passed the week before": (record(world, SUNDAY - WEEK),),
        "passed, then failed": (record(world), record(world, later, 2, outcome="failed")),
        "failed, then passed": (record(world, outcome="failed"), record(world, later, 2)),
        "passed, then unknown": (record(world), record(world, later, 2, outcome="unknown")),
        "unknown on Sunday": (record(world, outcome="unknown"),),
    }[case]
    found = mine(world, stand(world, tmp_path, *records))
    assert found.state is state
    newest = max(records, key=lambda each: each.completed_at, default=None)
    assert found.outcome is (newest.outcome if newest else None)


def test_what_no_test_covers_is_not_judged_and_nothing_else_is_said(world, tmp_path):
    """Of what is covered the same has arrived, since the same first moment, as the whole proof finds."""
    estate, snapshot = replace(world.estate, restore_tests=(WEEKLY,)), world.write(tmp_path)
    found = """
        SELECT r.arn, j.leg_no, j.copy, j.points, j.floor_at, j.bound_minutes, j.place_no
        FROM judged AS j JOIN protected AS r USING (resource_no) SEMI JOIN tested USING (resource_no) ORDER BY ALL"""
    with judge(estate, snapshot) as judgement:
        whole, everything = ledger.rows(judgement.connection, found), judgement.resources.resources.num_rows
    with judge(estate, snapshot, arrivals=True) as judgement:
        assert ledger.rows(judgement.connection, found) == whole
        assert 0 < judgement.resources.resources.num_rows < everything
    assert {row["points"] > 0 for row in whole} == {True}


def test_what_is_worst_comes_first_and_what_waits_longest_is_tested_first(world, tmp_path):
    found = stand(world, tmp_path, record(world, outcome="failed"))
    assert found[0].resource_arn == world.resource()["arn"]
    assert [list(State).index(each.state) for each in found] == sorted(list(State).index(each.state) for each in found)
    proven = stand(world, tmp_path, record(world))
    assert longest_unproven(proven)[-1].resource_arn == world.resource()["arn"]


def test_a_job_of_aws_proves_when_it_was_validated(world, tmp_path):
    """With its id, its time and how long it took; one that nobody has validated proves nothing."""
    job(world, validation_status="VALIDATING", number=2, at=SUNDAY + timedelta(hours=1))
    assert mine(world, stand(world, tmp_path / "open")).state is State.OVERDUE
    job(world)
    found = mine(world, stand(world, tmp_path / "validated"))
    assert (found.state, found.proven_by, found.proven_at, found.seconds) == (State.PROVEN, "job-1", SUNDAY, 600.0)


def test_the_target_is_the_tightest_objective_and_the_next_run_that_of_the_schedule(world, tmp_path):
    everything = Selection(origin=BuiltIn())
    objective = Objective(select=everything, rpo_minutes=None, rto_minutes=90, survives=(), origin=BuiltIn())
    found = mine(world, stand(world, tmp_path, record(world), objectives=(objective,)))
    assert (found.rto_seconds, found.next_at) == (5400, SUNDAY + WEEK)


@pytest.mark.parametrize(
    ("tested_at", "now", "due"),
    [
        (None, NOW, True),
        (SUNDAY + timedelta(minutes=5), NOW, False),
        (SUNDAY + timedelta(minutes=5), SUNDAY + WEEK, True),
        (SUNDAY - timedelta(minutes=5), NOW, True),
    ],
)
def test_a_test_is_due_when_a_run_has_begun_since_the_last_one(world, tmp_path, tested_at, now, due):
    """Whatever came of it: a test that failed is not repeated by itself before its next run."""
    records = () if tested_at is None else (record(world, tested_at, outcome="failed"),)
    assert mine(world, stand(world, tmp_path, *records, now=now)).due is due


def test_a_record_of_another_vault_says_nothing_here(world, tmp_path):
    elsewhere = record(world)
    elsewhere = replace(elsewhere, point=replace(elsewhere.point, vault="three-tiers-central"))
    found = mine(world, stand(world, tmp_path, elsewhere))
    assert (found.state, found.outcome, found.tested_at) == (State.OVERDUE, None, None)
    assert elsewhere.outcome is Outcome.PASSED
