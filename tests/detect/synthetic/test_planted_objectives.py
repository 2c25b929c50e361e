"""Objectives: met by the rules of a resource together, broken where nothing holds them, unknown where nobody has read it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import proof
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Copy, Loss, Native, NativeDatabases, NativeTables, Objective, Rule

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday
BORN = NOW - timedelta(days=90)


def rule(name, schedule, keep, *copies, continuous=False):
    """A rule of production beside the daily one."""
    return Rule(
        name=name,
        schedule=schedule,
        timezone="UTC",
        start_within_minutes=60,
        complete_within_minutes=300,
        keep=keep,
        cold_after_days=None,
        continuous=continuous,
        vault="local",
        copies=tuple(Copy(to=to, keep=366, cold_after_days=None, origin=BuiltIn()) for to in copies),
        origin=BuiltIn(),
    )


CONTINUOUS = rule("continuous", "cron(0 6 * * ? *)", 35, continuous=True)
SHORT = rule("short", "cron(0 6 ? * MON *)", 1, "dr")  # local ones are gone on Tuesday


def promise(world, rpo_minutes, *losses, kind=None):
    """Promise one objective for production, or for one type of it, and no other."""
    select = world.estate.plans[0].select
    select = select if kind is None else replace(select, types=(ResourceType(kind),))
    objective = Objective(select=select, rpo_minutes=rpo_minutes, rto_minutes=None, survives=losses, origin=BuiltIn())
    world.estate = replace(world.estate, objectives=(objective,))


def production(world):
    return [row for row in world.tables["resources"] if row["tags"].get(world.key) == world.values[0]]


def owner(world, resource, name):
    """Plan and rule ids of a rule of production, as a recovery point has them."""
    place = {"account_id": resource["account_id"], "region": resource["region"]}
    plan_id = world.rows("backup_plans", name="production", **place)[0]["plan_id"]
    return {"plan_id": plan_id, "rule_id": world.rows("backup_rules", plan_id=plan_id, name=name, **place)[0]["rule_id"]}


def verified(world, tmp_path):
    return proof.verify(world.estate, world.write(tmp_path))


def chains(found, link, state="broken"):
    return [row for row in found.chains.to_pylist() if row[f"{link}_state"] == state]


@pytest.fixture
def continuous(builder):
    """A healthy world whose production has a continuous rule beside its daily one."""
    made = builder(1, 40, CONTINUOUS)
    world = made.build()
    for resource in production(world):
        made_by = owner(world, resource, "continuous") | {"created_at": NOW - timedelta(days=30, hours=6)}
        made.point(resource, (resource["account_id"], resource["region"], "three-tiers-local"), 35, made_by, None)
        world.tables["recovery_points"][-1].update(status="AVAILABLE")
    return world


def test_a_continuous_recovery_point_holds_what_daily_rules_beside_it_cannot(continuous, tmp_path):
    """Fifteen minutes are held by one rule; nothing is asked of the others."""
    promise(continuous, 15, kind="S3")
    found = verified(continuous, tmp_path)
    assert (found.faults, found.broken, found.unknown) == ((), 0, 0)


def test_without_its_continuous_recovery_point_the_continuous_rule_alone_is_broken(continuous, tmp_path):
    """It is the one that was meant to hold the objective; its fault is told once."""
    promise(continuous, 15, kind="S3")
    resource = continuous.resource(kind="S3")
    for point in continuous.rows("recovery_points", resource_arn=resource["arn"], status="AVAILABLE"):
        point.update(status="STOPPED")
    found = verified(continuous, tmp_path)
    assert [(fault.finding.code, fault.arns) for fault in found.faults] == [("VRF034", (resource["arn"],))]
    assert {row["rule"] for row in chains(found, "backed_up")} == {"continuous"}


def test_a_snapshot_of_a_continuous_rule_is_no_continuous_backup(continuous, tmp_path):
    """What is only COMPLETED reaches back to its creation, whatever the rule is called."""
    promise(continuous, 15, kind="S3")
    resource = continuous.resource(kind="S3")
    for point in continuous.rows("recovery_points", resource_arn=resource["arn"], status="AVAILABLE"):
        point.update(status="COMPLETED")
    found = verified(continuous, tmp_path)
    assert [(fault.finding.code, fault.arns, fault.chains) for fault in found.faults] == [("VRF033", (resource["arn"],), 1)]
    assert [(row["rule"], row["destination_label"]) for row in chains(found, "backed_up")] == [("continuous", "local")]


def test_a_continuous_rule_promises_no_type_that_knows_no_point_in_time(continuous, tmp_path):
    """A table's recovery point is as old as it is, whatever its status."""
    promise(continuous, 60, kind="DynamoDB")
    found = verified(continuous, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF033"}
    assert {row["resource_type"] for row in chains(found, "backed_up")} == {"DynamoDB"}


def test_an_objective_after_a_loss_is_judged_by_what_survives_it(builder, tmp_path):
    """The newest copy out of the Region is older than promised: the copies are broken that leave it, and nothing else."""
    world = builder().build()
    promise(world, 60, Loss.REGION)
    found = verified(world, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF033"}
    assert all("survives the loss of the region" in fault.finding.message for fault in found.faults)
    assert chains(found, "backed_up") == []
    broken = chains(found, "copied")
    assert {row["resource_arn"] for row in broken} == {row["arn"] for row in production(world)}
    assert all(f":{row['region']}:" not in row["destination_vault_arn"] for row in broken)


@pytest.mark.parametrize("loss", [Loss.ACCOUNT, Loss.REGION])
def test_an_objective_that_copies_hold_is_met(builder, tmp_path, loss):
    """A day and a half, with copies every night."""
    world = builder().build()
    promise(world, 36 * 60, loss)
    assert verified(world, tmp_path).faults == ()


def test_an_objective_that_no_recovery_point_can_survive_is_named(builder, tmp_path):
    """No vault has a lock, so nothing survives somebody with all permissions."""
    world = builder().build()
    promise(world, 36 * 60, Loss.DELETION)
    found = verified(world, tmp_path)
    assert [(fault.finding.code, fault.finding.message) for fault in found.faults] == [
        ("VRF033", "no rule leaves a recovery point that survives deletion, for which the objective is 36 hours")
    ]
    assert {row["destination_label"] for row in chains(found, "backed_up")} == {"local"}


def test_an_unread_destination_leaves_the_objective_open(builder, tmp_path):
    """Copies may be there that nobody saw: nothing is broken."""
    world = builder().build()
    promise(world, 60, Loss.ACCOUNT)
    for row in world.rows("reads", account_id=world.central, subject="recovery_points"):
        row.update(read=False, code="AccessDenied", reason="reading failed (AccessDenied: no)")
    found = verified(world, tmp_path)
    assert [fault.finding.code for fault in found.faults] == ["VRF001"]
    assert found.faults[0].finding.message.count("AccessDenied") == 1
    assert found.broken == 0


@pytest.fixture
def recoverable(builder):
    """A world whose tables are promised a quarter of an hour, which only point-in-time recovery holds."""
    world = builder().build()
    promise(world, 15, kind="DynamoDB")
    select = world.estate.plans[0].select
    tables = NativeTables(name="main", select=select, point_in_time_days=35, deletion_protection=None, origin=BuiltIn())
    world.estate = replace(world.estate, native=Native(tables=(tables,)))
    return world


def test_what_native_declares_and_nobody_has_read_is_unknown(recoverable, tmp_path):
    """Point-in-time recovery of the tables is not in the ledger: neither proven nor broken, nor as declared."""
    found = verified(recoverable, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF001", "VRF035"}
    assert (found.broken, int(found.exit_code)) == (0, 3)
    assert {(row["resource_type"], row["destination_label"]) for row in chains(found, "backed_up", "unknown")} == {("DynamoDB", "local")}


@pytest.mark.parametrize(("enabled", "codes"), [(True, set()), (False, {"VRF033", "VRF225"})])
def test_point_in_time_recovery_of_tables_counts_as_it_was_read(recoverable, tmp_path, enabled, codes):
    """On: the objective is held; off: it is broken, and not what is declared."""
    place = ("account_id", "region")
    recoverable.tables["native_protection"] = [
        {name: row[name] for name in place} | {"resource_arn": row["arn"], "kind": "dynamodb-pitr", "enabled": enabled, "window_days": 35}
        for row in recoverable.rows("resources", type="DynamoDB")
    ]
    assert {fault.finding.code for fault in verified(recoverable, tmp_path).faults} == codes


@pytest.mark.parametrize(("days", "codes"), [(7, set()), (0, {"VRF033", "VRF221"}), (None, {"VRF001", "VRF035"})])
def test_automated_backups_of_databases_count_as_they_were_read(builder, tmp_path, days, codes):
    """On, off, or not read: held, broken, unknown."""
    world = builder().build()
    promise(world, 15, kind="RDS")
    databases = NativeDatabases(
        name="records",
        select=world.estate.plans[0].select,
        retention_days=7,
        backup_window=None,
        maintenance_window=None,
        deletion_protection=None,
        copy_tags=None,
        snapshots=(),
        origin=BuiltIn(),
    )
    world.estate = replace(world.estate, native=Native(databases=(databases,)))
    for row in world.rows("resources", type="RDS"):
        row.update(automated_backup_days=days)
    assert {fault.finding.code for fault in verified(world, tmp_path).faults} == codes


@pytest.fixture
def short(builder):
    """A healthy world whose production has a weekly rule that keeps a day at home and a year elsewhere."""
    made = builder(1, 40, SHORT)
    world = made.build()
    for resource in production(world):
        local = made.vault_arn(resource["account_id"], resource["region"], "three-tiers-local")
        at = datetime(2026, 8, 24, 6, 10, tzinfo=UTC)  # the first Monday
        while at < NOW:
            made_by = owner(world, resource, "short") | {"created_at": at}
            if at > max(BORN, resource["created_at"]):
                made.point(resource, (world.central, "eu-west-1", "three-tiers-dr"), 366, made_by, local)
                made.job(resource, local, made_by)
            at += timedelta(days=7)
    return world


def test_what_has_expired_by_its_retention_is_not_missing(short, tmp_path):
    """Copies show that the runs came: nothing has to be at home on a Saturday."""
    found = verified(short, tmp_path)
    assert [finding.message for finding in found.findings] == []
    expired = [row for row in chains(found, "backed_up", "not_required") if row["destination_label"] == "local"]
    assert {row["rule"] for row in expired} == {"short"}
    assert all("has expired by its retention" in row["backed_up_cause"] for row in expired)


def test_a_finished_job_shows_that_a_run_came(short, tmp_path):
    """Without any copy the job tells; the copies are what is missing."""
    resource = short.resource()
    short.drop("recovery_points", resource_arn=resource["arn"], **owner(short, resource, "short"))
    found = verified(short, tmp_path)
    mine = [row for row in found.chains.to_pylist() if (row["resource_arn"], row["rule"]) == (resource["arn"], "short")]
    assert {row["destination_label"]: (row["backed_up_state"], row["copied_code"]) for row in mine} == {
        "local": ("not_required", None),
        "dr": ("not_required", "VRF041"),
    }


def test_a_rule_that_never_ran_is_still_named(short, tmp_path):
    """Neither a copy nor a job: that nothing has to be there now is no excuse."""
    resource = short.resource()
    for table in ("recovery_points", "backup_jobs"):
        short.drop(table, resource_arn=resource["arn"], **owner(short, resource, "short"))
    found = verified(short, tmp_path)
    assert [(fault.finding.code, fault.arns) for fault in found.faults] == [("VRF030", (resource["arn"],))]
