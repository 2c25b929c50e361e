"""The role that deploys: all that CloudFormation calls with it, on things of the strategy, and nothing that destroys backups."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from strongroom import facts, strategyfile
from strongroom.compiler import RESOURCE_TYPES, compile_strategy
from strongroom.compiler.roles.deploying import ACTIONS, PUT_BACK_ACTIONS, STACK_ACTIONS, deploy_grants, deploy_role_template
from strongroom.domain.names import AccountId
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict

_spec = importlib.util.spec_from_file_location("deployed_rights", Path(__file__).with_name("deployed_rights.py"))
rights = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rights)
EXAMPLES = Path(__file__).parents[3] / "examples"
MANAGEMENT = AccountId("111111111111")
NAMED = {  # where a template gives a thing its name, and what its ARN is
    "AWS::Backup::BackupVault": ("BackupVaultName", "arn:aws:backup:{region}:{account}:backup-vault:{name}"),
    "AWS::Backup::LogicallyAirGappedBackupVault": ("BackupVaultName", "arn:aws:backup:{region}:{account}:backup-vault:{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
}
# What nobody needs in order to deploy: see `forbidden`.
ITS_WORK = {
    "change-plan",
    "open-vault",
    "unlock",
    "silence",
    "change-key",
    "decrypt",
    "restore",
    "copy-out",
    "delete-vault",
    "stop-backups",
}


def examples():
    return sorted(path.parent.name for path in EXAMPLES.glob("*/strategy.yaml"))


@pytest.fixture(scope="module")
def estates():
    return {name: compile_strategy(strategyfile.load(EXAMPLES / name / "strategy.yaml").strategy) for name in examples()}


def authorizer(estate, account):
    """The deploy role of an account in an organization where nothing else is."""
    role = next(
        iter(rights.things(deploy_role_template(estate, AccountId(account), (MANAGEMENT,)), account, estate.organization.home_region))
    )
    found = rights.access(replace(estate, stacks=(), stack_sets=()))
    return role.arn, Authorizer(replace(found, principals=(role,)))


def test_every_type_of_resource_has_its_actions():
    """A type without them would be refused in the middle of a deployment."""
    assert set(ACTIONS) == RESOURCE_TYPES
    assert all(actions for actions in ACTIONS.values())


# What CloudFormation's handlers may call and our templates never make them call, or what is left out on purpose.
LEFT_OUT = {
    "AWS::Backup::BackupPlan": {"iam:PassRole"},  # scans of recovery points
    "AWS::Backup::BackupVault": {"backup-storage:Mount"},  # IAM knows no such action
    "AWS::Backup::LogicallyAirGappedBackupVault": {
        *("backup-storage:Mount", "backup:AssociateBackupVaultMpaApprovalTeam", "mpa:GetApprovalTeam"),
    },
    "AWS::IAM::Role": {"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"},
    "AWS::KMS::Key": {"kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion"},  # keys of backups are never disabled or deleted
    "AWS::KMS::ReplicaKey": {"kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion"},
    "AWS::SNS::Subscription": {"iam:GetRole", "iam:PassRole"},  # Firehose
}
LEFT_OUT_SERVICES = {"AWS::Events::EventBus": ("kms:", "events:PutPermission", "events:RemovePermission")}
MORE = {"AWS::RAM::ResourceShare": {"backup:PutBackupVaultSharingPolicy"}}  # AWS Backup's own half of a share


@pytest.mark.parametrize("kind", sorted(ACTIONS))
def test_actions_are_those_of_cloudformations_handlers(kind):
    """By the schemas that AWS publishes: enough for all that our templates set, and no more."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    called = {action for name, handler in handlers.items() if name != "list" for action in handler["permissions"]}
    assert set(ACTIONS[kind]) - called == MORE.get(kind, set())
    missing = {each for each in called - set(ACTIONS[kind]) if not each.startswith(LEFT_OUT_SERVICES.get(kind, ("-",)))}
    assert missing == LEFT_OUT.get(kind, set()) or kind in {"AWS::S3::Bucket", "AWS::SNS::Topic"}


