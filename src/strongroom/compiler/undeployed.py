"""What a strategy declares and this release doesn't deploy: nothing of it is dropped in silence."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.domain.estate import BackupPlan, Estate, Undeployed
from strongroom.domain.strategy import Vault, VaultType

_NOT_YET = "this release does not deploy it yet"


def with_undeployed(estate: Estate) -> Estate:
    """Return the estate with the list of what is declared and not deployed, each with its reason."""
    found = (*_vaults(estate), *_plans(estate), *_native(estate))
    return replace(estate, undeployed=(*estate.undeployed, *found))


def deployed_vaults(estate: Estate) -> tuple[Vault, ...]:
    """Return the vaults that are deployed; adopted ones are there without us."""
    return tuple(vault for vault in usable_vaults(estate) if not vault.adopted)


def usable_vaults(estate: Estate) -> tuple[Vault, ...]:
    """Return the vaults that are there: those that are deployed, and adopted ones."""
    return tuple(vault for vault in estate.vaults if vault.adopted or not _reason(vault))


def deployed_plans(estate: Estate) -> tuple[BackupPlan, ...]:
    """Return the plans that organization policies bring, without what goes to vaults that are not deployed: it would fail."""
    return tuple(plan for plan in _that_work(estate) if plan.account is None and not plan.adopted)


def deployed_account_plans(estate: Estate) -> tuple[BackupPlan, ...]:
    """Return the plans that are made in single accounts, without what goes to vaults that are not deployed."""
    return tuple(plan for plan in _that_work(estate) if plan.account is not None and not plan.adopted)


def _that_work(estate: Estate) -> tuple[BackupPlan, ...]:
    there = {vault.label for vault in usable_vaults(estate)}
    return tuple(
        replace(plan, rules=tuple(replace(rule, copies=tuple(copy for copy in rule.copies if copy.label in there)) for rule in plan.rules))
        for plan in estate.plans
        if all(rule.label in there for rule in plan.rules)
    )


def _reason(vault: Vault) -> str:
    """Return why a vault is not deployed; empty when it is."""
    if vault.type is VaultType.AIR_GAPPED and (vault.lock is None or vault.lock.max_days is None):
        return "an air-gapped vault needs the longest retention of its lock: write lock.max"
    return ""


def _vaults(estate: Estate) -> Iterator[Undeployed]:
    for vault in estate.vaults:
        if not vault.adopted and (reason := _reason(vault)):
            yield Undeployed(subject=f"vault {vault.label}", reason=reason, origin=vault.origin)


def _plans(estate: Estate) -> Iterator[Undeployed]:
    there = {vault.label for vault in usable_vaults(estate)}
    for plan in estate.plans:
        missing = sorted({rule.label for rule in plan.rules} - there)
        if missing:
            reason = f"its backups would fail: {', '.join(f'vault {label}' for label in missing)} not deployed"
            yield Undeployed(subject=f"plan {plan.name}", reason=reason, origin=plan.origin)
            continue
        for rule in plan.rules:
            title = f"{plan.name}.{rule.name}"
            if rule.air_gapped is not None:
                reason = f"verify does not look for recovery points in vault {rule.air_gapped} yet: they stay in vault {rule.label}"
                yield Undeployed(subject=f"air-gapped target of rule {title}", reason=reason, origin=rule.origin)
            for copy in rule.copies:
                if copy.label not in there:
                    reason = f"vault {copy.label} is not deployed: nothing is copied there"
                    yield Undeployed(subject=f"copy {title} to {copy.label}", reason=reason, origin=copy.origin)


def _native(estate: Estate) -> Iterator[Undeployed]:
    native = estate.native
    for kind, several in (
        ("databases", native.databases),
        ("buckets", native.buckets),
        ("tables", native.tables),
        ("ecs", native.containers),
    ):
        for each in several:
            yield Undeployed(subject=f"native {kind} {each.name}", reason=_NOT_YET, origin=each.origin)
