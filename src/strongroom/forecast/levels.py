"""Which backup policies of a compiled strategy reach an account, level by level."""

import json
from collections.abc import Iterator

from strongroom.domain.estate import Estate
from strongroom.domain.organization import OrganizationalUnit, units_named
from strongroom.semantics.policies import AttachedPolicy, PolicyLevel


def declared_levels(estate: Estate, ou_path: str, account_id: str) -> tuple[PolicyLevel, ...]:
    """Return root, the OUs of a path such as `Workloads/Prod` and the account, each with the policies that the strategy attaches.

    A target that the strategy writes as an id can't be found by name, so nothing is attached for it here.
    """
    units = tuple(_units(ou_path))
    return (
        PolicyLevel(name="Root", policies=()),
        *(PolicyLevel(name=unit.path, policies=tuple(_attached(estate, unit))) for unit in units),
        PolicyLevel(name=f"account {account_id}", policies=()),
    )


def _units(ou_path: str) -> Iterator[OrganizationalUnit]:
    names = [name for name in ou_path.strip("/").split("/") if name]
    for number, name in enumerate(names, 1):
        yield OrganizationalUnit(id="", name=name, path="/".join(names[:number]))


def _attached(estate: Estate, unit: OrganizationalUnit) -> Iterator[AttachedPolicy]:
    for policy in estate.policies:
        if any(units_named(target, [unit]) for target in policy.targets):
            yield AttachedPolicy(id=policy.name, document=json.loads(policy.content))
