"""The twin runs on the rules that checks predict with: what `semantics` says of copies, continuous backups, locks and plans happens."""

import pytest

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.twin.ports import ApiError

S3_CONTINUOUS = {"EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 35}}


def _multi_az_cluster(kit, **tags):
    from moto.rds.models import rds_backends

    backend = rds_backends[kit.WORKLOAD][kit.REGION]
    cluster = backend.create_db_cluster(
        {
            "db_cluster_identifier": "three-zones",
            "engine": "postgres",
            "master_username": "admin",
            "master_user_password": "a-password",
            "db_cluster_instance_class": "db.m5d.large",
            "allocated_storage": 100,
            "storage_type": "io1",
            "iops": 1000,
            "tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
    )
    return str(cluster.db_cluster_arn)


def _opted_in(scene):
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})


def test_multi_az_cluster_is_backed_up_and_never_copied(scene, kit):
    """FM14: the backup is green, no copy of a Multi-AZ DB cluster works, not even in its own account."""
    scene.vault()
    aside = scene.vault("aside")
    _multi_az_cluster(kit, environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": aside}], **S3_CONTINUOUS))
    scene.wait(days=1)
    assert [(job["State"], job["ResourceType"]) for job in scene.jobs()] == [("COMPLETED", "RDS")]
    assert [point["Status"] for point in scene.points()] == ["COMPLETED"]  # a snapshot, though the rule is continuous
    assert [(job["State"], job["StatusMessage"]) for job in scene.copies()] == [("FAILED", facts.message("unsupported_type"))]


def test_multi_az_clusters_and_instances_are_told_apart(scene, kit):
    """An instance beside the cluster, under the same key and role, is copied."""
    from moto.rds.models import rds_backends

    scene.vault()
    aside = scene.vault("aside")
    _multi_az_cluster(kit, environment="prod")
    rds_backends[kit.WORKLOAD][kit.REGION].create_db_instance(
        {
            "db_instance_identifier": "one-zone",
            "engine": "postgres",
            "db_instance_class": "db.m5.large",
            "allocated_storage": 20,
            "master_username": "admin",
            "master_user_password": "a-password",
            "tags": [{"Key": "environment", "Value": "prod"}],
        }
    )
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": aside}]))
    scene.wait(days=1)
    assert {job["ResourceName"]: job["State"] for job in scene.copies()} == {"one-zone": "COMPLETED", "three-zones": "FAILED"}


def _copied_on_demand(scene, destination):
    (point,) = scene.points()
    scene.do(
        "StartCopyJob",
        SourceBackupVaultName="local",
        RecoveryPointArn=point["RecoveryPointArn"],
        DestinationBackupVaultArn=destination,
        IamRoleArn=point["IamRoleArn"],
    )
    scene.wait(hours=2)
    return [(job["State"], job.get("StatusMessage")) for job in scene.copies()][-1]


def test_a_cold_recovery_point_can_not_be_copied(scene):
    """FM14: what is in cold storage stays where it is; the day before it could be copied."""
    scene.vault()
    aside = scene.vault("aside")
    lifecycle = {"MoveToColdStorageAfterDays": 2, "DeleteAfterDays": 100}
    arn = scene.table("orders")
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=scene.role(), Lifecycle=lifecycle)
    scene.wait(days=1)
    assert _copied_on_demand(scene, aside) == ("COMPLETED", None)
    scene.wait(days=2)
    state, message = _copied_on_demand(scene, aside)
    assert (state, "cold storage" in message) == ("FAILED", True)


