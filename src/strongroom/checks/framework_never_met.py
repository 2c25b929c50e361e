"""A framework asks for more than the plans give

Why:     A control with a required retention or frequency is measured against what is declared. A plan below it is
         non-compliant every day, and a report that is red for ever is read by nobody. The control of plans asks for one rule
         that is both frequent and kept; the control of recovery points asks it of each of them.
Fix:     Raise the plan, or lower the control's parameter.
Limits:  The two controls about plans and retention, with AWS's defaults where a parameter is missing (1 day, 35 days). The
         other controls need resources: `verify`. A control that AWS refuses is FRM001's.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/controls-and-remediation.html, read 2026-11-21 (04 §4.5);
         https://docs.aws.amazon.com/config/latest/developerguide/backup-plan-min-frequency-and-min-retention-check.html
Failure: none
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length, retentions
from strongroom.checks.timetable import hours, interval_minutes
from strongroom.checks.walk import days
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import Control
from strongroom.domain.names import RetentionDays
from strongroom.semantics import controls

_PLAN: Final = "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"
_POINTS: Final = "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK"


@check("FRM002", severity=Severity.WARNING)
def framework_never_met(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Hold the parameters of controls against every plan."""
    for framework in estate.frameworks:
        for control in framework.controls:
            for plan in estate.plans:
                if lack := _lack(control, plan):
                    yield Problem(
                        subject=f"framework {framework.name}",
                        message=f"plan {plan.name} {lack}",
                        why=f"control {control.name} finds it non-compliant in every account and Region, every day",
                        help=f"change plan {plan.name}, or the control's parameter",
                        origin=control.origin,
                    )


def _lack(control: Control, plan: BackupPlan) -> str:
    """Return what a plan lacks for a control; empty for a control that is met, or not about plans."""
    asked = dict(control.parameters)
    if control.name not in {_PLAN, _POINTS} or not plan.rules or controls.parameter_problem(control.name, asked):
        return ""
    wanted = int(asked.get("requiredRetentionDays", controls.RETENTION_DAYS))
    if control.name == _POINTS:
        shortest = min(retentions([plan]), key=length)
        return "" if controls.kept_long_enough(shortest, wanted) else f"keeps a recovery point {_short(shortest, wanted)}"
    if controls.frequent_and_kept([controls.Kept(interval_minutes=interval_minutes(rule), keep=rule.keep) for rule in plan.rules], asked):
        return ""
    most = int(controls.required_interval(asked) / timedelta(minutes=1))
    frequent = [rule.keep for rule in plan.rules if interval_minutes(rule) <= most]
    if frequent:
        return f"keeps what it makes that often {_short(max(frequent, key=length), wanted)}"
    return f"has no rule that runs every {hours(most)}, the most frequent one runs every {hours(min(map(interval_minutes, plan.rules)))}"


def _short(keep: RetentionDays, wanted: int) -> str:
    return f"{days(keep)}, {days(wanted)} are required"
