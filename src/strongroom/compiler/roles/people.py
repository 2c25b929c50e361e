"""The roles of people and programs: who may assume them, and the least that their work needs.

None of them deletes a recovery point or a vault, touches a lock, a key or a policy, or changes IAM; the tests ask the evaluator.
"""

from collections.abc import Iterator

from strongroom.compiler.readrole import READ_ACTIONS
from strongroom.compiler.roles.grants import Grant, role_resource, statements
from strongroom.compiler.roles.tests import testing
from strongroom.compiler.template import Json, sub
from strongroom.domain.estate import Estate
from strongroom.domain.names import EVERY_ACCOUNT
from strongroom.domain.recovery import RESTORE_TAG
from strongroom.domain.roles import MadeRole, RolePurpose, Trust

_SEE_BACKUPS = Grant(
    sid="SeeBackups",
    why="to find the vault and the recovery point",
    actions=(
        "backup:DescribeBackupVault",
        "backup:DescribeProtectedResource",
        "backup:DescribeRecoveryPoint",
        "backup:ListBackupVaults",
        "backup:ListProtectedResources",
        "backup:ListRecoveryPointsByBackupVault",
        "backup:ListRecoveryPointsByResource",
        "backup:ListTags",
    ),
)
_SEE_RESTORES = Grant(sid="SeeRestores", why="to follow what was started", actions=("backup:DescribeRestoreJob", "backup:ListRestoreJobs"))
_SEE_RESTORED = Grant(
    sid="SeeWhatIsThere",
    why="what would keep a restore from working, and where it is afterwards",
    actions=(
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:ListTagsOfResource",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeVolumes",
        "ec2:DescribeVpcs",
        "elasticfilesystem:DescribeFileSystems",
        "iam:GetRole",
        "kms:DescribeKey",
        "rds:DescribeAccountAttributes",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstanceAutomatedBackups",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSubnetGroups",
        "s3:GetBucketTagging",
        "s3:GetEncryptionConfiguration",
        "s3:ListBucket",
    ),
)
_SEE_COPIES = Grant(sid="SeeCopies", why="to follow what was started", actions=("backup:DescribeCopyJob", "backup:ListCopyJobs"))
_SEE_JOBS = Grant(sid="SeeJobs", why="what ran and what failed", actions=("backup:DescribeBackupJob", "backup:ListBackupJobs"))
_SEE_PLANS = Grant(
    sid="SeePlans",
    why="what should have run",
    actions=("backup:GetBackupPlan", "backup:GetBackupSelection", "backup:ListBackupPlans", "backup:ListBackupSelections"),
)
_RESTORE = Grant(
    sid="Restore",
    why="starts a restore; the metadata is what it starts from",
    actions=("backup:GetRecoveryPointRestoreMetadata", "backup:StartRestoreJob"),
)
# A bucket's tags can only be replaced as a whole, so buckets are not among them.
_MARK_RESTORED = Grant(
    sid="MarkRestored",
    why="what was restored says so: this one tag, which nothing goes by",
    actions=("backup:TagResource", "dynamodb:TagResource", "ec2:CreateTags", "elasticfilesystem:TagResource", "rds:AddTagsToResource"),
    condition={"ForAllValues:StringEquals": {"aws:TagKeys": [RESTORE_TAG]}, "Null": {"aws:TagKeys": "false"}},
)
_COPY = Grant(sid="Copy", why="copies back, or on demand", actions=("backup:StartCopyJob",))
# What another account shares by AWS RAM is out of reach: calls that name no resource carry no account, and go on.
_OTHER_ACCOUNTS: Json = {
    "Sid": "NothingOfOtherAccounts",
    "Effect": "Deny",
    "Action": "backup:*",
    "Resource": "*",
    "Condition": {
        "Null": {"aws:ResourceAccount": "false"},
        "StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"},
    },
}
_WORDS = {
    RolePurpose.READ: "Reads backups and what they protect, nothing else",
    RolePurpose.RECOVERY: "Restores, and copies recovery points back",
    RolePurpose.TESTER: "Restores as a test, examines what came back, and deletes it again",
    RolePurpose.BACKUP_TEAM: "Operates backups: sees them, starts backups, copies and restores",
    RolePurpose.WORKLOAD_TEAM: "Sees and restores the backups of this account",
}


