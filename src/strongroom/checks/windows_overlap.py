"""Start windows of two rules of one plan overlap

Why:     When start windows of rules of the same plan overlap, AWS Backup keeps only the run of the rule with the longest
         retention, for its whole start window. The other runs, and the copies that belong to them, don't happen.
Fix:     Move one of the rules, or make the longer-kept rule's `start_within` shorter. Rules that must both run belong
         into two plans.
Limits:  Counted over the 30 days from 1 January 2027; which rule wins at equal retention AWS doesn't say.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21
Failure: FM11
"""

from collections import Counter
from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import DAYS, hours, plan_runs
from strongroom.checks.walk import days, listed, rule_subject
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("WIN001", severity=Severity.WARNING)
def windows_overlap(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Count the runs that each rule of a plan loses to the others."""
    for plan in estate.plans:
        if len(plan.rules) == 1:
            continue
        runs = plan_runs(plan)
        due = Counter(run.rule for run in runs)
        lost = Counter((run.rule, run.suppressed_by) for run in runs if run.suppressed_by is not None)
        by_name = {rule.name: rule for rule in plan.rules}
        for (name, winner), number in lost.items():
            rule, other = by_name[name], by_name[str(winner)]
            copies = f", and with them the copies to {listed(copy.label for copy in rule.copies)}" if rule.copies else ""
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"loses {number} of {due[name]} runs in {DAYS} days to rule {other.name}, which keeps {days(other.keep)}",
                why=f"inside a start window of {hours(other.start_within_minutes)} only the rule with the longest retention runs{copies}",
                help=f"move rule {name} out of that window, shorten start_within of rule {other.name}, or use two plans",
                origin=rule.origin,
                count=number,
            )
