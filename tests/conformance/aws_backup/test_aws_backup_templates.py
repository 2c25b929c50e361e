"""Plan templates, indexes and composite recovery points through boto3: written, read back, refused."""

import json

import pytest

RULE = {"RuleName": "daily", "TargetBackupVaultName": "local", "Lifecycle": {"DeleteAfterDays": 35}}


def test_a_plan_survives_export_and_reading_back(aws):
    """What was exported comes back as a plan document; a changed template is refused."""
    backup, name = aws.client("backup"), aws.name("plan")
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [RULE]})["BackupPlanId"]
    template = backup.export_backup_plan_template(BackupPlanId=plan)["BackupPlanTemplateJson"]
    read = backup.get_backup_plan_from_json(BackupPlanTemplateJson=template)["BackupPlan"]
    assert read == {"BackupPlanName": name, "Rules": [RULE]}
    changed = template.replace(name, "other")
    assert aws.refusal(backup.get_backup_plan_from_json, BackupPlanTemplateJson=changed)[0] == "InvalidRequestException"
    for nonsense in ("{", "[]", '{"BackupPlan": 3, "Signature": ""}'):
        assert aws.refusal(backup.get_backup_plan_from_json, BackupPlanTemplateJson=nonsense)[0] == "InvalidParameterValueException"
    assert aws.refusal(backup.export_backup_plan_template, BackupPlanId="none")[0] == "ResourceNotFoundException"
    backup.delete_backup_plan(BackupPlanId=plan)


def test_every_offered_template_makes_a_plan(aws):
    """Templates are listed in pages; each document is accepted by CreateBackupPlan."""
    backup = aws.client("backup")
    first = backup.list_backup_plan_templates(MaxResults=1)
    rest = backup.list_backup_plan_templates(NextToken=first["NextToken"])["BackupPlanTemplatesList"]
    templates = [*first["BackupPlanTemplatesList"], *rest]
    assert len({template["BackupPlanTemplateName"] for template in templates}) == len(templates) > 1
    for template in templates:
        document = backup.get_backup_plan_from_template(BackupPlanTemplateId=template["BackupPlanTemplateId"])["BackupPlanDocument"]
        document = json.loads(json.dumps(document)) | {"BackupPlanName": aws.name("plan")}
        backup.delete_backup_plan(BackupPlanId=backup.create_backup_plan(BackupPlan=document)["BackupPlanId"])
    assert aws.refusal(backup.get_backup_plan_from_template, BackupPlanTemplateId="none")[0] == "ResourceNotFoundException"


@pytest.mark.aws_costs
def test_an_index_is_made_listed_and_removed(aws):
    """Pending, active after a while, and gone after its removal; a table can't be indexed."""
    backup, vault = aws.client("backup"), aws.name("conformance")
    disk = aws.client("ec2").create_volume(AvailabilityZone=f"{aws.region}a", Size=8)["VolumeId"]
    backup.create_backup_vault(BackupVaultName=vault)
    arn = f"arn:aws:ec2:{aws.region}:{aws.account}:volume/{disk}"
    backup.start_backup_job(BackupVaultName=vault, ResourceArn=arn, IamRoleArn=aws.role())
    aws.advance("1h")
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    named = {"BackupVaultName": vault, "RecoveryPointArn": point["RecoveryPointArn"]}
    assert aws.refusal(backup.get_recovery_point_index_details, **named)[0] == "ResourceNotFoundException"
    assert backup.update_recovery_point_index_settings(**named, Index="ENABLED")["IndexStatus"] == "PENDING"
    aws.advance("1h")
    assert backup.get_recovery_point_index_details(**named)["IndexStatus"] == "ACTIVE"
    (listed,) = backup.list_indexed_recovery_points(SourceResourceArn=arn)["IndexedRecoveryPoints"]
    assert (listed["RecoveryPointArn"], listed["BackupVaultArn"]) == (point["RecoveryPointArn"], point["BackupVaultArn"])
    assert backup.list_indexed_recovery_points(SourceResourceArn=arn, IndexStatus="PENDING")["IndexedRecoveryPoints"] == []
    assert backup.update_recovery_point_index_settings(**named, Index="DISABLED")["IndexStatus"] == "DELETING"
    aws.advance("1h")
    assert backup.list_indexed_recovery_points(SourceResourceArn=arn)["IndexedRecoveryPoints"] == []
    table = aws.point()
    other = {"BackupVaultName": table["BackupVaultName"], "RecoveryPointArn": table["RecoveryPointArn"]}
    assert aws.refusal(backup.update_recovery_point_index_settings, **other, Index="ENABLED")[0] == "InvalidRequestException"


@pytest.mark.aws_costs
def test_a_recovery_point_without_a_parent_can_not_leave_it(aws):
    """DisassociateRecoveryPointFromParent is for members of composites; DisassociateRecoveryPoint takes a point out of AWS Backup."""
    backup, point = aws.client("backup"), aws.point()
    named = {"BackupVaultName": point["BackupVaultName"], "RecoveryPointArn": point["RecoveryPointArn"]}
    assert aws.refusal(backup.disassociate_recovery_point_from_parent, **named)[0] == "InvalidRequestException"
    (protected,) = backup.list_protected_resources_by_backup_vault(BackupVaultName=point["BackupVaultName"])["Results"]
    assert protected["ResourceArn"] == point["ResourceArn"]
    backup.disassociate_recovery_point(**named)
    assert aws.refusal(backup.describe_recovery_point, **named)[0] == "ResourceNotFoundException"
    nowhere = aws.refusal(backup.list_protected_resources_by_backup_vault, BackupVaultName=aws.name("none"))
    assert nowhere[0] == "ResourceNotFoundException"
