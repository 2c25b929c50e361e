"""Backups of CloudFormation stacks: composite recovery points, the nested ones in them, and the jobs that make and copy them."""

import json

import pytest

_ATTRIBUTES = [{"AttributeName": "id", "AttributeType": "S"}]
_TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "AttributeDefinitions": _ATTRIBUTES,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
}
_TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {}}  # nothing that AWS Backup knows


def _stack(aws, **resources):
    """Make a stack, and return its ARN."""
    cloudformation, name = aws.client("cloudformation"), aws.name("stack").replace("_", "-")
    made = cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0 if aws.twin else 5})
    return made["StackId"]


def _vault(aws):
    backup, vault = aws.client("backup"), aws.name("conformance")
    return vault, backup.create_backup_vault(BackupVaultName=vault)["BackupVaultArn"]


def _backed_up(aws, stack, **more):
    """Back a stack up, and return the vault, the composite recovery point and the nested ones."""
    backup, (vault, _) = aws.client("backup"), _vault(aws)
    made = backup.start_backup_job(BackupVaultName=vault, ResourceArn=stack, IamRoleArn=aws.role(), **more)
    assert made["IsParent"]
    aws.advance("2h")
    points = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    (parent,) = [point for point in points if point["IsParent"]]
    return vault, parent, [point for point in points if not point["IsParent"]], made["BackupJobId"]


@pytest.mark.aws_costs
def test_a_stack_is_backed_up_as_a_whole(aws):
    """Template and members get jobs and recovery points of their own, which name their parent and their logical id."""
    backup, stack = aws.client("backup"), _stack(aws, Orders=_TABLE, Bills=_TABLE)
    vault, parent, nested, job_id = _backed_up(aws, stack, Lifecycle={"DeleteAfterDays": 30})
    assert (parent["Status"], parent["ResourceType"], parent["ResourceArn"]) == ("COMPLETED", "CloudFormation", stack)
    assert {point["ParentRecoveryPointArn"] for point in nested} == {parent["RecoveryPointArn"]}
    assert sorted(point.get("CompositeMemberIdentifier", "") for point in nested) == ["", "Bills", "Orders"]
    assert parent["CalculatedLifecycle"]["DeleteAt"] == max(point["CalculatedLifecycle"]["DeleteAt"] for point in nested)

    job = backup.describe_backup_job(BackupJobId=job_id)
    assert (job["State"], job["NumberOfChildJobs"], job["ChildJobsInState"]) == ("COMPLETED", 3, {"COMPLETED": 3})
    children = backup.list_backup_jobs(ByParentJobId=job_id)["BackupJobs"]
    assert {child["ParentJobId"] for child in children} == {job_id}
    assert sorted(child["ResourceType"] for child in children) == ["CloudFormation", "DynamoDB", "DynamoDB"]
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault, ByParentRecoveryPointArn=parent["RecoveryPointArn"])
    assert len(listed["RecoveryPoints"]) == 3


@pytest.mark.aws_costs
def test_a_stack_with_something_unsupported_is_partial(aws):
    """A resource that AWS Backup doesn't know makes the composite recovery point PARTIAL, although all jobs were completed."""
    _, parent, nested, job_id = _backed_up(aws, _stack(aws, Orders=_TABLE, Topic=_TOPIC))
    job = aws.client("backup").describe_backup_job(BackupJobId=job_id)
    assert (parent["Status"], len(nested), job["State"]) == ("PARTIAL", 2, "COMPLETED")


