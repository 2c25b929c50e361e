"""CloudFormation of the twin through boto3: service-managed StackSets over nested units, and plain stacks."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

SHOP, LEDGER, SANDBOX = "555555555555", "666666666666", "777777777777"
REGIONS = ["eu-west-2", "eu-west-1"]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
BACKUP_POLICY_ARN = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def template(name: str, *, home_only: bool = True, extra: Mapping[str, Any] | None = None) -> str:
    """Key, alias and vault in every Region, a role in the home Region, as Strongroom deploys them."""
    role: dict[str, Any] = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": f"{name}-AWSBackup", "AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [BACKUP_POLICY_ARN]},
    }
    if home_only:
        role["Condition"] = "IsHome"
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    document = {
        "Parameters": {
            "OrganizationId": {"Type": "String", "AllowedPattern": "o-[a-z0-9]+"},
            "HomeRegion": {"Type": "String", "Default": "eu-west-2"},
        },
        "Conditions": {"IsHome": {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "HomeRegion"}]}},
        "Resources": {
            "Key": {
                "Type": "AWS::KMS::Key",
                "DeletionPolicy": "RetainExceptOnCreate",
                "Properties": {
                    "EnableKeyRotation": True,
                    "KeyPolicy": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Sid": "account", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
                            {
                                "Sid": "organization",
                                "Effect": "Allow",
                                "Principal": {"AWS": "*"},
                                "Action": "kms:Decrypt",
                                "Resource": "*",
                                "Condition": {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}},
                            },
                        ],
                    },
                },
            },
            "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": f"alias/{name}", "TargetKeyId": {"Ref": "Key"}}},
            "Vault": {
                "Type": "AWS::Backup::BackupVault",
                "DeletionPolicy": "RetainExceptOnCreate",
                "Properties": {
                    "BackupVaultName": f"{name}-local",
                    "EncryptionKeyArn": {"Fn::GetAtt": ["Key", "Arn"]},
                    "BackupVaultTags": {"made-by": "test"},
                    "AccessPolicy": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": "*",
                                "Action": "backup:CopyIntoBackupVault",
                                "Resource": "*",
                                "Condition": {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}},
                            }
                        ],
                    },
                },
            },
            "Role": role,
            **(extra or {}),
        },
        "Outputs": {"VaultArn": {"Value": {"Fn::GetAtt": ["Vault", "BackupVaultArn"]}}},
    }
    return json.dumps(document)


@pytest.fixture
def cloudformation(twin: Any) -> Any:
    client = twin.client("cloudformation")
    client.activate_organizations_access()
    return client


@pytest.fixture
def organizations(twin: Any) -> Any:
    return twin.client("organizations", "us-east-1")


@pytest.fixture
def units(organizations: Any) -> dict[str, str]:
    """Ids of all units of the seed by name."""
    found: dict[str, str] = {}
    waiting = [organizations.list_roots()["Roots"][0]["Id"]]
    while waiting:
        for unit in organizations.list_organizational_units_for_parent(ParentId=waiting.pop())["OrganizationalUnits"]:
            found[unit["Name"]] = unit["Id"]
            waiting.append(unit["Id"])
    return found


@pytest.fixture
def make(cloudformation: Any) -> Iterator[Callable[..., str]]:
    """Creates StackSets, and removes them with their stacks at the end."""
    made: list[str] = []

    def create(name: str, **changes: Any) -> str:
        asked: dict[str, Any] = {
            "StackSetName": name,
            "TemplateBody": template(name),
            "Parameters": [{"ParameterKey": "OrganizationId", "ParameterValue": "o-first"}],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
            "Tags": [{"Key": "strongroom:strategy", "Value": name}],
        }
        cloudformation.create_stack_set(**asked | changes)
        made.append(name)
        return name

    yield create
    for name in made:
        targets = cloudformation.describe_stack_set(StackSetName=name)["StackSet"]["OrganizationalUnitIds"]
        if targets:
            asked = {"DeploymentTargets": {"OrganizationalUnitIds": targets}, "Regions": REGIONS, "RetainStacks": False}
            assert finish(cloudformation, name, cloudformation.delete_stack_instances(StackSetName=name, **asked))["Status"] == "SUCCEEDED"
        cloudformation.delete_stack_set(StackSetName=name)


def finish(cloudformation: Any, name: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Poll until an operation has ended."""
    for _ in range(10):
        operation = cloudformation.describe_stack_set_operation(StackSetName=name, OperationId=answer["OperationId"])["StackSetOperation"]
        if operation["Status"] != "RUNNING":
            return dict(operation)
    raise AssertionError("the operation never ends")


