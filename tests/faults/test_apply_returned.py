"""Accounts that leave the governed OUs and come back: their stacks are taken back with all that they hold, and nothing is made twice."""

import json
import signal

import pytest

from strongroom.errors import ExitCode
from strongroom.twin import client as control

LONG = pytest.mark.long
PAYMENTS, KEYS = "666666666666", {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}
REGIONS = ("eu-west-2", "eu-west-1")
SETS = {"tiers-local": set(REGIONS), "tiers-roles": {"eu-west-2"}}
APPLY = ("apply", "--yes", "--no-drift")  # CloudFormation's drift has tests of its own


@pytest.fixture(scope="module")
def returning(fresh_world, tmp_path_factory):
    """A deployed strategy, and a recovery point in the local vault of the account that leaves and comes back."""
    with fresh_world(tmp_path_factory.mktemp("returning")) as world:
        world.shell.strategy("tiers")
        assert world.shell.run(*APPLY).code == ExitCode.PROVEN
        world.client("backup", **KEYS).start_backup_job(
            BackupVaultName="tiers-local",
            ResourceArn=f"arn:aws:dynamodb:eu-west-2:{PAYMENTS}:table/postings",
            IamRoleArn=f"arn:aws:iam::{PAYMENTS}:role/tiers-AWSBackup",
        )
        control.move_clock(world.endpoint, advance="3h")
        assert points(world)
        yield world


def points(world):
    """The recovery points of the account's local vault."""
    listed = world.client("backup", **KEYS).list_recovery_points_by_backup_vault(BackupVaultName="tiers-local")["RecoveryPoints"]
    return sorted(each["RecoveryPointArn"] for each in listed)


def stacks(world):
    """The stacks of the account by ARN, with their states."""
    found = (world.client("cloudformation", region, **KEYS).describe_stacks()["Stacks"] for region in REGIONS)
    return {each["StackId"]: each["StackStatus"] for listed in found for each in listed}


def instances(world):
    """What the StackSets have in the account: ARN and state by StackSet and Region."""
    cloudformation = world.client("cloudformation")
    return {
        (name, each["Region"]): (each.get("StackId"), each["Status"])
        for name in SETS
        for each in cloudformation.list_stack_instances(StackSetName=name, StackInstanceAccount=PAYMENTS)["Summaries"]
    }


def leaves(world):
    """Move the account out of the governed OUs."""
    _move(world, "Payments", "Security")


def comes_back(world):
    """Move it back to where it was."""
    _move(world, "Security", "Payments")


def _move(world, left, came):
    organizations = world.client("organizations")
    todo, units = [organizations.list_roots()["Roots"][0]["Id"]], {}
    while todo:
        for unit in organizations.list_organizational_units_for_parent(ParentId=todo.pop())["OrganizationalUnits"]:
            units[unit["Name"]] = unit["Id"]
            todo.append(unit["Id"])
    organizations.move_account(AccountId=PAYMENTS, SourceParentId=units[left], DestinationParentId=units[came])


def titles(world):
    """The titles of the steps that a plan has."""
    return [step["title"] for step in json.loads(world.shell.run("plan", "--no-drift", "--format", "json").out)["plan"]["steps"]]


def is_whole(world, kept):
    """Whether the account has the stacks that it kept, and no others, all of them current and nothing left to do."""
    after = world.last_call()
    applied = world.shell.run(*APPLY)
    return (
        stacks(world).keys() == kept.keys()
        and sorted(instances(world).values()) == sorted((arn, "CURRENT") for arn in kept)
        and (applied.code, world.writes(after)) == (ExitCode.PROVEN, [])
    )


def test_stacks_that_an_account_kept_are_taken_back(returning):
    """No vault, stack or recovery point is lost or made anew, no rubble stays, and what changed meanwhile reaches the account."""
    kept, before = stacks(returning), points(returning)
    leaves(returning)
    assert instances(returning) == {}
    changed = ("  local: {in: every-account}", "  local: {in: every-account, lock: {mode: governance, min: 1d, max: 2y}}")
    returning.shell.strategy("tiers", changed)
    assert returning.shell.run(*APPLY).code == ExitCode.PROVEN
    comes_back(returning)
    assert {status for _, status in instances(returning).values()} == {"OUTDATED"}
    what = f"that account {PAYMENTS} kept on leaving the governed OUs; what is in them stays"
    assert titles(returning) == [
        f"take 2 stacks back into StackSet tiers-local {what}",
        f"take the stack back into StackSet tiers-roles {what}",
    ]
    after = returning.last_call()
    applied = returning.shell.run(*APPLY)
    assert applied.code == ExitCode.PROVEN, applied.err
    written = {call["operation"] for call in returning.writes(after)}
    assert written == {"DeleteStackInstances", "ImportStacksToStackSet", "UpdateStackInstances"}
    assert points(returning) == before
    vault = returning.client("backup", **KEYS).describe_backup_vault(BackupVaultName="tiers-local")
    assert (vault["Locked"], vault["MaxRetentionDays"]) == (True, 731)
    assert is_whole(returning, kept)


