"""Nothing is kept for as long as the organization owes

Why:     The longest retention of any rule or copy that may protect the resources is shorter than what the declared basis
         demands. The gap shows years later, when an auditor asks for a recovery point that was deleted in time.
Fix:     Keep longer, or copy to a vault with a longer `keep`.
Limits:  Says only what no declared plan can meet: every plan that may select the resources counts. A lock never extends
         a retention.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html, read 2026-11-21; the strategy's own `basis`
Failure: FM36
"""

from collections.abc import Iterable, Iterator
from math import inf

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import cells, plans_reaching
from strongroom.checks.walk import days
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER, RetentionDays


@check("RET001", severity=Severity.ERROR)
def retention_owed_not_kept(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare what is owed with the longest that any plan, copies included, may keep."""
    for owed in estate.retention:
        for cell in cells(owed.select):
            plans = plans_reaching(estate, cell)
            longest = max(_retentions(plans), key=_length, default=None)
            if longest is not None and _length(longest) >= owed.at_least_days:
                continue
            names = " and ".join(plan.name for plan in plans)
            found = "which no plan selects" if longest is None else f"plan {names} keeps {days(longest)} at most"
            yield Problem(
                subject=f"retention {cell}",
                message=f"{days(owed.at_least_days)} are owed for {cell} ({owed.basis}), {found}",
                why="recovery points are deleted when their retention is over, whatever the organization owes",
                help=f"keep {owed.at_least_days}d in a rule or a copy",
                origin=owed.origin,
            )


def _retentions(plans: Iterable[BackupPlan]) -> Iterator[RetentionDays]:
    for plan in plans:
        for rule in plan.rules:
            yield rule.keep
            yield from (copy.keep for copy in rule.copies)


def _length(keep: RetentionDays) -> float:
    return inf if keep is FOREVER else keep
