"""Ways backups fail in the real world that happen by themselves here, where no test of a part has them; and that none is forgotten."""

import json
import re
from pathlib import Path

import pytest

from strongroom.twin.ports import ApiError

TESTS = Path(__file__).parents[2]
# Those of the reference that lie in AWS Backup; the others are of S3, Control Tower, Organizations or the alarms' own services.
OF_AWS_BACKUP = frozenset(
    {f"FM{number:02}" for number in (*range(1, 8), *range(9, 18), 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 34)},
)


def _closed(scene, account):
    scene.organization.closed = (account,)
    scene.organization.members = tuple(each for each in scene.organization.members if each != account)
    scene.organization.generation += 1


def _copied_nightly(scene, kit):
    """A volume on a customer key that is backed up and copied to a locked central vault every night."""
    key = scene.key(shared_with=kit.CENTRAL)
    scene.vault()
    arn = scene.central_vault()
    lock = {"MinRetentionDays": 1, "MaxRetentionDays": 365, "ChangeableForDays": 3}
    scene.do("PutBackupVaultLockConfiguration", account=kit.CENTRAL, BackupVaultName="central", **lock)
    scene.volume(key=key.arn, environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": arn, "Lifecycle": {"DeleteAfterDays": 200}}]))
    scene.wait(days=5)
    assert len(scene.points("central", account=kit.CENTRAL)) == 5


def test_fm06_a_closed_account_takes_its_locked_recovery_points_along(scene, kit):
    """FM06: copies fail at once, the vault stands locked for 90 days, and then all is gone, however long it was to be kept."""
    _copied_nightly(scene, kit)
    _closed(scene, kit.CENTRAL)
    scene.wait(days=1)
    assert scene.copies()[-1]["State"] == "FAILED"
    scene.wait(days=88)
    held = scene.do("DescribeBackupVault", account=kit.CENTRAL, BackupVaultName="central")
    assert (held["Locked"], held["NumberOfRecoveryPoints"]) == (True, 5)
    scene.wait(days=2)
    assert scene.do("ListBackupVaults", account=kit.CENTRAL)["BackupVaultList"] == []


def test_fm06_nothing_runs_in_a_closed_account(scene, kit):
    """FM06: no plan runs there any more; a job that has begun fails, its role can't be assumed."""
    _copied_nightly(scene, kit)
    scene.wait(hours=20)
    before = len(scene.jobs())
    started = scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.table("orders"), IamRoleArn=scene.role())
    _closed(scene, kit.WORKLOAD)
    scene.wait(days=3)
    job = scene.do("DescribeBackupJob", BackupJobId=started["BackupJobId"])
    assert (job["State"], job["MessageCategory"]) == ("FAILED", "AccessDenied")
    assert job["StatusMessage"].endswith("cannot be assumed by AWS Backup")
    assert len(scene.jobs()) == before + 1


def test_fm06_the_key_of_a_closed_account_opens_nothing(scene, kit):
    """FM06: a recovery point under a key of a closed account can't be restored, wherever it lies."""
    key = scene.key(account=kit.CENTRAL, shared_with=kit.WORKLOAD)
    scene.vault()
    role = scene.role()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.volume(key=key.arn), IamRoleArn=role)
    scene.wait(hours=1)
    (point,) = scene.points()
    _closed(scene, kit.CENTRAL)
    metadata = {"availabilityZone": f"{kit.REGION}a", "volumeType": "gp3"}
    started = scene.do("StartRestoreJob", RecoveryPointArn=point["RecoveryPointArn"], Metadata=metadata, IamRoleArn=role)
    scene.wait(hours=1)
    job = scene.do("DescribeRestoreJob", RestoreJobId=started["RestoreJobId"])
    assert (job["Status"], "key" in job["StatusMessage"].lower()) == ("FAILED", True)


def test_fm06_an_account_that_left_the_organization_can_no_longer_copy(scene, kit):
    """FM06: backups go on, copies to the central account fail from that night on."""
    _copied_nightly(scene, kit)
    scene.organization.members = tuple(each for each in scene.organization.members if each != kit.WORKLOAD)
    scene.organization.generation += 1
    scene.wait(days=1)
    assert (scene.jobs()[-1]["State"], scene.copies()[-1]["State"]) == ("COMPLETED", "FAILED")


