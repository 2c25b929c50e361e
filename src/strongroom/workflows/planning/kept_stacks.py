"""Accounts that left the governed OUs and are back, and others that a StackSet passed over."""

from collections.abc import Iterable, Iterator

from strongroom.domain.changeplan import CreateStackInstances, TakeBackStacks
from strongroom.domain.deployment import DeployedStackSet, Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region
from strongroom.workflows.planning.change import Change
from strongroom.workflows.planning.parameters import is_governed

ACCOUNTS_SHOWN = 3


def returned_stacks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what takes stacks back into their StackSet that accounts kept when they left: new ones can't be made beside them."""
    wanted = {each.name for each in estate.stack_sets}
    for found in deployed.stack_sets:
        if found.kept and found.name in wanted:
            stacks = "the stack" if len(found.kept) == 1 else f"{len(found.kept)} stacks"
            whose = _listed(each.account for each in found.kept)
            yield Change(
                f"take {stacks} back into StackSet {found.name} that {whose} kept on leaving the governed OUs; what is in them stays",
                TakeBackStacks(name=found.name, stacks=found.kept),
            )


def lacking_accounts(found: DeployedStackSet, estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what brings a StackSet to governed accounts that have no stack of it, in which nothing failed."""
    kept = {(each.account, each.region) for each in found.kept}
    empty = [gap for gap in found.gaps if not gap.instance and (gap.account, gap.region) not in kept]
    governed = {account for account in {gap.account for gap in empty} if is_governed(account, estate, deployed)}
    gaps = [gap for gap in empty if gap.account in governed]
    alike: dict[tuple[Region, ...], list[AccountId]] = {}
    for account in dict.fromkeys(gap.account for gap in gaps):
        alike.setdefault(tuple(sorted(gap.region for gap in gaps if gap.account == account)), []).append(account)
    for regions, accounts in sorted(alike.items()):
        units = {gap.unit_id for gap in gaps if gap.account in accounts}
        yield Change(
            f"deploy StackSet {found.name} to {_listed(accounts)}, which has been left out, in {', '.join(regions)}",
            CreateStackInstances(name=found.name, ou_ids=tuple(sorted(units)), regions=regions, accounts=tuple(accounts)),
        )


def _listed(accounts: Iterable[AccountId]) -> str:
    found = sorted(set(accounts))
    more = f" and {len(found) - ACCOUNTS_SHOWN} more" if len(found) > ACCOUNTS_SHOWN else ""
    return f"account{'s' if len(found) > 1 else ''} {', '.join(found[:ACCOUNTS_SHOWN])}{more}"
