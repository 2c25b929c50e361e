"""How plans behave: signs and differences, locks last and accepted, what is no longer declared, what was changed by hand, destruction."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strongroom.domain.changeplan import CreateStackInstances, Difference, Sign, TakeBackStacks, canonical, from_json, to_json
from strongroom.domain.deployment import (
    DeployedPolicy,
    DeployedStack,
    DeployedStackSet,
    Deployment,
    Drift,
    DriftedProperty,
    DriftedResource,
    DriftedStack,
    KeptVault,
    StackGap,
)
from strongroom.domain.estate import Estate, OrganizationPolicy, Settings, Source, Stack, StackSet
from strongroom.domain.finding import Severity
from strongroom.domain.keptstack import KeptStack
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import OrganizationalUnit
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Accounts, Lock, LockMode, Organization, Roles, Vault
from strongroom.forecast.policydiff import Effect
from strongroom.workflows.planning import moved, plan_changes, subject_of, unaccepted_locks
from strongroom.workflows.planning.destruction import places_of, plan_destruction
from strongroom.workflows.planning.differences import differences
from strongroom.workflows.planning.meaning import meanings

HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
MANAGEMENT, CENTRAL, SHOP = AccountId("111111111111"), AccountId("333333333333"), AccountId("555555555555")
ORIGIN = FileOrigin("strategy.yaml", 3, 1)
COMPLIANCE = {"MinRetentionDays": 1, "MaxRetentionDays": 365, "ChangeableForDays": 3}


def template(lock=None, **others):
    """A template with a vault, retained as the compiler's are, and other resources."""
    properties = {"BackupVaultName": "tiers-central", **({"LockConfiguration": lock} if lock else {})}
    vault = {"Type": "AWS::Backup::BackupVault", "DeletionPolicy": "RetainExceptOnCreate", "Properties": properties}
    return canonical({"Resources": {"VaultCentral": vault, **others}})


def vault(lock=None):
    return Vault(label="central", name="tiers-central", account=CENTRAL, regions=(HOME,), key="backup", lock=lock, origin=ORIGIN)


def policy(copy=""):
    """A backup policy with one plan, as the compiler writes it."""
    rule = {
        "schedule_expression": {"@@assign": "cron(0 2 * * ? *)"},
        "target_backup_vault_name": {"@@assign": "tiers-local"},
        "lifecycle": {"delete_after_days": {"@@assign": "30"}},
    }
    if copy:
        rule["copy_actions"] = {
            copy: {"target_backup_vault_arn": {"@@assign": copy}, "lifecycle": {"delete_after_days": {"@@assign": "365"}}}
        }
    selection = {
        "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/tiers-AWSBackup"},
        "tag_key": {"@@assign": "environment"},
        "tag_value": {"@@assign": ["prod"]},
    }
    plan = {"regions": {"@@assign": ["eu-west-2"]}, "rules": {"daily": rule}, "selections": {"tags": {"tagged": selection}}}
    return canonical({"plans": {"production": plan}})


ESTATE = Estate(
    name="tiers",
    source=Source.COMPILED,
    organization=Organization(
        home_region=HOME,
        regions=(HOME,),
        accounts=Accounts(management=MANAGEMENT, backup_admin=None, central=CENTRAL, log_archive=None),
        governs=("Workloads",),
        opt_in=(),
        origin=ORIGIN,
    ),
    roles=Roles(read="strongroom-read", deploy="strongroom-deploy", backup="tiers-AWSBackup"),
    keys=(),
    vaults=(vault(),),
    plans=(),
    objectives=(),
    retention=(),
    settings=Settings(opt_in=(), cross_account_backup=False, delegated_administrator=None),
    policies=(OrganizationPolicy(name="tiers-production", content=policy(), targets=("Workloads",), plans=("production",)),),
    stack_sets=(StackSet(name="tiers-local", description="", template=template(), parameters=(), targets=("Workloads",), regions=(HOME,)),),
    stacks=(Stack(name="tiers-central", account=CENTRAL, region=HOME, template=template(), parameters=()),),
)
STACK = DeployedStack(
    account=CENTRAL, region=HOME, name="tiers-central", status="CREATE_COMPLETE", template=template(), parameters=(), owner="tiers"
)
STACK_SET = DeployedStackSet(
    name="tiers-local", template=template(), parameters=(), owner="tiers", deployed_to=(("ou-1", HOME),), failed=()
)
POLICY = DeployedPolicy(
    type=PolicyType.BACKUP, policy_id="p-1", name="tiers-production", content=policy(), owner="tiers", targets=("ou-1",)
)
DONE = Deployment(
    observed_at=datetime(2026, 11, 21, tzinfo=UTC),
    organization_id="o-abc",
    management_account=MANAGEMENT,
    root_id="r-1",
    units=(OrganizationalUnit(id="ou-1", name="Workloads", path="Workloads"),),
    accounts=(MANAGEMENT, CENTRAL, SHOP),
    policy_types=tuple(PolicyType),
    trusted_services=("backup.amazonaws.com",),
    stack_sets_trusted=True,
    delegated_administrators=(),
    global_settings=(),
    opt_in=((HOME, ()),),
    policies=(POLICY,),
    stacks=(STACK,),
    stack_sets=(STACK_SET,),
    ou_paths=((CENTRAL, ""), (SHOP, "Workloads/Shops")),
)


