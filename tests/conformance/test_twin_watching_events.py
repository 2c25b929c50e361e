"""EventBridge in the twin through boto3: what matches, where it goes, who lets it in, what is counted."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from strongroom.twin import client as control
from strongroom.twin import process

SHOP, LEDGER, CENTRAL, MANAGEMENT = "555555555555", "666666666666", "333333333333", "111111111111"
REGION = "eu-west-2"
EVENTS = "events.amazonaws.com"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: Any, action: str, resource: str, **conditions: Any) -> dict[str, Any]:
    statement = {"Sid": "watch", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return statement | ({"Condition": conditions} if conditions else {})


class Place:
    """EventBridge and SQS of an account."""

    def __init__(self, twin: Any, account: str = SHOP, region: str = REGION) -> None:
        self.account, self.region = account, region
        self.events, self.sqs, self.iam = (twin.client(name, region, account) for name in ("events", "sqs", "iam"))
        self.cloudwatch = twin.client("cloudwatch", region, account)
        self.organization = twin.client("organizations").describe_organization()["Organization"]["Id"]

    def queue(self, name: str, **conditions: Any) -> tuple[str, str]:
        """A queue that EventBridge may send to, under conditions: URL and ARN."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{self.region}:{self.account}:{name}"
        self.sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": policy(allow({"Service": EVENTS}, "sqs:SendMessage", arn, **conditions))}
        )
        return url, arn

    def closed_queue(self, name: str) -> tuple[str, str]:
        """A queue without a policy."""
        return self.sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{self.region}:{self.account}:{name}"

    def rule(self, name: str, pattern: Any, *targets: dict[str, Any], bus: str = "default", state: str = "ENABLED") -> str:
        arn = self.events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus, State=state)["RuleArn"]
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        assert self.events.put_targets(Rule=name, EventBusName=bus, Targets=numbered)["FailedEntryCount"] == 0
        return str(arn)

    def put(self, source: str, detail: Any, bus: str = "default", kind: str = "Something") -> Any:
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": bus}
        return self.events.put_events(Entries=[entry])

    def received(self, url: str) -> list[str]:
        """The bodies of everything that lies in a queue, which is empty afterwards."""
        return [message["Body"] for message in self.messages(url)]

    def messages(self, url: str) -> list[Any]:
        found = []
        ask = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while messages := self.sqs.receive_message(**ask).get("Messages"):
            found += messages
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def role(self, name: str, *statements: dict[str, Any], service: str = EVENTS) -> str:
        """A role that a service may assume."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(arn)

    def count(self, twin: Any, metric: str, **dimensions: str) -> float:
        """The sum of a metric of EventBridge over the last hours, once it is published."""
        now = datetime.fromisoformat(control.clock(twin.endpoint)["now"])
        found = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/Events",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(hours=2),
            EndTime=now + timedelta(minutes=1),
            Period=86400,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])


@pytest.fixture
def shop(twin: Any) -> Place:
    return Place(twin)


@pytest.fixture
def ledger(twin: Any) -> Place:
    return Place(twin, LEDGER)


@pytest.fixture
def central(twin: Any) -> Place:
    return Place(twin, CENTRAL)


PATTERNS = [
    ({"detail": {"state": ["FAILED", "EXPIRED"]}}, {"state": "FAILED"}, {"state": "COMPLETED"}),
    ({"detail": {"state": [{"prefix": "FA"}]}}, {"state": "FAILED"}, {"state": "EXPIRED"}),
    ({"detail": {"state": [{"suffix": "ED"}]}}, {"state": "FAILED"}, {"state": "RUNNING"}),
    ({"detail": {"state": [{"anything-but": ["COMPLETED", "RUNNING"]}]}}, {"state": "FAILED"}, {"state": "RUNNING"}),
    ({"detail": {"state": [{"anything-but": {"prefix": "COM"}}]}}, {"state": "FAILED"}, {"state": "COMPLETED"}),
    ({"detail": {"message": [{"exists": True}]}}, {"message": "broken"}, {"state": "FAILED"}),
    ({"detail": {"message": [{"exists": False}]}}, {"state": "FAILED"}, {"message": "broken"}),
    ({"detail": {"percent": [{"numeric": [">", 0, "<=", 50]}]}}, {"percent": 50}, {"percent": 51}),
    ({"detail": {"state": [{"equals-ignore-case": "failed"}]}}, {"state": "FAILED"}, {"state": "EXPIRED"}),
    ({"detail": {"name": [{"wildcard": "vault-*-dr"}]}}, {"name": "vault-a-dr"}, {"name": "vault-a"}),
    ({"detail": {"$or": [{"state": ["FAILED"]}, {"percent": [100]}]}}, {"percent": 100}, {"state": "RUNNING", "percent": 1}),
    ({"detail": {"vault": {"name": ["a"]}, "state": ["FAILED"]}}, {"vault": {"name": "a"}, "state": "FAILED"}, {"vault": {"name": "a"}}),
]


@pytest.mark.parametrize(("pattern", "good", "bad"), PATTERNS, ids=[json.dumps(each[0]["detail"])[:40] for each in PATTERNS])
def test_patterns_match_as_documented(shop: Place, pattern: Any, good: Any, bad: Any) -> None:
    """TestEventPattern says yes to an event that fits and no to one that doesn't."""
    event = {
        "id": "1",
        "account": SHOP,
        "source": "s",
        "time": "2026-11-21T12:00:00Z",
        "region": REGION,
        "resources": [],
        "detail-type": "d",
    }

    def matches(detail: Any) -> bool:
        answer = shop.events.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps({**event, "detail-type": "d", "detail": detail})
        )
        return bool(answer["Result"])

    assert (matches(good), matches(bad)) == (True, False)


