"""Delegation, settings, quotas and vaults of an organization: estate and deployment in, steps or findings out."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.domain import changeplan
from strongroom.domain.changeplan import AttachPolicy, PutDelegation, PutPolicy, UpdateGlobalSettings, UpdateOptIn
from strongroom.domain.deployment import AttachedPolicies, DeployedStack, DeployedVault, Deployment, KeptVault
from strongroom.domain.estate import Estate, OrganizationPolicy, Settings, Source, Stack
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, PolicyType, Region, ResourceType
from strongroom.domain.organization import OrganizationalUnit
from strongroom.domain.origin import FileOrigin
from strongroom.domain.roles import Roles
from strongroom.domain.strategy import Accounts, Organization, Vault
from strongroom.workflows.planning import moved, objects_read, plan_changes, subject_of
from strongroom.workflows.planning.delegation import statements_wanted
from strongroom.workflows.planning.destruction import plan_destruction

HOME = Region("eu-west-2")
MANAGEMENT, ADMIN, CENTRAL = AccountId("111111111111"), AccountId("222222222222"), AccountId("333333333333")
HERE = FileOrigin("strategy.yaml", 3, 1)
SCP = PolicyType.SERVICE_CONTROL

ESTATE = Estate(
    name="tiers",
    source=Source.COMPILED,
    organization=Organization(
        home_region=HOME,
        regions=(HOME,),
        accounts=Accounts(management=MANAGEMENT, backup_admin=ADMIN, central=CENTRAL, log_archive=None),
        governs=("Workloads",),
        opt_in=(ResourceType.DYNAMODB,),
        origin=HERE,
    ),
    roles=Roles(read="r", deploy="d", backup="b-AWSBackup"),
    keys=(),
    vaults=(),
    plans=(),
    objectives=(),
    retention=(),
    settings=Settings(
        opt_in=(ResourceType.DYNAMODB,), managed=(ResourceType.DYNAMODB,), cross_account_backup=True, delegated_administrator=ADMIN
    ),
)
DONE = Deployment(
    observed_at=datetime(2026, 11, 21, tzinfo=UTC),
    organization_id="o-abc",
    management_account=MANAGEMENT,
    root_id="r-1",
    units=(OrganizationalUnit(id="ou-1", name="Workloads", path="Workloads"),),
    accounts=(MANAGEMENT, ADMIN, CENTRAL),
    policy_types=tuple(PolicyType),
    trusted_services=("backup.amazonaws.com",),
    stack_sets_trusted=True,
    delegated_administrators=(ADMIN,),
    global_settings=(("isCrossAccountBackupEnabled", "true"), ("isDelegatedAdministratorEnabled", "true")),
    opt_in=((HOME, (("DynamoDB", True),)),),
    managed=((HOME, (("DynamoDB", True),)),),
    policies=(),
    stacks=(),
    stack_sets=(),
)
OURS = json.loads(statements_wanted(ESTATE, DONE))
DONE = replace(DONE, resource_policy=changeplan.canonical({"Version": "2012-10-17", "Statement": OURS}))
FOREIGN = {"Sid": "TagTeam", "Effect": "Allow", "Principal": {"AWS": "444444444444"}, "Action": "organizations:List*", "Resource": "*"}


def steps(estate, deployed):
    planned = plan_changes(estate, deployed, plan_id="tiers-1")
    assert planned.plan is not None, planned.findings
    return planned.plan.steps


def findings(estate, deployed):
    return [each for each in plan_changes(estate, deployed, plan_id="tiers-1").findings if each.severity is Severity.ERROR]


def policy(*statements):
    return changeplan.canonical({"Version": "2012-10-17", "Statement": list(statements)})


def test_what_is_delegated_as_declared_needs_no_step():
    """Settings, advanced features, delegation: nothing to do."""
    assert steps(ESTATE, DONE) == ()


def test_the_half_of_a_delegation_that_is_missing_is_named():
    """A registered administrator without the resource policy sees everything and can change no policy (FM23)."""
    [step] = steps(ESTATE, replace(DONE, resource_policy=""))
    assert step.title.startswith("complete the delegation, of which half is there: let account 222222222222 manage")
    assert isinstance(step.action, PutDelegation)
    assert json.loads(step.action.statements) == OURS


def test_the_other_half_is_a_step_of_its_own():
    """The resource policy without the registration: only the registration is planned."""
    [step] = steps(ESTATE, replace(DONE, delegated_administrators=()))
    assert step.action == changeplan.RegisterDelegatedAdministrator(account=ADMIN, service="backup.amazonaws.com")


def test_statements_of_others_are_no_difference():
    """Whatever else stands in the resource policy is not the strategy's."""
    assert steps(ESTATE, replace(DONE, resource_policy=policy(FOREIGN, *OURS))) == ()


