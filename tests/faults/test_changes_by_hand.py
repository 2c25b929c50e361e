"""Somebody changes by hand what Strongroom owns: `plan` names it, `apply` puts it back, and touches nothing else."""

import json

import pytest

from strongroom.errors import ExitCode
from strongroom.twin import client as control


@pytest.fixture
def reachable(own_world):
    """A deployed strategy whose deploy role can be assumed in one governed account, payments, and not in the other."""
    own_world.shell.strategy("tiers")
    assert own_world.shell.run("apply", "--yes").code == 0
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"}],
    }
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = own_world.client("iam", **PAYMENTS)
    iam.create_role(RoleName="strongroom-deploy", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="strongroom-deploy", PolicyName="all", PolicyDocument=json.dumps(everything))
    return own_world


CENTRAL = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}
PAYMENTS = {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}


def titles(planned):
    return [step["title"].split(" in account")[0] for step in json.loads(planned.out)["plan"]["steps"]]


def test_what_was_changed_by_hand_is_named_and_put_back(reachable):
    """A vault policy in the central account, an alias and a role in a governed one; what others have there stays as it is."""
    backup, kms, iam = (
        reachable.client("backup", **CENTRAL),
        reachable.client("kms", "eu-west-1", **PAYMENTS),
        reachable.client("iam", **PAYMENTS),
    )
    before = json.loads(backup.get_backup_vault_access_policy(BackupVaultName="tiers-central")["Policy"])
    weaker = {**before, "Statement": [each for each in before["Statement"] if each["Effect"] == "Allow"]}
    backup.put_backup_vault_access_policy(BackupVaultName="tiers-central", Policy=json.dumps(weaker))
    backup.create_backup_vault(BackupVaultName="somebody-elses")
    kms.delete_alias(AliasName="alias/tiers-local-backup")
    managed = iam.list_attached_role_policies(RoleName="tiers-AWSBackup")["AttachedPolicies"]
    iam.detach_role_policy(RoleName="tiers-AWSBackup", PolicyArn=managed[0]["PolicyArn"])

    planned = reachable.shell.run("plan", "--format", "json")
    assert titles(planned) == [
        "put back 1 Backup::BackupVault changed by hand",
        "put back 1 KMS::Alias deleted by hand",
        "put back 1 IAM::Role changed by hand",
    ]
    unlooked = reachable.shell.run("plan", "--no-drift")
    assert "nothing to do (changes by hand inside stacks were not looked for)" in unlooked.out

    after = reachable.last_call()
    assert reachable.shell.run("apply", "--yes").code == 0
    assert json.loads(backup.get_backup_vault_access_policy(BackupVaultName="tiers-central")["Policy"]) == before
    assert "alias/tiers-local-backup" in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
    assert iam.list_attached_role_policies(RoleName="tiers-AWSBackup")["AttachedPolicies"] == managed
    assert {call["operation"] for call in reachable.writes(after)} == {"CreateChangeSet", "DeleteChangeSet", "ExecuteChangeSet"}
    assert "nothing to do" in reachable.shell.run("plan").out
    assert backup.describe_backup_vault(BackupVaultName="somebody-elses")["BackupVaultName"] == "somebody-elses"


def test_an_account_that_can_t_be_reached_is_reported_and_the_others_are_put_back(reachable):
    """Without the deploy role in shop, its key alias is named as drifted, reported with the cause, and payments is mended."""
    reader = control_client(reachable, "555555555555")
    reader.delete_alias(AliasName="alias/tiers-local-backup")
    payments = reachable.client("kms", **PAYMENTS)
    payments.delete_alias(AliasName="alias/tiers-local-backup")
    applied = reachable.shell.run("apply", "--yes")
    assert applied.code == ExitCode.AWS_REFUSED
    [line] = [line for line in applied.out.splitlines() if line.startswith("failed ")]
    assert line.startswith(
        "failed StackSet tiers-local in account 555555555555, eu-west-2: assuming role strongroom-deploy in account 555555555555"
    )
    assert "alias/tiers-local-backup" in [alias["AliasName"] for alias in payments.list_aliases()["Aliases"]]


def control_client(world, account):
    """A client of KMS in an account without users, through the role that may do everything there."""
    role = {"RoleArn": f"arn:aws:iam::{account}:role/strongroom-read", "RoleSessionName": "hand"}
    given = world.client("sts").assume_role(**role)["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    return world.client("kms", **keys, aws_session_token=given["SessionToken"])


def test_putting_back_is_done_once_though_the_answer_is_lost(reachable):
    """Each of its writes may be cut: the change set is made anew, and the alias is there in the end."""
    kms = reachable.client("kms", "eu-west-1", **PAYMENTS)
    for number in (1, 2, 3):
        kms.delete_alias(AliasName="alias/tiers-local-backup")
        reachable.fault("cut-after-write", after=number, times=1)
        applied = reachable.shell.run("apply", "--yes")
        assert (applied.code, applied.error, reachable.hits()) == (0, "", 1)
        reachable.mend()
        assert "alias/tiers-local-backup" in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
    assert control.clock(reachable.endpoint)["now"] != ""
