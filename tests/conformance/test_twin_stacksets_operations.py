"""Operations on StackSets: their preferences, what they leave undone, drift of instances, overrides, and accounts that come and go."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

MANAGEMENT, SHOP, LEDGER, SANDBOX = "111111111111", "555555555555", "666666666666", "777777777777"
FIRST, SECOND = "eu-west-1", "eu-west-2"
ALL_AT_ONCE = {"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100, "RegionConcurrencyType": "PARALLEL"}
CANCELLED = "Cancelled since failure tolerance has exceeded"


def body(name: str, *, delay: Any = 0) -> str:
    """A queue with a name, so that somebody's queue of that name is in the way."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "DelaySeconds": delay}}
    parameters = {"Delay": {"Type": "Number", "Default": 0}, "Other": {"Type": "String", "Default": "x"}}
    return json.dumps({"Parameters": parameters, "Resources": {"Queue": queue}})


class Sets:
    """StackSets of a twin that only this test has."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.client = twin.client("cloudformation")
        self.client.activate_organizations_access()
        self.organizations = twin.client("organizations", "us-east-1")
        self.units: dict[str, str] = {}
        waiting = [self.organizations.list_roots()["Roots"][0]["Id"]]
        while waiting:
            for unit in self.organizations.list_organizational_units_for_parent(ParentId=waiting.pop())["OrganizationalUnits"]:
                self.units[unit["Name"]] = unit["Id"]
                waiting.append(unit["Id"])

    def create(self, name: str, *, enrols: bool = False, retains: bool = False, text: str = "") -> None:
        """A service-managed set."""
        automatic = {"Enabled": True, "RetainStacksOnAccountRemoval": retains} if enrols else {"Enabled": False}
        asked = {"StackSetName": name, "TemplateBody": text or body(name), "AutoDeployment": automatic}
        self.client.create_stack_set(**asked, PermissionModel="SERVICE_MANAGED")

    def deploy(self, name: str, unit: str = "Prod", regions: tuple[str, ...] = (FIRST, SECOND), **more: Any) -> dict[str, Any]:
        """CreateStackInstances, to its end."""
        targets = {"OrganizationalUnitIds": [self.units[unit]]}
        return self.end(
            name, self.client.create_stack_instances(StackSetName=name, DeploymentTargets=targets, Regions=list(regions), **more)
        )

    def end(self, name: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Poll until an operation has ended."""
        for _ in range(10):
            asked = {"StackSetName": name, "OperationId": answer["OperationId"]}
            operation: dict[str, Any] = self.client.describe_stack_set_operation(**asked)["StackSetOperation"]
            if operation["Status"] != "RUNNING":
                return operation
        raise AssertionError("the operation never ends")

    def results(self, name: str, operation: dict[str, Any]) -> dict[tuple[str, str], str]:
        """Statuses of an operation's results by account and Region."""
        found = self.client.list_stack_set_operation_results(StackSetName=name, OperationId=operation["OperationId"])["Summaries"]
        return {(each["Account"], each["Region"]): each["Status"] for each in found}

    def instances(self, name: str, **filters: Any) -> dict[tuple[str, str], dict[str, Any]]:
        """Instances by account and Region."""
        found = self.client.list_stack_instances(StackSetName=name, **filters)["Summaries"]
        return {(each["Account"], each["Region"]): each for each in found}

    def queue(self, account: str, region: str, name: str) -> dict[str, str]:
        """Attributes of a queue of an account."""
        sqs = self.twin.client("sqs", region, account)
        found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["All"])[
            "Attributes"
        ]
        return found

    def queues(self, account: str, region: str, name: str) -> int:
        """How many queues of a name an account has."""
        return len(self.twin.client("sqs", region, account).list_queues(QueueNamePrefix=name).get("QueueUrls", ()))


@pytest.fixture
def sets(own_twin: Any) -> Sets:
    return Sets(own_twin)