def test_a_statement_that_somebody_changed_is_put_back():
    """By its id it is known as the strategy's own."""
    changed = [{**each, "Resource": ["*"]} for each in OURS]
    [step] = steps(ESTATE, replace(DONE, resource_policy=policy(FOREIGN, *changed)))
    assert isinstance(step.action, PutDelegation)


def test_without_a_backup_administrator_its_statements_are_taken_back():
    """What the strategy no longer delegates is no longer allowed."""
    estate = replace(ESTATE, settings=replace(ESTATE.settings, delegated_administrator=None))
    [step] = steps(estate, DONE)
    assert step.action == PutDelegation(sids=tuple(sorted(each["Sid"] for each in OURS)), statements="[]")


def test_a_resource_policy_without_room_is_found_before_the_first_write():
    """40,000 characters are all that AWS takes."""
    long = {**FOREIGN, "Action": [f"organizations:List{'x' * 100}{number}" for number in range(330)]}
    [finding] = findings(ESTATE, replace(DONE, resource_policy=policy(long)))
    assert (finding.code, "40000 allowed" in finding.message) == ("ORG004", True)


def test_advanced_features_are_switched_on_with_the_opt_in():
    """One step for a Region, with what is missing of both."""
    [step] = steps(ESTATE, replace(DONE, opt_in=((HOME, ()),), managed=((HOME, (("DynamoDB", False),)),)))
    assert step.action == UpdateOptIn(region=HOME, opt_in=(ResourceType.DYNAMODB,), managed=(ResourceType.DYNAMODB,))
    [step] = steps(ESTATE, replace(DONE, managed=((HOME, (("DynamoDB", False),)),)))
    assert step.action == UpdateOptIn(region=HOME, opt_in=(), managed=(ResourceType.DYNAMODB,))


def test_global_settings_are_one_step():
    """Only what is off is set."""
    [step] = steps(ESTATE, replace(DONE, global_settings=(("isCrossAccountBackupEnabled", "true"), ("isMpaEnabled", "false"))))
    assert step.action == UpdateGlobalSettings(values=(("isDelegatedAdministratorEnabled", "true"),))


RAILS = replace(ESTATE, rails=(OrganizationPolicy(type=SCP, name="tiers-guard-rails", content="{}", targets=("Workloads",)),))


def attached(*names):
    return replace(DONE, attached=(AttachedPolicies(type=SCP, target_id="ou-1", names=names),))


def test_guard_rails_are_attached_and_tag_policies_before_backup_policies():
    """Each type is made and attached like the others; what forbids comes last."""
    kinds = (PolicyType.TAG, PolicyType.BACKUP, SCP)
    policies = {kind: (OrganizationPolicy(type=kind, name=f"tiers-{kind}", content="{}", targets=("Workloads",)),) for kind in kinds}
    estate = replace(ESTATE, tag_policies=policies[PolicyType.TAG], policies=policies[PolicyType.BACKUP], rails=policies[SCP])
    actions = [step.action for step in steps(estate, DONE)]
    assert [each.type for each in actions if isinstance(each, PutPolicy)] == list(kinds)
    assert [each.type for each in actions if isinstance(each, AttachPolicy)] == list(kinds)


def test_an_ou_without_room_for_a_service_control_policy_is_found_before_the_first_write():
    """Ten are allowed, and nine of others with ours are ten."""
    assert findings(RAILS, attached("FullAWSAccess", *(f"other-{number}" for number in range(8)))) == []
    [finding] = findings(RAILS, attached("FullAWSAccess", *(f"other-{number}" for number in range(9))))
    assert (finding.code, finding.subject) == ("ORG004", "OU Workloads")
    assert "would have 11 service control policies, 10 allowed" in finding.message


def test_what_is_attached_already_needs_no_room():
    """A full OU whose policies are the strategy's own is no obstacle to an update."""
    assert findings(RAILS, attached("tiers-guard-rails", *(f"other-{number}" for number in range(9)))) == []


def test_a_policy_that_is_too_long_is_found_before_the_first_write():
    """AWS refuses a service control policy above 10,240 characters."""
    estate = replace(RAILS, rails=(replace(RAILS.rails[0], content="x" * 10_241),))
    [finding] = findings(estate, DONE)
    assert (finding.code, "10241 characters, 10240 allowed" in finding.message) == ("ORG004", True)


