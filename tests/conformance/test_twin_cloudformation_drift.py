"""Drift of stacks: what somebody changed by hand is found, property by property, and put back by a change set that reverts drift."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.stacked import OWN, Stack, policy

ACCOUNT, REGION = "666666666666", "eu-west-1"
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "drift-queue", "VisibilityTimeout": 60}}
OURS = {name: OWN[name] for name in ("Topic", "Alias", "Role", "Vault", "Key")} | {"Queue": QUEUE}


def renamed(prefix: str) -> dict[str, Any]:
    """The resources of these tests with names of their own, in the account of these tests."""
    text = json.dumps(OURS).replace("types-", f"{prefix}-").replace("555555555555", ACCOUNT).replace("drift-queue", f"{prefix}-queue")
    body: dict[str, Any] = json.loads(text)
    return body


def drifts(stack: Stack) -> dict[str, dict[str, Any]]:
    """Detect, poll to the end, and return what was found by logical id."""
    client = stack.cloudformation
    name = client.detect_stack_drift(StackName=stack.name)["StackDriftDetectionId"]
    statuses = [client.describe_stack_drift_detection_status(StackDriftDetectionId=name)["DetectionStatus"] for _ in range(2)]
    assert statuses == ["DETECTION_IN_PROGRESS", "DETECTION_COMPLETE"]
    found = client.describe_stack_resource_drifts(StackName=stack.name)["StackResourceDrifts"]
    return {each["LogicalResourceId"]: each for each in found}


def refusal(action: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def revert(stack: Stack, **more: Any) -> list[dict[str, Any]]:
    """Make and execute a change set that reverts drift; returns its changes."""
    client, asked = stack.cloudformation, {"StackName": stack.name, "ChangeSetName": "back"}
    named = {"UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_NAMED_IAM"], "DeploymentMode": "REVERT_DRIFT"}
    client.create_change_set(**asked, **named, **more)
    assert client.describe_change_set(**asked)["Status"] == "CREATE_IN_PROGRESS"
    shown = client.describe_change_set(**asked)
    assert (shown["Status"], shown["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    client.execute_change_set(**asked)
    assert stack.status() == "UPDATE_COMPLETE"
    return [each["ResourceChange"] for each in shown["Changes"]]


def test_what_was_changed_by_hand_is_found_and_put_back(twin: Any) -> None:
    """A vault policy, a detached role policy, a queue's timeout and a deleted alias; afterwards all is as the template says."""
    stack = Stack(twin, "drifting", ACCOUNT, REGION)
    template = renamed("drifting")
    assert stack.put(template, tags={"strategy": "own"}) == "CREATE_COMPLETE", stack.failures()
    backup, iam, kms, sqs = (stack.client(name) for name in ("backup", "iam", "kms", "sqs"))
    restores = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores"
    weak = json.dumps(policy("backup:DeleteRecoveryPoint", "*", "backup.amazonaws.com"))
    backup.put_backup_vault_access_policy(BackupVaultName="drifting-vault", Policy=weak)
    iam.detach_role_policy(RoleName="drifting-role", PolicyArn=restores)
    iam.put_role_policy(RoleName="drifting-role", PolicyName="more", PolicyDocument=json.dumps(policy("s3:GetObject", "*")))
    kms.delete_alias(AliasName="alias/drifting-own")
    url = stack.physical()["Queue"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "DelaySeconds": "9"})

    found = drifts(stack)
    statuses = {name: each["StackResourceDriftStatus"] for name, each in found.items()}
    expected = {"Topic": "IN_SYNC", "Key": "IN_SYNC", "Queue": "MODIFIED", "Alias": "DELETED", "Role": "MODIFIED", "Vault": "MODIFIED"}
    assert statuses == expected
    (timeout,) = found["Queue"]["PropertyDifferences"]  # DelaySeconds is not the template's
    path = {"PropertyPath": "/VisibilityTimeout", "ExpectedValue": "60", "ActualValue": "5", "DifferenceType": "NOT_EQUAL"}
    assert timeout == path
    kinds = {each["PropertyPath"].split("/")[1]: each["DifferenceType"] for each in found["Role"]["PropertyDifferences"]}
    assert kinds == {"ManagedPolicyArns": "REMOVE", "Policies": "ADD"}
    assert [each["PropertyPath"] for each in found["Vault"]["PropertyDifferences"]] == ["/AccessPolicy"]
    assert "DeleteRecoveryPoint" in json.loads(found["Vault"]["ActualProperties"])["AccessPolicy"]
    assert "ActualProperties" not in found["Alias"]
    shown = stack.cloudformation.describe_stacks(StackName="drifting")["Stacks"][0]["DriftInformation"]
    assert shown["StackDriftStatus"] == "DRIFTED"
    deleted = stack.cloudformation.describe_stack_resource_drifts(
        StackName="drifting", StackResourceDriftStatusFilters=["DELETED"], MaxResults=1
    )
    assert [each["LogicalResourceId"] for each in deleted["StackResourceDrifts"]] == ["Alias"]

    same = {"StackName": "drifting", "UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    assert refusal(lambda: stack.cloudformation.update_stack(**same))[1] == "No updates are to be performed."
    changes = {each["LogicalResourceId"]: (each["Action"], each["ResourceDriftStatus"], each.get("Replacement")) for each in revert(stack)}
    assert changes == {
        "Alias": ("Add", "DELETED", None),
        "Queue": ("Modify", "MODIFIED", "False"),
        "Role": ("Modify", "MODIFIED", "False"),
        "Vault": ("Modify", "MODIFIED", "False"),
    }
    assert {each["StackResourceDriftStatus"] for each in drifts(stack).values()} == {"IN_SYNC"}
    assert [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName="drifting-role")["AttachedPolicies"]] == [restores]
    assert iam.list_role_policies(RoleName="drifting-role")["PolicyNames"] == ["inline"]
    assert "CopyIntoBackupVault" in backup.get_backup_vault_access_policy(BackupVaultName="drifting-vault")["Policy"]
    assert kms.describe_key(KeyId="alias/drifting-own")["KeyMetadata"]["KeyId"] == stack.physical()["Key"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["VisibilityTimeout"], attributes["DelaySeconds"]) == ("60", "9")
    stack.cloudformation.delete_stack(StackName="drifting")


