"""Laws of stacks: policies of resources, order, conditions, what a failure leaves behind, templates from S3."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.stacked import Stack

ACCOUNT, REGION = "666666666666", "eu-west-2"
BODY_BYTES_MAX = 51_200


def topic(name: str, **attributes: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}, **attributes}


def queue(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


WRONG = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"maxReceiveCount": 3}}}  # without its target


def topics(stack: Stack) -> set[str]:
    pages = stack.client("sns").get_paginator("list_topics").paginate()
    return {each["TopicArn"].rpartition(":")[2] for page in pages for each in page["Topics"]}


def refusal(action: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_deletion_policy_keeps_what_it_retains(twin: Any) -> None:
    """Retain survives the end of the stack and its own removal from the template; others go."""
    stack = Stack(twin, "keeping", ACCOUNT, REGION)
    both = {"Kept": topic("keeping-kept", DeletionPolicy="Retain"), "Out": topic("keeping-out", DeletionPolicy="RetainExceptOnCreate")}
    assert stack.put({**both, "Gone": topic("keeping-gone")}) == "CREATE_COMPLETE"
    assert stack.put({"Kept": both["Kept"], "Gone": topic("keeping-gone")}, update=True) == "UPDATE_COMPLETE"
    assert topics(stack) >= {"keeping-kept", "keeping-out"}
    stack.cloudformation.delete_stack(StackName="keeping")
    assert {each for each in topics(stack) if each.startswith("keeping-")} == {"keeping-kept", "keeping-out"}


def test_a_failed_creation_keeps_only_what_is_always_retained(twin: Any) -> None:
    """RetainExceptOnCreate is rolled back, Retain is in the way of the next attempt."""
    stack = Stack(twin, "attempt", ACCOUNT, REGION)
    resources = {
        "Always": topic("attempt-always", DeletionPolicy="Retain"),
        "Later": topic("attempt-later", DeletionPolicy="RetainExceptOnCreate"),
        "Wrong": {**WRONG, "DependsOn": ["Always", "Later"]},
    }
    assert stack.put(resources) == "ROLLBACK_COMPLETE"
    assert {each for each in topics(stack) if each.startswith("attempt-")} == {"attempt-always"}
    stack.cloudformation.delete_stack(StackName="attempt")
    assert stack.put(resources) == "ROLLBACK_COMPLETE"
    assert "already exists" in stack.failures()[0]


@pytest.mark.parametrize(("policy", "left"), [("Retain", {"old", "new"}), ("Delete", {"new"}), (None, {"new"})])
def test_an_update_replace_policy_decides_about_the_old_one(twin: Any, policy: str | None, left: set[str]) -> None:
    """A replaced resource goes after all is done, unless UpdateReplacePolicy keeps it; DeletionPolicy has no say in it."""
    name = f"replacing-{policy}"
    stack = Stack(twin, name, ACCOUNT, REGION)
    attributes = {"DeletionPolicy": "Retain" if policy is None else "Delete"} | ({"UpdateReplacePolicy": policy} if policy else {})
    assert stack.put({"Topic": topic(f"{name}-old", **attributes)}) == "CREATE_COMPLETE"
    assert stack.put({"Topic": topic(f"{name}-new", **attributes)}, update=True) == "UPDATE_COMPLETE"
    assert {each.rpartition("-")[2] for each in topics(stack) if each.startswith(name)} == left


def test_a_failed_update_finds_what_was_replaced_as_it_was(twin: Any) -> None:
    """The old one is not deleted before everything has succeeded: after the rollback it is still the stack's, the new one is gone."""
    stack = Stack(twin, "returning", ACCOUNT, REGION)
    assert stack.put({"Topic": topic("returning-old")}) == "CREATE_COMPLETE"
    arn = stack.physical()["Topic"]
    stack.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint="somebody@example.com")
    changed = {"Topic": topic("returning-new"), "More": topic("returning-more"), "Wrong": {**WRONG, "DependsOn": ["Topic", "More"]}}
    assert stack.put(changed, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert {each for each in topics(stack) if each.startswith("returning-")} == {"returning-old"}
    assert stack.physical() == {"Topic": arn}
    assert len(stack.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]) == 1
    stack.cloudformation.delete_stack(StackName="returning")


