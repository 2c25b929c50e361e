"""A twin that enforces IAM: what callers may do, what jobs may do, and AWS's words when they may not."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import SEED, Twin

from strongroom.twin import process
from strongroom.twin.seedfile import load

SHOP, REGION = "555555555555", "eu-west-2"
ORDERS = f"arn:aws:dynamodb:{REGION}:{SHOP}:table/orders"
BUCKET = "shop-receipts"
SNAPSHOT = f"arn:aws:ec2:{REGION}::snapshot/snap-0ab"
SERVICE_ROLE = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicy"
NOTHING = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin of the small organization with --enforce-iam; its seed's users are administrators."""
    home = tmp_path_factory.mktemp("enforced")
    keys = {user.account: (user.access_key, user.secret) for user in load(SEED).users}
    yield Twin(endpoint=process.up(home, 0, SEED, enforce_iam=True), home=home, keys=keys)
    process.down(home)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(*actions, resource=resource, **more) | {"Effect": "Deny"}


def refused(call: Any, **parameters: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


class Role:
    """A session of a role in the shop with some statements of its own."""

    def __init__(self, twin: Twin, name: str, *statements: dict[str, Any], policy: str = "") -> None:
        self.twin, self.name, self.iam = twin, name, twin.client("iam", account=SHOP)
        trust = {"Effect": "Allow", "Principal": {"AWS": SHOP}, "Action": "sts:AssumeRole"}
        self.arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        more = {"Policy": policy} if policy else {}
        answer = twin.client("sts", account=SHOP).assume_role(RoleArn=self.arn, RoleSessionName="test", **more)["Credentials"]
        self.credentials = {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }

    def client(self, service: str, region: str = REGION) -> Any:
        return self.twin.client_with(service, region, **self.credentials)

    @property
    def session(self) -> str:
        return f"arn:aws:sts::{SHOP}:assumed-role/{self.name}/test"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("backup", "list_backup_vaults", {}, ("AccessDeniedException", 403, "backup:ListBackupVaults", "*")),
        ("dynamodb", "describe_table", {"TableName": "orders"}, ("AccessDeniedException", 400, "dynamodb:DescribeTable", ORDERS)),
        ("kms", "list_keys", {}, ("AccessDeniedException", 400, "kms:ListKeys", "*")),
        ("iam", "get_role", {"RoleName": "r"}, ("AccessDenied", 403, "iam:GetRole", f"arn:aws:iam::{SHOP}:role/r")),
        ("rds", "describe_db_instances", {}, ("AccessDenied", 403, "rds:DescribeDBInstances", "*")),
        ("ebs", "list_snapshot_blocks", {"SnapshotId": "snap-0ab"}, ("AccessDeniedException", 403, "ebs:ListSnapshotBlocks", SNAPSHOT)),
        ("s3", "list_objects_v2", {"Bucket": BUCKET}, ("AccessDenied", 403, "s3:ListBucket", f"arn:aws:s3:::{BUCKET}")),
        ("s3", "get_object", {"Bucket": BUCKET, "Key": "a/b"}, ("AccessDenied", 403, "s3:GetObject", f"arn:aws:s3:::{BUCKET}/a/b")),
    ],
)
def test_each_service_refuses_in_its_own_words(
    twin: Twin, service: str, operation: str, parameters: dict[str, str], expected: tuple[str, int, str, str]
) -> None:
    """A role without a permission hears who may not do what on which resource, and why."""
    code, status, action, resource = expected
    role = Role(twin, f"nobody-{service}-{operation}".replace("_", "-"), NOTHING)
    said = (
        f"User: {role.session} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the"
    )
    assert refused(getattr(role.client(service), operation), **parameters) == (code, status, f"{said} {action} action")


def test_ec2_has_a_sentence_of_its_own(twin: Twin) -> None:
    """UnauthorizedOperation, as EC2 says it."""
    code, status, message = refused(Role(twin, "nobody-ec2", NOTHING).client("ec2").describe_volumes)
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert message.startswith("You are not authorized to perform this operation. User: ")