def deploy(cloudformation: Any, name: str, unit: str, regions: list[str]) -> dict[str, Any]:
    targets = {"OrganizationalUnitIds": [unit]}
    return finish(
        cloudformation, name, cloudformation.create_stack_instances(StackSetName=name, DeploymentTargets=targets, Regions=regions)
    )


def instances(cloudformation: Any, name: str) -> dict[tuple[str, str], dict[str, Any]]:
    pages = cloudformation.get_paginator("list_stack_instances").paginate(StackSetName=name, PaginationConfig={"PageSize": 3})
    return {(each["Account"], each["Region"]): each for page in pages for each in page["Summaries"]}


def refusal(action: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_instances_in_nested_units_and_two_regions(twin: Any, cloudformation: Any, units: dict[str, str], make: Any) -> None:
    """A set on Workloads reaches all accounts below it, polls say RUNNING first, and the resources are really there."""
    name = make("nested")
    started = cloudformation.create_stack_instances(
        StackSetName=name, DeploymentTargets={"OrganizationalUnitIds": [units["Workloads"]]}, Regions=REGIONS
    )
    first = cloudformation.describe_stack_set_operation(StackSetName=name, OperationId=started["OperationId"])["StackSetOperation"]
    assert first["Status"] == "RUNNING"
    assert {each["Status"] for each in instances(cloudformation, name).values()} == {"OUTDATED"}
    assert finish(cloudformation, name, started)["Status"] == "SUCCEEDED"
    found = instances(cloudformation, name)
    assert set(found) == {(account, region) for account in (SHOP, LEDGER, SANDBOX) for region in REGIONS}
    assert {each["Status"] for each in found.values()} == {"CURRENT"}
    assert {each["OrganizationalUnitId"] for each in found.values()} == {units["Workloads"]}
    for region in REGIONS:
        vault = twin.client("backup", region, LEDGER).describe_backup_vault(BackupVaultName=f"{name}-local")
        kms = twin.client("kms", region, LEDGER)
        assert vault["EncryptionKeyArn"].startswith(f"arn:aws:kms:{region}:{LEDGER}:key/")
        assert kms.get_key_rotation_status(KeyId=vault["EncryptionKeyArn"])["KeyRotationEnabled"]
        assert kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"] == vault["EncryptionKeyArn"]
        tags = twin.client("backup", region, LEDGER).list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"]
        assert tags == {"made-by": "test", "strongroom:strategy": name}
    iam = twin.client("iam", "us-east-1", LEDGER)
    attached = iam.list_attached_role_policies(RoleName=f"{name}-AWSBackup")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [BACKUP_POLICY_ARN]
    stack = twin.client("cloudformation", "eu-west-1", LEDGER).describe_stacks(StackName=found[LEDGER, "eu-west-1"]["StackId"])["Stacks"][0]
    assert (stack["StackStatus"], stack["Outputs"][0]["OutputKey"]) == ("CREATE_COMPLETE", "VaultArn")


def test_an_update_reaches_the_resources(twin: Any, cloudformation: Any, units: dict[str, str], make: Any) -> None:
    """A parameter used in policies changes key policy and vault policy in place; the same again changes nothing."""
    name = make("updated")
    deploy(cloudformation, name, units["Prod"], REGIONS)
    backup = twin.client("backup", "eu-west-1", SHOP)
    before = backup.describe_backup_vault(BackupVaultName=f"{name}-local")
    answer = cloudformation.update_stack_set(
        StackSetName=name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "OrganizationId", "ParameterValue": "o-second"}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    code, message = refusal(lambda: cloudformation.update_stack_set(StackSetName=name, UsePreviousTemplate=True))
    assert code == "OperationInProgressException"
    assert message.startswith("Another Operation on StackSet arn:aws:cloudformation:eu-west-2:111111111111:stackset/updated:")
    assert finish(cloudformation, name, answer)["Status"] == "SUCCEEDED"
    after = backup.describe_backup_vault(BackupVaultName=f"{name}-local")
    assert after["EncryptionKeyArn"] == before["EncryptionKeyArn"]
    assert "o-second" in backup.get_backup_vault_access_policy(BackupVaultName=f"{name}-local")["Policy"]
    kms = twin.client("kms", "eu-west-1", SHOP)
    assert "o-second" in kms.get_key_policy(KeyId=after["EncryptionKeyArn"], PolicyName="default")["Policy"]
    described = cloudformation.describe_stack_set(StackSetName=name)["StackSet"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}["OrganizationId"] == "o-second"
    assert described["OrganizationalUnitIds"] == [units["Prod"]]
    assert described["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": True}


def test_a_failing_instance_leaves_those_before_it(twin: Any, cloudformation: Any, units: dict[str, str], make: Any) -> None:
    """A vault of the name in the last account fails that instance with AWS's reason; a repaired account is picked up by the next try."""
    name = make("partly")
    backup = twin.client("backup", "eu-west-2", LEDGER)
    backup.create_backup_vault(BackupVaultName=f"{name}-local")
    operation = deploy(cloudformation, name, units["Prod"], ["eu-west-2"])
    assert (operation["Status"], operation["StatusDetails"]["FailedStackInstancesCount"]) == ("FAILED", 1)
    found = instances(cloudformation, name)
    failed = found[LEDGER, "eu-west-2"]
    assert found[SHOP, "eu-west-2"]["Status"] == "CURRENT"
    assert (failed["Status"], failed["StackInstanceStatus"]["DetailedStatus"]) == ("OUTDATED", "FAILED")
    assert failed["StatusReason"].startswith("ResourceLogicalId:Vault, ResourceType:AWS::Backup::BackupVault, ResourceStatusReason:")
    results = cloudformation.list_stack_set_operation_results(StackSetName=name, OperationId=operation["OperationId"])["Summaries"]
    assert {each["Account"]: each["Status"] for each in results} == {LEDGER: "FAILED", SHOP: "SUCCEEDED"}
    backup.delete_backup_vault(BackupVaultName=f"{name}-local")
    assert deploy(cloudformation, name, units["Prod"], ["eu-west-2"])["Status"] == "SUCCEEDED"
    assert {each["Status"] for each in instances(cloudformation, name).values()} == {"CURRENT"}


def test_failures_within_the_tolerance_succeed(twin: Any, cloudformation: Any, units: dict[str, str], make: Any) -> None:
    """FailureToleranceCount counts for each Region."""
    name = make("tolerant")
    backup = twin.client("backup", "eu-west-2", SHOP)
    backup.create_backup_vault(BackupVaultName=f"{name}-local")
    answer = cloudformation.create_stack_instances(
        StackSetName=name,
        DeploymentTargets={"OrganizationalUnitIds": [units["Prod"]]},
        Regions=["eu-west-2"],
        OperationPreferences={"FailureToleranceCount": 1},
    )
    assert finish(cloudformation, name, answer)["Status"] == "SUCCEEDED"
    assert instances(cloudformation, name)[SHOP, "eu-west-2"]["Status"] == "OUTDATED"
    backup.delete_backup_vault(BackupVaultName=f"{name}-local")


def test_a_named_role_without_a_home_region_collides_with_itself(cloudformation: Any, units: dict[str, str], make: Any) -> None:
    """IAM is global: the second Region finds the role of the first."""
    name = make("colliding", TemplateBody=template("colliding", home_only=False))
    assert deploy(cloudformation, name, units["Dev"], REGIONS)["Status"] == "FAILED"
    found = instances(cloudformation, name)
    assert found[SANDBOX, "eu-west-2"]["Status"] == "CURRENT"
    assert "colliding-AWSBackup already exists" in found[SANDBOX, "eu-west-1"]["StatusReason"]


def test_an_account_that_moves_in_is_enrolled_and_keeps_its_stacks_when_it_leaves(
    twin: Any, cloudformation: Any, organizations: Any, units: dict[str, str], make: Any
) -> None:
    """Auto-deployment makes instances in all Regions; moved out, the vault stays and the instance goes."""
    name = make("enrolling")
    deploy(cloudformation, name, units["Prod"], REGIONS)
    move = {"AccountId": SANDBOX}
    organizations.move_account(SourceParentId=units["Dev"], DestinationParentId=units["Payments"], **move)
    found = instances(cloudformation, name)
    assert {region for account, region in found if account == SANDBOX} == set(REGIONS)
    assert found[SANDBOX, "eu-west-1"]["Status"] == "CURRENT"
    organizations.move_account(SourceParentId=units["Payments"], DestinationParentId=units["Dev"], **move)
    assert SANDBOX not in {account for account, _ in instances(cloudformation, name)}
    backup = twin.client("backup", "eu-west-1", SANDBOX)
    assert backup.describe_backup_vault(BackupVaultName=f"{name}-local")["BackupVaultName"] == f"{name}-local"
    actions = [each["Action"] for each in cloudformation.list_stack_set_operations(StackSetName=name)["Summaries"]]
    assert actions == ["DELETE", "CREATE", "CREATE"]


def test_sets_that_are_refused(cloudformation: Any, units: dict[str, str], make: Any, twin: Any) -> None:
    """Unknown types, missing capabilities, duplicate names, non-empty sets, foreign targets and members' own sets."""
    name = make("refusing")
    deploy(cloudformation, name, units["Dev"], ["eu-west-2"])
    common = {"PermissionModel": "SERVICE_MANAGED", "AutoDeployment": {"Enabled": False}}
    bad = json.dumps({"Resources": {"X": {"Type": "AWS::Backup::Vault"}}})
    assert refusal(lambda: cloudformation.create_stack_set(StackSetName="bad", TemplateBody=bad, **common)) == (
        "ValidationError",
        "Template format error: Unrecognized resource types: [AWS::Backup::Vault]",
    )
    parameters = [{"ParameterKey": "OrganizationId", "ParameterValue": "o-first"}]
    asked = {"TemplateBody": template("other"), "Parameters": parameters, **common}
    assert refusal(lambda: cloudformation.create_stack_set(StackSetName="other", **asked)) == (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_NAMED_IAM]",
    )
    asked["Capabilities"] = ["CAPABILITY_NAMED_IAM"]
    assert refusal(lambda: cloudformation.create_stack_set(StackSetName=name, **asked))[0] == "NameAlreadyExistsException"
    assert refusal(lambda: cloudformation.delete_stack_set(StackSetName=name))[0] == "StackSetNotEmptyException"
    assert refusal(lambda: cloudformation.describe_stack_set(StackSetName="nothing"))[0] == "StackSetNotFoundException"
    wrong = {"DeploymentTargets": {"OrganizationalUnitIds": ["ou-none-00000000"]}, "Regions": REGIONS}
    assert refusal(lambda: cloudformation.create_stack_instances(StackSetName=name, **wrong))[0] == "ValidationError"
    member = twin.client("cloudformation", "eu-west-2", SHOP)
    code, message = refusal(lambda: member.create_stack_set(StackSetName="mine", **asked))
    assert (code, message.split(" an organization")[0]) == (
        "ValidationError",
        "You must be the management account or delegated admin account of",
    )


