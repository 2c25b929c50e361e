"""A rule is scheduled in a time zone that Organizations policies do not know

Why:     `schedule_expression` of an Organizations backup policy is UTC; there is no key for a time zone. The rule would
         run at the written time in UTC, hours away from what was meant.
Fix:     Write the time in UTC, or make the plan in one account (`in:`), where AWS Backup knows time zones.
Limits:  Zones that are UTC under another name are accepted.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html, read 2026-11-21
Failure: FM07
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often, times
from strongroom.checks.walk import rule_subject, rules
from strongroom.domain.estate import Estate, Source
from strongroom.domain.finding import Severity

UTC_NAMES: Final = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "GMT", "UCT", "Universal", "Zulu"})


@check("TZN001", severity=Severity.ERROR)
def time_zone_not_utc(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the time zone of each rule that becomes part of a policy; a plan in an account may have any."""
    if estate.source is Source.OBSERVED:
        return
    for plan, rule in rules(estate):
        if plan.account is None and rule.timezone not in UTC_NAMES:
            first = next(iter(times(rule)), None)
            meant = f"; {rule.schedule} there means {first:%H:%M} UTC in January" if first else ""
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"the time zone is {rule.timezone}, Organizations policies are scheduled in UTC",
                why=f"all of its {often(rule)} would run at the wrong time: {rule.schedule} in UTC{meant}",
                help="write the time in UTC and remove timezone",
                origin=rule.origin,
            )
