"""Stacks that accounts kept when they left a StackSet's OUs: looked for when the accounts are back, and imported into the StackSet.

A StackSet retains its stacks when an account leaves, because vaults hold recovery points; when the account comes back it tries to make
new ones, and fails at the first name that is taken. An import changes nothing in the account.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/service-managed-import.html, read 2026-11-21.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from strongroom.aws import crew
from strongroom.aws.deployment.site import Shortfalls, Site, execute, owner_of, shortfall
from strongroom.aws.deployment.stack_sets import await_running, failures, find_stack_set, operate, preferences
from strongroom.aws.sessions import THREADS, Sessions
from strongroom.domain.changeplan import TakeBackStacks
from strongroom.domain.deployment import SETTLED, DeployedStackSet, Deployment, StackGap
from strongroom.domain.keptstack import KeptStack
from strongroom.domain.names import AccountId, Region
from strongroom.errors import AwsRefused, NoCredentials

IMPORTED_MAX = 10  # stacks of one call
HOLLOW = "ROLLBACK_COMPLETE"  # of a creation: such a stack can't be used for anything but its deletion

Place = tuple[AccountId, Region]
Stacks = Mapping[str, Mapping[str, Any]]  # by ARN


def with_kept_stacks(deployed: Deployment, open_reader: Callable[[], Sessions], *, strategy: str) -> Deployment:
    """Return a deployment with the stacks that accounts kept, of the strategy's StackSets, where a StackSet has none or one that failed.

    `open_reader` opens sessions of the read role, which is in every account. What can't be looked at is among `unread`. Nothing is changed.
    """
    lacking = [each for each in deployed.stack_sets if each.owner == strategy and each.gaps]
    places = sorted({(gap.account, gap.region) for each in lacking for gap in each.gaps})
    if not places:
        return deployed
    reader = open_reader()
    tasks = [partial(_look, reader, place) for place in places]
    seen = {place: found for (place, found), _ in crew.run(tasks, threads=THREADS, halt=threading.Event())}
    known = {place: found for place, found in seen.items() if not isinstance(found, str)}
    return replace(
        deployed,
        stack_sets=tuple(
            replace(each, kept=tuple(_kept(each, known, strategy=strategy))) if each in lacking else each for each in deployed.stack_sets
        ),
        unread=(*deployed.unread, *_unread((place, found) for place, found in seen.items() if isinstance(found, str))),
    )


def _look(reader: Sessions, place: Place) -> tuple[tuple[Place, Stacks | str], list[Any]]:
    """Return the stacks of one account and Region, or why they can't be read."""
    account, region = place
    try:
        listed = reader.pages("cloudformation", region, "describe_stacks", "Stacks", account=account)
        return (place, {each["StackId"]: each for each in listed}), []
    except NoCredentials:
        raise  # it is the caller who can't call, not the account that can't be reached
    except AwsRefused as error:
        return (place, error.message), []


def _unread(refused: Iterable[tuple[Place, str]]) -> Iterator[str]:
    """Yield each account once, with the reason that its first Region gave."""
    reasons: dict[AccountId, str] = {}
    for (account, _), reason in sorted(refused):
        reasons.setdefault(account, reason)
    yield from (f"stacks that account {account} may have kept: {reason}" for account, reason in reasons.items())


def _kept(stack_set: DeployedStackSet, known: Mapping[Place, Stacks], *, strategy: str) -> Iterator[KeptStack]:
    for gap in stack_set.gaps:
        there = known.get((gap.account, gap.region), {})
        instead = there.get(gap.stack, {}).get("StackStatus", "")
        if instead in SETTLED:
            continue  # it has its stack, and an update of that one failed
        for arn, stack in there.items():
            ours = stack["StackName"].startswith(f"StackSet-{stack_set.name}-") and owner_of(stack.get("Tags", ())) == strategy
            if ours and arn != gap.stack and stack["StackStatus"] in SETTLED:
                yield _of(gap, arn, hollow=instead in {"", HOLLOW})
                break