@pytest.mark.parametrize(("archive", "storage"), [(True, "COLD"), (False, "WARM"), (None, "WARM")])
def test_an_ebs_snapshot_goes_to_the_archive_with_its_opt_in_only(scene, archive, storage):
    """FM12: without the opt-in the transition is ignored in silence."""
    scene.vault()
    lifecycle = {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 100}
    if archive is not None:
        lifecycle["OptInToArchiveForSupportedResources"] = archive
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.volume(), IamRoleArn=scene.role(), Lifecycle=lifecycle)
    scene.wait(days=3)
    (point,) = scene.points()
    described = scene.do("DescribeRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    assert (described["StorageClass"], "MoveToColdStorageAt" in described["CalculatedLifecycle"]) == (storage, storage == "COLD")


def test_a_copy_never_leaves_its_partition(scene, kit):
    """FM14: a vault in China is out of reach of Regions elsewhere."""
    scene.vault()
    far = scene.vault("far", region="cn-north-1")
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": far}]))
    scene.wait(days=1)
    (copy,) = scene.copies()
    assert (copy["State"], "partition" in copy["StatusMessage"]) == ("FAILED", True)


@pytest.mark.parametrize("continuous", [True, False])
def test_a_bucket_without_versioning_is_never_backed_up(scene, kit, continuous):
    """FM25: AWS Backup wants versioning, for continuous and for periodic backups."""
    scene.vault()
    _opted_in(scene)
    scene.bucket("invoices", versioned=False, environment="prod")
    scene.plan(kit.rule(EnableContinuousBackup=continuous))
    scene.wait(days=1)
    assert [(job["State"], job["StatusMessage"]) for job in scene.jobs()] == [("FAILED", facts.message("s3_versioning_denied"))]


def test_the_rule_that_keeps_longest_has_the_continuous_recovery_point(scene, kit):
    """FM25: of two continuous rules into one vault the shorter one changes nothing."""
    scene.vault()
    _opted_in(scene)
    scene.bucket("invoices", environment="prod")
    shorter = kit.rule("shorter", ScheduleExpression="cron(0 8 * * ? *)", EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 7})
    scene.plan(kit.rule(**S3_CONTINUOUS), shorter)
    scene.wait(days=3)
    (point,) = scene.points()
    assert (point["Status"], point["Lifecycle"]) == ("AVAILABLE", {"DeleteAfterDays": 35})
    assert {job["State"] for job in scene.jobs()} == {"COMPLETED"}


def test_a_removed_rule_leaves_its_continuous_recovery_point_to_the_other(scene, kit):
    """A rule that is no longer in the plan is nobody's rival."""
    scene.vault()
    _opted_in(scene)
    scene.bucket("invoices", environment="prod")
    shorter = kit.rule("shorter", ScheduleExpression="cron(0 8 * * ? *)", EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 7})
    plan_id = scene.plan(kit.rule(**S3_CONTINUOUS), shorter)
    scene.wait(days=2)
    scene.do("UpdateBackupPlan", BackupPlanId=plan_id, BackupPlan={"BackupPlanName": "production", "Rules": [shorter]})
    scene.wait(days=2)
    found = [(point["Status"], point["Lifecycle"]["DeleteAfterDays"]) for point in scene.points()]
    assert found == [("STOPPED", 35), ("AVAILABLE", 7)]


def test_another_retention_stops_the_continuous_backup_of_a_bucket(scene, kit):
    """FM25: S3 begins a new recovery point; the stopped one is kept to its end and then deleted."""
    scene.vault()
    _opted_in(scene)
    scene.bucket("invoices", environment="prod")
    plan_id = scene.plan(kit.rule(**S3_CONTINUOUS))
    scene.wait(days=2)
    changed = kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 14})
    scene.do("UpdateBackupPlan", BackupPlanId=plan_id, BackupPlan={"BackupPlanName": "production", "Rules": [changed]})
    scene.wait(days=2)
    assert [point["Status"] for point in scene.points()] == ["STOPPED", "AVAILABLE"]
    scene.wait(days=40)
    assert [point["Status"] for point in scene.points()] == ["AVAILABLE"]


def test_a_second_vault_gets_snapshots_with_the_remark(scene, kit):
    """FM25: an instance's continuous recovery point is in one vault; a rule into another makes snapshots and says why."""
    from moto.rds.models import rds_backends

    scene.vault()
    scene.vault("aside")
    rds_backends[kit.WORKLOAD][kit.REGION].create_db_instance(
        {
            "db_instance_identifier": "ledger",
            "engine": "postgres",
            "db_instance_class": "db.m5.large",
            "allocated_storage": 20,
            "master_username": "admin",
            "master_user_password": "a-password",
            "tags": [{"Key": "environment", "Value": "prod"}],
        }
    )
    other = kit.rule("other", TargetBackupVaultName="aside", ScheduleExpression="cron(0 8 * * ? *)", **S3_CONTINUOUS)
    scene.plan(kit.rule(**S3_CONTINUOUS), other)
    scene.wait(days=1)
    assert ([point["Status"] for point in scene.points()], [point["Status"] for point in scene.points("aside")]) == (
        ["AVAILABLE"],
        ["COMPLETED"],
    )
    assert scene.jobs()[-1]["StatusMessage"].startswith("Enabling continuous backup failed")


