"""Restore jobs: what they make, what stops them, and what is shown of them."""

import json
import sys
from datetime import timedelta

import pytest

from strongroom.twin.ports import ApiError


def _backed_up(scene, arn, **more):
    """A recovery point of a resource in vault `local`, which is made when it isn't there."""
    if "local" not in [vault["BackupVaultName"] for vault in scene.do("ListBackupVaults")["BackupVaultList"]]:
        scene.vault()
    role = scene.role(name=f"backup-{len(scene.points())}")
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=role, **more)
    scene.wait(hours=6)
    return next(point for point in scene.points() if point["ResourceArn"] == arn)


def _restore(scene, point, metadata, *, role=None, wait=None, **more):
    """The restore job, six hours later."""
    role = role or scene.role(name=f"restore-{len(scene.do('ListRestoreJobs')['RestoreJobs'])}")
    started = scene.do("StartRestoreJob", RecoveryPointArn=point["RecoveryPointArn"], Metadata=metadata, IamRoleArn=role, **more)
    scene.wait(**(wait or {"hours": 6}))
    return scene.do("DescribeRestoreJob", RestoreJobId=started["RestoreJobId"])


def _moto(kit, service, region=None):
    module = sys.modules[f"moto.{service}.models"]
    return getattr(module, f"{service}_backends")[kit.WORKLOAD][region or kit.REGION]


