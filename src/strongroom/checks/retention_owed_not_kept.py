"""Nothing is kept for as long as the organization owes

Why:     The longest retention of any rule or copy that may protect the resources is shorter than what the declared basis
         demands. The gap shows years later, when an auditor asks for a recovery point that was deleted in time.
Fix:     Keep longer, or copy to a vault with a longer `keep`.
Limits:  Says only what nothing declared can meet: every plan that may select the resources counts, and for types that are
         named the snapshots of RDS and Aurora that `native` keeps. Automated backups go with their database, and replication is
         no backup: neither counts. A lock never extends a retention. What may be kept at most is RET002.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html, read 2026-11-21; the strategy's own `basis`
Failure: FM36
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length, retentions
from strongroom.checks.reach import cells, plans_reaching
from strongroom.checks.snapshots import snapshots
from strongroom.checks.walk import days, listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("RET001", severity=Severity.ERROR)
def retention_owed_not_kept(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare what is owed with the longest that any plan, copies included, or any snapshot of a database may keep."""
    for owed in estate.retention:
        if not owed.at_least_days:
            continue
        for cell in cells(owed.select):
            plans = plans_reaching(estate, cell)
            native = snapshots(estate, cell)
            most = max((*retentions(plans), *(each.keep for each in native)), key=length, default=None)
            if most is not None and length(most) >= owed.at_least_days:
                continue
            names = [f"plan {' and '.join(plan.name for plan in plans)}"] if plans else []
            names += [f"native snapshots {each.name}" for each in native]
            found = "which no plan selects" if most is None else f"{listed(names)} keeps {days(most)} at most"
            yield Problem(
                subject=f"retention {cell}",
                message=f"{days(owed.at_least_days)} are owed for {cell} ({owed.basis}), {found}",
                why="recovery points are deleted when their retention is over, whatever the organization owes",
                help=f"keep {owed.at_least_days}d in a rule or a copy",
                origin=owed.origin,
            )
