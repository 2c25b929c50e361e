"""Each role is enough for its work and no more: the evaluator is asked, with guard rails in place and the policies of vaults and keys."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import botocore.session
import pytest

from strongroom import facts
from strongroom.aws.permissions import TEST_ACTIONS
from strongroom.compiler import compile_strategy
from strongroom.compiler.roles import tests as roles_of_tests
from strongroom.compiler.roles.people import grants
from strongroom.domain.access import PolicyText
from strongroom.domain.governance import Forbidden, GuardRails
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.domain.roles import MadeRole, RolePurpose, Roles, Trust
from strongroom.domain.strategy import ControlTower, Pick, RestoreTest, TagTerm
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.calls import Maker, Operation, Places, Verdict, calls_of, judge, unsupported
from strongroom.semantics.authorization.model import Context
from strongroom.workflows.testing import foreseeing

_spec = importlib.util.spec_from_file_location("deployed_rights", Path(__file__).with_name("deployed_rights.py"))
rights = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rights)
CENTRAL, LEDGER, LOGS, SHOP, STRANGER = rights.CENTRAL, rights.LEDGER, rights.LOGS, rights.SHOP, rights.STRANGER
access, key_arn, role_arn, vault_arn = rights.access, rights.key_arn, rights.role_arn, rights.vault_arn

HERE = FileOrigin("strategy.yaml", 9, 1)
NAMES = {purpose: f"tiers-{purpose.value.replace('_', '-')}" for purpose in RolePurpose}
PEOPLE = tuple(RolePurpose)
OPERATORS = (RolePurpose.RECOVERY, RolePurpose.TESTER, RolePurpose.BACKUP_TEAM, RolePurpose.WORKLOAD_TEAM)
# What the work of each role starts; whatever else it may do only reads.
STARTS = {
    RolePurpose.READ: (),
    RolePurpose.RECOVERY: (Operation.RESTORE, Operation.COPY, Operation.COPY_BACK),
    RolePurpose.TESTER: (Operation.RESTORE, Operation.COPY, Operation.COPY_BACK),
    RolePurpose.BACKUP_TEAM: (Operation.BACKUP, Operation.RESTORE, Operation.COPY, Operation.COPY_BACK),
    RolePurpose.WORKLOAD_TEAM: (Operation.RESTORE,),
}
JOBS = {
    Operation.BACKUP: "tiers-AWSBackup",
    Operation.COPY: "tiers-AWSBackup",
    Operation.COPY_BACK: "tiers-AWSBackup",
    Operation.EXPIRE: "tiers-AWSBackup",
    Operation.RESTORE: "tiers-AWSBackup-restore",
    Operation.RESTORE_TEST: "tiers-AWSBackup-restore-test",
}
ASSUMES = PolicyText(
    name="assumes",
    text='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}',
    origin=HERE,
)
SNAPSHOT = "arn:aws:ec2:eu-west-2::snapshot/snap-00000000000000000"
POINT = f"arn:aws:backup:eu-west-2:{SHOP}:recovery-point:00000000"


def declared(strategy, build, *types, trust=None):
    """The demo for some types, with every role, a restore test and all guard rails."""
    trust = trust or Trust(accounts=("222222222222",), mfa=True)
    select = replace(build.tagged(("environment", "prod")), types=types)
    plan = build.plan(select=select, rules=(build.rule(copies=(build.copy("central", keep=366), build.copy("dr", keep=366))),))
    test = RestoreTest(
        name="weekly",
        schedule="cron(0 10 ? * SUN *)",
        timezone="UTC",
        select=select,
        vaults=("local",),
        pick=Pick.LATEST,
        within_days=30,
        start_within_hours=24,
        validate_within_hours=0,
        origin=HERE,
    )
    roles = Roles(
        read="tiers-read",
        deploy="strongroom-deploy",
        backup=JOBS[Operation.BACKUP],
        restore=JOBS[Operation.RESTORE],
        restore_test=JOBS[Operation.RESTORE_TEST],
        made=tuple(MadeRole(purpose=purpose, name=name, trust=trust, origin=HERE) for purpose, name in NAMES.items()),
    )
    return replace(
        strategy,
        plans=(plan,),
        roles=roles,
        restore_tests=(test,),
        organization=replace(strategy.organization, opt_in=types or tuple(ResourceType)),
        guard_rails=GuardRails(deny=tuple(Forbidden), exempt=("break-glass",), attach_to=("Workloads",), origin=HERE),
    )


def places(operation, caller=""):
    """Where an operation happens in the shop's account; a copy comes back from the central one."""
    local, central = vault_arn(SHOP, "tiers-local"), vault_arn(CENTRAL, "tiers-central")
    here, there = key_arn(SHOP), key_arn(CENTRAL)
    inside = f"{rights.ORGANIZATION}/{rights.ROOT}"
    if operation is Operation.COPY_BACK:
        return Places(
            job_role=role_arn(CENTRAL, JOBS[operation]),
            vault=central,
            vault_key=there,
            source_key=there,
            destination_vault=local,
            destination_key=here,
            destination_path=f"{inside}/{rights.WORKLOADS}/",
            caller=role_arn(CENTRAL, caller) if caller else "",
        )
    copies = {"destination_vault": central, "destination_key": there, "destination_path": f"{inside}/{rights.SECURITY}/"}
    return Places(
        job_role=role_arn(SHOP, JOBS[operation]),
        vault=local,
        vault_key=here,
        source_key=here,
        restored_key=here,
        caller=role_arn(SHOP, caller) if caller else "",
        **(copies if operation is Operation.COPY else {}),
    )


