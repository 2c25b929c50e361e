"""Vault and key policies: the part of IAM that they really use."""

import json

import pytest

from strongroom.twin.backup.access import Caller, denies, may_copy_into, may_use_key

VAULT = "arn:aws:backup:eu-west-2:333333333333:backup-vault:central"
CALLER = Caller(
    account="555555555555",
    principal="arn:aws:iam::555555555555:role/shop-AWSBackup",
    organization_id="o-abcdefghij",
    path="o-abcdefghij/r-abcd/ou-abcd-prod/ou-abcd-shop/",
)


def _policy(**members):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"} | members
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("members", "allowed"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::555555555555:root"}}, True),
        ({"Principal": {"AWS": ["444444444444", "555555555555"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::444444444444:root"}}, False),
        ({"Principal": {"Service": "backup.amazonaws.com"}}, False),
        ({"Action": ["backup:StartCopyJob"]}, False),
        ({"Action": "backup:copyintobackupvault"}, True),
        ({"Resource": VAULT}, True),
        ({"Resource": VAULT + "-other"}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-abcdefghij"]}}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}, False),
        ({"Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/*/ou-abcd-prod/*"}}}, True),
        ({"Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/r-abcd/ou-abcd-dev/*"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SomethingElse": "x"}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"aws:SomethingElse": "x"}}}, True),
    ],
)
def test_copy_into(members, allowed):
    """Principal, action, resource and condition of a statement must all fit."""
    assert may_copy_into(_policy(**members), VAULT, CALLER) is allowed


def test_without_policy_nothing_is_allowed():
    """No policy, or something that is no policy, allows no other account anything."""
    assert not may_copy_into(None, VAULT, CALLER)
    assert not may_copy_into("not json", VAULT, CALLER)


def test_a_deny_wins():
    """An explicit deny beats every allow."""
    allow, deny = (json.loads(_policy(Effect=effect))["Statement"][0] for effect in ("Allow", "Deny"))
    assert not may_copy_into(json.dumps({"Statement": [allow, deny]}), VAULT, CALLER)
    assert denies(json.dumps({"Statement": deny}), "backup:CopyIntoBackupVault", VAULT, CALLER)


def test_a_key_has_to_be_decryptable_and_grantable():
    """Another account needs kms:Decrypt and kms:CreateGrant, the latter usually for AWS services only."""
    key = "arn:aws:kms:eu-west-2:333333333333:key/1"
    use = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::555555555555:root"}, "Action": ["kms:Decrypt"], "Resource": "*"}
    grant = use | {"Action": "kms:CreateGrant", "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}
    assert may_use_key(json.dumps({"Statement": [use, grant]}), key, CALLER)
    assert not may_use_key(json.dumps({"Statement": [use]}), key, CALLER)
