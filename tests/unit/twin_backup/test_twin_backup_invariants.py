"""The emulator invariants of the reference (12.2), each under its number."""

import itertools
from datetime import datetime, timedelta

import pytest

from strongroom.domain.names import ResourceType
from strongroom.semantics import continuous
from strongroom.twin.ports import ApiError


def test_e1_created_after_the_slot_start_by_is_slot_plus_window(scene, kit):
    """E1: a job is created a while after its slot, and must start by slot + start window."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule())
    scene.wait(days=1)
    (job,) = scene.jobs()
    slot = datetime.fromisoformat("2026-11-22T02:00:00Z")
    assert slot < job["CreationDate"] <= slot + timedelta(minutes=30)
    assert job["StartBy"] == slot + timedelta(minutes=60)
    assert job["State"] == "COMPLETED"
    assert job["MessageCategory"] == "SUCCESS"


def test_e1_e2_a_busy_resource_makes_the_second_job_expire(scene):
    """E1, E2 (FM19): one job at a time works on a resource; the other stays CREATED until StartBy, then it is EXPIRED, not FAILED."""
    scene.vault()
    arn, role = scene.volume(size=8000), scene.role()
    request = {"BackupVaultName": "local", "ResourceArn": arn, "IamRoleArn": role, "StartWindowMinutes": 60}
    first = scene.do("StartBackupJob", **request)["BackupJobId"]
    scene.wait(minutes=2)
    second = scene.do("StartBackupJob", **request)["BackupJobId"]
    scene.wait(minutes=59)
    assert [scene.do("DescribeBackupJob", BackupJobId=each)["State"] for each in (first, second)] == ["RUNNING", "CREATED"]
    scene.wait(minutes=2)
    expired = scene.do("DescribeBackupJob", BackupJobId=second)
    assert (expired["State"], expired["CompletionDate"]) == ("EXPIRED", expired["StartBy"])
    assert expired["StatusMessage"] == "Backup job failed because there was a running job for the same resource."
    scene.wait(days=1)
    assert scene.do("DescribeBackupJob", BackupJobId=first)["State"] == "COMPLETED"


def test_e2_a_waiting_job_starts_when_the_resource_is_free(scene):
    """E2: a job that waits for its turn starts within ten minutes of the other's end."""
    scene.vault()
    arn, role = scene.table("orders"), scene.role()
    jobs = [scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=role)["BackupJobId"] for _ in range(3)]
    scene.wait(hours=2)
    done = [scene.do("DescribeBackupJob", BackupJobId=job) for job in jobs]
    assert [job["State"] for job in done] == ["COMPLETED"] * 3
    ends = sorted(job["CompletionDate"] for job in done)
    assert all(timedelta(minutes=1) < later - earlier < timedelta(minutes=13) for earlier, later in itertools.pairwise(ends))


def test_e3_completion_window_over_is_expired(scene, kit):
    """E3: a job that runs beyond its completion window is EXPIRED and leaves no recovery point."""
    scene.vault()
    scene.volume(size=16000, environment="prod")
    scene.plan(kit.rule(CompletionWindowMinutes=120))
    scene.wait(days=1)
    (job,) = scene.jobs()
    assert (job["State"], job["StatusMessage"]) == ("EXPIRED", "Backup job expired before completion.")
    assert scene.points() == []


def test_e3_user_stop(scene):
    """E3: StopBackupJob leads over ABORTING to ABORTED, without a recovery point."""
    scene.vault()
    job = scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.volume(size=5000), IamRoleArn=scene.role())["BackupJobId"]
    scene.wait(minutes=5)
    scene.do("StopBackupJob", BackupJobId=job)
    assert scene.do("DescribeBackupJob", BackupJobId=job)["State"] == "ABORTING"
    scene.wait(minutes=5)
    stopped = scene.do("DescribeBackupJob", BackupJobId=job)
    assert (stopped["State"], stopped["StatusMessage"]) == ("ABORTED", "Backup job was stopped by user.")
    scene.wait(days=1)
    assert scene.points() == []
    with pytest.raises(ApiError, match="InvalidRequestException"):
        scene.do("StopBackupJob", BackupJobId=job)


