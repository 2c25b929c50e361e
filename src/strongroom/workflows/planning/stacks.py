"""Stacks of single accounts, and StackSets over all governed ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from strongroom.domain.changeplan import CreateStackInstances, DeleteStack, DeleteStackSet, Difference, PutStack, PutStackSet, canonical
from strongroom.domain.deployment import SETTLED, DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.estate import Estate, Stack, StackSet
from strongroom.domain.organization import units_named
from strongroom.workflows.planning.change import Change
from strongroom.workflows.planning.differences import differences
from strongroom.workflows.planning.kept_stacks import lacking_accounts
from strongroom.workflows.planning.locks import COMPLIANCE, locks, resources_of, without_new_locks
from strongroom.workflows.planning.parameters import Given, given, is_governed


def single_stacks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield stacks to make, to update, or to finish; new compliance locks come later, see `compliance_locks`."""
    yield from _put_stacks(estate, deployed, lambda stack: stack.protects and not stack.late)


def late_stacks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield the same of stacks that start something, when the roles and vaults of the StackSets are there."""
    yield from _put_stacks(estate, deployed, lambda stack: stack.protects and stack.late)


def accompanying(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what watches, reports and tests: a bucket's name that is taken must not keep a backup from running."""
    yield from _put_stack_sets(estate, deployed, protecting=False)
    yield from _put_stacks(estate, deployed, lambda stack: not stack.protects)


def _put_stacks(estate: Estate, deployed: Deployment, chosen: Callable[[Stack], bool]) -> Iterator[Change]:
    existing = {(each.account, each.region, each.name): each for each in deployed.stacks}
    for stack in filter(chosen, _stacks(estate, deployed)):
        parameters, outputs = given(stack, estate, deployed)
        found = existing.get((stack.account, stack.region, stack.name))
        template = without_new_locks(stack.template, found.template if found else "")
        # One that is still being made, or whose creation was rolled back, has the right template and not what is in it.
        unsettled = found is not None and found.status not in SETTLED
        if unsettled or _differs(found, template, parameters):
            verb = "finish" if unsettled else "update" if found else "create"
            yield Change(
                f"{verb} stack {stack.name} in account {stack.account}, {stack.region}: {_inventory(template, found)}",
                _put_stack(stack, template, (parameters, outputs), creates=found is None),
                differences=_differences(found, template, parameters),
            )