def refused(estate, operation, kind, caller=""):
    """The calls of an operation that aren't allowed for certain, as (maker, action)."""
    where = places(operation, caller)
    judged = judge(Authorizer(access(estate, rails=True)), calls_of(operation, kind, where))
    assert judged
    return [(each.call.maker, each.call.action, each.decision.because) for each in judged if each.verdict is not Verdict.ALLOWED]


@pytest.fixture(scope="module")
def estate(three_tiers_once, builders):
    """Every type, every role."""
    return compile_strategy(declared(three_tiers_once, builders))


@pytest.fixture(scope="module")
def authorizer(estate):
    return Authorizer(access(estate))


@pytest.mark.parametrize(
    ("operation", "kind"),
    [(operation, kind) for operation in JOBS for kind in ResourceType if not unsupported(operation, kind, places(operation))],
)
def test_roles_of_jobs_are_enough_for_each_type_alone(three_tiers, build, operation, kind):
    """A strategy for one type has what every job of that type calls: keys, vaults and guard rails included, also on the way back."""
    assert refused(compile_strategy(declared(three_tiers, build, kind)), operation, kind) == []


@pytest.mark.parametrize(
    ("kind", "role", "policies"),
    [
        (ResourceType.RDS, "tiers-AWSBackup", ["AWSBackupServiceRolePolicyForBackup"]),
        (ResourceType.RDS, "tiers-AWSBackup-restore", ["AWSBackupServiceRolePolicyForRestores"]),
        (ResourceType.S3, "tiers-AWSBackup", ["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup"]),
        (ResourceType.S3, "tiers-AWSBackup-restore", ["AWSBackupServiceRolePolicyForRestores", "AWSBackupServiceRolePolicyForS3Restore"]),
        (ResourceType.SAP_HANA, "tiers-AWSBackup-restore", ["AWSBackupServiceRolePolicyForRestores", "AWSBackupRestoreAccessForSAPHANA"]),
        (ResourceType.SAP_HANA, "tiers-AWSBackup", ["AWSBackupServiceRolePolicyForBackup"]),
    ],
)
def test_roles_of_jobs_hold_the_policies_of_types_in_use_alone(three_tiers, build, kind, role, policies):
    """What nobody selects needs no permission."""
    made = access(compile_strategy(declared(three_tiers, build, kind))).principals
    (found,) = [each for each in made if each.arn == role_arn(SHOP, role)]
    assert [policy.name.rpartition("/")[2] for policy in found.identity] == policies


