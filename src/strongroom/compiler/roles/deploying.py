"""The role that Strongroom deploys with in accounts of their own stacks: it must be there before `apply`, so that `render` writes it.

A stack acts with the permissions of whoever creates it, so the role has what CloudFormation calls for the resource types in the
account's stacks, on things with the strategy's names where AWS lets names be given. It schedules no key for deletion and deletes no
recovery point. Source: the handlers of each type, https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from strongroom.compiler.roles.grants import Grant, role_resource, statements
from strongroom.compiler.template import Json, Template, render_template, sub
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId

STACK_ACTIONS: Final = (
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:TagResource",
    "cloudformation:UpdateStack",
)
# CloudFormation calls a stack of a StackSet StackSet-<name of the set>-<uuid>. The set makes and deletes it; what somebody changed in it by
# hand is put back in the stack itself.
PUT_BACK_ACTIONS: Final = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
)
LIST_ACTIONS: Final = (
    "backup:ListBackupVaults",
    "backup:ListTags",
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudformation:ListStacks",
)
_TAGS: Final = ("backup:ListTags", "backup:TagResource", "backup:UntagResource")
_VAULT: Final = (
    *("backup-storage:MountCapsule", "backup:DeleteBackupVault", "backup:DeleteBackupVaultAccessPolicy"),
    *("backup:DeleteBackupVaultLockConfiguration", "backup:DeleteBackupVaultNotifications", "backup:DescribeBackupVault"),
    *("backup:GetBackupVaultAccessPolicy", "backup:GetBackupVaultNotifications", "backup:PutBackupVaultAccessPolicy"),
    *("backup:PutBackupVaultLockConfiguration", "backup:PutBackupVaultNotifications"),
    *("kms:CreateGrant", "kms:DescribeKey", *_TAGS),
)
_KEY: Final = (
    *("kms:CreateKey", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags", "kms:PutKeyPolicy"),
    *("kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription"),
)


def _four(noun: str) -> tuple[str, ...]:
    """Return what makes, reads, changes and removes something of AWS Backup."""
    return tuple(f"backup:{verb}{noun}" for verb in ("Create", "Delete", "Get", "Update"))


_BUCKET_PARTS: Final = (
    *("AccelerateConfiguration", "AnalyticsConfiguration", "BucketAbac", "BucketAcl", "BucketCORS", "BucketLogging"),
    *("BucketMetadataTableConfiguration", "BucketNotification", "BucketObjectLockConfiguration", "BucketOwnershipControls"),
    *("BucketPublicAccessBlock", "BucketTagging", "BucketVersioning", "BucketWebsite", "EncryptionConfiguration"),
    *("IntelligentTieringConfiguration", "InventoryConfiguration", "LifecycleConfiguration", "MetricsConfiguration"),
    "ReplicationConfiguration",
)
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::Backup::BackupPlan": (*_four("BackupPlan"), *_TAGS),
    "AWS::Backup::BackupSelection": (
        *("backup:CreateBackupSelection", "backup:DeleteBackupSelection", "backup:GetBackupSelection"),
        *("iam:CreateServiceLinkedRole", "iam:GetRole", "iam:PassRole"),
    ),
    "AWS::Backup::BackupVault": ("backup:CreateBackupVault", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant", *_VAULT),
    "AWS::Backup::Framework": (
        *("backup:CreateFramework", "backup:DeleteFramework", "backup:DescribeFramework", "backup:UpdateFramework"),
        *(*_TAGS, "iam:CreateServiceLinkedRole"),
    ),
    "AWS::Backup::LogicallyAirGappedBackupVault": ("backup:CreateLogicallyAirGappedBackupVault", *_VAULT),
    "AWS::Backup::ReportPlan": (
        *("backup:CreateReportPlan", "backup:DeleteReportPlan", "backup:DescribeReportPlan", "backup:UpdateReportPlan"),
        *(*_TAGS, "iam:CreateServiceLinkedRole"),
    ),
    "AWS::Backup::RestoreTestingPlan": (*_four("RestoreTestingPlan"), *_TAGS, "iam:CreateServiceLinkedRole"),
    "AWS::Backup::RestoreTestingSelection": (*_four("RestoreTestingSelection"), "iam:PassRole"),
    "AWS::CloudWatch::Alarm": (
        *("cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm"),
        *("cloudwatch:TagResource", "cloudwatch:UntagResource"),
    ),
    "AWS::CloudWatch::Dashboard": (
        *("cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource", "cloudwatch:PutDashboard"),
        *("cloudwatch:TagResource", "cloudwatch:UntagResource"),
    ),
    "AWS::Events::EventBus": (
        *("events:CreateEventBus", "events:DeleteEventBus", "events:DescribeEventBus", "events:ListTagsForResource"),
        *("events:TagResource", "events:UntagResource", "events:UpdateEventBus"),
    ),
    "AWS::Events::EventBusPolicy": ("events:DescribeEventBus", "events:PutPermission", "events:RemovePermission"),
    "AWS::Events::Rule": (
        *(
            "events:DeleteRule",
            "events:DescribeRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
        ),
        *("events:RemoveTargets", "events:TagResource", "events:UntagResource", "iam:PassRole"),
    ),
    "AWS::IAM::Role": (
        *("iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole"),
        *("iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PutRolePolicy", "iam:TagRole"),
        *("iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"),
    ),
    "AWS::KMS::Alias": ("kms:CreateAlias", "kms:DeleteAlias", "kms:ListAliases", "kms:UpdateAlias"),
    "AWS::KMS::Key": (*_KEY, "kms:DisableKeyRotation", "kms:EnableKeyRotation", "kms:GetKeyRotationStatus"),
    "AWS::KMS::ReplicaKey": (*_KEY, "kms:ReplicateKey"),
    "AWS::RAM::ResourceShare": (
        *("backup:PutBackupVaultSharingPolicy", "ram:AssociateResourceShare", "ram:AssociateResourceSharePermission"),
        *(
            "ram:CreateResourceShare",
            "ram:DeleteResourceShare",
            "ram:DisassociateResourceShare",
        ),
        *("ram:GetPermission", "ram:GetResourceShareAssociations"),
        *("ram:GetResourceShares", "ram:ListResourceSharePermissions", "ram:TagResource", "ram:UntagResource", "ram:UpdateResourceShare"),
    ),
    "AWS::S3::Bucket": (
        *("s3:CreateBucket", "s3:ListBucket", "s3:PutBucketOwnershipControls", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging"),
        *("s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:ListTagsForResource"),
        *("s3:TagResource", "s3:UntagResource"),
        *(f"s3:Get{part}" for part in _BUCKET_PARTS),  # all are read, whatever a template sets
    ),
    "AWS::S3::BucketPolicy": ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"),
    "AWS::SNS::Subscription": ("sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"),
    "AWS::SNS::Topic": (
        *("sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"),
        *("sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource"),
    ),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes",),
    "AWS::SQS::Queue": (
        *("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"),
        *("sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"),
    ),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes",),
}


def deploy_role_template(estate: Estate, account: AccountId, trusted: Iterable[AccountId], organization: Iterable[str] = ()) -> str:
    """Return the CloudFormation template of the role that deploys into an account, as canonical JSON.

    `trusted` are the accounts that may assume it in one hop; which of their users may is decided by IAM there. `organization` are the
    actions of the management account, on the organization as a whole.
    """
    more = tuple(sorted(organization))
    of_organization = (Grant(sid="Organization", why="switches, policies and StackSets", actions=more),) if more else ()
    roots = [sub(f"arn:${{AWS::Partition}}:iam::{each}:root") for each in trusted]
    role = role_resource(
        name=estate.roles.deploy,
        description=f"Deploys strategy {estate.name} into this account",
        strategy=estate.name,
        trust=[{"Effect": "Allow", "Principal": {"AWS": roots}, "Action": "sts:AssumeRole"}],
        allowed=statements((*of_organization, *deploy_grants(estate, account))),
    )
    return render_template(
        Template(description=f"Strongroom: the role that deploys strategy {estate.name}", resources={"DeployRole": role})
    )


def deploy_grants(estate: Estate, account: AccountId) -> tuple[Grant, ...]:
    """Return what the role may do in an account, by what the account's stacks hold."""
    types = {
        resource["Type"]
        for stack in estate.stacks
        if stack.account == account
        for resource in json.loads(stack.template)["Resources"].values()
    }
    actions = {action for kind in types for action in ACTIONS[kind]} - set(LIST_ACTIONS)
    return (
        Grant(sid="Stacks", why="the strategy's own stacks", actions=STACK_ACTIONS, resources=(_stacks(f"{estate.name}-*"),)),
        Grant(
            sid="StackSetStacks",
            why="where the account is governed too: reads what the StackSets made, and puts back what was changed by hand",
            actions=PUT_BACK_ACTIONS,
            resources=(_stacks(f"StackSet-{estate.name}-*"),),
        ),
        Grant(sid="Lists", why="what is there, and whose it is", actions=LIST_ACTIONS),
        *_named(estate, actions),
    )


