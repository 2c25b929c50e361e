"""An RTO leaves no time for what comes before the restore

Why:     A recovery point in another account can't be restored from there: it is copied back first, whole, and the RTO runs.
         A restore from cold storage takes some four hours longer, one from the EBS archive up to 72 hours.
Fix:     Keep warm recovery points in the account for as long as the RTO is meant, set a longer RTO for what is older, or
         rehearse the copy back and count it in.
Limits:  Sizes and rates are not known here: that a copy back must be counted in is a warning where the loss of the account is
         to be survived, else a notice. Cold storage counts for types that the plan names, or that the inventory finds.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html, read 2026-11-21;
         facts.limit("cold_restore_hours"), facts.limit("archive_restore_hours_max")
Failure: FM16
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length
from strongroom.checks.reach import Cell, cells, plans_reaching
from strongroom.checks.storing import goes_cold, parts
from strongroom.checks.timetable import hours
from strongroom.checks.walk import crosses_accounts, days, kinds, listed
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Loss, Objective
from strongroom.facts import limit, storage


@check("RTO001", severity=Severity.WARNING)
def restore_slower_than_promised(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Hold each RTO against where recovery points lie, and how cold."""
    for objective in estate.objectives:
        for cell in cells(objective.select) if objective.rto_minutes is not None else ():
            plans = plans_reaching(estate, cell)
            yield from _far(objective, cell, plans)
            for plan in plans:
                yield from _cold(objective, cell, plan, inventory)


def _far(objective: Objective, cell: Cell, plans: tuple[BackupPlan, ...]) -> Iterator[Problem]:
    needed = Loss.ACCOUNT in objective.survives
    groups: dict[tuple[str, str], list[str]] = {}  # the rules that say the same
    for plan in plans:
        for rule in plan.rules:
            away = [copy for copy in rule.copies if crosses_accounts(copy)]
            if away and (needed or any(length(copy.keep) > length(rule.keep) for copy in away)):
                when = "after the loss of the account" if needed else f"of what is older than {days(rule.keep)}"
                groups.setdefault((when, str(away[0].account)), []).append(f"{plan.name}.{rule.name}")
    for (when, account), names in groups.items():
        yield Problem(
            subject=f"objective {cell}",
            message=f"an RTO of {hours(objective.rto_minutes or 0)} is promised for {cell}, a restore {when} begins with a copy",
            why=f"recovery points of {'rule' if len(names) == 1 else 'rules'} {listed(names)} are then in account {account} alone, "
            "and are copied back first",
            help="rehearse the copy back and count it into rto, or set a longer rto for this case",
            origin=objective.origin,
            severity=None if needed else Severity.INFO,
        )


def _cold(objective: Objective, cell: Cell, plan: BackupPlan, inventory: Inventory | None) -> Iterator[Problem]:
    types = [kind for kind in kinds(plan, inventory) if cell.type in {None, kind}]
    for rule in plan.rules:
        for kind in types:
            cold = [part.cold_after_days or 0 for part in parts(rule) if goes_cold(part, kind, rule)]
            needed = _hours(kind)
            if cold and (objective.rto_minutes or 0) < needed * 60:
                yield Problem(
                    subject=f"objective {cell}",
                    message=f"an RTO of {hours(objective.rto_minutes or 0)} is promised for {cell}, cold {kind} takes {needed}h more",
                    why=f"recovery points of rule {rule.name} are cold after {days(min(cold))}",
                    help=f"keep what the RTO is meant for warm, or set rto to more than {needed}h",
                    origin=objective.origin,
                )


def _hours(kind: ResourceType) -> int:
    return int(limit("archive_restore_hours_max" if storage(kind).cold == "archive" else "cold_restore_hours").value)
