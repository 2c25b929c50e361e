"""Faults in what watches: planted over the wire, each repaired when its `with` ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled
from tests.detect.watched import ADDRESS, Planted, bus, confirm, governed, topic

Fault = Callable[[World, Shuffled], AbstractContextManager[Planted]]
SETTABLE = (  # of an alarm as DescribeAlarms returns it, what PutMetricAlarm takes
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "AlarmActions", "MetricName", "Namespace", "Statistic", "Dimensions"),
    *("Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
)


@contextmanager
def silence_not_breaching(world: World, it: Shuffled) -> Iterator[Planted]:
    """The alarm on silence takes missing data for a good sign."""
    with _alarm(world, it.central, it.home_region, f"{it.strategy}-watch-no-backups", TreatMissingData="notBreaching"):
        yield Planted(code="VRF100", mode="FM20", says="treats missing data as notBreaching")


@contextmanager
def silence_without_alarm(world: World, it: Shuffled) -> Iterator[Planted]:
    """The alarm on silence is deleted."""
    with _alarms_deleted(world, it.central, it.home_region, "no-backups"):
        yield Planted(code="VRF100", mode="FM20", says="no alarm goes off when no backup job completes")


@contextmanager
def heartbeat_disabled(world: World, it: Shuffled) -> Iterator[Planted]:
    """The rule that the alarm on silence counts is disabled."""
    with _disabled(world, it.central, it.home_region, "heartbeat", bus(it)):
        yield Planted(code="VRF100", mode="FM20", says="the rule that it counts is disabled")


@contextmanager
def nobody_watches_an_account(world: World, it: Shuffled) -> Iterator[Planted]:
    """In one account and Region all alarms and the rule that sends events on are deleted."""
    account, region = governed(it), it.other_region
    with _alarms_deleted(world, account, region, ""), _rule_deleted(world, account, region, part="aws.backup", target="event-bus"):
        yield Planted(code="VRF101", mode="FM20", says="no alarm and no rule tells anybody of started", about=account)


@contextmanager
def copies_unwatched(world: World, it: Shuffled) -> Iterator[Planted]:
    """Alarms on failed copies are deleted in one account, and the rule that tells of them at the center."""
    account, region = governed(it), it.home_region
    with (
        _alarms_deleted(world, account, region, "copy-failed"),
        _rule_deleted(world, it.central, region, part="Copy Job", target="sns", on=bus(it)),
    ):
        yield Planted(code="VRF102", mode="FM21", says="no alarm and no rule tells anybody of failed copies", about=account)


@contextmanager
def copy_alarm_switched_off(world: World, it: Shuffled) -> Iterator[Planted]:
    """The actions of one account's alarms on failed copies are disabled."""
    with _actions_off(world, governed(it), it.home_region, "copy-failed"):
        yield Planted(code="VRF102", mode="FM21", says="an alarm on failed copies tells nobody: its actions are switched off")


@contextmanager
def alarm_switched_off(world: World, it: Shuffled) -> Iterator[Planted]:
    """The actions of one account's alarm on failed backups are disabled."""
    with _actions_off(world, governed(it), it.home_region, "backup-failed"):
        yield Planted(code="VRF103", mode="FM20", says="its actions are switched off", about="backup-failed")


@contextmanager
def alarm_without_action(world: World, it: Shuffled) -> Iterator[Planted]:
    """An alarm on expired backups has lost its action."""
    name = f"{it.strategy}-watch-backup-expired-{it.local_vault}"
    with _alarm(world, governed(it), it.home_region, name, AlarmActions=[]):
        yield Planted(code="VRF103", mode="FM20", says="it has no action", about="backup-expired")


@contextmanager
def alarm_from_ten_on(world: World, it: Shuffled) -> Iterator[Planted]:
    """An alarm on failed backups waits for more than ten of them."""
    name = f"{it.strategy}-watch-backup-failed-{it.local_vault}"
    with _alarm(world, governed(it), it.other_region, name, Threshold=10.0):
        yield Planted(code="VRF103", mode="FM20", says="it goes off from 11 failures on", about="backup-failed")


@contextmanager
def forwarding_disabled(world: World, it: Shuffled) -> Iterator[Planted]:
    """The rule that sends an account's events on is disabled."""
    account, region = governed(it), it.home_region
    rule = _rules(world, account, region, on="default", part='"source":["aws.backup"]}', target="event-bus")[0]["Name"]
    with _disabled(world, account, region, rule, "default"):
        yield Planted(code="VRF104", mode="FM22", says="it is disabled", about=rule)


