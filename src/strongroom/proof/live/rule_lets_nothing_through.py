"""An EventBridge rule on the way to people is disabled, or matches less than it should

Why:     Events of AWS Backup come to people through rules: one in each account that sends them on, one that tells. A rule that somebody
         disabled for an afternoon, or whose pattern names a single vault or type, drops everything else without a word.
Fix:     events enable-rule for the rule named, or: strongroom apply
Limits:  Events are made up for each vault and resource type of the strategy; fields beyond them are taken as absent.
Source:  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html, read 2026-11-21 (07 §7.6)
Failure: FM22
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkState
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.judged import Off, watched

SHOWN = 3


@live("VRF104", severity=Severity.ERROR)
def rule_lets_nothing_through(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for rules that would tell, or send on, what the strategy's alerts ask for."""
    found = watched(judgement)
    groups: dict[tuple[str, bool], list[Off]] = {}
    for off in found.off if found else ():
        if not off.alarm:
            groups.setdefault((off.reason, off.certain), []).append(off)
    for (reason, certain), offs in groups.items():
        names = list(dict.fromkeys(off.name for off in offs))
        yield Lack(
            subject=f"rule {', '.join(names[:SHOWN])}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""),
            message=f"a rule on backup events tells nobody: {reason}",
            account_id=offs[0].account,
            region=offs[0].region,
            arn=offs[0].arn,
            count=len(offs),
            state=LinkState.BROKEN if certain else LinkState.UNKNOWN,
        )