def test_a_custom_name_is_in_the_way_of_its_own_replacement(twin: Any) -> None:
    """A resource with a name of its own cannot be replaced under the same name."""
    stack = Stack(twin, "custom", ACCOUNT, REGION)
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "custom-named"}}
    assert stack.put({"Bucket": bucket}) == "CREATE_COMPLETE"
    locked = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "custom-named", "ObjectLockEnabled": True}}
    assert stack.put({"Bucket": locked}, update=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update a stack when a custom-named resource requires replacing" in stack.failures()[0]
    stack.cloudformation.delete_stack(StackName="custom")


def test_resources_are_made_after_what_they_need_and_removed_before_it(twin: Any) -> None:
    """References and DependsOn order both ways; a circle is refused before anything is made."""
    stack = Stack(twin, "ordered", ACCOUNT, REGION)
    resources = {
        "First": {**queue("ordered-first"), "DependsOn": "Last"},
        "Middle": queue("ordered-middle", RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["First", "Arn"]}, "maxReceiveCount": 3}),
        "Last": queue("ordered-last"),
    }
    assert stack.put(resources) == "CREATE_COMPLETE"
    identity = stack.cloudformation.describe_stacks(StackName="ordered")["Stacks"][0]["StackId"]
    stack.cloudformation.delete_stack(StackName="ordered")
    events = stack.cloudformation.describe_stack_events(StackName=identity)["StackEvents"][::-1]
    done = [(each["LogicalResourceId"], each["ResourceStatus"]) for each in events if each["ResourceType"] == "AWS::SQS::Queue"]
    assert [name for name, status in done if status == "CREATE_COMPLETE"] == ["Last", "First", "Middle"]
    assert [name for name, status in done if status == "DELETE_COMPLETE"] == ["Middle", "First", "Last"]
    circle = {"A": {**queue("circle-a"), "DependsOn": "B"}, "B": {**queue("circle-b"), "DependsOn": "A"}}
    code, message = refusal(lambda: stack.put(circle))
    assert (code, message.startswith("Circular dependency between resources: [")) == ("ValidationError", True)


def test_a_condition_makes_and_unmakes_a_resource(twin: Any) -> None:
    """What its condition no longer wants is removed; properties leave out what a condition leaves out."""
    stack = Stack(twin, "conditional", ACCOUNT, REGION)
    resources = {
        "Maybe": topic("conditional-maybe", Condition="Wanted"),
        "Always": queue("conditional-always", DelaySeconds={"Fn::If": ["Wanted", 7, {"Ref": "AWS::NoValue"}]}),
    }

    def more(wanted: str) -> dict[str, Any]:
        return {"Conditions": {"Wanted": {"Fn::Equals": [wanted, "yes"]}}}

    assert stack.put(resources, **more("yes")) == "CREATE_COMPLETE"
    url = stack.physical()["Always"]
    asked = {"QueueUrl": url, "AttributeNames": ["DelaySeconds"]}
    assert stack.client("sqs").get_queue_attributes(**asked)["Attributes"] == {"DelaySeconds": "7"}
    assert stack.put(resources, update=True, **more("no")) == "UPDATE_COMPLETE"
    assert set(stack.physical()) == {"Always"}
    assert stack.client("sqs").get_queue_attributes(**asked)["Attributes"] == {"DelaySeconds": "0"}
    assert "conditional-maybe" not in topics(stack)
    stack.cloudformation.delete_stack(StackName="conditional")


def test_an_export_that_is_taken_fails_the_update_and_its_output_stays(twin: Any) -> None:
    """Two stacks can't export the same name: the second goes back to what it was."""
    first, second = Stack(twin, "exporting", ACCOUNT, REGION), Stack(twin, "exporting-too", ACCOUNT, REGION)

    def outputs(name: str) -> dict[str, Any]:
        return {"Outputs": {"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": name}}}}

    assert first.put({"Topic": topic("exporting-one")}, **outputs("exported")) == "CREATE_COMPLETE"
    assert second.put({"Topic": topic("exporting-two")}, **outputs("exported-too")) == "CREATE_COMPLETE"
    assert second.put({"Topic": topic("exporting-two")}, update=True, **outputs("exported")) == "UPDATE_ROLLBACK_COMPLETE"
    shown = second.cloudformation.describe_stacks(StackName="exporting-too")["Stacks"][0]["Outputs"]
    assert [each["ExportName"] for each in shown] == ["exported-too"]
    for stack in (first, second):
        stack.cloudformation.delete_stack(StackName=stack.name)