def test_e4_recovery_point_dates_and_deletion(scene, kit):
    """E4: creation date is that of the job, DeleteAt = + N x 86,400 s, deletion within 8 hours after it."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(Lifecycle={"DeleteAfterDays": 1}))
    scene.wait(hours=16)
    (job,), (point,) = scene.jobs(), scene.points()
    assert point["CreationDate"] == job["CreationDate"]
    due = point["CreationDate"] + timedelta(seconds=86_400)
    assert point["CalculatedLifecycle"] == {"DeleteAt": due}
    scene.at = due
    assert point in scene.points()
    scene.at = due + timedelta(hours=8)
    assert point not in scene.points()


def test_e5_copies_keep_the_creation_date_and_inherit(scene, kit):
    """E5 (FM13): a copy has the source's creation date; without lifecycle or with -1 it has the source's lifecycle too."""
    scene.vault()
    scene.vault("second")
    scene.vault("third")
    central = scene.central_vault()
    scene.table("orders", environment="prod")
    copies = [
        {"DestinationBackupVaultArn": central, "Lifecycle": {"DeleteAfterDays": 2557}},
        {"DestinationBackupVaultArn": f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:backup-vault:second"},
        {
            "DestinationBackupVaultArn": f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:backup-vault:third",
            "Lifecycle": {"DeleteAfterDays": -1},
        },
    ]
    scene.plan(kit.rule(CopyActions=copies))
    scene.wait(days=1)
    (source,) = scene.points()
    (far,) = scene.points("central", account=kit.CENTRAL)
    assert (far["CreationDate"], far["Lifecycle"]) == (source["CreationDate"], {"DeleteAfterDays": 2557})
    assert far["SourceBackupVaultArn"] == source["BackupVaultArn"]
    assert far["EncryptionKeyArn"] == scene.do("DescribeBackupVault", account=kit.CENTRAL, BackupVaultName="central")["EncryptionKeyArn"]
    assert far["CreatedBy"] == source["CreatedBy"]
    for vault in ("second", "third"):
        (copy,) = scene.points(vault)
        assert (copy["Lifecycle"], copy["CalculatedLifecycle"]) == ({"DeleteAfterDays": 30}, source["CalculatedLifecycle"])
    assert {job["State"] for job in scene.copies()} == {"COMPLETED"}


def test_e6_missing_role_makes_recovery_points_expire(scene, kit):
    """E6 (FM27): when the role is gone at the end of retention, the recovery point stays, EXPIRED and counted."""
    from moto.iam.models import iam_backends

    scene.vault()
    scene.table("orders", environment="prod")
    plan = scene.plan(kit.rule(Lifecycle={"DeleteAfterDays": 2}))
    scene.wait(days=1)
    (selection,) = scene.do("ListBackupSelections", BackupPlanId=plan)["BackupSelectionsList"]
    scene.do("DeleteBackupSelection", BackupPlanId=plan, SelectionId=selection["SelectionId"])
    iam_backends[kit.WORKLOAD]["aws"].delete_role("production-AWSBackup")
    scene.wait(days=30)
    (point,) = scene.points()
    assert point["Status"] == "EXPIRED"
    assert scene.do("DescribeBackupVault", BackupVaultName="local")["NumberOfRecoveryPoints"] == 1


def test_e8_locked_vault(scene, kit):
    """E8 (FM03): a lock refuses deletions and lifecycle changes at once, and fails jobs outside its range when they run."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule())
    scene.wait(days=1)
    scene.do("PutBackupVaultLockConfiguration", BackupVaultName="local", MinRetentionDays=60, ChangeableForDays=3)
    (point,) = scene.points()
    target = {"BackupVaultName": "local", "RecoveryPointArn": point["RecoveryPointArn"]}
    with pytest.raises(ApiError, match="InvalidRequestException"):
        scene.do("DeleteRecoveryPoint", **target)
    with pytest.raises(ApiError, match="InvalidRequestException"):
        scene.do("UpdateRecoveryPointLifecycle", **target, Lifecycle={"DeleteAfterDays": 90})
    scene.wait(days=1)
    job = scene.jobs()[-1]
    assert (job["State"], job["StatusMessage"]) == (
        "FAILED",
        "Backup job failed because the lifecycle is outside the valid range for backup vault.",
    )
    described = scene.do("DescribeBackupVault", BackupVaultName="local")
    assert (described["Locked"], described["MinRetentionDays"]) == (True, 60)
    assert described["LockDate"] == scene.at - timedelta(days=1) + timedelta(days=3)
    scene.do("PutBackupVaultLockConfiguration", BackupVaultName="local", MinRetentionDays=7, ChangeableForDays=3)
    scene.wait(days=3)
    for operation in ("PutBackupVaultLockConfiguration", "DeleteBackupVaultLockConfiguration"):
        with pytest.raises(ApiError, match="InvalidRequestException"):
            scene.do(operation, BackupVaultName="local")