def test_the_role_of_backups_can_not_restore_nor_the_other_way_round(authorizer):
    """Who takes over one of them has not the other's permissions."""
    for role, action in (
        ("tiers-AWSBackup", "rds:RestoreDBInstanceFromDBSnapshot"),
        ("tiers-AWSBackup", "s3:PutObject"),
        ("tiers-AWSBackup-restore", "rds:CreateDBSnapshot"),
        ("tiers-AWSBackup-restore", "rds:DeleteDBSnapshot"),
        ("tiers-AWSBackup-restore-test", "ec2:CreateSnapshot"),
    ):
        arn = "arn:aws:s3:::example/a" if action.startswith("s3:") else f"arn:aws:rds:eu-west-2:{SHOP}:snapshot:awsbackup:job-1"
        assert authorizer.decide(role_arn(SHOP, role), action, arn, owner=SHOP).verdict is Verdict.DENIED


@pytest.mark.parametrize("purpose", OPERATORS)
def test_roles_of_people_are_enough_for_their_work(estate, purpose):
    """What a person calls for each operation is allowed, for every type; what the jobs then call is asked above."""
    for operation in STARTS[purpose]:
        for kind in (each for each in ResourceType if not unsupported(operation, each, places(operation))):
            made_by_caller = [each for each in refused(estate, operation, kind, NAMES[purpose]) if each[0] is Maker.CALLER]
            assert made_by_caller == []


@pytest.mark.parametrize("purpose", PEOPLE)
def test_roles_of_people_hold_no_action_that_their_work_does_not_use(estate, purpose):
    """Each action only reads, or an operation of the role starts with it."""
    started = set()
    for operation in STARTS[purpose]:
        where = places(operation, NAMES[purpose])
        started |= {call.action for call in calls_of(operation, ResourceType.EFS, where) if call.maker is Maker.CALLER}
    tests = {grant.sid for grant in roles_of_tests.testing(estate)} if purpose is RolePurpose.TESTER else {"MarkRestored"}  # asked below
    held = [action for grant in grants(estate, purpose) if grant.sid not in tests for action in grant.actions]
    reading = [action for action in held if action.partition(":")[2].startswith(("Describe", "Get", "List"))]
    assert set(held) - set(reading) == {action for action in started if not action.partition(":")[2].startswith("Get")}
    assert all(grant.why and list(grant.actions) == sorted(set(grant.actions)) for grant in grants(estate, purpose))


def forbidden():
    """Whatever can be done to backups, and every way to more permissions: but for restores and copies, which some roles are for."""
    needs = {(need.action, need.on) for deed in facts.deeds() for way in deed.ways for need in way.needs}
    needs |= {(action, escalation.on) for escalation in facts.escalations() for action in escalation.actions}
    needs |= {
        ("kms:CreateKey", "everything"),
        ("iam:CreateRole", "role"),
        ("sts:AssumeRole", "role"),
        ("backup:CreateBackupVault", "vault"),
    }
    return sorted(
        needs - {("backup:StartRestoreJob", "recovery point"), ("backup:StartCopyJob", "recovery point"), ("iam:PassRole", "role")}
    )


@pytest.mark.parametrize(("action", "on"), forbidden())
@pytest.mark.parametrize("purpose", PEOPLE)
def test_roles_of_people_may_do_none_of_what_harms_backups(authorizer, purpose, action, on):
    """Without a guard rail or a vault's policy in the way: the role itself doesn't have it."""
    bare = vault_arn(SHOP, "bare")
    arn = {
        "vault": bare,
        "recovery point": POINT if action.startswith("backup:") else SNAPSHOT,
        "key": key_arn(SHOP),
        "role": role_arn(SHOP, "tiers-AWSBackup"),
    }.get(on, "*")
    guard = bare if arn == POINT else ""
    # what the tester may do goes by the tags of a test, which nothing that is to be kept carries
    context = Context(values=MappingProxyType({}), complete=purpose is RolePurpose.TESTER)
    decision = authorizer.decide(role_arn(SHOP, NAMES[purpose]), action, arn, context, owner=SHOP, guard=guard)
    assert decision.verdict is Verdict.DENIED


def tagged(**tags):
    return Context(values=MappingProxyType({name: (text,) for name, text in tags.items()}), complete=True)