@pytest.mark.aws_costs
def test_a_composite_recovery_point_is_not_restored_and_goes_last(aws):
    """Nested recovery points are restored, not the composite one; it is deleted after them, or once they have left it."""
    backup = aws.client("backup")
    vault, parent, nested, _ = _backed_up(aws, _stack(aws, Orders=_TABLE))
    refused = aws.refusal(backup.start_restore_job, RecoveryPointArn=parent["RecoveryPointArn"], IamRoleArn=aws.role(), Metadata={})
    assert refused[0] == "InvalidRequestException"
    place = {"BackupVaultName": vault}
    for removal in (backup.delete_recovery_point, backup.disassociate_recovery_point):
        assert aws.refusal(removal, **place, RecoveryPointArn=parent["RecoveryPointArn"])[0] == "InvalidRequestException"

    leaving, staying = nested
    backup.disassociate_recovery_point_from_parent(**place, RecoveryPointArn=leaving["RecoveryPointArn"])
    alone = backup.describe_recovery_point(**place, RecoveryPointArn=leaving["RecoveryPointArn"])
    assert "ParentRecoveryPointArn" not in alone
    again = aws.refusal(backup.disassociate_recovery_point_from_parent, **place, RecoveryPointArn=leaving["RecoveryPointArn"])
    assert again[0] == "InvalidRequestException"
    backup.delete_recovery_point(**place, RecoveryPointArn=staying["RecoveryPointArn"])
    backup.delete_recovery_point(**place, RecoveryPointArn=parent["RecoveryPointArn"])
    left = backup.list_recovery_points_by_backup_vault(**place)["RecoveryPoints"]
    assert [point["RecoveryPointArn"] for point in left] == [leaving["RecoveryPointArn"]]


@pytest.mark.aws_costs
def test_a_composite_recovery_point_is_copied_with_its_members(aws):
    """The copy job starts one for each nested recovery point; their copies belong to the copy of the composite one."""
    backup, (target, target_arn) = aws.client("backup"), _vault(aws)
    vault, parent, nested, _ = _backed_up(aws, _stack(aws, Orders=_TABLE))
    made = backup.start_copy_job(
        RecoveryPointArn=parent["RecoveryPointArn"],
        SourceBackupVaultName=vault,
        DestinationBackupVaultArn=target_arn,
        IamRoleArn=aws.role(),
    )
    assert made["IsParent"]
    aws.advance("2h")
    copy = backup.describe_copy_job(CopyJobId=made["CopyJobId"])["CopyJob"]
    assert (copy["State"], copy["NumberOfChildJobs"], copy["ChildJobsInState"]) == ("COMPLETED", 2, {"COMPLETED": 2})
    children = backup.list_copy_jobs(ByParentJobId=made["CopyJobId"])["CopyJobs"]
    assert {child["SourceRecoveryPointArn"] for child in children} == {point["RecoveryPointArn"] for point in nested}
    assert sorted(child.get("CompositeMemberIdentifier", "") for child in children) == ["", "Orders"]
    there = backup.list_recovery_points_by_backup_vault(BackupVaultName=target)["RecoveryPoints"]
    (arrived,) = [point for point in there if point["IsParent"]]
    assert arrived["RecoveryPointArn"] == copy["DestinationRecoveryPointArn"]
    assert [point.get("ParentRecoveryPointArn") for point in there if not point["IsParent"]] == [arrived["RecoveryPointArn"]] * 2


@pytest.mark.aws_costs
def test_a_composite_recovery_point_ends_after_its_members(aws):
    """Its end follows the longest-lived member; nothing of it is left then."""
    backup = aws.client("backup")
    vault, parent, nested, _ = _backed_up(aws, _stack(aws, Orders=_TABLE), Lifecycle={"DeleteAfterDays": 1})
    place, longer = {"BackupVaultName": vault}, {"DeleteAfterDays": 5}
    refused = aws.refusal(backup.update_recovery_point_lifecycle, **place, RecoveryPointArn=parent["RecoveryPointArn"], Lifecycle=longer)
    assert refused[0] == "InvalidRequestException"
    backup.update_recovery_point_lifecycle(**place, RecoveryPointArn=nested[0]["RecoveryPointArn"], Lifecycle=longer)
    ends = [
        backup.describe_recovery_point(**place, RecoveryPointArn=point["RecoveryPointArn"])["CalculatedLifecycle"]["DeleteAt"]
        for point in (nested[0], parent)
    ]
    assert ends[0] == ends[1]
    aws.advance("4d")
    left = backup.list_recovery_points_by_backup_vault(**place)["RecoveryPoints"]
    assert {point["RecoveryPointArn"] for point in left} == {nested[0]["RecoveryPointArn"], parent["RecoveryPointArn"]}
    aws.advance("2d")
    assert backup.list_recovery_points_by_backup_vault(**place)["RecoveryPoints"] == []
