"""A compliance lock hardens before every rule has run once

Why:     The range of a lock shows its mistakes only when a job runs. A grace time shorter than the interval of a rule
         that writes into the vault is over before that rule's first job has been seen to succeed.
Fix:     Make `lock.grace` longer than the interval of the slowest rule that backs up or copies into the vault.
Limits:  Counts the declared rules only, and the longest gap between two of their runs.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21; facts.limit("lock_grace_days_min")
Failure: FM04
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import MINUTES_PER_DAY, interval_minutes, often
from strongroom.checks.walk import days, rule_subject, rules
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import LockMode, VaultType
from strongroom.facts import limit


@check("LCK004", severity=Severity.WARNING)
def lock_hardens_before_first_run(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare the grace time of a compliance lock with the slowest rule that writes into its vault."""
    for vault in estate.vaults:
        lock = vault.lock
        slowest = max(_writing(estate, vault.label), key=lambda pair: interval_minutes(pair[1]), default=None)
        if not lock or lock.mode is not LockMode.COMPLIANCE or slowest is None or vault.type is VaultType.AIR_GAPPED:
            continue  # an air-gapped vault has no grace time to set
        grace = int(limit("lock_grace_days_min").value) if lock.grace_days is None else lock.grace_days
        needed = -(-interval_minutes(slowest[1]) // MINUTES_PER_DAY)
        if grace < needed:
            yield Problem(
                subject=f"vault {vault.label}",
                message=f"the grace time is {days(grace)}, {rule_subject(*slowest)} runs every {days(needed)} only",
                why=f"that rule makes {often(slowest[1])} for each resource: a range that fails them shows when it is too late",
                help=f"set lock.grace to {needed}d or more",
                origin=lock.origin,
            )


def _writing(estate: Estate, label: str) -> Iterator[tuple[BackupPlan, BackupRule]]:
    for plan, rule in rules(estate):
        if label == rule.label or any(copy.label == label for copy in rule.copies):
            yield plan, rule