@LONG
def test_an_account_that_was_taken_out_of_a_stack_set_is_taken_back(returning):
    """Somebody releases its stacks by hand: the StackSet has nothing there, and what was kept comes back."""
    kept = stacks(returning)
    _take_out(returning, retain=True)
    assert returning.shell.run(*APPLY).code == ExitCode.PROVEN
    assert is_whole(returning, kept)


@LONG
def test_an_account_that_a_stack_set_passes_over_gets_its_stacks(returning):
    """Somebody deletes its stacks by hand: plan says that it has been left out, apply makes them again; the others are not touched."""
    roles = ("tiers-roles",)
    others = {arn for arn in stacks(returning) if "tiers-roles" not in arn}
    _take_out(returning, retain=False, names=roles)
    assert titles(returning) == [f"deploy StackSet tiers-roles to account {PAYMENTS}, which has been left out, in eu-west-2"]
    assert returning.shell.run(*APPLY).code == ExitCode.PROVEN
    made = stacks(returning)
    assert others < made.keys()
    assert is_whole(returning, made)


def _take_out(world, *, retain, names=tuple(SETS)):
    cloudformation = world.client("cloudformation")
    organizations = world.client("organizations")
    unit = organizations.list_parents(ChildId=PAYMENTS)["Parents"][0]["Id"]
    targets = {"OrganizationalUnitIds": [unit], "AccountFilterType": "INTERSECTION", "Accounts": [PAYMENTS]}
    for name in names:
        asked = {"StackSetName": name, "DeploymentTargets": targets, "Regions": sorted(SETS[name]), "RetainStacks": retain}
        operation = cloudformation.delete_stack_instances(**asked)["OperationId"]
        for _ in range(5):
            cloudformation.describe_stack_set_operation(StackSetName=name, OperationId=operation)


@pytest.mark.parametrize("number", [*(pytest.param(number, marks=LONG) for number in (1, 2, 4, 5, 6)), 3])
def test_killed_in_the_middle_stacks_are_taken_back_by_resume(returning, until, number):
    """After whichever write the process was killed, the same stacks are in their StackSets in the end, each once."""
    kept, before = stacks(returning), points(returning)
    leaves(returning)
    comes_back(returning)
    returning.fault("cut-after-write", after=number, times=0)
    running = returning.shell.start(*APPLY)
    until(returning.hits)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    returning.mend()
    resumed = returning.shell.run("resume")
    assert (resumed.code, resumed.error) == (ExitCode.PROVEN, "")
    assert points(returning) == before
    assert is_whole(returning, kept)


@LONG
def test_an_account_that_can_t_be_looked_at_is_named_and_reported(returning):
    """Without the read role there nobody knows what it kept: a warning before, the cause and exit code 4 after; then it is mended."""
    kept = stacks(returning)
    leaves(returning)
    comes_back(returning)
    iam = returning.client("iam", **KEYS)
    role = iam.get_role(RoleName="strongroom-read")["Role"]["AssumeRolePolicyDocument"]
    nobody = {"Version": "2012-10-17", "Statement": [{**role["Statement"][0], "Effect": "Deny"}]}
    iam.update_assume_role_policy(RoleName="strongroom-read", PolicyDocument=json.dumps(nobody))
    refused = returning.shell.run(*APPLY)
    assert refused.code == ExitCode.AWS_REFUSED
    assert f"could not look at stacks that account {PAYMENTS} may have kept: assuming role strongroom-read" in refused.out
    assert f"failed StackSet tiers-local in account {PAYMENTS}, eu-west-2: " in refused.out
    assert "already exists" in refused.out
    iam.update_assume_role_policy(RoleName="strongroom-read", PolicyDocument=json.dumps(role))
    assert returning.shell.run(*APPLY).code == ExitCode.PROVEN
    assert is_whole(returning, kept)


@LONG
def test_an_account_that_leaves_again_before_the_plan_is_carried_out_is_reported(returning):
    """AWS imports nothing from outside the OUs: the account is named, exit code 4, and its stacks are as they were."""
    kept = stacks(returning)
    leaves(returning)
    comes_back(returning)
    assert returning.shell.run("plan", "--no-drift", "--out", "plan.json").code == ExitCode.PROVEN
    leaves(returning)
    applied = returning.shell.run("apply", "--plan", "plan.json", "--yes", "--no-drift")
    assert applied.code == ExitCode.AWS_REFUSED
    assert f"failed StackSet tiers-roles in account {PAYMENTS}, eu-west-2: " in applied.out
    assert {arn for arn, status in stacks(returning).items() if status != "ROLLBACK_COMPLETE"} == kept.keys()
    comes_back(returning)
    assert returning.shell.run(*APPLY).code == ExitCode.PROVEN
    assert sorted(instances(returning).values()) == sorted((arn, "CURRENT") for arn in kept)