def test_a_change_set_says_what_it_would_do_and_does_it_once(twin: Any) -> None:
    """Additions, changes and removals; without any it fails; another execution is refused."""
    stack = Stack(twin, "changing-sets", ACCOUNT, REGION)
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "changing-sets", "DisplayName": "a"}}
    assert stack.put({"Topic": topic, "Queue": {"Type": "AWS::SQS::Queue"}}) == "CREATE_COMPLETE"
    client, asked = stack.cloudformation, {"StackName": "changing-sets", "ChangeSetName": "one"}
    client.create_change_set(**asked, UsePreviousTemplate=True)
    shown = [client.describe_change_set(**asked) for _ in range(2)][-1]
    assert (shown["Status"], shown["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert shown["StatusReason"].startswith("The submitted information didn't contain changes.")
    assert refusal(lambda: client.execute_change_set(**asked))[0] == "InvalidChangeSetStatus"
    client.delete_change_set(**asked)
    other = {"Topic": {**topic, "Properties": {"TopicName": "changing-sets", "DisplayName": "b"}}, "Dead": {"Type": "AWS::SQS::Queue"}}
    client.create_change_set(**asked, TemplateBody=json.dumps({"Resources": other}))
    assert [each["ChangeSetName"] for each in client.list_change_sets(StackName="changing-sets")["Summaries"]] == ["one"]
    shown = [client.describe_change_set(**asked) for _ in range(2)][-1]
    changes = {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Action"] for each in shown["Changes"]}
    assert changes == {"Topic": "Modify", "Dead": "Add", "Queue": "Remove"}
    assert set(stack.physical()) == {"Topic", "Queue"}
    client.execute_change_set(**asked)
    assert stack.status() == "UPDATE_COMPLETE"
    assert set(stack.physical()) == {"Topic", "Dead"}
    assert refusal(lambda: client.execute_change_set(**asked))[0] in {"ChangeSetNotFound", "ChangeSetNotFoundException"}
    client.delete_stack(StackName="changing-sets")


def test_a_stack_can_begin_with_a_change_set(twin: Any) -> None:
    """The way of `aws cloudformation deploy`: nothing is made before the execution; a second creation is refused."""
    stack = Stack(twin, "reviewed", ACCOUNT, REGION)
    client, asked = stack.cloudformation, {"StackName": "reviewed", "ChangeSetName": "first"}
    body = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "reviewed"}}}})
    client.create_change_set(**asked, TemplateBody=body, ChangeSetType="CREATE")
    assert client.describe_stacks(StackName="reviewed")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stack.physical() == {}
    shown = [client.describe_change_set(**asked) for _ in range(2)][-1]
    assert [each["ResourceChange"]["Action"] for each in shown["Changes"]] == ["Add"]
    client.execute_change_set(**asked)
    assert stack.status() == "CREATE_COMPLETE"
    assert set(stack.physical()) == {"Queue"}
    again = {**asked, "ChangeSetName": "again", "TemplateBody": body, "ChangeSetType": "CREATE"}
    assert "already exists and cannot be created again" in refusal(lambda: client.create_change_set(**again))[1]
    assert refusal(lambda: client.create_change_set(**{**again, "ChangeSetType": "IMPORT"}))[0] == "NotImplemented"
    client.delete_stack(StackName="reviewed")


