"""Plans, rules and the role that somebody else made and keeps: adopted by their names in AWS."""

import pytest

from strongroom import checks, compiler, strategyfile

TEXT = """\
strongroom: 1
organization:
  home_region: eu-west-2
  accounts: {central: "333333333333"}
  governs: [Workloads]
roles: {adopt: OurBackups}
keys: {own: {kind: per-account}}
vaults:
  local: {in: every-account, adopt: Main_Vault, key: own}
  central: {in: central, adopt: Copies, key: own}
plans:
  nightly:
    adopt: Nightly_Plan
    select: {tags: {tier: gold}}
    rules:
      every-night: {adopt: every_night, at: "02:00", start_within: 1h, keep: 35d, copy: central}
  by-hand:
    adopt: By.Hand
    in: "555555555555"
    select: {tags: {tier: slate}}
    rules: {daily: {keep: 14d, vault: local}}
"""
OWN = """\
  ours:
    select: {tags: {tier: bronze}}
    rules: {daily: {at: "20:00", keep: 7d}}
"""


def parsed(text):
    found = strategyfile.parse(text, file="found.yaml")
    assert found.findings == ()
    return compiler.compile_strategy(found.strategy)


def codes(text):
    return [(finding.code, finding.message) for finding in strategyfile.parse(text, file="found.yaml").findings]


def test_adopted_things_have_their_names_in_aws():
    """Plans, rules and the role are called as AWS calls them, whatever the file calls them."""
    estate = parsed(TEXT)
    assert [(plan.name, plan.adopted, plan.account) for plan in estate.plans] == [
        ("Nightly_Plan", True, None),
        ("By.Hand", True, "555555555555"),
    ]
    assert [rule.name for plan in estate.plans for rule in plan.rules] == ["every_night", "daily"]
    assert (estate.roles.backup, estate.roles.adopted) == ("OurBackups", True)


def test_nothing_is_deployed_where_everything_is_adopted():
    """No policy, no StackSet, no stack: all of it is there without us."""
    estate = parsed(TEXT)
    assert (estate.organization_policies, estate.stack_sets, estate.stacks) == ((), (), ())
    assert [finding for finding in checks.run(estate) if finding.severity == "error"] == []


def test_a_plan_of_our_own_beside_adopted_ones_uses_what_is_adopted():
    """Its policy is made; the role and the vault are not."""
    estate = parsed(TEXT + OWN)
    assert [policy.plans for policy in estate.policies] == [("ours",)]
    assert estate.stacks == ()
    assert '"RoleName":"OurBackups"' not in "".join(each.template for each in estate.stack_sets)
    assert "role/OurBackups" in estate.policies[0].content


def test_restore_tests_of_adopted_plans_get_the_roles_they_need():
    """What others keep can be tested by us: the StackSet of roles is made, without a role for backups."""
    estate = parsed(TEXT + "restore_tests:\n  weekly: {at: 'Sunday 10:00', select: {types: [dynamodb]}, from: [local]}\n")
    [roles] = [each for each in estate.stack_sets if each.name.endswith("-roles")]
    assert estate.roles.restore_test in roles.template
    assert "OurBackups" not in "".join(each.template for each in estate.stack_sets)


def test_no_vault_is_added_for_adopted_plans():
    """Where every vault is in one account, the built-in vault `local` would be one that nobody asked for."""
    text = TEXT.replace("in: every-account, adopt: Main_Vault", 'in: "555555555555", adopt: Main_Vault')
    text = text.replace("  nightly:", "  nightly:\n    in: '555555555555'").replace("copy: central", "vault: local, copy: central")
    estate = parsed(text)
    assert [vault.label for vault in estate.vaults] == ["local", "central"]
    assert estate.stack_sets == ()


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("    adopt: Nightly_Plan\n", "", "STR030"),  # a rule that is adopted in a plan that is not
        ("roles: {adopt: OurBackups}", "roles: {adopt: OurBackups, backup: my-AWSBackup}", "STR030"),
        ("adopt: Nightly_Plan", 'adopt: "Nightly Plan"', "STR006"),
        ("adopt: every_night", 'adopt: "every night"', "STR006"),
    ],
)
def test_what_can_t_be_adopted_is_refused(before, after, code):
    """Each with its code, and with something to do about it."""
    [(found, _)] = codes(TEXT.replace(before, after))
    assert found == code
