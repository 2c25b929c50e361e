"""Nobody would notice that backups never came

Why:     A run that never started makes no job, no event and no metric. Only an alarm that takes silence for a fault shows it: one that
         counts completed jobs and treats missing data as breaching.
Fix:     strongroom apply: the stack of the account that watches has such an alarm and the rule that it counts
Limits:  Alarms in the account that watches, in the home Region. The alarm hears that all backups are silent; a single resource without
         a recovery point is found by its chain. Where no rule runs within a week there can be no such alarm.
Source:  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, read 2026-11-21 (07 §7.8)
Failure: FM20
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import watched


@live("VRF100", severity=Severity.ERROR)
def silence_unnoticed(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for an alarm that goes off when no backup job completes, where the strategy asks for it."""
    found = watched(judgement)
    if found is None:
        return
    yield from found.unread
    for message in found.lacking:
        yield Lack(
            subject="alarm on silence",
            message=message,
            account_id=str(found.center.account),
            region=str(judgement.estate.organization.home_region),
        )
