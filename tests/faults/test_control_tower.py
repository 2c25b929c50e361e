"""Control Tower's baseline when answers are lost and processes killed: it is enabled once, and the run goes on."""

import json
import signal
from collections import Counter

import pytest

from strongroom.errors import ExitCode

LONG = pytest.mark.long
HOME, SECOND = "eu-west-2", "eu-west-1"
MEMBERS = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
APPLY = ("apply", "--yes", "--no-drift")  # CloudFormation's drift has tests of its own
DONE = ["UpdateLandingZone", "EnableBaseline", "EnableBaseline"]


@pytest.fixture
def towered(own_world):
    """An organization with a landing zone and registered OUs; everything of the strategy is deployed but Control Tower's part."""
    key = _landing_zone(own_world)
    own_world.shell.strategy("tower")
    assert own_world.shell.run(*APPLY).code == ExitCode.PROVEN
    declared = "  control_tower: {enabled_on: [Workloads, Workloads/Payments], key: shared}\n  opt_in: [dynamodb, s3]\n"
    keys = f"keys:\n  backup: {{kind: per-account}}\n  shared: {{kind: multi-region, arn: '{key}'}}\nvaults:\n"
    own_world.shell.strategy("tower", ("  opt_in: [dynamodb, s3]\n", declared), ("vaults:\n", keys))
    return own_world


def _landing_zone(world):
    """Set up a landing zone without AWS Backup and register the OUs; return the ARN of a key with a replica."""
    organizations, tower = world.client("organizations"), world.client("controltower")
    organization = organizations.describe_organization()["Organization"]["Id"]
    logs, audit = (
        organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
        for name in ("logs", "audit")
    )
    manifest = {
        "governedRegions": [HOME, SECOND],
        "organizationStructure": {"security": {"name": "Security"}},
        "centralizedLogging": {"accountId": logs, "enabled": True},
        "securityRoles": {"accountId": audit},
        "accessManagement": {"enabled": False},
    }
    _ended(tower.get_landing_zone_operation, tower.create_landing_zone(version="3.3", manifest=manifest), "operationDetails")
    baselines = {each["name"]: each["arn"] for each in tower.list_baselines()["baselines"]}
    for target in _units(organizations):
        wanted = {"baselineIdentifier": baselines["AWSControlTowerBaseline"], "baselineVersion": "4.0", "targetIdentifier": target}
        _ended(tower.get_baseline_operation, tower.enable_baseline(**wanted), "baselineOperation")
    return _key(world, organization)


def _units(organizations):
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    workloads = next(unit for unit in units if unit["Name"] == "Workloads")
    below = organizations.list_organizational_units_for_parent(ParentId=workloads["Id"])["OrganizationalUnits"]
    return [unit["Arn"] for unit in (workloads, *below)]


def _ended(ask, started, member):
    for _ in range(10):
        found = ask(operationIdentifier=started["operationIdentifier"])[member]
        if found["status"] != "IN_PROGRESS":
            break
    assert found["status"] == "SUCCEEDED", found


def _key(world, organization):
    own = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "kms:*", "Resource": "*"}
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": MEMBERS, "Resource": "*"}
    members = {**everybody, "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own, members]})
    kms = world.client("kms")
    made = kms.create_key(MultiRegion=True, Policy=policy)["KeyMetadata"]
    kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=SECOND, Policy=policy)
    return made["Arn"]


def begun(world, after):
    """The operations of Control Tower that were begun, in order."""
    return [each["operation"] for each in world.writes(after) if each["service"] == "controltower"]


def enabled(world):
    """On how many OUs the backup baseline is, and how it ended there."""
    tower = world.client("controltower")
    backup = next(each["arn"] for each in tower.list_baselines()["baselines"] if each["name"] == "BackupBaseline")
    found = tower.list_enabled_baselines(filter={"baselineIdentifiers": [backup]})["enabledBaselines"]
    return Counter(each["statusSummary"]["status"] for each in found)


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=LONG), pytest.param(3, marks=LONG)])
def test_a_lost_answer_of_control_tower_is_not_taken_for_a_failure(towered, number):
    """The SDK asks again and hears of a conflict: apply waits for the operation it has begun itself, and begins no second one."""
    after = towered.last_call()
    towered.fault("cut-after-write", after=number, times=1)
    applied = towered.shell.run(*APPLY)
    assert (applied.code, applied.error, towered.hits()) == (ExitCode.PROVEN, "", 1)
    assert begun(towered, after) == DONE
    assert enabled(towered) == {"SUCCEEDED": 2}
    assert "nothing to do" in towered.shell.run("plan", "--no-drift").out


