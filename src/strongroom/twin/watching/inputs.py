"""What a target of a rule gets: the event, a part of it, a constant, or a template with parts of it.

Source: EventBridge user guide, eb-transform-target-input (read 2026-11).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_\-]+)|\['([^']+)'\]|\[(\d+)\]")
_PLACE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_ABSENT = object()


def content(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str, ingested_at: str) -> str:
    """Return the text that a target gets."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        found = part(event, target["InputPath"])
        return "" if found is _ABSENT else json.dumps(found)
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {name: part(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested_at,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": dict(event),
    }
    return "".join(_filled(transformer["InputTemplate"], values))


def part(event: Any, path: str) -> Any:
    """Return what lies at a JSON path such as `$.detail.state`; a mark of our own where nothing does.

    Example:
        >>> part({"detail": {"states": ["a", "b"]}}, "$.detail.states[1]")
        'b'
    """
    found, at = event, 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return _ABSENT
        at = step.end()
        if step[3] is not None:
            found = found[int(step[3])] if isinstance(found, list) and int(step[3]) < len(found) else _ABSENT
        else:
            found = found.get(step[1] or step[2], _ABSENT) if isinstance(found, dict) else _ABSENT
        if found is _ABSENT:
            return _ABSENT
    return found


def _filled(template: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a template with its places filled: inside quotation marks as text, elsewhere as JSON."""
    quoted, last = False, 0
    for place in _PLACE.finditer(template):
        if place[1] not in values:
            continue
        between = template[last : place.start()]
        yield between
        quoted ^= (len(re.sub(r"\\.", "", between)) - len(re.sub(r'\\.|"', "", between))) % 2 == 1
        yield _shown(values[place[1]], quoted=quoted)
        last = place.end()
    yield template[last:]


def _shown(value: Any, *, quoted: bool) -> str:
    if value is _ABSENT:
        return ""
    if not quoted:
        return json.dumps(value)
    return json.dumps(value)[1:-1] if isinstance(value, str) else json.dumps(value).replace('"', "")