def planned(estate=ESTATE, deployed=DONE):
    found = plan_changes(estate, deployed, plan_id="tiers-1")
    assert found.plan is not None, found.findings
    return found.plan


def central(content):
    return replace(ESTATE, stacks=(replace(ESTATE.stacks[0], template=content),))


def test_what_is_deployed_needs_no_step():
    """The base that the other tests change is whole."""
    assert planned().steps == ()


def test_a_step_says_what_it_creates_changes_and_destroys():
    """A new stack is a +, a changed policy a ~, a StackSet that is gone from the strategy a -."""
    deployed = replace(DONE, stacks=(), policies=(replace(POLICY, content='{"plans":{}}'),))
    assert [(step.sign, step.title.split(":")[0]) for step in planned(replace(ESTATE, stack_sets=()), deployed).steps] == [
        (Sign.CREATES, "create stack tiers-central in account 333333333333, eu-west-2"),
        (Sign.CHANGES, "update backup policy tiers-production with plan production"),
        (Sign.DESTROYS, "delete StackSet tiers-local and its stacks, which the strategy no longer declares; what stays"),
    ]


def test_a_change_shows_each_value_that_differs():
    """The differences of a step are those of the documents, and survive the plan file."""
    plan = planned(central(template(Topic={"Type": "AWS::SNS::Topic"})))
    [step] = plan.steps
    assert step.title.endswith(": makes 1 SNS::Topic")
    assert step.differences == (Difference(path="Resources.Topic", before="", after='{"Type":"AWS::SNS::Topic"}'),)
    assert from_json(json.loads(json.dumps(to_json(plan))), file="p.json") == plan


def test_a_template_that_lets_a_vault_go_says_that_it_stays():
    """Removing a vault from the strategy never deletes it: the title says kept, and what is deleted apart from it."""
    topic = {"Type": "AWS::SNS::Topic"}
    estate = central(canonical({"Resources": {"Other": topic}}))
    deployed = replace(DONE, stacks=(replace(STACK, template=template(Topic=topic)),))
    [step] = planned(estate, deployed).steps
    assert step.title.endswith(": makes 1 SNS::Topic; deletes 1 SNS::Topic; keeps, but no longer looks after 1 Backup::BackupVault")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["Sid", "Key", "a", "b"]), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, JSON)
@example([False], [0])
@example({"a": 1}, {"a": True})
def test_documents_without_differences_are_equal(before, after):
    """No difference is shown exactly where there is none."""
    assert (differences(canonical(before), canonical(after)) == ()) == (canonical(before) == canonical(after))


