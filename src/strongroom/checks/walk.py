"""Ways through an estate that several checks take, and the words they share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from strongroom.checks.arntypes import types_of
from strongroom.checks.inventory import Inventory, Resource, UnsupportedResource, first_arns
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


def selected(plan: BackupPlan, inventory: Inventory | None) -> tuple[Resource, ...]:
    """Return the resources of an inventory that a plan selects, in its Regions; nothing without an inventory."""
    if inventory is None:
        return ()
    looks: dict[tuple[ResourceType, tuple[tuple[str, str], ...]], bool] = {}  # many differ in their switches only

    def fits(resource: Resource) -> bool:
        if resource.region not in plan.regions or plan.select.arns or plan.select.not_arns:
            return takes(plan, resource)
        look = (resource.type, resource.tags)
        if look not in looks:
            looks[look] = matches(plan.select, resource.type, dict(resource.tags), resource.arn)
        return looks[look] and plan.account in {None, resource.account}

    return inventory.taken((plan.select, plan.regions, plan.account), fits)


def takes(plan: BackupPlan, resource: Resource) -> bool:
    """Tell whether a plan selects a resource, in its Regions and its account."""
    if resource.region not in plan.regions or plan.account not in {None, resource.account}:
        return False
    return matches(plan.select, resource.type, dict(resource.tags), resource.arn)


def kinds(plan: BackupPlan, inventory: Inventory | None) -> dict[ResourceType, tuple[Resource, ...]]:
    """Return the types that a plan names, by itself or in an ARN, and those of the resources it selects, each with these resources."""
    certain = (types[0] for arn in plan.select.arns if len(types := types_of(arn)) == 1)  # some types share the form of their ARNs
    found: dict[ResourceType, list[Resource]] = {kind: [] for kind in (*plan.select.types, *certain)}
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


def total(resources: Iterable[Resource | UnsupportedResource]) -> int:
    """Return how many resources some stand for."""
    return sum(each.count for each in resources)


def named(resources: Sequence[Resource | UnsupportedResource]) -> str:
    """Return the first ARNs of some resources, and how many there are besides, as words."""
    first = first_arns(resources)
    rest = total(resources) - len(first)
    return f"{', '.join(first)} and {rest} more" if rest else listed(first)


def resources_named(resources: Sequence[Resource | UnsupportedResource], kind: str = "") -> str:
    """Return the subject of a finding about some resources of one type: the ARN of a single one, else their number."""
    count = total(resources)
    return resources[0].arn if count == 1 else f"{count} {kind} resources" if kind else f"{count} resources"
