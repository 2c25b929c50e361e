"""A lifecycle deletes less than 90 days after the move to cold storage

Why:     AWS Backup refuses such a lifecycle. In an Organizations policy nobody is told: the effective policy yields no
         plan in the accounts (InvalidOrganizationBackupPlan), so every run of every rule of the plan is lost.
Fix:     Keep at least 90 days longer than `cold_after`, or drop `cold_after`.
Limits:  Types without cold storage ignore `cold_after`; the whole plan is refused all the same.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html, read 2026-11-21;
         facts.limit("cold_days_before_delete_min")
Failure: FM12
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import copies, copy_subject, days, rule_subject, rules
from strongroom.domain.estate import BackupRule, CopyAction, Estate
from strongroom.domain.finding import Severity
from strongroom.facts import limit
from strongroom.semantics.lifecycle import problem


@check("LIF001", severity=Severity.ERROR)
def deleted_too_soon_after_cold(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Check the lifecycle of each rule, and of each copy that declares its own."""
    for plan, rule in rules(estate):
        if refusal := _refusal(rule):
            yield _problem(rule_subject(plan, rule), rule, refusal, rule)
    for placed in copies(estate):
        inherited = (placed.copy.keep, placed.copy.cold_after_days) == (placed.rule.keep, placed.rule.cold_after_days)
        if not inherited and (refusal := _refusal(placed.copy)):
            yield _problem(copy_subject(placed), placed.copy, refusal, placed.rule)


def _refusal(part: BackupRule | CopyAction) -> str:
    if part.cold_after_days is None:
        return ""
    return problem(part.keep, part.cold_after_days, continuous=False) or ""


def _problem(subject: str, part: BackupRule | CopyAction, refusal: str, rule: BackupRule) -> Problem:
    distance, cold = int(limit("cold_days_before_delete_min").value), part.cold_after_days or 0
    return Problem(
        subject=subject,
        message=f"keeps {days(part.keep)} and moves to cold storage after {days(cold)}: {distance} days apart at least",
        why=f'no account gets the plan, and the rule\'s {often(rule)} never start: "{refusal}"',
        help=f"set keep to {cold + distance}d or more, or remove cold_after",
        origin=part.origin,
    )
