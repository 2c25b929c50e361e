"""EBS snapshots are archived more often than monthly

Why:     The archive is for rules that run monthly or less often. Each archived snapshot is a full one, is paid for 90 days
         at least, and takes up to 72 hours to restore; a volume has 25 of them at most.
Fix:     Archive in a monthly rule of its own, and keep daily snapshots warm.
Limits:  The console enforces the frequency; whether the API refuses the rule, or only ignores the switch, AWS does not say.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21;
         facts.limit("archive_interval_days_min"), facts.limit("archived_snapshots_per_volume")
Failure: FM12
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import MINUTES_PER_DAY, hours, interval_minutes, often
from strongroom.checks.walk import rule_subject, rules
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import limit


@check("LIF005", severity=Severity.WARNING)
def archived_too_often(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare the interval of rules that archive with a month."""
    least = int(limit("archive_interval_days_min").value)
    for plan, rule in rules(estate):
        interval = interval_minutes(rule)
        if rule.archive and interval < least * MINUTES_PER_DAY:
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"rule {rule.name} archives EBS snapshots and runs every {hours(interval)}, {least} days apart at least",
                why=f"{often(rule)} full snapshots for each volume, each paid for 90 days at least; AWS Backup may refuse the rule",
                help="archive in a monthly rule of its own: at: day 1 02:00",
                origin=rule.origin,
            )
