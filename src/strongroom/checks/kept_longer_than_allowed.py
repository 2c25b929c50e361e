"""Something is kept for longer than the organization allows

Why:     A recovery point that outlives the bound holds what should have been erased. It can't be shortened in a locked vault,
         and a copy runs from the creation date of its source.
Fix:     Shorten `keep` of the rule or copy, or give these resources a plan of their own.
Limits:  A plan that takes the resources for certain is an error, one that may take them (their other tags decide) a warning.
         Continuous copies, final snapshots and legal holds are not counted.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html, read 2026-11-21; the strategy's own `basis`
Failure: FM36
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length
from strongroom.checks.reach import cells, plans_reaching, surely_selects
from strongroom.checks.storing import Part
from strongroom.checks.walk import days, rule_subject
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity


@check("RET002", severity=Severity.ERROR)
def kept_longer_than_allowed(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare the bound with every rule and copy of every plan that may select the resources."""
    for owed in estate.retention:
        bound = owed.at_most_days
        for cell in cells(owed.select) if bound is not None else ():
            for plan in plans_reaching(estate, cell):
                for subject, part in _too_long(plan, bound or 0):
                    certain = surely_selects(plan.select, cell)
                    yield Problem(
                        subject=subject,
                        message=f"{part.label} keeps {days(part.keep)}, {days(bound or 0)} are allowed for {cell} ({owed.basis})",
                        why=f"plan {plan.name} {'selects' if certain else 'may select'} them, and nothing deletes recovery points earlier",
                        help=f"set keep to {bound}d or less, or give {cell} a plan of its own",
                        origin=part.origin,
                        severity=None if certain else Severity.WARNING,
                    )


def _too_long(plan: BackupPlan, bound: int) -> Iterator[tuple[str, Part]]:
    for rule in plan.rules:
        parts: tuple[Part, ...] = (rule, *rule.copies)
        for part in parts:
            if length(part.keep) > bound:
                yield rule_subject(plan, rule), part
