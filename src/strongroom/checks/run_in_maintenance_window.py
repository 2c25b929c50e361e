"""A rule runs in the maintenance window of a resource, or too close to it

Why:     Backups of databases can't begin in the hour before their maintenance window and during it, those of FSx in the
         four hours before. The job fails, it does not wait, so the backup of that day is missing.
Fix:     Move the rule, or the window. A plan with a snapshot rule and a continuous rule is scheduled around the windows of
         the types that have both.
Limits:  Windows of an inventory, and those that `native: databases` declares for RDS databases that the plan certainly selects.
         Where an inventory has none, UNK002 says so. Aurora is exempt. A window that only the start window reaches is a notice:
         AWS Backup makes its jobs some minutes after the slot.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21;
         facts.limit("maintenance_margin_minutes_database"), facts.message("maintenance_window")
Failure: FM19
"""

from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.checks.check import Problem, check
from strongroom.checks.declared import databases_of
from strongroom.checks.inventory import Inventory
from strongroom.checks.maintenance import printed, windows
from strongroom.checks.timetable import DAYS, runs_of
from strongroom.checks.walk import grouped, named, resources_named, rule_subject, rules, selected, total
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.facts import message
from strongroom.semantics.maintenance import MaintenanceConflict, WeeklyWindow, maintenance_conflicts, scheduled_around, weekly


@check("MNT001", severity=Severity.ERROR)
def run_in_maintenance_window(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Hold the runs of each rule against the windows of the resources that its plan selects."""
    for plan, rule in rules(estate):
        known = (resource for resource in selected(plan, inventory) if windows(resource))
        for _, resources in grouped(known, lambda each: (each.type, printed(each))):
            held = _Held(
                type=resources[0].type,
                windows=windows(resources[0]) or (),
                words=f"{printed(resources[0])} of {named(resources)}",
                subject=resources_named(resources, resources[0].type),
                count=total(resources),
            )
            yield from _problems(plan, rule, held)
        for databases in databases_of(estate, plan, ResourceType.RDS):
            if databases.maintenance_window:
                held = _Held(
                    type=ResourceType.RDS,
                    windows=(weekly(databases.maintenance_window),),
                    words=f"{databases.maintenance_window} of native databases {databases.name}",
                    subject=f"native databases {databases.name}",
                    count=1,
                )
                yield from _problems(plan, rule, held)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Resources with the same windows, found or declared."""

    type: ResourceType
    windows: tuple[WeeklyWindow, ...]
    words: str
    subject: str
    count: int


def _problems(plan: BackupPlan, rule: BackupRule, held: _Held) -> Iterator[Problem]:
    if conflicts := _conflicts(plan, rule, held):
        yield _problem(plan, rule, held, conflicts)


def _conflicts(plan: BackupPlan, rule: BackupRule, held: _Held) -> tuple[MaintenanceConflict, ...]:
    kinds = {each.continuous for each in plan.rules}
    if scheduled_around(held.type, snapshots=False in kinds, continuous=True in kinds):
        return ()
    found = maintenance_conflicts(runs_of(plan, rule), held.windows, held.type, start_within_minutes=rule.start_within_minutes)
    return tuple(each for each in found if each.certain) or found


def _problem(plan: BackupPlan, rule: BackupRule, held: _Held, conflicts: tuple[MaintenanceConflict, ...]) -> Problem:
    first, due = conflicts[0], len(runs_of(plan, rule))
    hit = len({each.slot_at for each in conflicts})
    window = f"{first.what} {held.words}"
    fall, jobs = ("fall into", "those jobs fail") if first.certain else ("may slide into", "a job that starts that late fails")
    text = message("maintenance_backup_window" if first.what.startswith("automatic") else "maintenance_window")
    return Problem(
        subject=f"{rule_subject(plan, rule)}, {held.subject}",
        message=f"{hit} of {due} runs of rule {rule.name} in {DAYS} days {fall} the {window}",
        why=f'no backup begins from {first.blocked_from_at:%a %H:%M} to {first.blocked_until_at:%a %H:%M} UTC, {jobs}: "{text}"',
        help=f"move rule {rule.name} or the window, so that the rule does not start in that time",
        origin=rule.origin,
        count=held.count,
        severity=None if first.certain else Severity.INFO,
    )
