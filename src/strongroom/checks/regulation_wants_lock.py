"""A regulation asks for copies that nobody can alter, and no vault is locked

Why:     The statement that the finding quotes asks for protection from alteration or deletion. Without a lock whoever
         may delete recovery points deletes them; a governance lock can be taken off again.
Fix:     Lock the vault that holds the copies; rehearse with governance, then compliance.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Access
         policies and service control policies are not weighed against it.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.regulations import Demand, unmet
from strongroom.checks.surviving import holds, labels
from strongroom.checks.walk import vault_of
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Loss


@check("REG003", severity=Severity.WARNING)
def regulation_wants_lock(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for a lock, or for one in compliance mode, on the way of each plan."""
    yield from unmet(
        estate,
        Demand.LOCKED,
        lambda plan, _: _locked(estate, plan),
        "writes into no vault with a lock",
        "give the vault of the copies a lock, such as lock: {mode: governance, min: 7d}",
    )
    yield from unmet(
        estate,
        Demand.COMPLIANCE_LOCKED,
        lambda plan, _: holds(estate, plan, Loss.DELETION),
        "writes into no vault with a compliance lock",
        "give the vault of the copies lock: {mode: compliance, min: …, max: …, grace: …}",
    )


def _locked(estate: Estate, plan: BackupPlan) -> bool:
    return any(vault_of(estate, label).lock is not None for rule in plan.rules for label in labels(plan, rule))
