"""`can` and `who-can` by the command line, over what `sync` read: a chain of roles that somebody planted is found."""

import json
from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Deployed, Shell

from strongroom.twin import client as control

CENTRAL, SHOP, PAYMENTS = "333333333333", "555555555555", "666666666666"
BREAKER = f"arn:aws:iam::{CENTRAL}:role/planted-breaker"
HOPPER = f"arn:aws:iam::{SHOP}:role/planted-hopper"
ANN = f"arn:aws:iam::{SHOP}:user/planted-ann"
RESTORER = f"arn:aws:iam::{CENTRAL}:role/three-tiers-AWSBackup-restore"
VAULT = f"vault:three-tiers-central@{CENTRAL}/eu-west-2"
DENIED = "888888888888"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(arn):
    return document({"Sid": "Trusted", "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"})


def allow(sid, action, resource="*"):
    return document({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource})


@pytest.fixture(scope="module")
def planted(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Ann in the shop may become a role there, which may become one in the central account that deletes and decrypts."""
    shop, central = (deployed.role_client("iam", account, "us-east-1") for account in (SHOP, CENTRAL))
    shop.create_user(UserName="planted-ann")
    shop.create_role(RoleName="planted-hopper", AssumeRolePolicyDocument=trust(ANN))
    shop.put_role_policy(RoleName="planted-hopper", PolicyName="hop", PolicyDocument=allow("Hop", "sts:AssumeRole", BREAKER))
    central.create_role(RoleName="planted-breaker", AssumeRolePolicyDocument=trust(HOPPER))
    breaking = allow("Break", ["backup:DeleteRecoveryPoint", "rds:DeleteDBSnapshot", "kms:Decrypt"])
    central.put_role_policy(RoleName="planted-breaker", PolicyName="break", PolicyDocument=breaking)
    shell = deployed.shell.at_home(tmp_path_factory.mktemp("planted"))
    shell.strongroom("sync")
    yield shell
    central.delete_role_policy(RoleName="planted-breaker", PolicyName="break")
    central.delete_role(RoleName="planted-breaker")
    shop.delete_role_policy(RoleName="planted-hopper", PolicyName="hop")
    shop.delete_role(RoleName="planted-hopper")
    shop.delete_user(UserName="planted-ann")


def routes(rows, principal):
    return [row for row in rows if row["principal"] == principal]


def test_who_can_delete_finds_the_planted_chain(planted):
    """Three names from Ann to the one that deletes, with the statements on the way; nobody is unread."""
    found = planted.strongroom("who-can", "delete", VAULT, "--format", "json", code=3).json
    (row,) = routes(found["could"], ANN)
    assert row["chain"] == [ANN, HOPPER, BREAKER]
    assert (row["statement"]["sid"], row["statement"]["policy"]) == ("Break", "inline policy break of role planted-breaker")
    assert row["statement"]["origin"] == f"{CENTRAL}/{BREAKER}"
    assert ["(Trusted)" in each for each in row["assumed"]] == [True, True]
    assert found["unread"] == []
    assert {row["principal"] for row in found["unknown"]} == {RESTORER}  # AWS's own policy lets it delete snapshots with a tag
    assert routes(found["could"], f"arn:aws:iam::{PAYMENTS}:user/payments-developer") == []


def test_the_central_vault_s_policy_is_asked(planted):
    """It denies deletion through AWS Backup, so that the way is the service's own."""
    found = planted.strongroom("who-can", "delete", VAULT, "--format", "json", code=3).json
    assert {row["permission"] for row in found["could"]} == {"rds:DeleteDBSnapshot"}
    denied = planted.strongroom("can", BREAKER, "backup:DeleteRecoveryPoint", VAULT, code=1).out
    assert "denied: backup:DeleteRecoveryPoint" in denied
    assert "denies it" in denied


def test_chains_that_are_limited_end_before(planted):
    """One role assumed at most: the hopper could, Ann could not."""
    found = planted.strongroom("who-can", "delete", VAULT, "--through", "1", "--format", "json", code=3).json
    assert [len(routes(found["could"], each)) for each in (BREAKER, HOPPER, ANN)] == [1, 1, 0]


def test_who_can_decrypt_finds_the_planted_chain(planted):
    """By the key of the central vault, whose policy delegates to the account."""
    found = planted.strongroom("who-can", "decrypt", VAULT, "--format", "json", code=3).json
    (*_, row) = routes(found["could"], ANN)
    assert row["chain"] == [ANN, HOPPER, BREAKER]
    assert "key policy" in row["because"]
    assert all("kms:ViaService" in each["missing"] for each in found["unknown"])


def test_everything_is_asked_about_without_a_resource(planted):
    """All vaults at once; hundreds of the same cause would be one line."""
    found = planted.strongroom("who-can", "delete", code=3)
    assert "delete: destroy a recovery point, asked of 16 vaults in 8 accounts" in found.out
    assert "7 root users in 7 accounts" in found.out
    assert "user planted-ann of shop 555555555555 -> role planted-hopper -> role planted-breaker of" in " ".join(found.out.split())


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (("planted-breaker", "kms:Decrypt", "*"), 0),
        (("planted-ann", "sts:AssumeRole", "role:planted-hopper"), 0),
        (("planted-ann", "sts:AssumeRole", "role:planted-breaker"), 1),
        (("planted-hopper", "sts:AssumeRole", "role:planted-breaker"), 0),
        (("payments-developer", "backup:DeleteBackupVault", "vault:three-tiers-local@payments/eu-west-2"), 1),
        (("root@shop", "backup:DeleteBackupVault", "vault:three-tiers-local@shop/eu-west-2"), 0),
        (("root@shop", "backup:DeleteRecoveryPoint", VAULT), 1),
        (("root@shop", "backup:DeleteBackupVault", "arn:aws:backup:eu-west-2:999900001111:backup-vault:theirs"), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_can_has_known_answers(planted, question, code):
    """Allowed is 0, denied 1."""
    planted.strongroom("can", *question, code=code)


def test_can_is_asked_of_an_earlier_snapshot(deployed, planted):
    """Before the roles were planted there were none: --as-of with the instant of the first sync."""
    first = json.loads(deployed.shell.strongroom("can", "root@shop", "kms:Decrypt", "*", "--format", "json").out)
    question = ("planted-breaker", "kms:Decrypt", "*")
    planted.strongroom("can", *question, "--as-of", "2020-01-01", code=3)
    deployed.shell.strongroom("can", *question, "--as-of", first["source"], code=2)
    planted.strongroom("can", *question, code=0)


def test_an_account_that_could_not_be_read_is_unknown(deployed, tmp_path):
    """Its vaults and its principals are listed as unread: exit code 3, whoever else was found."""
    shell = deployed.shell.at_home(tmp_path)
    control.add_fault(deployed.endpoint, "deny-assume-role", account=DENIED)
    try:
        shell.strongroom("sync", code=3)
    finally:
        control.clear_faults(deployed.endpoint)
    found = shell.strongroom("who-can", "delete-vault", "--format", "json", code=3).json
    assert {gap["what"] for gap in found["unread"] if gap["account"] == DENIED} >= {"vaults", "principals"}
    assert found["could"]
    assert f"account shop-staging {DENIED}: " in shell.strongroom("who-can", "delete-vault", code=3).out


def test_both_verbs_call_nobody(deployed, planted):
    """They read the ledger and nothing else."""
    for arguments in (("who-can", "unlock"), ("can", "planted-breaker", "kms:Decrypt", "*")):
        _, calls = deployed.watched(*arguments, shell=planted)
        assert calls == []
