"""A regulation limits retention, and a plan keeps without end

Why:     The statement that the finding quotes asks to keep data no longer than needed. A recovery point without end
         keeps what was erased everywhere else.
Fix:     Set `keep` in days; declare the bound under `retention` as `at_most`, which RET002 then checks.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. How long is
         too long is for the declared `at_most`.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: FM36
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import retentions
from strongroom.checks.regulations import Demand, demands, subjects
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER
from strongroom.facts import limit


@check("REG004", severity=Severity.WARNING)
def regulation_wants_end(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for plans that keep without end."""
    longest = int(limit("retention_days_max").value)  # what stands for forever where AWS knows no end
    for regulation, statement in demands(estate, Demand.END):
        for subject in subjects(estate, regulation):
            endless = [plan for plan in subject.plans if any(keep is FOREVER or keep >= longest for keep in retentions([plan]))]
            if endless:
                yield Problem(
                    subject=f"regulation {regulation.name}, {subject.words}",
                    message=f"{regulation.name}: plan {' and '.join(plan.name for plan in endless)} keeps {subject.words} without end",
                    why=str(statement),
                    help="set keep in days, and declare what is allowed: retention with at_most",
                    origin=regulation.origin,
                )
