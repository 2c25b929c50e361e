"""What templates ask of the organization, and which stacks a governed account doesn't get."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.domain.changeplan import PutStack, PutStackSet, from_json, to_json
from strongroom.domain.deployment import DeployedStack
from strongroom.domain.estate import Stack
from strongroom.domain.names import AccountId, Region
from strongroom.domain.organization import OrganizationalUnit
from strongroom.domain.stackoutput import StackOutput
from strongroom.strategyfile import parse
from strongroom.workflows.planning import plan_changes
from strongroom.workflows.planning.parameters import filled, given, governed_paths, is_governed

CENTRAL = AccountId("333333333333")
ESTATE = compile_strategy(
    parse(
        """strongroom: 1
name: tiers
organization: {home_region: eu-west-2, governs: [Workloads, Sandbox/Dev], accounts: {central: "333333333333"}}
vaults: {central: {in: central}}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d, copy: central}}}}
""",
        file="strategy.yaml",
    ).strategy
)


@pytest.fixture
def deployed(empty_deployment):
    """Two OUs are governed, one of them inside another; the central account is in neither."""
    units = (("ou-1", "Workloads"), ("ou-2", "Workloads/Prod"), ("ou-3", "Sandbox"), ("ou-4", "Sandbox/Dev"), ("ou-5", "Security"))
    return replace(
        empty_deployment,
        accounts=(AccountId("111111111111"), CENTRAL),
        units=tuple(OrganizationalUnit(id=each, name=path.rpartition("/")[2], path=path) for each, path in units),
        ou_paths=((CENTRAL, "Security"),),
    )


def stacks(estate, deployed):
    steps = plan_changes(estate, deployed, plan_id="tiers-1").plan.steps
    return [step.action.name for step in steps if isinstance(step.action, PutStack)]


def test_paths_run_from_the_organization_to_each_governed_ou(deployed):
    """As `aws:PrincipalOrgPaths` has them, with all OUs below."""
    assert governed_paths(ESTATE, deployed) == ("o-abc/r-1/ou-1/*", "o-abc/r-1/ou-3/ou-4/*")


def test_a_name_with_a_slash_is_one_ou(deployed):
    """AWS lets an OU be called so; its path is longer than it looks."""
    units = (*deployed.units, OrganizationalUnit(id="ou-6", name="a/b", path="Sandbox/Dev/a/b"))
    estate = replace(ESTATE, organization=replace(ESTATE.organization, governs=("ou-6",)))
    assert governed_paths(estate, replace(deployed, units=units)) == ("o-abc/r-1/ou-3/ou-4/ou-6/*",)


def test_parameters_are_those_that_the_template_asks_for(deployed):
    """Each in the form that CloudFormation takes, sorted by name; what the strategy knows comes first."""
    template = json.dumps({"Parameters": dict.fromkeys(("GovernedUnits", "GovernedPaths", "Other", "OrganizationId"))})
    assert filled(template, (("Other", "x"), ("Unasked", "y")), ESTATE, deployed) == (
        ("GovernedPaths", "o-abc/r-1/ou-1/*,o-abc/r-1/ou-3/ou-4/*"),
        ("GovernedUnits", "ou-1,ou-2,ou-4"),
        ("OrganizationId", "o-abc"),
        ("Other", "x"),
    )


@pytest.mark.parametrize(
    ("path", "governed"), [("Security", False), ("", False), ("Workloads/Prod", True), ("Sandbox", False), ("Sandbox/Dev", True)]
)
def test_an_account_is_governed_by_its_place(deployed, path, governed):
    """Below a governed OU, at any depth."""
    assert is_governed(CENTRAL, ESTATE, replace(deployed, ou_paths=((CENTRAL, path),))) is governed


def test_an_account_of_vaults_gets_its_roles_from_a_stack(deployed):
    """The StackSets don't reach it."""
    assert stacks(ESTATE, deployed) == ["tiers-roles", "tiers-central"]


def test_a_governed_account_of_vaults_gets_its_roles_from_the_stack_sets(deployed):
    """The same roles twice in one account would fail."""
    assert stacks(ESTATE, replace(deployed, ou_paths=((CENTRAL, "Workloads"),))) == ["tiers-central"]


def test_output_of_a_stack_that_is_there_is_a_parameter(deployed):
    """Otherwise it is read when the step runs, after the stack was made."""
    place = {"account": CENTRAL, "region": Region("eu-west-2")}
    output = StackOutput(parameter="KeyId", stack="tiers-key", output="Id", **place)
    template = json.dumps({"Parameters": {"KeyId": None}})
    wanted = Stack(name="tiers-central", template=template, parameters=(), outputs=(output,), **place)
    assert given(wanted, ESTATE, deployed) == ((), (output,))
    made = DeployedStack(
        name="tiers-key", status="CREATE_COMPLETE", template="{}", parameters=(), owner="tiers", outputs=(("Id", "mrk-1"),), **place
    )
    assert given(wanted, ESTATE, replace(deployed, stacks=(made,))) == ((("KeyId", "mrk-1"),), ())
    unmade = replace(made, outputs=())
    assert given(wanted, ESTATE, replace(deployed, stacks=(unmade,))) == ((), (output,))


def test_reference_to_an_output_survives_a_plan_file(deployed):
    """A plan is executed from what was stored."""
    estate = compile_strategy(
        parse(
            """strongroom: 1
name: tiers
organization: {home_region: eu-west-2, governs: [Workloads], accounts: {central: "333333333333"}}
keys: {shared: {kind: multi-region}}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d}}}}
""",
            file="strategy.yaml",
        ).strategy
    )
    plan = plan_changes(estate, deployed, plan_id="tiers-1").plan
    assert from_json(json.loads(json.dumps(to_json(plan))), file="plan.json") == plan
    (local,) = [step.action for step in plan.steps if isinstance(step.action, PutStackSet) and step.action.name == "tiers-local"]
    assert [each.stack for each in local.outputs] == ["tiers-key-shared"]


@pytest.mark.parametrize(("path", "found"), [("Security", ["ORG015"]), ("Workloads", [])])
def test_plan_of_an_account_needs_a_vault_that_its_account_gets(deployed, path, found):
    """Where no StackSet comes, there is no vault of every-account: the plan would be made, and every backup of it would fail."""
    rules = tuple(replace(rule, copies=()) for rule in ESTATE.plans[0].rules)
    own = replace(ESTATE.plans[0], name="own", account=CENTRAL, rules=rules)
    planned = plan_changes(replace(ESTATE, plans=(own,)), replace(deployed, ou_paths=((CENTRAL, path),)), plan_id="tiers-1")
    assert [each.code for each in planned.findings if each.code == "ORG015"] == found
    assert (planned.plan is None) is bool(found)
