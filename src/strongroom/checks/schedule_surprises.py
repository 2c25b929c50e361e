"""A schedule runs less often than it seems to say

Why:     A cron expression is evaluated day by day: a step starts again at midnight, so "every 12 hours from 14:00" runs
         once a day. A time that daylight saving skips does not run that day.
Fix:     Write the hours out, such as `2,14`, or choose an hour that exists every day.
Limits:  Daylight saving for AWS Backup itself is not documented; EventBridge's rules are taken.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21
Failure: FM19
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import rule_subject, rules
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.semantics.schedule import Kind, diagnose

SURPRISING: Final = frozenset({Kind.UNEVEN_STEP, Kind.SKIPPED})


@check("CRN002", severity=Severity.WARNING)
def schedule_surprises(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Diagnose the schedule of each rule."""
    for plan, rule in rules(estate):
        for found in diagnose(rule.schedule, rule.timezone):
            if found.kind in SURPRISING:
                yield Problem(
                    subject=rule_subject(plan, rule),
                    message=found.message,
                    why=f"the rule makes {often(rule)} for each resource",
                    help=found.fix,
                    origin=rule.origin,
                )
