"""A rule runs in the maintenance window of a resource, or too close to it

Why:     Backups of databases can't begin in the hour before their maintenance window and during it, those of FSx in the
         four hours before. The job fails, it does not wait, so the backup of that day is missing.
Fix:     Move the rule, or the window. A plan with a snapshot rule and a continuous rule is scheduled around the windows of
         the types that have both.
Limits:  Needs an inventory with maintenance windows; where it has none, UNK002 says so. Aurora is exempt. A window that
         only the start window reaches is a notice: AWS Backup makes its jobs some minutes after the slot.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21;
         facts.limit("maintenance_margin_minutes_database"), facts.message("maintenance_window")
Failure: FM19
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.maintenance import printed, windows
from strongroom.checks.timetable import DAYS, runs_of
from strongroom.checks.walk import grouped, listed, resources_named, rule_subject, rules, selected
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.facts import message
from strongroom.semantics.maintenance import MaintenanceConflict, maintenance_conflicts, scheduled_around


@check("MNT001", severity=Severity.ERROR, needs_inventory=True)
def run_in_maintenance_window(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Hold the runs of each rule against the windows of the resources that its plan selects."""
    for plan, rule in rules(estate):
        known = (resource for resource in selected(plan, inventory) if windows(resource))
        for _, resources in grouped(known, lambda each: (each.type, printed(each))):
            conflicts = _conflicts(plan, rule, resources[0])
            if conflicts:
                yield _problem(plan, rule, resources, conflicts)


def _conflicts(plan: BackupPlan, rule: BackupRule, resource: Resource) -> tuple[MaintenanceConflict, ...]:
    kinds = {each.continuous for each in plan.rules}
    if scheduled_around(resource.type, snapshots=False in kinds, continuous=True in kinds):
        return ()
    found = maintenance_conflicts(
        runs_of(plan, rule), windows(resource) or (), resource.type, start_within_minutes=rule.start_within_minutes
    )
    return tuple(each for each in found if each.certain) or found


def _problem(plan: BackupPlan, rule: BackupRule, resources: tuple[Resource, ...], conflicts: tuple[MaintenanceConflict, ...]) -> Problem:
    first, due = conflicts[0], len(runs_of(plan, rule))
    number = len({each.slot_at for each in conflicts})
    window = f"{first.what} {printed(resources[0])} of {listed(each.arn for each in resources)}"
    fall, jobs = ("fall into", "those jobs fail") if first.certain else ("may slide into", "a job that starts that late fails")
    text = message("maintenance_backup_window" if first.what.startswith("automatic") else "maintenance_window")
    return Problem(
        subject=f"{rule_subject(plan, rule)}, {resources_named(resources, resources[0].type)}",
        message=f"{number} of {due} runs of rule {rule.name} in {DAYS} days {fall} the {window}",
        why=f'no backup begins from {first.blocked_from_at:%a %H:%M} to {first.blocked_until_at:%a %H:%M} UTC, {jobs}: "{text}"',
        help=f"move rule {rule.name} or the window, so that the rule does not start in that time",
        origin=rule.origin,
        count=len(resources),
        severity=None if first.certain else Severity.INFO,
    )