def test_put_events_reach_the_queue_of_a_matching_rule(shop: Place) -> None:
    """An event of a client arrives whole, with account, Region and time; others don't arrive."""
    url, arn = shop.queue("events-plain")
    shop.rule("events-plain", {"source": ["plain"]}, {"Arn": arn})
    shop.put("other", {"a": 1})
    entry = shop.put("plain", {"a": 1})["Entries"][0]
    (event,) = map(json.loads, shop.received(url))
    assert (event["id"], event["source"], event["account"], event["region"]) == (entry["EventId"], "plain", SHOP, REGION)
    assert (event["detail-type"], event["detail"], event["time"][-1]) == ("Something", {"a": 1}, "Z")


def test_a_disabled_rule_sends_nothing(shop: Place) -> None:
    """DisableRule stops a rule, EnableRule lets it go on."""
    url, arn = shop.queue("events-disabled")
    shop.rule("events-disabled", {"source": ["disabled"]}, {"Arn": arn}, state="DISABLED")
    shop.put("disabled", {"n": 1})
    shop.events.enable_rule(Name="events-disabled")
    shop.put("disabled", {"n": 2})
    shop.events.disable_rule(Name="events-disabled")
    shop.put("disabled", {"n": 3})
    assert [json.loads(each)["detail"]["n"] for each in shop.received(url)] == [2]


