"""What a strategy declares and this release doesn't deploy: nothing of it is dropped in silence."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.domain.estate import BackupPlan, Estate, Undeployed
from strongroom.domain.strategy import Key, KeyKind, Vault, VaultType

_NOT_YET = "this release does not deploy it yet"


def with_undeployed(estate: Estate) -> Estate:
    """Return the estate with the list of what is declared and not deployed, each with its reason."""
    found = (*_keys(estate), *_vaults(estate), *_plans(estate), *_around(estate), *_native(estate))
    return replace(estate, undeployed=(*estate.undeployed, *found))


def deployed_vaults(estate: Estate) -> tuple[Vault, ...]:
    """Return the vaults that are deployed."""
    return tuple(vault for vault in estate.vaults if not _reason(estate, vault))


def deployed_plans(estate: Estate) -> tuple[BackupPlan, ...]:
    """Return the plans that organization policies bring, without what goes to vaults that are not deployed: it would fail."""
    there = {vault.label for vault in deployed_vaults(estate)}
    return tuple(
        replace(plan, rules=tuple(replace(rule, copies=tuple(copy for copy in rule.copies if copy.label in there)) for rule in plan.rules))
        for plan in estate.plans
        if plan.account is None and all(rule.label in there for rule in plan.rules)
    )


def _reason(estate: Estate, vault: Vault) -> str:
    """Return why a vault is not deployed; empty when it is."""
    if vault.type is VaultType.AIR_GAPPED and (vault.lock is None or vault.lock.max_days is None):
        return "an air-gapped vault needs the longest retention of its lock: write lock.max"
    key = next((key for key in estate.keys if key.name == vault.key), None)
    if key is not None and _unborn(key):
        return f"the key of a vault can't be changed later, and key {key.name} has no ARN yet"
    return ""


def _unborn(key: Key) -> bool:
    return key.kind is KeyKind.MULTI_REGION and key.arn is None


def _keys(estate: Estate) -> Iterator[Undeployed]:
    for key in estate.keys:
        if _unborn(key) and len(estate.organization.regions) > 1:
            stack = f"{estate.name}-key-{key.name}"
            yield Undeployed(
                subject=f"replicas of key {key.name}",
                reason=f"its id is known once apply has made it: then write the output KeyArn of stack {stack} as its arn, beside in",
                origin=key.origin,
            )


def _vaults(estate: Estate) -> Iterator[Undeployed]:
    for vault in estate.vaults:
        if reason := _reason(estate, vault):
            yield Undeployed(subject=f"vault {vault.label}", reason=reason, origin=vault.origin)


def _plans(estate: Estate) -> Iterator[Undeployed]:
    there = {vault.label for vault in deployed_vaults(estate)}
    for plan in estate.plans:
        missing = sorted({rule.label for rule in plan.rules} - there)
        if plan.account is not None:
            reason = f"this release makes plans by organization policy only, and this one is for account {plan.account} alone"
            yield Undeployed(subject=f"plan {plan.name}", reason=reason, origin=plan.origin)
            continue
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


def _around(estate: Estate) -> Iterator[Undeployed]:
    tower = estate.organization.control_tower
    if tower is not None:
        yield Undeployed(subject="control tower", reason=_NOT_YET, origin=tower.origin)
    for test in estate.restore_tests:
        yield Undeployed(subject=f"restore test {test.name}", reason=_NOT_YET, origin=test.origin)
    if estate.alerts is not None:
        yield Undeployed(subject="alerts", reason=_NOT_YET, origin=estate.alerts.origin)
    for framework in estate.frameworks:
        yield Undeployed(subject=f"framework {framework.name}", reason=_NOT_YET, origin=framework.origin)
    for report in estate.reports:
        yield Undeployed(subject=f"report {report.name}", reason=_NOT_YET, origin=report.origin)
    if estate.guard_rails is not None:
        reason = "this release does not attach service control policies: render writes them, attach them once apply has run"
        yield Undeployed(subject="guard rails", reason=reason, origin=estate.guard_rails.origin)
    if estate.tag_policy is not None:
        yield Undeployed(subject="tag policy", reason=_NOT_YET, origin=estate.tag_policy.origin)


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
