"""Records of restore tests: what they prove, break and leave unknown, beside the restore jobs that AWS lists."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.proof.tested import NOW, ONLY_TABLES, SUNDAY, WEEKLY, job, record, with_testing_plans

from strongroom import proof
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Objective
from strongroom.proof.engine import judge
from strongroom.proof.findings import faults
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.recorded import restore_tests
from strongroom.proof.verification import chain_table

MONDAY = SUNDAY + timedelta(days=1)
BEFORE = SUNDAY - timedelta(days=5)  # of the run before the newest that must be over
PROMISE = Objective(select=ONLY_TABLES, rpo_minutes=None, rto_minutes=9, origin=BuiltIn())


@pytest.fixture
def world(builder):
    return with_testing_plans(builder)


def judged(world, home, *records, tests=(WEEKLY,), **changes):
    """The links `restorable` and `restored` of the table's local chain, each as state, code and cause, and the codes of findings."""
    estate = replace(world.estate, restore_tests=tests, **changes)
    with judge(estate, world.write(home), records=records) as judgement:
        rows = chain_table(judgement).to_pylist()
        found = [(each.finding.code, each.finding.failure_mode) for each in faults(judgement, ())]
    row = next(row for row in rows if (row["resource_arn"], row["destination_label"]) == (world.resource()["arn"], "local"))
    told = {name: tuple(row[f"{name}_{part}"] for part in ("state", "code", "cause")) for name in ("restorable", "restored")}
    return told["restorable"], told["restored"], found


def restored(world, home, *records, **changes):
    """The link `restored` and the findings."""
    return judged(world, home, *records, **changes)[1:]


def test_a_passed_record_of_the_last_run_is_proof(world, tmp_path):
    """No job of AWS's restore testing is needed, not even its plan."""
    assert restored(world, tmp_path)[0][:2] == ("broken", "VRF080")
    assert restored(world, tmp_path, record(world)) == (("proven", None, None), [])
    world.tables["restore_testing_plans"].clear()
    assert restored(world, tmp_path, record(world)) == (("proven", None, None), [])


def test_a_record_proves_until_the_test_is_due_again(world, tmp_path):
    """What was shown before the newest run that must be over is too old."""
    assert restored(world, tmp_path, record(world, BEFORE))[0][:2] == ("broken", "VRF080")
    assert restored(world, tmp_path, record(world, BEFORE), record(world, MONDAY, 2))[0][0] == "proven"


def test_a_failed_record_breaks_with_its_sentence(world, tmp_path):
    """FM26, although AWS's own job of the same night was validated."""
    job(world)
    wrong = record(world, MONDAY, outcome="failed", told="table orders has 3 rows, at least 1000 are expected")
    (state, code, cause), found = restored(world, tmp_path, wrong)
    assert (state, code, found) == ("broken", "VRF086", [("VRF086", "FM26")])
    assert cause == "restore test weekly failed: table orders has 3 rows, at least 1000 are expected"


def test_the_newest_of_records_and_jobs_decides(world, tmp_path):
    """A job that was validated after a failed record stands, and so does a record after a failed job."""
    failed = record(world, outcome="failed")
    job(world, MONDAY)
    assert restored(world, tmp_path, failed)[0][0] == "proven"
    job(world, MONDAY + timedelta(days=1), 2, state="FAILED", message="no room")
    assert restored(world, tmp_path, failed)[0][1] == "VRF081"
    assert restored(world, tmp_path, failed, record(world, MONDAY + timedelta(days=2), 2))[0][0] == "proven"


def test_what_was_found_wrong_is_not_mended_by_a_restore_that_nobody_looked_into(world, tmp_path):
    """Without a declared validation a restore that completed proves the link, and says nothing of what is in it."""
    unvalidated = (replace(WEEKLY, validate_within_hours=0),)
    job(world, MONDAY, validation_status=None)
    assert restored(world, tmp_path, tests=unvalidated)[0][0] == "proven"
    assert restored(world, tmp_path, record(world, outcome="failed"), tests=unvalidated)[0][1] == "VRF086"
    refused = record(world, outcome="failed", restored=False, seconds=None)
    assert restored(world, tmp_path, refused, tests=unvalidated)[0][0] == "proven"


