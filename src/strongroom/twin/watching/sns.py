"""SNS as moto has it, with subscriptions that wait for their confirmation, and delivery that asks policies and keys.

Source: SNS API reference, Subscribe, ConfirmSubscription, GetTopicAttributes (read 2026-11).
"""

from typing import Any

from strongroom.twin.watching import topics
from strongroom.twin.watching.room import Room


def install(room: Room) -> None:
    """Amend moto's SNS."""
    _publish(room)
    _subscribe(room)
    _list()
    _confirm()


def _publish(room: Room) -> None:
    from moto.moto_api._internal import mock_random
    from moto.sns.models import Topic

    def publish(  # noqa: PLR0917 - moto's signature
        topic: Any,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        publication = topics.Publication(
            message_id=str(mock_random.uuid4()),
            text=message,
            subject=subject,
            attributes=message_attributes or {},
            by_protocol=_by_protocol(message, structure=message_structure),
            group_id=group_id,
            deduplication_id=deduplication_id,
        )
        topics.deliver(room.world, room.instant(), topic, publication)
        return publication.message_id

    Topic.publish = publish


def _by_protocol(message: str, *, structure: str | None) -> bool:
    """Return whether a message has a text for each protocol; raises moto's InvalidParameterValue when it should and hasn't."""
    import json

    from moto.sns.exceptions import InvalidParameterValue

    if structure != "json":
        return False
    try:
        texts = json.loads(message)
    except ValueError as error:
        raise InvalidParameterValue("Invalid parameter: Message Structure - JSON message body failed to parse") from error
    if not isinstance(texts, dict) or "default" not in texts:
        raise InvalidParameterValue("Invalid parameter: Message Structure - No default entry in JSON message body")
    return True


def _subscribe(room: Room) -> None:
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    subscribe, unsubscribe, answer = SNSBackend.subscribe, SNSBackend.unsubscribe, SNSResponse.subscribe

    def subscribed(backend: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        known = set(backend.subscriptions)
        made = subscribe(backend, topic_arn, endpoint, protocol)
        if made.arn not in known and protocol in topics.CONFIRMED_BY_HAND:
            made.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
            topics.ask_for_confirmation(room.world, room.instant(), made)
        topics.recount(made.topic)
        return made

    def unsubscribed(backend: Any, subscription_arn: str) -> None:
        found = backend.subscriptions.get(subscription_arn)
        unsubscribe(backend, subscription_arn)
        if found is not None:
            found.topic.subscriptions_deleted += 1
            topics.recount(found.topic)

    def answered(self: Any) -> Any:
        found = answer(self)
        subscription = self.backend.subscriptions.get(found.result["SubscriptionArn"])
        if subscription is not None and topics.is_pending(subscription) and not self._get_bool_param("ReturnSubscriptionArn"):
            found.result["SubscriptionArn"] = "pending confirmation"
        return found

    SNSBackend.subscribe, SNSBackend.unsubscribe, SNSResponse.subscribe = subscribed, unsubscribed, answered


def _list() -> None:
    from moto.sns.responses import SNSResponse

    for name in ("list_subscriptions", "list_subscriptions_by_topic"):
        _show_pending(SNSResponse, name)


def _show_pending(responses: Any, name: str) -> None:
    answer = getattr(responses, name)

    def answered(self: Any) -> Any:
        found = answer(self)
        found.result["Subscriptions"] = [_shown(each) for each in found.result["Subscriptions"]]
        return found

    setattr(responses, name, answered)


def _shown(subscription: Any) -> dict[str, str]:
    return {
        "SubscriptionArn": "PendingConfirmation" if topics.is_pending(subscription) else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic.arn,
    }


def _confirm() -> None:
    from moto.core.responses import ActionResult
    from moto.sns.exceptions import SNSInvalidParameter
    from moto.sns.responses import SNSResponse

    def confirm_subscription(self: Any) -> Any:
        topic, token = self.backend.get_topic(self._get_param("TopicArn")), self._get_param("Token")
        found = next((each for each in topics.subscriptions_of(topic) if topics.token_of(each) == token), None)
        if found is None:
            raise SNSInvalidParameter("Invalid parameter: Token")
        found.attributes["PendingConfirmation"] = False
        topics.recount(topic)
        return ActionResult({"SubscriptionArn": found.arn})

    SNSResponse.confirm_subscription = confirm_subscription