def stack_sets(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield StackSets to make or to update, and the OUs and Regions to bring them to; new compliance locks come later."""
    yield from _put_stack_sets(estate, deployed, protecting=True)


def _put_stack_sets(estate: Estate, deployed: Deployment, *, protecting: bool) -> Iterator[Change]:
    existing = {each.name: each for each in deployed.stack_sets}
    for wanted in (each for each in estate.stack_sets if each.protects is protecting):
        parameters, outputs = given(wanted, estate, deployed)
        found = existing.get(wanted.name)
        template = without_new_locks(wanted.template, found.template if found else "")
        # While an operation is under way, instances that are not current yet have not failed; what was kept is taken back before.
        kept = {(each.account, each.region) for each in found.kept} if found else set()
        failed = [each for each in found.failed if each[:2] not in kept] if found and not found.operation else []
        if _differs(found, template, parameters) or failed:
            retries = f", again for {len(failed)} failed instances" if failed else ""
            yield Change(
                f"{'update' if found else 'create'} StackSet {wanted.name}: {_inventory(template, found)}{retries}",
                _put_stack_set(wanted, template, (parameters, outputs), creates=found is None),
                differences=_differences(found, template, parameters),
            )
        units = tuple(units_named(each, deployed.units)[0] for each in wanted.targets)
        missing = [
            region for region in wanted.regions if any((unit.id, region) not in (found.deployed_to if found else ()) for unit in units)
        ]
        if missing:
            names = ", ".join(unit.path for unit in units)
            yield Change(
                f"deploy StackSet {wanted.name} to every account under {names} in {', '.join(missing)}",
                CreateStackInstances(name=wanted.name, ou_ids=tuple(unit.id for unit in units), regions=tuple(missing)),
            )
        elif found:
            yield from lacking_accounts(found, estate, deployed)


def compliance_locks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what puts new compliance locks, when all that they are for is there."""
    stacks = {(each.account, each.region, each.name): each for each in deployed.stacks}
    for stack in _stacks(estate, deployed):
        there = stacks.get((stack.account, stack.region, stack.name))
        before = without_new_locks(stack.template, there.template if there else "")
        if before != stack.template:
            yield Change(
                f"put {_locks_between(before, stack.template)} in account {stack.account}, {stack.region}",
                _put_stack(stack, stack.template, given(stack, estate, deployed), creates=False),
                differences=differences(before, stack.template),
            )
    sets = {each.name: each for each in deployed.stack_sets}
    for wanted in estate.stack_sets:
        found = sets.get(wanted.name)
        before = without_new_locks(wanted.template, found.template if found else "")
        if before != wanted.template:
            yield Change(
                f"put {_locks_between(before, wanted.template)} in every account of StackSet {wanted.name}",
                _put_stack_set(wanted, wanted.template, given(wanted, estate, deployed), creates=False),
                differences=differences(before, wanted.template),
            )


def _put_stack(stack: Stack, template: str, values: Given, *, creates: bool) -> PutStack:
    parameters, outputs = values
    return PutStack(
        account=stack.account,
        region=stack.region,
        name=stack.name,
        template=template,
        parameters=parameters,
        creates=creates,
        outputs=outputs,
    )


def _put_stack_set(wanted: StackSet, template: str, values: Given, *, creates: bool) -> PutStackSet:
    parameters, outputs = values
    return PutStackSet(
        name=wanted.name,
        description=wanted.description,
        template=template,
        parameters=parameters,
        creates=creates,
        outputs=outputs,
    )


def retired_stacks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what takes away StackSets and stacks of the strategy that it no longer declares; vaults, keys and roles stay."""
    wanted_sets = {each.name for each in estate.stack_sets}
    for stack_set in deployed.stack_sets:
        if stack_set.owner == estate.name and stack_set.name not in wanted_sets:
            yield Change(
                f"delete StackSet {stack_set.name} and its stacks, which the strategy no longer declares{kept_by(stack_set.template)}",
                DeleteStackSet(name=stack_set.name),
                removes=True,
            )
    wanted = {(each.account, each.region, each.name) for each in _stacks(estate, deployed)}
    for stack in deployed.stacks:
        if stack.owner == estate.name and (stack.account, stack.region, stack.name) not in wanted:
            yield Change(
                f"delete stack {stack.name} in account {stack.account}, {stack.region}, which the strategy no longer declares"
                f"{kept_by(stack.template)}",
                DeleteStack(account=stack.account, region=stack.region, name=stack.name),
                removes=True,
            )


def _stacks(estate: Estate, deployed: Deployment) -> Iterator[Stack]:
    """Yield the stacks that are wanted: not those that a StackSet brings to a governed account, unless they were there before it was."""
    existing = {(each.account, each.region, each.name) for each in deployed.stacks}
    for stack in estate.stacks:
        there = (stack.account, stack.region, stack.name) in existing
        if stack.governed_too or there or not is_governed(stack.account, estate, deployed):
            yield stack


def _locks_between(before: str, after: str) -> str:
    there = locks(before)
    new = {name: lock for name, lock in locks(after).items() if there.get(name) != lock}
    words = (f"vault {name} (hard {lock[COMPLIANCE]} days later)" for name, lock in new.items())
    return f"the compliance {'lock' if len(new) == 1 else 'locks'} on {', '.join(words)}"


def kept_by(template: str) -> str:
    """Return what stays when a stack goes: its template retains what recovery points need."""
    kept = [each for each in resources_of(template).values() if _retained(each)]
    return f"; what stays: {_counted(kept)}" if kept else ""


def _differs(found: DeployedStack | DeployedStackSet | None, template: str, parameters: tuple[tuple[str, str], ...]) -> bool:
    return found is None or found.template != template or found.parameters != parameters


def _differences(
    found: DeployedStack | DeployedStackSet | None, template: str, parameters: tuple[tuple[str, str], ...]
) -> tuple[Difference, ...]:
    if found is None:
        return ()
    changed = differences(canonical({"Parameters": dict(found.parameters)}), canonical({"Parameters": dict(parameters)}))
    return (*differences(found.template, template), *changed)


def _inventory(template: str, found: DeployedStack | DeployedStackSet | None) -> str:
    """Return what a template makes, or what becomes of the resources of the one that it replaces."""
    after = resources_of(template)
    before = resources_of(found.template) if found else {}
    if not before:
        return _counted(after.values())
    gone = [each for name, each in before.items() if name not in after]
    parts = {
        "makes": [each for name, each in after.items() if name not in before],
        "changes": [each for name, each in after.items() if name in before and before[name] != each],
        "deletes": [each for each in gone if not _retained(each)],
        "keeps, but no longer looks after": [each for each in gone if _retained(each)],
    }
    return "; ".join(f"{verb} {_counted(some)}" for verb, some in parts.items() if some) or "nothing in it changes"


def _retained(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("DeletionPolicy", "")).startswith("Retain")


def _counted(resources: Iterable[Mapping[str, Any]]) -> str:
    kinds = [str(each.get("Type")).removeprefix("AWS::") for each in resources]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
