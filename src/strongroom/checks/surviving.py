"""Which copies are left when an account or a Region is lost, or somebody deletes what can be deleted."""

from strongroom.checks.walk import crosses_accounts, vault_of
from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import Region
from strongroom.domain.strategy import LockMode, Loss


def holds(estate: Estate, plan: BackupPlan, loss: Loss) -> bool:
    """Tell whether some rule of a plan leaves recovery points after a loss, in every Region of the plan."""
    return all(any(rule_holds(estate, rule, loss, region) for rule in plan.rules) for region in plan.regions)


def rule_holds(estate: Estate, rule: BackupRule, loss: Loss, region: Region) -> bool:
    """Tell whether what a rule makes in a Region is somewhere after a loss."""
    if loss is Loss.ACCOUNT:
        return any(crosses_accounts(copy) for copy in rule.copies)
    if loss is Loss.REGION:
        return any(copy.region != region for copy in rule.copies)
    return any(_hardens(estate, label) for label in (rule.label, *(copy.label for copy in rule.copies)))


def leaves(copy: CopyAction, loss: Loss, region: Region) -> bool:
    """Tell whether a copy of what is made in a Region is out of reach of a loss; what locks do is not asked."""
    return crosses_accounts(copy) if loss is Loss.ACCOUNT else copy.region != region if loss is Loss.REGION else True


def _hardens(estate: Estate, label: str) -> bool:
    lock = vault_of(estate, label).lock
    return lock is not None and lock.mode is LockMode.COMPLIANCE
