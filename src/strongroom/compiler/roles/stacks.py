"""Where roles are made: a StackSet over the governed accounts, and a stack in each account that has vaults or plans of its own."""

from dataclasses import replace

from strongroom.compiler.roles.enrol import enrol_role, management_parameter
from strongroom.compiler.roles.jobs import backup_role, restore_role, restore_test_role
from strongroom.compiler.roles.people import people_role
from strongroom.compiler.template import Json, Template, any_of, logical_id, render_template
from strongroom.compiler.undeployed import deployed_vaults
from strongroom.domain.estate import Estate, Stack, StackSet
from strongroom.domain.names import AccountId
from strongroom.domain.roles import RolePurpose

WORKLOADS = "IsWorkloadAccount"


def with_roles(estate: Estate) -> Estate:
    """Return the estate with the StackSet `<name>-roles` and a stack of that name in each account of the strategy's own vaults and plans.

    AWS knows a role once in an account, so that both are in the home Region alone. Where such an account is governed itself, the
    StackSets bring its roles and the stack is left out.
    """
    if not (estate.stack_sets or estate.restore_tests or estate.roles.made):
        return estate
    name = f"{estate.name}-roles"
    home = estate.organization.home_region
    stack_set = StackSet(
        name=name,
        description=f"Roles of strategy {estate.name} in every governed account",
        template=render_template(_of_governed(estate)),
        parameters=(),
        targets=estate.organization.governs,
        regions=(home,),
    )
    template = render_template(_of_others(estate))
    stacks = tuple(
        Stack(name=name, account=account, region=home, template=template, parameters=(), governed_too=False)
        for account in accounts_with_roles(estate)
    )
    return replace(estate, stack_sets=(*estate.stack_sets, stack_set), stacks=(*estate.stacks, *stacks))


def accounts_with_roles(estate: Estate) -> tuple[AccountId, ...]:
    """Return the accounts that have vaults or plans of their own, sorted."""
    keepers = {vault.account for vault in deployed_vaults(estate) if isinstance(vault.account, AccountId)}
    return tuple(sorted(keepers | {plan.account for plan in estate.plans if plan.account is not None and not plan.adopted}))


def _of_governed(estate: Estate) -> Template:
    keepers = accounts_with_roles(estate)
    teams = any(role.purpose is RolePurpose.WORKLOAD_TEAM for role in estate.roles.made)
    excluded = teams and bool(keepers)
    resources = {"EnrolRole": enrol_role(estate), "RestoreRole": restore_role(estate), **_tests(estate)}
    for role in estate.roles.made:
        # a workload team of an account that keeps copies would see and restore what belongs to all others
        condition = WORKLOADS if excluded and role.purpose is RolePurpose.WORKLOAD_TEAM else None
        resources[logical_id(role.purpose, "role")] = people_role(estate, role, condition=condition)
    return Template(
        description=f"Strongroom: roles of strategy {estate.name} in one account",
        resources=resources,
        conditions=_workloads(keepers) if excluded else {},
        parameters=management_parameter(),
    )


def _of_others(estate: Estate) -> Template:
    backup = {} if estate.roles.adopted else {"BackupRole": backup_role(estate)}
    resources = {**backup, "RestoreRole": restore_role(estate), **_tests(estate)}
    for role in estate.roles.made:
        if role.purpose is not RolePurpose.WORKLOAD_TEAM:
            resources[logical_id(role.purpose, "role")] = people_role(estate, role)
    return Template(description=f"Strongroom: roles of strategy {estate.name} in an account that keeps copies", resources=resources)


def _tests(estate: Estate) -> Json:
    return {"RestoreTestRole": restore_test_role(estate)} if estate.restore_tests else {}


def _workloads(keepers: tuple[AccountId, ...]) -> Json:
    return {WORKLOADS: {"Fn::Not": [any_of([{"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]} for account in keepers])]}}
