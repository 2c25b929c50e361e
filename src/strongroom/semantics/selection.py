"""Which resources a plan protects: by tags, types, ARNs and conditions, and what opt-in takes away again.

Two grammars meet here: `domain.strategy.Selection`, which a strategy declares, and AWS's own BackupSelection document.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources-json.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection
from strongroom.semantics.nearmiss import NearMiss, declared, near_misses

__all__ = [
    "Answer",
    "Condition",
    "NearMiss",
    "Operator",
    "PlanSelection",
    "SelectionVerdict",
    "declared",
    "matches",
    "named_by",
    "near_misses",
    "opted_in",
    "plan_selects",
    "problem",
    "verdict",
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


class Answer(StrEnum):
    """Whether something is selected; open: AWS's pages don't say, or it could not be read."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionVerdict:
    """Whether a plan's selection backs a resource up; `reason` says why it is open."""

    answer: Answer
    reason: str = ""


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


def matches(selection: Selection, type: ResourceType, tags: Mapping[str, str], arn: str) -> bool:  # noqa: A002 - the column's name
    """Return whether a strategy's selection takes a resource in.

    All tag terms must match (their values mean or), type and ARN must be named where any are, and no exclusion may match. Keys
    and values are case-sensitive.

    Example:
        >>> from strongroom.domain.origin import BuiltIn
        >>> from strongroom.domain.strategy import TagTerm
        >>> prod = Selection(tags=(TagTerm(key="environment", values=("prod",)),), not_arns=("arn:aws:s3:::tmp-*",), origin=BuiltIn())
        >>> matches(prod, ResourceType.S3, {"environment": "prod"}, "arn:aws:s3:::papers")
        True
        >>> matches(prod, ResourceType.S3, {"environment": "prod"}, "arn:aws:s3:::tmp-papers")
        False
    """
    if (selection.types and type not in selection.types) or type in selection.not_types:
        return False
    if any(tags.get(term.key) in term.values for term in selection.not_tags):
        return False
    if not all(tags.get(term.key) in term.values for term in selection.tags):
        return False
    if any(pattern_matches(pattern, arn) for pattern in selection.not_arns):
        return False
    return not selection.arns or any(pattern_matches(pattern, arn) for pattern in selection.arns)


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


def verdict(
    plan_selection: PlanSelection,
    arn: str,
    type: ResourceType,  # noqa: A002 - the column's name
    tags: Mapping[str, str] | None,
    opt_in: Mapping[str, bool] | None,
) -> SelectionVerdict:
    """Return whether a plan's selection backs a resource up, and say so where AWS leaves it open or something is unread.

    Tags or opt-in that could not be read are None. Open by AWS: a negated condition on a resource without the tag, a condition
    whose key isn't written `aws:ResourceTag/…`, and a pattern with `*` elsewhere than at its end that isn't one of the
    documented whole-type patterns. A resource that restore testing made is never backed up. An open point that can't change
    the answer isn't mentioned; where nothing is open the answer is that of `plan_selects`.

    Example:
        >>> one = PlanSelection(name="s", role_arn="", resources=("*",), conditions=(Condition(Operator.NOT_EQUALS, "stage", "test"),))
        >>> str(verdict(one, "arn:aws:s3:::papers", ResourceType.S3, {}, {"S3": True}).answer)
        'open'
    """
    if tags is not None and facts.limit("restore_testing_tag").value in tags:
        return SelectionVerdict(answer=Answer.NO)
    terms = (
        _candidates(plan_selection, arn, type, tags, opt_in),
        *(_condition_verdict(one, tags) for one in plan_selection.conditions),
        *(_opposite(_pattern_verdict(pattern, arn, type)) for pattern in plan_selection.not_resources),
    )
    return _weakest(terms)


def _candidates(
    plan_selection: PlanSelection,
    arn: str,
    resource_type: ResourceType,
    tags: Mapping[str, str] | None,
    opt_in: Mapping[str, bool] | None,
) -> SelectionVerdict:
    """Return whether any tag or pattern takes a resource in, opt-in included."""
    found = [
        _weakest((_opt_in_verdict(resource_type, opt_in, named=False), _tag_verdict(tags, key, value)))
        for key, value in plan_selection.tags
    ]
    for pattern in plan_selection.resources:
        matched = _pattern_verdict(pattern, arn, resource_type)
        if not is_exact(pattern):
            matched = _weakest((matched, _opt_in_verdict(resource_type, opt_in, named=names_type(pattern))))
        found.append(matched)
    return _opposite(_weakest([_opposite(one) for one in found]))