@contextmanager
def pattern_narrowed(world: World, it: Shuffled) -> Iterator[Planted]:
    """The rule that tells of restores looks at one type of resource alone."""
    region = it.home_region
    with _pattern(world, it.central, region, rule="restore-started", on=bus(it), more={"resourceType": ["RDS"]}):
        yield Planted(code="VRF104", mode="FM22", says="its pattern matches only a part of the events", about="restore-started")


@contextmanager
def topic_key_of_aws(world: World, it: Shuffled) -> Iterator[Planted]:
    """The topic is encrypted with the AWS-managed key."""
    with _topic(world, it, "KmsMasterKeyId", "alias/aws/sns"):
        yield Planted(code="VRF110", mode="FM22", says="it is encrypted with an AWS-managed key", about=f"{it.strategy}-alerts")


@contextmanager
def topic_policy_without_cloudwatch(world: World, it: Shuffled) -> Iterator[Planted]:
    """The policy of the topic lets CloudWatch no longer publish."""
    arn = topic(it, it.home_region)
    text = world.client("sns", it.central, it.home_region).get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    policy = json.loads(text)
    policy["Statement"] = [each for each in policy["Statement"] if each.get("Sid") != "AlarmsOfTheAccounts"]
    with _topic(world, it, "Policy", json.dumps(policy)):
        yield Planted(code="VRF110", mode="FM22", says="its policy does not let CloudWatch send to it")


@contextmanager
def topic_of_one_account(world: World, it: Shuffled) -> Iterator[Planted]:
    """The policy of the topic denies the alarms of one account."""
    arn = topic(it, it.home_region)
    text = world.client("sns", it.central, it.home_region).get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    policy = json.loads(text)
    condition = {"StringEquals": {"aws:SourceAccount": governed(it)}}
    denied = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": arn, "Condition": condition}
    policy["Statement"].append(denied)
    with _topic(world, it, "Policy", json.dumps(policy)):
        yield Planted(code="VRF110", mode="FM22", says="its policy does not let CloudWatch send to it")


@contextmanager
def topic_key_closed(world: World, it: Shuffled) -> Iterator[Planted]:
    """The policy of the topic's key lets its account administer it, and no service use it."""
    kms, key = _topic_key(world, it)
    text = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    policy = json.loads(text)
    policy["Statement"] = [each for each in policy["Statement"] if each.get("Sid") != "AlertsOfServices"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    yield Planted(code="VRF110", mode="FM22", says="the policy of its key does not let AWS Backup and CloudWatch and EventBridge use it")
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)


@contextmanager
def topic_key_disabled(world: World, it: Shuffled) -> Iterator[Planted]:
    """The key of the topic is disabled."""
    kms, key = _topic_key(world, it)
    kms.disable_key(KeyId=key)
    yield Planted(code="VRF110", mode="FM22", says="its key is Disabled")
    kms.enable_key(KeyId=key)


@contextmanager
def subscription_cancelled(world: World, it: Shuffled) -> Iterator[Planted]:
    """The only subscriber has cancelled, and the new subscription waits for a click."""
    sns, arn = world.client("sns", it.central, it.other_region), topic(it, it.other_region)
    for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    yield Planted(code="VRF111", mode="FM22", says="none of 1 subscriptions is confirmed", about=it.other_region)
    confirm(world, it)


@contextmanager
def bus_policy_gone(world: World, it: Shuffled) -> Iterator[Planted]:
    """The policy of the bus lets nobody in any more."""
    events = world.client("events", it.central, it.home_region)
    text = events.describe_event_bus(Name=bus(it))["Policy"]
    for statement in json.loads(text)["Statement"]:
        events.remove_permission(EventBusName=bus(it), StatementId=statement["Sid"])
    yield Planted(code="VRF112", mode="FM22", says="or the policy of the bus, does not allow events:PutEvents", about=f"bus {bus(it)}")
    events.put_permission(EventBusName=bus(it), Policy=text)


@contextmanager
def queue_policy_gone(world: World, it: Shuffled) -> Iterator[Planted]:
    """The policy of the queue of all events is gone."""
    sqs = world.client("sqs", it.central, it.other_region)
    url = sqs.get_queue_url(QueueName=f"{it.strategy}-events")["QueueUrl"]
    text = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    yield Planted(code="VRF112", mode="FM22", says="its policy does not let EventBridge send to it", about=f"queue {it.strategy}-events")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})


