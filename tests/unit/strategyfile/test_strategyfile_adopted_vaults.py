"""Vaults of others, adopted by name: used, and never made, changed or destroyed."""

import json

import pytest

from strongroom import strategyfile
from strongroom.compiler import compile_strategy

HEAD = """\
strongroom: 1
name: bank
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
TOWER
keys:
  backup: {kind: per-account}
  shared: {kind: multi-region, arn: "arn:aws:kms:eu-west-2:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab"}
vaults:
  local: {in: every-account, adopt: aws-controltower-local-backupvault-abcMORE}
  central: {in: central, adopt: aws-controltower-central-backupvault-abc, key: shared}
  own: {in: central, region: eu-west-1}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {keep: 30d, copy: [central, own]}
"""
TOWER = "  control_tower: {enabled_on: [Workloads], key: shared}"


def parsed(more="", tower=TOWER):
    return strategyfile.parse(HEAD.replace("TOWER", tower).replace("MORE", more), file="s.yaml")


@pytest.fixture
def estate():
    """The strategy, compiled."""
    found = parsed()
    assert found.findings == ()
    return compile_strategy(found.strategy)


def test_an_adopted_vault_has_its_own_name_and_the_key_of_control_tower(estate):
    """Where the strategy names no key, Control Tower's is meant."""
    vaults = {each.label: each for each in estate.vaults}
    assert {label: (each.name, each.key, each.adopted) for label, each in vaults.items()} == {
        "local": ("aws-controltower-local-backupvault-abc", "shared", True),
        "central": ("aws-controltower-central-backupvault-abc", "shared", True),
        "own": ("bank-own", "backup", False),
    }


def test_plans_write_into_adopted_vaults_and_copy_there(estate):
    """They are there without us."""
    [policy] = estate.policies
    rule = json.loads(policy.content)["plans"]["production"]["rules"]["daily"]
    assert rule["target_backup_vault_name"] == {"@@assign": "aws-controltower-local-backupvault-abc"}
    assert sorted(arn.rpartition(":")[2] for arn in rule["copy_actions"]) == ["aws-controltower-central-backupvault-abc", "bank-own"]
    assert [each.subject for each in estate.undeployed] == []


def test_no_template_holds_an_adopted_vault(estate):
    """CloudFormation would make it, change it or give it up."""
    names = {
        resource["Properties"]["BackupVaultName"]
        for each in (*estate.stacks, *estate.stack_sets)
        for resource in json.loads(each.template)["Resources"].values()
        if resource["Type"] == "AWS::Backup::BackupVault"
    }
    assert names == {"bank-own"}


@pytest.mark.parametrize(
    ("more", "tower", "code", "place"),
    [
        (", name: mine", TOWER, "STR030", "s.yaml:13:"),
        ("", "", "STR015", "s.yaml:13:3"),
        (", key: nothing", TOWER, "STR015", "s.yaml:13:"),
    ],
    ids=["a name of its own", "no key", "an unknown key"],
)
def test_what_an_adopted_vault_can_t_be(more, tower, code, place):
    """Adopting is naming: another name has no meaning, and the key it has must be known to judge copies."""
    [finding] = parsed(more, tower).findings
    assert (finding.code, str(finding.origin).startswith(place)) == (code, True)


def test_a_key_may_be_named_where_there_is_no_control_tower():
    """Whoever made the vault: the strategy says what key it has."""
    found = parsed(", key: shared", "")
    assert found.findings == ()
    assert found.strategy.vaults[0].key == "shared"
