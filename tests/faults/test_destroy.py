"""`destroy` takes a strategy away and keeps what recovery points need; removing something from the strategy never deletes a vault."""

import json
import signal

import pytest

from strongroom.errors import ExitCode
from strongroom.twin import client as control

LONG = pytest.mark.long
CENTRAL = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}
PAYMENTS = {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}


def points(world, vault, region="eu-west-2", **keys):
    """How many recovery points a vault holds; None where the vault is gone."""
    listed = world.client("backup", region, **keys).list_backup_vaults()["BackupVaultList"]
    return next((each["NumberOfRecoveryPoints"] for each in listed if each["BackupVaultName"] == vault), None)


@pytest.fixture
def filled(own_world):
    """A strategy that was deployed two days ago: there are recovery points in the home Region, and none in the other."""
    own_world.shell.strategy("tiers")
    assert own_world.shell.run("apply", "--yes").code == 0
    control.move_clock(own_world.endpoint, advance="2d")
    return own_world


def owned(world):
    """What carries the strategy's name in the services that hold the deployment."""
    organizations, cloudformation = world.client("organizations"), world.client("cloudformation")
    return (
        [policy["Name"] for policy in organizations.list_policies(Filter="BACKUP_POLICY")["Policies"]],
        [each["StackSetName"] for each in cloudformation.list_stack_sets(Status="ACTIVE")["Summaries"]],
        [each["StackName"] for each in world.client("cloudformation", **CENTRAL).describe_stacks()["Stacks"]],
    )


def test_destroy_keeps_vaults_with_recovery_points_and_names_them(filled):
    """Policies, StackSets and stacks go; the vaults that hold something stay with every point in them."""
    before = (points(filled, "tiers-central", **CENTRAL), points(filled, "tiers-local", **PAYMENTS))
    assert min(before) > 0
    shown = filled.shell.run("destroy", "--dry-run")
    assert f"kept vault tiers-central in account 333333333333, eu-west-2: it holds {before[0]} recovery points" in shown.out
    foreign = filled.client("organizations").create_policy(
        Name="tiers-of-others", Type="BACKUP_POLICY", Description="", Content='{"plans":{}}'
    )
    destroyed = filled.shell.run("destroy", "--yes", "tiers", "--format", "json")
    assert destroyed.code == ExitCode.AWS_REFUSED  # the empty vaults of accounts without the deploy role stay, and are named
    left = {(each["subject"], each["account"], each["region"]) for each in json.loads(destroyed.out)["shortfalls"]}
    assert left == {("vault tiers-local", account, "eu-west-1") for account in ("555555555555", "666666666666")}
    assert owned(filled) == (["tiers-of-others"], [], [])
    assert foreign["Policy"]["PolicySummary"]["Name"] == "tiers-of-others"
    assert (points(filled, "tiers-central", **CENTRAL), points(filled, "tiers-local", **PAYMENTS)) == before
    again = json.loads(filled.shell.run("destroy", "--dry-run", "--format", "json").out)
    assert sorted(again["steps"]) == [f"delete the empty {vault} in account {account}, {region}" for vault, account, region in sorted(left)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nobody is here to agree"),
        (("--yes", "other"), "--yes other is not the name of the strategy"),
        (("--format", "json"), "with --format json nobody sees what is taken away before it is"),
    ],
)
def test_destroy_wants_the_name_of_the_strategy(world, arguments, message):
    """Without it, exit code 2 and no write."""
    world.shell.strategy("base")
    after = world.last_call()
    refused = world.shell.run("destroy", *arguments)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith(f"error: {message}\n")
    assert world.writes(after) == []


def test_a_strategy_may_ask_for_a_second_factor(world):
    """Without a code nothing is even read; with one, AWS checks it and every later call is signed by that session."""
    world.shell.strategy("base", ("vaults:", "safeguards: {mfa: true}\nvaults:"))
    after = world.last_call()
    refused = world.shell.run("destroy", "--yes", "base")
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith("error: the strategy asks for a second factor before protection is taken away\n")
    assert control.calls(world.endpoint, after=after) == []
    device = "arn:aws:iam::111111111111:mfa/admin"
    shown = world.shell.run("destroy", "--dry-run", "--mfa-code", "123456", "--mfa-device", device)
    assert (shown.code in {ExitCode.PROVEN, ExitCode.COULD_NOT_VERIFY}, "delete StackSet base-local" in shown.out) == (True, True)
    assert "GetSessionToken" in [call["operation"] for call in control.calls(world.endpoint, after=after)]
    assert world.writes(after) == []


@pytest.mark.parametrize("number", [3, *(pytest.param(number, marks=LONG) for number in (1, 2, 4, 5, 6, 7, 8, 9))])
def test_a_destroy_that_is_killed_is_resumed(filled, until, number):
    """Whatever write was the last before kill -9: resume takes away the rest and keeps what holds something."""
    before = points(filled, "tiers-central", **CENTRAL)
    filled.fault("cut-after-write", after=number, times=0)
    running = filled.shell.start("destroy", "--yes", "tiers")
    until(filled.hits)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    filled.mend()
    resumed = filled.shell.run("resume")
    assert resumed.code in {ExitCode.PROVEN, ExitCode.AWS_REFUSED}
    assert owned(filled) == ([], [], [])
    assert points(filled, "tiers-central", **CENTRAL) == before


def test_what_is_taken_out_of_the_strategy_keeps_its_vault(filled):
    """The central vault is no longer declared: its stack goes after an explicit word, the vault and its points stay."""
    before = points(filled, "tiers-central", **CENTRAL)
    filled.shell.strategy("tiers", ("  central: {in: central, region: eu-west-2}\n", ""), (", copy: {to: central, keep: 1y}", ""))
    refused = filled.shell.run("apply", "--yes")
    assert (refused.code, "take protection away" in refused.error) == (ExitCode.BAD_INPUT, True)
    applied = filled.shell.run("apply", "--yes", "--allow-removals")
    assert (applied.code, applied.error) == (0, "")
    assert (
        "delete stack tiers-central in account 333333333333, eu-west-2, which the strategy no longer declares; what stays: " in applied.out
    )
    assert points(filled, "tiers-central", **CENTRAL) == before
    assert "nothing to do" in filled.shell.run("plan").out


def test_a_renamed_vault_leaves_the_old_one_where_it_is(filled):
    """A new vault is made under the new name; what is in the old one stays there."""
    before = points(filled, "tiers-central", **CENTRAL)
    filled.shell.strategy("tiers", ("{in: central, region: eu-west-2}", "{in: central, region: eu-west-2, name: tiers-safe}"))
    assert filled.shell.run("apply", "--yes").code == 0
    assert points(filled, "tiers-central", **CENTRAL) == before
    assert points(filled, "tiers-safe", **CENTRAL) == 0
