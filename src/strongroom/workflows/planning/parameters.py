"""What templates ask of the organization: values that a compiler without AWS can't know."""

import json

from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate, Stack, StackSet
from strongroom.domain.names import AccountId
from strongroom.domain.organization import OrganizationalUnit, is_below, units_named
from strongroom.domain.stackoutput import StackOutput


def filled(template: str, known: tuple[tuple[str, str], ...], estate: Estate, deployed: Deployment) -> tuple[tuple[str, str], ...]:
    """Return a template's parameters with what only the organization knows."""
    values = {
        "OrganizationId": deployed.organization_id,
        "ManagementAccountId": deployed.management_account,
        "GovernedPaths": ",".join(governed_paths(estate, deployed)),
        "GovernedUnits": ",".join(sorted(unit.id for unit in _governed(estate, deployed))),
        **dict(known),
    }
    asked = json.loads(template).get("Parameters", {})
    return tuple(sorted((name, values[name]) for name in asked if name in values))


# Parameters that are known, and outputs of stacks that become parameters when a step runs.
Given = tuple[tuple[tuple[str, str], ...], tuple[StackOutput, ...]]


def given(wanted: Stack | StackSet, estate: Estate, deployed: Deployment) -> Given:
    """Return the parameters of a stack or StackSet as far as they are known, and the outputs of stacks that are still to be made."""
    there = {(each.account, each.region, each.name): dict(each.outputs) for each in deployed.stacks}
    known, pending = list(wanted.parameters), []
    for output in wanted.outputs:
        value = there.get((output.account, output.region, output.stack), {}).get(output.output)
        if value is None:
            pending.append(output)
        else:
            known.append((output.parameter, value))
    return filled(wanted.template, tuple(known), estate, deployed), tuple(pending)


def governed_paths(estate: Estate, deployed: Deployment) -> tuple[str, ...]:
    """Return the governed OUs, with all below them, as `aws:PrincipalOrgPaths` has them: o-…/r-…/ou-…/*.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    by_path = {unit.path: unit for unit in deployed.units}
    tops = (units_named(each, deployed.units)[0] for each in estate.organization.governs)
    return tuple("/".join((deployed.organization_id, deployed.root_id, *_ids(unit, by_path), "*")) for unit in tops)


def is_governed(account: AccountId, estate: Estate, deployed: Deployment) -> bool:
    """Tell whether an account is in one of the OUs that the strategy governs, or below one."""
    path = dict(deployed.ou_paths).get(account, "")
    return is_below(path, [units_named(each, deployed.units)[0].path for each in estate.organization.governs])


def _governed(estate: Estate, deployed: Deployment) -> tuple[OrganizationalUnit, ...]:
    tops = [units_named(each, deployed.units)[0].path for each in estate.organization.governs]
    return tuple(unit for unit in deployed.units if is_below(unit.path, tops))


def _ids(unit: OrganizationalUnit, by_path: dict[str, OrganizationalUnit]) -> tuple[str, ...]:
    """Return the ids of the OUs from below the root to this one."""
    above = unit.path.removesuffix(unit.name).rstrip("/")
    return (*_ids(by_path[above], by_path), unit.id) if above else (unit.id,)
