"""The read-only role that Strongroom assumes in every account: what it may do, and why, in one place.

The list is data: the template is made from it and so is the page of permissions in the documentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.compiler.template import Template, render_template, sub
from strongroom.domain.names import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionGroup:
    """Some IAM actions and what they are needed for."""

    name: str  # becomes the Sid
    why: str
    actions: tuple[str, ...]


READ_ACTIONS = (
    ActionGroup(
        name="Organization",
        why="accounts, OUs, backup and control policies, who administers them; answers only in the management and administrator accounts",
        actions=(
            "organizations:DescribeEffectivePolicy",
            "organizations:DescribeOrganization",
            "organizations:DescribePolicy",
            "organizations:DescribeResourcePolicy",
            "organizations:ListAWSServiceAccessForOrganization",
            "organizations:ListAccountsForParent",
            "organizations:ListAccountsWithInvalidEffectivePolicy",
            "organizations:ListDelegatedAdministrators",
            "organizations:ListEffectivePolicyValidationErrors",
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:ListPolicies",
            "organizations:ListRoots",
            "organizations:ListTargetsForPolicy",
        ),
    ),
    ActionGroup(
        name="Backup",
        why="settings, plans, vaults with locks and policies, recovery points, jobs of the last 30 days, restore tests, holds, audits",
        actions=(
            "backup:DescribeBackupVault",
            "backup:DescribeFramework",
            "backup:DescribeGlobalSettings",
            "backup:DescribeRegionSettings",
            "backup:GetBackupPlan",
            "backup:GetBackupSelection",
            "backup:GetBackupVaultAccessPolicy",
            "backup:GetBackupVaultNotifications",
            "backup:GetLegalHold",
            "backup:GetRestoreTestingPlan",
            "backup:GetRestoreTestingSelection",
            "backup:ListBackupJobs",
            "backup:ListBackupPlans",
            "backup:ListBackupSelections",
            "backup:ListBackupVaults",
            "backup:ListCopyJobs",
            "backup:ListFrameworks",
            "backup:ListLegalHolds",
            "backup:ListRecoveryPointsByBackupVault",
            "backup:ListRecoveryPointsByLegalHold",
            "backup:ListReportPlans",
            "backup:ListRestoreJobs",
            "backup:ListRestoreTestingPlans",
            "backup:ListRestoreTestingSelections",
            "backup:ListTags",
        ),
    ),
    ActionGroup(
        name="Recording",
        why="whether AWS Config records what frameworks of AWS Backup Audit Manager evaluate",
        actions=("config:DescribeConfigurationRecorderStatus", "config:DescribeConfigurationRecorders"),
    ),
    ActionGroup(
        name="Keys",
        why="who manages the key of a vault or a resource, whether it is enabled and who may use it",
        actions=(
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:ListGrants",
            "kms:ListResourceTags",
        ),
    ),
    ActionGroup(
        name="Roles",
        why="whether the role that a selection names exists and trusts AWS Backup; who else could delete, decrypt or restore backups",
        actions=("iam:GetAccountAuthorizationDetails", "iam:GetRole"),
    ),
    ActionGroup(
        name="Readiness",
        why="what a restore meets: DB subnet groups, default VPCs, quotas, which AMIs may be launched",
        actions=(
            "ec2:DescribeImages",
            "ec2:DescribeVpcs",
            "ec2:GetAllowedImagesSettings",
            "rds:DescribeAccountAttributes",
            "rds:DescribeDBSubnetGroups",
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:ListServiceQuotas",
        ),
    ),
    ActionGroup(
        name="Watching",
        why="who is told about backups: alarms, rules, topics and their subscribers, and what a message meets on its way",
        actions=(
            "cloudwatch:DescribeAlarms",
            "events:ListEventBuses",
            "events:ListRules",
            "events:ListTargetsByRule",
            "sns:GetSubscriptionAttributes",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTopics",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
        ),
    ),
    ActionGroup(
        name="Deployment",
        why="StackSets with their instances and Control Tower's baselines, which only the management and administrator accounts tell; "
        "stacks that an account kept when it left the governed OUs",
        actions=(
            "cloudformation:DescribeOrganizationsAccess",
            "cloudformation:DescribeStackSet",
            "cloudformation:DescribeStacks",
            "cloudformation:ListStackInstances",
            "cloudformation:ListStackSets",
            "controltower:GetLandingZone",
            "controltower:ListBaselines",
            "controltower:ListEnabledBaselines",
            "controltower:ListLandingZones",
        ),
    ),
    ActionGroup(
        name="Resources",
        why="what could be protected: its tags, encryption, size, windows, replication and what else its backups depend on",
        actions=(
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTables",
            "dynamodb:ListTagsOfResource",
            "ec2:DescribeInstances",
            "ec2:DescribeVolumes",
            "elasticfilesystem:DescribeFileSystems",
            "fsx:DescribeFileSystems",
            "rds:DescribeDBClusterSnapshots",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
            "rds:DescribeDBSnapshots",
            "rds:DescribeOptionGroups",
            "redshift:DescribeClusters",
            "s3:GetBucketLocation",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListAllMyBuckets",
            "tag:GetResources",
        ),
    ),
)


def read_role_template(role_name: str, trusted_principals: Sequence[AccountId]) -> str:
    """Return the CloudFormation template of the read-only role, as canonical JSON.

    Deploy it to every account, once: a role is global. `trusted_principals` are the accounts that may assume it in one
    hop (management and backup administrator); which of their users may is decided by IAM there.

    Example:
        >>> "222222222222" in read_role_template("strongroom-read", (AccountId("222222222222"),))
        True
    """
    trusted = [sub(f"arn:${{AWS::Partition}}:iam::{account}:root") for account in trusted_principals]
    statements = [{"Sid": group.name, "Effect": "Allow", "Action": list(group.actions), "Resource": "*"} for group in READ_ACTIONS]
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": role_name,
            "Description": "Read by Strongroom: backups and what they protect, nothing else",
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}],
            },
            "Policies": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}],
        },
    }
    return render_template(Template(description="Strongroom: the role that reads an account's backups", resources={"ReadRole": role}))