def test_e8_copy_outside_the_destination_lock_fails(scene, kit):
    """E8: the lock of the destination fails the copy, not the backup."""
    scene.vault()
    central = scene.central_vault()
    scene.do("PutBackupVaultLockConfiguration", account=kit.CENTRAL, BackupVaultName="central", MaxRetentionDays=365)
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": central, "Lifecycle": {"DeleteAfterDays": 2557}}]))
    scene.wait(days=1)
    (copy,) = scene.copies()
    assert (copy["State"], copy["StatusMessage"]) == (
        "FAILED",
        "Copy job failed. The retention specified in the job is not within the range specified for the target Backup Vault.",
    )
    assert [job["State"] for job in scene.jobs()] == ["COMPLETED"]


def test_e11_plan_update_touches_nothing_that_exists(scene, kit):
    """E11: an update leaves recovery points as they are; a plan with selections can't be deleted."""
    scene.vault()
    scene.table("orders", environment="prod")
    plan = scene.plan(kit.rule())
    scene.wait(days=1)
    before = scene.points()
    changed = {"BackupPlanName": "production", "Rules": [kit.rule(Lifecycle={"DeleteAfterDays": 7})]}
    scene.do("UpdateBackupPlan", BackupPlanId=plan, BackupPlan=changed)
    assert scene.points() == before
    scene.wait(days=1)
    assert [point["Lifecycle"]["DeleteAfterDays"] for point in scene.points()] == [30, 7]
    assert len(scene.do("ListBackupPlanVersions", BackupPlanId=plan)["BackupPlanVersionsList"]) == 2
    with pytest.raises(ApiError, match="Related backup plan selections must be deleted prior to backup plan deletion"):
        scene.do("DeleteBackupPlan", BackupPlanId=plan)


def test_e12_selection_is_evaluated_per_run(scene, kit):
    """E12 (FM09, FM10): tags and opt-in count at each run, not when the plan was made."""
    scene.vault()
    plan = scene.plan(kit.rule())
    scene.wait(days=1)
    assert scene.jobs() == []
    scene.table("orders", environment="prod")
    scene.bucket("invoices", environment="prod")
    scene.wait(days=1)
    assert [job["ResourceName"] for job in scene.jobs()] == ["orders"]  # S3 is not opted in
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True, "DynamoDB": False})
    scene.wait(days=1)
    assert [job["ResourceName"] for job in scene.jobs()] == ["orders", "invoices"]
    assert scene.do("GetBackupPlan", BackupPlanId=plan)["LastExecutionDate"] == datetime.fromisoformat("2026-11-24T02:00:00Z")


