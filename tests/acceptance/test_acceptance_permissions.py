"""The page of IAM permissions against the calls that the verbs really make."""

from collections.abc import Iterable
from typing import Any

import pytest

from strongroom.aws.permissions import PERMISSIONS, READ_ROLE_ACTIONS

# Operations whose IAM action has another name. Source: Service Authorization Reference.
ACTIONS = {
    "monitoring:DescribeAlarms": "cloudwatch:DescribeAlarms",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:HeadBucket": "s3:ListBucket",
    "tagging:GetResources": "tag:GetResources",
}
# Actions that no call names, with the reason why AWS or another organization than the example's needs them.
NEEDED_ANYWAY = {
    "backup:DescribeBackupVault": "asked where ListBackupVaults leaves `Locked` out, which the twin never does",
    "backup:DescribeFramework": "asked where there are frameworks",
    "backup:GetLegalHold": "asked where there are legal holds",
    "backup:GetRestoreTestingPlan": "asked where there are restore-testing plans",
    "backup:GetRestoreTestingSelection": "asked where a restore-testing plan has selections",
    "backup:ListRecoveryPointsByLegalHold": "asked where there are legal holds",
    "backup:ListRestoreTestingSelections": "asked where there are restore-testing plans",
    "cloudformation:DescribeStacks": "asked by plan where an account has come back into the governed OUs",
    "config:DescribeConfigurationRecorderStatus": "asked where AWS Config has a recorder",
    "controltower:GetLandingZone": "asked where there is a landing zone",
    "controltower:ListBaselines": "asked where there is a landing zone",
    "controltower:ListEnabledBaselines": "asked where there is a landing zone",
    "events:ListTargetsByRule": "asked where there are rules about backups",
    "fsx:DescribeFileSystems": "asked where there are FSx file systems",
    "organizations:ListEffectivePolicyValidationErrors": "asked where an effective policy is invalid",
    "rds:DescribeOptionGroups": "asked where a database has an option group that is not a default one",
    "redshift:DescribeClusters": "asked where there are Redshift clusters",
    "servicequotas:GetAWSDefaultServiceQuota": "asked where ListServiceQuotas leaves a quota out, which the twin never does",
    "sns:GetSubscriptionAttributes": "asked where a topic that hears of backups has subscriptions",
    "sns:GetTopicAttributes": "asked where something tells a topic",
    "sns:ListSubscriptionsByTopic": "asked where something tells a topic",
    "sqs:GetQueueAttributes": "asked where something tells a queue",
    "sqs:GetQueueUrl": "asked where something tells a queue",
}
FREE = {"sts:GetCallerIdentity"}  # needs no permission; listed or not


def _actions(calls: Iterable[dict[str, Any]]) -> set[str]:
    names = {f"{call['service']}:{call['operation']}" for call in calls}
    assert not [name for name in names if name.endswith(":")], "the journal has calls without an operation"
    return {ACTIONS.get(name, name) for name in names} - FREE


def _by(calls: Iterable[dict[str, Any]], principal: str) -> list[dict[str, Any]]:
    return [call for call in calls if principal in call["principal"]]


def _listed(verb: str, principal: str) -> set[str]:
    return {action for each in PERMISSIONS if verb in each.verbs and each.principal.startswith(principal) for action in each.actions}


@pytest.mark.parametrize(
    ("verb", "caller", "principal"),
    [
        ("whoami", ":user/admin", "you"),
        ("plan", ":user/admin", "you"),
        ("plan", "/strongroom-deploy/", "the deploy role"),
        ("apply", ":user/admin", "you"),
        ("apply", "/strongroom-deploy/", "the deploy role"),
        ("sync", ":user/admin", "you"),
        ("sync", "/strongroom-read/", "the read role"),
    ],
)
def test_every_call_is_among_the_permissions_of_its_verb(deployed, verb, caller, principal):
    """Whoever has the listed permissions can run the verb: no call needs another."""
    made = _actions(_by(deployed.calls[verb], caller))
    assert made
    assert sorted(made - _listed(verb, principal)) == []


def test_nobody_else_calls(deployed):
    """The verbs act as you, as the read role and as the deploy role; as nobody else."""
    known = (":user/admin", "/strongroom-read/", "/strongroom-deploy/")
    assert {
        call["principal"] for calls in deployed.calls.values() for call in calls if not any(name in call["principal"] for name in known)
    } == set()


def test_the_read_role_may_nothing_that_is_not_used(deployed):
    """Every permission of the read role is used by a sync of the example, in the management account or elsewhere."""
    used = _actions(deployed.calls["sync"])
    assert sorted(set(READ_ROLE_ACTIONS) - used - NEEDED_ANYWAY.keys()) == []


def test_the_read_role_only_reads(deployed):
    """No call of a sync could change anything, by the journal and by the names of the actions."""
    assert [call["operation"] for call in deployed.calls["sync"] if call["write"]] == []
    verbs = {action.partition(":")[2] for action in READ_ROLE_ACTIONS}
    assert [name for name in verbs if not name.startswith(("Describe", "Get", "List"))] == []
