"""What the access policies of vaults let in and keep, asked of the evaluator for an administrator of each account."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.compiler import compile_strategy
from strongroom.domain.access import PolicyText
from strongroom.domain.names import AccountId
from strongroom.domain.origin import FileOrigin
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict

_spec = importlib.util.spec_from_file_location("deployed_rights", Path(__file__).with_name("deployed_rights.py"))
rights = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rights)
CENTRAL, LEDGER, LOGS, SHOP, STRANGER = rights.CENTRAL, rights.LEDGER, rights.LOGS, rights.SHOP, rights.STRANGER

ANYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
ON_POINTS = ("backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint", "backup:UpdateRecoveryPointLifecycle")
LOCAL, KEPT = rights.vault_arn(SHOP, "tiers-local"), rights.vault_arn(CENTRAL, "tiers-central")


def verdict(estate, who, action, vault):
    """What becomes of a call of somebody who may do everything that the account may, on a vault or a recovery point in it."""
    found = rights.access(estate)
    arn = who if who.startswith("arn:") else rights.role_arn(who, "admin")
    administrator = replace(
        found.principals[0],
        account=arn.split(":")[4],
        arn=arn,
        identity=(PolicyText(name="admin", text=ANYTHING, origin=FileOrigin("x", 1, 1)),),
        trust=None,
    )
    others = (each for each in found.principals if each.arn != arn)
    authorizer = Authorizer(replace(found, principals=(*others, administrator)))
    if action in ON_POINTS:
        point = f"arn:aws:backup:eu-west-2:{vault.split(':')[4]}:recovery-point:00000000"
        return authorizer.decide(arn, action, point, guard=vault).verdict
    return authorizer.decide(arn, action, vault).verdict


@pytest.fixture
def estate(three_tiers):
    return compile_strategy(three_tiers)


@pytest.mark.parametrize(
    "action", ["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]
)
@pytest.mark.parametrize("vault", [LOCAL, KEPT])
def test_nobody_deletes_what_is_in_a_vault(estate, vault, action):
    """Not the administrator of its account; AWS Backup itself goes on expiring recovery points."""
    account = vault.split(":")[4]
    assert verdict(estate, account, action, vault) is Verdict.DENIED
    linked = f"arn:aws:iam::{account}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
    assert verdict(estate, linked, action, vault) is Verdict.ALLOWED


@pytest.mark.parametrize(
    "action", ["backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy", "backup:DeleteBackupVault"]
)
def test_policies_lock_nobody_out(estate, action):
    """Whoever deploys can still change the policy, and undo a creation that failed."""
    assert verdict(estate, SHOP, action, LOCAL) is verdict(estate, CENTRAL, action, KEPT) is Verdict.ALLOWED


def test_copies_come_in_from_governed_accounts_alone(estate):
    """An account of the organization outside the governed OUs has nothing to copy there, and a stranger even less."""
    found = {account: verdict(estate, account, "backup:CopyIntoBackupVault", KEPT) for account in (SHOP, LEDGER, LOGS, STRANGER)}
    assert found.pop(STRANGER) is not Verdict.ALLOWED
    assert found == {SHOP: Verdict.ALLOWED, LEDGER: Verdict.ALLOWED, LOGS: Verdict.DENIED}


def test_accounts_with_plans_of_their_own_may_copy_wherever_they_are(three_tiers, build):
    """The log archive is outside the governed OUs, and its backups have to leave it too."""
    logs = build.plan("logs", account=AccountId(LOGS), rules=(build.rule(copies=(build.copy("central", keep=366),)),))
    estate = compile_strategy(replace(three_tiers, plans=(*three_tiers.plans, logs)))
    assert verdict(estate, LOGS, "backup:CopyIntoBackupVault", KEPT) is Verdict.ALLOWED


def test_copies_come_back_from_the_account_that_keeps_them_alone(estate):
    """The vault beside the resources opens to the central account and to nobody else."""
    found = {account: verdict(estate, account, "backup:CopyIntoBackupVault", LOCAL) for account in (CENTRAL, LEDGER, LOGS)}
    assert found == {CENTRAL: Verdict.ALLOWED, LEDGER: Verdict.DENIED, LOGS: Verdict.DENIED}


def test_without_copies_no_vault_opens_to_another_account(three_tiers, build):
    """The policy has the denial and nothing else."""
    estate = compile_strategy(replace(three_tiers, plans=(build.plan(),)))
    vault = next(
        each["Properties"] for each in json.loads(estate.stack_sets[0].template)["Resources"].values() if "BackupVault" in each["Type"]
    )
    assert [each["Sid"] for each in vault["AccessPolicy"]["Statement"]] == ["NobodyDeletes"]


def test_no_policy_has_a_wildcard_among_its_actions(estate):
    """AWS Backup refuses them."""
    for holder in (*estate.stack_sets, *estate.stacks):
        for resource in json.loads(holder.template)["Resources"].values():
            for statement in resource.get("Properties", {}).get("AccessPolicy", {}).get("Statement", []):
                assert "*" not in str(statement["Action"])