def test_e13_overlapping_rules(scene, kit):
    """E13 (FM11): AWS's own example: 2 runs of the longer-kept rule and 8 of the hourly one a day, instead of 26."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(
        kit.rule("hourly", ScheduleExpression="cron(0 * * * ? *)", Lifecycle={"DeleteAfterDays": 1}),
        kit.rule("half-daily", ScheduleExpression="cron(0 0/12 * * ? *)", StartWindowMinutes=480, Lifecycle={"DeleteAfterDays": 7}),
    )
    scene.at = datetime.fromisoformat("2026-11-23T23:59:00Z")
    scene.jobs()
    scene.wait(days=1, minutes=59)
    day = [job for job in scene.jobs() if job["StartBy"] > datetime.fromisoformat("2026-11-24T00:30:00Z")]
    names = [job["CreatedBy"]["BackupRuleName"] for job in day if job["StartBy"] <= datetime.fromisoformat("2026-11-25T00:30:00Z")]
    assert (names.count("half-daily"), names.count("hourly")) == (2, 8)


def _bucket_restored(scene, point, at):
    """Restore a continuous recovery point of a bucket to an instant; state and message of the job."""
    metadata = {"DestinationBucketName": f"restored-{at:%H%M%S}", "newBucket": "true", "RestoreTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    role = scene.role(name=f"restore-{at:%d%H%M%S}")
    started = scene.do("StartRestoreJob", RecoveryPointArn=point["RecoveryPointArn"], Metadata=metadata, IamRoleArn=role)
    scene.wait(hours=2)
    job = scene.do("DescribeRestoreJob", RestoreJobId=started["RestoreJobId"])
    return job["Status"], job.get("StatusMessage", "")


def test_e14_a_continuous_recovery_point_is_single_and_available(scene, kit):
    """E14 (FM25): every run renews one AVAILABLE recovery point, which restores from its start up to 15 minutes ago for S3."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("receipts", environment="prod")
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    scene.wait(days=3)
    (point,) = scene.points()
    assert (point["Status"], len(scene.jobs(ByState="COMPLETED"))) == ("AVAILABLE", 3)
    start = point["CreationDate"]
    assert start < datetime.fromisoformat("2026-11-22T02:30:01Z")  # the first run's, whatever came after it
    assert _bucket_restored(scene, point, start - timedelta(seconds=1))[0] == "FAILED"
    assert _bucket_restored(scene, point, start + timedelta(seconds=1))[0] == "COMPLETED"
    now = scene.at
    assert _bucket_restored(scene, point, now - timedelta(minutes=15))[0] == "COMPLETED"
    state, message = _bucket_restored(scene, point, scene.at - timedelta(minutes=5))
    assert (state, message.startswith("RestoreTime"), "is not between" in message) == ("FAILED", True, True)


def test_e14_the_log_of_a_continuous_backup_reaches_back_as_far_as_its_retention(scene, kit):
    """E14: once the backup is older than its retention, the first instant that can be restored is now minus the retention."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("receipts", environment="prod")
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 7}))
    scene.wait(days=20)
    (point,) = scene.points()
    assert (point["Status"], point["CreationDate"].day) == ("AVAILABLE", 22)
    assert _bucket_restored(scene, point, scene.at - timedelta(days=7, seconds=1))[0] == "FAILED"
    assert _bucket_restored(scene, point, scene.at - timedelta(days=7) + timedelta(minutes=10))[0] == "COMPLETED"


@pytest.mark.parametrize(("kind", "minutes"), [("RDS", 5), ("S3", 15)])
def test_e14_the_end_of_the_log_lags_behind(kind, minutes):
    """E14: RDS restores up to 5 minutes ago, S3 up to 15."""
    now = datetime.fromisoformat("2026-12-01T12:00:00Z")
    assert now - continuous.restorable_until(ResourceType(kind), now) == timedelta(minutes=minutes)


def test_e15_another_retention_stops_the_log_of_a_bucket_and_starts_a_new_one(scene, kit):
    """E15 (FM25): for S3 the old recovery point becomes STOPPED at the next run and a new AVAILABLE one begins."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("receipts", environment="prod")
    plan_id = scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    scene.wait(days=2)
    (old,) = scene.points()
    changed = kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 14})
    scene.do("UpdateBackupPlan", BackupPlanId=plan_id, BackupPlan={"BackupPlanName": "production", "Rules": [changed]})
    assert [point["Status"] for point in scene.points()] == ["AVAILABLE"]  # nothing happens before the next run
    scene.wait(days=1)
    stopped, new = scene.points()
    assert (stopped["RecoveryPointArn"], stopped["Status"], stopped["Lifecycle"]) == (
        old["RecoveryPointArn"],
        "STOPPED",
        {"DeleteAfterDays": 35},
    )
    assert (new["Status"], new["Lifecycle"]) == ("AVAILABLE", {"DeleteAfterDays": 14})
    assert new["CreationDate"] > stopped["CreationDate"] + timedelta(days=1)


