"""Stacks of single accounts, and StackSets over all governed ones."""

import json
from collections.abc import Iterator

from strongroom.domain.changeplan import CreateStackInstances, PutStack, PutStackSet
from strongroom.domain.deployment import DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.organization import units_named
from strongroom.workflows.planning.change import Change

# States of a stack that holds what its template says; in others something is under way, or the last operation failed.
SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"})


def single_stacks(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield stacks to make, to update, or to finish."""
    existing = {(each.account, each.region, each.name): each for each in deployed.stacks}
    for stack in estate.stacks:
        parameters = _filled(stack.template, stack.parameters, deployed)
        found = existing.get((stack.account, stack.region, stack.name))
        # One that is still being made, or whose creation was rolled back, has the right template and not what is in it.
        unsettled = found is not None and found.status not in SETTLED
        if unsettled or _differs(found, stack.template, parameters):
            verb = "finish" if unsettled else "update" if found else "create"
            yield Change(
                f"{verb} stack {stack.name} in account {stack.account}, {stack.region}: {_inventory(stack.template)}",
                PutStack(
                    account=stack.account,
                    region=stack.region,
                    name=stack.name,
                    template=stack.template,
                    parameters=parameters,
                    creates=found is None,
                ),
            )


def stack_sets(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield StackSets to make or to update, and the OUs and Regions to bring them to."""
    existing = {each.name: each for each in deployed.stack_sets}
    for wanted in estate.stack_sets:
        parameters = _filled(wanted.template, wanted.parameters, deployed)
        found = existing.get(wanted.name)
        if _differs(found, wanted.template, parameters) or (found and found.failed):
            retries = f", again for {len(found.failed)} failed instances" if found and found.failed else ""
            yield Change(
                f"{'update' if found else 'create'} StackSet {wanted.name}: {_inventory(wanted.template)}{retries}",
                PutStackSet(
                    name=wanted.name,
                    description=wanted.description,
                    template=wanted.template,
                    parameters=parameters,
                    creates=found is None,
                ),
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


def _differs(found: DeployedStack | DeployedStackSet | None, template: str, parameters: tuple[tuple[str, str], ...]) -> bool:
    return found is None or found.template != template or found.parameters != parameters


def _filled(template: str, known: tuple[tuple[str, str], ...], deployed: Deployment) -> tuple[tuple[str, str], ...]:
    """Return a template's parameters with what only the organization knows."""
    values = {
        "OrganizationId": deployed.organization_id,
        "ManagementAccountId": deployed.management_account,
        **dict(known),
    }
    asked = json.loads(template).get("Parameters", {})
    return tuple(sorted((name, values[name]) for name in asked if name in values))


def _inventory(template: str) -> str:
    kinds = [resource["Type"].removeprefix("AWS::") for resource in json.loads(template)["Resources"].values()]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
