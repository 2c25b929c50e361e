"""Nothing is kept for as long as the organization owes

Why:     The longest retention of any rule or copy that may protect the resources is shorter than what the declared basis
         demands. The gap shows years later, when an auditor asks for a recovery point that was deleted in time.
Fix:     Keep longer, or copy to a vault with a longer `keep`.
Limits:  Says only what no declared plan can meet: every plan that may select the resources counts. A lock never extends
         a retention. What may be kept at most is RET002.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html, read 2026-11-21; the strategy's own `basis`
Failure: FM36
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length, longest
from strongroom.checks.reach import cells, plans_reaching
from strongroom.checks.walk import days
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("RET001", severity=Severity.ERROR)
def retention_owed_not_kept(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare what is owed with the longest that any plan, copies included, may keep."""
    for owed in estate.retention:
        if not owed.at_least_days:
            continue
        for cell in cells(owed.select):
            plans = plans_reaching(estate, cell)
            most = longest(plans)
            if most is not None and length(most) >= owed.at_least_days:
                continue
            names = " and ".join(plan.name for plan in plans)
            found = "which no plan selects" if most is None else f"plan {names} keeps {days(most)} at most"
            yield Problem(
                subject=f"retention {cell}",
                message=f"{days(owed.at_least_days)} are owed for {cell} ({owed.basis}), {found}",
                why="recovery points are deleted when their retention is over, whatever the organization owes",
                help=f"keep {owed.at_least_days}d in a rule or a copy",
                origin=owed.origin,
            )
