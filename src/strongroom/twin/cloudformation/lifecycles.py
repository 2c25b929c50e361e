"""Lifecycle rules of buckets: as CloudFormation writes them and as S3 does."""

from collections.abc import Iterable, Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import as_bool, check_properties

_SAME = ("Id", "Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
_FILTER = ("Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
_EXPIRATION = {"ExpirationInDays": "Days", "ExpirationDate": "Date", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
_TRANSITION = {"TransitionInDays": "Days", "TransitionDate": "Date", "StorageClass": "StorageClass"}
_NONCURRENT = {"TransitionInDays": "NoncurrentDays", "StorageClass": "StorageClass", "NewerNoncurrentVersions": "NewerNoncurrentVersions"}
_LISTS = {"Transitions": ("Transitions", _TRANSITION), "NoncurrentVersionTransitions": ("NoncurrentVersionTransitions", _NONCURRENT)}


def bucket_rules(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules of a template as S3 takes them; raises ApiError for properties that CloudFormation doesn't know."""
    return [_bucket_rule(rule) for rule in rules]


def template_rules(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules that S3 shows as a template has them."""
    return [_template_rule(rule) for rule in rules]


def _bucket_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    check_properties(rule, required=frozenset({"Status"}), optional=frozenset({*_SAME, *_FILTER, *_EXPIRATION, *_LISTS}))
    shown: dict[str, Any] = {_UPPER.get(name, name): rule[name] for name in _SAME if name in rule}
    expiration = {theirs: rule[ours] for ours, theirs in _EXPIRATION.items() if ours in rule}
    if expiration:
        shown["Expiration"] = _numbers(expiration)
    if "NoncurrentVersionExpiration" in shown:
        shown["NoncurrentVersionExpiration"] = _numbers(shown["NoncurrentVersionExpiration"])
    for ours, (theirs, names) in _LISTS.items():
        if ours in rule:
            shown[theirs] = [_numbers({names[name]: value for name, value in each.items()}) for each in rule[ours]]
    return shown | {"Filter": _filter(rule)}


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {name: rule[name] for name in _FILTER if name in rule and name != "TagFilters"}
    tags = list(rule.get("TagFilters") or ())
    if len(parts) + len(tags) > 1:
        return {"And": parts | ({"Tags": tags} if tags else {})}
    return {"Tag": tags[0]} if tags else parts or {"Prefix": ""}


def _template_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {_LOWER.get(name, name): value for name, value in rule.items() if _LOWER.get(name, name) in _SAME}
    for ours, theirs in _EXPIRATION.items():
        if theirs in rule.get("Expiration", {}):
            shown[ours] = rule["Expiration"][theirs]
    for ours, (theirs, names) in _LISTS.items():
        back = {other: own for own, other in names.items()}
        if rule.get(theirs):
            shown[ours] = [{back[name]: value for name, value in each.items()} for each in rule[theirs]]
    found = rule.get("Filter", {})
    parts = dict(found.get("And", found))
    tags = parts.pop("Tags", None) or ([parts.pop("Tag")] if "Tag" in parts else [])
    return shown | {name: value for name, value in parts.items() if value != ""} | ({"TagFilters": tags} if tags else {})


def _numbers(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members with numbers and booleans as such, which templates may write as text."""
    return {
        name: as_bool(value) if name == "ExpiredObjectDeleteMarker" else int(value) if _is_number(name) else value
        for name, value in members.items()
    }


def _is_number(name: str) -> bool:
    return name.endswith("Days") or name == "NewerNoncurrentVersions"


_UPPER = {"Id": "ID"}
_LOWER = {"ID": "Id"}
