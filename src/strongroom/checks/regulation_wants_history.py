"""A regulation asks for a history, and nothing is kept that long

Why:     The statement that the finding quotes asks to keep records for years. Recovery points are deleted when their
         retention is over.
Fix:     Keep longer in a rule or a copy, or narrow the regulation to the records that it is about.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Recovery
         points are not the only way to keep records.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: FM36
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length, longest
from strongroom.checks.regulations import Demand, Statement, unmet
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity


@check("REG005", severity=Severity.WARNING)
def regulation_wants_history(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare the longest retention of each plan with the days of the statement."""
    yield from unmet(
        estate, Demand.MINIMUM_DAYS, _long_enough, "is kept for less than the statement's years", "keep longer in a rule or a copy"
    )


def _long_enough(plan: BackupPlan, statement: Statement) -> bool:
    found = longest([plan])
    return found is not None and length(found) >= statement.days
