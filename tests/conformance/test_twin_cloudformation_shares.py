"""Resource shares: air-gapped vaults that other accounts see by AWS Resource Access Manager, made by a stack or by hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.conformance.stacked import Stack

OWNER, SHOP, LEDGER, OUTSIDER = "333333333333", "555555555555", "666666666666", "999999999999"
REGION = "eu-west-2"
PERMISSION = "arn:aws:ram::aws:permission/AWSRAMDefaultPermissionBackupVault"
GAP = {
    "Type": "AWS::Backup::LogicallyAirGappedBackupVault",
    "Properties": {"BackupVaultName": "shared-gap", "MinRetentionDays": 7, "MaxRetentionDays": 90},
}


def share(*principals: str, **properties: Any) -> dict[str, Any]:
    """A share of the vault."""
    named = {"Name": "gap", "Principals": list(principals), "ResourceArns": [{"Fn::GetAtt": ["Gap", "BackupVaultArn"]}], **properties}
    return {"Type": "AWS::RAM::ResourceShare", "Properties": named}


@pytest.fixture
def stack(own_twin: Any) -> Stack:
    """A stack of the central account, in an organization that shares within itself."""
    own_twin.client("ram").enable_sharing_with_aws_organization()
    return Stack(own_twin, "sharing", OWNER, REGION)


def seen(twin: Any, account: str) -> list[str]:
    """Names of the vaults that an account sees of others."""
    backup = twin.client("backup", REGION, account)
    return [each["BackupVaultName"] for each in backup.list_backup_vaults(ByShared=True)["BackupVaultList"]]


def refusal(action: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_shared_vault_is_seen_by_the_accounts_of_its_share_and_by_nobody_else(own_twin: Any, stack: Stack) -> None:
    """ListBackupVaults, DescribeBackupVault and its recovery points answer in the shared account; an update changes who sees it."""
    assert stack.put({"Gap": GAP, "Share": share(SHOP, PermissionArns=[PERMISSION])}) == "CREATE_COMPLETE", stack.failures()
    assert (seen(own_twin, SHOP), seen(own_twin, LEDGER), seen(own_twin, OWNER)) == (["shared-gap"], [], [])
    backup = own_twin.client("backup", REGION, SHOP)
    shown = backup.describe_backup_vault(BackupVaultName="shared-gap", BackupVaultAccountId=OWNER)
    assert shown["BackupVaultArn"] == f"arn:aws:backup:{REGION}:{OWNER}:backup-vault:shared-gap"
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName="shared-gap", BackupVaultAccountId=OWNER)["RecoveryPoints"] == []
    other = own_twin.client("backup", REGION, LEDGER)
    hidden = {"BackupVaultName": "shared-gap", "BackupVaultAccountId": OWNER}
    assert refusal(lambda: other.describe_backup_vault(**hidden))[0] == "AccessDeniedException"
    assert stack.put({"Gap": GAP, "Share": share(LEDGER, Name="other")}, update=True) == "UPDATE_COMPLETE", stack.failures()
    assert (seen(own_twin, SHOP), seen(own_twin, LEDGER)) == ([], ["shared-gap"])
    ram = own_twin.client("ram", REGION, OWNER)
    (made,) = ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert (made["name"], made["resourceShareArn"]) == ("other", stack.physical()["Share"])
    stack.cloudformation.delete_stack(StackName="sharing")
    assert seen(own_twin, LEDGER) == []
    assert [each["status"] for each in ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]] == ["DELETED"]


def test_every_property_of_a_share_is_read_back(own_twin: Any, stack: Stack) -> None:
    """Name, principals, resources, permission and tags; a change by hand is drift."""
    tags = [{"Key": "team", "Value": "backup"}]
    wanted = share(SHOP, LEDGER, AllowExternalPrincipals=False, PermissionArns=[PERMISSION], Tags=tags)
    assert stack.put({"Gap": GAP, "Share": wanted}, tags={"strategy": "s"}) == "CREATE_COMPLETE", stack.failures()
    ram, arn = own_twin.client("ram", REGION, OWNER), stack.physical()["Share"]
    (made,) = ram.get_resource_shares(resourceOwner="SELF", tagFilters=[{"tagKey": "team", "tagValues": ["backup"]}])["resourceShares"]
    assert (made["name"], made["allowExternalPrincipals"], made["owningAccountId"]) == ("gap", False, OWNER)
    assert {tag["key"]: tag["value"] for tag in made["tags"]} == {"strategy": "s", "team": "backup"}
    principals = ram.get_resource_share_associations(associationType="PRINCIPAL", resourceShareArns=[arn])["resourceShareAssociations"]
    assert {each["associatedEntity"]: each["status"] for each in principals} == {SHOP: "ASSOCIATED", LEDGER: "ASSOCIATED"}
    assert [each["type"] for each in ram.list_resources(resourceOwner="SELF")["resources"]] == ["backup:BackupVault"]
    assert [each["arn"] for each in ram.list_resource_share_permissions(resourceShareArn=arn)["permissions"]] == [PERMISSION]
    theirs = own_twin.client("ram", REGION, SHOP)
    assert [each["resourceShareArn"] for each in theirs.get_resource_shares(resourceOwner="OTHER-ACCOUNTS")["resourceShares"]] == [arn]
    assert [each["id"] for each in theirs.list_principals(resourceOwner="OTHER-ACCOUNTS")["principals"]] == [OWNER]
    ram.disassociate_resource_share(resourceShareArn=arn, principals=[LEDGER])
    stack.cloudformation.detect_stack_drift(StackName="sharing")
    drifts = stack.cloudformation.describe_stack_resource_drifts(StackName="sharing")["StackResourceDrifts"]
    found = {each["LogicalResourceId"]: [one["ExpectedValue"] for one in each["PropertyDifferences"]] for each in drifts}
    assert found == {"Gap": [], "Share": [LEDGER]}


TRUST = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}


def role(twin: Any, account: str) -> str:
    """A role that AWS Backup can assume."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    made = twin.client("iam", "us-east-1", account).create_role(RoleName="sharing", AssumeRolePolicyDocument=document)
    arn: str = made["Role"]["Arn"]
    return arn


