"""A framework asks for more than the plans give

Why:     A control with a required retention or frequency is measured against what is declared. A plan below it is
         non-compliant every day, and a report that is red for ever is read by nobody.
Fix:     Raise the plan, or lower the control's parameter.
Limits:  The two controls about plans and retention, with AWS's defaults where a parameter is missing (1 day, 35 days). The
         other controls need resources: `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/controls-and-remediation.html, read 2026-11-21 (04 §4.5)
Failure: none
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length, retentions
from strongroom.checks.timetable import MINUTES_PER_DAY, hours, interval_minutes
from strongroom.checks.walk import days
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import Control

_PLAN: Final = "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"
_POINTS: Final = "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK"
_DAYS: Final = 35  # where the control says nothing
_MINUTES: Final = {"hours": 60, "days": MINUTES_PER_DAY}


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
    if control.name not in {_PLAN, _POINTS} or not plan.rules:
        return ""
    asked = dict(control.parameters)
    wanted = _number(asked.get("requiredRetentionDays"), _DAYS)
    shortest = min(retentions([plan]), key=length)
    if length(shortest) < wanted:
        return f"keeps a recovery point {days(shortest)}, {days(wanted)} are required"
    if control.name == _POINTS:
        return ""
    most = _number(asked.get("requiredFrequencyValue"), 1) * _MINUTES.get(asked.get("requiredFrequencyUnit", "days"), MINUTES_PER_DAY)
    rarest = max(map(interval_minutes, plan.rules))
    return f"has a rule that runs every {hours(rarest)}, every {hours(most)} is required" if rarest > most else ""


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default
