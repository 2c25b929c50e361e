"""The IAM permissions that each verb needs, as data.

The page in the documentation is made from it, and a test holds it against the calls that the verbs really make.
"""

from dataclasses import dataclass

from strongroom.compiler.readrole import READ_ACTIONS

READ_ROLE_ACTIONS = tuple(action for group in READ_ACTIONS for action in group.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What one principal needs for some verbs."""

    verbs: tuple[str, ...]
    principal: str  # who calls, in words
    actions: tuple[str, ...]  # sorted
    why: str


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
    "cloudformation:ListStackInstances",
    "cloudformation:ListStackSetOperations",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListTagsForResource",
    "organizations:ListTargetsForPolicy",
)
CHANGE_DEPLOYMENT = (
    "backup:UpdateGlobalSettings",
    "backup:UpdateRegionSettings",
    "cloudformation:ActivateOrganizationsAccess",
    "cloudformation:CreateStackInstances",
    "cloudformation:CreateStackSet",
    "cloudformation:TagResource",
    "cloudformation:UpdateStackSet",
    "organizations:AttachPolicy",
    "organizations:CreatePolicy",
    "organizations:DeletePolicy",
    "organizations:DetachPolicy",
    "organizations:EnableAWSServiceAccess",
    "organizations:EnablePolicyType",
    "organizations:RegisterDelegatedAdministrator",
    "organizations:TagResource",
    "organizations:UpdatePolicy",
)
SEE_STACKS = ("cloudformation:DescribeStacks", "cloudformation:GetTemplate")
# A stack acts with the permissions of whoever creates it.
CHANGE_STACKS = (
    "backup-storage:MountCapsule",
    "backup:CreateBackupVault",
    "backup:CreateLogicallyAirGappedBackupVault",
    "backup:DescribeBackupVault",
    "backup:GetBackupVaultAccessPolicy",
    "backup:ListTags",
    "backup:PutBackupVaultAccessPolicy",
    "backup:PutBackupVaultLockConfiguration",
    "backup:TagResource",
    "cloudformation:CreateStack",
    "cloudformation:TagResource",
    "cloudformation:UpdateStack",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:CreateKey",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:EnableKeyRotation",
    "kms:GenerateDataKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:TagResource",
)
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
        actions=tuple(sorted((*WHO, *ASSUME, *SEE_ORGANIZATION, *SEE_DEPLOYMENT))),
        why="reads what is deployed; makes no write call",
    ),
    Permission(
        verbs=("plan",),
        principal="the deploy role, in the central account",
        actions=SEE_STACKS,
        why="reads the stacks of the central vaults",
    ),
    Permission(
        verbs=("apply", "resume"),
        principal=MANAGEMENT,
        actions=tuple(sorted((*WHO, *ASSUME, *SEE_ORGANIZATION, *SEE_DEPLOYMENT, *CHANGE_DEPLOYMENT))),
        why="carries out the plan; the StackSet itself acts through CloudFormation's own service-linked role in each account",
    ),
    Permission(
        verbs=("apply", "resume"),
        principal="the deploy role, in the central account",
        actions=tuple(sorted((*SEE_STACKS, *CHANGE_STACKS))),
        why="creates and updates the stacks of the central vaults, and what is in them",
    ),
)
# These make no call to AWS.
LOCAL_VERBS = ("init", "check", "explain", "schema", "render", "verify", "prove", "coverage", "can", "who-can", "twin", "demo")
