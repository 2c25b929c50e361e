"""Messages of AWS Backup on their way: to SNS topics, and to the targets of EventBridge rules, in moto's backends.

What can't be delivered is lost without a word, as at AWS: a topic whose policy or key doesn't let the service in, a queue that is
gone, a target that moto can't carry. Source: AWS Backup developer guide, backup-notifications, eventbridge; SNS developer guide,
sns-key-management (read 2026-11).
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import time_machine

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.backup.surroundings import key_of

BACKUP, EVENTS = "backup.amazonaws.com", "events.amazonaws.com"
_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to an SNS topic."""

    topic_arn: str
    service: str  # principal that publishes it
    subject: str | None
    text: str
    attributes: Mapping[str, str]
    source_account: str
    source_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event on the default bus of an account and Region."""

    event_id: str
    account: str
    region: str
    at: datetime
    detail_type: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]


def publish(world: World, at: datetime, message: Message) -> bool:
    """Send a message to the queues that subscribe to a topic, if its policy and its key let the service in."""
    topic = topic_of(message.topic_arn)
    if topic is None or topic.fifo_topic or not _let_in(world, topic, message):
        return False
    attributes = {name: {"Type": "String", "Value": value} for name, value in message.attributes.items()}
    with at_instant(at):
        for subscription in list(topic.sns_backend.list_subscriptions_by_topic(topic_arn=topic.arn)[0]):
            if subscription.protocol == "sqs":  # mail goes nowhere, and nothing leaves the machine
                with contextlib.suppress(*_lost()):
                    subscription.publish(message.text, message_id(message, at), subject=message.subject, message_attributes=attributes)
        topic.sent_notifications.append((message_id(message, at), message.text, message.subject, attributes, None))
    return True


def topic_of(arn: str) -> Any | None:
    """Return moto's topic with an ARN, None where there is none."""
    parts = arn.split(":")
    backend = backend_of("sns", parts[4], parts[3]) if len(parts) == 6 else None
    return None if backend is None else backend.topics.get(arn)


def message_id(message: Message, at: datetime) -> str:
    """Return the id of a message."""
    from strongroom.twin.backup.chance import chance

    return chance("message", message.topic_arn, message.text, *sorted(message.attributes.items()), at.timestamp()).uuid


def _let_in(world: World, topic: Any, message: Message) -> bool:
    target = Target(arn=topic.arn, account=topic.account_id, policy=parse(topic.policy, name="topic policy"))
    if not _allows(target, "sns:Publish", message):
        return False
    if not topic.kms_master_key_id:
        return True
    key = key_of(world, topic.kms_master_key_id, topic.account_id, topic.sns_backend.region_name)
    if key.manager != "CUSTOMER" or key.state != "Enabled":  # the policy of aws/sns lets no service in
        return False
    lock = Target(arn=key.arn, account=topic.account_id, policy=parse(key.policy, name="key policy"))
    return all(_allows(lock, action, message) for action in _KEY_ACTIONS)


def _allows(target: Target, action: str, message: Message) -> bool:
    actor = Actor(kind=PrincipalKind.SERVICE, arn=message.service, account="")
    values = {"aws:SourceAccount": (message.source_account,), "aws:SourceArn": (message.source_arn,)}
    return decide(actor, action, target, Context(values=MappingProxyType(values), complete=True)).verdict is Verdict.ALLOWED


def listens(world: World, account: str, region: str) -> bool:
    """Return whether any rule waits for events there; asked once while the clock moves."""
    found: bool = world.once(("event rules", account, region), lambda: bool(_rules(account, region, "default")))
    return found


def _rules(account: str, region: str, bus: str) -> list[Any]:
    backend = backend_of("events", account, region)
    found = None if backend is None else backend.event_buses.get(bus)
    return [] if found is None else [rule for rule in list(found.rules.values()) if rule.state == "ENABLED"]


def emit(world: World, at: datetime, event: Event) -> None:
    """Put an event on the default bus of its account, and send it to the targets of the rules that match."""
    document = {
        "version": "0",
        "id": event.event_id,
        "detail-type": event.detail_type,
        "source": "aws.backup",
        "account": event.account,
        "time": f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
        "region": event.region,
        "resources": list(event.resources),
        "detail": dict(event.detail),
    }
    with at_instant(at):
        _route(world, at, document, (event.account, event.region, "default"))


def _route(world: World, at: datetime, document: Mapping[str, Any], bus: tuple[str, str, str]) -> None:
    for rule in _rules(*bus):
        if rule.event_pattern.get_pattern() and rule.event_pattern.matches_event(document):  # not a rule with a schedule alone
            for target in list(rule.targets):
                with contextlib.suppress(*_lost()):
                    _send(world, at, rule, target, document)


def _send(world: World, at: datetime, rule: Any, target: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    parts = target["Arn"].split(":", 5)
    if len(parts) != 6:
        return
    service, region, account, name = parts[2:]
    if service == "events" and name.startswith("event-bus/"):
        other = (account, region, name.removeprefix("event-bus/"))
        if other != (rule.account_id, rule.region_name, rule.event_bus_name):
            _route(world, at, document, other)
        return
    content = _transformed(target, document)
    if service == "sqs":
        from moto.sqs.models import sqs_backends

        group = target.get("SqsParameters", {}).get("MessageGroupId")
        sqs_backends[account][region].send_message(queue_name=name, message_body=_text(content), group_id=group)
    elif service == "sns":
        text, source = _text(content), rule.arn
        publish(
            world,
            at,
            Message(
                topic_arn=target["Arn"],
                service=EVENTS,
                subject=None,
                text=text,
                attributes={},
                source_account=rule.account_id,
                source_arn=source,
            ),
        )
    elif service == "logs":
        rule._send_to_cw_log_group(name.removeprefix("log-group:").removesuffix(":*"), {**document, "time": at.timestamp()})


def _transformed(target: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    from moto.events.utils import EventTemplateParser

    if target.get("Input") is not None:
        return target["Input"]
    wanted = target.get("InputTransformer")
    if not wanted:
        return document
    event = {**document, "ingestion-time": document["time"]}
    return EventTemplateParser.parse(wanted["InputTemplate"], wanted.get("InputPathsMap", {}), event)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def _lost() -> tuple[type[Exception], ...]:
    """Return what moto raises where something is gone that a message should go to."""
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    return ServiceException, HTTPException


def at_instant(at: datetime) -> time_machine.travel:
    """Let other services believe that it is the instant at which something happens, while the clock moves on to a later one."""
    return time_machine.travel(at, tick=False)
