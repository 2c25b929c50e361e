"""A rule's retention is outside the range of its vault's lock

Why:     AWS Backup fails every backup job whose retention is shorter than the lock's minimum or longer than its maximum.
         Nothing is shortened or extended to fit; "forever" breaks any maximum. The plan itself is accepted, so the
         failure shows at night, once per resource.
Fix:     Set `keep` inside the lock's range, or change `lock.min` and `lock.max` while the lock is still in its grace time.
Limits:  Only locks that the strategy declares; a lock that somebody put on a vault by hand is for `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21; facts.message("lock_range_backup")
Failure: FM03
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.locks import bound, fix
from strongroom.checks.timetable import often
from strongroom.checks.walk import days, rule_subject, rules, vault_of
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import message
from strongroom.semantics.lifecycle import outside_lock


@check("LCK001", severity=Severity.ERROR)
def retention_outside_rule_lock(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare each rule with the locks of the vaults it backs up into, the air-gapped one included."""
    for plan, rule in rules(estate):
        for label in (rule.label, rule.air_gapped):
            lock = vault_of(estate, label).lock if label else None
            if not label or not lock or not outside_lock(rule.keep, lock.min_days, lock.max_days):
                continue
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"rule {rule.name} keeps recovery points {_for(days(rule.keep))}, {bound(label, rule.keep, lock)}",
                why=f'every backup job of the rule fails, {often(rule)} for each resource: "{message("lock_range_backup")}"',
                help=fix(lock),
                origin=rule.origin,
            )


def _for(words: str) -> str:
    return words if words == "forever" else f"for {words}"
