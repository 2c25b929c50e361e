"""SNS in the twin through boto3: who may publish, what subscribers get, mail that waits for its confirmation."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from strongroom.twin import client as control

SHOP, CENTRAL = "555555555555", "333333333333"
REGION = "eu-west-2"
EVENTS, SNS = "events.amazonaws.com", "sns.amazonaws.com"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(service: str, actions: Any, resource: str, **conditions: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": resource}
    return statement | ({"Condition": conditions} if conditions else {})


class Post:
    """SNS of an account, with queues behind topics."""

    def __init__(self, twin: Any, account: str = SHOP) -> None:
        self.twin, self.account = twin, account
        self.sns, self.sqs, self.kms, self.events = (twin.client(name, REGION, account) for name in ("sns", "sqs", "kms", "events"))

    def topic(self, name: str, *statements: Any, **attributes: str) -> str:
        """A topic; with statements, which are about it, that is its whole policy."""
        arn = str(self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"])
        if statements:
            own = policy(*({**each, "Resource": arn} for each in statements))
            self.sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=own)
        return arn

    def queue(self, name: str, *statements: Any) -> tuple[str, str]:
        """A queue with a policy of statements about it: URL and ARN."""
        url, arn = self.sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{REGION}:{self.account}:{name}"
        if statements:
            own = policy(*({**each, "Resource": arn} for each in statements))
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": own})
        return url, arn

    def listening(self, topic: str, name: str, **attributes: str) -> str:
        """A queue that hears a topic."""
        url, arn = self.queue(name, allow(SNS, "sqs:SendMessage", "-", ArnEquals={"aws:SourceArn": topic}))
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return url

    def received(self, url: str) -> list[Any]:
        return self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get("Messages", [])

    def event(self, name: str, topic: str) -> None:
        """Let EventBridge publish to a topic."""
        self.events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        self.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": topic}])
        self.events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])


@pytest.fixture
def shop(twin: Any) -> Post:
    return Post(twin)


def test_a_queue_gets_the_envelope_of_sns(shop: Post) -> None:
    """Type, ids, subject, text, attributes and links arrive as SNS wraps them; a raw subscription gets text and attributes alone."""
    topic = shop.topic("topics-envelope")
    wrapped, raw = shop.listening(topic, "topics-envelope"), shop.listening(topic, "topics-raw", RawMessageDelivery="true")
    told = {"State": {"DataType": "String", "StringValue": "FAILED"}}
    sent = shop.sns.publish(TopicArn=topic, Message="text", Subject="subject", MessageAttributes=told)["MessageId"]
    (message,) = shop.received(wrapped)
    body = json.loads(message["Body"])
    expected = {"Type": "Notification", "MessageId": sent, "TopicArn": topic, "Subject": "subject", "Message": "text"}
    assert {name: body[name] for name in expected} == expected
    assert body["MessageAttributes"] == {"State": {"Type": "String", "Value": "FAILED"}}
    assert {"Timestamp", "SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"} <= body.keys()
    (plain,) = shop.received(raw)
    assert (plain["Body"], plain["MessageAttributes"]["State"]["StringValue"]) == ("text", "FAILED")


def test_a_queue_hears_a_topic_only_if_its_policy_lets_sns_in(shop: Post) -> None:
    """A queue without a policy, or with one for another topic, gets nothing, and the failure is counted."""
    topic = shop.topic("topics-closed")
    other = allow(SNS, "sqs:SendMessage", "-", ArnEquals={"aws:SourceArn": f"{topic}-other"})
    queues = [shop.queue("topics-closed-none"), shop.queue("topics-closed-other", other)]
    for _, arn in queues:
        shop.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    heard = shop.listening(topic, "topics-closed-open")
    shop.sns.publish(TopicArn=topic, Message="text")
    assert [len(shop.received(url)) for url in (*(url for url, _ in queues), heard)] == [0, 0, 1]
    assert counts(shop, "topics-closed") == {
        "NumberOfMessagesPublished": 1,
        "NumberOfNotificationsDelivered": 1,
        "NumberOfNotificationsFailed": 2,
    }


def counts(post: Post, topic: str) -> dict[str, float]:
    """The metrics of a topic since the day began."""
    post.twin.advance("2m")
    cloudwatch = post.twin.client("cloudwatch", REGION, post.account)
    dimensions = [{"Name": "TopicName", "Value": topic}]
    names = [each["MetricName"] for each in cloudwatch.list_metrics(Namespace="AWS/SNS", Dimensions=dimensions)["Metrics"]]
    queries = [
        {
            "Id": f"m{number}",
            "Label": name,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/SNS", "MetricName": name, "Dimensions": dimensions},
                "Period": 86400,
                "Stat": "Sum",
            },
        }
        for number, name in enumerate(names)
    ]
    now = control.clock(post.twin.endpoint)["now"]
    found = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=f"{now[:10]}T00:00:00Z", EndTime=now)
    return {each["Label"]: sum(each["Values"]) for each in found["MetricDataResults"]}


def test_a_topic_hears_the_services_that_its_policy_names(shop: Post) -> None:
    """EventBridge is heard where the policy names it without conditions on its source, which it doesn't tell; not by a new topic."""
    good = {"StringEquals": {"aws:SourceAccount": SHOP}}
    rule = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{SHOP}:rule/*"}}
    organization = shop.twin.client("organizations").describe_organization()["Organization"]["Id"]
    cases = {
        "own": ((), 0),
        "plain": ((allow(EVENTS, "sns:Publish", "-"),), 1),
        "account": ((allow(EVENTS, "sns:Publish", "-", **good),), 0),
        "rule": ((allow(EVENTS, "sns:Publish", "-", **rule),), 0),
        "organization": ((allow(EVENTS, "sns:Publish", "-", StringEquals={"aws:SourceOrgID": organization}),), 0),
        "other": ((allow("backup.amazonaws.com", "sns:Publish", "-"),), 0),
        "insecure": (
            (
                allow(EVENTS, "sns:Publish", "-"),
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sns:Publish",
                    "Resource": "-",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ),
            1,
        ),
    }
    for name, (statements, heard) in cases.items():
        topic = shop.topic(f"topics-by-{name}", *statements)
        url = shop.listening(topic, f"topics-by-{name}")
        shop.event(f"topics-by-{name}", topic)
        assert (name, len(shop.received(url))) == (name, heard)


def test_fm22_a_key_that_shuts_the_service_out_loses_the_message(shop: Post) -> None:
    """A topic under aws/sns, or under a key whose policy doesn't name the service or that is disabled, hears nothing."""
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"}, "Action": "kms:*", "Resource": "*"}
    use = allow(EVENTS, ["kms:GenerateDataKey*", "kms:Decrypt"], "*")
    account = allow(EVENTS, ["kms:GenerateDataKey*", "kms:Decrypt"], "*", StringEquals={"aws:SourceAccount": SHOP})
    keys = {
        "shut": (shop.kms.create_key(Policy=policy(owner))["KeyMetadata"]["KeyId"], 0),
        "open": (shop.kms.create_key(Policy=policy(owner, use))["KeyMetadata"]["KeyId"], 1),
        "strange": (shop.kms.create_key(Policy=policy(owner, account))["KeyMetadata"]["KeyId"], 0),
        "disabled": (shop.kms.create_key(Policy=policy(owner, use))["KeyMetadata"]["KeyId"], 0),
        "managed": ("alias/aws/sns", 0),
    }
    shop.kms.disable_key(KeyId=keys["disabled"][0])
    for name, (key, heard) in keys.items():
        topic = shop.topic(f"topics-key-{name}", allow(EVENTS, "sns:Publish", "-"), KmsMasterKeyId=key)
        url = shop.listening(topic, f"topics-key-{name}")
        shop.event(f"topics-key-{name}", topic)
        assert (name, len(shop.received(url))) == (name, heard)


def test_fm22_mail_waits_for_its_confirmation(shop: Post) -> None:
    """Until the token of the mail is given back, the subscription is pending and gets nothing; then it gets what is published."""
    topic = shop.topic("topics-mail")
    made = shop.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com", ReturnSubscriptionArn=True)["SubscriptionArn"]
    again = shop.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com")["SubscriptionArn"]
    (listed,) = shop.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (again, listed["SubscriptionArn"], listed["Endpoint"]) == ("pending confirmation", "PendingConfirmation", "team@example.com")
    assert shop.sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]["PendingConfirmation"] == "true"
    attributes = shop.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]) == ("1", "0")
    shop.sns.publish(TopicArn=topic, Message="unheard", Subject="first")
    (asked,) = [mail for mail in control.mail(shop.twin.endpoint) if mail["topic_arn"] == topic]
    assert (asked["to"], bool(asked["token"])) == ("team@example.com", True)
    with pytest.raises(ClientError) as caught:
        shop.sns.confirm_subscription(TopicArn=topic, Token="0" * 64)
    assert caught.value.response["Error"]["Code"] == "InvalidParameter"
    assert shop.sns.confirm_subscription(TopicArn=topic, Token=asked["token"])["SubscriptionArn"] == made
    shop.sns.publish(TopicArn=topic, Message="heard", Subject="second")
    last = [mail for mail in control.mail(shop.twin.endpoint) if mail["topic_arn"] == topic][1:]
    assert [(mail["to"], mail["subject"], mail["text"]) for mail in last] == [("team@example.com", "second", "heard")]
    attributes = shop.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]) == ("0", "1")


def test_a_filter_lets_some_messages_through(shop: Post) -> None:
    """A subscription with a filter policy gets the messages whose attributes it names."""
    topic = shop.topic("topics-filter")
    url = shop.listening(topic, "topics-filter", FilterPolicy=json.dumps({"State": ["FAILED"]}))
    for state in ("COMPLETED", "FAILED"):
        shop.sns.publish(TopicArn=topic, Message=state, MessageAttributes={"State": {"DataType": "String", "StringValue": state}})
    assert [json.loads(each["Body"])["Message"] for each in shop.received(url)] == ["FAILED"]


def test_a_queue_of_another_account_hears_a_topic(shop: Post, twin: Any) -> None:
    """The message goes to the account in the queue's ARN, if that queue lets the topic in."""
    central = Post(twin, CENTRAL)
    topic = shop.topic("topics-across")
    url, arn = central.queue("topics-across", allow(SNS, "sqs:SendMessage", "-", ArnEquals={"aws:SourceArn": topic}))
    shop.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    shop.sns.publish(TopicArn=topic, Message="text")
    assert [json.loads(each["Body"])["Message"] for each in central.received(url)] == ["text"]


def test_each_protocol_gets_its_own_text(shop: Post) -> None:
    """With MessageStructure json a queue gets the text for sqs, or the default; without a default it is refused."""
    topic = shop.topic("topics-structure")
    url = shop.listening(topic, "topics-structure")
    for texts in ({"default": "d", "sqs": "q"}, {"default": "d"}):
        shop.sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    assert [json.loads(each["Body"])["Message"] for each in shop.received(url)] == ["q", "d"]
    with pytest.raises(ClientError) as caught:
        shop.sns.publish(TopicArn=topic, Message=json.dumps({"sqs": "q"}), MessageStructure="json")
    assert caught.value.response["Error"]["Code"] == "InvalidParameter"