def test_an_organization_full_of_policies_is_found_before_the_first_write():
    """A thousand backup policies are allowed."""
    estate = replace(ESTATE, policies=(OrganizationPolicy(name="tiers-p", content="{}", targets=("Workloads",)),))
    [finding] = findings(estate, replace(DONE, policy_counts=((PolicyType.BACKUP, 1000),)))
    assert (finding.code, "needs 1 more" in finding.message) == ("ORG004", True)
    assert findings(estate, replace(DONE, policy_counts=((PolicyType.BACKUP, 999),))) == []


def test_a_sixth_delegated_administrator_is_found_before_the_first_write():
    """AWS Backup takes five; one that is registered already is no sixth."""
    five = tuple(AccountId(digit * 12) for digit in "45678")
    [finding] = findings(ESTATE, replace(DONE, delegated_administrators=five))
    assert (finding.code, "5 allowed" in finding.message) == ("ORG004", True)
    assert findings(ESTATE, replace(DONE, delegated_administrators=(*five[:4], ADMIN))) == []


TEMPLATE = '{"Resources":{"Vault":{"Properties":{"BackupVaultName":"tiers-central"},"Type":"AWS::Backup::BackupVault"}}}'
VAULT = Vault(label="central", name="tiers-central", account=CENTRAL, regions=(HOME,), key="backup", lock=None, origin=HERE)
WITH_VAULT = replace(
    ESTATE,
    vaults=(VAULT,),
    stacks=(Stack(name="tiers-central", account=CENTRAL, region=HOME, template=TEMPLATE, parameters=()),),
)
THERE = DeployedVault(account=CENTRAL, region=HOME, name="tiers-central", owner="")
STACK = DeployedStack(
    account=CENTRAL, region=HOME, name="tiers-central", status="CREATE_COMPLETE", template=TEMPLATE, parameters=(), owner="tiers"
)


@pytest.mark.parametrize(("owner", "words"), [("", "belongs to somebody else"), ("tiers", "is in none of its stacks")])
def test_a_vault_that_is_there_without_our_stack_is_found_before_the_first_write(owner, words):
    """CloudFormation could not make it: the finding says how to adopt it."""
    [finding] = findings(WITH_VAULT, replace(DONE, vaults=(replace(THERE, owner=owner),)))
    assert (finding.code, finding.origin) == ("ORG005", HERE)
    assert words in finding.message
    assert "adopt: tiers-central" in finding.help


def test_a_vault_of_our_own_stack_is_no_obstacle():
    """The stack made it, whatever the stack's state is."""
    assert findings(WITH_VAULT, replace(DONE, vaults=(THERE,), stacks=(STACK,))) == []


def test_an_adopted_vault_has_to_be_there():
    """It is never made: a strategy that names one which isn't there can't be deployed."""
    estate = replace(ESTATE, vaults=(replace(VAULT, adopted=True),))
    assert findings(estate, replace(DONE, vaults=(THERE,))) == []
    [finding] = findings(estate, DONE)
    assert (finding.code, finding.subject) == ("ORG006", "vault central")


def test_destroying_leaves_adopted_vaults_alone():
    """Even an empty one that carries the strategy's tag, from an earlier strategy of this name."""
    vaults = [KeptVault(account=CENTRAL, region=HOME, name=name, recovery_points=0) for name in ("tiers-central", "tiers-own")]
    estate = replace(ESTATE, vaults=(replace(VAULT, adopted=True),))
    destruction = plan_destruction(estate, DONE, vaults, (), plan_id="tiers-1")
    actions = [step.action for step in destruction.plan.steps]
    assert [each.name for each in actions if isinstance(each, changeplan.DeleteVault)] == ["tiers-own"]


def test_the_resource_policy_is_part_of_what_a_plan_was_computed_from():
    """Somebody else's change of it is seen before it is overwritten; the plan's own step has that subject."""
    plan = plan_changes(ESTATE, replace(DONE, resource_policy=""), plan_id="tiers-1").plan
    assert plan is not None
    assert moved(plan, replace(DONE, resource_policy=policy(FOREIGN))) == ("resource policy",)
    assert subject_of(plan.steps[0].action) == "resource policy"
    assert "resource policy" in {each.subject for each in objects_read(DONE)}


@pytest.mark.parametrize("deployed", [replace(DONE, resource_policy=""), replace(DONE, managed=())], ids=["delegation", "features"])
def test_a_plan_with_these_steps_survives_json(deployed):
    """Writing and reading a plan file gives the same plan."""
    plan = plan_changes(ESTATE, deployed, plan_id="tiers-1").plan
    assert plan is not None
    assert changeplan.from_json(json.loads(json.dumps(changeplan.to_json(plan))), file="p.json") == plan
