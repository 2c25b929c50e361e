"""The engine as a whole: repeatable, the same in any steps, and fast; jobs that fail, fail in AWS's words."""

import json
from datetime import timedelta

import pytest


def _busy_estate(scene, kit):
    scene.vault()
    central = scene.central_vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    for number in range(4):
        scene.table(f"table-{number}", environment="prod")
        scene.bucket(f"bucket-{number}", environment="prod")
    scene.volume(size=900, environment="prod")
    scene.volume(size=20, environment="prod", key="alias/aws/ebs")
    scene.plan(
        kit.rule(
            Lifecycle={"DeleteAfterDays": 5},
            CopyActions=[{"DestinationBackupVaultArn": central, "Lifecycle": {"DeleteAfterDays": 9}}],
        ),
        kit.rule("weekly", ScheduleExpression="cron(30 4 ? * SUN *)", StartWindowMinutes=240),
    )


def _dump(scene):
    return json.dumps(scene.backup.dump(), default=str, sort_keys=True)


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(hours=7), timedelta(minutes=37)])
def test_one_jump_equals_many_steps(scene, another_scene, kit, step):
    """It makes no difference in which steps the clock is moved."""
    _busy_estate(scene, kit)
    keys = [vault["EncryptionKeyArn"] for vault in scene.do("ListBackupVaults")["BackupVaultList"]]
    scene.wait(days=40)
    other = _again(another_scene, scene, kit, keys)
    end = other.at + timedelta(days=40)
    while other.at < end:
        other.wait(seconds=min(step, end - other.at).total_seconds())
    assert _dump(other) == _dump(scene)


