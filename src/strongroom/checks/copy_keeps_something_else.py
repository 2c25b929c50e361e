"""A copy does not keep what was asked

Why:     A copy keeps the creation date of its source. "Never delete" on a copy inherits the end of its source. A copy of a
         continuous backup is a snapshot: at the destination there is no point in time to restore to.
Fix:     Write the copy's retention in days (36500d is the longest), or keep the source forever too. Where a point in time is
         needed after the loss of the account, run the continuous rule there, or copy more often.
Limits:  Copies that the strategy declares forever are deployed with 36500 days, which is said as a notice.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html, read 2026-11-21;
         facts.limit("retention_days_max")
Failure: FM13
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import PlacedCopy, copies, copy_subject, days, kinds, listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER
from strongroom.facts import capabilities


@check("CPY004", severity=Severity.WARNING)
def copy_keeps_something_else(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Compare what each copy asks with what it gets."""
    for placed in copies(estate):
        if placed.copy.asked is FOREVER and placed.copy.keep is not FOREVER:
            yield _forever(placed)
        continuous = [kind for kind in kinds(placed.plan, inventory) if capabilities(kind).point_in_time]
        if placed.rule.continuous and (continuous or not placed.plan.select.types):
            yield Problem(
                subject=copy_subject(placed),
                message=f"the copies of {listed(continuous) or 'continuous backups'} in {placed.copy.label} are snapshots",
                why=f"continuous recovery points stay where they are; the copy is a snapshot, {often(placed.rule)} for each resource",
                help="nothing, if the last snapshot is enough after the loss of the account or Region",
                origin=placed.copy.origin,
                severity=Severity.INFO,
            )


def _forever(placed: PlacedCopy) -> Problem:
    keep = placed.copy.keep
    inherited = keep == placed.rule.keep
    return Problem(
        subject=copy_subject(placed),
        message=f"the copy asks to be kept forever and is kept {days(keep)}",
        why="a copy that is never to be deleted inherits the end of its source"
        if inherited
        else "AWS Backup knows no copy without end while its source has one; this is the longest it accepts",
        help="write the days that are meant, 36500d at most, or keep the rule's own recovery points forever",
        origin=placed.copy.origin,
        severity=None if inherited else Severity.INFO,
    )