def test_access_has_to_be_activated(own_twin: Any) -> None:
    """Without trusted access a service-managed set is refused; activation shows in both services."""
    cloudformation = own_twin.client("cloudformation")
    asked = {"StackSetName": "early", "TemplateBody": template("early"), "PermissionModel": "SERVICE_MANAGED"}
    assert cloudformation.describe_organizations_access()["Status"] == "DISABLED"
    code, message = refusal(lambda: cloudformation.create_stack_set(**asked))
    assert (code, message) == ("ValidationError", "You must enable organizations access to operate a service managed stack set")
    cloudformation.activate_organizations_access()
    assert cloudformation.describe_organizations_access()["Status"] == "ENABLED"
    organizations = own_twin.client("organizations", "us-east-1")
    enabled = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [each["ServicePrincipal"] for each in enabled] == ["member.org.stacksets.cloudformation.amazonaws.com"]


def test_a_stack_is_created_updated_and_read_back(twin: Any) -> None:
    """CreateStack, GetTemplate, an update without change, one with change, and the end; each polled like on AWS."""
    cloudformation = twin.client("cloudformation", "eu-west-1")
    backup = twin.client("backup", "eu-west-1")
    body = template("single")
    asked = {"StackName": "single", "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    first = [{"ParameterKey": "OrganizationId", "ParameterValue": "o-first"}]
    stack = cloudformation.create_stack(TemplateBody=body, Parameters=first, **asked)["StackId"]
    assert [cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] for _ in range(2)] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]
    assert cloudformation.get_template(StackName="single")["TemplateBody"] == json.loads(body)
    assert refusal(lambda: cloudformation.update_stack(TemplateBody=body, Parameters=first, **asked)) == (
        "ValidationError",
        "No updates are to be performed.",
    )
    assert refusal(lambda: cloudformation.create_stack(TemplateBody=body, Parameters=first, **asked))[0] == "AlreadyExistsException"
    second = [{"ParameterKey": "OrganizationId", "ParameterValue": "o-second"}]
    cloudformation.update_stack(UsePreviousTemplate=True, Parameters=second, **asked)
    statuses = [cloudformation.describe_stacks(StackName="single")["Stacks"][0]["StackStatus"] for _ in range(2)]
    assert statuses == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert "o-second" in backup.get_backup_vault_access_policy(BackupVaultName="single-local")["Policy"]
    resources = cloudformation.describe_stack_resources(StackName="single")["StackResources"]
    assert {each["LogicalResourceId"] for each in resources} == {"Key", "Alias", "Vault"}
    cloudformation.delete_stack(StackName="single")
    assert backup.describe_backup_vault(BackupVaultName="single-local")["BackupVaultName"] == "single-local"
    assert cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert refusal(lambda: cloudformation.describe_stacks(StackName="single")) == (
        "ValidationError",
        "Stack with id single does not exist",
    )