def _named(estate: Estate, actions: set[str]) -> Iterator[Grant]:
    """Yield the grants by how far names narrow them."""
    roles = tuple(_arn(f"iam::${{AWS::AccountId}}:role/{name}") for name in _roles(estate))
    services = ["backup.amazonaws.com", "restore-testing.backup.amazonaws.com"]
    services += ["events.amazonaws.com"] if "events:PutTargets" in actions else []
    passed = {"StringEquals": {"iam:PassedToService": services}}
    linked = {"StringLike": {"iam:AWSServiceName": ["backup.amazonaws.com", "*.backup.amazonaws.com"]}}
    vaults = tuple(_arn(f"backup:*:${{AWS::AccountId}}:backup-vault:{name}") for name in sorted({vault.name for vault in estate.vaults}))
    of_vaults = {action for action in actions if "BackupVault" in action}
    of_iam = {action for action in actions if action.startswith("iam:")} - {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    prefixed = {
        "events": (_arn("events:*:${AWS::AccountId}:event-bus/*"), _arn("events:*:${AWS::AccountId}:rule/*")),
        "s3": tuple(_arn(f"s3:::{bucket}") for bucket in sorted({report.bucket for report in estate.reports})),
        "sns": (_arn(f"sns:*:${{AWS::AccountId}}:{estate.name}-*"), _arn(f"sns:*:${{AWS::AccountId}}:{estate.name}-*:*")),
        "sqs": (_arn(f"sqs:*:${{AWS::AccountId}}:{estate.name}-*"),),
    }
    taken = of_vaults | of_iam
    for sid, why, chosen, resources, condition in (
        ("Vaults", "vaults with the strategy's names", of_vaults, vaults, None),
        ("Roles", "roles with the strategy's names", of_iam, roles, None),
        ("PassRoles", "hands roles to the services that work with them alone", actions & {"iam:PassRole"}, roles, passed),
        ("LinkedRoles", "roles that AWS Backup works with itself", actions & {"iam:CreateServiceLinkedRole"}, ("*",), linked),
    ):
        taken |= chosen
        if chosen:
            yield Grant(sid=sid, why=why, actions=tuple(sorted(chosen)), resources=resources, condition=condition)
    for service, resources in prefixed.items():
        chosen = {action for action in actions - taken if action.startswith(f"{service}:")}
        taken |= chosen
        if chosen:
            yield Grant(sid=logical(service), why=f"what the stacks hold of {service}", actions=tuple(sorted(chosen)), resources=resources)
    if rest := tuple(sorted(actions - taken)):
        yield Grant(sid="Others", why="what AWS lets nobody narrow by a name that is known before", actions=rest)


def logical(service: str) -> str:
    """Return the id of the statement about a service.

    Example:
        >>> logical("sns")
        'SnsNamed'
    """
    return f"{service.title()}Named"


def _roles(estate: Estate) -> tuple[str, ...]:
    return tuple(sorted({*estate.roles.assumed_by_backup, *(role.name for role in estate.roles.made), f"{estate.name}-*"}))


def _stacks(name: str) -> Json:
    return _arn(f"cloudformation:*:${{AWS::AccountId}}:stack/{name}/*")


def _arn(rest: str) -> Json:
    return sub(f"arn:${{AWS::Partition}}:{rest}")
