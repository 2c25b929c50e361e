"""Control Tower's backup baseline: what is planned, and what has to be there first (FM24)."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.domain import changeplan
from strongroom.domain.changeplan import EnableBaseline, IntegrateBackup, ResetBaseline, UpdateBaseline
from strongroom.domain.deployment import AttachedPolicies, DeployedControlTower, DeployedStack, Deployment, EnabledBaseline, LandingZone
from strongroom.domain.estate import Estate, Settings, Source, Stack
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import OrganizationalUnit
from strongroom.domain.origin import FileOrigin
from strongroom.domain.roles import Roles
from strongroom.domain.stackoutput import StackOutput
from strongroom.domain.strategy import Accounts, ControlTower, Key, KeyKind, Organization
from strongroom.workflows.planning import moved, plan_changes, subject_of

HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
MANAGEMENT, ADMIN, CENTRAL = AccountId("111111111111"), AccountId("222222222222"), AccountId("333333333333")
HERE = FileOrigin("strategy.yaml", 9, 3)
KEY = "arn:aws:kms:eu-west-2:111111111111:key/mrk-1"
ZONE = LandingZone(
    arn="arn:aws:controltower:eu-west-2:111111111111:landingzone/A",
    version="3.3",
    status="ACTIVE",
    drifted=False,
    regions=(HOME, SECOND),
    config=True,
    backup=True,
    backup_admin=ADMIN,
    central=CENTRAL,
    key_arn=KEY,
)
BARE = replace(ZONE, backup=False, backup_admin="", central="", key_arn="")


def enabled(unit, **parts):
    found = EnabledBaseline(arn=f"arn:baseline/{unit}", target_id=unit, version="1.0", status="SUCCEEDED", drifted=False)
    return replace(found, **parts)


TOWER = DeployedControlTower(
    landing_zone=ZONE,
    baseline_arn="arn:baseline",
    governed=("ou-1", "ou-2"),
    enrolled=(AccountId("555555555555"),),
    baselines=(enabled("ou-1"), enabled("ou-2")),
    replicas=((SECOND, "o-abc"), (HOME, "o-abc")),
)
ESTATE = Estate(
    name="tiers",
    source=Source.COMPILED,
    organization=Organization(
        home_region=HOME,
        regions=(HOME, SECOND),
        accounts=Accounts(management=MANAGEMENT, backup_admin=ADMIN, central=CENTRAL, log_archive=None),
        governs=("Workloads",),
        opt_in=(),
        control_tower=ControlTower(enabled_on=("Workloads", "Workloads/Prod"), key="shared", origin=HERE),
        origin=HERE,
    ),
    roles=Roles(read="r", deploy="d", backup="b-AWSBackup"),
    keys=(Key(name="shared", kind=KeyKind.MULTI_REGION, account=MANAGEMENT, arn=KEY, ours=False, origin=HERE),),
    vaults=(),
    plans=(),
    objectives=(),
    retention=(),
    settings=Settings(opt_in=(), cross_account_backup=False, delegated_administrator=None),
)
DONE = Deployment(
    observed_at=datetime(2026, 11, 21, tzinfo=UTC),
    organization_id="o-abc",
    management_account=MANAGEMENT,
    root_id="r-1",
    units=(
        OrganizationalUnit(id="ou-1", name="Workloads", path="Workloads"),
        OrganizationalUnit(id="ou-2", name="Prod", path="Workloads/Prod"),
    ),
    accounts=(MANAGEMENT, ADMIN, CENTRAL),
    policy_types=(PolicyType.BACKUP,),
    trusted_services=("backup.amazonaws.com",),
    stack_sets_trusted=True,
    delegated_administrators=(),
    global_settings=(),
    opt_in=(),
    policies=(),
    stacks=(),
    stack_sets=(),
    control_tower=TOWER,
)


def with_tower(**parts):
    return replace(DONE, control_tower=replace(TOWER, **parts))


def actions(deployed, estate=ESTATE):
    planned = plan_changes(estate, deployed, plan_id="tiers-1")
    assert planned.plan is not None, planned.findings
    return [step.action for step in planned.plan.steps]


def found(deployed, estate=ESTATE, severity=Severity.ERROR):
    """Code and message of what was found."""
    findings = plan_changes(estate, deployed, plan_id="tiers-1").findings
    return [(each.code, each.message) for each in findings if each.severity is severity]


def test_a_baseline_that_is_there_needs_no_step():
    """Every OU has it, in the newest version, and no account lacks it."""
    assert actions(DONE) == []


def test_the_baseline_is_enabled_from_above():
    """A parent before its child, in whatever order they are written."""
    estate = replace(ESTATE, organization=replace(ESTATE.organization, control_tower=ControlTower(
        enabled_on=("Workloads/Prod", "Workloads"), key="shared", origin=HERE)))  # fmt: skip
    wanted = [
        EnableBaseline(
            baseline="arn:baseline", version="1.0", target=f"arn:aws:organizations::111111111111:ou/o-abc/{unit}", target_id=unit
        )
        for unit in ("ou-1", "ou-2")
    ]
    assert actions(with_tower(baselines=()), estate) == wanted


def test_aws_backup_comes_into_the_landing_zone_first():
    """Central vaults are made before any account copies into them."""
    first, *rest = actions(with_tower(landing_zone=BARE, baselines=()))
    assert first == IntegrateBackup(landing_zone=ZONE.arn, backup_admin=ADMIN, central=CENTRAL, key_arn=KEY)
    assert [type(each).__name__ for each in rest] == ["EnableBaseline", "EnableBaseline"]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({"drifted": True}, ResetBaseline(arn="arn:baseline/ou-2", target_id="ou-2")),
        ({"status": "FAILED"}, ResetBaseline(arn="arn:baseline/ou-2", target_id="ou-2")),
        ({"version": "0.9"}, UpdateBaseline(arn="arn:baseline/ou-2", version="1.0", target_id="ou-2")),
    ],
    ids=["drifted", "failed", "outdated"],
)
def test_what_is_not_as_it_should_be_is_mended(there, wanted):
    """An account that was moved in, a failure, an old version: each has its own call."""
    assert actions(with_tower(baselines=(enabled("ou-1"), enabled("ou-2", **there)))) == [wanted]


def test_an_operation_under_way_is_waited_for():
    """The step of a run before the crash is finished, not repeated."""
    [action] = actions(with_tower(baselines=(enabled("ou-1"), enabled("ou-2", status="UNDER_CHANGE"))))
    assert (type(action), action.target_id) == (EnableBaseline, "ou-2")


def test_without_a_landing_zone_nothing_is_planned():
    """The absence is named before the first write."""
    assert found(with_tower(landing_zone=None)) == [("ORG007", "Control Tower has no landing zone in eu-west-2")]


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ({"version": "3.0"}, "the landing zone has version 3.0, AWS Backup needs 3.1"),
        ({"status": "FAILED"}, "the last operation on the landing zone failed"),
        ({"config": False}, "the landing zone does not use AWS Config, which the backup baseline needs"),
    ],
)
def test_a_landing_zone_that_is_not_ready_is_named(zone, message):
    """Version, state and AWS Config come before the baseline."""
    assert found(with_tower(landing_zone=replace(ZONE, **zone))) == [("ORG007", message)]


def test_a_landing_zone_that_has_drifted_is_a_warning():
    """Somebody changed what Control Tower set up: it is said, and nothing of the strategy waits for it."""
    deployed = with_tower(landing_zone=replace(ZONE, drifted=True))
    assert [code for code, _ in found(deployed, severity=Severity.WARNING)] == ["ORG007"]
    assert actions(deployed) == []


def test_version_numbers_are_numbers():
    """3.10 comes after 3.1."""
    assert found(with_tower(landing_zone=replace(ZONE, version="3.10"))) == []


def test_a_region_that_control_tower_does_not_govern_is_a_warning():
    """The baseline makes no vault there; StackSets do, so that the plan is made."""
    zone = replace(ZONE, regions=(HOME,))
    [(code, message)] = found(with_tower(landing_zone=zone), severity=Severity.WARNING)
    assert (code, message) == ("ORG007", "Control Tower does not govern eu-west-1: its baseline makes no vault there")
    assert found(with_tower(landing_zone=zone)) == []


def test_an_enrolled_account_can_t_become_a_central_one():
    """Control Tower takes accounts that are not enrolled; once AWS Backup is integrated they are its own."""
    deployed = with_tower(landing_zone=BARE, baselines=(), enrolled=(CENTRAL,))
    assert [code for code, _ in found(deployed)] == ["ORG008"]
    assert found(with_tower(enrolled=(CENTRAL,))) == []


def test_other_accounts_in_the_landing_zone_are_named():
    """Control Tower keeps its accounts: the strategy has to name the same."""
    [(code, message)] = found(with_tower(landing_zone=replace(ZONE, central="999999999999")))
    assert (code, "account 999999999999 as central, the strategy has 333333333333" in message) == ("ORG008", True)


def test_a_key_without_a_replica_is_found_before_the_first_write():
    """Every governed Region needs one; the update of the landing zone would fail."""
    deployed = with_tower(landing_zone=BARE, baselines=(), replicas=((HOME, "o-abc"),))
    assert found(deployed) == [("ORG009", "key shared has no replica in eu-west-1, which Control Tower governs")]


def test_a_replica_that_the_same_plan_makes_is_not_missing():
    """Stacks of the strategy's own keys come before the landing zone."""
    estate = replace(ESTATE, keys=(replace(ESTATE.keys[0], ours=True),))
    assert found(with_tower(landing_zone=BARE, baselines=(), replicas=((HOME, "o-abc"),)), estate) == []