def refusal(action: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def in_the_way(sets: Sets, name: str, *accounts: str, region: str = FIRST) -> None:
    for account in accounts:
        sets.twin.client("sqs", region, account).create_queue(QueueName=name)


def test_one_failure_too_many_ends_the_operation_in_its_region_and_in_later_ones(sets: Sets) -> None:
    """Without tolerance the second account and the second Region are not tried: their instances stay without a stack."""
    sets.create("strict")
    in_the_way(sets, "strict", SHOP)
    operation = sets.deploy("strict")
    assert operation["Status"] == "FAILED"
    assert operation["StatusDetails"]["FailedStackInstancesCount"] == 1
    assert sets.results("strict", operation) == {
        (SHOP, FIRST): "FAILED",
        (LEDGER, FIRST): "CANCELLED",
        (SHOP, SECOND): "CANCELLED",
        (LEDGER, SECOND): "CANCELLED",
    }
    found = sets.instances("strict")
    assert {each["Status"] for each in found.values()} == {"OUTDATED"}
    untried = found[LEDGER, SECOND]
    assert (untried["StackInstanceStatus"]["DetailedStatus"], untried["StatusReason"]) == ("CANCELLED", CANCELLED)
    assert "StackId" not in untried
    assert set(sets.instances("strict", Filters=[{"Name": "DETAILED_STATUS", "Values": "FAILED"}])) == {(SHOP, FIRST)}
    assert sets.queues(LEDGER, FIRST, "strict") == 0


def test_a_region_that_stops_does_not_stop_those_beside_it(sets: Sets) -> None:
    """PARALLEL: each Region counts its own failures, and the operation has failed all the same."""
    sets.create("beside")
    in_the_way(sets, "beside", SHOP)
    operation = sets.deploy("beside", OperationPreferences={"RegionConcurrencyType": "PARALLEL"})
    assert operation["Status"] == "FAILED"
    assert sets.results("beside", operation) == {
        (SHOP, FIRST): "FAILED",
        (LEDGER, FIRST): "CANCELLED",
        (SHOP, SECOND): "SUCCEEDED",
        (LEDGER, SECOND): "SUCCEEDED",
    }


def test_failures_that_are_tolerated_are_reported_by_account(sets: Sets) -> None:
    """With a tolerance of all, everybody else is deployed, and the reason of each failure can be read."""
    sets.create("tolerating")
    in_the_way(sets, "tolerating", SHOP)
    operation = sets.deploy("tolerating", OperationPreferences=ALL_AT_ONCE)
    assert (operation["Status"], operation["StatusDetails"]["FailedStackInstancesCount"]) == ("SUCCEEDED", 1)
    failed = sets.instances("tolerating")[SHOP, FIRST]
    assert failed["StatusReason"].startswith("ResourceLogicalId:Queue, ResourceType:AWS::SQS::Queue, ResourceStatusReason:")
    assert "already exists" in failed["StatusReason"]
    assert [key for key, each in sets.instances("tolerating").items() if each["Status"] == "CURRENT"] == [
        (SHOP, SECOND),
        (LEDGER, FIRST),
        (LEDGER, SECOND),
    ]


def test_accounts_that_are_tried_at_once_all_end(sets: Sets) -> None:
    """A soft tolerance tries both accounts though the first one fails; the strict one tries one more than may fail."""
    sets.create("waves")
    in_the_way(sets, "waves", SHOP)
    soft = {"MaxConcurrentCount": 2, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}
    operation = sets.deploy("waves", regions=(FIRST,), OperationPreferences=soft)
    assert sets.results("waves", operation) == {(SHOP, FIRST): "FAILED", (LEDGER, FIRST): "SUCCEEDED"}
    sets.create("strictly")
    in_the_way(sets, "strictly", SHOP)
    operation = sets.deploy("strictly", regions=(FIRST,), OperationPreferences={"MaxConcurrentCount": 2})
    assert sets.results("strictly", operation) == {(SHOP, FIRST): "FAILED", (LEDGER, FIRST): "CANCELLED"}


def test_regions_come_in_their_order_unless_accounts_are_enrolled(sets: Sets) -> None:
    """RegionOrder decides which Region is left out after a failure; AWS doesn't follow it with automatic deployment."""
    sets.create("orderly")
    in_the_way(sets, "orderly", SHOP, LEDGER, region=SECOND)
    order = {"RegionOrder": [SECOND, FIRST]}
    operation = sets.deploy("orderly", OperationPreferences=order)
    assert sets.results("orderly", operation)[SHOP, FIRST] == "CANCELLED"
    sets.create("enrolled", enrols=True)
    in_the_way(sets, "enrolled", SHOP, LEDGER, region=SECOND)
    operation = sets.deploy("enrolled", OperationPreferences=order)
    assert sets.results("enrolled", operation)[SHOP, FIRST] == "SUCCEEDED"


def test_preferences_that_contradict_each_other_are_refused(sets: Sets) -> None:
    """A count and a percentage of the same thing; nothing was done."""
    sets.create("contradicting")
    both = {"FailureToleranceCount": 1, "FailureTolerancePercentage": 10}
    code, message = refusal(lambda: sets.deploy("contradicting", OperationPreferences=both))
    assert (code, message) == (
        "ValidationError",
        "You can specify either FailureToleranceCount or FailureTolerancePercentage, but not both.",
    )
    assert sets.instances("contradicting") == {}
    assert sets.client.list_stack_set_operations(StackSetName="contradicting")["Summaries"] == []


def test_an_update_stops_where_too_many_fail_and_the_next_one_goes_on(sets: Sets) -> None:
    """The untried keep their old resources and say OUTDATED; a later update brings all up to date."""
    sets.create("updating")
    sets.deploy("updating", regions=(FIRST,))
    sets.twin.client("sqs", FIRST, SHOP).delete_queue(QueueUrl=f"https://sqs.{FIRST}.amazonaws.com/{SHOP}/updating")
    text = body("updating", delay=5)
    operation = sets.end("updating", sets.client.update_stack_set(StackSetName="updating", TemplateBody=text))
    assert operation["Status"] == "FAILED"
    assert sets.results("updating", operation) == {(SHOP, FIRST): "FAILED", (LEDGER, FIRST): "CANCELLED"}
    assert sets.queue(LEDGER, FIRST, "updating")["DelaySeconds"] == "0"
    assert {each["Status"] for each in sets.instances("updating").values()} == {"OUTDATED"}
    in_the_way(sets, "updating", SHOP)
    operation = sets.end("updating", sets.client.update_stack_set(StackSetName="updating", TemplateBody=text))
    assert operation["Status"] == "SUCCEEDED"
    assert {sets.queue(account, FIRST, "updating")["DelaySeconds"] for account in (SHOP, LEDGER)} == {"5"}
    assert {each["Status"] for each in sets.instances("updating").values()} == {"CURRENT"}


def test_overrides_are_of_one_instance_and_can_be_taken_back(sets: Sets) -> None:
    """An override survives an update of the set; a list without it gives the set's value back; unknown ones are refused."""
    sets.create("overriding", text=body("overriding", delay={"Ref": "Delay"}))
    sets.deploy("overriding", regions=(FIRST,))
    where = {"StackSetName": "overriding", "Regions": [FIRST]}
    shop = {"OrganizationalUnitIds": [sets.units["Prod"]], "Accounts": [SHOP], "AccountFilterType": "INTERSECTION"}

    def override(*named: dict[str, Any]) -> dict[str, Any]:
        answer = sets.client.update_stack_instances(**where, DeploymentTargets=shop, ParameterOverrides=list(named))
        return sets.end("overriding", answer)

    assert override({"ParameterKey": "Delay", "ParameterValue": "7"})["Status"] == "SUCCEEDED"
    assert [sets.queue(account, FIRST, "overriding")["DelaySeconds"] for account in (SHOP, LEDGER)] == ["7", "0"]
    parameters = [{"ParameterKey": "Delay", "ParameterValue": "3"}]
    answer = sets.client.update_stack_set(StackSetName="overriding", UsePreviousTemplate=True, Parameters=parameters)
    assert sets.end("overriding", answer)["Status"] == "SUCCEEDED"
    assert [sets.queue(account, FIRST, "overriding")["DelaySeconds"] for account in (SHOP, LEDGER)] == ["7", "3"]
    override({"ParameterKey": "Delay", "UsePreviousValue": True}, {"ParameterKey": "Other", "ParameterValue": "y"})
    asked = {"StackSetName": "overriding", "StackInstanceAccount": SHOP, "StackInstanceRegion": FIRST}
    shown = sets.client.describe_stack_instance(**asked)["StackInstance"]["ParameterOverrides"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in shown} == {"Delay": "7", "Other": "y"}
    override({"ParameterKey": "Other", "ParameterValue": "z"})
    assert sets.queue(SHOP, FIRST, "overriding")["DelaySeconds"] == "3"
    assert refusal(lambda: override({"ParameterKey": "Nothing", "ParameterValue": "1"})) == (
        "ValidationError",
        "Parameters: [Nothing] do not exist in the template",
    )


def test_drift_of_a_set_is_that_of_its_instances(sets: Sets) -> None:
    """One account's queue was changed by hand: the set, the instance and the resource say so, the others are in sync."""
    sets.create("astray")
    sets.deploy("astray")
    described = sets.client.describe_stack_set(StackSetName="astray")["StackSet"]["StackSetDriftDetectionDetails"]
    assert described == {"DriftStatus": "NOT_CHECKED", "TotalStackInstancesCount": 4}
    url = f"https://sqs.{SECOND}.amazonaws.com/{SHOP}/astray"
    sets.twin.client("sqs", SECOND, SHOP).set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
    started = sets.client.detect_stack_set_drift(StackSetName="astray", OperationPreferences=ALL_AT_ONCE)
    running = sets.client.describe_stack_set(StackSetName="astray")["StackSet"]["StackSetDriftDetectionDetails"]
    assert running["DriftDetectionStatus"] == "IN_PROGRESS"
    assert refusal(lambda: sets.client.detect_stack_set_drift(StackSetName="astray"))[0] == "OperationInProgressException"
    operation = sets.end("astray", started)
    assert (operation["Action"], operation["Status"]) == ("DETECT_DRIFT", "SUCCEEDED")
    details = operation["StackSetDriftDetectionDetails"]
    counted = {name: number for name, number in details.items() if name.endswith("Count") and number}
    assert (details["DriftStatus"], details["DriftDetectionStatus"]) == ("DRIFTED", "COMPLETED")
    assert counted == {"TotalStackInstancesCount": 4, "DriftedStackInstancesCount": 1, "InSyncStackInstancesCount": 3}
    described = sets.client.describe_stack_set(StackSetName="astray")["StackSet"]["StackSetDriftDetectionDetails"]
    assert (described["DriftStatus"], described["LastDriftCheckTimestamp"]) == ("DRIFTED", operation["EndTimestamp"])
    drifted = sets.instances("astray", Filters=[{"Name": "DRIFT_STATUS", "Values": "DRIFTED"}])
    assert set(drifted) == {(SHOP, SECOND)}
    assert {each["Status"] for each in sets.instances("astray").values()} == {"CURRENT"}
    asked = {"StackSetName": "astray", "OperationId": operation["OperationId"]}
    found = sets.client.list_stack_instance_resource_drifts(**asked, StackInstanceAccount=SHOP, StackInstanceRegion=SECOND)["Summaries"]
    assert [(each["LogicalResourceId"], each["PropertyDifferences"][0]["PropertyPath"]) for each in found] == [("Queue", "/DelaySeconds")]
    member = sets.twin.client("cloudformation", SECOND, SHOP)
    stack = member.describe_stack_resource_drifts(StackName=drifted[SHOP, SECOND]["StackId"])["StackResourceDrifts"]
    assert stack[0]["StackResourceDriftStatus"] == "MODIFIED"


def test_a_failed_deletion_leaves_an_instance_that_updates_leave_out(sets: Sets) -> None:
    """A bucket with objects can't go: the instance is INOPERABLE, and only retaining its stack ends it."""
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "stuck-${AWS::AccountId}"}}}
    sets.create("stuck", text=json.dumps({"Resources": {"Bucket": bucket}}))
    sets.deploy("stuck", regions=(FIRST,))
    sets.twin.client("s3", FIRST, SHOP).put_object(Bucket=f"stuck-{SHOP}", Key="a", Body=b"a")
    asked = {
        "StackSetName": "stuck",
        "DeploymentTargets": {"OrganizationalUnitIds": [sets.units["Prod"]]},
        "Regions": [FIRST],
        "OperationPreferences": ALL_AT_ONCE,
    }
    operation = sets.end("stuck", sets.client.delete_stack_instances(**asked, RetainStacks=False))
    assert operation["StatusDetails"]["FailedStackInstancesCount"] == 1
    left = sets.instances("stuck")
    assert {key: each["Status"] for key, each in left.items()} == {(SHOP, FIRST): "INOPERABLE"}
    text = json.dumps({"Resources": {"Bucket": {**bucket, "DeletionPolicy": "Retain"}}})
    operation = sets.end("stuck", sets.client.update_stack_set(StackSetName="stuck", TemplateBody=text))
    assert sets.results("stuck", operation) == {}
    operation = sets.end("stuck", sets.client.delete_stack_instances(**asked, RetainStacks=True))
    assert sets.instances("stuck") == {}
    assert sets.twin.client("s3", FIRST, SHOP).get_object(Bucket=f"stuck-{SHOP}", Key="a")["Body"].read() == b"a"


