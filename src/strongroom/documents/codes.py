"""The codes of findings about documents that others wrote: what each one means and how it is repaired."""

from dataclasses import dataclass
from typing import Final

from strongroom.domain.finding import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of mistake: `title` names the bad pattern, `why` the mechanism, `fix` what to edit."""

    title: str
    severity: Severity
    why: str
    fix: str
    failure_mode: str = ""


_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, Code] = {
    "DOC001": Code("The file is neither JSON nor YAML", _ERROR, "", "Repair the place that the finding names."),
    "DOC002": Code("The file is not plain UTF-8 text", _ERROR, "AWS takes UTF-8 text.", "Save the file with the encoding UTF-8."),
    "DOC003": Code(
        "The file is too large", _ERROR, "The limits stop a file that would fill the memory.", "Check that this is the right file."
    ),
    "DOC004": Code("The file is nested too deeply", _ERROR, "No document of AWS Backup is.", "Close the brackets that stay open."),
    "DOC005": Code(
        "A key is written twice",
        _ERROR,
        "AWS Organizations refuses the policy; other readers silently take one of the two, so that a rule may be lost.",
        "Rename or remove one of them.",
    ),
    "DOC006": Code(
        "The file uses a part of YAML that CloudFormation doesn't read",
        _ERROR,
        "CloudFormation refuses aliases, merges and tags that are no functions of its own.",
        "Write the value out.",
    ),
    "DOC007": Code(
        "The kind of document can't be told from its keys", _INFO, "", "Name the kind with `--kind`, or leave the file out of the folder."
    ),
    "DOC008": Code(
        "An element or operator is unknown",
        _ERROR,
        "AWS refuses the document, or reads it without the element: what was meant doesn't happen.",
        "Correct or remove it.",
        "FM07",
    ),
    "DOC009": Code("A value has the wrong shape", _ERROR, "AWS refuses the document.", "Write the shape that the finding names.", "FM07"),
    "DOC010": Code(
        "A required element is missing",
        _ERROR,
        "AWS refuses the document; an Organizations policy is refused only when all levels are merged: the account keeps its last "
        "valid policy, or has no plan, and only the management account is told.",
        "Add the element, or attach the policy that has it.",
        "FM07",
    ),
    "DOC011": Code(
        "A value can't be known from the document",
        _WARNING,
        "What stands there is decided when it is deployed; no check can say that it works.",
        "Give the parameter a default, or check the deployed plan as GetBackupPlan returns it.",
    ),
    "DOC012": Code(
        "Something outside of the document decides",
        _INFO,
        "Vault locks, keys, opt-in and Regions that the document doesn't declare can make every job fail.",
        "Check the document together with what declares them, or `strongroom sync` and `verify`.",
    ),
    "DOC013": Code("A number is outside of AWS's bounds", _ERROR, "AWS refuses the rule.", "Write a number within the bounds.", "FM12"),
    "DOC014": Code(
        "A value of a policy never takes effect",
        _WARNING,
        "Operators that a policy above doesn't allow are ignored in silence; of two policies on one target the first attached wins.",
        "Remove the value, allow it above with @@operators_allowed_for_child_policies, or attach the policies in another order.",
        "FM07",
    ),
    "DOC015": Code(
        "An air-gapped vault is named without $region and $account",
        _ERROR,
        "A policy makes plans in every account and Region; the target must lie in the same account and Region as the plan.",
        "Write arn:aws:backup:$region:$account:backup-vault:NAME.",
        "FM07",
    ),
    "DOC016": Code(
        "A selection is empty, or larger than AWS allows",
        _ERROR,
        "AWS Backup refuses the selection, so that the plan protects nothing.",
        "Name resources or tags, within the limits that the finding shows.",
        "FM08",
    ),
    "DOC017": Code(
        "A selection has a wildcard inside an ARN",
        _WARNING,
        "AWS Backup documents wildcards at the end of an ARN and in the patterns of whole types; others may match nothing.",
        "End the ARN with the wildcard, or select by tag.",
        "FM09",
    ),
    "DOC018": Code(
        "The console's own role or vault is used",
        _ERROR,
        "AWSBackupDefaultServiceRole and the vault Default exist only where somebody opened the console; copies of other accounts "
        "can't go to Default.",
        "Declare a role and a vault of your own.",
        "FM07",
    ),
    "DOC019": Code(
        "A vault access policy has a wildcard in an action",
        _ERROR,
        "AWS Backup takes full action names only in vault access policies.",
        "Write out every action, such as backup:DeleteRecoveryPoint.",
    ),
    "DOC020": Code(
        "A vault access policy locks everybody out of changing it",
        _ERROR,
        "A denial of PutBackupVaultAccessPolicy to everybody holds for the account's root too.",
        "Add a condition that exempts the role which administers the vault.",
    ),
    "DOC021": Code(
        "A schedule or time zone can't be read",
        _ERROR,
        "AWS Backup doesn't accept the rule; of an Organizations policy the account gets no plan.",
        "Write a six-field cron expression and an IANA time zone.",
        "FM07",
    ),
    "DOC022": Code(
        "A policy or plan is larger than AWS allows",
        _ERROR,
        "AWS refuses the policy, or each account refuses the plan made of it.",
        "Split it, or declare fewer elements.",
        "FM08",
    ),
    "DOC023": Code(
        "An attachment names something that isn't there",
        _ERROR,
        "What is attached where decides the policy that each account gets.",
        "Correct attachments.yaml.",
    ),
    "DOC024": Code(
        "There is nothing of AWS Backup in the document", _WARNING, "No check has looked at anything.", "Check that this is the right file."
    ),
    "DOC025": Code(
        "A selection can be judged in part only",
        _INFO,
        "Conditions with wildcards, and patterns with many of them, are not compared with an inventory.",
        "Nothing, if that is what you mean; `verify` shows what is selected.",
    ),
    "DOC026": Code(
        "A value is taken from a parameter's default",
        _INFO,
        "Whoever deploys the template can choose another value.",
        "Check again with the values that are deployed.",
    ),
    "DOC027": Code(
        "A plan selects resources of another account",
        _ERROR,
        "A plan reaches the resources of its own account and Region only; the others are never backed up, without a message.",
        "Deploy the plan into the account of the resources, or use an Organizations policy.",
        "FM37",
    ),
    "DOC028": Code("Only the first problems are shown", _ERROR, "", "Repair these, then check again."),
    "DOC029": Code(
        "A vault access policy allows other accounts what it can't",
        _WARNING,
        "From another account AWS Backup accepts backup:CopyIntoBackupVault alone, whatever the policy says.",
        "Allow CopyIntoBackupVault only, and restore from a copy.",
        "FM15",
    ),
    "DOC030": Code(
        "A key policy lets AWS Backup use the key through AWS Backup alone",
        _WARNING,
        "Recovery points of types that AWS Backup does not fully manage are read through their own service: with kms:ViaService backup.* "
        "restores and copies of EBS, RDS and others fail.",
        "Leave kms:ViaService out, or add the services.",
        "FM15",
    ),
    "DOC031": Code(
        "A key policy lets no role of AWS Backup in",
        _INFO,
        "Backups into a vault with the key, and restores of what is encrypted with it, fail.",
        "Allow the account's root, so that IAM policies decide, or the roles that AWS Backup works with.",
        "FM15",
    ),
    "DOC032": Code(
        "A key is shared with another account, but not for copies",
        _WARNING,
        "What AWS Backup does not fully manage keeps the key of its source: the destination's service-linked role reads it with that key.",
        "Allow the other account all that copies need.",
        "FM01",
    ),
    "DOC033": Code(
        "A topic's policy does not let AWS Backup publish",
        _WARNING,
        "Notifications of vaults never arrive, and nothing says so.",
        "Name the service in the topic's policy.",
        "FM22",
    ),
    "DOC034": Code(
        "A service control policy stops AWS Backup itself",
        _WARNING,
        "Control policies reach the role that AWS Backup assumes in every account below: its jobs fail, and expired recovery points stay.",
        "Exempt the role, or leave the action out.",
        "FM17",
    ),
    "DOC035": Code(
        "A vault access policy stops jobs",
        _WARNING,
        "A denial in the vault's policy holds for the role of AWS Backup too.",
        "Exempt the role, or leave the action out.",
    ),
    "DOC036": Code(
        "The role of a selection does not trust AWS Backup",
        _ERROR,
        "AWS Backup can't assume the role: every job of the selection fails.",
        "Name the service in the role's trust policy.",
        "FM07",
    ),
    "DOC037": Code(
        "Buckets are selected, and the role lacks the policies for S3",
        _ERROR,
        "AWS's policies for backup and restore don't hold what S3 needs; it has a pair of its own.",
        "Attach both policies for S3 to the role.",
        "FM07",
    ),
    "DOC040": Code(
        "A policy has something that AWS refuses",
        _ERROR,
        "AWS refuses the policy, or a condition never means what was meant; what such a statement decides is unknown.",
        "Correct the element that the finding names.",
        "FM15",
    ),
    "DOC041": Code(
        "An access document names something that isn't there",
        _ERROR,
        "Accounts, units and policies decide together who may do what: without one of them the answer would be another.",
        "Correct the name, or add what it names.",
    ),
    "DOC042": Code(
        "An access document says something twice",
        _ERROR,
        "Of two descriptions of one principal, resource, account or unit only one can be true.",
        "Remove one of them.",
    ),
    "DOC043": Code(
        "The kind of a policy was told from its statements",
        _INFO,
        "Policies of all kinds have the same keys: whether principals are named, and whose actions, is all that tells them apart.",
        "Nothing, if it is right; else name the kind with `--kind`.",
    ),
}

# Of these nothing was judged: neither a pass nor a failure.
UNKNOWN: Final = frozenset({"DOC007", "DOC011", "DOC012", "DOC025"})


def explain(code: str) -> str | None:
    """Return title, why and fix of a code as text; None for a code that this room doesn't own.

    Example:
        >>> print(explain("DOC001"))
        DOC001 (error): The file is neither JSON nor YAML
        <BLANKLINE>
        Fix:     Repair the place that the finding names.
    """
    found = CODES.get(code.upper())
    if found is None:
        return None
    why = f"Why:     {found.why}\n" if found.why else ""
    failure = f"\nFailure: {found.failure_mode}" if found.failure_mode else ""
    return f"{code.upper()} ({found.severity}): {found.title}\n\n{why}Fix:     {found.fix}{failure}"
