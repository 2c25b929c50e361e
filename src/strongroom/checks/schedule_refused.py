"""A rule's schedule is refused, never runs, or runs more often than hourly

Why:     AWS Backup takes six-field cron expressions, at most one run an hour. From an Organizations policy a schedule
         that it refuses yields no plan in any account, and no message where the policy was written.
Fix:     Write the cron expression that the finding proposes.
Limits:  A schedule that is only surprising is CRN002.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21
Failure: FM07
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed, rule_subject, rules
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.semantics.schedule import Kind, diagnose

FATAL: Final = frozenset({Kind.REFUSED, Kind.TOO_OFTEN, Kind.NEVER})


@check("CRN001", severity=Severity.ERROR)
def schedule_refused(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Diagnose the schedule of each rule."""
    for plan, rule in rules(estate):
        for found in diagnose(rule.schedule, rule.timezone):
            if found.kind in FATAL:
                yield Problem(
                    subject=rule_subject(plan, rule),
                    message=found.message,
                    why=_why(plan, found.kind),
                    help=found.fix,
                    origin=rule.origin,
                )


def _why(plan: BackupPlan, kind: Kind) -> str:
    if kind is Kind.NEVER:
        return "the rule makes no backup at all, and no message says so"
    others = [rule.name for rule in plan.rules]
    return f"no account gets plan {plan.name} (InvalidOrganizationBackupPlan, without a reason): no job of {listed(others)} ever starts"
