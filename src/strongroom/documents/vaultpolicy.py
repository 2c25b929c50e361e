"""Vault access policies: what AWS Backup refuses in them, and what nobody can undo.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
"""

from typing import Final

from strongroom.documents.fields import Fields
from strongroom.documents.jsonreading import read_json
from strongroom.documents.nodes import Entry, Items, Members, Node, Opaque, Place, Scalar, entries, plain
from strongroom.documents.notes import Notes, shortened, shown
from strongroom.documents.stopped import Stopped
from strongroom.domain.origin import Unread

_STATEMENT: Final = frozenset({"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_POLICY: Final = frozenset({"Version", "Id", "Statement"})
_ANSWER: Final = frozenset({"BackupVaultName", "BackupVaultArn", "Policy", "ResponseMetadata"})
_SELF: Final = "backup:putbackupvaultaccesspolicy"
_COPY_IN: Final = "backup:copyintobackupvault"


def document(root: Members, notes: Notes) -> Members | None:
    """Note what is wrong with a policy, or with the answer of GetBackupVaultAccessPolicy; return it."""
    if "Policy" in root.entries and "Statement" not in root.entries:
        answer = Fields(root, "vault policy", notes)
        answer.only(_ANSWER)
        name = answer.text("BackupVaultName")
        return policy(answer.value("Policy"), f"policy of vault {name}" if isinstance(name, str) else "vault policy", notes)
    return policy(root, "vault policy", notes)


def policy(node: Node | None, subject: str, notes: Notes, *, lenient: bool = False) -> Members | None:
    """Note what is wrong with a policy: an object, or JSON in a text; return it."""
    found = embedded(node, subject, notes)
    if found is None:
        return None
    holder = Fields(found, subject, notes, lenient=True)
    holder.only(_POLICY)
    statements = holder.objects("Statement", f"{subject}, statement", required=True)
    for statement in () if isinstance(statements, Unread) else statements:
        statement.lenient = lenient
        _statement(statement)
    return found


def embedded(node: Node | None, subject: str, notes: Notes) -> Members | None:
    """Return an object, also one that is written as JSON in a text; its parts lie where the text does."""
    if isinstance(node, Members):
        return node
    if isinstance(node, Opaque):
        notes.add("DOC011", node.place, subject, f"{subject} is unknown: {node.reason}", "check what is deployed")
        return None
    if isinstance(node, Scalar) and isinstance(node.value, str):
        problems: list[Stopped] = []
        inner: Node | None = None
        try:
            inner = read_json(node.value, problems)
        except Stopped as stopped:
            problems.append(stopped)
        for problem in problems:
            where = f"in line {problem.place.line}, column {problem.place.column} of the text: {problem.message}"
            notes.add(problem.code, node.place, subject, where, problem.fix)
        if inner is None or isinstance(inner, Members):
            return None if inner is None else moved_members(inner, node.place)
    if node is not None:
        notes.add("DOC009", node.place, subject, f"{subject} is no object", "write an object, or JSON in a text")
    return None


def moved_members(node: Members, place: Place) -> Members:
    """Return an object with all its parts at one place."""
    return Members({entry.key: Entry(entry.key, place, _moved(entry.value, place)) for entry in entries(node)}, place)


def _moved(node: Node, place: Place) -> Node:
    match node:
        case Members():
            return moved_members(node, place)
        case Items(items=found):
            return Items(tuple(_moved(each, place) for each in found), place)
        case Scalar(value=value):
            return Scalar(value, place)
        case Opaque(reason=reason):
            return Opaque(reason, place)


def _statement(statement: Fields) -> None:
    sid = statement.value("Sid")
    if isinstance(sid, Scalar) and isinstance(sid.value, str) and sid.value:
        statement.subject = f"statement {sid.value}"
    statement.only(_STATEMENT)
    effect = statement.text("Effect", required=True)
    if isinstance(effect, str) and effect not in {"Allow", "Deny"}:
        statement.wrong("Effect", f"Effect is {shown(effect)}: Allow or Deny expected", "write Allow or Deny")
    if "Principal" not in statement.node.entries and "NotPrincipal" not in statement.node.entries:
        statement.missing("Principal")
    if "Action" not in statement.node.entries and "NotAction" not in statement.node.entries:
        statement.missing("Action")
    actions = _texts(statement.value("Action"))
    _note_wildcards(statement)
    everybody = _is_everybody(statement.value("Principal"))
    conditions = statement.value("Condition")
    named = {action.lower() for action in actions}
    if effect == "Deny" and everybody and conditions is None and (_SELF in named or _covers_self(named)):
        text = f"{shortened(statement.subject)} denies backup:PutBackupVaultAccessPolicy to everybody, the account's root included"
        statement.notes.add("DOC020", statement.node.place, statement.subject, text, "exempt a role: StringNotLike aws:PrincipalArn")
    if effect == "Allow" and everybody and _is_of_organization(conditions) and named - {_COPY_IN}:
        first = min(named - {_COPY_IN})
        text = f"{shortened(statement.subject)} allows {shortened(first)} to other accounts: only backup:CopyIntoBackupVault is accepted"
        statement.wrong("Action", text, "allow backup:CopyIntoBackupVault only", code="DOC029")


def _note_wildcards(statement: Fields) -> None:
    for key in ("Action", "NotAction"):
        node = statement.value(key)
        for each in node.items if isinstance(node, Items) else (node,):
            if isinstance(each, Opaque):
                statement.text(key)
            elif isinstance(each, Scalar) and isinstance(each.value, str) and ("*" in each.value or "?" in each.value):
                text = f"{key} is {shown(each.value)}: full action names expected"
                statement.notes.add("DOC019", each.place, statement.subject, text, "write out every action")


def _covers_self(actions: set[str]) -> bool:
    return any(action.endswith("*") and _SELF.startswith(action[:-1]) for action in actions)


def _is_everybody(principal: Node | None) -> bool:
    if isinstance(principal, Members):
        principal = principal.entries["AWS"].value if "AWS" in principal.entries else None
    return "*" in _texts(principal)


def _is_of_organization(conditions: Node | None) -> bool:
    keys = {key.lower() for entry in entries(conditions) for key in (each.key for each in entries(entry.value))}
    return bool(keys & {"aws:principalorgid", "aws:principalorgpaths"})


def _texts(node: Node | None) -> tuple[str, ...]:
    found = plain(node) if node is not None else []
    return tuple(each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str))
