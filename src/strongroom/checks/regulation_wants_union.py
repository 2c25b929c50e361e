"""A regulation limits transfers, and a copy leaves the European Economic Area

Why:     The statement that the finding quotes allows transfers of personal data to other countries under conditions
         only. A copy action is a transfer.
Fix:     Copy to a Region inside the European Economic Area, or document the ground of the transfer and suppress the
         finding.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. London and
         Zurich are taken as adequate; which data is personal is not known.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: none
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.regulations import Demand, demands, subjects
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity

# Regions in the European Economic Area; London and Zurich are outside of it, under adequacy decisions.
UNION: Final = frozenset({"eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3", "eusc-de-east-1"})
ADEQUATE: Final = frozenset({"eu-west-2", "eu-central-2"})


@check("REG007", severity=Severity.WARNING)
def regulation_wants_union(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for copies that leave the European Economic Area."""
    for regulation, statement in demands(estate, Demand.INSIDE_UNION):
        said: set[str] = set()
        for subject in subjects(estate, regulation):
            for region in (found for plan in subject.plans for found in _outside(plan)):
                if region not in said:
                    said.add(region)
                    yield Problem(
                        subject=f"regulation {regulation.name}, {region}",
                        message=f"{regulation.name}: copies of {subject.words} leave the European Economic Area for {region}",
                        why=str(statement),
                        help="copy to a Region inside, or write down on which ground the transfer rests and suppress this finding",
                        origin=regulation.origin,
                    )


def _outside(plan: BackupPlan) -> Iterator[str]:
    if any(region in UNION for region in plan.regions):
        for rule in plan.rules:
            yield from (copy.region for copy in rule.copies if copy.region not in UNION | ADEQUATE)