def test_a_replica_whose_policy_leaves_the_organization_out_is_named():
    """Replicas have policies of their own."""
    deployed = with_tower(landing_zone=BARE, baselines=(), replicas=((SECOND, "{}"), (HOME, "o-abc")))
    [(code, message)] = found(deployed, severity=Severity.WARNING)
    assert (code, "the policy of key shared in eu-west-1" in message) == ("ORG009", True)


def test_a_key_that_can_t_be_read_is_no_pass():
    """The plan is made, with a warning that the replicas are not known."""
    [(code, message)] = found(with_tower(landing_zone=BARE, baselines=(), replicas=None), severity=Severity.WARNING)
    assert (code, "is unknown" in message) == ("ORG009", True)


OWN = replace(ESTATE, keys=(replace(ESTATE.keys[0], arn=None, ours=True),))
KEY_STACK = DeployedStack(
    account=MANAGEMENT,
    region=HOME,
    name="tiers-key-shared",
    status="CREATE_COMPLETE",
    template='{"Resources":{}}',
    parameters=(),
    owner="tiers",
    outputs=(("KeyArn", KEY), ("KeyId", "mrk-1")),
)


def test_a_key_that_the_same_plan_makes_gives_the_landing_zone_its_arn():
    """One apply does: the step reads the ARN from the stack that a step before has made; the baselines follow."""
    deployed = with_tower(landing_zone=BARE, baselines=(), replicas=None)
    first, *rest = actions(deployed, OWN)
    made = StackOutput(parameter="kmsKeyArn", account=MANAGEMENT, region=HOME, stack="tiers-key-shared", output="KeyArn")
    assert (first.key_arn, first.outputs) == ("", (made,))
    assert [type(each).__name__ for each in rest] == ["EnableBaseline", "EnableBaseline"]
    assert found(deployed, OWN) == found(deployed, OWN, severity=Severity.WARNING) == []


