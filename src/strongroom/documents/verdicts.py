"""What the evaluator says about policies that others wrote, as findings at the statement that decides."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from strongroom.documents import iampolicy, judging
from strongroom.documents.drafts import OWN_ACCOUNT, OWN_REGION
from strongroom.documents.judging import Stopped
from strongroom.documents.kinds import Kind
from strongroom.documents.nodes import Members, Place, plain
from strongroom.documents.notes import Notes
from strongroom.domain.access import Access, PolicyText
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.semantics.authorization.model import Verdict
from strongroom.semantics.authorization.places import Operation
from strongroom.semantics.authorization.policy import parse

_HERE: Final = {OWN_ACCOUNT: "111122223333", OWN_REGION: "eu-west-2"}  # what stands for the place of deployment
_CHARACTERS_MAX: Final = 50_000  # AWS takes no policy of that length
_WORDS: Final = {
    Operation.BACKUP: "backups",
    Operation.RESTORE: "restores",
    Operation.COPY: "copies to other accounts",
    Operation.EXPIRE: "the deletion of expired recovery points",
}


def of_policy(kind: Kind, root: Members | None, subject: str, notes: Notes) -> None:
    """Note what a policy stops; a kind that says nothing by itself, such as an identity policy, is not judged."""
    if root is None:
        return
    if kind is Kind.SCP:
        _of_control(root, subject, notes)
    elif kind is Kind.KEY_POLICY:
        of_key(root, subject, notes)
    elif kind is Kind.TOPIC_POLICY:
        of_topic(root, subject, notes)
    elif kind is Kind.VAULT_POLICY:
        of_vault(root, subject, notes)


def of_key(root: Members, subject: str, notes: Notes, *, used: bool = False) -> None:
    """Note whom a key policy shuts out; `used`: a vault is encrypted with the key."""
    text = _text(root)
    if text is None:
        return
    stopped = {each.operation: each for each in judging.by_key(text) if not each.exempt}
    backup, restore = stopped.get(Operation.BACKUP), stopped.get(Operation.RESTORE)
    if backup is not None and restore is not None:
        message = f"no role of AWS Backup may use the key: {backup.action} is not allowed"
        fix = "allow the account's root kms:*, or the role kms:Decrypt, kms:GenerateDataKey*, kms:DescribeKey and kms:CreateGrant"
        place = _place(root, backup)
        notes.add("DOC031", place, subject, message, fix, severity=Severity.WARNING if used else None)
    elif restore is not None:
        message = f"AWS Backup may use the key for itself, and EC2, RDS and others not for it: {restore.action} is not allowed"
        notes.add(
            "DOC030", _place(root, restore), subject, message, "allow it without kms:ViaService, or through ec2.*, rds.* and fsx.* too"
        )
    for account, missing in judging.sharing(text):
        message = f"account {account} may use the key, but not for copies: {missing.action} is not allowed"
        fix = "allow it kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey*, kms:ReEncrypt* and kms:CreateGrant"
        notes.add("DOC032", _place(root, missing), subject, message, fix)


def of_topic(root: Members, subject: str, notes: Notes) -> None:
    """Note that AWS Backup can't publish to a topic."""
    text = _text(root)
    stopped = judging.by_topic(text) if text is not None else None
    if stopped is not None:
        message = "backup.amazonaws.com may not publish to the topic"
        notes.add("DOC033", _place(root, stopped), subject, message, "allow the service backup.amazonaws.com sns:Publish")


def of_vault(root: Members, subject: str, notes: Notes) -> None:
    """Note what a vault's policy keeps from everybody: changing it, and jobs."""
    text = _text(root)
    if text is None:
        return
    stuck = judging.unchangeable(text)
    if stuck is not None and stuck.ground.statement is not None:
        place = iampolicy.place_of(root, ("Statement", stuck.ground.statement))
        message = f"{subject} denies backup:PutBackupVaultAccessPolicy to everybody, the account's root included"
        if not any(finding.code == "DOC020" for finding in notes.findings):
            notes.add("DOC020", place, subject, message, "exempt a role: StringNotLike aws:PrincipalArn")
    _note(judging.by_vault(text), "DOC035", root, subject, notes)


def of_trust(root: Members, subject: str, notes: Notes, *, account: str = "") -> None:
    """Note that AWS Backup can't take on a role that a selection names."""
    text = _text(root)
    if text is not None and judging.trusted(text, account) is Verdict.DENIED:
        message = f"{subject} does not trust backup.amazonaws.com, and a selection names it"
        notes.add("DOC036", root.place, subject, message, "allow the service backup.amazonaws.com sts:AssumeRole")


def of_buckets(policies: Iterable[PolicyText], place: Place, subject: str, notes: Notes) -> None:
    """Note that the role of a selection with buckets can't back them up."""
    stopped = judging.lacks(tuple(policies), ResourceType.S3)
    if stopped is not None:
        message = f"{subject} can't back up the selected buckets: no policy of the role allows {stopped.action}"
        fix = "attach AWSBackupServiceRolePolicyForS3Backup and AWSBackupServiceRolePolicyForS3Restore"
        notes.add("DOC037", place, subject, message, fix)


def of_access(access: Access, notes: Notes) -> None:
    """Note the roles of AWS Backup that a control policy or a boundary stops."""
    for role, layer, stopped in judging.in_access(access):
        if isinstance(role.origin, FileOrigin):
            subject, first = f"role {role.arn.rpartition('/')[2]}", stopped[0]
            message = f"the {layer} stops {_stops(stopped)} by {subject}: {first.action} is denied"
            notes.add("DOC034", role.origin, subject, message, f"allow it for the role: {first.because}")


def _of_control(root: Members, subject: str, notes: Notes) -> None:
    text = _text(root)
    if text is not None:
        _note(judging.by_control(text), "DOC034", root, subject, notes)


def _note(found: Iterable[Stopped], code: str, root: Members, subject: str, notes: Notes) -> None:
    """Note what is stopped, once for each statement that stops it."""
    stopped = sorted(found, key=lambda each: -1 if each.statement is None else each.statement)
    for _, group in groupby(stopped, key=lambda each: each.statement):
        several = tuple(group)
        first = several[0]
        message = f"{subject} stops {_stops(several)}: {first.action} is denied to the role of AWS Backup"
        fix = "exempt the role: ArnNotLike aws:PrincipalArn, or leave the action out"
        if first.exempt:
            message = f"{message}, unless it is {_listed(dict.fromkeys(first.exempt))}"
            fix = "see to it that the role of every plan is among the exempt ones"
        notes.add(code, _place(root, first), subject, message, fix, severity=Severity.INFO if first.exempt else None)


def _stops(stopped: Iterable[Stopped]) -> str:
    several = tuple(stopped)
    what = dict.fromkeys(_WORDS[each.operation] for each in several)
    kinds = dict.fromkeys(str(each.type) for each in several)
    return f"{_listed(what)} of {_listed(kinds)}"


def _listed(words: Iterable[str]) -> str:
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def _place(root: Members, stopped: Stopped) -> Place:
    return iampolicy.place_of(root, ("Statement", stopped.statement) if stopped.statement is not None else ("Statement",))


def _text(root: Members) -> str | None:
    """Return the policy as JSON for an example of the place of deployment; None where AWS would refuse it, so that nothing is sure."""
    text = json.dumps(plain(root))
    for name, value in _HERE.items():
        text = text.replace(name, value)
    return None if len(text) > _CHARACTERS_MAX or parse(text, name="policy").problems else text
