"""Where the properties of a resource, as its service has them, are not those of its template.

Only what the template sets is compared, and only by meaning: numbers may be text, policies text or objects, lists of tags in any order.
Source: CloudFormation user guide, "Detect unmanaged configuration changes".
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Policies and patterns: all of them is compared, not only what the template says
_WHOLE = frozenset(
    {
        "AccessPolicy",
        "AssumeRolePolicyDocument",
        "EventPattern",
        "FilterPolicy",
        "KeyPolicy",
        "Policy",
        "PolicyDocument",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "Statement",
    }
)
_NAMES = ("Key", "Id", "PolicyName", "RuleName", "ParameterName", "ControlName")  # what members of lists are called by
_WRITE_ONLY = frozenset({"BypassPolicyLockoutSafetyCheck", "ChangeableForDays", "PendingWindowInDays"})  # no service shows them

_NUMBER = re.compile(r"-?\d{1,11}(\.\d+)?")  # longer ones are accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not the template's."""

    path: str  # "/Tags/0"
    kind: str  # ADD, REMOVE, NOT_EQUAL
    expected: str
    actual: str


def differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs, of the properties that a template sets.

    Example:
        >>> differences({"Period": "300", "Tags": []}, {"Period": 60, "Statistic": "Sum"})
        (Difference(path='/Period', kind='NOT_EQUAL', expected='300', actual='60'),)
    """
    return tuple(
        found
        for name in expected
        if name not in _WRITE_ONLY
        for found in _compared(f"/{name}", expected[name], actual.get(name), whole=name in _WHOLE)
    )


def drifted(found: tuple[Difference, ...]) -> frozenset[str]:
    """Return the properties that differ somewhere."""
    return frozenset(each.path.split("/")[1] for each in found)


def _compared(path: str, expected: Any, actual: Any, *, whole: bool) -> Iterator[Difference]:
    if whole:
        if _canonical(_parsed(expected)) != _canonical(_parsed(actual)):
            yield _difference(path, expected, actual)
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, value in expected.items():
            if name not in _WRITE_ONLY:
                yield from _compared(f"{path}/{name}", value, actual.get(name), whole=name in _WHOLE)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _lists(path, expected, actual)
    elif _plain(expected) != _plain(actual):
        yield _difference(path, expected, actual)


def _lists(path: str, expected: list[Any], actual: list[Any]) -> Iterator[Difference]:
    wanted, found = _by_name(expected), _by_name(actual)
    for number, (name, value) in enumerate(wanted.items()):
        if name in found:
            yield from _compared(f"{path}/{number}", value, found[name], whole=False)
        else:
            yield Difference(path=f"{path}/{number}", kind="REMOVE", expected=_shown(value), actual="null")
    for number, (name, value) in enumerate(found.items()):
        if name not in wanted:
            yield Difference(path=f"{path}/{number}", kind="ADD", expected="null", actual=_shown(value))


def _by_name(members: list[Any]) -> dict[str, Any]:
    """Members of a list by what tells them apart: their name, their value, else their place."""
    named: dict[str, Any] = {}
    for number, each in enumerate(members):
        key = next((name for name in _NAMES if isinstance(each, Mapping) and name in each), None)
        named[str(each[key]) if key else str(number) if isinstance(each, Mapping | list) else str(_plain(each))] = each
    return named


def _difference(path: str, expected: Any, actual: Any) -> Difference:
    kind = "REMOVE" if actual is None else "ADD" if expected is None else "NOT_EQUAL"
    return Difference(path=path, kind=kind, expected=_shown(expected), actual=_shown(actual))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _plain(value: Any) -> Any:
    """A value by its meaning: nothing is like empty or false, text like its number."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool) or str(value).lower() in {"true", "false"}:
        return "" if str(value).lower() == "false" else "true"
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        return str(int(float(value))) if float(value).is_integer() else str(float(value))
    return value


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _canonical(value: Any) -> Any:
    """A document with lists of one as their member, so that both ways to write it are equal, and values by their meaning."""
    if isinstance(value, Mapping):
        return {name: _canonical(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        members = [_canonical(each) for each in value]
        return members[0] if len(members) == 1 else sorted(members, key=lambda each: json.dumps(each, sort_keys=True, default=str))
    return _plain(value)
