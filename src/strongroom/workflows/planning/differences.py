"""What differs between two JSON documents, value by value, for a person who has to agree to it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from strongroom.domain.changeplan import Difference, canonical

# What tells the members of a list apart, where they are objects: statements, tags, parameters, rules.
NAMES: Final = ("Sid", "Key", "Id", "RuleName", "Name", "AliasName")


def differences(before: str, after: str) -> tuple[Difference, ...]:
    """Return what differs between two documents in canonical JSON; a text that is no JSON is one value.

    Example:
        >>> differences('{"plans":{"daily":{"keep":"30"}}}', '{"plans":{"daily":{"keep":"60"}}}')
        (Difference(path='plans.daily.keep', before='"30"', after='"60"'),)
    """
    return tuple(_differences("", _parsed(before), _parsed(after)))


def _parsed(document: str) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return document


def _differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if canonical(before) == canonical(after):  # Python takes False for 0
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            yield from _member(f"{path}.{key}" if path else key, before, after, key)
        return
    if isinstance(before, list) and isinstance(after, list):
        old, new = _by_name(before), _by_name(after)
        if old is not None and new is not None:
            for name in dict.fromkeys((*old, *new)):
                yield from _member(f"{path}[{name}]", old, new, name)
            return
    yield Difference(path=path, before=canonical(before), after=canonical(after))


def _member(path: str, before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> Iterator[Difference]:
    if key not in before:
        yield Difference(path=path, before="", after=canonical(after[key]))
    elif key not in after:
        yield Difference(path=path, before=canonical(before[key]), after="")
    else:
        yield from _differences(path, before[key], after[key])


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    """Return the objects of a list by what names them; None where nothing does, or not all of them differently."""
    for name in NAMES:
        if all(isinstance(item, Mapping) and isinstance(item.get(name), str) for item in items):
            named = {item[name]: item for item in items}
            return named if len(named) == len(items) else None
    return None