def test_a_key_that_is_made_already_is_known_by_its_stack():
    """After a run that stopped in between nothing is left to be read."""
    first, *_ = actions(replace(with_tower(landing_zone=BARE, baselines=()), stacks=(KEY_STACK,)), replace(OWN, stacks=(stack(),)))
    assert (first.key_arn, first.outputs) == (KEY, ())


def stack():
    """The stack of the key, as the strategy wants it."""
    return Stack(name="tiers-key-shared", account=MANAGEMENT, region=HOME, template='{"Resources":{}}', parameters=())


def test_a_region_without_a_replica_is_found_for_a_key_that_is_not_there_yet():
    """Replicas come to the strategy's Regions alone."""
    zone = replace(BARE, regions=(HOME, SECOND, Region("us-east-1")))
    assert found(with_tower(landing_zone=zone, baselines=()), OWN) == [
        ("ORG009", "key shared has no replica in us-east-1, which Control Tower governs")
    ]


@pytest.mark.parametrize(
    "keys", [(), (replace(ESTATE.keys[0], kind=KeyKind.PER_ACCOUNT, arn=None, ours=True),)], ids=["none", "one-region"]
)
def test_a_baseline_without_a_key_is_found_before_the_first_write(keys):
    """It could not be enabled, and an apply that leaves it out would not have done what is declared."""
    estate = replace(ESTATE, keys=keys)
    message = "AWS Backup is not in the landing zone yet, and the strategy names no multi-region key for it"
    assert found(with_tower(landing_zone=BARE, baselines=()), estate) == [("ORG009", message)]
    assert found(DONE, estate) == []  # Control Tower knows its key already


