"""Whether an access policy lets AWS Backup do its work: simple forms are decided, anything else is None (not known).

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from strongroom.proof.scope import Account

BACKUP_SERVICE = "backup.amazonaws.com"
COPY_INTO = "backup:CopyIntoBackupVault"
POSITIVE = frozenset({"stringequals", "stringlike", "arnlike", "arnequals"})
NEGATIVE = frozenset({"stringnotequals", "stringnotlike"})


def trusts_backup(policy: str | None) -> bool:
    """Return whether a role's trust policy lets AWS Backup assume it; conditions are taken as met, they name the account.

    Example:
        >>> trusts_backup('{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",'
        ...     ' "Principal": {"Service": "backup.amazonaws.com"}}}')
        True
    """
    return any(
        statement.get("Effect") == "Allow"
        and _names(statement.get("Action"), "sts:AssumeRole")
        and BACKUP_SERVICE in _texts(_mapping(statement.get("Principal")).get("Service"))
        for statement in _statements(policy)
    )


def lets_copies_in(policy: str | None, account: Account, organization_id: str = "") -> bool | None:
    """Return whether a vault's access policy lets an account copy recovery points into it; None: a condition that isn't interpreted.

    Without a policy no other account may. Without `organization_id` a policy for `aws:PrincipalOrgID` is taken for the own
    organization's.

    Example:
        >>> own = Account(id="111122223333", ou_path="", ou_ids=(), active=True, management=False)
        >>> lets_copies_in('{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*",'
        ...     ' "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}]}', own)
        True
    """
    answers = {"Allow": False, "Deny": False}
    doubtful = False
    for statement in _statements(policy):
        if not _names(statement.get("Action"), COPY_INTO) and "NotAction" not in statement:
            continue
        applies = None if "NotAction" in statement or "NotPrincipal" in statement else _applies(statement, account, organization_id)
        effect = str(statement.get("Effect"))
        if applies is None:
            doubtful = True
        elif applies:
            answers[effect] = True
    if answers["Deny"]:
        return False
    return None if doubtful else answers["Allow"]


def _applies(statement: Mapping[str, Any], account: Account, organization_id: str) -> bool | None:
    if not _is_principal(statement.get("Principal"), account):
        return False
    verdict: bool | None = True
    for operator, tests in _mapping(statement.get("Condition")).items():
        for key, values in _mapping(tests).items():
            met = _met(operator.lower().removeprefix("foranyvalue:"), key.lower(), _texts(values), account, organization_id)
            if met is False:
                return False
            verdict = None if met is None else verdict
    return verdict


def _is_principal(principal: Any, account: Account) -> bool:
    if principal == "*":
        return True
    return any(
        each in ("*", account.id) or re.match(rf"arn:[^:]+:iam::{account.id}:", each) for each in _texts(_mapping(principal).get("AWS"))
    )


def _met(operator: str, key: str, values: tuple[str, ...], account: Account, organization_id: str) -> bool | None:
    if operator not in POSITIVE | NEGATIVE:
        return None
    own = {
        "aws:principalaccount": account.id,
        "aws:sourceaccount": account.id,
        "aws:principalorgpaths": "/".join(("*", *account.ou_ids, "")),
    }.get(key)
    if key == "aws:principalorgid":
        found = not organization_id or any(fnmatchcase(organization_id, value) for value in values)
    elif own is None:
        return None
    elif key == "aws:principalorgpaths":
        found = any(fnmatchcase("o-own/" + "/".join((*account.ou_ids, "")), _without_organization(value)) for value in values)
    else:
        found = any(fnmatchcase(own, value) for value in values)
    return found if operator in POSITIVE else not found


def _without_organization(path: str) -> str:
    return "o-own/" + path.partition("/")[2]


def _statements(policy: str | None) -> Iterator[Mapping[str, Any]]:
    if not policy:
        return
    found = json.loads(policy).get("Statement", [])
    yield from [found] if isinstance(found, dict) else found


def _names(actions: Any, wanted: str) -> bool:
    return any(fnmatchcase(wanted.lower(), action.lower()) for action in _texts(actions))


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