def test_a_new_compliance_lock_is_put_last_and_has_to_be_accepted():
    """The vault is made without it, all else follows, then the lock; its vault is named in the plan."""
    estate = replace(
        central(template(COMPLIANCE)),
        vaults=(vault(Lock(mode=LockMode.COMPLIANCE, min_days=1, max_days=365, grace_days=3, origin=ORIGIN)),),
    )
    plan = planned(estate, replace(DONE, stacks=(), stack_sets=(), policies=()))
    assert [type(step.action).__name__ for step in plan.steps] == [
        "PutStack",
        "PutStackSet",
        "CreateStackInstances",
        "PutPolicy",
        "AttachPolicy",
        "PutStack",
    ]
    first, last = plan.steps[0].action, plan.steps[-1].action
    assert (first.template, last.template) == (template(), template(COMPLIANCE))
    assert plan.locks == ("central",)
    assert "vault tiers-central (hard 3 days later)" in plan.steps[-1].title
    [finding] = unaccepted_locks(plan, (), {"central": ORIGIN})
    assert (finding.code, finding.subject, finding.help) == (
        "APL001",
        "vault central",
        "read the rehearsal, then add: --accept-lock central",
    )
    assert unaccepted_locks(plan, ("central",), {"central": ORIGIN}) == ()


def test_a_lock_that_is_there_needs_no_acceptance_and_another_one_does():
    """The same lock is no change; another one keeps the old until everything else is done."""
    lock = Lock(mode=LockMode.COMPLIANCE, min_days=1, max_days=365, grace_days=3, origin=ORIGIN)
    estate = replace(central(template(COMPLIANCE)), vaults=(vault(lock),))
    there = replace(DONE, stacks=(replace(STACK, template=template(COMPLIANCE)),))
    assert (planned(estate, there).steps, planned(estate, there).locks) == ((), ())
    longer = {**COMPLIANCE, "MinRetentionDays": 7}
    wider = central(template(longer, Topic={"Type": "AWS::SNS::Topic"}))
    plan = planned(replace(wider, vaults=(vault(lock),)), there)
    assert [json.loads(step.action.template)["Resources"]["VaultCentral"]["Properties"]["LockConfiguration"] for step in plan.steps] == [
        COMPLIANCE,
        longer,
    ]
    assert plan.locks == ("central",)


def test_what_is_no_longer_declared_and_not_ours_is_left_alone():
    """A stack and a StackSet of another owner are never retired."""
    deployed = replace(
        DONE,
        stacks=(replace(STACK, name="tiers-x", owner=""), STACK),
        stack_sets=(replace(STACK_SET, name="tiers-y", owner="b"), STACK_SET),
    )
    found = plan_changes(ESTATE, deployed, plan_id="tiers-1")
    assert {finding.code for finding in found.findings} == {"ORG003"}


def test_a_stack_that_is_no_longer_declared_is_deleted_by_an_explicit_word():
    """It is a removal, so that apply asks for --allow-removals; its vault stays."""
    [step] = planned(replace(ESTATE, stacks=())).steps
    assert (step.removes, step.action.name, "what stays: 1 Backup::BackupVault" in step.title) == (True, "tiers-central", True)


def test_changes_by_hand_are_put_back_and_shown():
    """A drifted stack is one step, with what is and what will be."""
    changed = DriftedResource(
        logical_id="VaultCentral",
        type="AWS::Backup::BackupVault",
        physical_id="tiers-central",
        deleted=False,
        properties=(
            DriftedProperty(path="/AccessPolicy", expected='{"Statement":[{"Sid":"No","Effect":"Deny"}]}', actual='{"Statement":[]}'),
        ),
    )
    gone = replace(changed, logical_id="Alias", type="AWS::KMS::Alias", physical_id="alias/x", deleted=True, properties=())
    stack = DriftedStack(subject="stack tiers-central", account=CENTRAL, region=HOME, stack="tiers-central", resources=(changed, gone))
    plan = planned(deployed=replace(DONE, drift=Drift(stacks=(stack,))))
    [step] = plan.steps
    assert (step.sign, step.title) == (
        Sign.CHANGES,
        (
            "put back 1 Backup::BackupVault changed by hand, 1 KMS::Alias deleted by hand"
            " in account 333333333333, eu-west-2 (stack tiers-central)"
        ),
    )
    assert step.differences == (
        Difference(path="VaultCentral.AccessPolicy.Statement[No]", before="", after='{"Effect":"Deny","Sid":"No"}'),
        Difference(path="Alias", before="", after='"alias/x"'),
    )
    assert plan.locks == ()


