"""After the loss that is to be survived, the newest copy is older than promised

Why:     What counts after the loss of an account or Region are the copies. A copy starts when its backup is complete, and is
         tried for two hours before it fails: the copy can be older than the newest recovery point beside the resource.
Fix:     Copy with a rule that runs more often, or promise less.
Limits:  Interval, start window and the two hours of retries; how long backups and copies take is for `verify`. Says only what
         no declared plan can meet.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html, read 2026-11-21 (12 X01);
         facts.limit("copy_retry_hours_max")
Failure: FM31
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import cells, plans_reaching
from strongroom.checks.surviving import leaves
from strongroom.checks.timetable import hours, wait_minutes_max
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import Region
from strongroom.domain.strategy import Loss
from strongroom.facts import limit


@check("RPO002", severity=Severity.WARNING)
def copy_misses_objective(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare each objective with what the copies alone can do."""
    for objective in estate.objectives:
        losses = [loss for loss in objective.survives if loss is not Loss.DELETION]
        rpo = objective.rpo_minutes
        for cell in cells(objective.select) if rpo is not None else ():
            plans = plans_reaching(estate, cell)
            for loss in losses:
                best = _best_minutes(plans, loss)
                if best is not None and rpo is not None and best > rpo:
                    yield Problem(
                        subject=f"objective {cell}",
                        message=f"an RPO of {hours(rpo)} is promised for {cell} after the loss of the {loss}, copies can do {hours(best)}",
                        why="interval, start window and the two hours in which a copy is tried again add up",
                        help=f"copy with a rule that runs more often, or set rpo to {hours(best)} or more",
                        origin=objective.origin,
                    )


def _best_minutes(plans: tuple[BackupPlan, ...], loss: Loss) -> int | None:
    """Return the longest wait between copies that survive, in the worst Region; None where there are none (SRV001)."""
    regions = {region for plan in plans for region in plan.regions}
    waits = [wait_minutes_max(_copying(plans, loss, region)) for region in sorted(regions)]
    known = [wait for wait in waits if wait is not None]
    return max(known) + int(limit("copy_retry_hours_max").value) * 60 if known else None


def _copying(plans: tuple[BackupPlan, ...], loss: Loss, region: Region) -> Iterator[BackupPlan]:
    for plan in plans:
        rules = tuple(rule for rule in plan.rules if any(leaves(copy, loss, region) for copy in rule.copies))
        if rules and region in plan.regions:
            yield replace(plan, rules=rules)
