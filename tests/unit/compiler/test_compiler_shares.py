"""Air-gapped vaults shared through AWS RAM."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.domain.names import EVERY_ACCOUNT, AccountId
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Lock, LockMode, VaultType
from strongroom.strategyfile import parse

LOCK = Lock(mode=LockMode.COMPLIANCE, min_days=7, max_days=400, grace_days=0, origin=FileOrigin("strategy.yaml", 7, 3))
RECOVERY = AccountId("222222222222")
FILE = """strongroom: 1
name: bank
organization: {home_region: eu-west-2, governs: [Workloads], accounts: {central: "333333333333", backup_admin: "222222222222"}}
vaults:
  local: {in: every-account}
  island: {in: central, type: air-gapped, lock: {min: 7d, max: 1y}, share: [backup_admin, "444444444444", backup_admin]}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d, copy: island}}}}
"""


def shares(estate):
    holders = {
        f"{each.name} {getattr(each, 'region', '')}".strip(): json.loads(each.template) for each in (*estate.stack_sets, *estate.stacks)
    }
    return {
        name: resource
        for name, template in holders.items()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::RAM::ResourceShare"
    }


def test_vault_of_an_account_is_shared_beside_it(three_tiers, build):
    """With accounts by name, with nobody outside the organization, and tagged as ours."""
    island = build.vault("island", type=VaultType.AIR_GAPPED, key="", lock=LOCK, shared_with=(RECOVERY,))
    estate = compile_strategy(replace(three_tiers, vaults=(*three_tiers.vaults, island)))
    assert shares(estate) == {
        "tiers-central eu-west-2": {
            "Type": "AWS::RAM::ResourceShare",
            "Properties": {
                "Name": "tiers-island",
                "AllowExternalPrincipals": False,
                "Principals": ["222222222222"],
                "ResourceArns": [{"Fn::GetAtt": ["VaultIsland", "BackupVaultArn"]}],
                "Tags": [{"Key": "strongroom:strategy", "Value": "tiers"}],
            },
        }
    }


def test_vault_in_some_regions_is_shared_in_these_alone(three_tiers, build):
    """The share has the condition of its vault."""
    island = build.vault(
        "island", account=EVERY_ACCOUNT, regions=(build.second,), type=VaultType.AIR_GAPPED, key="", lock=LOCK, shared_with=(RECOVERY,)
    )
    (share,) = shares(compile_strategy(replace(three_tiers, vaults=(*three_tiers.vaults, island)))).values()
    assert share["Condition"] == "InEuWest1"


def test_nothing_is_shared_by_default(three_tiers, build):
    """A share is a door."""
    island = build.vault("island", type=VaultType.AIR_GAPPED, key="", lock=LOCK)
    assert shares(compile_strategy(replace(three_tiers, vaults=(*three_tiers.vaults, island)))) == {}


def test_accounts_are_named_by_part_or_id():
    """Each once."""
    vaults = {vault.label: vault for vault in parse(FILE, file="strategy.yaml").strategy.vaults}
    assert vaults["island"].shared_with == ("222222222222", "444444444444")
    assert vaults["local"].shared_with == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        (
            "{in: every-account}",
            "{in: every-account, share: central}",
            "STR030",
            "vault local is shared, and only air-gapped vaults can be",
        ),
        ("share: [backup_admin,", "share: [log_archive,", "STR013", "vault island is in account log_archive"),
        ("share: [backup_admin,", "share: [Workloads,", "STR023", "'Workloads' is not one of"),
    ],
)
def test_what_cannot_be_shared_is_named(old, new, code, says):
    """Standard vaults, and whatever is no account."""
    (finding,) = parse(FILE.replace(old, new), file="strategy.yaml").findings
    assert finding.code == code
    assert says in finding.message
