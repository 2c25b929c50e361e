"""Events of AWS Backup get lost on their way to the account that watches

Why:     Events of all accounts are sent to a bus, and from there to queues. A bus or queue that is gone, whose policy or key does not let
         the sender in, or a role that may not send, drops them; EventBridge tries for a day and then forgets them.
Fix:     strongroom apply; events describe-event-bus and sqs get-queue-attributes show the policy that refuses
Limits:  Buses and queues in the account that watches.
Source:  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html, read 2026-11-21 (07 §7.7)
Failure: FM22
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import watched
from strongroom.proof.watching.told import lacks


@live("VRF112", severity=Severity.ERROR)
def events_get_lost(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Ask each bus and queue for what is sent to it."""
    found = watched(judgement)
    if found is not None:
        yield from lacks(found, lambda each: ":events:" in each.arn, "bus")
        yield from lacks(found, lambda each: ":sqs:" in each.arn, "queue")
