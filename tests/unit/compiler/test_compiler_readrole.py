"""The read-only role reads, and nothing else."""

import json

import pytest

from strongroom.compiler import READ_ACTIONS, read_role_template
from strongroom.domain.names import AccountId

ADMIN = AccountId("222222222222")


def _role():
    return json.loads(read_role_template("strongroom-read", (ADMIN,)))["Resources"]["ReadRole"]["Properties"]


@pytest.mark.parametrize("action", [action for group in READ_ACTIONS for action in group.actions])
def test_action_only_reads(action):
    """No action changes anything, and none is a wildcard."""
    service, _, name = action.partition(":")
    assert name.startswith(("Describe", "Get", "List"))
    assert service.isalnum()


def test_groups_are_explained_and_without_repetition():
    """Each action stands once, sorted, in a group that says why."""
    actions = [action for group in READ_ACTIONS for action in group.actions]
    assert len(actions) == len(set(actions))
    assert all(group.why and list(group.actions) == sorted(group.actions) for group in READ_ACTIONS)


def test_role_is_trusted_by_the_named_accounts_alone():
    """One hop, from the accounts that were given."""
    (statement,) = _role()["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": [{"Fn::Sub": "arn:${AWS::Partition}:iam::222222222222:root"}]}


def test_no_secrets_can_be_read():
    """Items, objects and secrets stay out of reach: only what describes a resource is read."""
    allowed = {action for statement in _role()["Policies"][0]["PolicyDocument"]["Statement"] for action in statement["Action"]}
    assert not allowed & {"s3:GetObject", "dynamodb:GetItem", "kms:Decrypt", "ssm:GetParameter", "secretsmanager:GetSecretValue"}
