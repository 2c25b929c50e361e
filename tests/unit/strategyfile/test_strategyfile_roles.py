"""Roles of a strategy file: names, who may assume them, and what can't be meant."""

import pytest

from strongroom.domain.roles import RolePurpose, Trust
from strongroom.strategyfile import parse

HEAD = """strongroom: 1
name: bank
organization:
  {home_region: eu-west-2, governs: [Workloads], accounts: {management: "111111111111", backup_admin: "222222222222"}}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d}}}}
"""


def made(text):
    parsed = parse(HEAD + text, file="strategy.yaml")
    assert parsed.strategy is not None, parsed.findings
    return {role.purpose: role for role in parsed.strategy.roles.made}


def found(text):
    return [(each.code, each.message, each.help) for each in parse(HEAD + text, file="strategy.yaml").findings]


def test_without_trust_no_role_of_people_is_made():
    """A role that anybody could assume by default would be a hole; a name alone makes nothing."""
    assert made("roles: {read: auditor, deploy: pipeline}\n") == {}


def test_read_role_may_be_its_name():
    """The short form and the long one name the same role."""
    for text in ("roles: {read: auditor}\n", "roles: {read: {name: auditor}}\n"):
        assert parse(HEAD + text, file="strategy.yaml").strategy.roles.read == "auditor"


def test_trust_names_accounts_by_part_or_id_the_same_account_or_principals():
    """Each kind is its own, whatever the order; nobody is trusted twice."""
    role = made('roles: {backup_team: {trust: [backup_admin, "222222222222", "arn:aws:iam::333333333333:role/ops/*", same-account]}}\n')
    assert role[RolePurpose.BACKUP_TEAM].trust == Trust(
        accounts=("222222222222",), same_account=True, principals=("arn:aws:iam::333333333333:role/ops/*",), mfa=True
    )


def test_people_need_a_second_factor_and_programs_do_not():
    """The default of people's roles is the safe one; the role that reads is for programs."""
    roles = made("roles: {read: {trust: management}, recovery: {trust: management}, workload_team: {trust: same-account, mfa: false}}\n")
    assert {purpose: role.trust.mfa for purpose, role in roles.items()} == {
        RolePurpose.READ: False,
        RolePurpose.RECOVERY: True,
        RolePurpose.WORKLOAD_TEAM: False,
    }


def test_names_start_with_the_strategy():
    """Two strategies of one organization don't fight over a role."""
    names = {role.name for role in made("roles: {recovery: {trust: management}, workload_team: {trust: same-account}}\n").values()}
    assert names == {"bank-recovery", "bank-workload-team"}


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("roles: {recovery: {trust: central}}\n", "STR013", "role recovery is in account central"),
        ("roles: {recovery: {trust: sameaccount}}\n", "STR023", "'sameaccount' is not one of"),
        ('roles: {recovery: {trust: "arn:aws:iam::*:role/ops"}}\n', "STR028", "is not the ARN of a role or user of one account"),
        ('roles: {recovery: {trust: "arn:aws:iam::333333333333:root"}}\n', "STR028", "is not the ARN of a role or user of one account"),
        ("roles: {recovery: {trust: []}}\n", "STR004", "trust"),
        ("roles: {recovery: {mfa: false}}\n", "STR004", "trust"),
        ("roles: {read: strongroom-deploy}\n", "STR022", "role deploy has the name strongroom-deploy, and so has role read"),
        ("roles: {restore: bank-AWSBackup}\n", "STR022", "role restore has the name bank-AWSBackup, and so has role backup"),
        ("roles: {restore_test: tester}\n", "STR006", "does not contain AWSBackup"),
    ],
)
def test_what_cannot_be_meant_is_named(text, code, says):
    """One finding, with its code and the words that are wrong."""
    ((code_found, message, help_text),) = found(text)
    assert code_found == code
    assert says in message
    assert help_text