def _of(gap: StackGap, arn: str, *, hollow: bool) -> KeptStack:
    return KeptStack(account=gap.account, region=gap.region, stack=arn, unit_id=gap.unit_id, instead=gap.stack, hollow=hollow)


@execute.register
def _(action: TakeBackStacks, site: Site) -> Shortfalls:
    doing = f"taking kept stacks back into StackSet {action.name}"
    found = find_stack_set(site.sessions, site.home_region, action.name)
    if found is None:
        raise AwsRefused(f"StackSet {action.name} is gone", hint="somebody deleted it meanwhile; run: strongroom apply")
    site.own(f"StackSet {action.name}", found.get("Tags", []))
    await_running(site, action.name, doing=doing)
    there = _instances(site, action.name)
    failed = [each for each in action.stacks if _is_in_the_way(each, there.get((each.account, each.region)))]
    for hollow in (True, False):
        for wanted in _targets(action.name, [each for each in failed if each.hollow is hollow]):
            # what was rolled back holds nothing; anything else stays in its account, whatever is in it
            operate(site, action.name, "delete_stack_instances", {**wanted, "RetainStacks": not hollow}, doing=doing)
    there = _instances(site, action.name)
    refused = _import(action, [each for each in action.stacks if (each.account, each.region) not in there], site, doing=doing)
    there = _instances(site, action.name)
    taken = [each for each in action.stacks if there.get((each.account, each.region), {}).get("StackId") == each.stack]
    for wanted in _targets(action.name, taken):
        # an import keeps the parameters of the stack as overrides, and its template as it was when the account left
        operate(site, action.name, "update_stack_instances", {**wanted, "ParameterOverrides": []}, doing=doing)
    places = {(each.account, each.region) for each in action.stacks}
    return (*refused, *(each for each in failures(site, action.name) if (each.account, each.region) in places))


def _import(action: TakeBackStacks, stacks: Sequence[KeptStack], site: Site, *, doing: str) -> Shortfalls:
    """Import stacks, some at a time, and return those that AWS doesn't take."""
    refused: Shortfalls = ()
    for start in range(0, len(stacks), IMPORTED_MAX):
        some = stacks[start : start + IMPORTED_MAX]
        wanted = {
            "StackSetName": action.name,
            "StackIds": [each.stack for each in some],
            "OrganizationalUnitIds": sorted({each.unit_id for each in some}),
            "OperationPreferences": preferences(),
        }
        try:
            operate(site, action.name, "import_stacks_to_stack_set", wanted, doing=doing)
        except AwsRefused as error:
            refused += tuple(
                each for kept in some for each in shortfall(error, f"StackSet {action.name}", kept.account, kept.region)
            )  # fmt: skip
    return refused


def _instances(site: Site, name: str) -> dict[Place, Mapping[str, Any]]:
    """Return a StackSet's instances by place."""
    listed = site.sessions.pages("cloudformation", site.home_region, "list_stack_instances", "Summaries", StackSetName=name)
    return {(AccountId(each["Account"]), Region(each["Region"])): each for each in listed}


def _is_in_the_way(kept: KeptStack, instance: Mapping[str, Any] | None) -> bool:
    """Tell whether an instance is still the failed one that was seen; another one is nobody's to delete."""
    return instance is not None and instance["Status"] != "CURRENT" and instance.get("StackId", "") == kept.instead


def _targets(name: str, stacks: Iterable[KeptStack]) -> Iterator[dict[str, Any]]:
    """Yield what names the instances of some stacks and no others: accounts with the same Regions go together."""
    regions, units = defaultdict(set), defaultdict(set)
    for each in stacks:
        regions[each.account].add(each.region)
        units[each.account].add(each.unit_id)
    alike = defaultdict(list)
    for account, there in regions.items():
        alike[tuple(sorted(there))].append(account)
    for places, accounts in sorted(alike.items()):
        yield {
            "StackSetName": name,
            "DeploymentTargets": {
                "OrganizationalUnitIds": sorted({unit for account in accounts for unit in units[account]}),
                "AccountFilterType": "INTERSECTION",
                "Accounts": sorted(accounts),
            },
            "Regions": list(places),
            "OperationPreferences": preferences(),
        }
