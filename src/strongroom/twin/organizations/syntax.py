"""What Organizations checks of a policy's text when it is written: JSON without duplicate keys, and the grammar of its type."""

import json
from typing import Any

from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.authorization.statement import Effect
from strongroom.semantics.authorization.truth import NO
from strongroom.semantics.policies import malformed, malformed_tags
from strongroom.twin.organizations.fullaccess import RESOURCE_CONTROL, SERVICE_CONTROL

BACKUP_POLICY = "BACKUP_POLICY"
TAG_POLICY = "TAG_POLICY"


def problem(text: str, kind: str) -> str | None:
    """Why a policy of a type is refused, or None; types that Strongroom doesn't deploy are only held to be JSON objects.

    Example:
        >>> problem('{"plans": {}, "plans": {}}', "BACKUP_POLICY")
        'duplicate key plans'
        >>> problem('{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}', "SERVICE_CONTROL_POLICY")
        >>> problem('{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}}', "SERVICE_CONTROL_POLICY")
        'a service control policy has no Principal'
    """
    duplicates: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            duplicates.extend(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        return found

    try:
        document = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    if duplicates:
        return f"duplicate key {duplicates[0]}"
    if not isinstance(document, dict):
        return "an object is expected at the top"
    if kind in {SERVICE_CONTROL, RESOURCE_CONTROL}:
        return _control_problem(text, kind)
    return malformed(document) if kind == BACKUP_POLICY else malformed_tags(document) if kind == TAG_POLICY else None


def _control_problem(text: str, kind: str) -> str | None:
    """Control policies are written in IAM's language; one for resources denies, to all principals."""
    policy = parse(text, name="policy")
    if policy.problems:
        return policy.problems[0].message
    if not policy.statements:
        return "there is no Statement"
    for each in policy.statements:
        if kind == SERVICE_CONTROL and each.principals is not None:
            return "a service control policy has no Principal"
        if kind == SERVICE_CONTROL and each.for_identity is NO:
            return "a statement needs Effect, Action and Resource"
        if kind == RESOURCE_CONTROL and (each.effect is not Effect.DENY or each.principals is None):
            return "a resource control policy denies, to the Principal *"
    return None
