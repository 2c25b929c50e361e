"""A copy's retention is outside the range of the destination vault's lock

Why:     The lifecycle of the copy counts at the destination, and a copy without `keep` inherits the rule's. AWS Backup
         fails every copy job outside the range while the backup jobs stay green; nothing is shortened to fit.
Fix:     Give the copy a `keep` inside the lock's range, or change the lock while it is still in its grace time.
Limits:  Only locks that the strategy declares; a lock that somebody put on a vault by hand is for `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21; facts.message("lock_range_copy")
Failure: FM03
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.locks import bound, fix
from strongroom.checks.timetable import often
from strongroom.checks.walk import copies, copy_subject, days, vault_of
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import message
from strongroom.semantics.lifecycle import outside_lock


@check("LCK002", severity=Severity.ERROR)
def retention_outside_copy_lock(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare each copy with the lock of the vault it goes to."""
    for placed in copies(estate):
        copy = placed.copy
        lock = vault_of(estate, copy.label).lock
        if lock and outside_lock(copy.keep, lock.min_days, lock.max_days):
            yield Problem(
                subject=copy_subject(placed),
                message=f"the copy's retention is {days(copy.keep)}, {bound(copy.label, copy.keep, lock)}",
                why=f'every copy job fails, {often(placed.rule)} for each resource: "{message("lock_range_copy")}"',
                help=fix(lock),
                origin=copy.origin,
            )
