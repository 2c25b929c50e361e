"""Logically air-gapped vaults as the engine plays them: E9, E10 and FM28."""

from datetime import timedelta

import pytest

from strongroom.twin.ports import ApiError

FALLS_BACK = (
    "Backup job completed successfully to the target backup vault. "
    "This resource type is not supported by logically air-gapped backup vault."
)


@pytest.fixture
def gapped(scene):
    """A standard vault and an air-gapped one."""
    scene.vault()
    scene.arn = air_gapped(scene)
    return scene


def air_gapped(scene, name="gap", low=7, high=365, **more):
    made = scene.do("CreateLogicallyAirGappedBackupVault", BackupVaultName=name, MinRetentionDays=low, MaxRetentionDays=high, **more)
    return made["BackupVaultArn"]


def database(kit, name="shop", **tags):
    from moto.rds.models import rds_backends

    made = rds_backends[kit.WORKLOAD][kit.REGION].create_db_instance(
        {
            "db_instance_identifier": name,
            "engine": "postgres",
            "db_instance_class": "db.t3.micro",
            "allocated_storage": 10,
            "master_username": "shop",
            "master_user_password": "not-a-secret",
            "tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
    )
    return made.db_instance_arn


def start(scene, resource, *, role, **more):
    job = scene.do(
        "StartBackupJob",
        BackupVaultName="local",
        ResourceArn=resource,
        IamRoleArn=role,
        LogicallyAirGappedBackupVaultArn=scene.arn,
        Lifecycle=more.pop("Lifecycle", {"DeleteAfterDays": 30}),
        **more,
    )
    return job["BackupJobId"]


def test_e9_an_air_gapped_vault_takes_minutes_and_is_locked_at_once(scene):
    """CREATING for one to three minutes; locked without grace time since its creation; nobody changes the lock."""
    air_gapped(scene)
    first = scene.do("DescribeBackupVault", BackupVaultName="gap")
    assert (first["VaultState"], first["VaultType"]) == ("CREATING", "LOGICALLY_AIR_GAPPED_BACKUP_VAULT")
    assert (first["Locked"], first["LockDate"], first["EncryptionKeyType"]) == (True, first["CreationDate"], "AWS_OWNED_KMS_KEY")
    scene.wait(seconds=59)
    assert scene.do("DescribeBackupVault", BackupVaultName="gap")["VaultState"] == "CREATING"
    scene.wait(minutes=2, seconds=1)
    assert scene.do("DescribeBackupVault", BackupVaultName="gap")["VaultState"] == "AVAILABLE"
    with pytest.raises(ApiError) as refused:
        scene.do("DeleteBackupVaultLockConfiguration", BackupVaultName="gap")
    assert refused.value.code == "InvalidRequestException"


def test_e9_recovery_points_get_an_arn_of_aws_backup(gapped, kit):
    """The copy of a snapshot has an ARN of EC2 outside and of AWS Backup inside."""
    disk = gapped.volume(key=gapped.key().arn)
    role = gapped.role()
    gapped.do("StartBackupJob", BackupVaultName="local", ResourceArn=disk, IamRoleArn=role, Lifecycle={"DeleteAfterDays": 30})
    gapped.wait(hours=1)
    (point,) = gapped.points()
    assert ":ec2:" in point["RecoveryPointArn"]
    gapped.do(
        "StartCopyJob",
        RecoveryPointArn=point["RecoveryPointArn"],
        SourceBackupVaultName="local",
        DestinationBackupVaultArn=gapped.arn,
        IamRoleArn=role,
    )
    gapped.wait(hours=1)
    (copy,) = gapped.points("gap")
    assert copy["RecoveryPointArn"].startswith(f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:recovery-point:")
    assert (copy["IsEncrypted"], copy["EncryptionKeyType"], "EncryptionKeyArn" in copy) == (True, "AWS_OWNED_KMS_KEY", False)
    assert (copy["VaultType"], copy["CreationDate"]) == ("LOGICALLY_AIR_GAPPED_BACKUP_VAULT", point["CreationDate"])
    assert len(gapped.points()) == 1  # an ordinary recovery point is not a temporary one


def test_e10_a_temporary_point_goes_once_everything_is_copied(gapped, kit):
    """A disk goes through the standard vault: the recovery point there stays until the copies of the rule are over too."""
    gapped.volume(key=gapped.key().arn, environment="prod")
    gapped.vault("second")
    second = f"arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:backup-vault:second"
    gapped.plan(kit.rule(TargetLogicallyAirGappedBackupVaultArn=gapped.arn, CopyActions=[{"DestinationBackupVaultArn": second}]))
    gapped.wait(hours=14, minutes=1)
    seen = set()
    for _ in range(90):
        gapped.wait(minutes=1)
        states = tuple(sorted(copy["State"] for copy in gapped.copies()))
        seen.add((states, tuple(point["Lifecycle"].get("DeleteAfterEvent") for point in gapped.points())))
    assert (("COMPLETED", "RUNNING"), ("DELETE_AFTER_COPY",)) in seen or (("COMPLETED", "CREATED"), ("DELETE_AFTER_COPY",)) in seen
    assert {points for states, points in seen if states == ("COMPLETED", "COMPLETED")} == {()}
    assert (len(gapped.points("gap")), len(gapped.points("second"))) == (1, 1)
    (job,) = gapped.jobs()
    assert (job["State"], job["MessageCategory"], job["VaultType"]) == ("COMPLETED", "SUCCESS", "BACKUP_VAULT")


def test_e10_a_failed_copy_keeps_the_temporary_point_until_a_copy_by_hand(gapped):
    """The lock of the air-gapped vault refuses the copy; a later one that is kept long enough removes what was kept."""
    disk, role = gapped.volume(key=gapped.key().arn), gapped.role()
    start(gapped, disk, role=role, Lifecycle={"DeleteAfterDays": 3})
    gapped.wait(hours=2)
    (copy,) = gapped.copies()
    assert (copy["State"], "not within the range" in copy["StatusMessage"]) == ("FAILED", True)
    (point,) = gapped.points()
    request = {
        "RecoveryPointArn": point["RecoveryPointArn"],
        "SourceBackupVaultName": "local",
        "DestinationBackupVaultArn": gapped.arn,
        "IamRoleArn": role,
    }
    gapped.do("StartCopyJob", **request, Lifecycle={"DeleteAfterDays": 9})
    gapped.wait(hours=1)
    assert (gapped.points(), len(gapped.points("gap"))) == ([], 1)


def test_e10_a_copy_that_is_kept_shorter_does_not_count(gapped):
    """Only a completed copy that is kept as long as the temporary recovery point lets that go."""
    disk, role = gapped.volume(key=gapped.key().arn), gapped.role()
    start(gapped, disk, role=role, Lifecycle={"DeleteAfterDays": 400})  # the vault's maximum is 365
    gapped.wait(hours=2)
    (point,) = gapped.points()
    gapped.do(
        "StartCopyJob",
        RecoveryPointArn=point["RecoveryPointArn"],
        SourceBackupVaultName="local",
        DestinationBackupVaultArn=gapped.arn,
        IamRoleArn=role,
        Lifecycle={"DeleteAfterDays": 300},
    )
    gapped.wait(hours=1)
    assert (len(gapped.points()), len(gapped.points("gap"))) == (1, 1)


def test_a_legal_hold_keeps_a_temporary_point(gapped):
    """What a hold took in before the copy was over stays until the hold ends."""
    disk, role = gapped.volume(size=4000, key=gapped.key().arn), gapped.role()
    start(gapped, disk, role=role)
    while not gapped.points():
        gapped.wait(minutes=10)
    hold = gapped.do("CreateLegalHold", Title="case", Description="everything")["LegalHoldId"]
    gapped.wait(hours=30)
    assert (len(gapped.points()), len(gapped.points("gap"))) == (1, 1)
    gapped.do("CancelLegalHold", LegalHoldId=hold, CancelDescription="settled")
    gapped.wait(hours=25)
    assert (gapped.points(), len(gapped.points("gap"))) == ([], 1)


def test_fully_managed_types_go_straight_into_the_air_gapped_vault(gapped):
    """A table with full management leaves nothing in the standard vault, and the job names the air-gapped one."""
    table, role = gapped.table("orders"), gapped.role()
    start(gapped, table, role=role)
    gapped.wait(hours=1)
    (job,) = gapped.jobs()
    assert (job["BackupVaultArn"], job["VaultType"], job["MessageCategory"]) == (gapped.arn, "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "SUCCESS")
    assert (gapped.points(), len(gapped.points("gap")), gapped.copies()) == ([], 1, [])


def test_the_lock_of_the_air_gapped_vault_judges_what_goes_straight_there(gapped):
    """Retention outside the range fails the backup job itself."""
    start(gapped, gapped.table("orders"), role=gapped.role(), Lifecycle={"DeleteAfterDays": 6})
    gapped.wait(hours=1)
    assert gapped.jobs()[0]["StatusMessage"] == "Backup job failed because the lifecycle is outside the valid range for backup vault."


def test_fm28_unsupported_types_stay_behind_in_silence(gapped, kit):
    """A database instance and a basic DynamoDB table complete with issues, in the standard vault, with AWS's message."""
    role = gapped.role()
    start(gapped, database(kit), role=role)
    gapped.do("UpdateRegionSettings", ResourceTypeManagementPreference={"DynamoDB": False})
    start(gapped, gapped.table("orders"), role=role)
    gapped.wait(hours=2)
    for job in gapped.jobs():
        assert (job["State"], job["StatusMessage"], job["MessageCategory"] == "SUCCESS") == ("COMPLETED", FALLS_BACK, False)
    assert (len(gapped.points()), gapped.points("gap"), gapped.copies()) == (2, [], [])


def test_fm28_an_aws_managed_key_keeps_a_disk_in_the_standard_vault(gapped):
    """A disk under aws/ebs completes with issues and is not copied."""
    start(gapped, gapped.volume(key="alias/aws/ebs"), role=gapped.role())
    gapped.wait(hours=2)
    (job,) = gapped.jobs()
    end = "encrypted with an AWS managed key and cannot be copied to a logically air-gapped backup vault."
    assert (job["State"], job["StatusMessage"].endswith(end)) == ("COMPLETED", True)
    assert (len(gapped.points()), gapped.copies()) == (1, [])


def test_a_bucket_with_a_continuous_point_elsewhere_fails(gapped, kit):
    """S3 wants one vault for a bucket: the job fails until the old recovery point is disassociated."""
    gapped.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    bucket = gapped.bucket("receipts", environment="prod")
    gapped.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    gapped.wait(days=1)
    (point,) = gapped.points()
    role = gapped.role(name="other-AWSBackup")
    start(gapped, bucket, role=role)
    gapped.wait(hours=1)
    failed = gapped.jobs(ByState="FAILED")
    elsewhere = "Bucket receipts already has continuous backup enabled for another vault Backup job failed."
    assert [job["StatusMessage"] for job in failed] == [elsewhere]
    gapped.do("DisassociateRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    start(gapped, bucket, role=role)
    gapped.wait(hours=1)
    assert len(gapped.points("gap")) == 1


def test_nothing_is_ever_taken_out_of_an_air_gapped_vault(gapped):
    """Deletion, disassociation and lifecycle changes are refused; the retention ends it."""
    start(gapped, gapped.table("orders"), role=gapped.role())
    gapped.wait(hours=1)
    (point,) = gapped.points("gap")
    named = {"BackupVaultName": "gap", "RecoveryPointArn": point["RecoveryPointArn"]}
    for operation, more in (
        ("DeleteRecoveryPoint", {}),
        ("DisassociateRecoveryPoint", {}),
        ("UpdateRecoveryPointLifecycle", {"Lifecycle": {"DeleteAfterDays": 31}}),
    ):
        with pytest.raises(ApiError) as refused:
            gapped.do(operation, **named, **more)
        assert refused.value.code == "InvalidRequestException"
    with pytest.raises(ApiError) as refused:
        gapped.do("DeleteBackupVault", BackupVaultName="gap")
    assert refused.value.members["Code"] == "ERROR_9101"
    gapped.wait(days=31)
    gapped.do("DeleteBackupVault", BackupVaultName="gap")


def test_a_rule_can_not_name_an_air_gapped_vault_as_its_ordinary_target(gapped):
    """A backup job with the name of an air-gapped vault fails."""
    role, table = gapped.role(), gapped.table("orders")
    gapped.do("StartBackupJob", BackupVaultName="gap", ResourceArn=table, IamRoleArn=role)
    gapped.wait(hours=1)
    assert (gapped.jobs()[0]["State"], gapped.points("gap")) == ("FAILED", [])


def test_what_comes_out_needs_a_customer_key(gapped):
    """LAG to standard: a vault under aws/backup can't take it, one with a customer's key can."""
    role = gapped.role()
    gapped.do("CreateBackupVault", BackupVaultName="plain")
    start(gapped, gapped.volume(key=gapped.key().arn), role=role)
    gapped.wait(hours=2)
    (point,) = gapped.points("gap")
    for name in ("plain", "local"):
        arn = gapped.do("DescribeBackupVault", BackupVaultName=name)["BackupVaultArn"]
        request = {"RecoveryPointArn": point["RecoveryPointArn"], "SourceBackupVaultName": "gap", "DestinationBackupVaultArn": arn}
        gapped.do("StartCopyJob", **request, IamRoleArn=role)
        gapped.wait(hours=1)
    assert [copy["State"] for copy in gapped.copies()] == ["COMPLETED", "FAILED", "COMPLETED"]
    assert ":ec2:" in gapped.points()[0]["RecoveryPointArn"]


def test_any_steps_give_the_same_air_gapped_vaults(another_scene, kit):
    """The clock in one move or in many: the same recovery points on their way and at home."""

    def play(steps):
        kit.clear()
        scene = another_scene()
        scene.vault()
        scene.arn = air_gapped(scene)
        scene.volume(size=900, key=scene.key().arn, environment="prod")
        scene.volume(size=9, key="alias/aws/ebs", environment="prod")
        scene.table("orders", environment="prod")
        scene.plan(kit.rule(TargetLogicallyAirGappedBackupVaultArn=scene.arn, Lifecycle={"DeleteAfterDays": 8}))
        for _ in range(steps):
            scene.wait(seconds=timedelta(days=20).total_seconds() / steps)
        return scene.backup.dump()

    assert play(1) == play(613)


def test_any_steps_tell_the_same_and_report_the_same(another_scene, kit):
    """Nightly reports, messages of a topic and events of a rule don't depend on the steps of the clock."""

    def play(steps):
        kit.clear()
        scene = another_scene()
        queue = listening(scene, kit)
        scene.wait(seconds=1)
        for _ in range(steps):
            scene.wait(seconds=timedelta(days=6).total_seconds() / steps)
        messages = [message.body for message in queue.messages]
        from moto.s3.models import s3_backends

        reports = {name: key.value for name, key in s3_backends[kit.WORKLOAD]["aws"].buckets["reports"].keys.items()}
        return scene.backup.dump(), messages, reports

    one, many = play(1), play(211)
    assert one == many
    assert len(one[1]) > 30
    assert len(one[2]) == 6


def listening(scene, kit):
    """A plan, a bucket for reports, and a queue behind a topic of the vault and behind a rule."""
    import json

    from moto.events.models import events_backends
    from moto.s3.models import s3_backends
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    for backends in (events_backends, sns_backends, sqs_backends):
        backends.clear()
    place = (kit.WORKLOAD, kit.REGION)
    senders = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
    send = {"Effect": "Allow", "Principal": senders, "Action": "sqs:SendMessage", "Resource": "*"}
    lasting = {"MessageRetentionPeriod": "1209600", "Policy": json.dumps({"Version": "2012-10-17", "Statement": [send]})}
    queue = sqs_backends[place[0]][place[1]].create_queue("heard", **lasting)
    topic = sns_backends[place[0]][place[1]].create_topic("heard")
    statement = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "SNS:Publish", "Resource": "*"}
    topic.policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    subscription = sns_backends[place[0]][place[1]].subscribe(topic.arn, queue.queue_arn, "sqs")
    subscription.attributes["RawMessageDelivery"] = "true"  # the other kind is signed with a key of the moment
    rules = events_backends[place[0]][place[1]]
    pattern = json.dumps({"source": ["aws.backup"]})
    rules.put_rule(
        name="all",
        event_pattern=pattern,
        scheduled_expression=None,
        state="ENABLED",
        description=None,
        role_arn=None,
        event_bus_arn=None,
        managed_by=None,
        tags=[],
    )
    rules.put_targets("all", None, [{"Id": "queue", "Arn": queue.queue_arn}])
    reports = s3_backends[place[0]]["aws"].create_bucket("reports", kit.REGION)
    role = f"arn:aws:iam::{kit.WORKLOAD}:role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
    let_in = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/*"}
    reports.policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]}).encode()
    scene.vault()
    scene.do("PutBackupVaultNotifications", BackupVaultName="local", SNSTopicArn=topic.arn, BackupVaultEvents=["BACKUP_JOB_COMPLETED"])
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(Lifecycle={"DeleteAfterDays": 2}))
    channel, setting = {"S3BucketName": "reports", "Formats": ["CSV"]}, {"ReportTemplate": "BACKUP_JOB_REPORT"}
    scene.do("CreateReportPlan", ReportPlanName="nightly", ReportDeliveryChannel=channel, ReportSetting=setting)
    return queue


def test_a_policy_names_the_air_gapped_vault_of_each_region(scene, kit):
    """AWS puts account and Region in place of the placeholders; recovery points of tables lie in the vault of their account."""
    scene.vault()
    scene.arn = air_gapped(scene)
    scene.role()
    scene.table("orders", environment="prod")
    policy = kit.effective()
    arn = f"arn:aws:backup:$region:{kit.WORKLOAD}:backup-vault:gap"
    policy["plans"]["Production"]["rules"]["daily"]["target_logically_air_gapped_backup_vault_arn"] = arn
    scene.organization.policies[kit.WORKLOAD] = policy
    scene.organization.generation += 1
    scene.wait(days=1)
    (plan,) = scene.do("ListBackupPlans")["BackupPlansList"]
    document = scene.do("GetBackupPlan", BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
    assert document["Rules"][0]["TargetLogicallyAirGappedBackupVaultArn"] == scene.arn
    assert (scene.points(), len(scene.points("gap"))) == ([], 1)