def test_a_failed_creation_rolls_back_and_a_failed_update_goes_back(twin: Any) -> None:
    """What was made is removed; an update that fails leaves the old resources as they were."""
    cloudformation = twin.client("cloudformation", "eu-west-1")
    kms = twin.client("kms", "eu-west-1")
    wrong = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/No"]},
    }
    parameters = [{"ParameterKey": "OrganizationId", "ParameterValue": "o-first"}]
    asked = {"StackName": "rolling", "Parameters": parameters, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    cloudformation.create_stack(TemplateBody=template("rolling", extra={"Wrong": wrong}), **asked)
    cloudformation.describe_stacks(StackName="rolling")
    stack = cloudformation.describe_stacks(StackName="rolling")["Stacks"][0]
    assert (stack["StackStatus"], "[Wrong]" in stack["StackStatusReason"]) == ("ROLLBACK_COMPLETE", True)
    events = cloudformation.describe_stack_events(StackName="rolling")["StackEvents"]
    reasons = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert "does not exist or is not attachable" in reasons[0]
    assert "alias/rolling" not in [each["AliasName"] for each in kms.list_aliases()["Aliases"]]
    cloudformation.delete_stack(StackName="rolling")

    cloudformation.create_stack(TemplateBody=template("rolling"), **asked)
    cloudformation.describe_stacks(StackName="rolling")
    cloudformation.update_stack(TemplateBody=template("rolling", extra={"Wrong": wrong}), **asked)
    cloudformation.describe_stacks(StackName="rolling")
    assert cloudformation.describe_stacks(StackName="rolling")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert kms.describe_key(KeyId="alias/rolling")["KeyMetadata"]["KeyState"] == "Enabled"
    cloudformation.delete_stack(StackName="rolling")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "Template format error: JSON not well-formed. (line 1, column 2)"),
        ("a: [", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ("{}", "Template format error: At least one Resources member must be defined."),
        (
            '{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Nothing"}}}}}',
            "Template format error: Unresolved resource dependencies [Nothing] in the Resources block of the template",
        ),
        (
            '{"Parameters": {"P": {"Type": "String"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}}',
            "Parameters: [P] must have values",
        ),
        ('{"Resource": {}}', "Invalid template property or properties [Resource]"),
    ],
)
def test_templates_that_are_refused(twin: Any, body: str, message: str) -> None:
    """Malformed templates answer with AWS's own words."""
    cloudformation = twin.client("cloudformation", "eu-west-1")
    assert refusal(lambda: cloudformation.create_stack(StackName="broken", TemplateBody=body)) == ("ValidationError", message)