@contextmanager
def _alarm(world: World, account: str, region: str, name: str, **changed: Any) -> Iterator[None]:
    cloudwatch = world.client("cloudwatch", account, region)
    before = _settings(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0])
    cloudwatch.put_metric_alarm(**{**before, **changed})
    yield
    cloudwatch.put_metric_alarm(**before)


@contextmanager
def _alarms_deleted(world: World, account: str, region: str, part: str) -> Iterator[None]:
    cloudwatch = world.client("cloudwatch", account, region)
    before = [_settings(each) for each in cloudwatch.describe_alarms()["MetricAlarms"] if part in each["AlarmName"]]
    cloudwatch.delete_alarms(AlarmNames=[each["AlarmName"] for each in before])
    yield
    for each in before:
        cloudwatch.put_metric_alarm(**each)


@contextmanager
def _actions_off(world: World, account: str, region: str, part: str) -> Iterator[None]:
    cloudwatch = world.client("cloudwatch", account, region)
    names = [each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"] if part in each["AlarmName"]]
    cloudwatch.disable_alarm_actions(AlarmNames=names)
    yield
    cloudwatch.enable_alarm_actions(AlarmNames=names)


def _settings(alarm: dict[str, Any]) -> dict[str, Any]:
    return {name: alarm[name] for name in SETTABLE if name in alarm}


def _rules(world: World, account: str, region: str, *, on: str, part: str, target: str) -> list[dict[str, Any]]:
    """The rules of a bus whose pattern has a part and that send to a kind of target."""
    events = world.client("events", account, region)
    return [
        rule
        for rule in events.list_rules(EventBusName=on)["Rules"]
        if part in rule.get("EventPattern", "").replace(": ", ":")
        and any(target in each["Arn"] for each in events.list_targets_by_rule(Rule=rule["Name"], EventBusName=on)["Targets"])
    ]


@contextmanager
def _disabled(world: World, account: str, region: str, rule: str, on: str) -> Iterator[None]:
    events = world.client("events", account, region)
    events.disable_rule(Name=rule, EventBusName=on)
    yield
    events.enable_rule(Name=rule, EventBusName=on)


@contextmanager
def _rule_deleted(world: World, account: str, region: str, *, part: str, target: str, on: str = "default") -> Iterator[None]:
    events = world.client("events", account, region)
    found = _rules(world, account, region, on=on, part=part, target=target)
    targets = {rule["Name"]: events.list_targets_by_rule(Rule=rule["Name"], EventBusName=on)["Targets"] for rule in found}
    for name, mine in targets.items():
        events.remove_targets(Rule=name, EventBusName=on, Ids=[each["Id"] for each in mine])
        events.delete_rule(Name=name, EventBusName=on)
    yield
    for rule in found:
        events.put_rule(Name=rule["Name"], EventBusName=on, EventPattern=rule["EventPattern"], State=rule["State"])
        events.put_targets(Rule=rule["Name"], EventBusName=on, Targets=targets[rule["Name"]])


@contextmanager
def _pattern(world: World, account: str, region: str, *, rule: str, on: str, more: dict[str, Any]) -> Iterator[None]:
    events = world.client("events", account, region)
    before = events.describe_rule(Name=rule, EventBusName=on)
    pattern = json.loads(before["EventPattern"])
    pattern["detail"] |= more
    events.put_rule(Name=rule, EventBusName=on, EventPattern=json.dumps(pattern), State=before["State"])
    yield
    events.put_rule(Name=rule, EventBusName=on, EventPattern=before["EventPattern"], State=before["State"])


@contextmanager
def _topic(world: World, it: Shuffled, name: str, value: str) -> Iterator[None]:
    sns, arn = world.client("sns", it.central, it.home_region), topic(it, it.home_region)
    before = sns.get_topic_attributes(TopicArn=arn)["Attributes"][name]
    sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    yield
    sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=before)


def _topic_key(world: World, it: Shuffled) -> tuple[Any, str]:
    sns = world.client("sns", it.central, it.home_region)
    key = sns.get_topic_attributes(TopicArn=topic(it, it.home_region))["Attributes"]["KmsMasterKeyId"]
    return world.client("kms", it.central, it.home_region), str(key).rpartition("/")[2]