def test_buckets_are_read_whole():
    """The handler reads every part of a bucket, whatever a template sets; of what it writes there is only what is set."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::S3::Bucket").schema["handlers"]
    assert {each for each in handlers["read"]["permissions"] if not each.startswith("s3tables:")} <= set(ACTIONS["AWS::S3::Bucket"])


@pytest.mark.parametrize("name", examples())
def test_role_may_do_what_its_stacks_need(estates, name):
    """On each thing that a template names, all actions of its type that are about single things."""
    estate = estates[name]
    for stack in estate.stacks:
        who, asked = authorizer(estate, stack.account)
        for thing in json.loads(stack.template)["Resources"].values():
            if thing["Type"] not in NAMED:
                continue
            key, form = NAMED[thing["Type"]]
            written = thing["Properties"].get(key, f"{stack.name}-made-by-cloudformation")
            known = rights.resolved(written, {}, stack.account, stack.region)
            arn = form.format(region=stack.region, account=stack.account, name=known)
            for action in ACTIONS[thing["Type"]]:
                if action.split(":")[0] in arn and not action.endswith(("PassRole", "CreateServiceLinkedRole")):
                    decision = asked.decide(who, action, arn, owner=stack.account)
                    assert decision.verdict is not Verdict.DENIED, (action, arn, decision.because)


@pytest.mark.parametrize("name", examples())
def test_role_works_on_stacks_of_the_strategy_alone(estates, name):
    """Somebody else's stacks stay out of reach, and so do roles with other names."""
    estate = estates[name]
    account = estate.stacks[0].account
    who, asked = authorizer(estate, account)
    region = estate.organization.home_region

    def verdict(action, arn):
        return asked.decide(who, action, arn, owner=account).verdict

    own = f"arn:aws:cloudformation:{region}:{account}:stack/{estate.name}-central/11111111"
    assert verdict("cloudformation:UpdateStack", own) is Verdict.ALLOWED
    assert verdict("cloudformation:UpdateStack", own.replace(f"{estate.name}-central", "payroll")) is Verdict.DENIED
    assert verdict("cloudformation:DeleteStack", own.replace(f"{estate.name}-central", "payroll")) is Verdict.DENIED
    for action in ("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy"):
        assert verdict(action, f"arn:aws:iam::{account}:role/administrator") is not Verdict.ALLOWED


@pytest.mark.parametrize("name", examples())
def test_role_reads_and_puts_back_what_stack_sets_made_and_no_more(estates, name):
    """CloudFormation names these stacks after their StackSet: they are looked at and put back, but made and deleted by the set alone."""
    estate = estates[name]
    account = estate.stacks[0].account
    who, asked = authorizer(estate, account)
    arn = f"arn:aws:cloudformation:{estate.organization.home_region}:{account}:stack/StackSet-%s-11111111-2222-3333-4444-555555555555/6666"

    def allowed(stack_set):
        decisions = {action: asked.decide(who, action, arn % stack_set, owner=account).verdict for action in STACK_ACTIONS}
        return {action for action, verdict in decisions.items() if verdict is Verdict.ALLOWED}

    for stack_set in estate.stack_sets:
        assert allowed(stack_set.name) == set(PUT_BACK_ACTIONS)
    assert allowed("payroll") == set()


def forbidden():
    """What can be done to backups but for what a deployment is: changing plans, policies of vaults, locks, keys and topics of its own."""
    deeds = [deed for deed in facts.deeds() if deed.name not in ITS_WORK]
    found = {need.action for deed in deeds for way in deed.ways for need in way.needs} - {"organizations:UpdatePolicy"}
    return sorted(
        found | {"kms:ScheduleKeyDeletion", "kms:DisableKey", "backup:StartRestoreJob", "backup:StartCopyJob", "backup:CancelLegalHold"}
    )


@pytest.mark.parametrize("name", examples())
def test_role_destroys_no_backup_and_no_key(estates, name):
    """Whoever takes it over can change what is deployed, but not delete what was backed up."""
    estate = estates[name]
    for account in sorted({stack.account for stack in estate.stacks}):
        held = {action for grant in deploy_grants(estate, account) for action in grant.actions}
        assert held.isdisjoint(forbidden())
        assert not [action for action in held if "*" in action]


@pytest.mark.parametrize("name", examples())
def test_role_holds_nothing_that_no_stack_of_its_account_needs(estates, name):
    """A log archive with a bucket alone has no say over keys and vaults."""
    estate = estates[name]
    for account in sorted({stack.account for stack in estate.stacks}):
        types = {
            thing["Type"]
            for stack in estate.stacks
            if stack.account == account
            for thing in json.loads(stack.template)["Resources"].values()
        }
        held = {
            action
            for grant in deploy_grants(estate, account)
            if grant.sid not in {"Stacks", "StackSetStacks", "Lists"}
            for action in grant.actions
        }
        assert held <= {action for kind in types for action in ACTIONS[kind]}


@pytest.mark.parametrize("name", examples())
def test_policy_fits_into_a_role(estates, name):
    """IAM takes 10,240 characters of inline policies, without blanks."""
    estate = estates[name]
    for account in sorted({stack.account for stack in estate.stacks}):
        role = json.loads(deploy_role_template(estate, account, (MANAGEMENT,)))["Resources"]["DeployRole"]["Properties"]
        assert len(json.dumps(role["Policies"][0]["PolicyDocument"], separators=(",", ":"))) < 10_240