def test_targets_get_a_part_a_constant_or_a_template(shop: Place) -> None:
    """InputPath, Input and InputTransformer shape what arrives: text inside quotation marks, JSON elsewhere."""
    url, arn = shop.queue("events-input")
    template = '{"what": "<state> in <account>", "vault": <vault>, "rule": "<aws.events.rule-name>", "gone": "<gone>"}'
    paths = {"state": "$.detail.state", "account": "$.account", "vault": "$.detail.vault", "gone": "$.detail.nothing"}
    shop.rule(
        "events-input",
        {"source": ["input"]},
        {"Arn": arn, "InputPath": "$.detail.vault"},
        {"Arn": arn, "Input": '{"constant": true}'},
        {"Arn": arn, "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}},
        {"Arn": arn, "InputTransformer": {"InputPathsMap": {"s": "$.detail.state"}, "InputTemplate": '"The state is <s>"'}},
    )
    shop.put("input", {"state": 'FA"ILED', "vault": {"name": "a", "points": [1, 2]}})
    part, constant, formed, text = shop.received(url)
    assert json.loads(part) == {"name": "a", "points": [1, 2]}
    assert json.loads(constant) == {"constant": True}
    expected = {"what": f'FA"ILED in {SHOP}', "vault": {"name": "a", "points": [1, 2]}, "rule": "events-input", "gone": ""}
    assert json.loads(formed) == expected
    assert text == '"The state is FA\\"ILED"'


def test_a_queue_is_entered_by_its_policy_alone(shop: Place) -> None:
    """Without a policy for the service, or for another rule or account than this one, the event is lost."""
    rule = f"arn:aws:events:{REGION}:{SHOP}:rule/events-policy"
    queues = [
        shop.closed_queue("events-policy-none"),
        shop.queue("events-policy-other", ArnEquals={"aws:SourceArn": rule.replace("policy", "other")}),
        shop.queue("events-policy-account", StringEquals={"aws:SourceAccount": LEDGER}),
        shop.queue("events-policy-own", ArnEquals={"aws:SourceArn": rule}, StringEquals={"aws:SourceAccount": SHOP}),
    ]
    shop.rule("events-policy", {"source": ["policy"]}, *({"Arn": arn} for _, arn in queues))
    shop.put("policy", {})
    assert [len(shop.received(url)) for url, _ in queues] == [0, 0, 0, 1]


def test_what_a_target_refuses_goes_to_its_dead_letter_queue(shop: Place, twin: Any) -> None:
    """The event itself lies there with the error in its attributes; a dead-letter queue that is closed too loses it."""
    _, closed = shop.closed_queue("events-dead-closed")
    dead, dead_arn = shop.queue("events-dead")
    shop.rule(
        "events-dead",
        {"source": ["dead"]},
        {"Arn": closed, "DeadLetterConfig": {"Arn": dead_arn}},
        {"Arn": closed.replace("closed", "nowhere"), "DeadLetterConfig": {"Arn": dead_arn}, "Input": '"constant"'},
        {"Arn": closed, "DeadLetterConfig": {"Arn": closed}},
    )
    shop.put("dead", {"n": 1})
    found = shop.messages(dead)
    codes = [message["MessageAttributes"]["ERROR_CODE"]["StringValue"] for message in found]
    assert (codes, [json.loads(message["Body"])["detail"] for message in found]) == (["NO_PERMISSIONS", "NO_RESOURCE"], [{"n": 1}] * 2)
    assert found[0]["MessageAttributes"]["TARGET_ARN"]["StringValue"] == closed
    twin.advance("2m")
    names = ("Invocations", "FailedInvocations", "InvocationsSentToDlq")
    counted = {name: shop.count(twin, name, RuleName="events-dead") for name in names}
    assert counted == {"Invocations": 3, "FailedInvocations": 3, "InvocationsSentToDlq": 2}


def test_an_encrypted_queue_needs_its_key_too(shop: Place, twin: Any) -> None:
    """A queue under a customer key hears EventBridge only where the key's policy lets the service in."""
    kms = twin.client("kms", REGION, SHOP)
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"}, "Action": "kms:*", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": {"Service": EVENTS}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
    for name, statements, heard in (("shut", [owner], 0), ("open", [owner, use], 1)):
        key = kms.create_key(Policy=policy(*statements))["KeyMetadata"]["KeyId"]
        url, arn = shop.queue(f"events-key-{name}")
        shop.sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})
        shop.rule(f"events-key-{name}", {"source": [f"key-{name}"]}, {"Arn": arn})
        shop.put(f"key-{name}", {})
        assert len(shop.received(url)) == heard


def central_bus(central: Place, name: str, *statements: dict[str, Any]) -> tuple[str, str, str]:
    """A bus in the central account with a queue behind it: ARN of the bus, URL of the queue, ARN of the bus's rule."""
    arn = central.events.create_event_bus(Name=name)["EventBusArn"]
    if statements:
        given = policy(*({**each, "Resource": arn} for each in statements))
        central.events.put_permission(EventBusName=name, Policy=given)
    url, queue = central.queue(f"{name}-queue")
    rule = central.rule(f"{name}-rule", {"account": [{"exists": True}]}, {"Arn": queue}, bus=name)
    return arn, url, rule


def test_another_accounts_bus_takes_events_that_its_policy_allows(shop: Place, central: Place) -> None:
    """A bus whose policy names the account takes its events, with the account of the sender; one without a policy takes none."""
    root = {"AWS": f"arn:aws:iam::{SHOP}:root"}
    open_bus, heard, _ = central_bus(central, "watch-account", allow(root, "events:PutEvents", "-"))
    closed_bus, unheard, _ = central_bus(central, "watch-closed")
    shop.rule("events-across", {"source": ["across"]}, {"Arn": open_bus}, {"Arn": closed_bus})
    shop.put("across", {"n": 1})
    (event,) = map(json.loads, central.received(heard))
    assert (event["account"], event["detail"]) == (SHOP, {"n": 1})
    assert central.received(unheard) == []