def test_a_record_speaks_for_the_job_that_it_is_about(world, tmp_path):
    """AWS's job waited in vain for a result: what was measured counts."""
    job(world, validation_status="TIMED_OUT")
    assert restored(world, tmp_path)[0][1] == "VRF083"
    examined = record(world, origin="aws")
    assert restored(world, tmp_path, replace(examined, restored=replace(examined.restored, job_id="job-1")))[0][0] == "proven"


def test_a_record_that_could_not_tell_moves_nothing(world, tmp_path):
    """Without other evidence the link is unknown; what was shown before stands until it is too old."""
    doubt = record(world, MONDAY, 2, outcome="unknown", told="validator sql did not end within 600 s")
    (state, code, cause), found = restored(world, tmp_path, doubt)
    assert (state, code, found) == ("unknown", "VRF089", [("VRF089", "FM26")])
    assert cause == "restore test weekly could not tell: validator sql did not end within 600 s"
    assert restored(world, tmp_path, record(world), doubt)[0][0] == "proven"
    assert restored(world, tmp_path, record(world, outcome="failed"), doubt)[0][1] == "VRF086"
    assert restored(world, tmp_path, record(world, BEFORE), doubt)[0][:2] == ("unknown", "VRF089")


def test_a_test_that_took_too_long_is_named_as_such(world, tmp_path):
    """FM16, by today's objective; other things that failed as well come first."""
    (state, code, cause), found = restored(world, tmp_path, record(world), objectives=(PROMISE,))
    assert (state, code, found) == ("broken", "VRF087", [("VRF087", "FM16")])
    assert "longer than the objective of 9 minutes" in cause
    slow = {"rto_seconds": 540, "outcome": "failed"}
    only = record(world, measured=(("rows", "passed"), ("time", "failed")), **slow)
    assert restored(world, tmp_path, only, objectives=(PROMISE,))[0][1] == "VRF087"
    both = record(world, measured=(("rows", "failed"), ("time", "failed")), **slow)
    assert restored(world, tmp_path, both, objectives=(PROMISE,))[0][1] == "VRF086"
    assert restored(world, tmp_path, record(world, seconds=540.0), objectives=(PROMISE,))[0][0] == "proven"
    assert restored(world, tmp_path, record(world, seconds=540.1), objectives=(PROMISE,))[0][1] == "VRF087"


def test_a_record_of_another_vault_proves_nothing_here(world, tmp_path):
    """The resource's copies were tested, its local recovery points not."""
    mine = record(world)
    elsewhere = replace(mine, point=replace(mine.point, vault="three-tiers-other"))
    assert restored(world, tmp_path, elsewhere)[0][1] == "VRF080"


def test_a_test_by_hand_counts_where_no_declared_test_covers_the_resource(world, tmp_path):
    """One that passed proves for a year, in the time that is promised; one that could not tell proves nothing; a failure is not hidden."""
    by_hand = record(world, test="")
    assert restored(world, tmp_path, by_hand, tests=())[0][0] == "proven"
    assert restored(world, tmp_path, record(world, SUNDAY - timedelta(days=366), test=""), tests=())[0][0] == "not_required"
    assert restored(world, tmp_path, record(world, test="", outcome="unknown"), tests=())[0][0] == "not_required"
    assert restored(world, tmp_path, by_hand, tests=(), objectives=(PROMISE,))[0][0] == "not_required"
    (state, code, cause), found = restored(world, tmp_path, record(world, test="", outcome="failed", told="no rows"), tests=())
    assert (state, code, found) == ("broken", "VRF086", [("VRF086", "FM26")])
    assert cause == "a restore test by hand failed: no rows"


def test_unread_restore_jobs_leave_a_passed_record_unknown(world, tmp_path):
    """A job that failed since may be among them; a failed record needs none."""
    place = {name: world.resource()[name] for name in ("account_id", "region")}
    world.rows("reads", subject="restore_jobs", **place)[0].update(read=False, code="AccessDenied", reason="no")
    assert restored(world, tmp_path, record(world))[0][:2] == ("unknown", "VRF001")
    assert restored(world, tmp_path, record(world, outcome="failed"))[0][:2] == ("broken", "VRF086")


