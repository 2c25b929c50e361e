"""A regulation asks for recovery objectives, and none is declared

Why:     The statement that the finding quotes asks for recovery times and points. What is not declared is neither
         checked nor proven.
Fix:     Declare `rpo` and `rto` under `objectives`.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Whether the
         objectives are strict enough is not judged.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import disjoint
from strongroom.checks.regulations import Demand, unmet
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity


@check("REG006", severity=Severity.WARNING)
def regulation_wants_objectives(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for an RPO and an RTO about what each plan protects."""

    def declared(plan: BackupPlan) -> bool:
        mine = [each for each in estate.objectives if not disjoint(each.select, plan.select)]
        return any(each.rpo_minutes for each in mine) and any(each.rto_minutes for each in mine)

    yield from unmet(
        estate, Demand.OBJECTIVES, lambda plan, _: declared(plan), "has no RPO or no RTO", "add under objectives an rpo and an rto"
    )