def _refused(call, code):
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize(
    "bounds",
    [
        {"MinRetentionDays": 0},
        {"MaxRetentionDays": 36501},
        {"MinRetentionDays": 30, "MaxRetentionDays": 7},
        {"MinRetentionDays": 7, "ChangeableForDays": 2},
    ],
)
def test_a_lock_out_of_bounds_is_refused(scene, bounds):
    """The bounds are those that `semantics.locks` names."""
    scene.vault()
    put = "PutBackupVaultLockConfiguration"
    _refused(lambda: scene.do(put, BackupVaultName="local", **bounds), "InvalidParameterValueException")
    assert scene.do("DescribeBackupVault", BackupVaultName="local")["Locked"] is False


def test_a_lock_hardens_at_its_date(scene):
    """FM04: during the grace time it can be changed and removed, from its date on nobody can."""
    scene.vault()
    lock = {"BackupVaultName": "local", "MinRetentionDays": 7, "ChangeableForDays": 3}
    scene.do("PutBackupVaultLockConfiguration", **lock)
    scene.wait(days=2)
    scene.do("DeleteBackupVaultLockConfiguration", BackupVaultName="local")
    scene.do("PutBackupVaultLockConfiguration", **lock)
    scene.wait(days=2)
    scene.do("PutBackupVaultLockConfiguration", **lock)  # its grace time starts anew
    scene.wait(days=2)
    described = scene.do("DescribeBackupVault", BackupVaultName="local")
    assert (described["Locked"], described["MinRetentionDays"], described["LockDate"] > scene.at) == (True, 7, True)
    scene.wait(days=1)
    for operation in ("PutBackupVaultLockConfiguration", "DeleteBackupVaultLockConfiguration"):
        message = _refused(lambda operation=operation: scene.do(operation, **lock), "InvalidRequestException")
        assert "the lock date is over" in message


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"StartWindowMinutes": 30}, "StartWindowMinutes is 30, 60 to"),
        ({"CompletionWindowMinutes": 0}, "CompletionWindowMinutes is 0, 1 to"),
        ({"ScheduleExpression": "cron(0 2 * * *)"}, "cron"),
        ({"ScheduleExpressionTimezone": "Europe/Londno"}, "Europe/Londno"),
        ({"EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 36}}, facts.message("lifecycle_delete_range")),
        ({"Lifecycle": {"DeleteAfterDays": -1}}, facts.message("lifecycle_delete_range")),
    ],
)
def test_a_rule_that_aws_refuses_is_refused(scene, kit, members, reason):
    """The same rules judge plans of policies and plans that somebody makes."""
    rules = [kit.rule(**members)]
    message = _refused(
        lambda: scene.do("CreateBackupPlan", BackupPlan={"BackupPlanName": "p", "Rules": rules}), "InvalidParameterValueException"
    )
    assert reason in message


def test_a_copy_may_be_kept_for_ever_by_minus_one(scene, kit):
    """-1 stands for never in copy actions, and there alone."""
    scene.vault()
    lifecycle = {"DeleteAfterDays": -1, "MoveToColdStorageAfterDays": -1}
    rules = [kit.rule(CopyActions=[{"DestinationBackupVaultArn": scene.vault("aside"), "Lifecycle": lifecycle}])]
    assert scene.do("CreateBackupPlan", BackupPlan={"BackupPlanName": "p", "Rules": rules})["BackupPlanId"]


def test_what_cannot_be_stopped_says_so(scene, kit):
    """Jobs of databases run to their end."""
    scene.vault()
    arn = _multi_az_cluster(kit)
    job = scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=scene.role())["BackupJobId"]
    _refused(lambda: scene.do("StopBackupJob", BackupJobId=job), "InvalidRequestException")


def test_a_new_account_is_opted_in_to_what_the_facts_say(scene):
    """Newer types start opted out; full management is on."""
    settings = scene.do("DescribeRegionSettings")
    opted_in = {ResourceType(name) for name, on in settings["ResourceTypeOptInPreference"].items() if on}
    assert opted_in == facts.types("opted_in_at_first")
    assert {ResourceType(name) for name in settings["ResourceTypeManagementPreference"]} == facts.types("managed_by_preference")
