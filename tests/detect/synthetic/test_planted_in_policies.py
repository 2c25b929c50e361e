"""Faults that only policies show: `verify` names each from the ledger alone, while every copy so far has arrived."""

import json

import pytest

from strongroom import proof
from strongroom.proof.permitted import Permissions

HOME, SECOND = "eu-west-2", "eu-west-1"


@pytest.fixture
def entitled(builder):
    """A healthy organization of which principals and control policies were read too."""

    def make(seed=1, resources=40):
        made = builder(seed, resources)
        made.build()
        made.entitle()
        return made

    return make


def verified(world, tmp_path):
    return proof.verify(world.estate, world.write(tmp_path))


def only(found):
    """The one fault there is."""
    assert found.faults, "no error found, the checker is broken"
    assert [(fault.finding.code, fault.finding.message) for fault in found.faults][1:] == []
    assert found.unknown == 0
    finding = found.faults[0].finding
    assert finding.help
    assert finding.why
    return found.faults[0]


def touched(world, *, account="", tier=None, kinds=()):
    """How many protected resources are of an account, a tier and some types."""
    values = world.values if tier is None else (world.values[tier],)
    return sum(
        row["tags"].get(world.key) in values and row["account_id"].startswith(account) and (not kinds or row["type"] in kinds)
        for row in world.tables["resources"]
    )


@pytest.mark.parametrize("seed", range(3))
def test_an_organization_with_all_permissions_has_no_findings(entitled, tmp_path, seed):
    """AWS's managed policies and keys that the organization uses are enough: nothing is broken, nothing unknown."""
    found = verified(entitled(seed).world, tmp_path)
    assert [finding.message for finding in found.findings] == []
    assert (found.broken, found.unknown, int(found.exit_code)) == (0, 0, 0)


def test_a_role_without_its_managed_policies_is_one_fault(entitled, tmp_path):
    """The role of one account has lost its policies: everything in that account, for one reason."""
    world = entitled().world
    account = world.resource()["account_id"]
    world.drop("principal_policies", account_id=account, principal_arn=f"arn:aws:iam::{account}:role/three-tiers-AWSBackup")
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF070", "FM07")
    assert "role three-tiers-AWSBackup lacks permissions that jobs need" in fault.finding.message
    assert fault.resources == touched(world, account=account)


def test_a_role_without_the_policy_for_buckets_is_named(entitled, tmp_path):
    """Buckets need a policy of their own; other types go on."""
    world = entitled().world
    world.drop("principal_policies", name="AWSBackupServiceRolePolicyForS3Backup")
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.resources) == ("VRF070", touched(world, kinds=("S3",)))
    assert fault.finding.message.endswith("(S3)")


def test_a_boundary_bounds_the_role(entitled, tmp_path):
    """What the boundary of the role doesn't allow, its policies can't give."""
    made = entitled()
    world, account = made.world, made.world.resource()["account_id"]
    role = world.rows("principals", account_id=account)[0]
    role.update(boundary_arn="arn:aws:iam::111122223333:policy/b")
    made.add("policy_texts", digest="b", text=json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}))
    made.grant(account, role["arn"], "b", "arn:aws:iam::111122223333:policy/b", "boundary")
    assert only(verified(world, tmp_path)).finding.code == "VRF070"


