"""What Organizations checks of a policy's text when it is written: JSON without duplicate keys, and the grammar of its type."""

import json
from typing import Any

from strongroom.semantics.policies import malformed

BACKUP_POLICY = "BACKUP_POLICY"


def problem(text: str, kind: str) -> str | None:
    """Why a policy of a type is refused, or None; only backup policies have a grammar here.

    Example:
        >>> problem('{"plans": {}, "plans": {}}', "BACKUP_POLICY")
        'duplicate key plans'
        >>> problem('{"Version": "2012-10-17"}', "SERVICE_CONTROL_POLICY")
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
    return malformed(document) if kind == BACKUP_POLICY else None
