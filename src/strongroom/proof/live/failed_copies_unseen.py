"""Nobody is told of failed copies

Why:     A copy is a job of its own: when it fails the backup job stays green, and only its own event and its own metric say so. Both are
         in the account and Region that the copy starts from, under the name of the vault that it goes to.
Fix:     strongroom apply: the StackSet brings the alarm on NumberOfCopyJobsFailed and the rule to every governed account
Limits:  Rules that call a function, a chat or the like count as told; what they do then is not read.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html, read 2026-11-21 (07 §7.6, §7.8)
Failure: FM21
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.governance import AlertEvent
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import watched


@live("VRF102", severity=Severity.ERROR)
def failed_copies_unseen(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for places whose failed copies nobody hears of, and for alarms on copies that do nothing."""
    found = watched(judgement)
    if found is None:
        return
    untold = [(each.account, each.region) for each in found.untold if each.events == (AlertEvent.COPY_FAILED,)]
    groups: dict[str, list[tuple[str, str]]] = {"no alarm and no rule tells anybody of failed copies": untold} if untold else {}
    for off in found.off:
        if off.alarm and off.event is AlertEvent.COPY_FAILED:
            groups.setdefault(f"an alarm on failed copies tells nobody: {off.reason}", []).append((off.account, off.region))
    for message, places in groups.items():
        account, region = min(places)
        yield Lack(
            subject=f"account {account}, {region}" + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            message=message,
            account_id=account,
            region=region,
            count=len(places),
        )