def test_e15_another_retention_of_an_instance_is_taken_over_in_place(scene, kit):
    """E15: for RDS the recovery point goes on, with the new retention from the next run on."""
    from moto.rds.models import rds_backends

    scene.vault()
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
    plan_id = scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    scene.wait(days=2)
    (old,) = scene.points()
    changed = kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 14})
    scene.do("UpdateBackupPlan", BackupPlanId=plan_id, BackupPlan={"BackupPlanName": "production", "Rules": [changed]})
    scene.wait(days=1)
    (point,) = scene.points()
    assert (point["RecoveryPointArn"], point["CreationDate"]) == (old["RecoveryPointArn"], old["CreationDate"])
    assert (point["Status"], point["Lifecycle"]) == ("AVAILABLE", {"DeleteAfterDays": 14})


def test_e17_lists_reach_back_thirty_days(scene, kit):
    """E17: jobs older than 30 days are in no list."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule())
    scene.wait(days=60)
    jobs = scene.jobs()
    assert len(jobs) == 30
    assert min(job["CreationDate"] for job in jobs) >= scene.at - timedelta(days=30)


def test_e18_identical_document_not_name(scene, kit):
    """E18: a plan with the same document exists already; one with the same name and other rules is fine."""
    document = {"BackupPlanName": "production", "Rules": [kit.rule()]}
    first = scene.do("CreateBackupPlan", BackupPlan=document)
    with pytest.raises(ApiError, match="Backup plan with the same plan document already exists") as caught:
        scene.do("CreateBackupPlan", BackupPlan=document)
    assert caught.value.members["Arn"] == first["BackupPlanArn"]
    other = scene.do("CreateBackupPlan", BackupPlan={"BackupPlanName": "production", "Rules": [kit.rule("weekly")]})
    assert other["BackupPlanId"] != first["BackupPlanId"]


def test_e19_plans_of_the_organization_are_read_only(scene, kit):
    """E19: a backup policy becomes a plan orgs/<uuid> that members can read and not change."""
    scene.vault()
    scene.role()
    scene.table("orders", environment="prod")
    scene.organization.policies[kit.WORKLOAD] = kit.effective()
    scene.organization.generation += 1
    (plan,) = scene.do("ListBackupPlans")["BackupPlansList"]
    assert plan["BackupPlanId"].startswith("orgs/")
    assert plan["BackupPlanName"] == "Production"
    for operation, more in (
        ("DeleteBackupPlan", {}),
        ("UpdateBackupPlan", {"BackupPlan": {"BackupPlanName": "mine", "Rules": [kit.rule()]}}),
        ("CreateBackupSelection", {"BackupSelection": {"SelectionName": "s", "IamRoleArn": "arn:r", "Resources": ["*"]}}),
    ):
        with pytest.raises(ApiError, match="InvalidRequestException"):
            scene.do(operation, BackupPlanId=plan["BackupPlanId"], **more)
    scene.wait(days=1)
    assert [job["State"] for job in scene.jobs()] == ["COMPLETED"]


def test_e19_policy_changes_keep_the_plan_id(scene, kit):
    """E19: a changed policy is a new version of the same plan; a removed one deletes it and leaves the recovery points."""
    scene.vault()
    scene.role()
    scene.table("orders", environment="prod")
    scene.organization.policies[kit.WORKLOAD] = kit.effective()
    scene.organization.generation += 1
    scene.wait(days=2)
    (before,) = scene.do("ListBackupPlans")["BackupPlansList"]
    scene.organization.policies[kit.WORKLOAD] = kit.effective(days="7")
    scene.organization.generation += 1
    (after,) = scene.do("ListBackupPlans")["BackupPlansList"]
    assert (after["BackupPlanId"], after["VersionId"] != before["VersionId"]) == (before["BackupPlanId"], True)
    scene.organization.policies.clear()
    scene.organization.generation += 1
    assert scene.do("ListBackupPlans")["BackupPlansList"] == []
    assert len(scene.points()) == 2


def test_e19_an_invalid_policy_keeps_the_last_plan(scene, kit):
    """E19: a policy that can't become a plan changes nothing."""
    scene.organization.policies[kit.WORKLOAD] = kit.effective()
    scene.organization.generation += 1
    scene.do("ListBackupPlans")
    scene.organization.policies[kit.WORKLOAD] = kit.effective(days="99999")
    scene.organization.generation += 1
    (plan,) = scene.do("ListBackupPlans")["BackupPlansList"]
    document = scene.do("GetBackupPlan", BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
    assert document["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 30}


def test_opt_in_of_the_management_account_decides_for_the_organizations_plans(scene, kit):
    """Opt-in of the member doesn't count for plans of a backup policy."""
    scene.vault()
    scene.role()
    scene.bucket("invoices", environment="prod")
    scene.organization.policies[kit.WORKLOAD] = kit.effective()
    scene.organization.generation += 1
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.wait(days=1)
    assert scene.jobs() == []
    scene.do("UpdateRegionSettings", account=kit.MANAGEMENT, ResourceTypeOptInPreference={"S3": True})
    scene.wait(days=1)
    assert len(scene.jobs()) == 1


def test_e21_delete_answers_200_even_when_it_fails(scene, kit):
    """E21: without a usable role DeleteRecoveryPoint succeeds on the wire and leaves an EXPIRED recovery point."""
    from moto.iam.models import iam_backends

    scene.vault()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.table("orders"), IamRoleArn=scene.role())
    scene.wait(hours=2)
    iam_backends[kit.WORKLOAD]["aws"].delete_role("test-AWSBackup")
    (point,) = scene.points()
    path = f"/backup-vaults/local/recovery-points/{point['RecoveryPointArn'].replace(':', '%3A')}"
    response = scene.ask("DELETE", path)
    assert (response.status, response.body, response.operation) == (200, b"", "DeleteRecoveryPoint")
    assert scene.points()[0]["Status"] == "EXPIRED"
    scene.role()
    assert scene.ask("DELETE", path).status == 200
    assert scene.points() == []


def test_e21_update_lifecycle_nulls_what_is_omitted(scene):
    """E21: UpdateRecoveryPointLifecycle replaces the lifecycle: without DeleteAfterDays the point is kept for ever."""
    scene.vault()
    request = {"BackupVaultName": "local", "ResourceArn": scene.table("orders"), "IamRoleArn": scene.role()}
    scene.do("StartBackupJob", **request, Lifecycle={"DeleteAfterDays": 2})
    scene.wait(hours=2)
    (point,) = scene.points()
    scene.do("UpdateRecoveryPointLifecycle", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"], Lifecycle={})
    scene.wait(days=30)
    (kept,) = scene.points()
    assert "CalculatedLifecycle" not in kept


def test_e22_copy_jobs_never_expire(scene, kit):
    """E22: a copy that finds its resource busy stays CREATED for as long as it takes."""
    scene.vault()
    scene.vault("second")
    arn, role = scene.volume(size=16000), scene.role()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=role)
    scene.wait(days=1)
    (point,) = scene.points()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=role)
    scene.wait(minutes=2)
    copy = scene.do(
        "StartCopyJob",
        RecoveryPointArn=point["RecoveryPointArn"],
        SourceBackupVaultName="local",
        DestinationBackupVaultArn=f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:backup-vault:second",
        IamRoleArn=role,
    )["CopyJobId"]
    scene.wait(hours=8)
    assert scene.do("DescribeCopyJob", CopyJobId=copy)["CopyJob"]["State"] == "CREATED"
    scene.wait(days=2)
    assert scene.do("DescribeCopyJob", CopyJobId=copy)["CopyJob"]["State"] == "COMPLETED"