def test_an_ou_that_is_not_registered_is_named():
    """AWSControlTowerBaseline comes before the backup baseline."""
    assert found(with_tower(governed=("ou-1",))) == [("ORG010", "OU Workloads/Prod is not registered with Control Tower")]


def test_an_ou_below_one_without_the_baseline_is_named():
    """Strictly from above."""
    tower = ControlTower(enabled_on=("Workloads/Prod",), key="shared", origin=HERE)
    estate = replace(ESTATE, organization=replace(ESTATE.organization, control_tower=tower))
    [(code, message)] = found(with_tower(baselines=()), estate)
    assert (code, "its parent Workloads has none" in message) == ("ORG010", True)
    assert found(with_tower(baselines=(enabled("ou-1"),)), estate) == []


def test_an_unknown_ou_is_named_with_those_there_are():
    """A mistyped OU is found before the first write."""
    tower = ControlTower(enabled_on=("Worklods",), key="shared", origin=HERE)
    estate = replace(ESTATE, organization=replace(ESTATE.organization, control_tower=tower))
    assert found(DONE, estate) == [("ORG001", "organizational unit 'Worklods' is not one OU of organization o-abc")]


def test_the_baseline_needs_room_for_its_service_control_policy():
    """An OU with ten of them can't take Control Tower's."""
    full = AttachedPolicies(type=PolicyType.SERVICE_CONTROL, target_id="ou-2", names=tuple(f"p-{number}" for number in range(10)))
    deployed = replace(with_tower(baselines=(enabled("ou-1"),)), attached=(full,))
    [(code, message)] = found(deployed)
    assert (code, "would have 11 service control policies" in message) == ("ORG004", True)
    assert found(replace(DONE, attached=(full,))) == []


def test_accounts_that_are_enrolled_meanwhile_do_not_stop_a_plan():
    """A plan stays valid when accounts join, and not when a baseline is enabled by somebody else."""
    plan = plan_changes(ESTATE, with_tower(baselines=(enabled("ou-1"),)), plan_id="tiers-1").plan
    assert plan is not None
    same = replace(TOWER, baselines=(enabled("ou-1"),), enrolled=(*TOWER.enrolled, AccountId("666666666666")))
    assert moved(plan, replace(DONE, control_tower=same)) == ()
    assert moved(plan, DONE) == ("Control Tower",)
    assert {subject_of(step.action) for step in plan.steps} == {"Control Tower"}


def test_a_plan_of_baselines_survives_json():
    """Writing and reading a plan file gives the same plan, whatever its steps."""
    drifted = (enabled("ou-1", version="0.1"), enabled("ou-2", drifted=True))
    for deployed in (with_tower(landing_zone=BARE, baselines=()), with_tower(baselines=drifted)):
        plan = plan_changes(ESTATE, deployed, plan_id="tiers-1").plan
        assert plan is not None
        assert changeplan.from_json(json.loads(json.dumps(changeplan.to_json(plan))), file="p.json") == plan
