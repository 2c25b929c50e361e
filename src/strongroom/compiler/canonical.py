"""Canonical JSON: equal documents are equal text, and no character of a size limit is wasted on blanks."""

import json
from collections.abc import Mapping
from typing import Any


def canonical_json(document: Mapping[str, Any]) -> str:
    """Return JSON text with sorted keys and without blanks.

    Example:
        >>> canonical_json({"b": 1, "a": [True]})
        '{"a":[true],"b":1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
