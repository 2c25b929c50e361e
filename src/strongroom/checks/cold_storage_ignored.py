"""Cold storage for a type that has none

Why:     AWS Backup ignores the move for types without cold storage, without a message: the recovery points stay warm until
         they are deleted, at the warm price. EBS snapshots move only with the archive's own switch.
Fix:     Drop `cold_after`, or give the types with cold storage a plan of their own; write `archive: true` for EBS.
Limits:  Without an inventory only types that the plan names. Where AWS's pages contradict each other, the finding says so.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21; facts.storage
Failure: FM12
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.storing import ignored, parts, stored
from strongroom.checks.walk import rule_subject, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import storage


@check("LIF004", severity=Severity.INFO)
def cold_storage_ignored(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Ask for each type what it makes of `cold_after`."""
    for plan, rule, kind, resources in stored(estate, inventory):
        for part in () if rule.continuous else parts(rule):  # cold storage of a continuous rule is refused: LIF002
            reasons = [each.reason for each in ignored(part, kind, rule) if each.asked == "cold storage"]
            if not reasons or (part.archive and storage(kind).cold == "archive"):  # how often archives may run is LIF005
                continue
            where = f"the copy in {part.label}" if part is not rule else f"rule {rule.name}"
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"{where} moves {kind} to cold storage after {part.cold_after_days} days, which does not happen",
                why=reasons[0],
                help="write archive: true beside cold_after"
                if storage(kind).cold == "archive"
                else f"leave {kind.keyword} out, or drop cold_after",
                origin=part.origin,
                count=max(1, total(resources)),
            )
