"""Which copies are left when an account or a Region is lost, or somebody deletes what can be deleted."""

from strongroom.checks.walk import crosses_accounts, vault_of
from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import Region, ResourceType
from strongroom.domain.strategy import LockMode, Loss
from strongroom.semantics.airgapped import AirGappedCase, target
from strongroom.semantics.copies import CUSTOMER


def holds(estate: Estate, plan: BackupPlan, loss: Loss, kind: ResourceType | None = None) -> bool:
    """Tell whether some rule of a plan leaves recovery points after a loss, in every Region of the plan.

    `kind`: of a type alone; None: of all that the plan names.
    """
    return all(any(rule_holds(estate, plan, rule, loss, region, kind) for rule in plan.rules) for region in plan.regions)


def rule_holds(  # noqa: PLR0917 - one question, and what it is asked of
    estate: Estate, plan: BackupPlan, rule: BackupRule, loss: Loss, region: Region, kind: ResourceType | None = None
) -> bool:
    """Tell whether what a rule makes in a Region is somewhere after a loss."""
    if loss is Loss.ACCOUNT:
        return any(crosses_accounts(copy) for copy in rule.copies)
    if loss is Loss.REGION:
        return any(copy.region != region for copy in rule.copies)
    return any(_hardens(estate, label) for label in labels(plan, rule, kind))


def labels(plan: BackupPlan, rule: BackupRule, kind: ResourceType | None = None) -> tuple[str, ...]:
    """Return the labels of the vaults that a rule fills; an air-gapped one only where it takes the type, or all that the plan names."""
    asked = plan.select.types if kind is None else (kind,)
    taken = all(target(AirGappedCase(type=each, key_manager=CUSTOMER)).in_air_gapped for each in asked)
    own = (rule.label,) if rule.air_gapped is None or not taken else (rule.label, rule.air_gapped)
    return (*own, *(copy.label for copy in rule.copies))


def leaves(copy: CopyAction, loss: Loss, region: Region) -> bool:
    """Tell whether a copy of what is made in a Region is out of reach of a loss; what locks do is not asked."""
    return crosses_accounts(copy) if loss is Loss.ACCOUNT else copy.region != region if loss is Loss.REGION else True


def _hardens(estate: Estate, label: str) -> bool:
    lock = vault_of(estate, label).lock
    return lock is not None and lock.mode is LockMode.COMPLIANCE