@pytest.mark.parametrize("retains", [True, False])
def test_an_account_that_leaves_a_target_keeps_its_stack_or_loses_it(sets: Sets, *, retains: bool) -> None:
    """RetainStacksOnAccountRemoval decides; between two targets of a set nothing happens but the unit's name."""
    sets.create("moving", enrols=True, retains=retains)
    sets.deploy("moving", unit="Workloads", regions=(FIRST,))
    before = sets.instances("moving")
    assert before[SANDBOX, FIRST]["OrganizationalUnitId"] == sets.units["Workloads"]
    operations = len(sets.client.list_stack_set_operations(StackSetName="moving")["Summaries"])
    sets.organizations.move_account(AccountId=SANDBOX, SourceParentId=sets.units["Dev"], DestinationParentId=sets.units["Prod"])
    assert sets.instances("moving")[SANDBOX, FIRST]["StackId"] == before[SANDBOX, FIRST]["StackId"]
    assert len(sets.client.list_stack_set_operations(StackSetName="moving")["Summaries"]) == operations
    root = sets.organizations.list_roots()["Roots"][0]["Id"]
    sets.organizations.move_account(AccountId=SANDBOX, SourceParentId=sets.units["Prod"], DestinationParentId=root)
    assert (SANDBOX, FIRST) not in sets.instances("moving")
    assert sets.queues(SANDBOX, FIRST, "moving") == int(retains)


