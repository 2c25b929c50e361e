"""A healthy organization whose tables a weekly restore test covers, and what it has shown."""

from datetime import UTC, datetime, timedelta

from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Measurement, Outcome, PointRef, Restored, TestRecord
from strongroom.domain.strategy import Pick, RestoreTest, Selection

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday
SUNDAY = datetime(2026, 11, 15, 10, 0, tzinfo=UTC)  # the newest run that is over
ONLY_TABLES = Selection(types=(ResourceType.DYNAMODB,), origin=BuiltIn())
WEEKLY = RestoreTest(
    name="weekly",
    schedule="cron(0 10 ? * SUN *)",
    timezone="UTC",
    select=ONLY_TABLES,
    vaults=("local",),
    pick=Pick.LATEST,
    within_days=7,
    start_within_hours=8,
    validate_within_hours=8,
    origin=BuiltIn(),
)


def with_testing_plans(builder, resources=5):
    """A healthy organization in which a restore testing plan takes the local vault of every account since long ago."""
    made = builder(1, resources).build()
    for account in made.workloads:
        for region in made.estate.organization.regions:
            plan = {
                "name": "weekly",
                "arn": "arn:plan",
                "schedule": WEEKLY.schedule,
                "timezone": "UTC",
                "algorithm": "LATEST_WITHIN_WINDOW",
            }
            takes = {"vaults": ["*"], "excluded_vaults": [], "recovery_point_types": ["SNAPSHOT"], "created_at": NOW - timedelta(days=90)}
            made.tables["restore_testing_plans"].append({"account_id": account, "region": region} | plan | takes)
            for subject in ("restore_jobs", "restore_testing_plans"):
                row = {"account_id": account, "region": region, "subject": subject, "read": True, "code": "", "reason": ""}
                made.tables["reads"].append(row)
    return made


def job(world, at=SUNDAY, number=1, **more):
    """Add a restore job of the table, by the testing plan, that took ten minutes and was validated."""
    table = world.resource()
    row = {
        "account_id": table["account_id"],
        "region": table["region"],
        "job_id": f"job-{number}",
        "resource_type": "DynamoDB",
        "recovery_point_arn": world.rows("recovery_points", resource_arn=table["arn"])[0]["arn"],
        "source_resource_arn": table["arn"],
        "vault_arn": f"arn:aws:backup:{table['region']}:{table['account_id']}:backup-vault:three-tiers-local",
        "state": "COMPLETED",
        "created_at": at,
        "completed_at": at + timedelta(minutes=10),
        "testing_plan_arn": "arn:plan",
        "validation_status": "SUCCESSFUL",
    }
    world.tables["restore_jobs"].append(row | more)


def record(world, at=SUNDAY, number=1, *, outcome="passed", seconds=600.0, restored=True, measured=(), **more):
    """Return the record of a test of the table, from its local vault, that began at an instant."""
    table = world.resource()
    account, region = AccountId(table["account_id"]), Region(table["region"])
    point = world.rows("recovery_points", resource_arn=table["arn"])[0]
    made = Restored(
        resource_arn=f"{table['arn']}-restored",
        type=ResourceType.DYNAMODB,
        account=account,
        region=region,
        job_id=f"own-job-{number}",
        endpoint=None,
        encrypted=True,
        key_arn=None,
        started_at=at,
        completed_at=at + timedelta(minutes=9),
    )
    said = {
        "test_id": f"run-{number}",
        "run_id": "run",
        "test": "weekly",
        "strategy": "three-tiers",
        "origin": "strongroom",
        "resource_arn": table["arn"],
        "type": ResourceType.DYNAMODB,
        "point": PointRef(account=account, region=region, vault="three-tiers-local", arn=point["arn"], created_at=point["created_at"]),
        "vault_label": "local",
        "restored": made if restored else None,
        "outcome": Outcome(outcome),
        "told": "42 items are there",
        "measurements": tuple(
            Measurement(validator=name, outcome=Outcome(each), told="-", measured={}, seconds=1.0) for name, each in measured
        ),
        "rto_seconds": None,
        "seconds": seconds,
        "cleaned_up": True,
        "leftovers": (),
        "reported": "",
        "started_at": at,
        "completed_at": at + timedelta(minutes=11),
        "next_at": at + timedelta(days=7),
        "tester": "arn:aws:iam::111122223333:user/tester",
    }
    return TestRecord(**(said | more))
