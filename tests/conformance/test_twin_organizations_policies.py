"""Policies of all types in AWS Organizations of the twin through boto3: content, limits, effective policies."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

SHOP, LEDGER, SANDBOX = "555555555555", "666666666666", "777777777777"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "backup:DeleteBackupVault", "Resource": "*"}]}
RESOURCE_DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}],
}
TAGS = {"tags": {"Environment": {"tag_key": {"@@assign": "environment"}, "tag_value": {"@@assign": ["prod", "dev"]}}}}
OTHERS = (
    "AISERVICES_OPT_OUT_POLICY",
    "CHATBOT_POLICY",
    "DECLARATIVE_POLICY_EC2",
    "SECURITYHUB_POLICY",
    "INSPECTOR_POLICY",
    "BEDROCK_POLICY",
    "S3_POLICY",
    "GUARDDUTY_POLICY",
)


class Policies:
    """Organizations of a fresh twin, with short words."""

    def __init__(self, twin: Any) -> None:
        self.client = twin.client("organizations", "us-east-1")
        self.root = self.client.list_roots()["Roots"][0]["Id"]

    def enable(self, kind: str) -> None:
        self.client.enable_policy_type(RootId=self.root, PolicyType=kind)

    def create(self, kind: str, content: Any, name: str = "p") -> str:
        made = self.client.create_policy(Name=name, Description="", Type=kind, Content=json.dumps(content))
        return str(made["Policy"]["PolicySummary"]["Id"])

    def attach(self, kind: str, content: Any, target: str, name: str = "p") -> str:
        policy = self.create(kind, content, name)
        self.client.attach_policy(PolicyId=policy, TargetId=target)
        return policy

    def unit(self, *path: str) -> str:
        found = self.root
        for name in path:
            units = self.client.list_organizational_units_for_parent(ParentId=found)["OrganizationalUnits"]
            found = next(each["Id"] for each in units if each["Name"] == name)
        return str(found)

    def effective(self, account: str, kind: str = "TAG_POLICY") -> Any:
        found = self.client.describe_effective_policy(PolicyType=kind, TargetId=account)["EffectivePolicy"]
        assert (found["PolicyType"], found["TargetId"]) == (kind, account)
        return json.loads(found["PolicyContent"])

    def refusal(self, call: Any, **parameters: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        response = caught.value.response
        return response["Error"]["Code"], response.get("Reason", response["Error"]["Message"])


@pytest.fixture
def policies(own_twin: Any) -> Policies:
    return Policies(own_twin)


def test_every_type_of_the_model_is_enabled_kept_attached_and_disabled(policies: Policies) -> None:
    """What Strongroom doesn't deploy is kept as it was written; disabling a type detaches its policies and keeps them."""
    client = policies.client
    for kind in OTHERS:
        policies.enable(kind)
        policy = policies.attach(kind, {"anything": {"@@assign": kind}}, SHOP)
        assert json.loads(client.describe_policy(PolicyId=policy)["Policy"]["Content"]) == {"anything": {"@@assign": kind}}
        assert policies.effective(SHOP, kind) == {"anything": kind}
        client.disable_policy_type(RootId=policies.root, PolicyType=kind)
        assert client.list_targets_for_policy(PolicyId=policy)["Targets"] == []
        assert [each["Id"] for each in client.list_policies(Filter=kind)["Policies"]] == [policy]
        code, _ = policies.refusal(client.attach_policy, PolicyId=policy, TargetId=SHOP)
        assert code == "PolicyTypeNotEnabledException"
        code, _ = policies.refusal(client.describe_effective_policy, PolicyType=kind, TargetId=SHOP)
        assert code == "EffectivePolicyNotFoundException"


def test_a_type_is_enabled_once_and_disabled_once(policies: Policies) -> None:
    """A second time is refused in AWS's words, and a word that is no type too."""
    policies.enable("TAG_POLICY")
    client, asked = policies.client, {"RootId": policies.root, "PolicyType": "TAG_POLICY"}
    assert policies.refusal(client.enable_policy_type, **asked)[0] == "PolicyTypeAlreadyEnabledException"
    client.disable_policy_type(**asked)
    assert policies.refusal(client.disable_policy_type, **asked)[0] == "PolicyTypeNotEnabledException"
    wrong = {"RootId": policies.root, "PolicyType": "BACKUPS_POLICY"}
    assert policies.refusal(client.enable_policy_type, **wrong) == ("InvalidInputException", "INVALID_ENUM_POLICY_TYPE")
    types = client.list_roots()["Roots"][0]["PolicyTypes"]
    assert [each["Type"] for each in types if each["Type"] == "TAG_POLICY"] == []


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("SERVICE_CONTROL_POLICY", {"Version": "2012-10-17"}, "Statement"),
        ("SERVICE_CONTROL_POLICY", RESOURCE_DENY, "no Principal"),
        ("SERVICE_CONTROL_POLICY", {"Statement": [{"Effect": "Never", "Action": "s3:*", "Resource": "*"}]}, "Allow or Deny expected"),
        ("RESOURCE_CONTROL_POLICY", DENY, "denies, to the Principal"),
        ("TAG_POLICY", {"tag": {}}, "tag"),
        ("TAG_POLICY", {"tags": {"team": {"tag_value": ["a"]}}}, "operator such as @@assign"),
        ("TAG_POLICY", {"tags": {"team": {"tag_values": {"@@assign": ["a"]}}}}, "tag_values"),
        ("TAG_POLICY", {"tags": {"team": {"tag_key": {"@@assign": "squad"}}}}, "not the key team"),
        ("BACKUP_POLICY", {"plans": {"P": {"rulez": {}}}}, "rulez"),
    ],
)
def test_content_against_the_grammar_of_its_type_is_malformed(policies: Policies, kind: str, content: Any, why: str) -> None:
    """The refusal says where; nothing was made."""
    client = policies.client
    code, message = policies.refusal(client.create_policy, Name="p", Description="", Type=kind, Content=json.dumps(content))
    assert code == "MalformedPolicyDocumentException"
    assert why in message
    assert [each["Name"] for each in client.list_policies(Filter=kind)["Policies"] if not each["AwsManaged"]] == []


