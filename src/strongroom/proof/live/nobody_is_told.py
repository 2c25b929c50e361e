"""Nobody is told of events that the strategy's alerts ask for

Why:     Alarms on metrics and rules on events are the only ways in which AWS says that a job failed. Where there is neither, jobs fail
         for weeks while every console that somebody looks at is green.
Fix:     strongroom apply: the StackSet brings alarms and rules to every governed account
Limits:  Rules that call a function, a chat or the like count as told; what they do then is not read.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html, read 2026-11-21 (07 §7.6)
Failure: FM20
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.governance import AlertEvent
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import watched


@live("VRF101", severity=Severity.ERROR)
def nobody_is_told(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for places whose events reach neither an alarm nor a rule that tells people."""
    found = watched(judgement)
    groups: dict[tuple[AlertEvent, ...], list[tuple[str, str]]] = {}
    for each in found.untold if found else ():
        if each.events != (AlertEvent.COPY_FAILED,):
            groups.setdefault(each.events, []).append((each.account, each.region))
    for events, places in groups.items():
        account, region = min(places)
        yield Lack(
            subject=f"account {account}, {region}" + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            message=f"no alarm and no rule tells anybody of {', '.join(events)}",
            account_id=account,
            region=region,
            count=len(places),
        )