def test_a_policy_gives_what_it_names_and_no_more(twin: Twin) -> None:
    """One table is readable, the others are not; a denial outranks the permission."""
    role = Role(twin, "one-table", allow("dynamodb:*", resource=ORDERS), deny("dynamodb:Scan"))
    dynamodb = role.client("dynamodb")
    assert dynamodb.describe_table(TableName="orders")["Table"]["TableArn"] == ORDERS
    assert refused(dynamodb.describe_table, TableName="other")[0] == "AccessDeniedException"
    assert "with an explicit deny in an identity-based policy" in refused(dynamodb.scan, TableName="orders")[2]


def test_a_call_whose_resource_the_twin_does_not_know_needs_the_action_alone(twin: Twin) -> None:
    """A permission for some resource is enough where nobody knows which one is asked for."""
    role = Role(twin, "efs-reader", allow("elasticfilesystem:DescribeFileSystems", resource=f"arn:aws:elasticfilesystem:*:{SHOP}:*"))
    assert role.client("efs").describe_file_systems()["FileSystems"]


def test_a_boundary_and_a_session_policy_bound(twin: Twin) -> None:
    """What both don't allow, the role's own policies can't give."""
    bounded = Role(twin, "in-session", allow("*"), policy=document(allow("dynamodb:*")))
    assert bounded.client("dynamodb").describe_table(TableName="orders")
    assert "because no session policy allows the backup:ListBackupVaults action" in refused(bounded.client("backup").list_backup_vaults)[2]
    role = Role(twin, "bounded", allow("*"))
    boundary = role.iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("iam:*")))["Policy"]["Arn"]
    role.iam.put_role_permissions_boundary(RoleName=role.name, PermissionsBoundary=boundary)
    assert "because no permissions boundary allows the" in refused(role.client("backup").list_backup_vaults)[2]


def test_control_policies_reach_members_and_not_the_management_account(twin: Twin) -> None:
    """A denial at the root stops administrators of members; without a level that allows, nothing goes."""
    organizations = twin.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    policy = organizations.create_policy(
        Name="no-vaults", Description="-", Type="SERVICE_CONTROL_POLICY", Content=document(deny("backup:CreateBackupVault"))
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=root)
    member = twin.client("backup", account=SHOP)
    try:
        message = refused(member.create_backup_vault, BackupVaultName="forbidden")[2]
        assert message.endswith("with an explicit deny in a service control policy")
        twin.client("backup").create_backup_vault(BackupVaultName="of-the-management-account")
    finally:
        organizations.detach_policy(PolicyId=policy, TargetId=root)
    member.create_backup_vault(BackupVaultName="allowed-again")
    organizations.attach_policy(PolicyId=policy, TargetId=SHOP)
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=SHOP)
    assert "because no service control policy allows the" in refused(member.list_backup_vaults)[2]
    organizations.attach_policy(PolicyId="p-FullAWSAccess", TargetId=SHOP)
    organizations.detach_policy(PolicyId=policy, TargetId=SHOP)


def test_a_role_is_assumed_by_those_who_may_on_both_sides(twin: Twin) -> None:
    """A trust policy for the account leaves it to the caller's own policies; one for the role itself does not."""
    open_to_account = Role(twin, "open-to-account", NOTHING)
    stranger = Role(twin, "stranger", NOTHING)
    sts = stranger.client("sts")
    wish = {"RoleArn": open_to_account.arn, "RoleSessionName": "xx"}
    assert refused(sts.assume_role, **wish)[0] == "AccessDenied"
    trust = {"Effect": "Allow", "Principal": {"AWS": stranger.arn}, "Action": "sts:AssumeRole"}
    stranger.iam.update_assume_role_policy(RoleName=open_to_account.name, PolicyDocument=document(trust))
    assert sts.assume_role(**wish)["AssumedRoleUser"]["Arn"].endswith("assumed-role/open-to-account/xx")