def test_yaml_with_short_forms_makes_moto_s_own_types(twin: Any) -> None:
    """Short functions, dates as text, conditions and outputs in YAML; types of moto's are made through moto."""
    cloudformation = twin.client("cloudformation", "eu-west-1")
    body = """
    AWSTemplateFormatVersion: 2010-09-09
    Mappings: {Names: {eu-west-1: {topic: alarms}}}
    Conditions:
      Here: !And [!Equals [!Ref "AWS::Region", eu-west-1], !Not [!Equals [!Ref "AWS::AccountId", "000000000000"]]]
      Elsewhere: !Not [!Condition Here]
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Condition: Here
        Properties:
          TopicName: !Join ["-", [yaml, !FindInMap [Names, !Ref "AWS::Region", topic], !Select [1, !Split ["/", "a/b"]]]]
      Nowhere:
        Type: AWS::SNS::Topic
        Condition: Elsewhere
        DependsOn: Topic
    Outputs:
      Topic: {Value: !Sub "${Topic} of ${!literal}"}
    """
    cloudformation.create_stack(StackName="yaml", TemplateBody=body)
    cloudformation.describe_stacks(StackName="yaml")
    stack = cloudformation.describe_stacks(StackName="yaml")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == "arn:aws:sns:eu-west-1:111111111111:yaml-alarms-b of ${literal}"
    cloudformation.delete_stack(StackName="yaml")
    topics = twin.client("sns", "eu-west-1").list_topics()["Topics"]
    assert not [each for each in topics if ":yaml-" in each["TopicArn"]]


def test_twenty_instances_take_seconds(own_twin: Any) -> None:
    """The rollout is a small part of the demo's forty-five seconds."""
    cloudformation = own_twin.client("cloudformation")
    cloudformation.activate_organizations_access()
    root = own_twin.client("organizations", "us-east-1").list_roots()["Roots"][0]["Id"]
    cloudformation.create_stack_set(
        StackSetName="fast",
        TemplateBody=template("fast"),
        Parameters=[{"ParameterKey": "OrganizationId", "ParameterValue": "o-first"}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": True},
    )
    started = time.monotonic()
    operation = deploy(cloudformation, "fast", root, ["eu-west-2", "eu-west-1", "eu-central-1", "us-east-1"])
    assert operation["Status"] == "SUCCEEDED"
    assert len(instances(cloudformation, "fast")) == 20
    assert time.monotonic() - started < 10