def test_fm16_a_recovery_point_of_another_account_is_copied_back_first(scene, kit):
    """FM16: the workload account can't restore what lies in the central one: a copy job back comes first, then the restore."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": scene.central_vault()}]))
    scene.wait(days=1)
    (there,) = scene.points("central", account=kit.CENTRAL)
    restore = {"Metadata": {"targetTableName": "orders-again"}, "IamRoleArn": scene.role(name="recovery")}
    with pytest.raises(ApiError, match="Cannot find recovery point"):
        scene.do("StartRestoreJob", RecoveryPointArn=there["RecoveryPointArn"], **restore)

    back = scene.vault("back")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"}
    scene.do("PutBackupVaultAccessPolicy", BackupVaultName="back", Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    scene.do(
        "StartCopyJob",
        account=kit.CENTRAL,
        RecoveryPointArn=there["RecoveryPointArn"],
        SourceBackupVaultName="central",
        DestinationBackupVaultArn=back,
        IamRoleArn=scene.role(account=kit.CENTRAL),
    )
    started_at = scene.at
    scene.wait(hours=1)
    (arrived,) = scene.points("back")
    scene.do("StartRestoreJob", RecoveryPointArn=arrived["RecoveryPointArn"], **restore)
    scene.wait(hours=1)
    (job,) = scene.do("ListRestoreJobs")["RestoreJobs"]
    assert job["Status"] == "COMPLETED"
    assert arrived["CompletionDate"] > started_at  # this time comes on top of the restore's


def _database(kit, *, window, engine="postgres"):
    """A database with a maintenance window that plans select; a cluster where the engine is one of clusters."""
    from moto.rds.models import rds_backends

    backend = rds_backends[kit.WORKLOAD][kit.REGION]
    chosen = {"engine": engine, "preferred_maintenance_window": window, "tags": [{"Key": "environment", "Value": "prod"}]}
    user = {"master_username": "keeper", "master_user_password": "a-password", "allocated_storage": 20}
    if engine.startswith("aurora"):
        backend.create_db_cluster(chosen | user | {"db_cluster_identifier": "ledger"})
    else:
        backend.create_db_instance(chosen | user | {"db_instance_identifier": "ledger", "db_instance_class": "db.m5.large"})


def test_fm19_a_snapshot_in_a_maintenance_window_fails(scene, kit):
    """FM19: from an hour before the window to its end; the other days are fine, and Aurora knows no such rule."""
    _database(kit, window="tue:02:45-tue:03:15")
    scene.vault()
    scene.plan(kit.rule())
    scene.wait(days=7)
    failed = [job for job in scene.jobs() if job["State"] == "FAILED"]
    assert [(job["CreationDate"].strftime("%a"), job["MessageCategory"]) for job in failed] == [("Tue", "MISCELLANEOUS")]
    assert "inside or too close to the weekly maintenance window" in failed[0]["StatusMessage"]
    assert len(scene.jobs(ByState="COMPLETED")) == 6

    kit.clear()
    scene.role(name="production-AWSBackup")
    _database(kit, window="tue:02:45-tue:03:15", engine="aurora-postgresql")
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"Aurora": True})
    scene.wait(days=7)
    assert {job["State"] for job in scene.jobs(ByResourceType="Aurora")} == {"COMPLETED"}


def test_fm19_a_plan_with_both_kinds_of_backups_keeps_clear_of_the_window(scene, kit):
    """FM19: with a continuous rule in the same plan the snapshot waits for the window's end; it expires where that is too late."""
    _database(kit, window="tue:02:45-tue:03:15")
    scene.vault()
    log = kit.rule("log", ScheduleExpression="cron(0 14 * * ? *)", EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 14})
    plan_id = scene.plan(kit.rule(StartWindowMinutes=180), log)
    scene.wait(days=4)
    (late,) = [job for job in scene.jobs() if job["CreationDate"].strftime("%a %H") == "Tue 02"]
    assert (late["State"], late["CompletionDate"].strftime("%H:%M") > "03:15") == ("COMPLETED", True)
    tight = kit.rule(StartWindowMinutes=60)
    scene.do("UpdateBackupPlan", BackupPlanId=plan_id, BackupPlan={"BackupPlanName": "production", "Rules": [tight, log]})
    scene.wait(days=7)
    (missed,) = [job for job in scene.jobs() if job["State"] != "COMPLETED"]
    assert (missed["State"], missed["CreationDate"].strftime("%a")) == ("EXPIRED", "Tue")