def test_an_account_that_is_made_in_a_target_is_enrolled(sets: Sets) -> None:
    """A new account that is moved in gets the newest template by an operation that nobody asked for."""
    sets.create("joining", enrols=True)
    sets.deploy("joining", regions=(FIRST,))
    sets.end("joining", sets.client.update_stack_set(StackSetName="joining", TemplateBody=body("joining", delay=4)))
    made = sets.organizations.create_account(Email="new@example.com", AccountName="new")["CreateAccountStatus"]["AccountId"]
    root = sets.organizations.list_roots()["Roots"][0]["Id"]
    sets.organizations.move_account(AccountId=made, SourceParentId=root, DestinationParentId=sets.units["Prod"])
    assert sets.instances("joining")[made, FIRST]["Status"] == "CURRENT"
    automatic = sets.client.list_stack_set_operations(StackSetName="joining")["Summaries"][0]
    assert automatic["Action"] == "CREATE"
    assert sets.results("joining", automatic) == {(made, FIRST): "SUCCEEDED"}


def test_a_failure_stops_nothing_when_an_account_is_enrolled(sets: Sets) -> None:
    """Preferences don't apply to automatic deployment: each Region is tried, and what failed says why."""
    sets.create("enrolling", enrols=True)
    sets.deploy("enrolling")
    in_the_way(sets, "enrolling", SANDBOX)
    sets.organizations.move_account(AccountId=SANDBOX, SourceParentId=sets.units["Dev"], DestinationParentId=sets.units["Prod"])
    found = sets.instances("enrolling", StackInstanceAccount=SANDBOX)
    assert {region: each["Status"] for (_, region), each in found.items()} == {FIRST: "OUTDATED", SECOND: "CURRENT"}
    assert "already exists" in found[SANDBOX, FIRST]["StatusReason"]