def _weakest(terms: Sequence[SelectionVerdict]) -> SelectionVerdict:
    """Return what holds of all terms together: a no decides, then what is open."""
    for answer in (Answer.NO, Answer.OPEN):
        found = next((term for term in terms if term.answer is answer), None)
        if found is not None:
            return found
    return SelectionVerdict(answer=Answer.YES)


def _opposite(term: SelectionVerdict) -> SelectionVerdict:
    answer = {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.OPEN: Answer.OPEN}[term.answer]
    return SelectionVerdict(answer=answer, reason=term.reason)


def _is(found: bool) -> SelectionVerdict:  # noqa: FBT001 - it turns a boolean into a verdict
    return SelectionVerdict(answer=Answer.YES if found else Answer.NO)


def _opt_in_verdict(resource_type: ResourceType, opt_in: Mapping[str, bool] | None, *, named: bool) -> SelectionVerdict:
    if opt_in is None and not opted_in(resource_type, {}, named=named):
        return SelectionVerdict(answer=Answer.OPEN, reason=f"whether {resource_type} is opted in could not be read")
    return _is(opted_in(resource_type, opt_in or {}, named=named))


def _tag_verdict(tags: Mapping[str, str] | None, key: str, value: str) -> SelectionVerdict:
    if tags is None:
        return SelectionVerdict(answer=Answer.OPEN, reason="the tags of the resource could not be read")
    return _is(tags.get(key) == value)


def _pattern_verdict(pattern: str, arn: str, resource_type: ResourceType) -> SelectionVerdict:
    matched = pattern_matches(pattern, arn)
    documented = pattern in facts.capabilities(resource_type).policy_pattern or "*" not in pattern[:-1]
    if matched and not documented and not _only_places(pattern):
        return SelectionVerdict(answer=Answer.OPEN, reason=f"AWS's pages contradict each other on a * inside a pattern: {pattern}")
    return _is(matched)


def _only_places(pattern: str) -> bool:
    """Return whether a pattern has its inner `*` in Region and account alone, as AWS's own examples have."""
    parts = pattern.split(":", 5)
    return len(parts) == 6 and set(parts[3:5]) <= {"*", ""} and "*" not in parts[5][:-1] and "*" not in "".join(parts[:3])


def _condition_verdict(one: Condition, tags: Mapping[str, str] | None) -> SelectionVerdict:
    if one.tag is None:
        return SelectionVerdict(answer=Answer.OPEN, reason=f"the key of a condition isn't written {TAG_PREFIX}…")
    if tags is None:
        return SelectionVerdict(answer=Answer.OPEN, reason="the tags of the resource could not be read")
    if one.operator.negated and one.tag not in tags:
        reason = f"AWS doesn't say whether {one.operator} holds for a resource without the tag {one.tag}; by IAM's logic it does"
        return SelectionVerdict(answer=Answer.OPEN, reason=reason)
    return _is(holds(one, tags))


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
    conditions = [(name, entry) for name, entries in (document.get("Conditions") or {}).items() for entry in entries or ()]
    beyond = next(
        (
            f"{count} {limit.unit}, {limit.value} allowed"
            for count, limit in (
                (sum(is_exact(arn) for arn in resources), facts.limit("selection_arns_max")),
                (sum(not is_exact(arn) for arn in resources), facts.limit("selection_wildcard_arns_max")),
                (len(tags), facts.limit("selection_tags_max")),
                (len(conditions), facts.limit("selection_conditions_max")),
            )
            if count > limit.value
        ),
        None,
    )
    halves = (name for name, entry in conditions if not entry.get("ConditionKey") or entry.get("ConditionValue") is None)
    half = next(halves, None)  # the model requires neither member
    return beyond or (f"Invalid backup selection. A condition of {half} needs ConditionKey and ConditionValue." if half else None)


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
