"""Taking a strategy away: the reverse of deploying it, and nothing that recovery points need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strongroom.compiler.delegation import delegation_sids
from strongroom.domain.changeplan import (
    ChangePlan,
    DeletePolicy,
    DeleteStack,
    DeleteStackSet,
    DeleteVault,
    DetachPolicy,
    PutDelegation,
)
from strongroom.domain.deployment import DeployedPolicy, Deployment, KeptVault
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import is_below, units_named
from strongroom.workflows.planning.change import Change, change_plan, path_of
from strongroom.workflows.planning.delegation import statements_there
from strongroom.workflows.planning.stacks import kept_by

# What forbids goes first, so that it forbids nothing of the rest; then what starts backups.
ORDER = (PolicyType.SERVICE_CONTROL, PolicyType.BACKUP, PolicyType.TAG)
LEFT = (
    "trusted access, policy types, delegated administrators, AWS Backup's settings and opt-in: others may use them",
    "keys and the roles of AWS Backup: recovery points can't be read or expire without them",
)

TOWER = ("Control Tower's backup baseline and AWS Backup in the landing zone: take them away in Control Tower; their vaults hold backups",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """What takes a strategy away, and what it leaves."""

    plan: ChangePlan
    kept: tuple[KeptVault, ...]  # vaults with recovery points
    left: tuple[str, ...]  # what stays as it is, each with the reason
    unread: tuple[str, ...]  # accounts and Regions whose vaults can't be read: they stay, whatever is in them


def places_of(estate: Estate, deployed: Deployment) -> tuple[tuple[AccountId, Region], ...]:
    """Return the accounts and Regions in which a strategy may have vaults, sorted."""
    governed = [unit.path for each in estate.organization.governs for unit in units_named(each, deployed.units)]
    accounts = {account for account, path in deployed.ou_paths if is_below(path, governed)}
    single = {(vault.account, region) for vault in estate.vaults if isinstance(vault.account, AccountId) for region in vault.regions}
    everywhere = {(account, region) for account in accounts for region in estate.organization.regions}
    return tuple(sorted(everywhere | {place for place in single if place[0] in deployed.accounts}))


def plan_destruction(
    estate: Estate, deployed: Deployment, vaults: Sequence[KeptVault], unread: Sequence[str], *, plan_id: str
) -> Destruction:
    """Return the steps that take away everything that carries the strategy's tag, except vaults with recovery points."""
    adopted = {vault.name for vault in estate.vaults if vault.adopted}  # somebody else's, or made by an earlier strategy of this name
    changes = (
        *_policies(estate, deployed),
        *_delegation(estate, deployed),
        *_stack_sets(estate, deployed),
        *_stacks(estate, deployed),
        *_vaults([vault for vault in vaults if vault.name not in adopted]),
    )
    return Destruction(
        plan=change_plan(estate, deployed, changes, plan_id=plan_id),
        kept=tuple(vault for vault in vaults if vault.recovery_points),
        left=(*LEFT, *(TOWER if estate.organization.control_tower is not None else ())),
        unread=tuple(unread),
    )


def _policies(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    owned = [each for each in deployed.policies if each.owner == estate.name]
    for policy in sorted(owned, key=lambda each: ORDER.index(each.type)):
        yield from _policy(policy, deployed)


def _policy(policy: DeployedPolicy, deployed: Deployment) -> Iterator[Change]:
    title = f"{policy.type.words} {policy.name}"
    for target in policy.targets:
        yield Change(
            f"detach {title} from {path_of(target, deployed)}",
            DetachPolicy(type=policy.type, name=policy.name, target_id=target),
            removes=True,
        )
    yield Change(f"delete {title}", DeletePolicy(type=policy.type, name=policy.name), removes=True)


def _delegation(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    sids = delegation_sids(estate.name)
    if any(each.get("Sid") in sids for each in statements_there(deployed.resource_policy)):
        yield Change(
            "take the strategy's statements out of the organization's resource policy",
            PutDelegation(sids=tuple(sorted(sids)), statements="[]"),
            removes=True,
        )


def _stack_sets(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    order = [each.name for each in reversed(estate.stack_sets)]
    owned = [each for each in deployed.stack_sets if each.owner == estate.name]
    for each in sorted(owned, key=lambda found: order.index(found.name) if found.name in order else -1):
        yield Change(
            f"delete StackSet {each.name} and its stacks in every account{kept_by(each.template)}",
            DeleteStackSet(name=each.name),
            removes=True,
        )


def _stacks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    order = [(each.account, each.region, each.name) for each in reversed(estate.stacks)]
    owned = {(each.account, each.region, each.name): each for each in deployed.stacks if each.owner == estate.name}
    for account, region, name in sorted(owned, key=lambda place: order.index(place) if place in order else -1):
        yield Change(
            f"delete stack {name} in account {account}, {region}{kept_by(owned[account, region, name].template)}",
            DeleteStack(account=account, region=region, name=name),
            removes=True,
        )


def _vaults(vaults: Sequence[KeptVault]) -> Iterator[Change]:
    for each in vaults:
        if not each.recovery_points:
            yield Change(
                f"delete the empty vault {each.name} in account {each.account}, {each.region}",
                DeleteVault(account=each.account, region=each.region, name=each.name),
                removes=True,
            )
