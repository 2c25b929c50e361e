"""Messages to SNS topics and from there to their subscribers. What a topic or a queue doesn't let in is lost without a word.

Nothing leaves the machine: mail goes to the twin's own mailbox (`/_twin/mail`), and no URL is called.
Source: SNS developer guide, sns-key-management, sns-sqs-as-subscriber, sns-message-and-json-formats, sns-monitoring-using-cloudwatch
(read 2026-11).
"""

import base64
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching import metrics, queues
from strongroom.twin.watching.book import Mail
from strongroom.twin.watching.instants import at_instant, milliseconds
from strongroom.twin.watching.letters import SNS, Message, Sender
from strongroom.twin.watching.permission import allows, opens

CONFIRMED_BY_HAND = ("email", "email-json", "http", "https")
_MAIL = ("email", "email-json")


class Fate(StrEnum):
    """What becomes of a message to a topic."""

    SENT = "sent"
    NO_TOPIC = "no topic"
    NOT_ALLOWED = "not allowed"
    KEY_CLOSED = "key closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message that a topic has taken."""

    message_id: str
    text: str
    subject: str | None
    attributes: Mapping[str, Any]  # as SNS passes them on: Type and Value
    by_protocol: bool = False  # MessageStructure: the text has one for each protocol
    group_id: str | None = None
    deduplication_id: str | None = None


def publish(world: World, at: datetime, message: Message) -> Fate:
    """Send a message of a service to the subscribers of a topic, if its policy and its key let the service in."""
    topic = topic_of(message.topic_arn)
    if topic is None or topic.fifo_topic:
        return Fate.NO_TOPIC
    if not allows(world, message.sender, "sns:Publish", topic.arn, topic.policy):
        return Fate.NOT_ALLOWED
    if topic.kms_master_key_id and not opens(world, message.sender, topic.kms_master_key_id, topic.arn):
        return Fate.KEY_CLOSED
    luck = chance("message", message.topic_arn, message.text, *sorted(message.attributes.items()), at.timestamp())
    attributes = {name: {"Type": "String", "Value": value} for name, value in message.attributes.items()}
    deliver(world, at, topic, Publication(message_id=luck.uuid, text=message.text, subject=message.subject, attributes=attributes))
    return Fate.SENT


def topic_of(arn: str) -> Any | None:
    """Return moto's topic with an ARN, None where there is none."""
    parts = arn.split(":")
    backend = backend_of("sns", parts[4], parts[3]) if len(parts) == 6 else None
    return None if backend is None else backend.topics.get(arn)


def deliver(world: World, at: datetime, topic: Any, publication: Publication) -> None:
    """Bring a message to all subscribers who have confirmed and want it."""
    where = topic.account_id, topic.sns_backend.region_name
    metrics.count(world, at, where, (metrics.SNS, "NumberOfMessagesPublished", (("TopicName", topic.name),)))
    for subscription in subscriptions_of(topic):
        if is_pending(subscription) or not _wants(subscription, publication):
            continue
        arrived = _bring(world, at, topic, subscription, publication)
        name = "NumberOfNotificationsDelivered" if arrived else "NumberOfNotificationsFailed"
        metrics.count(world, at, where, (metrics.SNS, name, (("TopicName", topic.name),)))


def subscriptions_of(topic: Any) -> list[Any]:
    """Return the subscriptions of a topic; moto keeps those of other accounts with them."""
    from moto.sns.models import sns_backends

    region = topic.sns_backend.region_name
    backends = [dict.get(regions, region) for _, regions in sorted(dict.items(sns_backends))]
    return [each for backend in backends if backend is not None for each in backend.subscriptions.values() if each.topic is topic]


def is_pending(subscription: Any) -> bool:
    """Return whether a subscriber has not confirmed yet."""
    return str(subscription.attributes.get("PendingConfirmation", False)).lower() == "true"


