"""An alarm on backups changes its colour and tells nobody

Why:     An alarm whose actions are switched off, or that has none, turns red in a console that nobody has open. One that goes off from the
         second failure on, or takes missing data for a failure, is believed as little.
Fix:     cloudwatch enable-alarm-actions for the alarm named, or: strongroom apply
Limits:  Alarms on the metrics of AWS/Backup that the strategy's alerts ask for, where no other alarm does the same.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html, read 2026-11-21 (07 §7.8)
Failure: FM20
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.governance import AlertEvent
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import Off, watched

SHOWN = 3


@live("VRF103", severity=Severity.ERROR)
def alarm_does_nothing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for alarms that notice a failure and do nothing; those on copies are VRF102's."""
    found = watched(judgement)
    groups: dict[str, list[Off]] = {}
    for off in found.off if found else ():
        if off.alarm and off.event is not AlertEvent.COPY_FAILED:
            groups.setdefault(off.reason, []).append(off)
    for reason, offs in groups.items():
        names = list(dict.fromkeys(off.name for off in offs))
        yield Lack(
            subject=f"alarm {', '.join(names[:SHOWN])}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""),
            message=f"an alarm on backups tells nobody: {reason}",
            account_id=offs[0].account,
            region=offs[0].region,
            arn=offs[0].arn,
            count=len(offs),
        )
