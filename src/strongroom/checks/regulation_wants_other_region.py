"""A regulation asks to recover from the loss of a site, and no copy leaves the Region

Why:     The statement that the finding quotes asks to restore after the loss of a site. Recovery points in the Region
         of their resource are out of reach together with it.
Fix:     Copy to a vault in another Region.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Zones inside
         a Region may be enough for it; that is for whoever answers for it. Where every type is RDS or Aurora, snapshots that
         `native` copies count too; replication does not: it repeats what went wrong.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: FM34
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.regulations import Demand, Subject, unmet
from strongroom.checks.snapshots import snapshots_leave
from strongroom.checks.surviving import holds
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Loss


@check("REG002", severity=Severity.WARNING)
def regulation_wants_other_region(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for a copy in another Region, for each Region of the plan."""

    def natively(subject: Subject) -> bool:
        return bool(subject.cells) and all(snapshots_leave(estate, cell, subject.plans) for cell in subject.cells)

    yield from unmet(
        estate,
        Demand.OTHER_REGION,
        lambda plan, _: holds(estate, plan, Loss.REGION),
        "has no copy in another Region for each of its Regions",
        "add a copy to a vault in another Region",
        natively=natively,
    )
