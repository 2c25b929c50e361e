"""Alarms, EventBridge rules with their targets, and the topics and queues that both reach.

What a message meets on its way is read where it is: policies of buses, topics and queues, keys of topics and queues. Of the rules on
the default bus only those count that may match an event of AWS Backup or of KMS.
Source: API references of CloudWatch (DescribeAlarms), EventBridge (ListEventBuses, ListRules, ListTargetsByRule), SNS
(GetTopicAttributes, ListSubscriptionsByTopic, GetSubscriptionAttributes) and SQS (GetQueueAttributes).
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import key_arn
from strongroom.domain.changeplan import canonical
from strongroom.domain.subscribers import shown
from strongroom.domain.tables import ALARMS, EVENT_BUSES, EVENT_RULES, EVENT_TARGETS, QUEUES, SUBSCRIPTIONS, TOPICS
from strongroom.errors import AwsRefused

ALARM_SUBJECTS = ("alarms",)
EVENT_SUBJECTS = ("event_buses", "event_rules", "event_targets")
WATCHING_SUBJECTS = (*ALARM_SUBJECTS, *EVENT_SUBJECTS, "queues", "topics", "subscriptions")
DEFAULT_BUS = "default"
SOURCES = ("aws.backup", "aws.kms")
ALARMS_PAGE = 100
TOPICS_MAX = 100  # where an account has more, only those are looked at that its own alarms and rules name
PENDING = "PendingConfirmation"
GONE = frozenset({"NotFound", "NotFoundException", "ResourceNotFoundException"})
NO_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


def read_watching(scope: Scope, harvest: Harvest) -> None:
    """Add what watches in an account and Region, and what it sends to there."""
    named: set[str] = set()  # ARNs that alarms and rules send to
    with harvest.subject(scope.account, scope.region, *ALARM_SUBJECTS):
        _read_alarms(scope, harvest, named)
    with harvest.subject(scope.account, scope.region, *EVENT_SUBJECTS) as subject:
        for bus in list(scope.items("events", "list_event_buses", "EventBuses")):
            harvest.add(EVENT_BUSES, scope.account, scope.region, bus["Name"], bus["Arn"], bus.get("Policy") or None)
            with subject.item():
                _read_rules(scope, harvest, bus["Name"], named)
    here = {arn for arn in named if arn.split(":")[3:5] == [scope.region, scope.account]}
    with harvest.subject(scope.account, scope.region, "queues") as subject:
        for arn in sorted(arn for arn in here if ":sqs:" in arn):
            with subject.item():
                _read_queue(scope, harvest, arn)
    _read_topics(scope, harvest, here)


def _read_alarms(scope: Scope, harvest: Harvest, named: set[str]) -> None:
    given: dict[str, Any] = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": ALARMS_PAGE}
    while True:
        answer = scope.call("cloudwatch", "describe_alarms", **given)
        for alarm in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
            actions = sorted(alarm.get("AlarmActions") or ())
            named.update(actions)
            _add_alarm(scope, harvest, alarm, actions)
        if not answer.get("NextToken"):
            return
        given["NextToken"] = answer["NextToken"]


def _add_alarm(scope: Scope, harvest: Harvest, alarm: dict[str, Any], actions: list[str]) -> None:
    expression = alarm.get("AlarmRule") or (canonical(alarm["Metrics"]) if alarm.get("Metrics") else None)
    threshold = alarm.get("Threshold")
    harvest.add(
        ALARMS,
        scope.account,
        scope.region,
        alarm["AlarmName"],
        alarm["AlarmArn"],
        alarm.get("Namespace"),
        alarm.get("MetricName"),
        {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or ()},
        expression,
        alarm.get("Period"),
        alarm.get("EvaluationPeriods"),
        alarm.get("ComparisonOperator"),
        None if threshold is None else f"{threshold:g}",
        alarm.get("TreatMissingData") or "missing",
        bool(alarm.get("ActionsEnabled", True)),
        actions,
        alarm.get("StateValue") or "INSUFFICIENT_DATA",
    )


def _read_rules(scope: Scope, harvest: Harvest, bus: str, named: set[str]) -> None:
    for rule in scope.items("events", "list_rules", "Rules", EventBusName=bus):
        pattern = rule.get("EventPattern")
        if not pattern or (bus == DEFAULT_BUS and not _may_match(pattern)):
            continue
        document = _document(pattern)
        text = pattern if document is None else canonical(document)
        harvest.add(EVENT_RULES, scope.account, scope.region, bus, rule["Name"], rule["Arn"], text, rule.get("State") or "ENABLED")
        for target in scope.items("events", "list_targets_by_rule", "Targets", Rule=rule["Name"], EventBusName=bus):
            dead = (target.get("DeadLetterConfig") or {}).get("Arn")
            named.update(each for each in (target["Arn"], dead) if each)
            harvest.add(
                EVENT_TARGETS, scope.account, scope.region, bus, rule["Name"], target["Id"], target["Arn"], target.get("RoleArn"), dead
            )


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _may_match(pattern: str) -> bool:
    """Return whether a pattern may match an event of AWS Backup or KMS: it names one as its source, or no source by its name.

    Example:
        >>> [_may_match(text) for text in ('{"source": ["aws.ec2"]}', '{"source": [{"prefix": "aws."}]}', '{"account": ["1"]}')]
        [False, True, True]
    """
    document = _document(pattern)
    sources = document.get("source") if isinstance(document, dict) else None
    return not isinstance(sources, list) or any(not isinstance(each, str) or each in SOURCES for each in sources)


def _read_queue(scope: Scope, harvest: Harvest, arn: str) -> None:
    try:
        url = scope.call("sqs", "get_queue_url", QueueName=arn.rpartition(":")[2])["QueueUrl"]
        found = scope.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["Policy", "KmsMasterKeyId"])
    except AwsRefused as error:
        if error.code not in NO_QUEUE:
            raise
        harvest.add(QUEUES, scope.account, scope.region, arn, False, None, None)
        return
    attributes = found.get("Attributes") or {}
    key = _key(scope, harvest, attributes.get("KmsMasterKeyId"))
    harvest.add(QUEUES, scope.account, scope.region, arn, True, key, attributes.get("Policy") or None)


def _read_topics(scope: Scope, harvest: Harvest, named: set[str]) -> None:
    looked_at: list[str] = []
    with harvest.subject(scope.account, scope.region, "topics") as subject:
        arns = sorted(each["TopicArn"] for each in scope.items("sns", "list_topics", "Topics"))
        for arn in arns:
            if len(arns) > TOPICS_MAX and arn not in named:
                harvest.add(TOPICS, scope.account, scope.region, arn, arn.endswith(".fifo"), False, None, None)
                continue
            with subject.item():
                _read_topic(scope, harvest, arn)
                looked_at.append(arn)
    with harvest.subject(scope.account, scope.region, "subscriptions") as subject:
        for arn in looked_at:
            with subject.item():
                _add_subscriptions(scope, harvest, arn, filters=arn in named)


def _read_topic(scope: Scope, harvest: Harvest, arn: str) -> None:
    try:
        attributes = scope.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
    except AwsRefused as error:
        if error.code in GONE:
            return
        raise
    key = _key(scope, harvest, attributes.get("KmsMasterKeyId"))
    fifo = str(attributes.get("FifoTopic") or "").lower() == "true" or arn.endswith(".fifo")
    harvest.add(TOPICS, scope.account, scope.region, arn, fifo, True, key, attributes.get("Policy") or None)


def _add_subscriptions(scope: Scope, harvest: Harvest, topic: str, *, filters: bool) -> None:
    for each in _there(scope.items("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)):
        protocol, arn = each["Protocol"], each["SubscriptionArn"]
        confirmed = arn.startswith("arn:")
        filtered = None
        if confirmed and filters and each.get("Owner") in {None, "", scope.account}:
            found = scope.call("sns", "get_subscription_attributes", SubscriptionArn=arn).get("Attributes") or {}
            filtered = found.get("FilterPolicy") or None
            confirmed = str(found.get("PendingConfirmation") or "").lower() != "true"
        state = "CONFIRMED" if confirmed else "PENDING"
        endpoint = shown(protocol, each.get("Endpoint") or "")
        harvest.add(SUBSCRIPTIONS, scope.account, scope.region, topic, protocol, endpoint, state, filtered)


def _there(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield subscriptions of a topic; none of one that is gone meanwhile, and none that were deleted."""
    try:
        yield from (each for each in items if each.get("SubscriptionArn") != "Deleted")
    except AwsRefused as error:
        if error.code not in GONE:
            raise


def _key(scope: Scope, harvest: Harvest, named: str | None) -> str | None:
    """Return the ARN of a key that a topic or a queue names in any way, and want the key read."""
    if not named:
        return None
    arn = key_arn(scope.partition, scope.region, scope.account, named)
    if ":alias/" in arn and ":alias/aws/" not in arn:
        try:
            arn = scope.call("kms", "describe_key", KeyId=arn)["KeyMetadata"]["Arn"]
        except AwsRefused as error:
            if error.code != "NotFoundException":
                raise
    harvest.keys.add((scope.account, scope.region, arn))
    return arn