def test_operations_leave_out_a_closed_account(sets: Sets) -> None:
    """Its instance stays as it is and says why; new instances aren't made there, and nobody else is held up."""
    sets.create("closing")
    sets.deploy("closing", regions=(FIRST,))
    sets.organizations.close_account(AccountId=SHOP)
    operation = sets.end("closing", sets.client.update_stack_set(StackSetName="closing", TemplateBody=body("closing", delay=4)))
    assert sets.results("closing", operation) == {(LEDGER, FIRST): "SUCCEEDED"}
    shown = sets.instances("closing")[SHOP, FIRST]
    assert (shown["Status"], shown["StackInstanceStatus"]["DetailedStatus"]) == ("OUTDATED", "SKIPPED_SUSPENDED_ACCOUNT")
    sets.deploy("closing", regions=(SECOND,))
    assert (SHOP, SECOND) not in sets.instances("closing")


def test_a_delegated_administrator_works_on_the_management_account_s_sets(sets: Sets) -> None:
    """CallAs DELEGATED_ADMIN sees and deploys them; without delegation it is refused."""
    sets.create("delegated")
    member = sets.twin.client("cloudformation", SECOND, SHOP)
    code, _ = refusal(lambda: member.describe_stack_set(StackSetName="delegated", CallAs="DELEGATED_ADMIN"))
    assert code == "ValidationError"
    service = "member.org.stacksets.cloudformation.amazonaws.com"
    sets.organizations.register_delegated_administrator(AccountId=SHOP, ServicePrincipal=service)
    assert member.describe_stack_set(StackSetName="delegated", CallAs="DELEGATED_ADMIN")["StackSet"]["Status"] == "ACTIVE"
    answer = member.create_stack_instances(
        StackSetName="delegated",
        DeploymentTargets={"OrganizationalUnitIds": [sets.units["Dev"]]},
        Regions=[FIRST],
        CallAs="DELEGATED_ADMIN",
    )
    assert sets.end("delegated", answer)["Status"] == "SUCCEEDED"
    assert sets.queues(SANDBOX, FIRST, "delegated") == 1