def test_an_account_restores_out_of_a_vault_that_is_shared_with_it(own_twin: Any, stack: Stack) -> None:
    """The recovery point is described and restored by the other account, with a role of its own; the third one can't."""
    assert stack.put({"Gap": GAP, "Share": share(SHOP)}) == "CREATE_COMPLETE", stack.failures()
    where = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    own_twin.client("s3", REGION, OWNER).create_bucket(Bucket="sharing-source", **where)
    own_twin.client("s3", REGION, OWNER).put_bucket_versioning(Bucket="sharing-source", VersioningConfiguration={"Status": "Enabled"})
    owner, shop = own_twin.client("backup", REGION, OWNER), own_twin.client("backup", REGION, SHOP)
    own_twin.advance("1h")
    owner.create_backup_vault(BackupVaultName="sharing-plain")
    owner.start_backup_job(
        BackupVaultName="sharing-plain",
        LogicallyAirGappedBackupVaultArn=f"arn:aws:backup:{REGION}:{OWNER}:backup-vault:shared-gap",
        ResourceArn="arn:aws:s3:::sharing-source",
        IamRoleArn=role(own_twin, OWNER),
        Lifecycle={"DeleteAfterDays": 30},
    )
    own_twin.advance("1d")
    vault = {"BackupVaultName": "shared-gap", "BackupVaultAccountId": OWNER}
    (point,) = shop.list_recovery_points_by_backup_vault(**vault)["RecoveryPoints"]
    arn = point["RecoveryPointArn"]
    assert shop.describe_recovery_point(**vault, RecoveryPointArn=arn)["Status"] == "COMPLETED"
    metadata = {"DestinationBucketName": "sharing-restored", "newBucket": "true", "encrypted": "true", "encryptionType": "SSE-S3"}
    asked = {"RecoveryPointArn": arn, "ResourceType": "S3", "Metadata": metadata}
    job = shop.start_restore_job(**asked, IamRoleArn=role(own_twin, SHOP))["RestoreJobId"]
    own_twin.advance("1d")
    assert shop.describe_restore_job(RestoreJobId=job)["Status"] == "COMPLETED"
    assert "sharing-restored" in [each["Name"] for each in own_twin.client("s3", REGION, SHOP).list_buckets()["Buckets"]]
    ledger = own_twin.client("backup", REGION, LEDGER)
    assert refusal(lambda: ledger.start_restore_job(**asked, IamRoleArn=role(own_twin, LEDGER)))[0] == "ResourceNotFoundException"