def _again(another_scene, scene, kit, keys):
    """The same vaults and plans over the same resources, in a world of its own."""
    other = another_scene()
    central_key = scene.do("DescribeBackupVault", account=kit.CENTRAL, BackupVaultName="central")
    policy = scene.do("GetBackupVaultAccessPolicy", account=kit.CENTRAL, BackupVaultName="central")["Policy"]
    other.do("CreateBackupVault", BackupVaultName="local", EncryptionKeyArn=keys[0])
    other.do("CreateBackupVault", account=kit.CENTRAL, BackupVaultName="central", EncryptionKeyArn=central_key["EncryptionKeyArn"])
    other.do("PutBackupVaultAccessPolicy", account=kit.CENTRAL, BackupVaultName="central", Policy=policy)
    other.do("UpdateGlobalSettings", account=kit.MANAGEMENT, GlobalSettings={"isCrossAccountBackupEnabled": "true"})
    other.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    (plan,) = scene.do("ListBackupPlans")["BackupPlansList"]
    version = scene.backup.dump()[f"{kit.WORKLOAD}/{kit.REGION}"]["plans"][plan["BackupPlanId"]]["versions"][0]
    plan_id = other.do("CreateBackupPlan", BackupPlan=version)["BackupPlanId"]
    (selection,) = scene.do("ListBackupSelections", BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
    document = scene.do("GetBackupSelection", BackupPlanId=plan["BackupPlanId"], SelectionId=selection["SelectionId"])["BackupSelection"]
    other.do("CreateBackupSelection", BackupPlanId=plan_id, BackupSelection=document)
    return other


def test_ninety_days_of_sixty_resources(scene, kit):
    """Every resource has a job and a copy each day, and the recovery points of about 30 days at the end."""
    scene.vault()
    central = scene.central_vault()
    for number in range(60):
        scene.table(f"table-{number}", environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": central, "Lifecycle": {"DeleteAfterDays": 2557}}]))
    happened = scene.wait(days=90)
    assert (happened["backup_jobs"], happened["copy_jobs"]) == (5400, 5400)
    status = scene.backup.status()
    assert status["copy_jobs"] == {"COMPLETED": 1800}
    assert scene.do("DescribeBackupVault", BackupVaultName="local")["NumberOfRecoveryPoints"] == 30 * 60
    assert scene.do("DescribeBackupVault", account=kit.CENTRAL, BackupVaultName="central")["NumberOfRecoveryPoints"] == 90 * 60


def test_pages_of_recovery_points(scene, kit):
    """A page holds 1,000 recovery points at most, the next page goes on where it ended."""
    scene.vault()
    for number in range(36):
        scene.table(f"table-{number}", environment="prod")
    scene.plan(kit.rule(Lifecycle=None))
    scene.wait(days=30)
    first = json.loads(scene.ask("GET", "/backup-vaults/local/recovery-points/", maxResults="1000").body)
    rest = json.loads(scene.ask("GET", "/backup-vaults/local/recovery-points/", nextToken=first["NextToken"]).body)
    arns = [point["RecoveryPointArn"] for page in (first, rest) for point in page["RecoveryPoints"]]
    assert (len(first["RecoveryPoints"]), len(set(arns)), "NextToken" in rest) == (1000, 1080, False)


def test_fm01_volume_on_the_aws_managed_key_is_backed_up_and_never_copied(scene, kit):
    """FM01: the backup is green every night, the cross-account copy fails every night."""
    scene.vault()
    central = scene.central_vault()
    scene.volume(environment="prod", key="alias/aws/ebs")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": central}]))
    scene.wait(days=3)
    assert [job["State"] for job in scene.jobs()] == ["COMPLETED"] * 3
    assert {(job["State"], job["StatusMessage"]) for job in scene.copies()} == {
        ("FAILED", "Snapshots encrypted with the AWS managed key can't be shared. Specify another snapshot.")
    }


def test_volume_on_a_customer_key_is_copied(scene, kit):
    """A customer-managed key, named by id or ARN, or no key at all, is no obstacle."""
    scene.vault()
    central = scene.central_vault()
    key = scene.key(shared_with=kit.CENTRAL)
    scene.volume(environment="prod", key=key.id)
    scene.volume(environment="prod", key=key.arn)
    scene.volume(environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": central}]))
    scene.wait(days=1)
    assert [job["State"] for job in scene.copies()] == ["COMPLETED"] * 3
    assert [point["IsEncrypted"] for point in scene.points()].count(False) == 1
    assert all(point["IsEncrypted"] for point in scene.points("central", account=kit.CENTRAL))


def test_key_that_is_not_shared_stops_the_copy(scene, kit):
    """A customer-managed key whose policy doesn't know the destination account is no better than none."""
    scene.vault()
    central = scene.central_vault()
    scene.volume(environment="prod", key=scene.key().arn)
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": central}]))
    scene.wait(days=1)
    assert [(job["State"], job["StatusMessage"]) for job in scene.copies()] == [("FAILED", "Given key ID is not accessible")]


def _one_copy(scene, kit, vault_arn):
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": vault_arn}]))
    scene.wait(days=1)
    (copy,) = scene.copies()
    return copy["State"], copy.get("StatusMessage")


def test_copy_without_the_global_setting_fails(scene, kit):
    """FM23: cross-account backup has to be switched on in the management account."""
    scene.vault()
    central = scene.central_vault()
    scene.do("UpdateGlobalSettings", account=kit.MANAGEMENT, GlobalSettings={"isCrossAccountBackupEnabled": "false"})
    assert _one_copy(scene, kit, central) == (
        "FAILED",
        "Copy job failed. Cross-account copy feature is not enabled for the current organization.",
    )


def test_copy_without_access_policy_fails(scene, kit):
    """The destination's access policy must allow the source account."""
    scene.vault()
    central = scene.central_vault()
    scene.do("DeleteBackupVaultAccessPolicy", account=kit.CENTRAL, BackupVaultName="central")
    assert _one_copy(scene, kit, central) == ("FAILED", "Access Denied trying to call AWS Backup service")


def test_copy_to_a_stranger_fails(scene, kit):
    """Both accounts must be members of the same organization."""
    scene.vault()
    scene.central_vault()
    stranger = scene.vault("far", account=kit.STRANGER)
    assert _one_copy(scene, kit, stranger) == (
        "FAILED",
        "Copy job failed. Both source and destination account must be a member of the same organization.",
    )


def test_copy_to_a_vault_on_the_service_key_fails(scene, kit):
    """FM02: the key aws/backup can't be shared with another account."""
    scene.vault()
    scene.central_vault()
    made = scene.do("CreateBackupVault", account=kit.CENTRAL, BackupVaultName="default-key")
    state, message = _one_copy(scene, kit, made["BackupVaultArn"])
    assert state == "FAILED"
    assert message.startswith("Copy job failed because the destination Backup vault is encrypted with the default Backup service")


def test_copy_of_basic_dynamodb_fails(scene, kit):
    """FM14: without advanced features a table's backups can't be copied, and have DynamoDB's own ARNs."""
    scene.vault()
    central = scene.central_vault()
    scene.do("UpdateRegionSettings", ResourceTypeManagementPreference={"DynamoDB": False})
    state, message = _one_copy(scene, kit, central)
    assert (state, message) == ("FAILED", "Feature is not supported for provided resource type.")
    assert "table/orders/backup/" in scene.points()[0]["RecoveryPointArn"]


def test_copy_under_a_disabled_key_fails(scene, kit):
    """FM05: a disabled key of the destination stops copies."""
    from moto.kms.models import kms_backends

    scene.vault()
    central = scene.central_vault()
    for key in kms_backends[kit.CENTRAL][kit.REGION].keys.values():
        key.key_state = "Disabled"
    assert _one_copy(scene, kit, central) == (
        "FAILED",
        "KMS key is either disabled or pending deletion or access to KMS key is denied",
    )


def test_copy_to_another_region(scene, kit):
    """A copy lies in the account and Region of its vault, with an ARN of that place."""
    scene.vault()
    far = scene.vault("far", region="eu-west-1")
    scene.volume(environment="prod")
    scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": far}]))
    scene.wait(days=1)
    (copy,) = scene.points("far", region="eu-west-1")
    assert copy["RecoveryPointArn"].startswith("arn:aws:ec2:eu-west-1::snapshot/snap-")
    assert scene.copies()[0]["DestinationRecoveryPointArn"] == copy["RecoveryPointArn"]


def test_missing_vault_and_role_fail_the_job(scene, kit):
    """FM07: jobs into a vault that isn't there, or under a role that isn't there, fail in AWS's words."""
    scene.table("orders", environment="prod")
    role = f"arn:aws:iam::{kit.WORKLOAD}:role/none-AWSBackup"
    scene.plan(kit.rule(), role=role)
    scene.wait(days=1)
    (job,) = scene.jobs()
    assert (job["State"], job["StatusMessage"]) == (
        "FAILED",
        f"Backup job failed because backup vault arn:aws:backup:{kit.REGION}:{kit.WORKLOAD}:backup-vault:local does not exist.",
    )
    scene.vault()
    scene.wait(days=1)
    job = scene.jobs()[-1]
    assert (job["State"], job["MessageCategory"]) == ("FAILED", "AccessDenied")
    assert job["StatusMessage"].endswith("cannot be assumed by AWS Backup")


def test_continuous_rule_keeps_one_available_point(scene, kit):
    """A continuous rule of S3 renews one AVAILABLE recovery point; a table of the same rule gets snapshots."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("invoices", environment="prod")
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    scene.wait(days=3)
    by_type = {}
    for point in scene.points():
        by_type.setdefault(point["ResourceType"], []).append(point["Status"])
    assert by_type == {"S3": ["AVAILABLE"], "DynamoDB": ["COMPLETED"] * 3}


def test_ticking_clock_brings_jobs_to_their_end(scene):
    """Without any run_until, a call lets happen what is due by now."""
    scene.vault()
    job = scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.table("orders"), IamRoleArn=scene.role())["BackupJobId"]
    scene.at += timedelta(hours=1)
    assert scene.do("DescribeBackupJob", BackupJobId=job)["State"] == "COMPLETED"


def test_backends_that_nobody_uses_are_not_made(scene, kit):
    """Reading the inventory makes no backend of EC2 and the like."""
    from moto.ec2.models import ec2_backends

    scene.vault()
    scene.plan(kit.rule())
    scene.wait(days=2)
    assert dict.get(ec2_backends, kit.WORKLOAD) is None