def test_a_compliance_lock_that_somebody_took_off_is_put_back_by_name_only():
    """Putting it back commits as the first time did."""
    lock = Lock(mode=LockMode.COMPLIANCE, min_days=1, max_days=365, grace_days=3, origin=ORIGIN)
    off = DriftedProperty(path="/LockConfiguration", expected=canonical(COMPLIANCE), actual="null")
    resource = DriftedResource(
        logical_id="VaultCentral", type="AWS::Backup::BackupVault", physical_id="tiers-central", deleted=False, properties=(off,)
    )
    stack = DriftedStack(subject="stack tiers-central", account=CENTRAL, region=HOME, stack="tiers-central", resources=(resource,))
    assert planned(replace(ESTATE, vaults=(vault(lock),)), replace(DONE, drift=Drift(stacks=(stack,)))).locks == ("central",)


KEPT = KeptStack(account=SHOP, region=HOME, stack="arn:kept", unit_id="ou-1", instead="arn:failed", hollow=True)
GAP = StackGap(account=SHOP, region=HOME, unit_id="ou-1", stack="arn:failed", instance=True)
RETURNED = replace(STACK_SET, failed=((SHOP, HOME, "vault already exists"),), gaps=(GAP,))


def test_what_an_account_kept_is_taken_back_before_anything_is_tried_again():
    """The failed instance gives way to the kept stack and is not tried again; where nothing was kept it is."""
    [step] = planned(deployed=replace(DONE, stack_sets=(replace(RETURNED, kept=(KEPT,)),))).steps
    assert (step.action, step.sign) == (TakeBackStacks(name="tiers-local", stacks=(KEPT,)), Sign.CHANGES)
    assert step.title.startswith("take the stack back into StackSet tiers-local that account 555555555555 kept on leaving")
    assert subject_of(step.action) == "StackSet tiers-local"
    [step] = planned(deployed=replace(DONE, stack_sets=(RETURNED,))).steps
    assert step.title.endswith("again for 1 failed instances")


def test_an_account_without_an_instance_is_enrolled_alone():
    """The accounts that are left out are named in the call, and no other account is touched; not where a stack was kept."""
    left_out = replace(STACK_SET, gaps=(replace(GAP, stack="", instance=False),))
    plan = planned(deployed=replace(DONE, stack_sets=(left_out,)))
    assert [step.action for step in plan.steps] == [
        CreateStackInstances(name="tiers-local", ou_ids=("ou-1",), regions=(HOME,), accounts=(SHOP,))
    ]
    assert from_json(json.loads(json.dumps(to_json(plan))), file="p.json") == plan
    kept = replace(left_out, kept=(replace(KEPT, instead=""),))
    [step] = planned(deployed=replace(DONE, stack_sets=(kept,))).steps
    assert isinstance(step.action, TakeBackStacks)


def test_accounts_that_come_back_meanwhile_do_not_stop_a_plan():
    """A plan stays valid while StackSets enrol accounts, whatever becomes of it."""
    estate = central(template(Topic={"Type": "AWS::SNS::Topic"}))
    assert moved(planned(estate), replace(DONE, stack_sets=(replace(RETURNED, kept=(KEPT,)),))) == ()


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"stack_sets": (replace(STACK_SET, operation="UPDATE 1b2c"),)}, "APL002", Severity.WARNING),
        ({"unread": ("stacks in account 333333333333, eu-west-1: AccessDenied",)}, "APL004", Severity.WARNING),
        ({"drift": Drift(unread=("StackSet tiers-local for changes by hand: no",))}, "APL004", Severity.WARNING),
    ],
)
def test_what_does_not_stop_a_plan_is_said_beside_it(change, code, severity):
    """A StackSet at work and places that could not be looked at are warnings, and the plan stands."""
    found = plan_changes(ESTATE, replace(DONE, **change), plan_id="tiers-1")
    assert [(finding.code, finding.severity) for finding in found.findings] == [(code, severity)]
    assert found.plan is not None


def test_a_template_that_cloudformation_does_not_take_is_found_before_the_first_write():
    """51,200 bytes pass, one more is an error."""
    pad = 51_200 - len(template(Pad={"Type": "AWS::SNS::Topic", "Description": ""}))
    fits, long = (template(Pad={"Type": "AWS::SNS::Topic", "Description": "x" * (pad + more)}) for more in (0, 1))
    assert planned(central(fits)).steps != ()
    found = plan_changes(central(long), DONE, plan_id="tiers-1")
    assert (found.plan, [finding.code for finding in found.findings]) == (None, ["APL003"])