def people_role(estate: Estate, role: MadeRole, *, condition: str | None = None) -> Json:
    """Return a role that people or programs assume."""
    allowed = statements(grants(estate, role.purpose))
    if role.purpose is RolePurpose.WORKLOAD_TEAM:
        allowed.append(_OTHER_ACCOUNTS)
    return role_resource(
        name=role.name,
        description=f"{_WORDS[role.purpose]} (strategy {estate.name})",
        strategy=estate.name,
        trust=list(trust_statements(role.trust)),
        allowed=allowed,
        condition=condition,
    )


def grants(estate: Estate, purpose: RolePurpose) -> tuple[Grant, ...]:
    """Return what a role may do, each group with its reason."""
    restoring = (_RESTORE, _passing("PassToRestore", estate.roles.restore))
    copying = (_COPY, _passing("PassToCopy", estate.roles.backup))
    if purpose is RolePurpose.READ:
        return tuple(Grant(sid=group.name, why=group.why, actions=group.actions) for group in READ_ACTIONS)
    if purpose is RolePurpose.RECOVERY:
        return (_SEE_BACKUPS, _SEE_RESTORES, _SEE_COPIES, _SEE_RESTORED, *restoring, *copying, _MARK_RESTORED)
    if purpose is RolePurpose.TESTER:
        return (_SEE_BACKUPS, _SEE_RESTORES, _SEE_COPIES, _SEE_RESTORED, *restoring, *copying, *testing(estate))
    if purpose is RolePurpose.BACKUP_TEAM:
        return (_SEE_BACKUPS, _SEE_JOBS, _SEE_RESTORES, _SEE_COPIES, _SEE_PLANS, *_backing_up(estate), *restoring, *copying)
    return (_SEE_BACKUPS, _SEE_JOBS, _SEE_RESTORES, *restoring)


def trust_statements(trust: Trust) -> Iterator[Json]:
    """Yield the statements of a trust policy.

    A role or user is never a principal of its own: IAM refuses a policy that names one which doesn't exist, and forgets who was meant
    when it is made anew. `aws:PrincipalArn` says the same and is asked on use.
    """
    factor: Json = {"Bool": {"aws:MultiFactorAuthPresent": "true"}} if trust.mfa else {}
    accounts = [*trust.accounts, *(["${AWS::AccountId}"] if trust.same_account else [])]
    if accounts:
        yield _assumable("Accounts", accounts, factor)
    if trust.principals:
        owners = sorted({arn.split(":")[4] for arn in trust.principals})
        yield _assumable("Principals", owners, {"ArnLike": {"aws:PrincipalArn": list(trust.principals)}, **factor})


def _assumable(sid: str, accounts: list[str], condition: Json) -> Json:
    roots = [sub(f"arn:${{AWS::Partition}}:iam::{account}:root") for account in accounts]
    statement: Json = {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": roots}, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": condition} if condition else statement


def _passing(sid: str, role: str) -> Grant:
    return Grant(
        sid=sid,
        why="hands the role of the job to AWS Backup, and to no other service",
        actions=("iam:PassRole",),
        resources=(sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{role}"),),
        condition={"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
    )


def _backing_up(estate: Estate) -> Iterator[Grant]:
    """Yield backups by hand, into the strategy's vaults beside the resources alone."""
    names = sorted({vault.name for vault in estate.vaults if vault.account is EVERY_ACCOUNT})
    vaults = tuple(sub(f"arn:${{AWS::Partition}}:backup:*:${{AWS::AccountId}}:backup-vault:{name}") for name in names)
    if vaults:
        why = "a backup by hand, before a change or after a failure"
        yield Grant(sid="BackUp", why=why, actions=("backup:StartBackupJob",), resources=vaults)