FORESEEN = "not_assessed"  # who may do what was not synced in this organization
DENIALS = (("You are not authorized to perform this operation.", "FM17"), ("Access denied to KMS key.", "FM15"))


@pytest.mark.parametrize(("message", "mode"), DENIALS)
def test_a_restore_that_was_denied_breaks_what_was_foreseen(world, tmp_path, message, mode):
    """The prediction says that it works, AWS that it doesn't: one fault in both links, until a restore works."""
    job(world, state="FAILED", message=message)
    restorable, tested, found = judged(world, tmp_path)
    assert restorable == tested == ("broken", "VRF099", f"a restore was denied: {message}")
    assert found == [("VRF099", mode)]
    assert judged(world, tmp_path, record(world, MONDAY))[0][0] == FORESEEN
    job(world, MONDAY, 2)
    assert judged(world, tmp_path)[0][0] == FORESEEN


def test_a_denial_of_somebody_else_disproves_nothing(world, tmp_path):
    """Only restore tests and the role that restores are meant to be let through; and other failures are no denials."""
    denied = {"testing_plan_arn": None, "state": "FAILED", "message": "You are not authorized to perform this operation."}
    account = world.resource()["account_id"]
    job(world, **denied, role_arn=f"arn:aws:iam::{account}:role/somebody")
    assert judged(world, tmp_path)[0][0] == FORESEEN
    job(world, MONDAY, 2, **denied, role_arn=f"arn:aws:iam::{account}:role/{world.estate.roles.restore}")
    assert judged(world, tmp_path)[0][1] == "VRF099"
    job(world, MONDAY + timedelta(hours=1), 3, state="FAILED", message="no room")
    assert judged(world, tmp_path)[0][1] == "VRF099"


def test_a_record_that_was_denied_breaks_it_too(world, tmp_path):
    """Strongroom's own restore is refused like any other."""
    refused = record(world, outcome="failed", restored=False, seconds=None, told="the restore failed: Access denied to KMS key.")
    restorable, tested, found = judged(world, tmp_path, refused)
    assert (restorable[:2], tested[:2], found) == (("broken", "VRF099"), ("broken", "VRF099"), [("VRF099", "FM15")])


def test_prove_shows_records_and_how_to_check_them(world, tmp_path):
    """With the test's id, what was measured, and the call that shows its job."""
    estate = replace(world.estate, restore_tests=(WEEKLY,))
    left = record(world, BEFORE, 2, cleaned_up=False, leftovers=("arn:left",), rto_seconds=900)
    job(world, role_arn="arn:aws:iam::111122223333:role/restoring")
    chain = proof.prove(estate, world.write(tmp_path), world.resource()["arn"], records=(left, record(world)))[0]
    links = {each.name: each for each in chain.links}
    assert links[LinkName.RESTORED].state is LinkState.PROVEN
    assert links[LinkName.RESTORED].evidence[:2] == (
        "test run-1 of 2026-11-15 10:11 UTC: passed, 42 items are there, took 600 seconds, cleaned up",
        "test run-2 of 2026-11-10 10:11 UTC: passed, 42 items are there, took 600 seconds of 900 that are promised, left arn:left",
    )
    calls = [each.command for each in links[LinkName.RESTORED].by_hand]
    assert f"aws backup describe-restore-job --restore-job-id own-job-1 --region {world.resource()['region']}" in calls
    assert "restore job job-1 of 2026-11-15 10:00 UTC was let through as role restoring" in links[LinkName.RESTORABLE].evidence


def test_a_record_of_another_resource_is_left_out(world):
    """`prove` looks at one."""
    assert restore_tests([record(world)], arn="arn:other").num_rows == 0
    assert restore_tests([record(world)], arn=world.resource()["arn"])["completed_at"].to_pylist() == [SUNDAY + timedelta(minutes=11)]
    assert NOW > MONDAY
