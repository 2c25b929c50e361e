"""How many messages wait in a queue: noted when the number changes, and told every five minutes while it is not zero.

Source: SQS developer guide, sqs-available-cloudwatch-metrics (read 2026-11).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching import awaiting
from strongroom.twin.watching.book import Where
from strongroom.twin.watching.instants import MINUTE, epoch, instant, next_minute

NAMESPACE, VISIBLE = "AWS/SQS", "ApproximateNumberOfMessagesVisible"
_STEP = 5 * MINUTE


def note(world: World, at: datetime, queue: Any) -> None:
    """Note how many messages wait in a queue, where that is another number than before."""
    where = queue.account_id, queue.region
    known = world.book.depths.setdefault(where, {}).setdefault(queue.name, {})
    number = len(queue._messages) - len(queue._pending_messages)
    if number == (known[next(reversed(known))] if known else 0):
        return
    known[epoch(at) // MINUTE * MINUTE] = number
    awaiting.stir(world, where, NAMESPACE, VISIBLE, next_minute(at))


def forget_old(queue: Any, at: datetime) -> None:
    """Drop messages that are older than the queue keeps them; they lie in the order in which they came."""
    oldest = (at.timestamp() - float(queue.message_retention_period)) * 1000  # moto counts milliseconds
    gone = 0
    for message in queue._messages:
        if message.sent_timestamp is None or message.sent_timestamp >= oldest:
            break
        gone += 1
    if gone:
        queue._pending_messages.difference_update(queue._messages[:gone])
        del queue._messages[:gone]


def told(world: World, where: Where, name: str, span: tuple[int, int], now: int) -> Iterator[tuple[int, int]]:
    """Yield when how many messages waited, as far as it is published: at each change, and every five minutes between them."""
    backend = backend_of("sqs", *where)
    queue = None if backend is None else backend.queues.get(name)
    if queue is not None:
        forget_old(queue, instant(now))
        note(world, instant(now), queue)
    since, until = span[0], min(span[1], now - MINUTE + 1)
    changes = sorted(world.book.depths.get(where, {}).get(name, {}).items())
    for number, (begin, waiting) in enumerate(changes):
        end = changes[number + 1][0] if number + 1 < len(changes) else until
        if waiting and end > since:
            first = max(begin, since)
            steps = range(-(-first // _STEP) * _STEP, min(end, until), _STEP)
            yield from ((at, waiting) for at in sorted({*steps, *([begin] if since <= begin < until else [])}))
