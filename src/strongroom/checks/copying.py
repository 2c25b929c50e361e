"""Resources whose own key decides about a copy, grouped by copy and type."""

from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.walk import PlacedCopy, copies, crosses_accounts, selected
from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.semantics.copies import CUSTOMER, UNKNOWN_KEY, CopyCase, Outcome, Verdict, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Resources of one type that one copy can't copy, or for which nobody can tell."""

    placed: PlacedCopy
    type: ResourceType
    reason: str  # AWS's message, or what could not be known
    resources: tuple[Resource, ...]


def blocked(estate: Estate, inventory: Inventory | None, outcome: Outcome) -> Iterator[Blocked]:
    """Yield what comes to an outcome because of the resource's own key (FM01)."""
    for placed in copies(estate):
        groups: dict[tuple[ResourceType, str], list[Resource]] = {}
        for resource in selected(placed.plan, inventory):
            answer = _verdict(placed, resource)
            if answer.outcome is outcome and answer.failure_mode == "FM01":
                groups.setdefault((resource.type, answer.message), []).append(resource)
        for (kind, reason), found in sorted(groups.items()):
            yield Blocked(placed=placed, type=kind, reason=reason, resources=tuple(sorted(found, key=lambda each: each.arn)))


def _verdict(placed: PlacedCopy, resource: Resource) -> Verdict:
    copy = placed.copy
    return verdict(
        CopyCase(
            type=resource.type,
            same_account=not crosses_accounts(copy) or copy.account == resource.account,
            same_region=copy.region == resource.region,
            key_manager=_key_manager(resource),
            cross_account_enabled=True,  # the strategy sees to it
            destination_key_manager=CUSTOMER,  # CPY001 judges the vaults
        )
    )


def _key_manager(resource: Resource) -> str | None:
    if resource.encrypted is False:
        return None
    return resource.key_manager or UNKNOWN_KEY