def test_a_plan_says_what_it_means_for_resources():
    """A copy that is added is a gain, a policy that goes a loss; without a ledger nothing is counted."""
    copied = policy("arn:aws:backup:eu-west-1:333333333333:backup-vault:tiers-dr")
    more = meanings(replace(ESTATE, policies=(replace(ESTATE.policies[0], content=copied),)), DONE)
    assert [(row.effect, row.sentence, row.units, row.resources) for row in more.rows] == [
        (
            Effect.GAINS,
            (
                "resources with environment=prod gain a copy in eu-west-1 (vault tiers-dr, account 333333333333) by production.daily,"
                " kept 365d"
            ),
            ("Workloads",),
            None,
        )
    ]
    [lost] = meanings(replace(ESTATE, policies=()), DONE).rows
    assert (lost.effect, lost.aspect) == (Effect.LOSES, "rule")
    assert lost.sentence.startswith("resources with environment=prod lose the backups by production.daily")
    assert meanings(ESTATE, DONE).rows == ()


def test_a_policy_that_somebody_made_unreadable_is_said_to_be_untold():
    """What it gave can't be told; unknown is never nothing."""
    found = meanings(ESTATE, replace(DONE, policies=(replace(POLICY, content="not JSON"),)))
    assert (found.rows, found.untold) == ((), ("the backup policies at Workloads can't be read as they are",))


def test_a_destruction_goes_backwards_and_keeps_vaults_with_recovery_points():
    """Policies first, then StackSets, stacks, empty vaults; what belongs to others is no part of it."""
    foreign = replace(POLICY, name="tiers-foreign", owner="")
    rail = replace(POLICY, type=PolicyType.SERVICE_CONTROL, name="tiers-guard-rails")
    vaults = (
        KeptVault(account=CENTRAL, region=HOME, name="tiers-central", recovery_points=3),
        KeptVault(account=SHOP, region=HOME, name="tiers-local", recovery_points=0),
    )
    found = plan_destruction(ESTATE, replace(DONE, policies=(POLICY, foreign, rail)), vaults, ("vaults in x",), plan_id="destroy-1")
    assert [step.title.split(";")[0] for step in found.plan.steps] == [
        "detach service control policy tiers-guard-rails from Workloads",
        "delete service control policy tiers-guard-rails",
        "detach backup policy tiers-production from Workloads",
        "delete backup policy tiers-production",
        "delete StackSet tiers-local and its stacks in every account",
        "delete stack tiers-central in account 333333333333, eu-west-2",
        "delete the empty vault tiers-local in account 555555555555, eu-west-2",
    ]
    assert {(step.sign, step.removes) for step in found.plan.steps} == {(Sign.DESTROYS, True)}
    assert (found.kept, found.unread) == (vaults[:1], ("vaults in x",))


def test_vaults_are_looked_for_in_governed_accounts_and_where_they_are_declared():
    """The account below the governed OU and the central one; not one beside them."""
    assert places_of(ESTATE, DONE) == ((CENTRAL, HOME), (SHOP, HOME))


def test_policies_are_made_before_others_shrink_and_before_any_is_detached():
    """A plan that moves from one policy to another, and from one OU to another, is somewhere after every step."""
    units = (*DONE.units, OrganizationalUnit(id="ou-2", name="Prod", path="Workloads/Prod"))
    moved = (
        replace(ESTATE.policies[0], content='{"plans":{}}', targets=("Prod",)),
        OrganizationPolicy(name="tiers-second", content=policy(), targets=("Workloads",), plans=("production",)),
    )
    steps = planned(replace(ESTATE, policies=moved), replace(DONE, units=units)).steps
    assert [step.title.split(" with ")[0] for step in steps] == [
        "attach backup policy tiers-production to Workloads/Prod",
        "create backup policy tiers-second",
        "attach backup policy tiers-second to Workloads",
        "update backup policy tiers-production",
        "detach backup policy tiers-production from Workloads: its backups stop there",
    ]
