"""The statements of the organization's resource policy: what the backup administrator may, and no more."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.compiler.delegation import Place, delegation_sids, delegation_statements

PLACE = Place(management_account="111111111111", organization_id="o-abc", unit_ids=("ou-1", "ou-2"))


@pytest.fixture
def statements(three_tiers):
    """What the backup administrator of the demo is allowed."""
    return delegation_statements(compile_strategy(three_tiers), PLACE)


def by_sid(statements):
    return {each["Sid"].removeprefix("StrongroomTiers"): each for each in statements}


def test_policies_may_be_attached_to_the_governed_ous_alone(statements):
    """Neither the root nor an account: whoever takes over the administrator's account can't reach further."""
    assert by_sid(statements)["Attaches"]["Resource"] == [
        "arn:aws:organizations::111111111111:policy/o-abc/backup_policy/*",
        "arn:aws:organizations::111111111111:ou/o-abc/ou-1",
        "arn:aws:organizations::111111111111:ou/o-abc/ou-2",
    ]


def test_only_backup_policies_may_be_changed(statements):
    """What makes or attaches a policy asks for its type, what changes one names the type in its ARN."""
    for name in ("Creates", "Attaches"):
        assert by_sid(statements)[name]["Condition"] == {"StringEquals": {"organizations:PolicyType": "BACKUP_POLICY"}}
    assert by_sid(statements)["Changes"]["Resource"] == ["arn:aws:organizations::111111111111:policy/o-abc/backup_policy/*"]


def test_nothing_but_policies_can_be_changed(statements):
    """No action on accounts, OUs, delegations, policy types or the resource policy itself; everything else only reads."""
    written = {
        action.removeprefix("organizations:")
        for each in statements
        for action in each["Action"]
        if not action.removeprefix("organizations:").startswith(("Describe", "List"))
    }
    assert written == {"CreatePolicy", "UpdatePolicy", "DeletePolicy", "AttachPolicy", "DetachPolicy", "TagResource", "UntagResource"}


def test_aws_takes_the_document(statements):
    """No NotAction, no NotResource (refused since 30 June 2026), ids of letters and digits, far below 40,000 characters."""
    text = json.dumps(statements)
    assert "NotAction" not in text
    assert "NotResource" not in text
    assert all(each["Sid"].isalnum() for each in statements)
    assert len(text) < 10_000


def test_the_ids_of_statements_are_the_strategy_s_own(statements):
    """By them its statements are told from those of others, and of strategies whose names begin alike."""
    assert {each["Sid"] for each in statements} == delegation_sids("tiers")
    assert delegation_sids("a").isdisjoint(delegation_sids("ab"))
    assert delegation_sids("a-b").isdisjoint(delegation_sids("ab"))


def test_without_a_backup_administrator_nothing_is_delegated(three_tiers):
    """The management account needs no leave."""
    accounts = replace(three_tiers.organization.accounts, backup_admin=None)
    alone = replace(three_tiers, organization=replace(three_tiers.organization, accounts=accounts))
    assert delegation_statements(compile_strategy(alone), PLACE) == ()