@pytest.mark.parametrize("number", [pytest.param(1, marks=LONG), 2, pytest.param(3, marks=LONG)])
def test_killed_after_a_write_to_control_tower_goes_on_with_resume(towered, until, number):
    """Whatever was begun when the process was killed is waited for, the rest is done, nothing twice."""
    after = towered.last_call()
    towered.fault("cut-after-write", after=number, times=0)
    running = towered.shell.start(*APPLY)
    until(towered.hits)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    towered.mend()
    resumed = towered.shell.run("resume")
    assert (resumed.code, resumed.error) == (ExitCode.PROVEN, "")
    assert begun(towered, after) == DONE
    assert enabled(towered) == {"SUCCEEDED": 2}
    assert "nothing to do" in towered.shell.run("plan", "--no-drift").out


def test_an_account_that_moves_in_is_given_the_baseline_by_the_next_apply(towered):
    """It lacks Control Tower's vaults until the OU's baseline is reset: plan says so, apply does it, and a second one writes nothing."""
    assert towered.shell.run(*APPLY).code == ExitCode.PROVEN
    organizations = towered.client("organizations")
    account = organizations.create_account(Email="new@example.com", AccountName="new")["CreateAccountStatus"]["AccountId"]
    workloads = _units(organizations)[0].rpartition("/")[2]
    parent = organizations.list_parents(ChildId=account)["Parents"][0]["Id"]
    organizations.move_account(AccountId=account, SourceParentId=parent, DestinationParentId=workloads)

    after = towered.last_call()
    assert "reset the backup baseline on Workloads: accounts lack it" in towered.shell.run("plan", "--no-drift").out
    assert towered.shell.run(*APPLY).code == ExitCode.PROVEN
    assert begun(towered, after) == ["ResetEnabledBaseline"]
    after = towered.last_call()
    assert towered.shell.run(*APPLY).code == ExitCode.PROVEN
    assert towered.writes(after) == []


@pytest.mark.parametrize("number", [0, *(pytest.param(number, marks=LONG) for number in range(1, 12))])
def test_a_key_of_its_own_takes_one_apply(own_world, until, number):
    """Key, replica, landing zone and baselines in this order; killed after any write, the same comes of it with resume."""
    _landing_zone(own_world)
    declared = "  control_tower: {enabled_on: [Workloads, Workloads/Payments], key: shared}\n  opt_in: [dynamodb, s3]\n"
    keys = "keys:\n  backup: {kind: per-account}\n  shared: {kind: multi-region, in: central}\nvaults:\n"
    own_world.shell.strategy("tower", ("  opt_in: [dynamodb, s3]\n", declared), ("vaults:\n", keys))
    after = own_world.last_call()
    if number:
        own_world.fault("cut-after-write", after=number, times=0)
        running = own_world.shell.start(*APPLY)
        until(own_world.hits)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        own_world.mend()
    applied = own_world.shell.run(*(("resume",) if number else APPLY))
    assert applied.code == ExitCode.PROVEN, applied.err
    assert "ORG009" not in applied.out
    assert begun(own_world, after) == DONE
    assert enabled(own_world) == {"SUCCEEDED": 2}
    assert "nothing to do" in own_world.shell.run("plan", "--no-drift").out


def test_what_is_missing_is_named_before_the_first_write(world):
    """No landing zone: an error with the way out, exit code 1, nothing written."""
    tower = "  control_tower: {enabled_on: [Workloads]}\n  opt_in: [dynamodb, s3]\n"
    world.shell.strategy("towerless", ("  opt_in: [dynamodb, s3]\n", tower))
    after = world.last_call()
    refused = world.shell.run(*APPLY)
    assert refused.code == ExitCode.FINDINGS
    assert "error[ORG007] strategy.yaml:8:3  Control Tower has no landing zone in eu-west-2" in refused.out
    assert world.writes(after) == []


def test_an_account_that_control_tower_can_t_set_up_is_named_with_its_reason(towered):
    """A closed account in an OU: exit code 4 with Control Tower's words, and the OUs above keep what they have got."""
    towered.client("organizations").close_account(AccountId="666666666666")
    refused = towered.shell.run(*APPLY)
    assert refused.code == ExitCode.AWS_REFUSED
    assert "AWS Control Tower could not set up the backup baseline on ou-" in refused.error
    assert "666666666666: the account is suspended" in refused.error
    assert enabled(towered) == {"SUCCEEDED": 1, "FAILED": 1}
    assert "reset the backup baseline on Workloads/Payments: it failed" in towered.shell.run("plan", "--no-drift").out
