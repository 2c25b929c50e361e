"""The pure parts of restore tests: which recovery point is taken, and what follows from what was measured."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.evidence.examples import ACCOUNT, BEGUN, POINT, REGION, RESTORED, SOURCE, measured

from strongroom.aws.recovery.points import Candidate
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Outcome
from strongroom.domain.strategy import Pick, Validation
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.workflows.testing.judging import judged, looks_inside, seconds_of, timed
from strongroom.workflows.testing.orders import Subject
from strongroom.workflows.testing.picking import picked

SUBJECT = Subject(
    number=1,
    test="weekly",
    resource_arn=SOURCE,
    type=ResourceType.RDS,
    vault_label="local",
    vault="shop-local",
    account=ACCOUNT,
    into=ACCOUNT,
    region=REGION,
    pick=Pick.LATEST,
    within_days=7,
    overrides={},
    validations=(),
    login=None,
    rto_seconds=None,
    schedule="",
    timezone="UTC",
)


def candidate(name, days, status=RecoveryPointStatus.COMPLETED, **changes):
    """A recovery point of some days ago."""
    point = replace(POINT, arn=f"arn:point:{name}", created_at=BEGUN - timedelta(days=days), continuous=changes.pop("continuous", False))
    usual = {
        "resource_arn": SOURCE,
        "type": ResourceType.RDS,
        "completed_at": None,
        "delete_at": None,
        "delete_after_days": None,
        "key_arn": None,
        "encrypted": True,
        "parent": False,
        "air_gapped": False,
    }
    return Candidate(point=point, status=status, **{**usual, **changes})


def took(candidates, seed="run-1", **changes):
    return picked(replace(SUBJECT, **changes), candidates, now=BEGUN, seed=seed)


def test_the_latest_of_the_window_is_taken():
    found = took([candidate("old", 3), candidate("new", 1), candidate("older", 8)])
    assert found.arn == "arn:point:new"


def test_a_lot_is_drawn_from_the_window_alone_and_the_same_seed_draws_the_same():
    """Whoever resumes a run restores the same recovery point, whatever order AWS lists them in."""
    points = [candidate(str(days), days) for days in range(10)]
    drawn = {took(points, seed=f"run-{number}", pick=Pick.RANDOM).arn for number in range(200)}
    assert drawn == {f"arn:point:{days}" for days in range(8)}
    assert took(points, pick=Pick.RANDOM) == took(points[::-1], pick=Pick.RANDOM)


def test_a_continuous_backup_is_as_new_as_its_last_day():
    assert took([candidate("log", 300, RecoveryPointStatus.AVAILABLE, continuous=True)]).continuous


@pytest.mark.parametrize(
    ("candidates", "says"),
    [
        ([], "vault shop-local of account 111122223333 in eu-west-2 holds no recovery point of it"),
        ([candidate("a", 1, RecoveryPointStatus.EXPIRED), candidate("b", 1, RecoveryPointStatus.PARTIAL)], "they are EXPIRED, PARTIAL"),
        ([candidate("a", 9)], "is of 2026-11-12 10:00 UTC, and the test looks back 7 days"),
        ([candidate("a", 1, parent=True)], "holds no recovery point of it"),
        ([candidate("a", 1, type=ResourceType.AURORA)], "holds no recovery point of it"),
    ],
)
def test_why_nothing_can_be_taken_is_told(candidates, says):
    assert says in took(candidates)


def test_one_failure_outranks_what_is_unknown_and_that_what_passed():
    """Whatever order they were measured in."""
    passed, failed, unknown = measured("rows"), measured("sql", Outcome.FAILED, "2 rows"), measured("http", Outcome.UNKNOWN, "refused")
    assert judged([passed, unknown, failed], examined=True) == (Outcome.FAILED, "sql: 2 rows")
    assert judged([unknown, passed], examined=True) == (Outcome.UNKNOWN, "http: refused")
    assert judged([passed], examined=True) == (Outcome.PASSED, "rows: orders has 42 rows")


def test_nothing_is_proven_that_nobody_has_looked_into():
    """Not even by a connection and an encryption that are as they should be."""
    outcome, told = judged([measured("connection"), measured("encryption")], examined=False)
    assert (outcome, "no validator is declared" in told) == (Outcome.UNKNOWN, True)
    assert judged([], examined=False)[0] is Outcome.UNKNOWN
    declared = [Validation(type=ResourceType.RDS, validator=name, origin=BuiltIn()) for name in ("sql", "encryption", "connection", "own")]
    assert [looks_inside(each) for each in declared] == [True, False, False, True]


def test_time_is_that_of_the_copy_the_restore_and_the_validators():
    """By AWS's clock as far as AWS worked; the objective itself is still held."""
    measurements = (measured(), measured("sql"))
    assert seconds_of(replace(RESTORED, copy_seconds=300.0), measurements) == 300 + 1200 + 1.0
    (held,) = timed(1201.0, 1201)
    (late,) = timed(1201.5, 1201)
    assert (held.outcome, late.outcome, timed(5.0, None)) == (Outcome.PASSED, Outcome.FAILED, ())
    assert late.measured == {"seconds": 1201.5, "rto_seconds": 1201}