def test_volume_comes_from_its_snapshot_with_tags_and_metadata(scene, kit):
    """A restored volume names its snapshot, lies in the zone asked for, is as large as its source, and has the tags of the backup."""
    point = _backed_up(scene, scene.volume(size=20, environment="prod", Name="disk"))
    job = _restore(
        scene,
        point,
        {"availabilityZone": f"{kit.REGION}b", "volumeType": "gp3", "iops": "4000"},
        CopySourceTagsToRestoredResource=True,
    )
    assert (job["Status"], job["SourceResourceArn"]) == ("COMPLETED", point["ResourceArn"])
    volume = _moto(kit, "ec2").volumes[job["CreatedResourceArn"].rpartition("/")[2]]
    assert (volume.size, volume.zone.name, volume.volume_type, volume.iops) == (20, f"{kit.REGION}b", "gp3", 4000)
    assert volume.snapshot_id == point["RecoveryPointArn"].rpartition("/")[2]
    assert {pair["key"]: pair["value"] for pair in volume.get_tags()} == {"environment": "prod", "Name": "disk"}
    assert volume.create_time == job["CompletionDate"].replace(tzinfo=None)
    described = scene.do("DescribeRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    assert described["LastRestoreTime"] == job["CompletionDate"]


def test_restored_resource_is_backed_up_in_the_next_run(scene, kit):
    """What a restore made while the clock moved is selected like anything else."""
    point = _backed_up(scene, scene.volume(environment="prod"))
    scene.plan(kit.rule(ScheduleExpression="cron(1 * * * ? *)"))  # a minute after the restore began, and every hour
    job = _restore(scene, point, {"availabilityZone": f"{kit.REGION}a"}, CopySourceTagsToRestoredResource=True)
    assert {each["ResourceArn"] for each in scene.jobs() if "CreatedBy" in each} == {point["ResourceArn"], job["CreatedResourceArn"]}


def test_table_keeps_its_keys_under_a_new_name(scene, kit):
    """A restored table has the key schema of its source."""
    from moto.dynamodb.models import dynamodb_backends

    source = dynamodb_backends[kit.WORKLOAD][kit.REGION]
    arn = scene.table("orders")
    source.tables["orders"].schema = [{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
    source.tables["orders"].attr = [{"AttributeName": name, "AttributeType": "S"} for name in ("customer", "at")]
    scene.wait(minutes=1)
    job = _restore(scene, _backed_up(scene, arn), {"targetTableName": "orders-restored"})
    assert job["CreatedResourceArn"] == arn + "-restored"
    assert source.tables["orders-restored"].schema == source.tables["orders"].schema


def test_bucket_is_made_or_filled(scene, kit):
    """A restore makes a new bucket, or goes into one that is there."""
    point = _backed_up(scene, scene.bucket("receipts"))
    made = _restore(scene, point, {"DestinationBucketName": "receipts-restored", "newBucket": "true"})
    into = _restore(scene, point, {"DestinationBucketName": "receipts-restored"})
    missing = _restore(scene, point, {"DestinationBucketName": "nowhere"})
    assert made["CreatedResourceArn"] == into["CreatedResourceArn"] == "arn:aws:s3:::receipts-restored"
    assert _moto(kit, "s3", "aws").buckets["receipts-restored"].is_versioned
    assert (missing["Status"], missing["StatusMessage"]) == ("FAILED", "The specified bucket does not exist")


def _file_system(kit):
    from moto.efs.models import efs_backends

    backend = efs_backends[kit.WORKLOAD][kit.REGION]
    tags = [{"Key": "Name", "Value": "files"}]
    return backend.create_file_system("files", "generalPurpose", True, None, "bursting", None, None, False, tags).file_system_arn


def test_file_system_is_made_or_filled(scene, kit):
    """A restore makes a new file system, or goes into the one that was backed up."""
    arn = _file_system(kit)
    point = _backed_up(scene, arn)
    source = arn.rpartition("/")[2]
    made = _restore(scene, point, {"file-system-id": source, "newFileSystem": "true", "Encrypted": "true"})
    into = _restore(scene, point, {"file-system-id": source, "newFileSystem": "false"})
    assert into["CreatedResourceArn"] == arn
    assert made["CreatedResourceArn"] != arn
    assert made["CreatedResourceArn"].rpartition("/")[2] in _moto(kit, "efs").file_systems_by_id


def _instance(kit, **tags):
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[kit.WORKLOAD][kit.REGION]
    where = {"region_name": kit.REGION, "instance_type": "t3.small", "is_instance_type_default": False, "nics": {}}
    made = backend.run_instances("ami-12345678", 1, None, [], tags={"instance": tags}, **where).instances[0]
    return f"arn:aws:ec2:{kit.REGION}:{kit.WORKLOAD}:instance/{made.id}"


def test_instance_is_restored_from_its_image(scene, kit):
    """A restored instance runs from the image of the recovery point, with the type of its source."""
    point = _backed_up(scene, _instance(kit))
    job = _restore(scene, point, {})
    restored = _moto(kit, "ec2").get_instance(job["CreatedResourceArn"].rpartition("/")[2])
    assert (restored.image_id, restored.instance_type, restored.state) == (
        point["RecoveryPointArn"].rpartition("/")[2],
        "t3.small",
        "running",
    )


def test_instance_does_not_get_another_profile(scene, kit):
    """FM17: a restored instance keeps its backed-up profile or has none."""
    job = _restore(scene, _backed_up(scene, _instance(kit)), {"IamInstanceProfileName": "administrator"})
    assert job["Status"] == "FAILED"
    assert job["StatusMessage"].startswith("AWS Backup does not permit attaching a new instance profile to an EC2 instance.")


def test_instance_needs_a_network(scene, kit):
    """FM17: without a default VPC, or without subnets in it, a restore has to name a subnet."""
    point = _backed_up(scene, _instance(kit))
    backend = _moto(kit, "ec2")
    kept = {zone: dict(subnets) for zone, subnets in backend.subnets.items()}
    backend.subnets.clear()
    no_subnets = _restore(scene, point, {})
    backend.subnets.update(kept)
    for vpc in backend.vpcs.values():
        vpc.is_default = False
    no_vpc = _restore(scene, point, {})
    assert no_subnets["StatusMessage"].startswith("No subnets found for the default VPC vpc-")
    assert no_vpc["StatusMessage"] == "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC."


def _database(kit, name="shop"):
    from moto.rds.models import rds_backends

    asked = {"engine": "postgres", "db_instance_class": "db.t4g.medium", "allocated_storage": 30, "tags": []}
    asked |= {"db_instance_identifier": name, "master_username": "keeper", "master_user_password": "a-password"}
    return rds_backends[kit.WORKLOAD][kit.REGION].create_db_instance(asked).db_instance_arn


def test_database_is_restored_under_another_name(scene, kit):
    """A database needs a name that is free; class, engine and size are those of its source."""
    point = _backed_up(scene, _database(kit))
    job = _restore(scene, point, {"DBInstanceIdentifier": "shop-restored"})
    made = _moto(kit, "rds").databases["shop-restored"]
    assert job["CreatedResourceArn"] == made.db_instance_arn
    assert (made.engine, made.db_instance_class, made.allocated_storage) == ("postgres", "db.t4g.medium", 30)
    metadata = scene.do("GetRecoveryPointRestoreMetadata", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    taken = _restore(scene, point, metadata["RestoreMetadata"])
    assert (taken["Status"], taken["StatusMessage"]) == ("FAILED", "DB instance already exists")


def _cluster(kit, engine):
    from moto.rds.models import rds_backends

    asked = {"db_cluster_identifier": "ledger", "engine": engine, "master_username": "keeper", "master_user_password": "a-password"}
    return rds_backends[kit.WORKLOAD][kit.REGION].create_db_cluster(asked | {"tags": []}).db_cluster_arn


@pytest.mark.parametrize("engine", ["aurora-postgresql", "neptune"])
def test_cluster_is_restored_under_another_name(scene, kit, engine):
    """Clusters of Aurora and Neptune are restored as clusters; moto has no DocumentDB."""
    point = _backed_up(scene, _cluster(kit, engine))
    job = _restore(scene, point, {"DBClusterIdentifier": "ledger-restored"})
    assert job["CreatedResourceArn"].endswith(":cluster:ledger-restored")
    assert _moto(kit, "rds").clusters["ledger-restored"].engine == engine


def test_database_without_a_default_subnet(scene, kit):
    """FM34: a Region whose default VPC has lost its subnets restores no database that names no subnet group."""
    point = _backed_up(scene, _database(kit))
    scene.volume()  # EC2 is in use
    _moto(kit, "ec2").subnets.clear()
    job = _restore(scene, point, {"DBInstanceIdentifier": "shop-restored"})
    assert job["StatusMessage"] == "No default subnet detected in VPC. Please contact AWS Support to recreate default Subnets."


def test_zone_of_another_region(scene):
    """A volume can't lie in a zone that its Region doesn't have."""
    job = _restore(scene, _backed_up(scene, scene.volume()), {"availabilityZone": "eu-west-1a"})
    assert (job["Status"], job["StatusMessage"]) == ("FAILED", "The zone 'eu-west-1a' does not exist.")


@pytest.mark.parametrize(
    ("make", "missing"),
    [("table", "targetTableName"), ("volume", "availabilityZone"), ("bucket", "DestinationBucketName")],
)
def test_missing_metadata_fails_the_job(scene, make, missing):
    """Metadata that a type can't do without are looked for when the job runs."""
    arn = getattr(scene, make)(*(() if make == "volume" else ("things",)))
    job = _restore(scene, _backed_up(scene, arn), {})
    assert (job["Status"], job["StatusMessage"]) == ("FAILED", f"Restore metadata is incomplete. Missing: {missing}")


def test_fm15_role_that_backup_may_not_assume(scene, kit):
    """FM15: the restore starts and fails when its role can't be assumed."""
    point = _backed_up(scene, scene.table("orders"))
    job = _restore(scene, point, {"targetTableName": "new"}, role=f"arn:aws:iam::{kit.WORKLOAD}:role/nobody")
    assert (job["Status"], job["StatusMessage"]) == (
        "FAILED",
        f"IAM Role arn:aws:iam::{kit.WORKLOAD}:role/nobody cannot be assumed by AWS Backup",
    )


def _key_of_vault(scene, kit):
    arn = scene.do("DescribeBackupVault", BackupVaultName="local")["EncryptionKeyArn"]
    return _moto(kit, "kms").keys[arn.rpartition("/")[2]]


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_fm05_key_that_cannot_be_used(scene, kit, state):
    """FM05: a recovery point whose key is disabled or about to be deleted is there, and can't be restored."""
    point = _backed_up(scene, scene.table("orders"))
    _key_of_vault(scene, kit).key_state = state
    job = _restore(scene, point, {"targetTableName": "new"})
    assert job["Status"] == "FAILED"
    assert job["StatusMessage"].startswith("The specified AWS KMS key ARN does not exist, is not enabled")


def test_fm05_key_disabled_while_the_restore_runs(scene, kit):
    """FM05: the key has to last until the end."""
    point = _backed_up(scene, scene.bucket("receipts"))
    job = _restore(scene, point, {"DestinationBucketName": "more", "newBucket": "true"}, wait={"minutes": 3})
    assert job["Status"] == "RUNNING"
    _key_of_vault(scene, kit).key_state = "Disabled"
    scene.wait(hours=1)
    assert scene.do("DescribeRestoreJob", RestoreJobId=job["RestoreJobId"])["Status"] == "FAILED"
    assert "more" not in _moto(kit, "s3", "aws").buckets


def test_fm15_key_of_another_account(scene, kit):
    """FM15: a target key of another account must be shared with the restoring one."""
    point = _backed_up(scene, scene.volume())
    zone = {"availabilityZone": f"{kit.REGION}a", "encrypted": "true"}
    private, shared = scene.key(kit.CENTRAL), scene.key(kit.CENTRAL, shared_with=kit.WORKLOAD)
    denied = _restore(scene, point, zone | {"kmsKeyId": private.arn})
    allowed = _restore(scene, point, zone | {"kmsKeyId": shared.arn})
    assert (denied["Status"], denied["StatusMessage"]) == ("FAILED", "Access denied to KMS key.")
    assert allowed["Status"] == "COMPLETED"


def test_cold_recovery_point_takes_hours_longer(scene, kit):
    """A restore from cold storage takes four hours more, an archived EBS snapshot up to three days."""
    cold = {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 400}
    table = _backed_up(scene, scene.table("orders"), Lifecycle=cold)
    disk = _backed_up(scene, scene.volume(), Lifecycle=cold | {"OptInToArchiveForSupportedResources": True})
    warm = _restore(scene, table, {"targetTableName": "warm"})
    scene.wait(days=2)
    jobs = [
        _restore(scene, table, {"targetTableName": "cold"}),
        _restore(scene, disk, {"availabilityZone": f"{kit.REGION}a"}, wait={"hours": 80}),
    ]
    took = [job["CompletionDate"] - job["CreationDate"] for job in (warm, *jobs)]
    assert took[0] < timedelta(hours=1) < timedelta(hours=4) < took[1] < timedelta(hours=5)
    assert timedelta(hours=24) < took[2] < timedelta(hours=73)
    assert jobs[0]["ExpectedCompletionTimeMinutes"] > 240


def test_continuous_bucket_needs_an_instant(scene, kit):
    """A continuous recovery point of a bucket is restored to an instant that somebody names."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("receipts", environment="prod")
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    scene.wait(days=1)
    (point,) = scene.points()
    new = {"DestinationBucketName": "restored", "newBucket": "true"}
    without = _restore(scene, point, new)
    at = _restore(scene, point, new | {"RestoreTime": "2026-11-22T10:00:00Z"})
    assert (without["StatusMessage"], at["Status"]) == ("Restore metadata is incomplete. Missing: RestoreTime", "COMPLETED")


def test_expired_recovery_point_cannot_be_restored(scene, kit):
    """A recovery point whose deletion failed is restored in EC2, not by AWS Backup."""
    point = _backed_up(scene, scene.volume())
    scene.backup._world.place(kit.WORKLOAD, kit.REGION).vaults["local"].points[point["RecoveryPointArn"]].role_arn = "arn:aws:iam::1:role/x"
    scene.do("DeleteRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    with pytest.raises(ApiError, match=r"InvalidRequestException: .* EXPIRED cannot be restored"):
        _restore(scene, point, {"availabilityZone": f"{kit.REGION}a"})


def test_refusals_at_once(scene, kit):
    """An unknown recovery point, a wrong type, no role, a role of another account, and what the vault's policy denies."""
    point = _backed_up(scene, scene.table("orders"))
    arn, role = point["RecoveryPointArn"], scene.role(name="restore")
    asked = {"RecoveryPointArn": arn, "Metadata": {"targetTableName": "new"}, "IamRoleArn": role}
    with pytest.raises(ApiError, match=r"ResourceNotFoundException: Cannot find recovery point arn:.*:nothing"):
        scene.do("StartRestoreJob", **asked | {"RecoveryPointArn": f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:recovery-point:nothing"})
    with pytest.raises(ApiError, match="InvalidParameterValueException: Invalid ResourceType: EBS"):
        scene.do("StartRestoreJob", **asked, ResourceType="EBS")
    with pytest.raises(ApiError, match="InvalidParameterValueException: Invalid IamRoleArn"):
        scene.do("StartRestoreJob", **asked | {"IamRoleArn": "restore"})
    with pytest.raises(ApiError, match="AccessDeniedException: Cross-account pass role is not allowed"):
        scene.do("StartRestoreJob", **asked | {"IamRoleArn": f"arn:aws:iam::{kit.CENTRAL}:role/restore"})
    with pytest.raises(ApiError, match="MissingParameterValueException"):
        scene.do("StartRestoreJob", RecoveryPointArn=arn)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:StartRestoreJob", "Resource": "*"}
    scene.do("PutBackupVaultAccessPolicy", BackupVaultName="local", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    answer = scene.ask("PUT", "/restore-jobs", body=asked)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert scene.do("ListRestoreJobs")["RestoreJobs"] == []


def test_same_token_same_job(scene):
    """A call that is repeated with its idempotency token starts nothing new."""
    point, role = _backed_up(scene, scene.table("orders")), scene.role(name="restore")
    asked = {"RecoveryPointArn": point["RecoveryPointArn"], "Metadata": {"targetTableName": "new"}, "IamRoleArn": role}
    jobs = {scene.do("StartRestoreJob", **asked, IdempotencyToken=token)["RestoreJobId"] for token in ("a", "a", "b")}
    assert len(jobs) == 2


def test_copy_in_another_account_is_restored_there(scene, kit):
    """A copy is restored where it lies, whatever account its source belongs to."""
    scene.vault()
    central = scene.central_vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": central}]))
    scene.wait(days=1)
    (copy,) = scene.points("central", account=kit.CENTRAL)
    role = scene.role(kit.CENTRAL, name="restore")
    asked = {"RecoveryPointArn": copy["RecoveryPointArn"], "Metadata": {"targetTableName": "orders"}, "IamRoleArn": role}
    job = scene.do("StartRestoreJob", account=kit.CENTRAL, **asked)["RestoreJobId"]
    scene.wait(hours=1)
    done = scene.do("DescribeRestoreJob", account=kit.CENTRAL, RestoreJobId=job)
    assert done["CreatedResourceArn"] == f"arn:aws:dynamodb:{kit.REGION}:{kit.CENTRAL}:table/orders"
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        scene.do("DescribeRestoreJob", RestoreJobId=job)
    listed = scene.do("ListRestoreJobs", account=kit.MANAGEMENT, ByAccountId="*")["RestoreJobs"]
    assert [each["RestoreJobId"] for each in listed] == [job]


def test_lists_filter_and_page(scene, kit):
    """ListRestoreJobs filters by status, type and time and pages; ListRestoreJobsByProtectedResource by source and age of the backup."""
    table, disk = _backed_up(scene, scene.table("orders")), _backed_up(scene, scene.volume())
    first = _restore(scene, table, {"targetTableName": "one"})
    _restore(scene, table, {})
    _restore(scene, disk, {"availabilityZone": f"{kit.REGION}a"})

    def listed(operation="ListRestoreJobs", **filters):
        return [job["SourceResourceArn"] for job in scene.do(operation, **filters)["RestoreJobs"]]

    assert listed(ByStatus="FAILED") == [table["ResourceArn"]]
    assert listed(ByResourceType="EBS") == [disk["ResourceArn"]]
    assert listed(ByCompleteBefore=first["CompletionDate"]) == [table["ResourceArn"]]
    assert listed(ByParentJobId="none") == listed(ByRestoreTestingPlanArn="arn:none") == []
    page = scene.do("ListRestoreJobs", MaxResults=2)
    assert len(page["RestoreJobs"]) == 2
    assert listed(NextToken=page["NextToken"]) == [disk["ResourceArn"]]
    by_resource = "ListRestoreJobsByProtectedResource"
    assert listed(by_resource, ResourceArn=table["ResourceArn"], ByStatus="COMPLETED") == [table["ResourceArn"]]
    later = table["CreationDate"] + timedelta(seconds=1)
    assert listed(by_resource, ResourceArn=table["ResourceArn"], ByRecoveryPointCreationDateAfter=later) == []
    assert len(listed(by_resource, ResourceArn=table["ResourceArn"], ByRecoveryPointCreationDateBefore=later)) == 2
    with pytest.raises(ApiError, match="InvalidParameterValueException"):
        listed(by_resource, ResourceArn="orders")


def test_e17_lists_reach_back_thirty_days(scene):
    """E17: older restore jobs vanish."""
    job = _restore(scene, _backed_up(scene, scene.table("orders")), {"targetTableName": "new"})
    scene.wait(days=29)
    assert [each["RestoreJobId"] for each in scene.do("ListRestoreJobs")["RestoreJobs"]] == [job["RestoreJobId"]]
    scene.wait(days=2)
    assert scene.do("ListRestoreJobs")["RestoreJobs"] == []


def test_metadata_of_a_job_and_last_restore(scene):
    """GetRestoreJobMetadata shows what was asked, DescribeProtectedResource the last completed restore."""
    point = _backed_up(scene, scene.table("orders"))
    job = _restore(scene, point, {"targetTableName": "new"})
    assert scene.do("GetRestoreJobMetadata", RestoreJobId=job["RestoreJobId"])["Metadata"] == {"targetTableName": "new"}
    described = scene.do("DescribeProtectedResource", ResourceArn=point["ResourceArn"])
    assert described["LatestRestoreJobCreationDate"] == job["CreationDate"]
    assert described["LatestRestoreRecoveryPointCreationDate"] == point["CreationDate"]
    assert 1 <= described["LatestRestoreExecutionTimeMinutes"] <= 4


def test_validation_is_for_restore_tests(scene):
    """A restore that nobody tests awaits no validation."""
    job = _restore(scene, _backed_up(scene, scene.table("orders")), {"targetTableName": "new"})
    with pytest.raises(ApiError, match="InvalidRequestException"):
        scene.do("PutRestoreValidationResult", RestoreJobId=job["RestoreJobId"], ValidationStatus="SUCCESSFUL")
    with pytest.raises(ApiError, match="InvalidParameterValueException"):
        scene.do("PutRestoreValidationResult", RestoreJobId=job["RestoreJobId"], ValidationStatus="TIMED_OUT")


def test_e17_summaries_count_up_to_midnight(scene, kit):
    """E17: summaries count jobs up to the latest midnight UTC, by state or all together, by day or by period."""
    point = _backed_up(scene, scene.table("orders"))
    _restore(scene, point, {"targetTableName": "one"}, wait={"hours": 1})
    assert scene.do("ListRestoreJobSummaries")["RestoreJobSummaries"] == []
    _restore(scene, point, {}, wait={"days": 2})
    (row,) = scene.do("ListRestoreJobSummaries", AggregationPeriod="FOURTEEN_DAYS")["RestoreJobSummaries"]
    assert (row["Count"], row["State"], row["AccountId"]) == (2, "AGGREGATE_ALL", kit.WORKLOAD)
    assert (row["EndTime"].hour, row["EndTime"] - row["StartTime"]) == (0, timedelta(days=14))
    rows = scene.do("ListRestoreJobSummaries", State="ANY", ResourceType="DynamoDB")["RestoreJobSummaries"]
    assert sorted((each["State"], each["Count"]) for each in rows) == [("COMPLETED", 1), ("FAILED", 1)]
    backups = scene.do("ListBackupJobSummaries", MessageCategory="success", AggregationPeriod="SEVEN_DAYS")["BackupJobSummaries"]
    assert [(each["Count"], each["MessageCategory"]) for each in backups] == [(1, "SUCCESS")]
    assert scene.do("ListCopyJobSummaries")["CopyJobSummaries"] == []


def test_summaries_of_all_accounts(scene, kit):
    """The management account sees all accounts, a member its own whatever it asks for."""
    _backed_up(scene, scene.table("orders"))
    scene.wait(days=1)
    for asked, shown in (("ANY", kit.WORKLOAD), ("AGGREGATE_ALL", "AGGREGATE_ALL"), (kit.WORKLOAD, kit.WORKLOAD)):
        (row,) = scene.do("ListBackupJobSummaries", account=kit.MANAGEMENT, AccountId=asked)["BackupJobSummaries"]
        assert (row["AccountId"], row["Count"]) == (shown, 1)
    assert scene.do("ListBackupJobSummaries", account=kit.CENTRAL, AccountId="ANY")["BackupJobSummaries"] == []
    with pytest.raises(ApiError, match="InvalidParameterValueException: MaxResults"):
        scene.do("ListBackupJobSummaries", MaxResults=501)
