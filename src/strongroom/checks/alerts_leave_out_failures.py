"""Alerts leave out something that must not fail unseen

Why:     Copy jobs fail with events of their own, an expired job is no failed one, one "completed with issues" is green (FM20), and
         a run that never came makes no event and no metric at all. Alerts that leave one of them out stay silent while it goes
         on every night.
Fix:     Add the event to `alerts.on`, or declare `alerts` where a regulation is declared.
Limits:  Events that the strategy declares. Without `alerts` it speaks only where a regulation is declared; that messages arrive,
         and that subscriptions are confirmed, is for `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html, read 2026-11-21 (07 §7.6 to 7.8)
Failure: FM21
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import listed, rules
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import AlertEvent

_ALWAYS: Final = {
    AlertEvent.FAILED: "a failed backup job is one event among thousands of green ones",
    AlertEvent.EXPIRED: "an expired job did not fail, and made no recovery point",
    AlertEvent.WITH_ISSUES: "a job that completed with issues is green, and left something out",
    AlertEvent.MISSING: "a run that never came makes no event and no metric",
}
_COPIES: Final = {AlertEvent.COPY_FAILED: "copy jobs fail with events of their own, while the backup job is green"}


@check("ALT001", severity=Severity.WARNING)
def alerts_leave_out_failures(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare what is declared to be told with what can fail in these plans."""
    if not estate.plans:
        return
    copied = any(rule.copies for _, rule in rules(estate))
    needed = _ALWAYS | (_COPIES if copied else {})
    started = listed(f"{plan.name}.{rule.name} makes {often(rule)}" for plan, rule in rules(estate))
    if estate.alerts is None:
        for regulation in estate.regulations[:1]:
            yield Problem(
                subject="alerts",
                message=f"nobody is told about failures, and {regulation.name} is declared",
                why=f"the jobs of each resource may fail unseen: {started}",
                help="add: alerts: {email: [backup-team@example.com]}",
                origin=regulation.origin,
                severity=Severity.INFO,
            )
        return
    for event, reason in needed.items():
        if event not in estate.alerts.events:
            yield Problem(
                subject="alerts",
                message=f"alerts leave out {event}",
                why=f"{reason}; for each resource {started}",
                help=f"add {event} to alerts.on",
                origin=estate.alerts.origin,
            )