def test_a_large_template_comes_from_s3(twin: Any) -> None:
    """Above 51,200 bytes a template in the request is refused; from a bucket it may have a million, and no more."""
    stack = Stack(twin, "large", ACCOUNT, REGION)
    s3, client = stack.client("s3"), stack.cloudformation
    s3.create_bucket(Bucket="large-templates", CreateBucketConfiguration={"LocationConstraint": REGION})

    def text(size: int) -> str:
        body = {"Description": "large", "Metadata": {"Filler": "x" * size}, "Resources": {"Topic": topic("large-topic")}}
        return json.dumps(body)

    code, message = refusal(lambda: client.create_stack(StackName="large", TemplateBody=text(BODY_BYTES_MAX)))
    assert (code, f"less than or equal to {BODY_BYTES_MAX}" in message) == ("ValidationError", True)
    s3.put_object(Bucket="large-templates", Key="a/template.json", Body=text(BODY_BYTES_MAX).encode())
    s3.put_object(Bucket="large-templates", Key="a/huge.json", Body=text(1_000_000).encode())
    base = f"https://large-templates.s3.{REGION}.amazonaws.com/a"
    assert "1000000 bytes" in refusal(lambda: client.create_stack(StackName="large", TemplateURL=f"{base}/huge.json"))[1]
    assert refusal(lambda: client.create_stack(StackName="large", TemplateURL=f"{base}/nothing.json"))[0] == "ValidationError"
    client.create_stack(StackName="large", TemplateURL=f"{base}/template.json")
    assert stack.status() == "CREATE_COMPLETE"
    assert client.get_template(StackName="large")["TemplateBody"]["Metadata"]["Filler"] == "x" * BODY_BYTES_MAX
    client.delete_stack(StackName="large")
    path = f"https://s3.{REGION}.amazonaws.com/large-templates/a/template.json"
    client.create_stack_set(StackSetName="large-set", TemplateURL=path)
    assert client.describe_stack_set(StackSetName="large-set")["StackSet"]["TemplateBody"] == text(BODY_BYTES_MAX)
    client.delete_stack_set(StackSetName="large-set")


def test_a_bus_policy_of_two_resources_survives_new_tags(twin: Any) -> None:
    """Other tags touch every resource of a stack, and take no statement away that another resource has put."""
    stack = Stack(twin, "bus-law", ACCOUNT, REGION)

    def allowed(organization: str) -> dict[str, Any]:
        condition = {"StringEquals": {"aws:PrincipalOrgID": organization}}
        return {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*", "Condition": condition}

    own = {"Version": "2012-10-17", "Statement": [{"Sid": "own", **allowed("o-own")}]}
    more = {"EventBusName": {"Ref": "Bus"}, "StatementId": "more", "Statement": allowed("o-more")}
    resources = {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus-law", "Policy": own}},
        "More": {"Type": "AWS::Events::EventBusPolicy", "Properties": more},
    }
    assert stack.put(resources) == "CREATE_COMPLETE", stack.failures()
    assert stack.put(resources, update=True, tags={"team": "a"}) == "UPDATE_COMPLETE", stack.failures()
    events = stack.client("events")

    def sids() -> set[str]:
        return {each["Sid"] for each in json.loads(events.describe_event_bus(Name="bus-law")["Policy"])["Statement"]}

    assert sids() == {"own", "more"}
    assert stack.put({"Bus": resources["Bus"]}, update=True, tags={"team": "a"}) == "UPDATE_COMPLETE"
    assert sids() == {"own"}
    stack.cloudformation.delete_stack(StackName="bus-law")