def test_a_bus_that_is_open_to_the_organization_wants_a_role(shop: Place, central: Place) -> None:
    """A policy with aws:PrincipalOrgID is met by a role of the sender that may put events, by no rule without one."""
    condition = {"StringEquals": {"aws:PrincipalOrgID": central.organization}}
    bus, url, _ = central_bus(central, "watch-organization", allow("*", "events:PutEvents", "-", **condition))
    may = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}
    roles = {
        "sender": shop.role("events-sender", may),
        "powerless": shop.role("events-powerless"),
        "of another service": shop.role("events-stranger", may, service="backup.amazonaws.com"),
    }
    for number, (name, role) in enumerate({"none": "", **roles}.items()):
        shop.rule(f"events-role-{number}", {"source": [name]}, {"Arn": bus} | ({"RoleArn": role} if role else {}))
        shop.put(name, {})
    assert [json.loads(each)["source"] for each in central.received(url)] == ["sender"]


def test_the_policy_of_a_bus_can_name_the_rule(shop: Place, central: Place) -> None:
    """A condition on aws:SourceArn lets one rule of an account in, and no other."""
    root, rule = {"AWS": f"arn:aws:iam::{SHOP}:root"}, f"arn:aws:events:{REGION}:{SHOP}:rule/events-named"
    bus, url, _ = central_bus(central, "watch-rule", allow(root, "events:PutEvents", "-", ArnEquals={"aws:SourceArn": rule}))
    for name in ("named", "nameless"):
        shop.rule(f"events-{name}", {"source": [name]}, {"Arn": bus})
        shop.put(name, {})
    assert [json.loads(each)["source"] for each in central.received(url)] == ["named"]


def test_an_organization_that_is_another_one_is_refused(shop: Place, central: Place) -> None:
    """A role of an account that is not in the organization of the policy is not let in."""
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-somebodyelse"}}
    bus, url, _ = central_bus(central, "watch-strangers", allow("*", "events:PutEvents", "-", **condition))
    role = shop.role("events-estranged", {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus})
    shop.rule("events-estranged", {"source": ["estranged"]}, {"Arn": bus, "RoleArn": role})
    shop.put("estranged", {})
    assert central.received(url) == []


def test_events_are_not_passed_on_to_a_third_bus(shop: Place, ledger: Place, central: Place) -> None:
    """What came from another bus goes to no further one, of the same or another account."""
    everyone = {"AWS": "*"}
    last, unheard, _ = central_bus(central, "watch-third", allow(everyone, "events:PutEvents", "-"))
    second = ledger.events.create_event_bus(Name="second")["EventBusArn"]
    beside, beside_arn = ledger.queue("second-queue")
    ledger.rule("second", {"source": ["third"]}, {"Arn": beside_arn}, bus="second")
    middle = ledger.events.create_event_bus(Name="middle")["EventBusArn"]
    ledger.events.put_permission(EventBusName="middle", Policy=policy(allow(everyone, "events:PutEvents", middle)))
    url, queue = ledger.queue("middle-queue")
    ledger.rule("onward", {"source": ["third"]}, {"Arn": last}, {"Arn": second}, {"Arn": queue}, bus="middle")
    shop.rule("events-third", {"source": ["third"]}, {"Arn": middle})
    shop.put("third", {})
    assert (len(ledger.received(url)), ledger.received(beside), central.received(unheard)) == (1, [], [])


def test_a_client_puts_events_on_another_accounts_bus(shop: Place, central: Place) -> None:
    """PutEvents with the ARN of another account's bus is delivered where its policy allows it, and refused where not."""
    bus, url, _ = central_bus(central, "watch-put", allow({"AWS": f"arn:aws:iam::{SHOP}:root"}, "events:PutEvents", "-"))
    closed, _, _ = central_bus(central, "watch-put-closed")
    assert shop.put("put", {"n": 1}, bus=bus)["FailedEntryCount"] == 0
    with pytest.raises(ClientError) as caught:
        shop.put("put", {"n": 2}, bus=closed)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    (event,) = map(json.loads, central.received(url))
    assert (event["account"], event["detail"]) == (SHOP, {"n": 1})


def test_the_policy_of_a_bus_is_read_back_as_it_was_put(central: Place) -> None:
    """A policy replaces the one before; statements without a Sid are kept; a permission for an organization names everyone."""
    central.events.create_event_bus(Name="watch-policies")
    put = central.events.put_permission
    bus = f"arn:aws:events:{REGION}:{CENTRAL}:event-bus/watch-policies"
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}
    for principal in ({"AWS": f"arn:aws:iam::{SHOP}:root"}, {"AWS": f"arn:aws:iam::{LEDGER}:root"}):
        put(EventBusName="watch-policies", Policy=policy({**statement, "Principal": principal}))
    (found,) = json.loads(central.events.describe_event_bus(Name="watch-policies")["Policy"])["Statement"]
    assert found["Principal"] == {"AWS": f"arn:aws:iam::{LEDGER}:root"}
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": central.organization}
    put(EventBusName="watch-policies", Action="events:PutEvents", Principal="*", StatementId="all", Condition=condition)
    statements = json.loads(central.events.describe_event_bus(Name="watch-policies")["Policy"])["Statement"]
    assert {each["Sid"]: each["Principal"] for each in statements}["all"] == "*"