@pytest.mark.parametrize(
    ("kind", "characters"),
    [("SERVICE_CONTROL_POLICY", 10240), ("RESOURCE_CONTROL_POLICY", 5120), ("TAG_POLICY", 10000), ("AISERVICES_OPT_OUT_POLICY", 2500)],
)
def test_each_type_has_its_own_limit_of_characters(policies: Policies, kind: str, characters: int) -> None:
    """The longest one is taken, one more character is not."""
    content = {"SERVICE_CONTROL_POLICY": DENY, "RESOURCE_CONTROL_POLICY": RESOURCE_DENY, "TAG_POLICY": TAGS}.get(kind, {})
    longest = json.dumps(content).ljust(characters)
    made = {"Description": "", "Type": kind}
    policies.client.create_policy(Name="longest", Content=longest, **made)
    refused = policies.refusal(policies.client.create_policy, Name="longer", Content=longest + " ", **made)
    assert refused == ("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED")


@pytest.mark.parametrize(("kind", "most", "content"), [("SERVICE_CONTROL_POLICY", 10, DENY), ("RESOURCE_CONTROL_POLICY", 5, RESOURCE_DENY)])
def test_each_type_has_its_own_limit_of_attachments(policies: Policies, kind: str, most: int, content: Any) -> None:
    """The policy that allows everything counts; one more than the limit is refused."""
    if kind == "RESOURCE_CONTROL_POLICY":
        policies.enable(kind)
    for number in range(most - 1):
        policies.attach(kind, content, SHOP, f"p-{number}")
    more = policies.create(kind, content, "more")
    refused = policies.refusal(policies.client.attach_policy, PolicyId=more, TargetId=SHOP)
    assert refused == ("ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    assert len(policies.client.list_policies_for_target(TargetId=SHOP, Filter=kind)["Policies"]) == most


def test_the_last_service_control_policy_of_a_target_stays(policies: Policies) -> None:
    """FullAWSAccess is detached only where another one is attached."""
    asked = {"PolicyId": "p-FullAWSAccess", "TargetId": SHOP}
    refused = policies.refusal(policies.client.detach_policy, **asked)
    assert refused == ("ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    policies.attach("SERVICE_CONTROL_POLICY", DENY, SHOP)
    policies.client.detach_policy(**asked)
    attached = policies.client.list_policies_for_target(TargetId=SHOP, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert [each["Name"] for each in attached] == ["p"]


def test_the_effective_tag_policy_is_merged_from_root_to_account(policies: Policies) -> None:
    """Values are replaced, appended and removed on the way down; keys are in lower case; moving an account changes its policy."""
    policies.enable("TAG_POLICY")
    policies.attach("TAG_POLICY", TAGS, policies.root, "root")
    more = {"tags": {"Environment": {"tag_value": {"@@append": ["test"]}, "enforced_for": {"@@assign": ["ec2:volume"]}}}}
    policies.attach("TAG_POLICY", more, policies.unit("Workloads", "Prod"), "prod")
    less = {"tags": {"Environment": {"tag_value": {"@@remove": ["dev", "prod"]}}}}
    policies.attach("TAG_POLICY", less, LEDGER, "ledger")
    prod = {"environment": {"tag_key": "environment", "tag_value": ["prod", "dev", "test"], "enforced_for": ["ec2:volume"]}}
    assert policies.effective(SHOP) == {"tags": prod}
    assert policies.effective(LEDGER) == {"tags": {"environment": prod["environment"] | {"tag_value": ["test"]}}}
    assert policies.effective(SANDBOX)["tags"]["environment"]["tag_value"] == ["prod", "dev"]
    policies.client.move_account(
        AccountId=SANDBOX, SourceParentId=policies.unit("Workloads", "Dev"), DestinationParentId=policies.unit("Workloads", "Prod")
    )
    assert policies.effective(SANDBOX) == {"tags": prod}


def test_a_member_reads_its_own_effective_policy_only(own_twin: Any, policies: Policies) -> None:
    """Without a target it is the caller's; another account's is none of its business."""
    policies.enable("TAG_POLICY")
    policies.attach("TAG_POLICY", TAGS, policies.root)
    member = own_twin.client("organizations", "us-east-1", SHOP)
    content = member.describe_effective_policy(PolicyType="TAG_POLICY")["EffectivePolicy"]["PolicyContent"]
    assert json.loads(content)["tags"]["environment"]["tag_value"] == ["prod", "dev"]
    assert policies.refusal(member.describe_effective_policy, PolicyType="TAG_POLICY", TargetId=LEDGER)[0] == "AccessDeniedException"
    asked = {"PolicyType": "SERVICE_CONTROL_POLICY", "TargetId": SHOP}
    code, _ = policies.refusal(policies.client.describe_effective_policy, **asked)
    assert code == "InvalidInputException"


def test_a_parent_keeps_children_from_changing_a_tag_policy(policies: Policies) -> None:
    """What the root doesn't allow is ignored in silence."""
    policies.enable("TAG_POLICY")
    locked = {"tags": {"Environment": {"tag_value": {"@@assign": ["prod"], "@@operators_allowed_for_child_policies": ["@@none"]}}}}
    policies.attach("TAG_POLICY", locked, policies.root, "root")
    policies.attach("TAG_POLICY", TAGS, SHOP, "shop")
    assert policies.effective(SHOP)["tags"]["environment"]["tag_value"] == ["prod"]


@pytest.fixture
def enforced(own_twin: Any, policies: Policies) -> Any:
    """A twin whose shop may write environment only in lower case, as prod or dev, on tables, volumes, file systems and all of RDS."""
    kinds = ["dynamodb:table", "ec2:volume", "s3:bucket", "elasticfilesystem:file-system", "rds:ALL_SUPPORTED", "backup:backup-vault"]
    policies.enable("TAG_POLICY")
    rule = {"tag_key": {"@@assign": "environment"}, "tag_value": {"@@assign": ["prod", "dev*"]}, "enforced_for": {"@@assign": kinds}}
    policies.attach("TAG_POLICY", {"tags": {"environment": rule}}, SHOP)
    return own_twin


def tagged(client: Any, service: str, key: str, value: str) -> Any:
    """Write a tag on something of the shop's, by each service's own call."""
    tag = {"Key": key, "Value": value}
    if service == "dynamodb":
        return client.tag_resource(ResourceArn=client.describe_table(TableName="orders")["Table"]["TableArn"], Tags=[tag])
    if service == "s3":
        return client.put_bucket_tagging(Bucket="shop-receipts", Tagging={"TagSet": [tag]})
    if service == "rds":
        return client.add_tags_to_resource(ResourceName=f"arn:aws:rds:eu-west-2:{SHOP}:db:shop-database", Tags=[tag])
    if service == "efs":
        return client.create_file_system(CreationToken=f"{key}-{value}", Tags=[tag])
    if service == "backup":
        return client.create_backup_vault(BackupVaultName=f"{key}-{value}", BackupVaultTags={key: value})
    return client.create_volume(
        AvailabilityZone="eu-west-2a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "x"}, tag]}]
    )


@pytest.mark.parametrize("service", ["backup", "dynamodb", "ec2", "efs", "rds", "s3"])
def test_an_enforced_tag_policy_refuses_wrong_tags_where_they_are_written(enforced: Any, service: str) -> None:
    """FM10: values that it lists pass, also by a wildcard; other values and another case don't; other keys and accounts are free."""
    client = enforced.client(service, account=SHOP)
    for key, value in (("environment", "prod"), ("environment", "dev-2"), ("team", "anything")):
        assert tagged(client, service, key, value)
    for key, value in (("environment", "Prod"), ("Environment", "prod")):
        with pytest.raises(ClientError, match=f"for the following tag key: '{key}'") as caught:
            tagged(client, service, key, value)
        assert caught.value.response["Error"]["Code"] == "TagPolicyViolation"


def test_an_enforced_tag_policy_leaves_other_types_and_accounts_alone(enforced: Any) -> None:
    """A snapshot isn't a volume, the ledger isn't the shop, and what has a wrong tag already keeps it."""
    ec2 = enforced.client("ec2", "eu-west-1", SHOP)
    (volume,) = ec2.describe_volumes()["Volumes"]
    snapshot = ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"]
    wrong = [{"Key": "environment", "Value": "wrong"}]
    ec2.create_tags(Resources=[snapshot], Tags=wrong)
    with pytest.raises(ClientError, match="tag policy"):
        ec2.create_tags(Resources=[volume["VolumeId"]], Tags=wrong)
    ledger = enforced.client("dynamodb", account=LEDGER)
    table = ledger.describe_table(TableName="postings-1")["Table"]["TableArn"]
    ledger.tag_resource(ResourceArn=table, Tags=wrong)
    assert {"Key": "environment", "Value": "wrong"} in ledger.list_tags_of_resource(ResourceArn=table)["Tags"]
