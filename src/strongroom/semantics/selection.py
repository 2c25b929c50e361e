"""Which resources a plan protects: by tags, types, ARNs and conditions, and what opt-in takes away again.

Two grammars meet here: `domain.strategy.Selection`, which a strategy declares, and AWS's own BackupSelection document.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources-json.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection
from strongroom.semantics.nearmiss import NearMiss, declared, near_misses

__all__ = [
    "Condition",
    "NearMiss",
    "Operator",
    "PlanSelection",
    "declared",
    "matches",
    "named_by",
    "near_misses",
    "opted_in",
    "plan_selects",
    "problem",
]

TAG_PREFIX: Final = "aws:ResourceTag/"


class Operator(StrEnum):
    """Operators of conditions, as AWS writes them."""

    EQUALS = "StringEquals"
    NOT_EQUALS = "StringNotEquals"
    LIKE = "StringLike"
    NOT_LIKE = "StringNotLike"

    @property
    def negated(self) -> bool:
        """Whether the condition holds for what it doesn't match."""
        return self in {self.NOT_EQUALS, self.NOT_LIKE}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a tag; `tag` is None when its key isn't written `aws:ResourceTag/…` and so names no tag."""

    operator: Operator
    tag: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSelection:
    """AWS's BackupSelection: ((resources or tags) and all conditions) without not_resources."""

    name: str
    role_arn: str
    resources: tuple[str, ...] = ()  # ARNs and patterns with *
    not_resources: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()  # (key, value) of ListOfTags; any of them
    conditions: tuple[Condition, ...] = ()  # all of them

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "PlanSelection":
        """Return the selection in a BackupSelection document of the API (absent and null lists count as empty).

        Example:
            >>> PlanSelection.parse({"SelectionName": "s", "IamRoleArn": "r", "ListOfTags": [
            ...     {"ConditionType": "STRINGEQUALS", "ConditionKey": "environment", "ConditionValue": "prod"}]}).tags
            (('environment', 'prod'),)
        """
        conditions = document.get("Conditions") or {}
        return cls(
            name=document.get("SelectionName", ""),
            role_arn=document.get("IamRoleArn", ""),
            resources=tuple(document.get("Resources") or ()),
            not_resources=tuple(document.get("NotResources") or ()),
            tags=tuple((entry["ConditionKey"], entry["ConditionValue"]) for entry in document.get("ListOfTags") or ()),
            conditions=tuple(
                condition(operator, entry["ConditionKey"], entry["ConditionValue"])
                for operator in Operator
                for entry in conditions.get(operator.value) or ()
            ),
        )


def condition(operator: Operator, key: str, value: str) -> Condition:
    """Return a condition from its key as AWS writes it."""
    return Condition(operator, key.removeprefix(TAG_PREFIX) if key.startswith(TAG_PREFIX) else None, value)


def matches(selection: Selection, type: ResourceType, tags: Mapping[str, str]) -> bool:  # noqa: A002 - the column's name
    """Return whether a strategy's selection takes a resource in.

    All tag terms must match (their values mean or), the type must be named or none is, and no exclusion may match. Keys and
    values are case-sensitive.

    Example:
        >>> from strongroom.domain.origin import BuiltIn
        >>> from strongroom.domain.strategy import TagTerm
        >>> prod = Selection(tags=(TagTerm(key="environment", values=("prod",)),), origin=BuiltIn())
        >>> matches(prod, ResourceType.EBS, {"environment": "prod"}), matches(prod, ResourceType.EBS, {"environment": "Prod"})
        (True, False)
    """
    if (selection.types and type not in selection.types) or type in selection.not_types:
        return False
    if any(tags.get(term.key) in term.values for term in selection.not_tags):
        return False
    return all(tags.get(term.key) in term.values for term in selection.tags)


def opted_in(type: ResourceType, opt_in: Mapping[str, bool], *, named: bool) -> bool:  # noqa: A002 - the column's name
    """Return whether AWS Backup protects a type: it is opted in, or named in the selection where naming is enough.

    `opt_in` are the settings of the Region (for plans of organization policies: the management account's); a type that is
    absent is off. Types that share an ARN format (Aurora, DocumentDB, Neptune, FSx) need their opt-in even when named.

    Example:
        >>> opted_in(ResourceType.RDS, {}, named=True), opted_in(ResourceType.AURORA, {}, named=True)
        (True, False)
    """
    return opt_in.get(str(type), False) or (named and facts.capabilities(type).named_bypasses_opt_in)