def test_only_what_happened_is_counted(shop: Place, central: Place, twin: Any) -> None:
    """AWS/Events counts by rule, and by bus and rule on a bus of one's own; a metric of nothing doesn't exist."""
    _, arn = shop.queue("events-count")
    shop.rule("events-count", {"source": ["count"]}, {"Arn": arn}, {"Arn": arn})
    for _ in range(3):
        shop.put("count", {})
    central_bus(central, "watch-count")
    central.put("count", {}, bus="watch-count")
    twin.advance("2m")
    names = ("MatchedEvents", "TriggeredRules", "Invocations", "FailedInvocations")
    assert [shop.count(twin, name, RuleName="events-count") for name in names] == [3, 3, 6, 0]
    assert central.count(twin, "MatchedEvents", EventBusName="watch-count", RuleName="watch-count-rule") == 1
    assert central.count(twin, "MatchedEvents", RuleName="watch-count-rule") == 0
    listed = shop.cloudwatch.list_metrics(Namespace="AWS/Events", Dimensions=[{"Name": "RuleName", "Value": "events-count"}])["Metrics"]
    assert sorted(each["MetricName"] for each in listed) == ["Invocations", "MatchedEvents", "TriggeredRules"]


def test_old_messages_leave_a_queue(start_twin: Callable[..., Any], tmp_path: Any) -> None:
    """After the retention period of the queue its messages are gone."""
    own = start_twin(tmp_path)
    try:
        place = Place(own)
        url, arn = place.queue("short")
        place.rule("short", {"source": ["short"]}, {"Arn": arn})
        place.put("short", {})
        own.advance("3d")
        ask = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        assert place.sqs.get_queue_attributes(**ask)["Attributes"]["ApproximateNumberOfMessages"] == "1"
        own.advance("2d")
        assert place.sqs.get_queue_attributes(**ask)["Attributes"]["ApproximateNumberOfMessages"] == "0"
    finally:
        process.down(tmp_path)


def test_a_sixth_target_is_refused(shop: Place) -> None:
    """A rule has five targets at most; one of them can be put again."""
    _, arn = shop.queue("events-five")
    shop.rule("events-five", {"source": ["five"]}, *({"Arn": arn} for _ in range(5)))
    shop.events.put_targets(Rule="events-five", Targets=[{"Id": "0", "Arn": arn}])
    with pytest.raises(ClientError) as caught:
        shop.events.put_targets(Rule="events-five", Targets=[{"Id": "sixth", "Arn": arn}])
    assert caught.value.response["Error"]["Code"] == "LimitExceededException"


def test_calls_are_heard_of_through_a_trail(shop: Place, twin: Any) -> None:
    """Where a trail logs, a rule hears of calls that change something, with their parameters; of others, and without one, it doesn't."""
    kms, trails = twin.client("kms", REGION, SHOP), twin.client("cloudtrail", REGION, SHOP)
    url, arn = shop.queue("events-calls")
    names = ["DisableKey", "EnableKey", "DescribeKey"]
    pattern = {"source": ["aws.kms"], "detail": {"eventName": names, "errorCode": [{"exists": False}]}}
    shop.rule("events-calls", pattern, {"Arn": arn})
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    twin.client("s3", REGION, SHOP).create_bucket(Bucket="events-calls", CreateBucketConfiguration={"LocationConstraint": REGION})
    trails.create_trail(Name="events-calls", S3BucketName="events-calls")
    kms.enable_key(KeyId=key)
    assert shop.received(url) == []
    trails.start_logging(Name="events-calls")
    kms.describe_key(KeyId=key)
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError):
        kms.disable_key(KeyId="nothing")
    trails.delete_trail(Name="events-calls")
    (event,) = map(json.loads, shop.received(url))
    detail = event["detail"]
    assert (event["detail-type"], detail["eventSource"], detail["eventName"]) == (
        "AWS API Call via CloudTrail",
        "kms.amazonaws.com",
        "DisableKey",
    )
    assert (detail["requestParameters"], detail["userIdentity"]["accountId"]) == ({"keyId": key}, SHOP)
