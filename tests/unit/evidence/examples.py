"""A record of a restore test with something in every member, and ways to change it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.recovery import Endpoint, Measurement, Outcome, PointRef, Restored, TestRecord

BEGUN = datetime(2026, 11, 21, 10, tzinfo=UTC)
ACCOUNT, REGION = AccountId("111122223333"), Region("eu-west-2")
SOURCE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders"
MADE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:strongroom-test-1-001"
POINT = PointRef(
    account=ACCOUNT,
    region=REGION,
    vault="shop-local",
    arn=f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:awsbackup:job-1",
    created_at=BEGUN - timedelta(hours=5),
    size_bytes=1 << 30,
)
RESTORED = Restored(
    resource_arn=MADE,
    type=ResourceType.RDS,
    account=ACCOUNT,
    region=REGION,
    job_id="restore-1",
    endpoint=Endpoint(address="strongroom-test-1-001.example", port=5432, engine="postgres", user="admin"),
    encrypted=True,
    key_arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
    started_at=BEGUN,
    completed_at=BEGUN + timedelta(minutes=20),
    tags={"strongroom:test-run": "test-1"},
)


def measured(validator: str = "rows", outcome: Outcome = Outcome.PASSED, told: str = "orders has 42 rows", **numbers: Any) -> Measurement:
    """A measurement that took half a second."""
    return Measurement(validator=validator, outcome=outcome, told=told, measured=numbers, seconds=0.5)


RECORD = TestRecord(
    test_id="test-1-001",
    run_id="test-1",
    test="weekly",
    strategy="shop",
    origin="strongroom",
    resource_arn=SOURCE,
    type=ResourceType.RDS,
    point=POINT,
    vault_label="local",
    restored=RESTORED,
    outcome=Outcome.PASSED,
    told="rows: orders has 42 rows",
    measurements=(measured(rows=42),),
    rto_seconds=14_400,
    seconds=1200.5,
    cleaned_up=True,
    leftovers=(),
    reported="",
    started_at=BEGUN,
    completed_at=BEGUN + timedelta(minutes=21),
    next_at=BEGUN + timedelta(days=7),
    tester=f"arn:aws:iam::{ACCOUNT}:user/ops",
)


def record(**changes: Any) -> TestRecord:
    """The record with some members changed."""
    return replace(RECORD, **changes)
