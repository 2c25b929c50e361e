"""VRF200 without a running organization: what of a vault's policy is a difference, and what only looks like one."""

import json
from collections import Counter

import pytest

from strongroom import proof
from strongroom.domain.estate import OWNER_TAG

DELETES = ["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]
LINKED = "arn:aws:iam::*:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
SHARED = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "backup:StartRestoreJob", "Resource": "*"}


def deployed(world, **changes):
    """Give every local vault the strategy's policy, written as AWS might return it, and the strategy's tag."""
    copies = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{world.central}:root"},
        "Action": ["backup:CopyIntoBackupVault"],
        "Resource": "*",
    }
    denial = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": DELETES[::-1], "Resource": "*"}
    denial["Condition"] = {"ArnNotLike": {"aws:PrincipalArn": [LINKED]}}
    for vault in world.rows("vaults", name="three-tiers-local"):
        vault["access_policy"] = json.dumps({"Statement": [denial, copies]})
        place = {"account_id": vault["account_id"], "region": vault["region"], "vault_name": vault["name"]}
        world.tables["vault_tags"].append({**place, "tags": {OWNER_TAG: changes.get("owner", world.estate.name)}})
    return copies, denial


def told(world, tmp_path):
    return [(each.finding.message, each.finding.count) for each in proof.verify(world.estate, world.write(tmp_path)).faults]


def test_a_policy_that_says_the_same_is_none(builder, tmp_path):
    """Names, order, lists of one value, an account for its root."""
    world = builder(resources=4).build()
    deployed(world)
    assert told(world, tmp_path) == []


def test_lost_denials_and_new_permissions_are_counted_over_all_places(builder, tmp_path):
    """Equal differences of many accounts are one finding."""
    world = builder(resources=4).build()
    copies, denial = deployed(world)
    vaults = world.rows("vaults", name="three-tiers-local")
    for vault, statements in zip(vaults, ([copies], [copies], [denial, copies, SHARED]), strict=False):
        vault["access_policy"] = json.dumps({"Statement": statements})
    whose = "the access policy of vault three-tiers-local"
    assert sorted(told(world, tmp_path)) == [
        (f"{whose} allows what the strategy does not: Allow backup:StartRestoreJob", 1),
        (f"{whose} lacks what keeps recovery points: Deny {', '.join(DELETES)}", 2),
    ]


@pytest.mark.parametrize("owner", ["", "another"])
def test_vaults_of_somebody_else_are_theirs(builder, tmp_path, owner):
    """Without the strategy's tag nothing is compared."""
    world = builder(resources=4).build()
    copies, _ = deployed(world, owner=owner)
    for vault in world.rows("vaults", name="three-tiers-local"):
        vault["access_policy"] = json.dumps({"Statement": [copies, SHARED]})
    assert told(world, tmp_path) == []


def test_unread_tags_leave_a_difference_unknown(builder, tmp_path):
    """Whose vault it is decides, and nobody could read that."""
    world = builder(resources=4).build()
    copies, _ = deployed(world)
    vault = world.rows("vaults", name="three-tiers-local")[0]
    vault["access_policy"] = json.dumps({"Statement": [copies]})
    place = {"account_id": vault["account_id"], "region": vault["region"]}
    for row in world.rows("reads", **place, subject="vault_tags"):
        row.update(read=False, code="AccessDenied", reason="no")
    found = proof.verify(world.estate, world.write(tmp_path))
    assert Counter(each.finding.code for each in found.faults) == {"VRF001": 1}
    assert [(each.account_id, each.subject) for each in found.unread] == [(vault["account_id"], "vault_tags")]
