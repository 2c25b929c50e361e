"""What a tag policy refuses: tags of the types that it is enforced for, in a wrong case or with a value that it doesn't list.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies-enforcement.html
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

_WHOLE_SERVICE = frozenset({"*", "ALL_SUPPORTED"})


def refused_key(policy: Mapping[str, Any], kind: str, tags: Mapping[str, str]) -> str:
    """Return the first tag key that an effective tag policy refuses on a resource type; empty: it lets all of them pass.

    Example:
        >>> rule = {"tag_key": "Team", "tag_value": ["a*"], "enforced_for": ["ec2:volume"]}
        >>> [refused_key({"tags": {"team": rule}}, "ec2:volume", tags) for tags in ({"Team": "ab"}, {"Team": "b"}, {"TEAM": "ab"}, {})]
        ['', 'Team', 'TEAM', '']
    """
    rules = policy.get("tags") or {}
    for key, value in tags.items():
        rule = rules.get(key.lower())
        if rule is None or not _enforced(rule, kind):
            continue
        values = rule.get("tag_value")
        if rule.get("tag_key", key) != key or (values and not any(fnmatchcase(value, _pattern(each)) for each in values)):
            return key
    return ""


def _enforced(rule: Mapping[str, Any], kind: str) -> bool:
    service = kind.partition(":")[0]
    return any(each == kind or (each.startswith(f"{service}:") and each.partition(":")[2] in _WHOLE_SERVICE) for each in _listed(rule))


def _listed(rule: Mapping[str, Any]) -> list[str]:
    return list(rule.get("enforced_for") or ())


def _pattern(value: str) -> str:
    """Only the asterisk is a wildcard here."""
    return value.replace("[", "[[]").replace("?", "[?]")
