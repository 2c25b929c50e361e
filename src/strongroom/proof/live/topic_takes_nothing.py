"""Messages about backups don't get into their topic

Why:     A topic that does not exist, is first-in-first-out, is encrypted with a key that the sending service may not use, or whose policy
         does not let it publish, drops the message. The alarm is red, the rule has matched, and nothing arrives.
Fix:     strongroom apply; or let the service named sns:Publish in the topic's policy, and kms:Decrypt and kms:GenerateDataKey* in the
         policy of a key of your own
Limits:  Topics that alarms on backups, rules and vaults of the strategy send to, in accounts of the organization.
Source:  https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html, read 2026-11-21 (03 §3.3)
Failure: FM22
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import watched
from strongroom.proof.watching.told import lacks


@live("VRF110", severity=Severity.ERROR)
def topic_takes_nothing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Ask each topic for what is sent to it."""
    found = watched(judgement)
    if found is not None:
        yield from lacks(found, lambda each: ":sns:" in each.arn and not each.nobody, "topic")
