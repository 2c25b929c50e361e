"""Jobs, recovery points, vaults' settings and listings through boto3: written, read back, refused."""

import json

import pytest


@pytest.mark.aws_costs
def test_the_lifecycle_of_a_recovery_point_is_replaced_and_the_point_deleted(aws):
    """What UpdateRecoveryPointLifecycle sets is read back, what it omits is never; a deleted recovery point is gone."""
    backup, point = aws.client("backup"), aws.point(Lifecycle={"DeleteAfterDays": 35})
    target = {name: point[name] for name in ("BackupVaultName", "RecoveryPointArn")}
    answer = backup.update_recovery_point_lifecycle(**target, Lifecycle={"DeleteAfterDays": 200, "MoveToColdStorageAfterDays": 100})
    assert answer["Lifecycle"] == {"DeleteAfterDays": 200, "MoveToColdStorageAfterDays": 100}
    described = backup.describe_recovery_point(**target)
    assert (described["CalculatedLifecycle"]["DeleteAt"] - described["CreationDate"]).days == 200
    backup.update_recovery_point_lifecycle(**target)
    assert "Lifecycle" not in backup.describe_recovery_point(**target)
    close = {"DeleteAfterDays": 10, "MoveToColdStorageAfterDays": 5}
    assert aws.refusal(backup.update_recovery_point_lifecycle, **target, Lifecycle=close)[0] == "InvalidParameterValueException"
    (by_resource,) = backup.list_recovery_points_by_resource(ResourceArn=point["ResourceArn"])["RecoveryPoints"]
    assert by_resource["RecoveryPointArn"] == point["RecoveryPointArn"]
    pages = backup.get_paginator("list_protected_resources").paginate(PaginationConfig={"PageSize": 2})
    assert point["ResourceArn"] in {each["ResourceArn"] for page in pages for each in page["Results"]}
    backup.delete_recovery_point(**target)
    for call in (backup.describe_recovery_point, backup.delete_recovery_point, backup.update_recovery_point_lifecycle):
        assert aws.refusal(call, **target)[0] == "ResourceNotFoundException"
    assert backup.list_recovery_points_by_resource(ResourceArn=point["ResourceArn"])["RecoveryPoints"] == []


@pytest.mark.aws_costs
def test_a_backup_job_is_stopped(aws):
    """StopBackupJob ends a job of a volume as ABORTED without a recovery point; an ended one can't be stopped."""
    backup, vault = aws.client("backup"), aws.name("stopped")
    backup.create_backup_vault(BackupVaultName=vault)
    volume = aws.client("ec2").create_volume(AvailabilityZone=f"{aws.region}a", Size=500)["VolumeId"]
    arn = f"arn:aws:ec2:{aws.region}:{aws.account}:volume/{volume}"
    job = backup.start_backup_job(BackupVaultName=vault, ResourceArn=arn, IamRoleArn=aws.role())["BackupJobId"]
    backup.stop_backup_job(BackupJobId=job)
    aws.advance("2h")
    assert backup.describe_backup_job(BackupJobId=job)["State"] == "ABORTED"
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"] == []
    assert aws.refusal(backup.stop_backup_job, BackupJobId=job)[0] == "InvalidRequestException"
    assert aws.refusal(backup.stop_backup_job, BackupJobId="nothing")[0] == "ResourceNotFoundException"


@pytest.mark.aws_costs
def test_a_copy_on_demand_is_refused(aws):
    """StartCopyJob refuses what is no vault, an unsound lifecycle, and recovery points that aren't there."""
    backup, point, other = aws.client("backup"), aws.point(), aws.name("copied")
    destination = backup.create_backup_vault(BackupVaultName=other)["BackupVaultArn"]
    asked = {
        "RecoveryPointArn": point["RecoveryPointArn"],
        "SourceBackupVaultName": point["BackupVaultName"],
        "DestinationBackupVaultArn": destination,
        "IamRoleArn": aws.role(),
    }
    close = {"DeleteAfterDays": 10, "MoveToColdStorageAfterDays": 5}
    for code, wrong in (
        ("InvalidParameterValueException", {"DestinationBackupVaultArn": "elsewhere"}),
        ("InvalidParameterValueException", {"Lifecycle": close}),
        ("ResourceNotFoundException", {"RecoveryPointArn": f"{point['RecoveryPointArn']}0"}),
        ("ResourceNotFoundException", {"SourceBackupVaultName": "nothing-of-that-name"}),
    ):
        assert aws.refusal(backup.start_copy_job, **asked | wrong)[0] == code, wrong
    job = backup.start_copy_job(**asked)["CopyJobId"]
    aws.advance("2h")
    assert backup.describe_copy_job(CopyJobId=job)["CopyJob"]["State"] == "COMPLETED"
    (copy,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=other)["RecoveryPoints"]
    assert copy["SourceBackupVaultArn"] == point["BackupVaultArn"]


