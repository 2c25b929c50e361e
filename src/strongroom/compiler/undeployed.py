"""What a strategy declares and this release doesn't deploy: nothing of it is dropped in silence."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.domain.estate import BackupPlan, Estate, Undeployed
from strongroom.domain.strategy import Vault

_COMPARED = "verify compares it with what is on; whoever owns the resources sets it"
_CAPTURED = "nothing captures it by itself; verify looks at the bucket"


def with_undeployed(estate: Estate) -> Estate:
    """Return the estate with the list of what is declared and not deployed, each with its reason."""
    return replace(estate, undeployed=(*estate.undeployed, *_native(estate)))


def deployed_vaults(estate: Estate) -> tuple[Vault, ...]:
    """Return the vaults that are deployed; adopted ones are there without us."""
    return tuple(vault for vault in estate.vaults if not vault.adopted)


def deployed_plans(estate: Estate) -> tuple[BackupPlan, ...]:
    """Return the plans that organization policies bring."""
    return tuple(plan for plan in estate.plans if plan.account is None and not plan.adopted)


def deployed_account_plans(estate: Estate) -> tuple[BackupPlan, ...]:
    """Return the plans that are made in single accounts."""
    return tuple(plan for plan in estate.plans if plan.account is not None and not plan.adopted)


def _native(estate: Estate) -> Iterator[Undeployed]:
    native = estate.native
    for kind, several, reason in (
        ("databases", native.databases, _COMPARED),
        ("buckets", native.buckets, _COMPARED),
        ("tables", native.tables, _COMPARED),
        ("ecs", native.containers, _CAPTURED),
    ):
        for each in several:
            yield Undeployed(subject=f"native {kind} {each.name}", reason=reason, origin=each.origin)