def test_keys_are_decided_by_their_own_policy(twin: Twin) -> None:
    """Not even an administrator uses a key whose policy doesn't say so."""
    kms = twin.client("kms", account=SHOP)
    only = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{SHOP}:user/nobody"}, "Action": "kms:*", "Resource": "*"}
    key = kms.create_key(Policy=document(only))["KeyMetadata"]["KeyId"]
    code, status, message = refused(kms.describe_key, KeyId=key)
    assert (code, status) == ("AccessDeniedException", 400)
    assert "because no resource-based policy allows the kms:DescribeKey action" in message


def test_a_role_has_to_be_passed_to_a_job(twin: Twin) -> None:
    """StartBackupJob needs iam:PassRole for AWS Backup, and for no other service."""
    twin.client("backup", account=SHOP).create_backup_vault(BackupVaultName="passing")
    passed = f"arn:aws:iam::{SHOP}:role/strongroom-read"
    wish = {"BackupVaultName": "passing", "ResourceArn": ORDERS, "IamRoleArn": passed}
    without = Role(twin, "starts-jobs", allow("backup:StartBackupJob"))
    assert (
        "is not authorized to perform: iam:PassRole on resource: " + passed in refused(without.client("backup").start_backup_job, **wish)[2]
    )
    condition = {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}}
    able = Role(twin, "passes-roles", allow("backup:StartBackupJob"), allow("iam:PassRole", resource=passed, Condition=condition))
    assert able.client("backup").start_backup_job(**wish)["BackupJobId"]


def test_a_job_does_what_its_role_may(twin: Twin) -> None:
    """A role that AWS Backup can assume and that may do nothing fails each job, and leaves recovery points at their end."""
    iam, backup = twin.client("iam", account=SHOP), twin.client("backup", account=SHOP)
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="jobs", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    backup.create_backup_vault(BackupVaultName="jobs")
    database = f"arn:aws:rds:{REGION}:{SHOP}:db:shop-database"
    far = (datetime.fromisoformat(str(twin.advance("1s")["now"])).weekday() + 4) % 7  # nothing is backed up in maintenance windows
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[far]
    window = f"{day}:03:00-{day}:03:30"
    twin.client("rds", account=SHOP).modify_db_instance(DBInstanceIdentifier="shop-database", PreferredMaintenanceWindow=window)

    def job() -> dict[str, Any]:
        wish = {"BackupVaultName": "jobs", "ResourceArn": database, "IamRoleArn": role, "Lifecycle": {"DeleteAfterDays": 2}}
        made = backup.start_backup_job(**wish)["BackupJobId"]
        twin.advance("12h")
        return dict(backup.describe_backup_job(BackupJobId=made))

    failed = job()
    assert (failed["State"], failed["StatusMessage"]) == ("FAILED", "You are not authorized to perform this operation.")
    policy = f"{SERVICE_ROLE}ForBackup"
    iam.attach_role_policy(RoleName="jobs", PolicyArn=policy)
    assert job()["State"] == "COMPLETED"
    iam.detach_role_policy(RoleName="jobs", PolicyArn=policy)
    twin.advance("4d")
    points = backup.list_recovery_points_by_backup_vault(BackupVaultName="jobs")["RecoveryPoints"]
    assert [point["Status"] for point in points] == ["EXPIRED"]


