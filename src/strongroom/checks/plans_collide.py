"""Two plans select the same tag value and start at the same time

Why:     Each plan makes its own job, and AWS Backup runs one job per resource at a time. The second waits, and expires
         when the first lasts longer than its start window; the message speaks of a running job. No rule of two plans
         suppresses the other, so each resource is backed up, stored and paid for twice.
Fix:     Make the selections disjoint with `not`, merge the plans, or move one of them out of the other's windows.
Limits:  Plans that select by different keys, or by type alone, may still share resources: seen only with an inventory.
         Plans whose windows never meet in the 30 days from 1 January 2027 are left alone.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html, read 2026-11-21; facts.limit("jobs_per_resource")
Failure: FM19
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate, combinations

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import disjoint, shared_values
from strongroom.checks.timetable import DAYS, plan_runs
from strongroom.checks.walk import listed, named, selected, takes
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.facts import message


@check("SEL001", severity=Severity.WARNING)
def plans_collide(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look for pairs of plans with a tag value or resources in common whose windows meet."""
    for one, other in combinations(estate.plans, 2):
        if one.origin == other.origin or disjoint(one.select, other.select) or len({one.account, other.account} - {None}) > 1:
            continue  # parts of one plan that was split are disjoint, or don't overlap in time; accounts share no resource
        both = [each for each in selected(one, inventory) if takes(other, each)]
        values = listed(f"{key}: {value}" for key, value in shared_values(one.select, other.select)) or named(both)
        number = _meetings(one, other) if values else 0
        if number:
            yield Problem(
                subject=f"plans {one.name} and {other.name}",
                message=f"both select {values}, and {number} of their windows meet in {DAYS} days",
                why=f'one job per resource runs at a time; the other waits and may expire: "{message("expired_running_job")}"',
                help=f"leave the value out of one of the plans, or move plan {other.name} to another time",
                origin=other.select.origin,
                count=number,
            )


def _meetings(one: BackupPlan, other: BackupPlan) -> int:
    """Count the windows of one plan that overlap some window of the other; windows are half-open."""
    begins, ends = _windows(other)
    latest = list(accumulate(ends, max))  # the latest end of all windows that begin no later than the i-th
    count = 0
    for begin, end in zip(*_windows(one), strict=True):
        before = bisect_left(begins, end)
        count += before > 0 and latest[before - 1] > begin
    return count


def _windows(plan: BackupPlan) -> tuple[list[datetime], list[datetime]]:
    """Return begins and ends of the plan's start windows in 30 days, by begin."""
    lengths = {rule.name: timedelta(minutes=rule.start_within_minutes) for rule in plan.rules}
    live = [run for run in plan_runs(plan) if run.suppressed_by is None]
    return [run.slot_at for run in live], [run.slot_at + lengths[run.rule] for run in live]
