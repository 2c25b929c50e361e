"""Messages that services put into SQS queues: the queue's policy and key must let them, and old messages go.

Source: SQS developer guide, sqs-key-management, sqs-dead-letter-queues; EventBridge user guide, eb-rule-dlq (read 2026-11).
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching.depths import forget_old, note
from strongroom.twin.watching.instants import at_instant
from strongroom.twin.watching.letters import Sender
from strongroom.twin.watching.permission import allows, opens

NO_PERMISSIONS, NO_RESOURCE = "NO_PERMISSIONS", "NO_RESOURCE"  # ERROR_CODE in a dead-letter queue


def put(
    world: World,
    at: datetime,
    sender: Sender,
    queue_arn: str,
    body: str,
    *,
    attributes: Mapping[str, Any] | None = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
) -> str:
    """Let a service send a message to a queue; returns why it can't, empty when it could."""
    queue = queue_of(queue_arn)
    if queue is None:
        return NO_RESOURCE
    if not allows(world, sender, "sqs:SendMessage", queue_arn, queue.policy):
        return NO_PERMISSIONS
    if queue.kms_master_key_id and not opens(world, sender, queue.kms_master_key_id, queue_arn):
        return NO_PERMISSIONS
    forget_old(queue, at)
    with at_instant(at):
        _add(queue, body, attributes or {}, group_id=group_id, deduplication_id=deduplication_id)
    note(world, at, queue)
    return ""


def queue_of(arn: str) -> Any | None:
    """Return moto's queue with an ARN, None where there is none."""
    parts = arn.split(":")
    backend = backend_of("sqs", parts[4], parts[3]) if len(parts) == 6 else None
    return None if backend is None else backend.queues.get(parts[5])


def _add(queue: Any, body: str, attributes: Mapping[str, Any], *, group_id: str | None, deduplication_id: str | None) -> None:
    """Add a message to a queue; not through moto's own method, which counts all messages of the queue each time."""
    from moto.moto_api._internal import mock_random
    from moto.sqs.models import Message

    message = Message(str(mock_random.uuid4()), body)
    message.message_attributes = dict(attributes)
    message.group_id = group_id
    if queue.fifo_queue:
        message.deduplication_id = deduplication_id or sha256(body.encode()).hexdigest()
    message.mark_sent(delay_seconds=queue.delay_seconds)
    queue.add_message(message)