def test_a_control_policy_against_copies_is_named(entitled, tmp_path):
    """Copies of every account below the root are denied, backups are not."""
    made = entitled()
    made.control(
        "no-copies", {"Effect": "Deny", "Action": ["backup:StartCopyJob", "backup:CopyIntoBackupVault"], "Resource": "*"}, "r-abcd"
    )
    fault = only(verified(made.world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF071", "FM07")
    assert "SCP no-copies denies what jobs need: backup:CopyIntoBackupVault" in fault.finding.message
    assert fault.resources == touched(made.world, tier=0) + touched(made.world, tier=1)


def test_a_level_of_control_policies_that_allows_nothing_is_named(entitled, tmp_path):
    """FullAWSAccess was detached from an OU."""
    world = entitled().world
    world.drop("control_policies", target_id="ou-abcd-below000")
    fault = only(verified(world, tmp_path))
    assert fault.finding.code == "VRF071"
    assert fault.resources == touched(world)


def test_a_central_key_without_its_statement_is_named_with_account_and_key(entitled, tmp_path):
    """What AWS Backup fully manages can't be encrypted by the central vault's key any more, and nothing under it restored."""
    world = entitled().world
    key = world.rows("vaults", name="three-tiers-dr")[0]["key_arn"]
    world.rows("keys", arn=key)[0].update(policy=json.dumps({"Statement": []}))
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF072", "FM05")
    assert f"the key of vault three-tiers-dr in {SECOND} (account {world.central}, {key})" in fault.finding.message
    assert fault.resources == touched(world, tier=0)


def test_local_keys_without_their_statement_are_one_fault(entitled, tmp_path):
    """The same mistake in every account is one finding."""
    world = entitled().world
    for vault in world.rows("vaults", name="three-tiers-local"):
        world.rows("keys", arn=vault["key_arn"])[0].update(policy=json.dumps({"Statement": []}))
    found = verified(world, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF072"}
    assert len(found.faults) == 2  # one for each Region


def test_a_key_that_is_not_shared_with_the_copies_account_is_named(entitled, tmp_path):
    """FM01: volumes and databases keep their own key, which the central account may not use."""
    world = entitled().world
    account = world.resource(kind="RDS")["account_id"]
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    for key in world.rows("keys", account_id=account):
        if key["arn"].endswith("key/data"):
            key.update(policy=json.dumps({"Statement": [own]}))
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF073", "FM01")
    assert f"does not let account {world.central} use it" in fault.finding.message
    copied = sum(touched(world, account=account, tier=tier, kinds=("EBS", "RDS")) for tier in (0, 1))
    assert fault.resources == copied


def test_a_replica_with_another_policy_than_its_primary_is_named(entitled, tmp_path):
    """FM15: each replica of a multi-Region key has a policy of its own."""
    world = entitled().world
    keys = {vault["region"]: vault["key_arn"] for vault in world.rows("vaults", account_id=world.central)}
    world.rows("keys", arn=keys[HOME])[0].update(multi_region="PRIMARY", primary_arn=keys[HOME])
    world.rows("keys", arn=keys[SECOND])[0].update(multi_region="REPLICA", primary_arn=keys[HOME], policy=json.dumps({"Statement": []}))
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF074", "FM15")
    assert f"the replica key of vault three-tiers-dr in {SECOND} (account {world.central}, {keys[SECOND]})" in fault.finding.message


def test_a_local_vault_that_denies_copies_out_is_named(entitled, tmp_path):
    """An explicit denial outranks what the role may do."""
    world = entitled().world
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:CopyFromBackupVault", "Resource": "*"}
    for vault in world.rows("vaults", name="three-tiers-local"):
        vault.update(access_policy=json.dumps({"Statement": [*json.loads(vault["access_policy"])["Statement"], deny]}))
    found = verified(world, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF075"}
    assert all("backup:CopyFromBackupVault" in fault.finding.message for fault in found.faults)


def test_a_disabled_key_of_resources_is_named(entitled, tmp_path):
    """FM05: what is encrypted with a disabled key can't be backed up."""
    world = entitled().world
    account = world.resource()["account_id"]
    for key in world.rows("keys", account_id=account):
        if key["arn"].endswith("key/data"):
            key.update(state="Disabled")
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode, fault.resources) == ("VRF076", "FM05", touched(world, account=account))


def test_only_the_resources_that_a_policy_names_are_touched(entitled, tmp_path):
    """A denial for one table is that table's alone."""
    made = entitled()
    table = made.world.resource()
    role = f"arn:aws:iam::{table['account_id']}:role/three-tiers-AWSBackup"
    made.inline(table["account_id"], role, "not-this-one", Effect="Deny", Action="dynamodb:*", Resource=table["arn"])
    fault = only(verified(made.world, tmp_path))
    assert (fault.finding.code, fault.arns) == ("VRF070", (table["arn"],))


@pytest.mark.parametrize("subject", ["principals", "control_policies"])
def test_policies_that_could_not_be_read_leave_links_unknown(entitled, tmp_path, subject):
    """What a sync tried to read and could not counts as nothing, although every copy arrived."""
    world = entitled().world
    for row in world.rows("reads", subject=subject):
        row.update(read=False, code="AccessDenied", reason="no")
    found = verified(world, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF001"}
    assert found.proven == 0
    assert found.unknown == found.chains.num_rows
    assert int(found.exit_code) == 3


def test_a_ledger_from_before_policies_were_synced_proves_what_it_proved(builder, tmp_path):
    """Without principals, control policies, grants and the organization's id nothing becomes unknown that has its recovery points."""
    world = builder().build()
    world.drop("settings", kind="organization")
    found = verified(world, tmp_path)
    assert (found.broken, found.unknown) == (0, 0)


def test_a_doubt_stays_a_doubt_until_something_arrives(entitled, tmp_path):
    """A trust policy that asks for what nobody knows is unknown while the role's account has no recovery points."""
    world = entitled().world
    account = world.resource()["account_id"]
    trust = json.loads(world.rows("roles", account_id=account)[0]["trust_policy"])
    trust["Statement"][0]["Condition"] = {"ArnLike": {"aws:SourceArn": "arn:aws:backup:*:*:*"}}
    world.rows("roles", account_id=account)[0].update(trust_policy=json.dumps(trust))
    assert verified(world, tmp_path).unknown == 0
    world.tables["recovery_points"] = [row for row in world.tables["recovery_points"] if f":{account}:" not in row["resource_arn"]]
    world.tables["backup_jobs"] = [row for row in world.tables["backup_jobs"] if row["account_id"] != account]
    causes = {fault.finding.message for fault in verified(world, tmp_path).faults if fault.finding.code == "VRF028"}
    assert causes == {"whether role three-tiers-AWSBackup can be assumed by AWS Backup depends on aws:SourceArn"}


@pytest.mark.parametrize("seed", range(3))
def test_accounts_that_share_answers_have_the_same_as_alone(entitled, tmp_path, monkeypatch, seed):
    """Judging each group for itself finds what judging equal ones together finds."""
    made = entitled(seed)
    world = made.world
    first, second, *_ = world.workloads
    world.drop("principal_policies", account_id=first)
    listed = {"Effect": "Allow", "Principal": {"AWS": [first, second]}, "Action": "backup:CopyIntoBackupVault", "Resource": "*"}
    world.rows("vaults", name="three-tiers-dr")[0].update(access_policy=json.dumps({"Statement": [listed]}))
    made.control("by-arn", {"Effect": "Deny", "Action": "rds:*", "Resource": f"arn:aws:rds:*:{second}:*"}, "r-abcd")
    together = verified(world, tmp_path / "together")
    likeness = Permissions._likeness
    monkeypatch.setattr(Permissions, "_likeness", lambda self, group, vault: (likeness(self, group, vault), group.arn, group.key))
    alone = verified(world, tmp_path / "alone")
    assert together.faults
    assert [(each.finding.message, each.arns) for each in together.faults] == [(each.finding.message, each.arns) for each in alone.faults]
    assert together.chains.equals(alone.chains)
