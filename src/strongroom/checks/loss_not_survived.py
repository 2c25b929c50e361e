"""A promise survives a loss that no declared plan survives

Why:     Recovery points in the account and Region of their resource go with it: a closed account takes its vaults along after
         90 days. And whoever has all permissions can delete whatever no compliance lock holds.
Fix:     Copy to a vault in another account (account), in another Region (region), or give a vault on the way a compliance
         lock (deletion).
Limits:  Says only what no declared plan can meet. Whether a copy works is for the CPY checks, whether it is restorable for
         `verify`. Each loss is judged alone. For objectives that name RDS or Aurora, snapshots that `native` copies to
         another Region count, unless they are farther apart than its RPO; replication does not: it repeats what went wrong.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21; facts.limit("account_closure_days")
Failure: FM34
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import cells, plans_reaching
from strongroom.checks.snapshots import snapshots_leave
from strongroom.checks.surviving import holds
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Loss

_FIXES: Final = {
    Loss.ACCOUNT: ("has no copy in another account", "add a copy to a vault in another account, such as {in: central}"),
    Loss.REGION: ("has no copy in another Region for each of its Regions", "add a copy to a vault in another Region"),
    Loss.DELETION: (
        "writes into no vault with a compliance lock",
        "give one of the vaults lock: {mode: compliance, min: …, max: …, grace: …}",
    ),
}
_WORDS: Final = {
    Loss.ACCOUNT: "the loss of the account",
    Loss.REGION: "the loss of the Region",
    Loss.DELETION: "deletion by somebody with all permissions",
}


@check("SRV001", severity=Severity.ERROR)
def loss_not_survived(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Ask for each objective and loss whether any plan leaves something."""
    for objective in estate.objectives:
        for cell in cells(objective.select) if objective.survives else ():
            plans = plans_reaching(estate, cell)
            for loss in objective.survives:
                native = loss is Loss.REGION and snapshots_leave(estate, cell, plans, rpo_minutes=objective.rpo_minutes)
                if native or any(holds(estate, plan, loss, cell.type) for plan in plans):
                    continue
                lack, fix = _FIXES[loss]
                names = " and ".join(plan.name for plan in plans)
                found = f"plan {names} {lack}" if plans else "which no plan selects"
                yield Problem(
                    subject=f"objective {cell}",
                    message=f"{_WORDS[loss]} is to be survived for {cell}, {found}",
                    why="the recovery points are lost together with what they protect",
                    help=fix if plans else "add a plan that selects it",
                    origin=objective.origin,
                )
