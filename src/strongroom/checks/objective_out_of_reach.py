"""A recovery point objective can't be met by the schedule

Why:     A job may start at any moment of its start window. Between the newest recovery point and the next one may lie the
         whole interval and the window; what was written in that time is lost.
Fix:     Run a rule more often, shorten `start_within`, add a continuous rule, or promise less.
Limits:  Says only what nothing declared can meet: every plan that may select the resources is counted in, with the runs
         that overlap leaves, and for types that the objective names the point-in-time restores that `native` declares. How long
         jobs take, and whether they succeed, is for `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21 (12 X01);
         facts.limit("restorable_lag_minutes_s3")
Failure: FM31
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import Cell, cells, may_select, plans_reaching
from strongroom.checks.timetable import hours, wait_minutes_max
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Objective
from strongroom.facts import capabilities, limit


@check("RPO001", severity=Severity.ERROR)
def objective_out_of_reach(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare each objective with the best that the plans can do for each of its parts."""
    for objective in estate.objectives:
        if objective.rpo_minutes is None:
            continue
        for cell in cells(objective.select):
            plans = plans_reaching(estate, cell)
            best = min((each for each in (_best_minutes(plans, cell), _native_minutes(estate, cell)) if each is not None), default=None)
            if best is None or best > objective.rpo_minutes:
                yield _problem(objective, objective.rpo_minutes, cell, plans, best)


def _problem(objective: Objective, rpo: int, cell: Cell, plans: tuple[BackupPlan, ...], best: int | None) -> Problem:
    names = " and ".join(plan.name for plan in plans)
    if not plans:
        message, fix = f"an RPO of {hours(rpo)} is promised for {cell}, which no plan selects", "add a plan that selects it"
    elif best is None:
        message, fix = (
            f"an RPO of {hours(rpo)} is promised for {cell}, plan {names} runs less than twice in four years",
            "run a rule more often",
        )
    else:
        message = f"an RPO of {hours(rpo)} is promised for {cell}, plan {names} can do {hours(best)} at best"
        fix = f"run a rule more often, shorten start_within, or set rpo to {hours(best)} or more"
    return Problem(
        subject=f"objective {cell}",
        message=message,
        why="interval and start window together are how old the newest recovery point can be when the next job starts",
        help=fix,
        origin=objective.origin,
    )


def _best_minutes(plans: tuple[BackupPlan, ...], cell: Cell) -> int | None:
    waits = [lag for plan in plans for rule in plan.rules if rule.continuous and (lag := _lag_minutes(plan, cell))]
    wait = wait_minutes_max(plans)
    return min([*waits, wait] if wait is not None else waits, default=None)


def _native_minutes(estate: Estate, cell: Cell) -> int | None:
    """Return how far behind the point-in-time restores of databases and tables themselves may be; None where none is declared."""
    selects = {
        ResourceType.DYNAMODB: [each.select for each in estate.native.tables if each.point_in_time_days],
        ResourceType.RDS: [each.select for each in estate.native.databases if each.retention_days],
        ResourceType.AURORA: [each.select for each in estate.native.databases if each.retention_days],
    }
    declared = selects.get(cell.type, ()) if cell.type else ()
    name = "restorable_lag_minutes_dynamodb" if cell.type is ResourceType.DYNAMODB else "restorable_lag_minutes_rds"
    return int(limit(name).value) if any(may_select(select, cell) for select in declared) else None


def _lag_minutes(plan: BackupPlan, cell: Cell) -> int:
    """Return how far behind continuous backup may be, at best; 0 for types that don't know it."""
    types = (cell.type,) if cell.type else plan.select.types or tuple(ResourceType)
    continuous = [kind for kind in types if capabilities(kind).point_in_time and kind not in plan.select.not_types]
    if not continuous:
        return 0
    only_s3 = all(kind is ResourceType.S3 for kind in continuous)
    return int(limit("restorable_lag_minutes_s3" if only_s3 else "restorable_lag_minutes_rds").value)
