"""What is declared and not deployed: named with its reason, and never in the way of what is."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.domain.governance import AlertEvent, Alerts, GuardRails, TagPolicy
from strongroom.domain.names import EVERY_ACCOUNT, AccountId
from strongroom.domain.origin import FileOrigin
from strongroom.domain.stackoutput import StackOutput
from strongroom.domain.strategy import ControlTower, Key, KeyKind, Lock, LockMode, Native, NativeTables, Selection, VaultType

HERE = FileOrigin("strategy.yaml", 7, 3)
MRK = "arn:aws:kms:eu-west-2:333333333333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
LOCK = Lock(mode=LockMode.COMPLIANCE, min_days=7, max_days=400, grace_days=0, origin=HERE)


@pytest.fixture
def shared(three_tiers):
    """The demo on one multi-Region key that nobody has made yet."""
    key = Key(name="backup", kind=KeyKind.MULTI_REGION, account=AccountId("333333333333"), origin=HERE)
    return replace(three_tiers, keys=(key,))


def _with_arn(strategy, **parts):
    return replace(strategy, keys=(replace(strategy.keys[0], arn=MRK, **parts),))


def _stacks(estate):
    return {(stack.name, stack.region): json.loads(stack.template)["Resources"] for stack in estate.stacks}


def test_everything_that_the_demo_declares_is_deployed(three_tiers):
    """The list is empty where nothing is left out."""
    assert compile_strategy(three_tiers).undeployed == ()


def test_air_gapped_vault_is_a_resource_of_its_own_type(three_tiers, build):
    """Range and no key, in the stack of its account; copies into it are in the policy."""
    island = build.vault("island", type=VaultType.AIR_GAPPED, key="", lock=LOCK)
    plan = build.plan(rules=(build.rule(copies=(build.copy("island", keep=366),)),))
    estate = compile_strategy(replace(three_tiers, vaults=(*three_tiers.vaults, island), plans=(plan,)))
    assert estate.undeployed == ()
    (found,) = [
        resource["Properties"]
        for resources in _stacks(estate).values()
        for resource in resources.values()
        if resource["Type"] == "AWS::Backup::LogicallyAirGappedBackupVault"
    ]
    assert (found["BackupVaultName"], found["MinRetentionDays"], found["MaxRetentionDays"]) == ("tiers-island", 7, 400)
    assert {"EncryptionKeyArn", "LockConfiguration"}.isdisjoint(found)
    assert "tiers-island" in estate.policies[0].content


@pytest.fixture
def gapped(three_tiers, build):
    """The demo with an air-gapped vault beside each standard one, and rules that write into it."""
    airgap = build.vault("airgap", account=EVERY_ACCOUNT, regions=(build.home, build.second), type=VaultType.AIR_GAPPED, key="", lock=LOCK)

    def with_plans(*plans):
        return replace(three_tiers, vaults=(*three_tiers.vaults, airgap), plans=plans)

    return with_plans


def test_rule_with_an_air_gapped_target_names_both_vaults_in_its_policy(gapped, build):
    """The standard vault by its name, the other one by an ARN for each account and Region; nothing is on the list."""
    strategy = gapped(build.plan(rules=(build.rule(air_gapped="airgap", copies=(build.copy("central"),)), build.rule("weekly"))))
    estate = compile_strategy(strategy)
    assert estate.undeployed == ()
    rules = json.loads(estate.policies[0].content)["plans"]["production"]["rules"]
    target = "target_logically_air_gapped_backup_vault_arn"
    assert rules["daily"][target] == {"@@assign": "arn:aws:backup:$region:$account:backup-vault:tiers-airgap"}
    assert rules["daily"]["target_backup_vault_name"] == rules["weekly"]["target_backup_vault_name"] == {"@@assign": "tiers-local"}
    assert target not in rules["weekly"]
    rule = estate.plans[0].rules[0]
    assert (rule.label, rule.air_gapped, rule.air_gapped_name) == ("local", "airgap", "tiers-airgap")
    assert rule.copied_to == ("tiers-airgap", "tiers-central")


def test_plan_of_one_account_names_the_air_gapped_vault_beside_it(gapped, build):
    """By the account and Region of its stack."""
    logs = build.plan("logs", account=AccountId("444444444444"), rules=(build.rule(air_gapped="airgap"), build.rule("weekly")))
    stacks = _stacks(compile_strategy(gapped(logs)))
    (plan,) = [each["Properties"] for each in stacks["tiers-plans", build.home].values() if each["Type"] == "AWS::Backup::BackupPlan"]
    daily, weekly = plan["BackupPlan"]["BackupPlanRule"]
    arn = "arn:${AWS::Partition}:backup:${AWS::Region}:${AWS::AccountId}:backup-vault:tiers-airgap"
    assert daily["TargetLogicallyAirGappedBackupVaultArn"] == {"Fn::Sub": arn}
    assert (daily["TargetBackupVault"], "TargetLogicallyAirGappedBackupVaultArn" in weekly) == ("tiers-local", False)


def test_failed_copies_into_an_air_gapped_target_are_alarmed(gapped, build):
    """AWS Backup copies there by itself, without a copy action."""
    alerts = Alerts(emails=("a@example.com",), topic=None, key=None, events=(AlertEvent.COPY_FAILED,), origin=HERE)
    for target, watched in (("airgap", {"tiers-airgap"}), (None, set())):
        estate = compile_strategy(replace(gapped(build.plan(rules=(build.rule(air_gapped=target),))), alerts=alerts))
        made = [resource for each in (*estate.stacks, *estate.stack_sets) for resource in json.loads(each.template)["Resources"].values()]
        names = [each["Properties"] for each in made if each["Properties"].get("MetricName") == "NumberOfCopyJobsFailed"]
        assert {each["Dimensions"][0]["Value"] for each in names} == watched


def test_plan_of_one_account_is_in_no_policy(three_tiers, build):
    """A policy would bring it to every governed account."""
    logs = build.plan("logs", account=AccountId("444444444444"))
    estate = compile_strategy(replace(three_tiers, plans=(*three_tiers.plans, logs)))
    assert [policy.plans for policy in estate.policies] == [("production",), ("staging",), ("development",)]
    assert estate.plans[-1].account == "444444444444"
    assert estate.undeployed == ()
    assert "tiers-plans" in {stack.name for stack in estate.stacks}


def test_key_without_an_arn_has_replicas_and_vaults_by_its_output(shared):
    """Nobody knows its id before: whatever uses the key takes it from the stack that makes it, which comes first."""
    estate = compile_strategy(shared)
    assert estate.undeployed == ()
    assert [(stack.name, stack.region) for stack in estate.stacks][:2] == [
        ("tiers-key-backup", "eu-west-2"),
        ("tiers-key-backup", "eu-west-1"),
    ]
    primary, replica = estate.stacks[:2]
    assert json.loads(primary.template)["Outputs"]["KeyId"]["Value"] == {"Ref": "KeyBackup"}
    assert primary.outputs == ()
    users = [replica, *(stack for stack in estate.stacks if stack.name == "tiers-central"), estate.stack_sets[0]]
    wanted = StackOutput(parameter="KeyBackupId", account="333333333333", region="eu-west-2", stack="tiers-key-backup", output="KeyId")
    assert [user.outputs for user in users] == [(wanted,)] * 4
    assert all("KeyBackupId" in json.loads(user.template)["Parameters"] for user in users)
    made = _stacks(estate)
    arn = "arn:${AWS::Partition}:kms:%s:333333333333:key/${KeyBackupId}"
    assert made["tiers-key-backup", "eu-west-1"]["KeyBackup"]["Properties"]["PrimaryKeyArn"] == {"Fn::Sub": arn % "eu-west-2"}
    assert made["tiers-central", "eu-west-1"]["VaultDr"]["Properties"]["EncryptionKeyArn"] == {"Fn::Sub": arn % "${AWS::Region}"}
    assert len(estate.policies) == 3


def test_what_uses_no_shared_key_asks_for_none(three_tiers):
    """Neither parameters nor outputs are in the way of an ordinary deployment."""
    estate = compile_strategy(three_tiers)
    assert {each.outputs for each in (*estate.stacks, *estate.stack_sets)} == {()}


def test_key_with_an_arn_has_replicas_and_vaults(shared):
    """One primary with rotation, a replica in every other governed Region with a policy of its own, vaults on that of their Region."""
    estate = compile_strategy(_with_arn(shared))
    assert estate.undeployed == ()
    stacks = _stacks(estate)
    primary, replica = stacks["tiers-key-backup", "eu-west-2"]["KeyBackup"], stacks["tiers-key-backup", "eu-west-1"]["KeyBackup"]
    assert (primary["Properties"]["MultiRegion"], primary["Properties"]["EnableKeyRotation"]) == (True, True)
    assert (replica["Type"], replica["Properties"]["PrimaryKeyArn"]) == ("AWS::KMS::ReplicaKey", MRK)
    assert replica["Properties"]["KeyPolicy"] == primary["Properties"]["KeyPolicy"]
    vault = stacks["tiers-central", "eu-west-2"]["VaultCentral"]["Properties"]
    assert vault["EncryptionKeyArn"] == {
        "Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:333333333333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    }
    assert len(estate.policies) == 3


def test_key_of_somebody_else_is_used_and_not_made(shared):
    """Neither the key nor its replicas are in a stack."""
    estate = compile_strategy(_with_arn(shared, ours=False))
    assert {name for name, _ in _stacks(estate)} == {"tiers-central", "tiers-roles"}
    assert estate.undeployed == ()


def test_vaults_of_the_organization_may_be_made_with_a_shared_key(shared):
    """Through AWS Backup alone, and by nobody outside."""
    policy = _stacks(compile_strategy(shared))["tiers-key-backup", "eu-west-2"]["KeyBackup"]["Properties"]["KeyPolicy"]
    statement = next(each for each in policy["Statement"] if each["Sid"] == "VaultsOfTheOrganization")
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}},
        "StringLike": {"kms:ViaService": "backup.*.amazonaws.com"},
    }


def test_rotation_that_is_switched_off_is_off(three_tiers):
    """The template says what the strategy says."""
    estate = compile_strategy(replace(three_tiers, keys=(replace(three_tiers.keys[0], rotated=False),)))
    keys = [each for each in json.loads(estate.stack_sets[0].template)["Resources"].values() if each["Type"] == "AWS::KMS::Key"]
    assert [key["Properties"]["EnableKeyRotation"] for key in keys] == [False]


def test_of_what_stands_around_backups_native_protection_is_named(three_tiers):
    """Alerts, guard rails, tag policy and Control Tower are deployed; native protection is on the list, with its place."""
    organization = replace(three_tiers.organization, control_tower=ControlTower(enabled_on=("Workloads",), key=None, origin=HERE))
    strategy = replace(
        three_tiers,
        organization=organization,
        alerts=Alerts(emails=("a@example.com",), topic=None, key=None, events=(AlertEvent.FAILED,), origin=HERE),
        guard_rails=GuardRails(deny=(), exempt=(), attach_to=("Workloads",), origin=HERE),
        tag_policy=TagPolicy(tags=(), enforced_for=(), attach_to=("Workloads",), origin=HERE),
        native=Native(
            tables=(NativeTables(name="main", select=Selection(origin=HERE), point_in_time_days=35, deletion_protection=None, origin=HERE),)
        ),
    )
    estate = compile_strategy(strategy)
    assert [each.subject for each in estate.undeployed] == ["native tables main"]
    assert {each.origin for each in estate.undeployed} == {HERE}
    assert (estate.alerts, estate.guard_rails, estate.native) == (strategy.alerts, strategy.guard_rails, strategy.native)
