"""AWS Backup of the twin through boto3, as any client sees it."""

import json

import pytest
from botocore.exceptions import ClientError

SHOP = "555555555555"
CENTRAL = "333333333333"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def _refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


def test_vault_life(twin):
    """A vault is made, described, tagged, locked, unlocked and deleted."""
    backup = twin.client("backup", account=SHOP)
    made = backup.create_backup_vault(BackupVaultName="conformance-life", BackupVaultTags={"team": "backup"})
    assert made["BackupVaultArn"] == f"arn:aws:backup:eu-west-2:{SHOP}:backup-vault:conformance-life"
    again = _refusal(backup.create_backup_vault, BackupVaultName="conformance-life")
    assert (again["Error"]["Code"], again["Arn"]) == ("AlreadyExistsException", made["BackupVaultArn"])
    backup.put_backup_vault_lock_configuration(BackupVaultName="conformance-life", MinRetentionDays=7, MaxRetentionDays=365)
    described = backup.describe_backup_vault(BackupVaultName="conformance-life")
    assert (described["Locked"], described["MinRetentionDays"], "LockDate" in described) == (True, 7, False)
    backup.delete_backup_vault_lock_configuration(BackupVaultName="conformance-life")
    backup.tag_resource(ResourceArn=made["BackupVaultArn"], Tags={"more": "yes"})
    backup.untag_resource(ResourceArn=made["BackupVaultArn"], TagKeyList=["team"])
    assert backup.list_tags(ResourceArn=made["BackupVaultArn"])["Tags"] == {"more": "yes"}
    assert backup.delete_backup_vault(BackupVaultName="conformance-life")["ResponseMetadata"]["HTTPStatusCode"] == 200
    gone = _refusal(backup.describe_backup_vault, BackupVaultName="conformance-life")
    assert gone["Error"]["Code"] == "ResourceNotFoundException"
    assert gone["Error"]["Message"]


def test_plan_backs_up_and_copies_every_night(own_twin):
    """A plan made with boto3 runs: backups in the account, copies in the central account, both listed and described."""
    shop, central = own_twin.client("backup", account=SHOP), own_twin.client("backup", account=CENTRAL)
    keys = own_twin.client("kms", account=CENTRAL)
    key = keys.create_key()["KeyMetadata"]["Arn"]
    destination = central.create_backup_vault(BackupVaultName="central", EncryptionKeyArn=key)["BackupVaultArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"},
        "Action": "backup:CopyIntoBackupVault",
        "Resource": "*",
    }
    central.put_backup_vault_access_policy(BackupVaultName="central", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    own_twin.client("backup").update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})
    shop.create_backup_vault(BackupVaultName="local")
    role = own_twin.client("iam", account=SHOP).create_role(RoleName="shop-AWSBackup", AssumeRolePolicyDocument=json.dumps(TRUST))
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "local",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "StartWindowMinutes": 60,
        "Lifecycle": {"DeleteAfterDays": 7},
        "CopyActions": [{"DestinationBackupVaultArn": destination, "Lifecycle": {"DeleteAfterDays": 2557}}],
    }
    plan = shop.create_backup_plan(BackupPlan={"BackupPlanName": "shop", "Rules": [rule]})["BackupPlanId"]
    shop.create_backup_selection(
        BackupPlanId=plan,
        BackupSelection={
            "SelectionName": "prod",
            "IamRoleArn": role["Role"]["Arn"],
            "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "environment", "ConditionValue": "prod"}],
        },
    )
    own_twin.advance("20d")
    jobs = shop.get_paginator("list_backup_jobs").paginate(PaginationConfig={"PageSize": 7}).build_full_result()["BackupJobs"]
    names = {job["ResourceName"] for job in jobs if job["State"] == "COMPLETED"}
    assert names == {"orders", "shop-database", "shop-files"}  # S3 is not opted in, the disk is in the other Region
    assert len(jobs) == 20 * len(names)
    copies = [copy for copy in shop.list_copy_jobs()["CopyJobs"] if copy["State"] == "COMPLETED"]
    points = central.list_recovery_points_by_backup_vault(BackupVaultName="central")["RecoveryPoints"]
    assert {copy["DestinationRecoveryPointArn"] for copy in copies} == {point["RecoveryPointArn"] for point in points}
    point = central.describe_recovery_point(BackupVaultName="central", RecoveryPointArn=points[0]["RecoveryPointArn"])
    assert (point["Status"], point["StorageClass"], point["EncryptionKeyArn"]) == ("COMPLETED", "WARM", key)
    assert point["CalculatedLifecycle"]["DeleteAt"].date().toordinal() - point["CreationDate"].date().toordinal() == 2557
    local = shop.describe_backup_vault(BackupVaultName="local")["NumberOfRecoveryPoints"]
    assert local in range(7 * len(names), 8 * len(names) + 1)
    preview = shop.get_backup_plan(BackupPlanId=plan, MaxScheduledRunsPreview=3)["ScheduledRunsPreview"]
    assert [run["ExecutionTime"].hour for run in preview] == [2, 2, 2]
    job = shop.describe_backup_job(BackupJobId=jobs[-1]["BackupJobId"])
    assert (job["State"], job["CreatedBy"]["BackupPlanId"]) == ("COMPLETED", plan)
    metadata = shop.get_recovery_point_restore_metadata(BackupVaultName="local", RecoveryPointArn=job["RecoveryPointArn"])
    assert metadata["RestoreMetadata"]


def test_refusals_reach_boto3(twin):
    """Errors arrive with AWS's codes and texts."""
    backup = twin.client("backup", account=SHOP)
    bad = {"RuleName": "r", "TargetBackupVaultName": "local", "Lifecycle": {"DeleteAfterDays": 10, "MoveToColdStorageAfterDays": 5}}
    lifecycle = _refusal(backup.create_backup_plan, BackupPlan={"BackupPlanName": "bad", "Rules": [bad]})
    assert lifecycle["Error"]["Code"] == "InvalidParameterValueException"
    assert "cannot be less than 90 days apart" in lifecycle["Error"]["Message"]
    member = _refusal(backup.update_global_settings, GlobalSettings={"isCrossAccountBackupEnabled": "true"})
    assert member["Error"]["Code"] == "AccessDeniedException"


def test_settings(twin):
    """Opt-in and full management are per account and Region."""
    backup = twin.client("backup", account=SHOP)
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True, "Aurora": False})
    settings = backup.describe_region_settings()
    assert (settings["ResourceTypeOptInPreference"]["S3"], settings["ResourceTypeManagementPreference"]["DynamoDB"]) == (True, True)
    other = twin.client("backup", "eu-west-1", account=SHOP).describe_region_settings()
    assert other["ResourceTypeOptInPreference"]["S3"] is False
    assert "EBS" in backup.get_supported_resource_types()["ResourceTypes"]