def plan_selects(
    plan_selection: PlanSelection,
    arn: str,
    type: ResourceType,  # noqa: A002 - the column's name
    tags: Mapping[str, str],
    opt_in: Mapping[str, bool],
) -> bool:
    """Return whether a plan's selection backs a resource up.

    A selection without resources and tags selects nothing. A condition that is negated holds for a resource without the tag,
    as in IAM (AWS Backup's pages don't say).

    Example:
        >>> everything = PlanSelection(name="all", role_arn="", resources=("*",))
        >>> volume = "arn:aws:ec2:eu-west-2:111122223333:volume/vol-1"
        >>> [plan_selects(everything, volume, ResourceType.EBS, {}, {"EBS": on}) for on in (True, False)]
        [True, False]
    """
    if not _candidate(plan_selection, arn, type, tags, opt_in):
        return False
    if not all(holds(one, tags) for one in plan_selection.conditions):
        return False
    return not any(pattern_matches(pattern, arn) for pattern in plan_selection.not_resources)


def _candidate(
    plan_selection: PlanSelection,
    arn: str,
    resource_type: ResourceType,
    tags: Mapping[str, str],
    opt_in: Mapping[str, bool],
) -> bool:
    if opted_in(resource_type, opt_in, named=False) and any(tags.get(key) == value for key, value in plan_selection.tags):
        return True
    return any(
        pattern_matches(pattern, arn) and (is_exact(pattern) or opted_in(resource_type, opt_in, named=names_type(pattern)))
        for pattern in plan_selection.resources
    )


def named_by(plan_selection: PlanSelection, type: ResourceType) -> bool:  # noqa: A002 - the column's name
    """Return whether a selection names a type (so that opt-in may not matter), not only tags, `*` or a service.

    Example:
        >>> named_by(PlanSelection(name="", role_arn="", resources=("arn:aws:ec2:*:*:volume/*",)), ResourceType.EBS)
        True
    """
    return any(pattern in facts.capabilities(type).policy_pattern for pattern in plan_selection.resources)


def holds(one: Condition, tags: Mapping[str, str]) -> bool:
    """Return whether a condition holds for a resource's tags."""
    value = tags.get(one.tag) if one.tag is not None else None
    if value is None:
        return one.operator.negated
    like = one.operator in {Operator.LIKE, Operator.NOT_LIKE}
    matched = _like(one.value).fullmatch(value) is not None if like else value == one.value
    return matched is not one.operator.negated


def pattern_matches(pattern: str, arn: str) -> bool:
    """Return whether an ARN pattern with `*` matches an ARN.

    Example:
        >>> pattern_matches("arn:aws:rds:*:*:db:*", "arn:aws:rds:eu-west-2:111122223333:db:orders")
        True
    """
    return pattern == arn if is_exact(pattern) else _arn(pattern).fullmatch(arn) is not None


def is_exact(pattern: str) -> bool:
    """Return whether a pattern of a selection names one single resource."""
    return "*" not in pattern


def names_type(pattern: str) -> bool:
    """Return whether a pattern names a resource type rather than everything (`*`) or a service (`arn:aws:ec2:*`).

    Example:
        >>> names_type("arn:aws:ec2:*:*:volume/*"), names_type("arn:aws:ec2:*"), names_type("arn:aws:s3:::*")
        (True, False, True)
    """
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return False
    return parts[2] == "s3" or parts[5].lstrip("*") != ""


def problem(document: Mapping[str, Any]) -> str | None:
    """Return AWS's message (or, where AWS's text is unknown, ours) for a BackupSelection that it refuses, or None.

    Example:
        >>> problem({"SelectionName": "s", "IamRoleArn": "r", "Conditions": {}})
        "Invalid backup selection. Either 'ListOfTags' or 'Resources' section must be non-empty."
    """
    resources, tags = document.get("Resources") or (), document.get("ListOfTags") or ()
    if not resources and not tags:
        return facts.message("selection_empty")
    conditions = sum(len(entries or ()) for entries in (document.get("Conditions") or {}).values())
    return next(
        (
            f"{count} {limit.unit}, {limit.value} allowed"
            for count, limit in (
                (sum(is_exact(arn) for arn in resources), facts.limit("selection_arns_max")),
                (sum(not is_exact(arn) for arn in resources), facts.limit("selection_wildcard_arns_max")),
                (len(tags), facts.limit("selection_tags_max")),
                (conditions, facts.limit("selection_conditions_max")),
            )
            if count > limit.value
        ),
        None,
    )


def arn_regex(pattern: str) -> str:
    """Return an ARN pattern as a regular expression without anchors."""
    return ".*".join(map(re.escape, pattern.split("*")))


def like_regex(pattern: str) -> str:
    """Return the pattern of StringLike (`*` any text, `?` one character) as a regular expression without anchors."""
    return "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern))


@lru_cache(maxsize=4096)
def _arn(pattern: str) -> re.Pattern[str]:
    return re.compile(arn_regex(pattern), re.DOTALL)


@lru_cache(maxsize=4096)
def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(like_regex(pattern), re.DOTALL)
