"""A statement of a declared regulation was not judged

Why:     What was not judged is not met: no list of findings says that a regulation is complied with.
Fix:     Answer for the statement elsewhere, with evidence.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Only
         statements about backups are listed at all.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.regulations import Demand, demands
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("REG008", severity=Severity.INFO)
def regulation_not_judged(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Name the statements of declared regulations that were not judged."""
    for regulation, statement in demands(estate, Demand.NOT_JUDGED):
        yield Problem(
            subject=f"regulation {regulation.name}",
            message=f"{regulation.name}: {statement.clause} was not judged: {statement.reason}",
            why=str(statement),
            help="answer for it elsewhere, with evidence",
            origin=regulation.origin,
        )
