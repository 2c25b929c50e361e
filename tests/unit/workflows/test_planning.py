"""Estate and deployment in, change plan out: hand-made values, no AWS."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.domain import changeplan
from strongroom.domain.deployment import DeployedPolicy, DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.estate import Estate, OrganizationPolicy, Settings, Source, Stack, StackSet
from strongroom.domain.names import AccountId, PolicyType, Region, ResourceType
from strongroom.domain.organization import OrganizationalUnit
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Accounts, Organization, Roles
from strongroom.errors import BadInput
from strongroom.workflows.planning import moved, plan_changes
from strongroom.workflows.planning.delegation import statements_wanted

HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
MANAGEMENT, ADMIN, CENTRAL = AccountId("111111111111"), AccountId("222222222222"), AccountId("333333333333")
TEMPLATE = changeplan.canonical(
    {"Parameters": {"OrganizationId": {"Type": "String"}}, "Resources": {"Vault": {"Type": "AWS::Backup::BackupVault"}}}
)
ORIGIN = FileOrigin("strategy.yaml", 3, 1)

ESTATE = Estate(
    name="tiers",
    source=Source.COMPILED,
    organization=Organization(
        home_region=HOME,
        regions=(HOME, SECOND),
        accounts=Accounts(management=MANAGEMENT, backup_admin=ADMIN, central=CENTRAL, log_archive=None),
        governs=("Workloads",),
        opt_in=(ResourceType.EBS,),
        origin=ORIGIN,
    ),
    roles=Roles(read="strongroom-read", deploy="strongroom-deploy", backup="tiers-AWSBackup"),
    keys=(),
    vaults=(),
    plans=(),
    objectives=(),
    retention=(),
    settings=Settings(opt_in=(ResourceType.EBS,), cross_account_backup=True, delegated_administrator=ADMIN),
    policies=(OrganizationPolicy(name="tiers-prod", content='{"plans":{}}', targets=("Workloads",), plans=("prod",)),),
    stack_sets=(
        StackSet(name="tiers-local", description="", template=TEMPLATE, parameters=(), targets=("Workloads",), regions=(HOME, SECOND)),
    ),
    stacks=(Stack(name="tiers-central", account=CENTRAL, region=HOME, template=TEMPLATE, parameters=()),),
)
EMPTY = Deployment(
    observed_at=datetime(2026, 11, 21, tzinfo=UTC),
    organization_id="o-abc",
    management_account=MANAGEMENT,
    root_id="r-1",
    units=(
        OrganizationalUnit(id="ou-1", name="Workloads", path="Workloads"),
        OrganizationalUnit(id="ou-2", name="Prod", path="Workloads/Prod"),
    ),
    accounts=(MANAGEMENT, ADMIN, CENTRAL),
    policy_types=(),
    trusted_services=(),
    stack_sets_trusted=False,
    delegated_administrators=(),
    global_settings=(),
    opt_in=((HOME, (("EBS", False),)), (SECOND, (("EBS", True),))),
    policies=(),
    stacks=(),
    stack_sets=(),
)
PARAMETERS = (("OrganizationId", "o-abc"),)
DONE = replace(
    EMPTY,
    policy_types=(PolicyType.BACKUP,),
    trusted_services=("backup.amazonaws.com",),
    stack_sets_trusted=True,
    delegated_administrators=(ADMIN,),
    global_settings=(("isCrossAccountBackupEnabled", "true"), ("isDelegatedAdministratorEnabled", "true")),
    resource_policy=changeplan.canonical({"Version": "2012-10-17", "Statement": json.loads(statements_wanted(ESTATE, EMPTY))}),
    opt_in=((HOME, (("EBS", True),)), (SECOND, (("EBS", True),))),
    policies=(
        DeployedPolicy(
            type=PolicyType.BACKUP, policy_id="p-1", name="tiers-prod", content='{"plans":{}}', owner="tiers", targets=("ou-1",)
        ),
    ),
    stacks=(
        DeployedStack(
            account=CENTRAL,
            region=HOME,
            name="tiers-central",
            status="CREATE_COMPLETE",
            template=TEMPLATE,
            parameters=PARAMETERS,
            owner="tiers",
        ),
    ),
    stack_sets=(
        DeployedStackSet(
            name="tiers-local",
            template=TEMPLATE,
            parameters=PARAMETERS,
            owner="tiers",
            deployed_to=(("ou-1", HOME), ("ou-1", SECOND)),
            failed=(),
        ),
    ),
)


def plan_for(deployed: Deployment, estate: Estate = ESTATE) -> changeplan.ChangePlan:
    planned = plan_changes(estate, deployed, plan_id="tiers-1")
    assert planned.plan is not None, planned.findings
    return planned.plan


def kinds(plan: changeplan.ChangePlan) -> list[str]:
    return [type(step.action).__name__ for step in plan.steps]


def test_an_empty_organization_needs_every_step_in_the_order_of_dependencies():
    """Switches come first, vaults before policies, policies last."""
    assert kinds(plan_for(EMPTY)) == [
        "EnablePolicyType",
        "EnableServiceAccess",
        "ActivateStackSetsAccess",
        "RegisterDelegatedAdministrator",
        "PutDelegation",
        "UpdateGlobalSettings",
        "UpdateOptIn",
        "PutStack",
        "PutStackSet",
        "CreateStackInstances",
        "PutPolicy",
        "AttachPolicy",
    ]


def test_what_watches_comes_after_what_protects_and_before_what_forbids():
    """A bucket's name that is taken must keep no backup from running."""
    around = {"targets": ("Workloads",), "regions": (HOME,), "protects": False}
    estate = replace(
        ESTATE,
        stacks=(*ESTATE.stacks, Stack(name="tiers-reports", account=ADMIN, region=HOME, template=TEMPLATE, parameters=(), protects=False)),
        stack_sets=(StackSet(name="tiers-watch", description="", template=TEMPLATE, parameters=(), **around), *ESTATE.stack_sets),
        rails=(OrganizationPolicy(type=PolicyType.SERVICE_CONTROL, name="tiers-rails", content="{}", targets=("Workloads",)),),
    )
    actions = [step.action for step in plan_for(EMPTY, estate).steps]
    written = [each.name for each in actions if isinstance(each, changeplan.PutStack | changeplan.PutStackSet | changeplan.PutPolicy)]
    assert written == ["tiers-central", "tiers-local", "tiers-prod", "tiers-watch", "tiers-reports", "tiers-rails"]


