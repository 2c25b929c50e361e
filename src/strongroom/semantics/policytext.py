"""Reading the text of a backup policy as AWS Organizations does: size, JSON, duplicate keys, grammar.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html and
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongroom import facts
from strongroom.semantics.policygrammar import malformed
from strongroom.semantics.policyplans import PolicyProblem, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A policy as it was read; `refused` is why AWS Organizations wouldn't take it, empty if it would."""

    document: dict[str, Any] | None  # None: not even JSON
    refused: str
    line: int | None = None  # where the JSON breaks off
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What an account really has: the newest effective policy, or its last valid one while that is invalid."""

    document: Mapping[str, Any] | None
    problems: tuple[PolicyProblem, ...]  # of the newest; while there are any, every further edit is ignored
    frozen: bool


class _Duplicate(ValueError):
    """A key stands twice in one object."""


def read(text: str) -> PolicyText:
    """Return a policy document and why AWS Organizations would refuse it.

    Example:
        >>> read('{"plans": {}, "plans": {}}').refused
        'the key plans stands twice in one object'
    """
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return PolicyText(document=None, refused=f"not JSON: {error.msg}", line=error.lineno, column=error.colno)
    except ValueError as error:
        return PolicyText(document=None, refused=str(error))
    except RecursionError:
        return PolicyText(document=None, refused="not a policy: nested too deeply")
    limit = facts.limit("policy_characters")
    if len(text) > limit.value:
        refused = f"the policy has {len(text)} {limit.unit}, {limit.value} allowed"
        return PolicyText(document=document if isinstance(document, dict) else None, refused=refused)
    return PolicyText(document=document if isinstance(document, dict) else None, refused=malformed(document) or "")


def in_force(newest: Mapping[str, Any] | None, last_valid: Mapping[str, Any] | None) -> InForce:
    """Return the policy that holds in an account: an invalid effective policy leaves the last valid one in place.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/invalid-policy-alerts.html

    Example:
        >>> in_force({"plans": {"P": {}}}, None).frozen
        True
    """
    found = problems(newest) if newest is not None else ()
    return InForce(document=last_valid if found else newest, problems=found, frozen=bool(found))


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise _Duplicate(f"the key {doubled} stands twice in one object")
    return document


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON value")