def test_a_restore_needs_the_permissions_of_its_role(twin: Twin) -> None:
    """FM17: a role that may back up and not restore fails the restore job; with AWS's policy for restores it works."""
    iam, backup = twin.client("iam", account=SHOP), twin.client("backup", account=SHOP)
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="restores", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="restores", PolicyArn=f"{SERVICE_ROLE}ForBackup")
    backup.create_backup_vault(BackupVaultName="restores")
    made = backup.start_backup_job(BackupVaultName="restores", ResourceArn=ORDERS, IamRoleArn=role)["BackupJobId"]
    twin.advance("12h")
    point = backup.describe_backup_job(BackupJobId=made)["RecoveryPointArn"]

    def restored(name: str) -> dict[str, Any]:
        metadata = {"targetTableName": name, "encryptionType": "Default"}
        job = backup.start_restore_job(RecoveryPointArn=point, Metadata=metadata, IamRoleArn=role)["RestoreJobId"]
        twin.advance("12h")
        return dict(backup.describe_restore_job(RestoreJobId=job))

    failed = restored("orders-1")
    assert failed["Status"] == "FAILED"
    assert failed["StatusMessage"]
    iam.attach_role_policy(RoleName="restores", PolicyArn=f"{SERVICE_ROLE}ForRestores")
    assert restored("orders-2")["Status"] == "COMPLETED"


def test_without_the_switch_users_do_everything(start_twin: Any, tmp_path: Any) -> None:
    """A twin that doesn't enforce IAM asks nobody's policies."""
    free = start_twin(tmp_path)
    try:
        role = Role(free, "nobody", NOTHING)
        assert role.client("dynamodb").describe_table(TableName="orders")["Table"]["TableArn"] == ORDERS
    finally:
        process.down(free.home)


def test_users_are_asked_for_like_anything_else(twin: Twin) -> None:
    """Calls on an IAM user need a permission on its ARN: who has it does them, who hasn't is refused."""
    iam = twin.client("iam", account=SHOP)
    iam.create_user(UserName="clerk")
    assert iam.get_user(UserName="clerk")["User"]["UserName"] == "clerk"
    key = iam.create_access_key(UserName="clerk")["AccessKey"]
    clerk = twin.client_with("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    code, status, message = refused(clerk.delete_user, UserName="clerk")
    assert (code, status, "iam:DeleteUser on resource" in message) == ("AccessDenied", 403, True)


def test_tags_of_disks_and_file_systems_decide(twin):
    """Deletion by a tag of the resource: what carries it can be deleted, what doesn't is refused."""
    condition = {"StringLike": {"aws:ResourceTag/strongroom:test-run": "*"}}
    actions = ("ec2:DeleteVolume", "ec2:TerminateInstances", "elasticfilesystem:DeleteFileSystem")
    role = Role(twin, "by-tag", allow(*actions, Condition=condition))
    ec2, efs = twin.client("ec2", account=SHOP), twin.client("efs", account=SHOP)
    marked = [{"Key": "strongroom:test-run", "Value": "test-1"}]
    volumes, instances, systems = [], [], []
    for tags in ([], marked):
        specified = [{"ResourceType": "volume", "Tags": tags}] if tags else []
        volumes.append(ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=specified)["VolumeId"])
        specified = [{"ResourceType": "instance", "Tags": tags}] if tags else []
        started = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="t3.micro", TagSpecifications=specified)
        instances.append(started["Instances"][0]["InstanceId"])
        systems.append(efs.create_file_system(CreationToken=f"by-tag-{len(tags)}", Tags=tags)["FileSystemId"])
    assert refused(role.client("ec2").delete_volume, VolumeId=volumes[0])[0] == "UnauthorizedOperation"
    assert refused(role.client("efs").delete_file_system, FileSystemId=systems[0])[0] == "AccessDeniedException"
    assert refused(role.client("ec2").terminate_instances, InstanceIds=[instances[0]])[0] == "UnauthorizedOperation"
    role.client("ec2").terminate_instances(InstanceIds=[instances[1]])
    role.client("ec2").delete_volume(VolumeId=volumes[1])
    role.client("efs").delete_file_system(FileSystemId=systems[1])
    ec2.terminate_instances(InstanceIds=[instances[0]])
    ec2.delete_volume(VolumeId=volumes[0])
    efs.delete_file_system(FileSystemId=systems[0])