def test_a_vault_is_shared_with_accounts_only(own_twin: Any, stack: Stack) -> None:
    """AWS Backup's page: not with units or the organization; the stack says so and is rolled back."""
    organization = own_twin.client("organizations", "us-east-1").describe_organization()["Organization"]["Arn"]
    assert stack.put({"Gap": GAP, "Share": share(organization)}) == "ROLLBACK_COMPLETE"
    assert "can be shared with accounts only" in stack.failures()[0]
    stack.cloudformation.delete_stack(StackName="sharing")
    nobody = "arn:aws:organizations::111111111111:ou/o-nothing/ou-none-00000000"
    assert stack.put({"Gap": GAP, "Share": share(nobody)}) == "ROLLBACK_COMPLETE"
    assert "OrganizationalUnit ou-none-00000000 could not be found." in stack.failures()[0]


def test_an_account_outside_needs_an_invitation_and_may_be_excluded(own_twin: Any, stack: Stack) -> None:
    """It sees nothing before it accepts; a share that takes no external principals refuses it."""
    assert stack.put({"Gap": GAP, "Share": share(OUTSIDER, AllowExternalPrincipals=False)}) == "ROLLBACK_COMPLETE"
    assert "can only be shared within your AWS Organization" in stack.failures()[0]
    stack.cloudformation.delete_stack(StackName="sharing")
    assert stack.put({"Gap": GAP, "Share": share(OUTSIDER)}) == "CREATE_COMPLETE"
    ram = own_twin.client("ram", REGION, OWNER)
    (association,) = ram.get_resource_share_associations(associationType="PRINCIPAL")["resourceShareAssociations"]
    assert (association["status"], association["external"]) == ("ASSOCIATING", True)


def test_without_sharing_in_the_organization_even_its_accounts_are_invited(own_twin: Any) -> None:
    """An invitation is accepted once, and only then is the vault seen; a member can't switch sharing on."""
    member = own_twin.client("ram", REGION, SHOP)
    assert refusal(member.enable_sharing_with_aws_organization)[0] == "OperationNotPermittedException"
    stack = Stack(own_twin, "inviting", OWNER, REGION)
    assert stack.put({"Gap": GAP, "Share": share(SHOP, AllowExternalPrincipals=False)}) == "ROLLBACK_COMPLETE"
    assert "you have not enabled sharing with your AWS organization" in stack.failures()[0]
    stack.cloudformation.delete_stack(StackName="inviting")
    assert stack.put({"Gap": GAP, "Share": share(SHOP)}) == "CREATE_COMPLETE"
    assert seen(own_twin, SHOP) == []
    (invitation,) = member.get_resource_share_invitations()["resourceShareInvitations"]
    assert (invitation["status"], invitation["senderAccountId"]) == ("PENDING", OWNER)
    asked = {"resourceShareInvitationArn": invitation["resourceShareInvitationArn"]}
    assert member.accept_resource_share_invitation(**asked)["resourceShareInvitation"]["status"] == "ACCEPTED"
    assert seen(own_twin, SHOP) == ["shared-gap"]
    assert refusal(lambda: member.accept_resource_share_invitation(**asked))[0] == "ResourceShareInvitationAlreadyAcceptedException"


def test_shares_that_are_refused(own_twin: Any) -> None:
    """Foreign resources, malformed principals and shares that aren't there."""
    ram = own_twin.client("ram", REGION, OWNER)
    foreign = f"arn:aws:backup:{REGION}:{SHOP}:backup-vault:theirs"
    assert refusal(lambda: ram.create_resource_share(name="x", resourceArns=[foreign]))[0] == "OperationNotPermittedException"
    assert refusal(lambda: ram.create_resource_share(name="x", resourceArns=["vault"]))[0] == "MalformedArnException"
    assert refusal(lambda: ram.create_resource_share(name="x", principals=["somebody"]))[0] == "InvalidParameterException"
    nothing = f"arn:aws:ram:{REGION}:{OWNER}:resource-share/00000000-0000-0000-0000-000000000000"
    assert refusal(lambda: ram.delete_resource_share(resourceShareArn=nothing))[0] == "UnknownResourceException"
    assert refusal(lambda: ram.get_resource_shares(resourceOwner="SELF", resourceShareArns=[nothing]))[0] == "UnknownResourceException"
    assert refusal(lambda: ram.list_permission_versions(permissionArn=PERMISSION))[0] in {"NotImplemented", "UnknownOperationException"}
    whole = {"config": Config(parameter_validation=False), "aws_access_key_id": own_twin.keys[OWNER][0], "aws_secret_access_key": "test"}
    careless = own_twin.client_with("ram", REGION, **whole)
    assert refusal(lambda: careless.create_resource_share(principals=[SHOP]))[0] == "ValidationException"
    assert refusal(lambda: careless.tag_resource(resourceShareArn=nothing))[0] == "ValidationException"
