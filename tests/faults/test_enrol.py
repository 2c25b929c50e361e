"""`enrol`: what StackSets can't bring; an account that fails does not stop the others, and a second run writes nothing."""

import json

import pytest

from strongroom.aws.permissions import PERMISSIONS
from strongroom.errors import ExitCode
from strongroom.twin import client as control

SHOP, PAYMENTS = "555555555555", "666666666666"
MEMBER = {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}


@pytest.fixture
def applied(own_world):
    """An organization with everything but the opt-in of its members: S3 is not on in a new account."""
    own_world.shell.strategy("tiers")
    assert own_world.shell.run("apply", "--yes", "--no-drift").code == ExitCode.PROVEN
    return own_world


def opted(world, region="eu-west-2"):
    """The opt-in of the payments account."""
    return world.client("backup", region, **MEMBER).describe_region_settings()["ResourceTypeOptInPreference"]


def test_enrol_equips_the_accounts_and_plan_shows_who_is_not(applied):
    """After apply and sync plan names who is not equipped; after enrol and sync nobody is, and a second enrol writes nothing."""
    assert opted(applied)["S3"] is False
    assert applied.shell.run("sync").code == ExitCode.PROVEN
    planned = applied.shell.run("plan", "--no-drift")
    assert planned.code == ExitCode.PROVEN
    assert f"warning[ORG011] strategy.yaml:3:1  not yet equipped for S3: 2 of 2 accounts, {SHOP}, {PAYMENTS} (seen " in planned.out

    after = applied.last_call()
    enrolled = applied.shell.run("enrol")
    assert (enrolled.code, enrolled.error) == (ExitCode.PROVEN, "")
    for caller, principal in ((":user/admin", "you"), ("/tiers-enrol/", "the enrol role")):
        calls = control.calls(applied.endpoint, after=after)
        made = {f"{call['service']}:{call['operation']}" for call in calls if caller in call["principal"]}
        allowed = [each.actions for each in PERMISSIONS if "enrol" in each.verbs and each.principal.startswith(principal)]
        assert made
        assert made <= {action for actions in allowed for action in actions}
    assert f"account {SHOP}, eu-west-1: switched on S3" in enrolled.out
    assert "4 accounts and Regions: 4 changed, 0 were ready, 0 failed" in enrolled.out
    assert opted(applied)["S3"] is opted(applied, "eu-west-1")["S3"] is True

    after = applied.last_call()
    again = applied.shell.run("enrol", "--format", "json")
    assert again.code == ExitCode.PROVEN
    assert {tuple(place["changed"]) for place in json.loads(again.out)["places"]} == {()}
    assert applied.writes(after) == []
    assert applied.shell.run("sync").code == ExitCode.PROVEN
    assert "ORG011" not in applied.shell.run("plan", "--no-drift").out


def test_an_account_that_fails_does_not_stop_the_others(applied):
    """One account can't be reached: it is named with its cause, the other is equipped, and the next run does what is left."""
    applied.fault("deny-assume-role", account=SHOP)
    enrolled = applied.shell.run("enrol")
    assert enrolled.code == ExitCode.AWS_REFUSED
    assert f"failed account {SHOP}, eu-west-1: assuming role tiers-enrol in account {SHOP}: access denied" in enrolled.out
    assert "4 accounts and Regions: 2 changed, 0 were ready, 2 failed" in enrolled.out
    assert opted(applied)["S3"] is True

    control.clear_faults(applied.endpoint)
    enrolled = applied.shell.run("enrol")
    assert (enrolled.code, "2 changed, 2 were ready, 0 failed" in enrolled.out) == (ExitCode.PROVEN, True)


@pytest.mark.long
def test_a_lost_answer_is_not_taken_for_a_failure(applied):
    """The SDK asks again: switching on twice is harmless."""
    applied.fault("cut-after-write", after=1, times=1)
    enrolled = applied.shell.run("enrol", "--account", PAYMENTS)
    assert (enrolled.code, applied.hits()) == (ExitCode.PROVEN, 1)
    assert "2 accounts and Regions: 2 changed" in enrolled.out


def test_the_role_of_enrol_may_nothing_else(world):
    """It reads and sets opt-in and advanced features: no vault, no recovery point, no plan."""
    role = world.client("sts").assume_role(RoleArn=f"arn:aws:iam::{PAYMENTS}:role/base-enrol", RoleSessionName="test")["Credentials"]
    keys = {"aws_access_key_id": role["AccessKeyId"], "aws_secret_access_key": role["SecretAccessKey"]}
    iam = world.client("iam", **keys, aws_session_token=role["SessionToken"])
    [name] = iam.list_role_policies(RoleName="base-enrol")["PolicyNames"]
    document = iam.get_role_policy(RoleName="base-enrol", PolicyName=name)["PolicyDocument"]
    assert [each["Action"] for each in document["Statement"]] == [["backup:DescribeRegionSettings", "backup:UpdateRegionSettings"]]


def test_an_account_that_is_not_governed_is_bad_input(world):
    """The central account is outside the governed OUs: exit code 2, nothing written."""
    world.shell.strategy("base")
    after = world.last_call()
    refused = world.shell.run("enrol", "--account", "333333333333")
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error == (
        "error: account 333333333333 is not governed by strategy base\n  help: governed are the accounts under Workloads"
    )
    assert world.writes(after) == []