def test_an_access_policy_is_put_read_and_deleted(aws):
    """A policy is read back as it was given; actions with wildcards are refused; a deleted one is gone."""
    backup, vault = aws.client("backup"), aws.name("policy")
    backup.create_backup_vault(BackupVaultName=vault)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    backup.put_backup_vault_access_policy(BackupVaultName=vault, Policy=policy)
    assert json.loads(backup.get_backup_vault_access_policy(BackupVaultName=vault)["Policy"]) == json.loads(policy)
    for wrong in (json.dumps({"Statement": [deny | {"Action": "backup:*"}]}), "not a policy", "{}"):
        refused = aws.refusal(backup.put_backup_vault_access_policy, BackupVaultName=vault, Policy=wrong)
        assert refused[0] == "InvalidParameterValueException"
    backup.delete_backup_vault_access_policy(BackupVaultName=vault)
    assert aws.refusal(backup.get_backup_vault_access_policy, BackupVaultName=vault)[0] == "ResourceNotFoundException"
    backup.delete_backup_vault(BackupVaultName=vault)


def test_what_is_not_there_is_not_found(aws):
    """Operations on unknown jobs, vaults and resources answer ResourceNotFoundException."""
    backup, missing = aws.client("backup"), {"BackupVaultName": "nothing-of-that-name"}
    arn = f"arn:aws:backup:{aws.region}:{aws.account}:backup-vault:nothing-of-that-name"
    for call, asked in (
        (backup.describe_backup_job, {"BackupJobId": "nothing"}),
        (backup.describe_copy_job, {"CopyJobId": "nothing"}),
        (backup.describe_protected_resource, {"ResourceArn": f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/nothing"}),
        (backup.delete_backup_vault_access_policy, missing),
        (backup.delete_backup_vault_lock_configuration, missing),
        (backup.delete_backup_vault_notifications, missing),
        (backup.put_backup_vault_access_policy, missing | {"Policy": "{}"}),
        (backup.list_recovery_points_by_backup_vault, missing),
        (backup.list_tags, {"ResourceArn": arn}),
        (backup.tag_resource, {"ResourceArn": arn, "Tags": {"a": "b"}}),
        (backup.untag_resource, {"ResourceArn": arn, "TagKeyList": ["a"]}),
    ):
        assert aws.refusal(call, **asked)[0] == "ResourceNotFoundException", call


def test_every_list_refuses_a_wrong_token(aws):
    """A token that no page gave is refused by each listing, and an unknown type by the Region's settings."""
    backup, arn = aws.client("backup"), f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/nothing"
    for call in (
        backup.list_backup_jobs,
        backup.list_backup_plan_templates,
        backup.list_backup_plans,
        backup.list_backup_vaults,
        backup.list_copy_jobs,
        backup.list_frameworks,
        backup.list_indexed_recovery_points,
        backup.list_protected_resources,
        backup.list_report_plans,
    ):
        assert aws.refusal(call, NextToken="not-a-token")[0] == "InvalidParameterValueException", call
    by_resource = backup.list_recovery_points_by_resource
    assert aws.refusal(by_resource, ResourceArn=arn, NextToken="not-a-token")[0] == "InvalidParameterValueException"
    unknown = {"ResourceTypeOptInPreference": {"Carrier pigeons": True}}
    assert aws.refusal(backup.update_region_settings, **unknown)[0] == "InvalidParameterValueException"
