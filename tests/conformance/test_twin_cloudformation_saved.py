"""Stacks, drift, change sets, StackSets and shares survive in a saved twin, and its dump shows them."""

import json
from pathlib import Path
from typing import Any

from tests.conformance.conftest import Twin
from tests.conformance.stacked import EVERYTHING, OWN, Stack

from strongroom.twin import client as control
from strongroom.twin import process

OWNER, SHOP, REGION = "333333333333", "555555555555", "eu-central-1"
PARTS = ("stacks", "sets")


def test_a_saved_twin_has_its_stacks_and_goes_on_with_them(own_twin: Any, tmp_path: Path) -> None:
    """A resource of every type, a detection, a change set that waits, a StackSet with drift and a share: the same before and after."""
    stack = Stack(own_twin, "saved")
    assert stack.put({**EVERYTHING, **OWN, "Topic": EVERYTHING["Topic"]}) == "CREATE_COMPLETE", stack.failures()
    client = stack.cloudformation
    stack.client("sqs").set_queue_attributes(QueueUrl=stack.physical()["Queue"], Attributes={"VisibilityTimeout": "7"})
    detection = client.detect_stack_drift(StackName="saved")["StackDriftDetectionId"]
    named = {"StackName": "saved", "ChangeSetName": "waiting"}
    client.create_change_set(**named, UsePreviousTemplate=True, Capabilities=["CAPABILITY_NAMED_IAM"], DeploymentMode="REVERT_DRIFT")
    central = own_twin.client("ram", REGION, OWNER)
    share = central.create_resource_share(name="saved", principals=[SHOP])["resourceShare"]["resourceShareArn"]
    management = own_twin.client("cloudformation")
    management.activate_organizations_access()
    queue = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    management.create_stack_set(StackSetName="saved", TemplateBody=json.dumps(queue), PermissionModel="SERVICE_MANAGED")
    root = own_twin.client("organizations", "us-east-1").list_roots()["Roots"][0]["Id"]
    management.create_stack_instances(StackSetName="saved", DeploymentTargets={"OrganizationalUnitIds": [root]}, Regions=[REGION])
    before = control.dump(own_twin.endpoint)
    assert {"Drift", "Detection", "ChangeSet", "Operation", "Instance"} <= set(_classes({part: before[part] for part in PARTS}))
    assert share in json.dumps(before["services"]["moto.ram"])

    path = tmp_path / "saved.twin"
    path.write_bytes(control.save(own_twin.endpoint))
    home = tmp_path / "again"
    again = Twin(endpoint=process.up(home, 0, state=path), home=home, keys=own_twin.keys)
    try:
        after = control.dump(again.endpoint)
        assert {part: after[part] for part in PARTS} == {part: before[part] for part in PARTS}
        loaded = Stack(again, "saved")
        shown = [loaded.cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection) for _ in range(2)][-1]
        assert shown["StackDriftStatus"] == "DRIFTED"
        for _ in range(2):
            loaded.cloudformation.describe_change_set(**named)
        loaded.cloudformation.execute_change_set(**named)
        assert loaded.status() == "UPDATE_COMPLETE"
        queue = loaded.client("sqs").get_queue_attributes(QueueUrl=loaded.physical()["Queue"], AttributeNames=["All"])["Attributes"]
        assert queue["VisibilityTimeout"] == "120"
        loaded.cloudformation.delete_stack(StackName="saved")
        assert loaded.client("backup").list_report_plans()["ReportPlans"] == []
    finally:
        process.down(home)


def _classes(value: Any) -> list[str]:
    """Names of the classes in a dump."""
    if isinstance(value, dict):
        own = [value["is"]] if isinstance(value.get("is"), str) else []
        return own + [name for each in value.values() for name in _classes(each)]
    return [name for each in value for name in _classes(each)] if isinstance(value, list) else []
