"""What wire calls ask for, as IAM sees it."""

from typing import Any

import pytest

from strongroom.twin.asked import ANY, asked

ACCOUNT, REGION = "111122223333", "eu-west-2"
VAULT = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:v"
POINT = f"arn:aws:ec2:{REGION}::snapshot/snap-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def wishes(service: str, operation: str, parameters: dict[str, Any]) -> list[tuple[str, str]]:
    found = asked(service, operation, parameters, account=ACCOUNT, region=REGION)
    return [(each.action, each.resource) for each in found]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("backup", "ListBackupVaults", {}, ("backup:ListBackupVaults", ANY)),
        ("backup", "DescribeBackupVault", {"BackupVaultName": "v"}, ("backup:DescribeBackupVault", VAULT)),
        ("backup", "DeleteRecoveryPoint", {"BackupVaultName": "v", "RecoveryPointArn": POINT}, ("backup:DeleteRecoveryPoint", POINT)),
        ("backup", "ListRecoveryPointsByResource", {"ResourceArn": "arn:x"}, ("backup:ListRecoveryPointsByResource", ANY)),
        ("backup", "TagResource", {"ResourceArn": VAULT, "Tags": {}}, ("backup:TagResource", VAULT)),
        ("backup", "GetBackupPlan", {"BackupPlanId": "p"}, ("backup:GetBackupPlan", f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:p")),
        ("tagging", "GetResources", {}, ("tag:GetResources", ANY)),
        ("ebs", "ListSnapshotBlocks", {"SnapshotId": "snap-1"}, ("ebs:ListSnapshotBlocks", f"arn:aws:ec2:{REGION}::snapshot/snap-1")),
        ("ebs", "StartSnapshot", {"SnapshotId": ""}, ("ebs:StartSnapshot", ANY)),
        ("monitoring", "ListMetrics", {}, ("cloudwatch:ListMetrics", ANY)),
        ("s3", "ListBuckets", {"Bucket": "", "Key": ""}, ("s3:ListAllMyBuckets", ANY)),
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, ("s3:GetObject", "arn:aws:s3:::b/k")),
        ("s3", "DeleteObjects", {"Bucket": "b", "Key": ""}, ("s3:DeleteObject", "arn:aws:s3:::b/*")),
        ("kms", "DescribeKey", {"KeyId": "1"}, ("kms:DescribeKey", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1")),
        ("iam", "GetRole", {"RoleName": "r"}, ("iam:GetRole", ROLE)),
        ("ec2", "DeleteSnapshot", {"SnapshotId": "snap-1"}, ("ec2:DeleteSnapshot", POINT)),
        ("dynamodb", "TagResource", {"ResourceArn": "arn:aws:dynamodb:x"}, ("dynamodb:TagResource", "arn:aws:dynamodb:x")),
    ],
)
def test_a_call_is_an_action_on_a_resource(service: str, operation: str, parameters: dict[str, Any], expected: tuple[str, str]) -> None:
    """Actions have IAM's names, resources their ARNs; where nothing is named, it is anything."""
    assert wishes(service, operation, parameters) == [expected]


def test_what_everybody_may_do_is_not_asked() -> None:
    """Who one is may everybody ask."""
    assert wishes("sts", "GetCallerIdentity", {}) == []


def test_a_role_that_is_handed_over_is_asked_for_too() -> None:
    """StartBackupJob is a permission for the vault, and one to pass the role to AWS Backup."""
    found = asked(
        "backup", "StartBackupJob", {"BackupVaultName": "v", "IamRoleArn": ROLE, "ResourceArn": "t"}, account=ACCOUNT, region=REGION
    )
    assert [(each.action, each.resource) for each in found] == [("backup:StartBackupJob", VAULT), ("iam:PassRole", ROLE)]
    assert dict(found[1].context)["iam:PassedToService"] == ("backup.amazonaws.com",)


def test_a_recovery_point_is_guarded_by_its_vault() -> None:
    """AWS Backup asks the policy of the vault that a recovery point lies in."""
    parameters = {"BackupVaultName": "v", "RecoveryPointArn": POINT}
    assert asked("backup", "DeleteRecoveryPoint", parameters, account=ACCOUNT, region=REGION)[0].guard == VAULT


def test_conditions_see_region_tags_and_targets() -> None:
    """What a call says of itself is there for conditions."""
    parameters = {
        "SourceBackupVaultName": "v",
        "RecoveryPointArn": POINT,
        "DestinationBackupVaultArn": VAULT,
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    context = dict(asked("backup", "StartCopyJob", parameters, account=ACCOUNT, region=REGION)[0].context)
    assert context["aws:RequestedRegion"] == (REGION,)
    assert context["aws:RequestTag/a"] == ("b",)
    assert context["backup:CopyTargets"] == (VAULT,)


@pytest.mark.parametrize("name", ["Tags.Tag.1", "Tags.member.1", "Tag.1", "TagSpecification.1.Tag.1"])
def test_tags_of_the_query_protocols_are_seen(name: str) -> None:
    """RDS, SNS and EC2 write them as numbered parameters."""
    (found,) = asked("rds", "AddTagsToResource", {f"{name}.Key": "a", f"{name}.Value": "b"}, account=ACCOUNT, region=REGION)
    context = dict(found.context)
    assert (context["aws:RequestTag/a"], context["aws:TagKeys"]) == (("b",), ("a",))
