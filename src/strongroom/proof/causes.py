"""The catalogue of what `verify` finds: one entry a code, with the mechanism and what to do about it."""

from dataclasses import dataclass

from strongroom.domain.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One kind of broken or unknown link; `code` is never reused."""

    code: str
    title: str  # names the bad state
    why: str  # the mechanism
    fix: str  # a thing to do
    failure_mode: str  # FM01…FM39; empty where a message decides, or none fits
    severity: Severity = Severity.ERROR


def _cause(code: str, failure_mode: str, title: str, why: str, fix: str) -> Cause:
    return Cause(code=code, title=title, why=why, fix=fix, failure_mode=failure_mode)


CAUSES = (
    _cause(
        "VRF001",
        "",
        "could not be read",
        "nothing may be concluded from what was not read: its links are unknown, neither proven nor broken",
        "let the read role reach the account and Region (strongroom whoami shows which it can), then run strongroom sync",
    ),
    _cause(
        "VRF002",
        "FM35",
        "a governed OU has no active account",
        "the strategy protects accounts below the OUs it governs; an OU without accounts protects nothing",
        "correct organization.governs: an OU name, a path from the root such as Workloads/Prod, or an OU id",
    ),
    _cause(
        "VRF003",
        "FM35",
        "an account with recovery points of the strategy is not governed any more",
        "an account below no governed OU gets no plan: what is in it is not backed up any more, and its old recovery points expire",
        "move the account back, or add its OU to organization.governs",
    ),
    _cause(
        "VRF004",
        "FM23",
        "the delegated administrator of AWS Backup is not registered",
        "without the registration the backup account sees only its own jobs and vaults",
        "run strongroom apply, or organizations register-delegated-administrator for backup.amazonaws.com",
    ),
    _cause(
        "VRF010",
        "FM10",
        "a tag is almost one that a plan selects",
        "tags are compared letter by letter; a resource with a near miss is never backed up and AWS says nothing",
        "correct the tag on the resource",
    ),
    _cause(
        "VRF015",
        "FM10",
        "a resource that was backed up is in no plan any more",
        "a resource that loses the tag of its plan is not backed up any more, and AWS says nothing",
        "set the tag again",
    ),
    _cause(
        "VRF011",
        "FM35",
        "the effective policy lacks a plan",
        "a backup policy was detached or edited, or the account was moved to another OU",
        "run strongroom plan and apply; if the account was moved on purpose, change organization.governs",
    ),
    _cause(
        "VRF012",
        "FM35",
        "the effective policy differs from the strategy",
        "somebody edited the backup policy, or another policy on the way overrides it",
        "run strongroom plan and apply, or change the strategy",
    ),
    _cause(
        "VRF013",
        "FM07",
        "the plan of the policy does not exist in the account",
        "AWS Backup makes the plan of an effective policy by itself; an invalid policy or a Region that is off leaves it out silently",
        "ask organizations list-accounts-with-invalid-effective-policy, check that the Region is enabled, then run strongroom apply",
    ),
    _cause(
        "VRF014",
        "FM09",
        "the resource type is not opted in",
        "AWS Backup skips types that are not opted in; for plans of organization policies the management account's setting decides",
        "add the type to opt_in of the strategy and apply, or exclude it from the plan with not: {types: […]}",
    ),
    _cause(
        "VRF020",
        "FM07",
        "the role of AWS Backup does not exist",
        "every job of a selection whose role is missing fails",
        "run strongroom apply: the StackSet creates the role",
    ),
    _cause(
        "VRF021",
        "FM07",
        "the role does not trust AWS Backup",
        "AWS Backup can only assume a role whose trust policy allows backup.amazonaws.com",
        "run strongroom apply, or allow sts:AssumeRole for backup.amazonaws.com in the trust policy of the role",
    ),
    _cause(
        "VRF022",
        "FM07",
        "a backup vault does not exist",
        "AWS does not check vaults of organization policies; every job into a missing vault fails",
        "run strongroom apply: the StackSet or the central stack creates the vault",
    ),
    _cause(
        "VRF023",
        "FM05",
        "the key of a vault can't be used",
        "jobs fail and recovery points can't be read while their KMS key is disabled or scheduled for deletion",
        "kms cancel-key-deletion and kms enable-key for the key named",
    ),
    _cause(
        "VRF024",
        "FM23",
        "cross-account backup is switched off",
        "every copy to another account fails while the organization's setting isCrossAccountBackupEnabled is off",
        "run strongroom apply, or backup update-global-settings in the management account",
    ),
    _cause(
        "VRF025",
        "FM21",
        "the destination vault does not let copies in",
        "a copy from another account needs backup:CopyIntoBackupVault in the access policy of the destination vault",
        "run strongroom apply: the central stack sets the access policy",
    ),
    _cause(
        "VRF026",
        "FM14",
        "copies of the resource can't work",
        "the type or the key of the resource rules this copy out, every night, while the backup jobs stay green",
        "move the resource to a customer-managed key that the destination may use, or take it out of the copied plan",
    ),
    _cause(
        "VRF027",
        "FM03",
        "the vault's lock refuses the retention",
        "AWS Backup fails every job whose retention is outside the range of the vault's lock; nothing is shortened to fit",
        "change keep of the rule or copy, or the lock's range during its grace time",
    ),
    _cause(
        "VRF028",
        "",
        "can't be judged from what was read",
        "a policy or a value that could not be read decides, and no recovery point has arrived that would prove it",
        "look at the object named; once a recovery point has arrived the link is proven",
    ),
    _cause(
        "VRF070",
        "FM07",
        "the role of AWS Backup lacks a permission",
        "AWS Backup does everything that a job does as the role of the selection, which needs the permissions of AWS's managed policies",
        "run strongroom apply: the StackSet attaches the managed policies; or attach AWSBackupServiceRolePolicyForBackup again "
        "(for buckets AWSBackupServiceRolePolicyForS3Backup too)",
    ),
    _cause(
        "VRF071",
        "FM07",
        "a control policy of the organization forbids what a job needs",
        "service control policies bound the role of AWS Backup like every other principal of an account",
        "exempt the backup role in the policy's condition on aws:PrincipalArn, or detach the policy from the accounts named",
    ),
    _cause(
        "VRF072",
        "FM05",
        "the policy of a key refuses AWS Backup",
        "a KMS key's own policy decides who uses it: jobs fail, and what the key encrypts can't be read or restored",
        "run strongroom apply, or put the statements for AWS Backup's roles back into the policy with kms put-key-policy",
    ),
    _cause(
        "VRF073",
        "FM01",
        "the resource's key is not shared with the account of its copies",
        "copies of types that AWS Backup does not fully manage are read with the resource's key, by a role of the destination's account",
        "allow the account named kms:Decrypt, DescribeKey, Encrypt, GenerateDataKey*, ReEncrypt* and CreateGrant in the policy of the key",
    ),
    _cause(
        "VRF074",
        "FM15",
        "the policy of a replica key differs from its primary's",
        "each replica of a multi-Region key has a policy of its own, and a change of the primary's policy doesn't reach it",
        "run strongroom apply, or give the replica the statements of its primary with kms put-key-policy in its Region",
    ),
    _cause(
        "VRF075",
        "FM21",
        "the access policy of a vault denies what a job needs",
        "an explicit denial in a vault's access policy outranks everything that the role may do",
        "exempt the backup role in the statement that denies, or run strongroom apply",
    ),
    _cause(
        "VRF076",
        "FM05",
        "the key of a resource can't be used",
        "a resource whose KMS key is disabled or scheduled for deletion can't be backed up",
        "kms cancel-key-deletion and kms enable-key for the key of the resource",
    ),
    _cause(
        "VRF030",
        "FM20",
        "there is no recovery point",
        "where a recovery point of the rule should be by now there is none, and no job says why",
        "look at the plan's selection and role in the account; take a backup now with backup start-backup-job",
    ),
    _cause(
        "VRF031",
        "FM19",
        "backup jobs fail",
        "AWS Backup does not repeat a failed run: the next chance is the next run of the rule",
        "remove the reason that AWS names; take a backup now with backup start-backup-job",
    ),
    _cause(
        "VRF032",
        "FM20",
        "a run left no recovery point, and no job says why",
        "there is no signal for a run that never came; only the missing recovery point shows it",
        "check that plan, selection and tags were there at that time; take a backup now with backup start-backup-job",
    ),
    _cause(
        "VRF033",
        "FM19",
        "the newest recovery point is older than the objective",
        "what was written since the newest recovery point that is left after the loss would be lost",
        "let a rule that fits the objective run more often, shorten its windows, add a continuous rule, or promise less",
    ),
    _cause(
        "VRF035",
        "FM19",
        "an objective rests on native protection that was not read",
        "recovery points alone don't meet the objective; what `native` declares would, and the ledger does not show whether it is on",
        "look at the resource (dynamodb describe-continuous-backups, rds describe-db-instances), or add a rule that meets it",
    ),
    _cause(
        "VRF034",
        "FM25",
        "continuous backup is not active",
        "without an active continuous recovery point there is no restore to a point in time",
        "see the status message of the recovery point; a repaired resource gets a new one at the next run",
    ),
    _cause(
        "VRF040",
        "FM21",
        "copy jobs fail",
        "a failed copy is not repeated, and the backup job stays green",
        "remove the reason that AWS names; copy the recovery points with backup start-copy-job",
    ),
    _cause(
        "VRF041",
        "FM21",
        "copies are missing",
        "the recovery point exists at its source and not at the destination, and no listed copy job says why",
        "copy the recovery points with backup start-copy-job",
    ),
    _cause(
        "VRF050",
        "FM36",
        "recovery points are kept for another time than declared",
        "the retention is set when a recovery point is made; later changes of a plan don't reach it",
        "backup update-recovery-point-lifecycle for those outside a locked vault; later ones follow once the plan is right",
    ),
    _cause(
        "VRF051",
        "FM36",
        "history that has to be kept is gone",
        "a recovery point inside its retention is not there any more, or was never made",
        "find who deleted it in CloudTrail (DeleteRecoveryPoint), and lock the vault",
    ),
    _cause(
        "VRF052",
        "FM36",
        "retention is shorter than owed",
        "the organization owes a longer history than any rule keeps",
        "raise keep of a rule or of a copy, or change retention of the strategy",
    ),
    Cause(
        code="VRF060",
        title="expired recovery points were not deleted",
        why="they cost until the deletion works: its role is gone, or something blocks it",
        fix="restore the backup role, then backup delete-recovery-point for each",
        failure_mode="FM27",
        severity=Severity.WARNING,
    ),
)

BY_CODE = {cause.code: cause for cause in CAUSES}