VOLUME, TABLE = f"arn:aws:ec2:eu-west-2:{SHOP}:volume/vol-1", f"arn:aws:dynamodb:eu-west-2:{SHOP}:table/"
DATABASE = f"arn:aws:rds:eu-west-2:{SHOP}:db:"
A_TEST = {"aws:ResourceTag/strongroom:test-run": "test-1"}
MARKS = {"aws:TagKeys": "strongroom:test-run"}


@pytest.mark.parametrize(
    ("action", "arn", "context", "verdict"),
    [
        ("dynamodb:DeleteTable", TABLE + "strongroom-test-1", {}, Verdict.ALLOWED),
        ("dynamodb:DeleteTable", TABLE + "orders", A_TEST, Verdict.DENIED),
        ("dynamodb:Scan", TABLE + "orders", A_TEST, Verdict.DENIED),
        ("rds:DeleteDBInstance", DATABASE + "strongroom-test-1", {}, Verdict.ALLOWED),
        ("rds:DeleteDBInstance", DATABASE + "ledger", A_TEST, Verdict.DENIED),
        ("rds:AddTagsToResource", DATABASE + "ledger", MARKS, Verdict.DENIED),
        ("ec2:DeleteVolume", VOLUME, A_TEST, Verdict.ALLOWED),
        ("ec2:DeleteVolume", VOLUME, {}, Verdict.DENIED),
        ("ec2:CreateTags", VOLUME, MARKS, Verdict.ALLOWED),
        ("ec2:CreateTags", VOLUME, {**MARKS, "aws:ResourceTag/environment": "prod"}, Verdict.DENIED),
        ("ec2:CreateTags", VOLUME, {"aws:TagKeys": "environment"}, Verdict.DENIED),
        ("ec2:DeleteSnapshot", SNAPSHOT, {"aws:ResourceTag/strongroom:examines": "vol-1"}, Verdict.ALLOWED),
    ],
)
def test_the_tester_touches_what_tests_have_made_and_nothing_else(authorizer, action, arn, context, verdict):
    """By name where it has one of ours, else by a mark that nothing gets which a plan selects by a tag."""
    assert authorizer.decide(role_arn(SHOP, NAMES[RolePurpose.TESTER]), action, arn, tagged(**context), owner=SHOP).verdict is verdict


@pytest.mark.parametrize(("key", "verdict"), [("strongroom:restore", Verdict.ALLOWED), ("strongroom:test-run", Verdict.DENIED)])
def test_recovery_marks_what_it_restored_and_makes_nothing_a_test(authorizer, key, verdict):
    """A tag by which the tester may delete is not its to give."""
    context = tagged(**{"aws:TagKeys": key})
    for action, arn in (("ec2:CreateTags", VOLUME), ("rds:AddTagsToResource", DATABASE + "ledger-restored")):
        assert authorizer.decide(role_arn(SHOP, NAMES[RolePurpose.RECOVERY]), action, arn, context, owner=SHOP).verdict is verdict


def test_the_tester_names_buckets_of_tests_alone(estate):
    """Whose policies may allow more than the role: it asks for nothing of any other bucket, and AWS's own tests are only read."""
    found = [grant for grant in roles_of_tests.testing(estate) if any(action.startswith("s3:") for action in grant.actions)]
    named = {grant.sid: [json.dumps(each) for each in grant.resources if "s3" in json.dumps(each)] for grant in found}
    assert list(named) == ["MarkTests", "ReadTests", "DeleteTests"]
    assert all(":s3:::strongroom-test-*" in each for each in (*named["MarkTests"], *named["DeleteTests"]))
    assert all(":s3:::strongroom-test-*" in each or ":s3:::awsbackup-restore-test*" in each for each in named["ReadTests"])