def _wants(subscription: Any, publication: Publication) -> bool:
    matcher = subscription._filter_policy_matcher
    return matcher is None or bool(matcher.matches(dict(publication.attributes), publication.text))


def _bring(world: World, at: datetime, topic: Any, subscription: Any, publication: Publication) -> bool:
    text = _text_for(subscription.protocol, publication)
    if subscription.protocol == "sqs":
        raw = str(subscription.attributes.get("RawMessageDelivery", False)).lower() == "true"
        body = text if raw else json.dumps(envelope(at, subscription, publication, text), indent=2)
        return not queues.put(
            world,
            at,
            Sender(service=SNS, account=topic.account_id, arn=topic.arn),
            subscription.endpoint,
            body,
            attributes=_raw_attributes(publication) if raw else None,
            group_id=publication.group_id,
            deduplication_id=publication.deduplication_id,
        )
    if subscription.protocol in _MAIL:
        subject = publication.subject or "AWS Notification Message"
        world.book.mail.append(Mail(at=at, to=subscription.endpoint, topic_arn=topic.arn, subject=subject, text=text))
        return True
    if subscription.protocol in {"lambda", "application"}:
        return _by_moto(at, subscription, publication)
    return True


def _by_moto(at: datetime, subscription: Any, publication: Publication) -> bool:
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    with at_instant(at), contextlib.suppress(ServiceException, HTTPException, KeyError):
        subscription.publish(
            publication.text, publication.message_id, subject=publication.subject, message_attributes=dict(publication.attributes)
        )
        return True
    return False


def _text_for(protocol: str, publication: Publication) -> str:
    if not publication.by_protocol:
        return publication.text
    texts = json.loads(publication.text)
    return str(texts.get(protocol) or texts["default"])


def _raw_attributes(publication: Publication) -> dict[str, Any]:
    return {
        name: {"DataType": each["Type"], "BinaryValue" if each["Type"].startswith("Binary") else "StringValue": str(each["Value"])}
        for name, each in publication.attributes.items()
    }


def envelope(at: datetime, subscription: Any, publication: Publication, text: str) -> dict[str, Any]:
    """Return a message as SNS wraps it. The signature is none: what it would be checked against is at AWS."""
    topic_arn = subscription.topic.arn
    region, partition = topic_arn.split(":")[3], topic_arn.split(":")[1]
    host = f"https://sns.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"
    document: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": publication.message_id,
        "TopicArn": topic_arn,
        "Message": text,
        "Timestamp": milliseconds(at),
        "SignatureVersion": "1",
        "Signature": base64.b64encode(sha256(f"{publication.message_id}{text}".encode()).digest()).decode(),
        "SigningCertURL": f"{host}/SimpleNotificationService-{sha256(region.encode()).hexdigest()[:32]}.pem",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
    }
    if publication.subject:
        document["Subject"] = publication.subject
    if publication.attributes:
        document["MessageAttributes"] = dict(publication.attributes)
    return document


def ask_for_confirmation(world: World, at: datetime, subscription: Any) -> None:
    """Send the mail with the token that confirms a subscription."""
    if subscription.protocol in _MAIL:
        text = f"You have chosen to subscribe to the topic: {subscription.topic.arn}"
        subject = "AWS Notification - Subscription Confirmation"
        token = token_of(subscription)
        mail = Mail(at=at, to=subscription.endpoint, topic_arn=subscription.topic.arn, subject=subject, text=text, token=token)
        world.book.mail.append(mail)


def token_of(subscription: Any) -> str:
    """Return what confirms a subscription."""
    return chance("confirmation", subscription.arn, subscription.endpoint).hexadecimal(64)


def recount(topic: Any) -> None:
    """Tell moto's topic how many of its subscriptions wait and how many are confirmed."""
    found = subscriptions_of(topic)
    topic.subscriptions_pending = sum(is_pending(each) for each in found)
    topic.subscriptions_confimed = len(found) - topic.subscriptions_pending  # moto's spelling
