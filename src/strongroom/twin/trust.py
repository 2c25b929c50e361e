"""Trust policies of IAM roles: may this principal assume that role?

Source: IAM user guide, "Policy evaluation logic", "AWS JSON policy elements: Principal", "Condition operators".
The twin does not evaluate identity policies: its users may do whatever a trust policy lets them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What a trust policy can see of a caller."""

    account: str
    arn: str  # as GetCallerIdentity shows it
    policy_arn: str  # the role's ARN for a session of a role, else the same as `arn`
    organization_id: str  # empty outside an organization
    organization_path: str  # "o-…/r-…/ou-…/"
    external_id: str  # empty when the call has none


def allows(policy: Mapping[str, Any], action: str, asker: Asker) -> bool:
    """Return whether a trust policy lets `asker` do `action` such as `sts:AssumeRole`; a Deny wins.

    Example:
        >>> asker = Asker(account="111111111111", arn="arn:aws:iam::111111111111:user/admin",
        ...     policy_arn="arn:aws:iam::111111111111:user/admin", organization_id="", organization_path="", external_id="")
        >>> statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}
        >>> allows({"Statement": [statement]}, "sts:AssumeRole", asker)
        True
    """
    matching = [
        statement
        for statement in _list(policy.get("Statement", []))
        if _names_action(statement, action) and _names_principal(statement, asker) and _holds(statement.get("Condition", {}), asker)
    ]
    effects = {statement.get("Effect") for statement in matching}
    return "Allow" in effects and "Deny" not in effects


def _names_action(statement: Mapping[str, Any], action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in _list(statement.get("Action", [])))


def _names_principal(statement: Mapping[str, Any], asker: Asker) -> bool:
    principal = statement.get("Principal", {})
    names = ["*"] if principal == "*" else _list(principal.get("AWS", [])) if isinstance(principal, Mapping) else []
    own = {"*", asker.account, f"arn:aws:iam::{asker.account}:root", asker.arn, asker.policy_arn}
    return any(str(name) in own for name in names)


def _holds(condition: Mapping[str, Mapping[str, Any]], asker: Asker) -> bool:
    return all(
        _operator(operator, str(key), [str(value) for value in _list(values)], asker)
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _operator(operator: str, key: str, expected: list[str], asker: Asker) -> bool:
    """Evaluate one operator; an operator or key that the twin doesn't know never holds."""
    known = {
        "aws:principalorgid": asker.organization_id,
        "aws:principalorgpaths": asker.organization_path,
        "aws:principalaccount": asker.account,
        "aws:principalarn": asker.policy_arn,
        "sts:externalid": asker.external_id,
    }
    name = operator.rpartition(":")[2]
    if_exists = name.endswith("IfExists")
    compare = _COMPARISONS.get(name.removesuffix("IfExists"))
    actual = known.get(key.lower())
    if compare is None or actual is None:
        return False
    if not actual:
        return if_exists
    return compare(actual, expected)


def _same(actual: str, expected: Iterable[str]) -> bool:
    return actual in expected


def _like(actual: str, expected: Iterable[str]) -> bool:
    return any(fnmatchcase(actual, pattern.replace("[", "[[]")) for pattern in expected)


_COMPARISONS: Mapping[str, Callable[[str, Iterable[str]], bool]] = {
    "StringEquals": _same,
    "StringNotEquals": lambda actual, expected: not _same(actual, expected),
    "StringLike": _like,
    "StringNotLike": lambda actual, expected: not _like(actual, expected),
    "ArnEquals": _like,
    "ArnLike": _like,
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