def test_a_template_that_follows_what_was_changed_by_hand_changes_nothing_else(twin: Any) -> None:
    """SyncWithActual: the new template says what the resource is already; a replacement is announced."""
    stack = Stack(twin, "syncing", ACCOUNT, REGION)

    def queue(timeout: int, name: str = "syncing") -> dict[str, Any]:
        return {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "VisibilityTimeout": timeout}}}

    assert stack.put(queue(60)) == "CREATE_COMPLETE"
    stack.client("sqs").set_queue_attributes(QueueUrl=stack.physical()["Queue"], Attributes={"VisibilityTimeout": "90"})
    client, asked = stack.cloudformation, {"StackName": "syncing", "ChangeSetName": "follow"}
    client.create_change_set(**asked, TemplateBody=json.dumps({"Resources": queue(90)}), DeploymentMode="REVERT_DRIFT")
    shown = [client.describe_change_set(**asked) for _ in range(2)][-1]
    assert (shown["StackDriftStatus"], shown["DeploymentMode"]) == ("DRIFTED", "REVERT_DRIFT")
    assert [each["ResourceChange"]["Action"] for each in shown["Changes"]] == ["SyncWithActual"]
    client.execute_change_set(**asked)
    assert stack.status() == "UPDATE_COMPLETE"
    assert {each["StackResourceDriftStatus"] for each in drifts(stack).values()} == {"IN_SYNC"}
    client.create_change_set(**asked, TemplateBody=json.dumps({"Resources": queue(90, "syncing-again")}))
    shown = [client.describe_change_set(**asked) for _ in range(2)][-1]
    assert [each["ResourceChange"]["Replacement"] for each in shown["Changes"]] == ["True"]
    client.delete_stack(StackName="syncing")


def test_types_that_cannot_be_read_and_resources_that_are_not_there(twin: Any) -> None:
    """Moto's own types are not checked, and don't make a stack drifted; unknown names are refused."""
    stack = Stack(twin, "unchecked", ACCOUNT, REGION)
    assert stack.put({"Instance": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}}) == "CREATE_COMPLETE"
    client = stack.cloudformation
    assert refusal(lambda: client.detect_stack_drift(StackName="unchecked", LogicalResourceIds=["Nothing"]))[0] == "ValidationError"
    assert refusal(lambda: client.detect_stack_resource_drift(StackName="unchecked", LogicalResourceId="Instance"))[0] == "ValidationError"
    assert refusal(lambda: client.describe_stack_drift_detection_status(StackDriftDetectionId="0" * 36))[0] == "ValidationError"
    assert drifts(stack) == {}
    assert client.describe_stacks(StackName="unchecked")["Stacks"][0]["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
    resource = client.describe_stack_resource(StackName="unchecked", LogicalResourceId="Instance")["StackResourceDetail"]
    assert resource["DriftInformation"]["StackResourceDriftStatus"] == "NOT_CHECKED"
    client.delete_stack(StackName="unchecked")


def test_one_resource_is_compared_at_once(twin: Any) -> None:
    """DetectStackResourceDrift answers with what it found."""
    stack = Stack(twin, "single-drift", ACCOUNT, REGION)
    assert stack.put({"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "3"}}}) == "CREATE_COMPLETE"
    asked = {"StackName": "single-drift", "LogicalResourceId": "Queue"}
    found = stack.cloudformation.detect_stack_resource_drift(**asked)["StackResourceDrift"]
    assert found["StackResourceDriftStatus"] == "IN_SYNC"
    stack.client("sqs").set_queue_attributes(QueueUrl=stack.physical()["Queue"], Attributes={"DelaySeconds": "4"})
    found = stack.cloudformation.detect_stack_resource_drift(**asked)["StackResourceDrift"]
    assert [each["PropertyPath"] for each in found["PropertyDifferences"]] == ["/DelaySeconds"]
    stack.cloudformation.delete_stack(StackName="single-drift")
