"""What AWS Organizations refuses when a backup policy is created: unknown elements, values without operators, wrong operators.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from strongroom.semantics.policytree import ALLOWED, APPEND, ASSIGN, OPERATORS, REMOVE

_VALUE: Final = "value"
_LIST: Final = "list"
_ANY_NAME: Final = "*"
_LIFECYCLE: Final = {
    "move_to_cold_storage_after_days": _VALUE,
    "delete_after_days": _VALUE,
    "opt_in_to_archive_for_supported_resources": _VALUE,
}
_TAGS: Final = {_ANY_NAME: {"tag_key": _VALUE, "tag_value": _VALUE}}
_CONDITION: Final = {_ANY_NAME: {"condition_key": _VALUE, "condition_value": _VALUE}}
_CONDITIONS: Final = {
    "string_equals": _CONDITION,
    "string_not_equals": _CONDITION,
    "string_like": _CONDITION,
    "string_not_like": _CONDITION,
}
_RULE: Final = {
    "schedule_expression": _VALUE,
    "target_backup_vault_name": _VALUE,
    "target_logically_air_gapped_backup_vault_arn": _VALUE,
    "start_backup_window_minutes": _VALUE,
    "complete_backup_window_minutes": _VALUE,
    "enable_continuous_backup": _VALUE,
    "lifecycle": _LIFECYCLE,
    "copy_actions": {_ANY_NAME: {"target_backup_vault_arn": _VALUE, "lifecycle": _LIFECYCLE}},
    "recovery_point_tags": _TAGS,
    "index_actions": {"resource_types": _LIST},
    "scan_actions": {_ANY_NAME: {"scan_mode": _VALUE}},
}
_PLAN: Final = {
    "regions": _LIST,
    "rules": {_ANY_NAME: _RULE},
    "selections": {
        "tags": {_ANY_NAME: {"iam_role_arn": _VALUE, "tag_key": _VALUE, "tag_value": _LIST, "conditions": _CONDITIONS}},
        "resources": {_ANY_NAME: {"iam_role_arn": _VALUE, "resource_types": _LIST, "not_resource_types": _LIST, "conditions": _CONDITIONS}},
    },
    "advanced_backup_settings": {"ec2": {"windows_vss": _VALUE}, "s3": {"backup_acls": _VALUE, "backup_object_tags": _VALUE}},
    "backup_plan_tags": _TAGS,
    "scan_settings": {_ANY_NAME: {"resource_types": _LIST, "scanner_role_arn": _VALUE}},
}
_POLICY: Final = {"plans": {_ANY_NAME: _PLAN}}
_TAG: Final = {"tag_key": _VALUE, "tag_value": _LIST, "enforced_for": _LIST, "report_required_tag_for": _LIST}
_TAG_POLICY: Final = {"tags": {_ANY_NAME: _TAG}}
_CHILD_OPERATORS: Final = OPERATORS | {"@@all", "@@none"}


def malformed(document: Any) -> str | None:
    """Return why AWS Organizations refuses a policy document (MalformedPolicyDocumentException), or None.

    Only grammar counts here: a policy may leave out required keys, because its parents or children can have them.

    Example:
        >>> malformed({"plans": {"P": {"regions": ["eu-west-2"]}}})
        'plans/P/regions: an operator such as @@assign expected around the value'
    """
    return next(_problems("", document, _POLICY), None)


def malformed_tags(document: Any) -> str | None:
    """Return why AWS Organizations refuses a tag policy, or None; `tag_key` may change the case of its key only.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_example-tag-policies.html

    Example:
        >>> malformed_tags({"tags": {"team": {"tag_key": {"@@assign": "Group"}}}})
        'tags/team/tag_key: Group is not the key team in another case'
    """
    problem = next(_problems("", document, _TAG_POLICY), None)
    if problem is not None:
        return problem
    tags: Mapping[str, Any] = next((value for key, value in document.items() if key.lower() == "tags"), {})
    for key, rule in tags.items():
        written = rule.get("tag_key", {}).get(ASSIGN, key) if isinstance(rule, Mapping) and not key.startswith("@@") else key
        if str(written).lower() != key.lower():
            return f"tags/{key}/tag_key: {written} is not the key {key} in another case"
    return None


def _problems(path: str, written: Any, grammar: Any) -> Iterator[str]:
    if not isinstance(written, Mapping):
        expected = "an operator such as @@assign expected around the value" if isinstance(grammar, str) else "an object expected"
        yield f"{path or 'policy'}: {expected}"
        return
    yield from _operators(path, written, grammar)
    if isinstance(grammar, str):
        yield from (f"{path}/{key}: no elements expected beside operators" for key in written if not key.startswith("@@"))
        return
    for key, value in written.items():
        if key.startswith("@@"):
            continue
        below = grammar.get(key.lower(), grammar.get(_ANY_NAME))
        place = f"{path}/{key}".lstrip("/")
        if below is None:
            yield f"{place}: unknown element, one of {', '.join(grammar)} expected"
        else:
            yield from _problems(place, value, below)


def _operators(path: str, written: Mapping[str, Any], grammar: Any) -> Iterator[str]:
    """Yield what is wrong with the operators at one place."""
    operators = [key for key in written if key.startswith("@@")]
    for key in operators:
        value = written[key]
        if key == ALLOWED:
            if not isinstance(value, list) or not all(isinstance(each, str) and each in _CHILD_OPERATORS for each in value):
                yield f"{path}/{key}: a list of {', '.join(sorted(_CHILD_OPERATORS))} expected"
        elif key not in OPERATORS:
            yield f"{path}/{key}: unknown operator, one of {ASSIGN}, {APPEND}, {REMOVE} expected"
        elif not isinstance(grammar, str):
            yield f"{path}/{key}: {key} belongs to a value, not to an object"
        elif grammar == _VALUE and key != ASSIGN:
            yield f"{path}/{key}: a single value takes {ASSIGN} only"
        elif grammar == _LIST and not isinstance(value, list):
            yield f"{path}/{key}: a list expected"
        elif grammar == _LIST and not all(isinstance(each, str) for each in value):
            odd = next(each for each in value if not isinstance(each, str))
            yield f"{path}/{key}: a list of texts expected, {_shown(odd)} found"
        elif grammar == _VALUE and not isinstance(value, str | bool | int | float):
            yield f"{path}/{key}: a single value expected, {_shown(value)} found"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list) else "null" if value is None else f"the number or boolean {value!r}"
