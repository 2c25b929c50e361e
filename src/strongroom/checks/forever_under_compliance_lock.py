"""Recovery points are kept forever under a compliance lock

Why:     Once the lock has hardened nobody can delete a recovery point before its retention ends, and this one's never ends:
         it stays, and is paid for, until the account is closed.
Fix:     Give the rule or copy a `keep` in days, and the lock a `max`, so that no job can ask for more.
Limits:  Only what the strategy declares: recovery points that are in the vault already are for `verify` and `lock rehearse`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21; facts.limit("account_closure_days")
Failure: FM04
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import copies, copy_subject, rule_subject, rules, vault_of
from strongroom.domain.estate import BackupRule, CopyAction, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER
from strongroom.domain.strategy import LockMode


@check("LCK005", severity=Severity.ERROR)
def forever_under_compliance_lock(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for retention without end in vaults whose lock hardens without an upper bound."""
    for plan, rule in rules(estate):
        if _stays(estate, rule):
            yield _problem(rule_subject(plan, rule), rule, rule)
    for placed in copies(estate):
        if _stays(estate, placed.copy):
            yield _problem(copy_subject(placed), placed.copy, placed.rule)


def _stays(estate: Estate, part: BackupRule | CopyAction) -> bool:
    lock = vault_of(estate, part.label).lock
    return part.keep is FOREVER and lock is not None and lock.mode is LockMode.COMPLIANCE and lock.max_days is None


def _problem(subject: str, part: BackupRule | CopyAction, rule: BackupRule) -> Problem:
    return Problem(
        subject=subject,
        message=f"keeps recovery points forever in vault {part.label}, whose compliance lock has no max",
        why=f"after the grace time none of them can ever be deleted, {often(rule)} for each resource are added",
        help=f"set keep in days, and lock.max of vault {part.label}",
        origin=part.origin,
    )