def test_fm20_completed_with_issues_looks_like_success(scene, kit):
    """FM20: an instance's second continuous rule gets a snapshot: COMPLETED, and only the message and its category tell."""
    from moto.rds.models import rds_backends

    user = {"master_username": "keeper", "master_user_password": "a-password", "allocated_storage": 20}
    named = {"db_instance_identifier": "ledger", "engine": "postgres", "db_instance_class": "db.m5.large"}
    rds_backends[kit.WORKLOAD][kit.REGION].create_db_instance(user | named | {"tags": [{"Key": "environment", "Value": "prod"}]})
    scene.vault()
    scene.vault("aside")
    life = {"EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 14}}
    scene.plan(kit.rule(**life), kit.rule("later", TargetBackupVaultName="aside", ScheduleExpression="cron(0 8 * * ? *)", **life))
    scene.wait(days=1)
    good, issue = scene.jobs()
    assert (good["State"], good["MessageCategory"], "StatusMessage" in good) == ("COMPLETED", "SUCCESS", False)
    assert (issue["State"], issue["MessageCategory"], "StatusMessage" in issue) == ("COMPLETED", "MISCELLANEOUS", True)


def test_fm20_a_run_that_never_came_leaves_no_trace(scene, kit):
    """FM20: a plan whose selection matches nothing has run, and there is no job, no event, nothing to alarm on."""
    scene.vault()
    scene.table("orders", environment="prd")
    plan_id = scene.plan(kit.rule())
    happened = scene.wait(days=3)
    assert happened["backup_jobs"] == 0
    assert scene.jobs() == []
    assert "LastExecutionDate" in scene.do("GetBackupPlan", BackupPlanId=plan_id)


def test_fm21_a_copy_fails_beside_a_green_backup(scene, kit):
    """FM21: the backup job says COMPLETED with SUCCESS, and knows nothing of its copy, which is a job of its own."""
    scene.vault()
    scene.table("orders", environment="prod")
    gone = f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:backup-vault:gone"
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": gone}]))
    scene.wait(days=1)
    (backup,), (copy,) = scene.jobs(), scene.copies()
    assert (backup["State"], backup["MessageCategory"], "StatusMessage" in backup) == ("COMPLETED", "SUCCESS", False)
    assert (copy["State"], copy["CreatedByBackupJobId"]) == ("FAILED", backup["BackupJobId"])


def test_fm25_continuous_backup_takes_over_the_retention_of_a_database(scene, kit):
    """FM25: what somebody's template sets is AWS Backup's value again after the next run, and the template drifts."""
    from moto.rds.models import rds_backends

    _database(kit, window="tue:08:45-tue:09:15")
    backend = rds_backends[kit.WORKLOAD][kit.REGION]
    scene.vault()
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 14}))
    assert backend.databases["ledger"].backup_retention_period == 1
    scene.wait(days=1)
    assert backend.databases["ledger"].backup_retention_period == 14
    backend.modify_db_instance("ledger", {"backup_retention_period": 3})
    scene.wait(days=1)
    assert backend.databases["ledger"].backup_retention_period == 14


def test_fm25_a_database_without_backups_of_its_own_becomes_continuous_in_its_window(scene, kit):
    """FM25: until its next maintenance window a continuous rule makes snapshots, and nobody is told."""
    from moto.rds.models import rds_backends

    _database(kit, window="wed:08:45-wed:09:15")
    backend = rds_backends[kit.WORKLOAD][kit.REGION]
    backend.modify_db_instance("ledger", {"backup_retention_period": 0})
    scene.vault()
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 14}))
    scene.wait(days=4)
    assert [point["Status"] for point in scene.points()] == ["COMPLETED"] * 4
    assert {job["State"] for job in scene.jobs()} == {"COMPLETED"}
    scene.wait(days=2)
    assert [point["Status"] for point in scene.points()] == ["COMPLETED"] * 4 + ["AVAILABLE"]
    assert backend.databases["ledger"].backup_retention_period == 14


def test_no_failure_mode_of_aws_backup_is_without_a_test():
    """Each is named by a test of the twin, here or beside the part that it lies in."""
    files = [*TESTS.glob("unit/twin*/**/*.py"), *TESTS.glob("conformance/**/*.py")]
    named = {mode for file in files for mode in re.findall(r"\bFM\d\d\b", file.read_text(encoding="utf-8"))}
    assert sorted(OF_AWS_BACKUP - named) == []