SYSTEM, INSTANCE = f"arn:aws:elasticfilesystem:eu-west-2:{SHOP}:file-system/fs-1", f"arn:aws:ec2:eu-west-2:{SHOP}:instance/i-1"
CLEARED = {  # calls that mark, read and delete, by type
    ResourceType.EBS: (("ec2:CreateTags", VOLUME), ("ec2:CreateSnapshot", VOLUME), ("ec2:DeleteVolume", VOLUME)),
    ResourceType.EC2: (
        ("ec2:CreateTags", INSTANCE),
        ("ec2:ModifyInstanceAttribute", INSTANCE),
        ("ec2:TerminateInstances", INSTANCE),
    ),
    ResourceType.EFS: (
        ("elasticfilesystem:TagResource", SYSTEM),
        ("elasticfilesystem:DeleteMountTarget", SYSTEM),
        ("elasticfilesystem:DeleteFileSystem", SYSTEM),
    ),
}


@pytest.mark.parametrize(
    ("select", "kept"),
    [
        ({"tags": ("environment",)}, set()),
        ({"tags": ("environment",), "types": (ResourceType.EBS,)}, set()),
        ({"types": (ResourceType.DYNAMODB, ResourceType.S3)}, set()),
        ({"types": (ResourceType.EFS,)}, {ResourceType.EFS}),
        ({"types": (ResourceType.EC2,)}, {ResourceType.EC2}),
        ({"types": (ResourceType.EBS,)}, {ResourceType.EBS, ResourceType.EC2}),  # an instance goes with its volumes
        ({"types": tuple(ResourceType)}, set(CLEARED)),
        ({"not_types": (ResourceType.EBS, ResourceType.EC2)}, {ResourceType.EFS}),
        ({"not_tags": ("backup",)}, set(CLEARED)),
        ({"arns": ("arn:aws:elasticfilesystem:*:*:file-system/*",)}, {ResourceType.EFS}),
        ({"arns": ("arn:aws:ec2:*:*:volume/vol-1",)}, {ResourceType.EBS, ResourceType.EC2}),
        ({"arns": ("arn:aws:rds:*:*:db:ledger",)}, set()),
        ({"arns": ("arn:aws:*",)}, set(CLEARED)),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else ",".join(sorted(each)) or "none",  # sets have no order
)
def test_the_tester_deletes_by_id_only_what_a_tag_tells_from_the_protected(three_tiers, build, select, kept):
    """Of types that some plan selects without a tag it marks, reads and deletes nothing, and the test knows it beforehand."""
    tags = {name: tuple(TagTerm(key=key, values=("prod",)) for key in select.get(name, ())) for name in ("tags", "not_tags")}
    strategy = declared(three_tiers, build)
    tagged_plan = strategy.plans[0]
    other = replace(tagged_plan, name="other", select=replace(tagged_plan.select, **{**select, **tags}))
    estate = compile_strategy(replace(strategy, plans=(tagged_plan, other)))
    authorizer, role = Authorizer(access(estate)), role_arn(SHOP, NAMES[RolePurpose.TESTER])
    allowed = {
        kind
        for kind, calls in CLEARED.items()
        for action, arn in calls
        if authorizer.decide(role, action, arn, tagged(**A_TEST, **MARKS), owner=SHOP).verdict is Verdict.ALLOWED
    }
    assert allowed == set(CLEARED) - kept
    assert roles_of_tests.not_taken_away(estate, NAMES[RolePurpose.TESTER]) == kept
    for kind in allowed:
        for action, arn in CLEARED[kind]:
            assert authorizer.decide(role, action, arn, tagged(**A_TEST, **MARKS), owner=SHOP).verdict is Verdict.ALLOWED


@pytest.mark.parametrize("kind", sorted(foreseeing.CALLS))
def test_the_tester_may_make_the_calls_that_are_foreseen(authorizer, kind):
    """What a test asks the ledger about before it begins is what its role is made for."""
    marked = tagged(**A_TEST, **MARKS)
    for action, form in foreseeing.CALLS[kind]:
        arn = f"arn:aws:{form.format(region='eu-west-2', account=SHOP, name='strongroom-test-1')}"
        decision = authorizer.decide(role_arn(SHOP, NAMES[RolePurpose.TESTER]), action, arn, marked, owner=SHOP)
        # of a bucket that isn't there yet nobody knows the policy
        assert decision.verdict is (Verdict.UNKNOWN if kind is ResourceType.S3 else Verdict.ALLOWED), decision.because
        assert "resource policy" in decision.missing[0] if decision.missing else kind is not ResourceType.S3


def test_the_page_of_permissions_lists_what_the_tester_may(estate):
    """Whoever makes a role for tests by hand finds everything there that ours has for them, and nothing that it lacks."""
    assert {action for grant in roles_of_tests.testing(estate) for action in grant.actions} <= set(TEST_ACTIONS)
    assert set(TEST_ACTIONS) <= {action for grant in grants(estate, RolePurpose.TESTER) for action in grant.actions}


def test_what_a_role_can_not_take_away_is_known_of_roles_of_the_strategy(estate):
    """The one for recovery deletes nothing; of a role that others make nobody knows."""
    assert roles_of_tests.not_taken_away(estate, NAMES[RolePurpose.RECOVERY]) == frozenset(ResourceType)
    assert roles_of_tests.not_taken_away(estate, "strongroom-deploy") == frozenset()


def test_tags_of_control_towers_plans_protect_as_well(three_tiers, build):
    """Its baseline backs up what carries them, and no plan of the strategy says so."""
    strategy = declared(three_tiers, build)
    tower = ControlTower(enabled_on=("Workloads",), key=None, origin=HERE)
    estate = replace(compile_strategy(strategy), organization=replace(strategy.organization, control_tower=tower))
    (marking,) = [grant for grant in roles_of_tests.testing(estate) if grant.sid == "MarkTestsById"]
    assert marking.condition is not None
    assert marking.condition["Null"]["aws:ResourceTag/aws-control-tower-backupdaily"] == "true"


@pytest.mark.parametrize("purpose", OPERATORS)
def test_roles_of_people_pass_roles_of_jobs_to_aws_backup_alone(authorizer, purpose):
    """No other role, and to no service that would run somebody's code with it."""
    caller = role_arn(SHOP, NAMES[purpose])

    def passing(role, service):
        context = Context(values=MappingProxyType({"iam:PassedToService": (service,)}))
        return authorizer.decide(caller, "iam:PassRole", role_arn(SHOP, role), context).verdict

    assert passing("tiers-AWSBackup-restore", "backup.amazonaws.com") is Verdict.ALLOWED
    assert passing("tiers-AWSBackup-restore", "lambda.amazonaws.com") is Verdict.DENIED
    assert passing("somebody", "backup.amazonaws.com") is Verdict.DENIED
    assert passing("tiers-AWSBackup-restore-test", "backup.amazonaws.com") is Verdict.DENIED


def test_backup_team_backs_up_into_the_strategys_vaults_alone(authorizer):
    """Not into a vault that nothing guards."""
    caller = role_arn(SHOP, NAMES[RolePurpose.BACKUP_TEAM])
    verdicts = [authorizer.decide(caller, "backup:StartBackupJob", vault_arn(SHOP, name)).verdict for name in ("tiers-local", "bare")]
    assert verdicts == [Verdict.ALLOWED, Verdict.DENIED]


@pytest.mark.parametrize("action", ["backup:ListRecoveryPointsByBackupVault", "backup:StartRestoreJob", "backup:DescribeRecoveryPoint"])
def test_workload_team_sees_and_restores_nothing_of_other_accounts(authorizer, action):
    """Also where another account shares an air-gapped vault with this one."""
    caller = role_arn(SHOP, NAMES[RolePurpose.WORKLOAD_TEAM])
    for owner, verdict in ((SHOP, Verdict.ALLOWED), (CENTRAL, Verdict.DENIED), (STRANGER, Verdict.DENIED)):
        context = Context(values=MappingProxyType({"aws:ResourceAccount": (owner,), "aws:PrincipalAccount": (SHOP,)}), complete=True)
        arn = vault_arn(SHOP, "tiers-local") if owner == SHOP else vault_arn(owner, "island")
        assert authorizer.decide(caller, action, arn, context).verdict is verdict


def test_workload_team_has_no_role_where_copies_of_others_are_kept(three_tiers, build):
    """Not in the stack of such an account, and not through the StackSet if the account is governed."""
    estate = compile_strategy(declared(three_tiers, build))
    template = json.loads(next(each.template for each in estate.stack_sets if each.name == "tiers-roles"))
    assert template["Resources"]["WorkloadTeamRole"]["Condition"] == "IsWorkloadAccount"
    assert template["Conditions"]["IsWorkloadAccount"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::AccountId"}, CENTRAL]}]}
    for stack in estate.stacks:
        assert NAMES[RolePurpose.WORKLOAD_TEAM] not in stack.template


@pytest.mark.parametrize(
    ("trust", "caller", "verdict"),
    [
        (Trust(accounts=("222222222222",), mfa=True), "222222222222:role/anybody+mfa", Verdict.ALLOWED),
        (Trust(accounts=("222222222222",), mfa=True), "222222222222:role/anybody", Verdict.DENIED),
        (Trust(accounts=("222222222222",), mfa=False), "222222222222:role/anybody", Verdict.ALLOWED),
        (Trust(accounts=("222222222222",), mfa=False), f"{LEDGER}:role/anybody", Verdict.DENIED),
        (Trust(same_account=True, mfa=True), f"{SHOP}:role/anybody+mfa", Verdict.ALLOWED),
        (Trust(same_account=True, mfa=True), f"{LEDGER}:role/anybody+mfa", Verdict.DENIED),
        (Trust(principals=(f"arn:aws:iam::{LOGS}:role/ops/*",), mfa=True), f"{LOGS}:role/ops/anna+mfa", Verdict.ALLOWED),
        (Trust(principals=(f"arn:aws:iam::{LOGS}:role/ops/*",), mfa=True), f"{LOGS}:role/ops/anna", Verdict.DENIED),
        (Trust(principals=(f"arn:aws:iam::{LOGS}:role/ops/*",), mfa=True), f"{LOGS}:role/bob+mfa", Verdict.DENIED),
    ],
)
def test_who_may_assume_a_role_is_who_is_trusted(three_tiers, build, trust, caller, verdict):
    """With a second factor where it is asked for, and by nobody else."""
    estate = compile_strategy(declared(three_tiers, build, trust=trust))
    found = access(estate)
    name, _, factor = caller.partition("+")
    anybody = replace(found.principals[0], account=name[:12], arn=f"arn:aws:iam::{name}", identity=(ASSUMES,), trust=None)
    authorizer = Authorizer(replace(found, principals=(*found.principals, anybody)))
    context = Context(values=MappingProxyType({"aws:MultiFactorAuthPresent": ("true" if factor else "false",)}), complete=True)
    role = role_arn(SHOP, NAMES[RolePurpose.RECOVERY])
    assert authorizer.decide(anybody.arn, "sts:AssumeRole", role, context).verdict is verdict


def test_without_trust_there_are_the_roles_of_jobs_alone(three_tiers):
    """Nothing that a person could assume is made unless somebody says who."""
    estate = compile_strategy(three_tiers)
    for template in (*estate.stack_sets, *estate.stacks):
        for name, resource in json.loads(template.template)["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role" and name != "EnrolRole":  # which opts accounts in, for whoever deploys
                (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
                assert statement["Principal"] == {"Service": "backup.amazonaws.com"}


def test_roles_are_in_the_home_region_and_the_account_of_the_vaults_has_them_once(three_tiers, build):
    """AWS knows a role once in an account; a governed account of vaults gets them from the StackSets."""
    estate = compile_strategy(declared(three_tiers, build))
    assert [(each.name, each.regions) for each in estate.stack_sets if "roles" in each.name] == [("tiers-roles", ("eu-west-2",))]
    found = [(each.account, each.region, each.governed_too) for each in estate.stacks if each.name == "tiers-roles"]
    assert found == [(CENTRAL, "eu-west-2", False)]


@pytest.mark.parametrize("purpose", PEOPLE)
def test_actions_are_aws_backups_own(estate, purpose):
    """A misspelt action allows nothing, and nobody notices."""
    known = set(botocore.session.get_session().get_service_model("backup").operation_names)
    actions = [action for grant in grants(estate, purpose) for action in grant.actions if action.startswith("backup:")]
    assert {action.partition(":")[2] for action in actions} <= known
