"""A continuous rule keeps longer than 35 days, or uses cold storage

Why:     Continuous backups keep 1 to 35 days and have no cold storage. AWS Backup refuses the rule; from an
         Organizations policy the accounts get no plan at all, and no reason.
Fix:     Set `keep` of the continuous rule to 35d or less; keep longer with a second rule or with copies, which are
         ordinary snapshots.
Limits:  Whether the types selected can be backed up continuously is not looked at: others fall back to snapshots.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html, read 2026-11-21;
         facts.limit("continuous_retention_days_max")
Failure: FM25
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import days, rule_subject, rules
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import limit
from strongroom.semantics.lifecycle import problem


@check("LIF002", severity=Severity.ERROR)
def continuous_lifecycle_refused(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Check the lifecycle of each continuous rule."""
    bound = int(limit("continuous_retention_days_max").value)
    for plan, rule in rules(estate):
        refusal = problem(rule.keep, rule.cold_after_days, continuous=True) if rule.continuous else None
        if refusal is None:
            continue
        cold = rule.cold_after_days is not None
        yield Problem(
            subject=rule_subject(plan, rule),
            message=f"continuous rule {rule.name} has cold_after"
            if cold
            else f"continuous rule {rule.name} keeps {days(rule.keep)}, {bound} at most",
            why=f'no account gets the plan, and the rule\'s {often(rule)} never start: "{refusal}"',
            help="remove cold_after from the continuous rule"
            if cold
            else f"set keep to {bound}d or less, and keep longer with a second rule or a copy",
            origin=rule.origin,
        )
