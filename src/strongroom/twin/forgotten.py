"""What moto takes and forgets, of topics, queues, buses and alarms: kept and shown, as AWS does."""

import json
from collections.abc import Mapping
from functools import wraps
from typing import Any


def apply() -> None:
    """Change moto's classes; once a process, before the first call."""
    _topics()
    _queues()
    _buses()
    _alarms()


def _topics() -> None:
    """GetTopicAttributes shows SignatureVersion and TracingConfig where they were set (SNS API reference)."""
    from moto.sns.responses import SNSResponse

    shown = SNSResponse.get_topic_attributes

    @wraps(shown)
    def get_topic_attributes(self: Any) -> Any:
        answer = shown(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        for name, attribute in (("SignatureVersion", "signature_version"), ("TracingConfig", "tracing_config")):
            if getattr(topic, attribute, None):
                answer.result["Attributes"][name] = getattr(topic, attribute)
        return answer

    if not hasattr(shown, "__wrapped__"):
        SNSResponse.get_topic_attributes = get_topic_attributes


def _queues() -> None:
    """SetQueueAttributes changes what it names and nothing else; a KMS key ends the encryption by SQS's own (SQS API reference)."""
    from moto.sqs.models import Queue

    write = Queue._set_attributes

    @wraps(write)
    def set_attributes(queue: Any, attributes: Mapping[str, Any], now: float | None = None) -> None:
        kept = getattr(queue, "_policy_json", None)
        write(queue, dict(attributes), now)
        if "Policy" not in attributes and kept is not None:
            queue._policy_json = kept
        if attributes.get("KmsMasterKeyId"):
            queue.sqs_managed_sse_enabled = False

    if not hasattr(write, "__wrapped__"):
        Queue._set_attributes = set_attributes
        Queue.redrive_allow_policy = None
        Queue.BASE_ATTRIBUTES.append("RedriveAllowPolicy")


def _buses() -> None:
    """PutPermission with a policy replaces the whole of it, and UpdateEventBus exists (EventBridge API reference)."""
    from moto.events.models import EventBus, EventBusPolicyStatement
    from moto.events.responses import EventsHandler

    def add_policy(bus: Any, policy: Mapping[str, Any]) -> None:
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        named = [{"Sid": f"{number}", **statement} for number, statement in enumerate(statements)]
        bus._statements = {statement["Sid"]: EventBusPolicyStatement.from_dict(statement) for statement in named}

    def update_event_bus(self: Any) -> tuple[str, dict[str, Any]]:
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        for name, attribute in _OF_BUSES.items():
            if self._get_param(name) is not None:
                setattr(bus, attribute, self._get_param(name))
        shown = {"Arn": bus.arn, "Name": bus.name} | {name: getattr(bus, attribute) for name, attribute in _OF_BUSES.items()}
        return json.dumps({name: value for name, value in shown.items() if value}), self.response_headers

    EventBus.add_policy = add_policy
    if not hasattr(EventsHandler, "update_event_bus"):
        EventsHandler.update_event_bus = update_event_bus


_OF_BUSES = {"Description": "description", "KmsKeyIdentifier": "kms_key_identifier", "DeadLetterConfig": "dead_letter_config"}


def _alarms() -> None:
    """A metric of an alarm can be another account's: MetricDataQuery.AccountId (CloudWatch API reference)."""
    from moto.cloudwatch.responses import CloudWatchResponse

    put = CloudWatchResponse.put_metric_alarm

    @wraps(put)
    def put_metric_alarm(self: Any) -> Any:
        answer = put(self)
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        for query, given in zip(alarm.metric_data_queries, self._get_param("Metrics", []), strict=False):
            query.account_id = given.get("AccountId")
        return answer

    if not hasattr(put, "__wrapped__"):
        CloudWatchResponse.put_metric_alarm = put_metric_alarm
