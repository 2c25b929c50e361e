"""SQS as moto has it, with messages that end with the time for which their queue keeps them, and numbers for CloudWatch."""

from collections.abc import Callable
from typing import Any

from strongroom.twin.watching import depths
from strongroom.twin.watching.room import Room


def install(room: Room) -> None:
    """Amend moto's SQS."""
    from moto.sqs.models import SQSBackend

    for name in ("send_message", "receive_message", "delete_message", "purge_queue", "get_queue_attributes"):
        setattr(SQSBackend, name, _counted(room, getattr(SQSBackend, name)))


def _counted(room: Room, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of moto's that sees no old messages, and after which the number of messages is noted."""

    def done(backend: Any, queue_name: str, *others: Any, **more: Any) -> Any:
        queue = backend.queues.get(queue_name)
        if queue is None:
            return method(backend, queue_name, *others, **more)
        depths.forget_old(queue, room.instant())
        answer = method(backend, queue_name, *others, **more)
        depths.note(room.world, room.instant(), queue)
        return answer

    return done
