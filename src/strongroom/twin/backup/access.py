"""Who may copy into a vault, and what its access policy denies: the part of IAM that vault policies really use."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

COPY_INTO = "backup:CopyIntoBackupVault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks."""

    account: str
    principal: str  # ARN
    organization_id: str
    path: str  # aws:PrincipalOrgPaths
    service: str = ""  # kms:ViaService, where a service asks for somebody


def may_copy_into(policy: str | None, vault_arn: str, caller: Caller) -> bool:
    """Whether a vault's policy lets another account copy into it: nothing is allowed unless a statement says so."""
    if policy is None:
        return False
    matching = list(_matching(policy, COPY_INTO, vault_arn, caller))
    return "Allow" in matching and "Deny" not in matching


def denies(policy: str | None, action: str, resource_arn: str, caller: Caller) -> bool:
    """Whether a vault's policy denies an action to a caller of the vault's own account."""
    return policy is not None and "Deny" in _matching(policy, action, resource_arn, caller)


def may_use_key(policy: str, key_arn: str, caller: Caller) -> bool:
    """Whether a key's policy lets another account's AWS Backup read what the key encrypts: decrypt, and grant that on."""
    for action in ("kms:Decrypt", "kms:CreateGrant"):
        matching = list(_matching(policy, action, key_arn, caller))
        if "Allow" not in matching or "Deny" in matching:
            return False
    return True


def _matching(policy: str, action: str, resource_arn: str, caller: Caller) -> Iterator[str]:
    for statement in statements(policy):
        if _acts(statement, action) and _names(statement, resource_arn) and _addresses(statement, caller) and _holds(statement, caller):
            yield statement.get("Effect", "")


def statements(policy: str | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the statements of a policy; one that is no policy at all has none, so it allows nothing."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return []
    found = _many(document.get("Statement", [])) if isinstance(document, Mapping) else []
    return [statement for statement in found if isinstance(statement, Mapping)]


def _acts(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(fnmatchcase(action.lower(), each.lower()) for each in _many(statement["NotAction"]))
    return any(fnmatchcase(action.lower(), each.lower()) for each in _many(statement.get("Action", [])))


def _names(statement: Mapping[str, Any], resource_arn: str) -> bool:
    return any(fnmatchcase(resource_arn, each) for each in _many(statement.get("Resource", "*")))


def _addresses(statement: Mapping[str, Any], caller: Caller) -> bool:
    if "NotPrincipal" in statement:
        return not _is_one_of(statement["NotPrincipal"], caller)
    return _is_one_of(statement.get("Principal", {}), caller)


def _is_one_of(principal: Any, caller: Caller) -> bool:
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    for each in _many(named):
        if each in ("*", caller.account, caller.principal) or (each.startswith("arn:") and each.endswith(f"::{caller.account}:root")):
            return True
    return False


def _holds(statement: Mapping[str, Any], caller: Caller) -> bool:
    known = {
        "aws:principalorgid": [caller.organization_id],
        "aws:principalorgpaths": [caller.path],
        "aws:principalaccount": [caller.account],
        "aws:principalarn": [caller.principal],
        "aws:sourceaccount": [caller.account],
        "kms:calleraccount": [caller.account],
        "kms:grantisforawsresource": ["true"],
        "kms:viaservice": [caller.service],
    }
    for operator, keys in statement.get("Condition", {}).items():
        for key, expected in keys.items():
            if not _compare(operator.lower(), known.get(key.lower(), []), [str(each) for each in _many(expected)]):
                return False
    return True


def _compare(operator: str, actual: list[str], expected: list[str]) -> bool:
    name = operator.removeprefix("foranyvalue:").removeprefix("forallvalues:")
    optional, name = name.endswith("ifexists"), name.removesuffix("ifexists")
    negated = name in ("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike", "stringnotequalsignorecase")
    if not any(actual):
        return optional or negated
    if name.endswith("ignorecase"):
        actual, expected = [each.lower() for each in actual], [each.lower() for each in expected]
    wild = name.endswith("like") or name.startswith("arn")
    hit = any(fnmatchcase(one, other) if wild else one == other for one in actual for other in expected)
    return hit != negated


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
