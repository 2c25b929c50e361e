"""The IAM permissions that each verb needs, as data.

The page in the documentation is made from it, and a test holds it against the calls that the verbs really make.
"""

from dataclasses import dataclass

from strongroom.compiler.readrole import READ_ACTIONS
from strongroom.compiler.roles.deploying import ACTIONS, LIST_ACTIONS, STACK_ACTIONS
from strongroom.compiler.roles.enrol import ENROL_ACTIONS

READ_ROLE_ACTIONS = tuple(action for group in READ_ACTIONS for action in group.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What one principal needs for some verbs."""

    verbs: tuple[str, ...]
    principal: str  # who calls, in words
    actions: tuple[str, ...]  # sorted
    why: str


SEE_TREE = (
    "organizations:DescribeOrganization",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
)
SEE_ORGANIZATION = (
    "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccountsForParent",
    "organizations:ListDelegatedAdministrators",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
)
SEE_DEPLOYMENT = (
    "backup:DescribeGlobalSettings",
    "backup:DescribeRegionSettings",
    "cloudformation:DescribeOrganizationsAccess",
    "cloudformation:DescribeStackSet",
    "cloudformation:DescribeStackSetOperation",
    "cloudformation:DetectStackSetDrift",
    "cloudformation:ListStackInstanceResourceDrifts",
    "cloudformation:ListStackInstances",
    "cloudformation:ListStackSetOperations",
    "cloudformation:ListStackSets",
    "cloudformation:ListStacks",
    "organizations:DescribePolicy",
    "organizations:DescribeResourcePolicy",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListTagsForResource",
    "organizations:ListTargetsForPolicy",
)
NATIVE_RESTORES = ("dynamodb:RestoreTableToPointInTime", "rds:RestoreDBInstanceToPointInTime")  # to an instant, without AWS Backup
# Restores: what is looked at before, the jobs themselves, the services' own restores, and tags on what was made.
RESTORE_ACTIONS = tuple(
    sorted(
        {
            *NATIVE_RESTORES,
            "backup:DescribeCopyJob",
            "backup:DescribeRecoveryPoint",
            "backup:DescribeRestoreJob",
            "backup:GetRecoveryPointRestoreMetadata",
            "backup:ListBackupVaults",
            "backup:ListRecoveryPointsByBackupVault",
            "backup:ListRecoveryPointsByResource",
            "backup:ListTags",
            "backup:StartCopyJob",
            "backup:StartRestoreJob",
            "backup:TagResource",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "ec2:CreateTags",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInstances",
            "ec2:DescribeVolumes",
            "ec2:DescribeVpcs",
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:TagResource",
            "iam:GetRole",
            "iam:PassRole",
            "kms:DescribeKey",
            "rds:AddTagsToResource",
            "rds:DescribeAccountAttributes",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstanceAutomatedBackups",
            "rds:DescribeDBInstances",
            "rds:DescribeDBSubnetGroups",
            "s3:GetBucketTagging",
            "s3:GetEncryptionConfiguration",
            "s3:ListBucket",
            "s3:PutBucketTagging",
        }
    )
)
# Manifests read what validators read, too: items, objects, blocks, and where a database is.
READ_CONTENTS = (
    "dynamodb:DescribeTable",
    "dynamodb:Scan",
    "ebs:GetSnapshotBlock",
    "ebs:ListSnapshotBlocks",
    "ec2:CreateSnapshot",
    "ec2:CreateTags",
    "ec2:DeleteSnapshot",
    "ec2:DescribeSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
)
# Tests restore, examine, take away again, and tell AWS Backup what they found in what it has restored itself.
TEST_ACTIONS = tuple(
    sorted(
        {
            *(action for action in RESTORE_ACTIONS if action not in NATIVE_RESTORES),
            *READ_CONTENTS,
            "backup:ListRestoreJobs",
            "backup:PutRestoreValidationResult",
            "dynamodb:DeleteTable",
            "dynamodb:PartiQLSelect",
            "ec2:DeleteVolume",
            "ec2:ModifyInstanceAttribute",
            "ec2:TerminateInstances",
            "elasticfilesystem:DeleteFileSystem",
            "elasticfilesystem:DeleteMountTarget",
            "elasticfilesystem:DescribeMountTargets",
            "rds:DeleteDBCluster",
            "rds:DeleteDBInstance",
            "s3:DeleteBucket",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:GetObjectVersion",
            "s3:ListBucketVersions",
            "tag:GetResources",
        }
    )
)
# Where the strategy uses Control Tower; the key may be in another account, where the deploy role reads it.
SEE_CONTROL_TOWER = (
    "controltower:GetLandingZone",
    "controltower:ListBaselines",
    "controltower:ListEnabledBaselines",
    "controltower:ListLandingZones",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
)
CHANGE_CONTROL_TOWER = (
    "controltower:EnableBaseline",
    "controltower:GetBaselineOperation",
    "controltower:GetEnabledBaseline",
    "controltower:GetLandingZoneOperation",
    "controltower:ResetEnabledBaseline",
    "controltower:TagResource",
    "controltower:UpdateEnabledBaseline",
    "controltower:UpdateLandingZone",
)
CHANGE_DEPLOYMENT = (
    "backup:UpdateGlobalSettings",
    "backup:UpdateRegionSettings",
    "cloudformation:ActivateOrganizationsAccess",
    "cloudformation:CreateStackInstances",
    "cloudformation:CreateStackSet",
    "cloudformation:DeleteStackInstances",
    "cloudformation:DeleteStackSet",
    "cloudformation:ImportStacksToStackSet",
    "cloudformation:TagResource",
    "cloudformation:UpdateStackInstances",
    "cloudformation:UpdateStackSet",
    "organizations:AttachPolicy",
    "organizations:CreatePolicy",
    "organizations:DeletePolicy",
    "organizations:DeleteResourcePolicy",
    "organizations:DetachPolicy",
    "organizations:EnableAWSServiceAccess",
    "organizations:EnablePolicyType",
    "organizations:PutResourcePolicy",
    "organizations:RegisterDelegatedAdministrator",
    "organizations:TagResource",
    "organizations:UpdatePolicy",
    "ram:EnableSharingWithAwsOrganization",
)
SEE_STACKS = (
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",  # reads each resource with the caller's permissions, as CHANGE_STACKS has them
    "cloudformation:GetTemplate",
    "cloudformation:ListStacks",
)
# A stack acts with the permissions of whoever creates it.
CHANGE_STACKS = tuple(sorted({*STACK_ACTIONS, *LIST_ACTIONS, *(action for actions in ACTIONS.values() for action in actions)}))
SEE_VAULTS = ("backup:ListBackupVaults", "backup:ListTags", "kms:DescribeKey", "kms:GetKeyPolicy")  # the keys of Control Tower
WHO = ("sts:GetCallerIdentity",)
ASSUME = ("sts:AssumeRole",)
MANAGEMENT = "you, in the management account (or the deploy role there, when you work from the backup administrator's)"

PERMISSIONS = (
    Permission(
        verbs=("whoami",),
        principal="you, in the management account or the delegated administrator's",
        actions=tuple(sorted((*WHO, *ASSUME, *SEE_ORGANIZATION))),
        why="lists the accounts and tries the read role in each",
    ),
    Permission(
        verbs=("sync",),
        principal="you, in the management account or the delegated administrator's",
        actions=tuple(sorted({*WHO, *ASSUME, *READ_ROLE_ACTIONS})),
        why="assumes the read role in every other account; in your own account it reads with your own permissions",
    ),
    Permission(
        verbs=("sync",),
        principal="the read role, in every account",
        actions=tuple(sorted(READ_ROLE_ACTIONS)),
        why="nothing but reading; `strongroom render --read-role` writes its template",
    ),
    Permission(
        verbs=("plan",),
        principal=MANAGEMENT,
        actions=tuple(sorted({*WHO, *ASSUME, *SEE_ORGANIZATION, *SEE_DEPLOYMENT, *SEE_CONTROL_TOWER})),
        why="reads what is deployed; makes no write call",
    ),
    Permission(
        verbs=("plan",),
        principal="the deploy role, in the central account",
        actions=tuple(sorted({*SEE_STACKS, *SEE_VAULTS})),
        why="reads the stacks of the central vaults",
    ),
    Permission(
        verbs=("plan", "apply"),
        principal="the read role, in a governed account in which a StackSet has no stack or one that failed",
        actions=("cloudformation:DescribeStacks",),
        why="looks for stacks that the account kept when it left the governed OUs; without the role there they are not taken back",
    ),
    Permission(
        verbs=("apply", "resume"),
        principal=MANAGEMENT,
        actions=tuple(
            sorted({*WHO, *ASSUME, *SEE_ORGANIZATION, *SEE_DEPLOYMENT, *SEE_CONTROL_TOWER, *CHANGE_DEPLOYMENT, *CHANGE_CONTROL_TOWER})
        ),
        why="carries out the plan; the StackSet itself acts through CloudFormation's own service-linked role in each account",
    ),
    Permission(
        verbs=("apply", "resume"),
        principal="the deploy role, in the central account",
        actions=tuple(sorted({*SEE_STACKS, *SEE_VAULTS, *CHANGE_STACKS})),
        why="creates and updates the stacks of the central vaults, and what is in them",
    ),
    Permission(
        verbs=("apply", "resume"),
        principal="the deploy role, in a governed account where something was changed by hand",
        actions=tuple(sorted({*SEE_STACKS, *CHANGE_STACKS})),
        why="puts it back in the stack itself; without the role there the account is reported, and all else is done",
    ),
    Permission(
        verbs=("destroy",),
        principal=MANAGEMENT,
        actions=tuple(
            sorted({*WHO, "iam:ListMFADevices", *ASSUME, *SEE_ORGANIZATION, *SEE_DEPLOYMENT, *SEE_CONTROL_TOWER, *CHANGE_DEPLOYMENT})
        ),
        why="takes policies and StackSets away; sts:GetSessionToken, for a second factor, needs no permission",
    ),
    Permission(
        verbs=("destroy",),
        principal="the read role, in every account",
        actions=("backup:ListBackupVaults", "backup:ListTags"),
        why="looks which vaults hold recovery points",
    ),
    Permission(
        verbs=("destroy",),
        principal="the deploy role, in the central account and where empty vaults are",
        actions=tuple(sorted({*SEE_STACKS, *SEE_VAULTS, *CHANGE_STACKS})),
        why="deletes the stacks, and vaults that are empty",
    ),
    Permission(
        verbs=("enrol",),
        principal="you, in the management account or the delegated administrator's",
        actions=tuple(sorted((*WHO, *ASSUME, *SEE_TREE))),
        why="lists the accounts and assumes the enrol role in each governed one",
    ),
    Permission(
        verbs=("enrol",),
        principal="the enrol role, in every governed account",
        actions=ENROL_ACTIONS,
        why="switches service opt-in and advanced features on; `apply` makes it, with nothing but this",
    ),
    Permission(
        verbs=("restore", "resume"),
        principal="you, with a strategy or without",
        actions=tuple(sorted({*WHO, *ASSUME})),
        why="assumes the role for recovery (else the one that deploys) in the accounts of resource and vault; in your own with your own",
    ),
    Permission(
        verbs=("restore", "resume"),
        principal="the role for recovery, in the accounts of the resource and of the vaults",
        actions=RESTORE_ACTIONS,
        why="looks for recovery points and for what is in the way, starts copy and restore, and tags what was made; "
        "without the permission to tag or to describe it the restore is done nevertheless, and says so",
    ),
    Permission(
        verbs=("test", "resume"),
        principal="you",
        actions=tuple(sorted({*WHO, *ASSUME})),
        why="assumes the role for tests in the accounts of the vaults and of what is restored",
    ),
    Permission(
        verbs=("test", "resume"),
        principal="the role for tests, in the accounts of the vaults and of what is restored",
        actions=TEST_ACTIONS,
        why="restores, examines what came back and deletes it again; `roles.tester` has them for what tests have made alone; "
        "it must also be allowed to read (secretsmanager:GetSecretValue) a secret that a login names",
    ),
    Permission(
        verbs=("manifest",),
        principal="you, or the role that is assumed, in the account of the resource",
        actions=tuple(sorted({*WHO, *READ_CONTENTS})),
        why="reads what is in the resource now; of a volume through a snapshot, which goes again; and a secret that `--secret` names",
    ),
)
# These make no call to AWS.
LOCAL_VERBS = (
    "init",
    "check",
    "explain",
    "calendar",
    "policy",
    "lock",
    "schema",
    "render",
    "verify",
    "prove",
    "coverage",
    "rpo",
    "survive",
    "tests",
    "ledger",
    "can",
    "who-can",
    "twin",
    "demo",
)
