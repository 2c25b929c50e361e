"""A replica of a multi-Region key has a policy of its own: `verify` names the one that was changed, and only it."""

import json
from pathlib import Path

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import EXAMPLE

CENTRAL, HOME, SECOND = "333333333333", "eu-west-2", "eu-west-1"
STRATEGY = """strongroom: 1
name: shared
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333", log_archive: "444444444444"}
  governs: [Workloads]
  opt_in: [dynamodb, s3]
keys:
  backup: {kind: multi-region, in: central%s}
vaults:
  local: {in: every-account}
  central: {in: central, region: eu-west-1}
plans:
  tables:
    select: {arns: "arn:aws:dynamodb:*:*:table/orders"}
    rules:
      daily: {keep: 30d, copy: central}
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, deployed) -> tuple[World, str]:
    """An organization whose vaults all use one multi-Region key of the central account, some days later; and the key's ARN."""
    folder: Path = tmp_path_factory.mktemp("replica")
    (folder / "organization.yaml").write_text((EXAMPLE / "organization.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "strategy.yaml").write_text(STRATEGY % "", encoding="utf-8")
    with deployed(folder, 0) as world:
        stacks = world.client("cloudformation", CENTRAL, HOME).describe_stacks(StackName="shared-key-backup")["Stacks"]
        arn = stacks[0]["Outputs"][0]["OutputValue"]
        (folder / "strategy.yaml").write_text(STRATEGY % f', arn: "{arn}"', encoding="utf-8")
        world.deploy()
        world.let_pass(5)
        yield world, arn


def test_with_equal_policies_nothing_is_wrong(shared, told):
    """Vaults of all accounts on one key, and copies under its replica, are proven."""
    world, _ = shared
    found = world.verify()
    assert (told(found), found.unknown) == ([], 0)
    assert found.proven > 0


def test_a_replica_with_another_policy_is_named_with_account_and_key(shared, told):
    """FM15: the replica's policy was replaced, the primary's is as it was."""
    world, arn = shared
    replica = arn.replace(HOME, SECOND)
    kms = world.client("kms", CENTRAL, SECOND)
    before = kms.get_key_policy(KeyId=replica, PolicyName="default")["Policy"]
    administer = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"}, "Action": "kms:Put*", "Resource": "*"}
    kms.put_key_policy(KeyId=replica, PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [administer]}))
    try:
        found = world.verify()
    finally:
        kms.put_key_policy(KeyId=replica, PolicyName="default", Policy=before)
    assert {fault.finding.failure_mode for fault in found.faults} == {"FM15"}, f"no error found, the checker is broken: {told(found)}"
    central = [fault.finding.message for fault in found.faults if f"account {CENTRAL}, {replica}" in fault.finding.message]
    assert central
    assert all("replica key" in fault.finding.message for fault in found.faults)
    assert found.unknown == 0