def test_a_bucket_that_is_there_already_is_named_before_the_first_write():
    """Its name may be anybody's in the world; one of a stack of ours is no obstacle."""
    template = changeplan.canonical({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "reports"}}}})
    reports = Stack(name="tiers-reports", account=ADMIN, region=HOME, template=template, parameters=())
    estate = replace(ESTATE, stacks=(*ESTATE.stacks, reports))
    refused = plan_changes(estate, replace(DONE, buckets=("reports",)), plan_id="tiers-1")
    assert (refused.plan, [(each.code, each.subject) for each in refused.findings]) == (None, [("ORG014", "bucket reports")])
    ours = DeployedStack(
        account=ADMIN, region=HOME, name=reports.name, status="CREATE_COMPLETE", template=template, parameters=(), owner="tiers"
    )
    assert plan_for(replace(DONE, buckets=("reports",), stacks=(*DONE.stacks, ours)), estate).steps == ()


def test_what_is_deployed_as_declared_needs_no_step():
    """The second plan is empty."""
    assert plan_for(DONE).steps == ()


def test_templates_are_given_the_organization_id_they_ask_for():
    """A parameter that only the organization knows is filled in at plan time."""
    stack = next(step.action for step in plan_for(EMPTY).steps if isinstance(step.action, changeplan.PutStack))
    assert stack.parameters == PARAMETERS


def test_a_changed_policy_is_updated_where_it_is():
    """Content that somebody edited is put back; the attachment stays."""
    edited = replace(DONE, policies=(replace(DONE.policies[0], content='{"plans":{"x":{}}}'),))
    assert kinds(plan_for(edited)) == ["PutPolicy"]


def test_a_policy_attached_elsewhere_is_detached_there_and_said_to_remove():
    """Taking protection away is marked, so that apply asks for an explicit word."""
    spread = replace(DONE, policies=(replace(DONE.policies[0], targets=("ou-1", "ou-2")),))
    steps = plan_for(spread).steps
    assert [(step.action, step.removes) for step in steps] == [
        (changeplan.DetachPolicy(type=PolicyType.BACKUP, name="tiers-prod", target_id="ou-2"), True)
    ]
    assert "Workloads/Prod" in steps[0].title


def test_an_owned_policy_that_is_no_longer_declared_is_detached_and_deleted():
    """Dropping a plan from the strategy retires its policy, visibly."""
    steps = plan_for(DONE, replace(ESTATE, policies=())).steps
    assert [type(step.action).__name__ for step in steps] == ["DetachPolicy", "DeletePolicy"]
    assert all(step.removes for step in steps)


