"""A compliance lock hardens

Why:     Once the grace time of a compliance lock is over, nobody can remove or shorten it, AWS included, and every
         recovery point in the vault stays until its own retention ends. `Locked` is true from the first day; only the
         lock date tells when there is no way back.
Fix:     Rehearse with `mode: governance`, and give the grace time as long as the slowest rule needs to run once.
Limits:  This is a notice, not a mistake: whoever writes `mode: compliance` may well mean it.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21; facts.limit("lock_grace_days_min")
Failure: FM04
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import days
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import LockMode
from strongroom.facts import limit


@check("LCK003", severity=Severity.INFO)
def compliance_lock_hardens(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Name every lock that can't be taken back, and when."""
    for vault in estate.vaults:
        lock = vault.lock
        if lock and lock.mode is LockMode.COMPLIANCE:
            grace = int(limit("lock_grace_days_min").value) if lock.grace_days is None else lock.grace_days
            kept = "without an upper bound" if lock.max_days is None else f"for up to {days(lock.max_days)}"
            when = f"hardens {days(grace)} after it is deployed" if grace else "is hard from the start"
            once = "from then on" if grace else "once it is there"
            rehearsal = (
                "with mode: governance first; a longer grace leaves time to change your mind" if grace else "on a standard vault first"
            )
            yield Problem(
                subject=f"vault {vault.label}",
                message=f"the lock of vault {vault.label} {when}",
                why=f"{once} nobody can remove it or delete a recovery point early, and storage is paid {kept}",
                help=f"rehearse {rehearsal}",
                origin=lock.origin,
            )