def test_what_the_twin_has_no_operation_for_is_refused_loudly(sets: Sets) -> None:
    """ImportStacksToStackSet from a file in a bucket is not there, and says so."""
    sets.create("importing")
    code, message = refusal(lambda: sets.client.import_stacks_to_stack_set(StackSetName="importing", StackIdsUrl="s3://ids/of.json"))
    assert (code, "ImportStacksToStackSet" in message) == ("NotImplemented", True)


def test_a_stack_that_an_account_kept_is_imported_with_what_it_holds(sets: Sets) -> None:
    """It becomes an instance of its set, with its own template until the next update and its own parameters until they are reset."""
    sets.create("kept", enrols=True, retains=True)
    sets.deploy("kept", unit="Dev", regions=(FIRST,))
    arn = sets.instances("kept")[SANDBOX, FIRST]["StackId"]
    root = sets.organizations.list_roots()["Roots"][0]["Id"]
    sets.organizations.move_account(AccountId=SANDBOX, SourceParentId=sets.units["Dev"], DestinationParentId=root)
    sets.end("kept", sets.client.update_stack_set(StackSetName="kept", TemplateBody=body("kept", delay=4)))
    sets.organizations.move_account(AccountId=SANDBOX, SourceParentId=root, DestinationParentId=sets.units["Dev"])
    assert "already exists" in sets.instances("kept")[SANDBOX, FIRST]["StatusReason"]
    asked = {"StackSetName": "kept", "StackIds": [arn], "OrganizationalUnitIds": [sets.units["Dev"]]}
    assert refusal(lambda: sets.client.import_stacks_to_stack_set(**asked))[0] == "ValidationError"  # the failed instance is in the way

    targets = {"OrganizationalUnitIds": [sets.units["Dev"]], "AccountFilterType": "INTERSECTION", "Accounts": [SANDBOX]}
    where = {"StackSetName": "kept", "DeploymentTargets": targets, "Regions": [FIRST]}
    sets.end("kept", sets.client.delete_stack_instances(**where, RetainStacks=False))
    assert sets.client.describe_stack_set(StackSetName="kept")["StackSet"]["OrganizationalUnitIds"] == [sets.units["Dev"]]
    for wrong in ({"StackIds": [arn.replace("StackSet-kept", "other")]}, {"OrganizationalUnitIds": [sets.units["Prod"]]}):
        assert refusal(lambda wrong=wrong: sets.client.import_stacks_to_stack_set(**{**asked, **wrong}))[0] == "StackNotFoundException"
    sets.end("kept", sets.client.import_stacks_to_stack_set(**asked))
    found = sets.instances("kept")[SANDBOX, FIRST]
    assert (found["StackId"], found["Status"]) == (arn, "OUTDATED")
    assert refusal(lambda: sets.client.import_stacks_to_stack_set(**asked))[0] == "ValidationError"  # it belongs to a set already

    sets.end("kept", sets.client.update_stack_instances(**where, ParameterOverrides=[]))
    found = sets.instances("kept")[SANDBOX, FIRST]
    assert (found["StackId"], found["Status"]) == (arn, "CURRENT")
    assert sets.queue(SANDBOX, FIRST, "kept")["DelaySeconds"] == "4"
