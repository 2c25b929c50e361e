"""Ways through an estate that several checks take, and the words they share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from strongroom.checks.inventory import Inventory, Resource
from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, ResourceType, RetentionDays
from strongroom.domain.strategy import KeyKind, Vault
from strongroom.semantics.selection import matches

_K = TypeVar("_K", ResourceType, str, tuple[str, str], tuple[ResourceType, str])


class PlacedCopy(NamedTuple):
    """A copy action with the rule and the plan it belongs to."""

    plan: BackupPlan
    rule: BackupRule
    copy: CopyAction


def rules(estate: Estate) -> Iterator[tuple[BackupPlan, BackupRule]]:
    """Yield each rule with its plan."""
    for plan in estate.plans:
        for rule in plan.rules:
            yield plan, rule


def copies(estate: Estate) -> Iterator[PlacedCopy]:
    """Yield each copy action with its plan and rule."""
    for plan, rule in rules(estate):
        for copy in rule.copies:
            yield PlacedCopy(plan, rule, copy)


def crosses_accounts(copy: CopyAction) -> bool:
    """Tell whether a copy leaves the account of the resource."""
    return copy.account is not EVERY_ACCOUNT


def vault_of(estate: Estate, label: str) -> Vault:
    """Return the vault with a label; the strategy file's parser has seen to it that there is one."""
    return next(vault for vault in estate.vaults if vault.label == label)


def is_aws_managed(estate: Estate, vault: Vault) -> bool:
    """Tell whether a vault uses the AWS-managed key."""
    return any(key.name == vault.key and key.kind is KeyKind.AWS_MANAGED for key in estate.keys)


def selected(plan: BackupPlan, inventory: Inventory | None) -> Iterator[Resource]:
    """Yield the resources of an inventory that a plan selects, in its Regions; nothing without an inventory."""
    for resource in inventory.resources if inventory else ():
        if resource.region in plan.regions and matches(plan.select, resource.type, dict(resource.tags)):
            yield resource


def kinds(plan: BackupPlan, inventory: Inventory | None) -> dict[ResourceType, tuple[Resource, ...]]:
    """Return the types that a plan names, and those of the resources it selects, each with these resources."""
    found: dict[ResourceType, list[Resource]] = {kind: [] for kind in plan.select.types}
    for resource in selected(plan, inventory):
        found.setdefault(resource.type, []).append(resource)
    return {kind: tuple(sorted(found[kind], key=lambda each: each.arn)) for kind in sorted(found)}


def grouped(resources: Iterable[Resource], key: Callable[[Resource], _K]) -> Iterator[tuple[_K, tuple[Resource, ...]]]:
    """Yield the resources that have something in common, by ARN, the groups in the order of what they have in common."""
    groups: dict[_K, list[Resource]] = {}
    for resource in resources:
        groups.setdefault(key(resource), []).append(resource)
    for name in sorted(groups):
        yield name, tuple(sorted(groups[name], key=lambda each: each.arn))


def rule_subject(plan: BackupPlan, rule: BackupRule) -> str:
    """Return how a rule is called in findings."""
    return f"rule {plan.name}.{rule.name}"


def copy_subject(placed: PlacedCopy) -> str:
    """Return how a copy is called in findings."""
    return f"copy {placed.plan.name}.{placed.rule.name} to {placed.copy.label}"


def days(keep: RetentionDays) -> str:
    """Return a retention as words.

    Example:
        >>> days(1), days(30), days(FOREVER)
        ('1 day', '30 days', 'forever')
    """
    if keep is FOREVER:
        return "forever"
    return "1 day" if keep == 1 else f"{keep} days"


def listed(items: Iterable[str], shown: int = 3) -> str:
    """Return the first items as words.

    Example:
        >>> listed(["a", "b"]), listed("abcde")
        ('a and b', 'a, b, c and 2 more')
    """
    found = list(items)
    if len(found) > shown:
        return f"{', '.join(found[:shown])} and {len(found) - shown} more"
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def resources_named(resources: Sequence[Resource], kind: ResourceType) -> str:
    """Return the subject of a finding about some resources of one type: the ARN of a single one, else their number."""
    return resources[0].arn if len(resources) == 1 else f"{len(resources)} {kind} resources"