def test_a_foreign_policy_is_left_alone():
    """What lacks the owner tag is never retired, even under our prefix."""
    foreign = DeployedPolicy(type=PolicyType.BACKUP, policy_id="p-2", name="tiers-other", content="{}", owner="", targets=("ou-1",))
    assert plan_for(replace(DONE, policies=(*DONE.policies, foreign))).steps == ()


def test_a_foreign_stack_set_of_our_name_is_a_finding():
    """Strongroom refuses to overwrite what it does not own."""
    planned = plan_changes(ESTATE, replace(DONE, stack_sets=(replace(DONE.stack_sets[0], owner=""),)), plan_id="tiers-1")
    assert planned.plan is None
    assert [finding.code for finding in planned.findings] == ["ORG003"]


@pytest.mark.parametrize(("reference", "problem"), [("Nowhere", "does not exist"), ("Prod", "is the name of 2 OUs")])
def test_a_governed_ou_must_be_one_ou(reference: str, problem: str):
    """A missing and an ambiguous name are findings that list the paths."""
    estate = replace(ESTATE, organization=replace(ESTATE.organization, governs=(reference,)))
    twice = replace(EMPTY, units=(*EMPTY.units, OrganizationalUnit(id="ou-3", name="Prod", path="Security/Prod")))
    [finding] = plan_changes(estate, twice, plan_id="tiers-1").findings
    assert (finding.code, problem in finding.message, "Workloads/Prod" in finding.help) == ("ORG001", True, True)


def test_an_account_outside_the_organization_is_a_finding():
    """The central account must be a member."""
    [finding] = plan_changes(ESTATE, replace(EMPTY, accounts=(MANAGEMENT, ADMIN)), plan_id="tiers-1").findings
    assert (finding.code, CENTRAL in finding.message) == ("ORG002", True)


def test_failed_stack_instances_are_deployed_again():
    """A StackSet with a failed instance is put again although its template is right."""
    failed = replace(DONE, stack_sets=(replace(DONE.stack_sets[0], failed=(("555555555555", HOME, "no"),)),))
    assert kinds(plan_for(failed)) == ["PutStackSet"]


def test_a_new_region_gets_instances_only_there():
    """What is deployed already is not deployed again."""
    partial = replace(DONE, stack_sets=(replace(DONE.stack_sets[0], deployed_to=(("ou-1", HOME),)),))
    [step] = plan_for(partial).steps
    assert step.action == changeplan.CreateStackInstances(name="tiers-local", ou_ids=("ou-1",), regions=(SECOND,))


def test_a_plan_survives_json():
    """Writing and reading a plan file gives the same plan."""
    plan = plan_for(EMPTY)
    assert changeplan.from_json(json.loads(json.dumps(changeplan.to_json(plan))), file="p.json") == plan


@pytest.mark.parametrize(
    "damage", [lambda d: d | {"format_version": 9}, lambda d: d | {"surprise": 1}, lambda d: d | {"steps": [{"number": 1}]}, lambda _: []]
)
def test_a_damaged_plan_file_is_bad_input(damage):
    """A file that is not a whole plan is refused with its name."""
    with pytest.raises(BadInput, match=r"p\.json"):
        changeplan.from_json(damage(changeplan.to_json(plan_for(EMPTY))), file="p.json")


def test_the_world_moves_when_an_object_the_plan_read_changes():
    """The changed subject is named; a new account is no change."""
    plan = plan_for(EMPTY)
    assert moved(plan, replace(EMPTY, accounts=(*EMPTY.accounts, AccountId("555555555555")))) == ()
    assert moved(plan, replace(EMPTY, delegated_administrators=(ADMIN,))) == ("delegated administrators",)


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_whose_creation_has_not_succeeded_is_finished(status: str):
    """The right template is not enough: what was rolled back holds nothing, what is under way may still fail."""
    [step] = plan_for(replace(DONE, stacks=(replace(DONE.stacks[0], status=status),))).steps
    assert (type(step.action).__name__, step.title.startswith("finish stack tiers-central")) == ("PutStack", True)


def test_a_mistyped_ou_is_answered_with_the_nearest_path():
    """The near miss comes first, then what there is, at most twenty paths."""
    estate = replace(ESTATE, organization=replace(ESTATE.organization, governs=("Worklods",)))
    many = tuple(OrganizationalUnit(id=f"ou-{number}", name=f"Unit{number:02}", path=f"Unit{number:02}") for number in range(30))
    [finding] = plan_changes(estate, replace(EMPTY, units=(*EMPTY.units, *many)), plan_id="tiers-1").findings
    assert finding.help.startswith("did you mean Workloads? write one of these paths under organization.governs: Unit00, ")
    assert finding.help.endswith(" and 12 more")
