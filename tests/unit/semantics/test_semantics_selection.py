"""Selections of strategies, documents that AWS refuses, near misses, and the same over tables."""

import pyarrow as pa
import pytest

from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics.nearmiss import difference, distance
from strongroom.semantics.selection import PlanSelection, declared, matches, names_type, near_misses, problem
from strongroom.semantics.selection_columns import Tags, mask, plan_mask


def term(key, *values):
    return TagTerm(key=key, values=values)


def select(**parts):
    return Selection(origin=BuiltIn(), **parts)


@pytest.mark.parametrize(
    ("selection", "resource_type", "tags", "expected"),
    [
        (select(arns=("arn:aws:s3:::a",)), ResourceType.S3, {}, True),
        (select(arns=("arn:aws:s3:::b", "arn:aws:s3:::a*")), ResourceType.S3, {}, True),
        (select(arns=("arn:aws:s3:::b*",), tags=(term("a", "1"),)), ResourceType.S3, {"a": "1"}, False),
        (select(arns=("arn:aws:s3:::a",), not_arns=("arn:aws:s3:::*",)), ResourceType.S3, {}, False),
        (select(not_arns=("arn:aws:s3:::b",)), ResourceType.S3, {}, True),
        (select(), ResourceType.EBS, {}, True),
        (select(tags=(term("a", "1", "2"),)), ResourceType.EBS, {"a": "2"}, True),
        (select(tags=(term("a", "1"), term("b", "1"))), ResourceType.EBS, {"a": "1"}, False),
        (select(types=(ResourceType.RDS,)), ResourceType.EBS, {}, False),
        (select(types=(ResourceType.RDS, ResourceType.EBS)), ResourceType.EBS, {}, True),
        (select(not_types=(ResourceType.EBS,)), ResourceType.EBS, {}, False),
        (select(not_tags=(term("skip", "yes", "true"),)), ResourceType.EBS, {"skip": "true"}, False),
        (select(not_tags=(term("skip", "yes"), term("old", "yes"))), ResourceType.EBS, {"old": "yes"}, False),
        (select(not_tags=(term("skip", "yes"),)), ResourceType.EBS, {"skip": "no"}, True),
    ],
)
def test_a_strategy_selects(selection, resource_type, tags, expected):
    """Terms mean and, values or; any exclusion leaves the resource out."""
    assert matches(selection, resource_type, tags, "arn:aws:s3:::a") is expected


def test_a_document_over_its_limits_is_refused():
    """Empty ones with AWS's text, large ones with count and bound."""
    many = [f"arn:aws:s3:::b{number}" for number in range(501)]
    assert problem({"Resources": many}) == "501 ARNs without wildcards, 500 allowed"
    assert problem({"Resources": ["arn:*"] * 31}) == "31 ARNs with wildcards, 30 allowed"
    assert problem({"Resources": ["*"], "Conditions": {"StringEquals": [{}] * 31}}) == "31 conditions, 30 allowed"
    assert problem({"Resources": ["*"]}) is None
    assert (
        problem({"Resources": [], "ListOfTags": None})
        == "Invalid backup selection. Either 'ListOfTags' or 'Resources' section must be non-empty."
    )


@pytest.mark.parametrize(
    ("pattern", "expected"), [("*", False), ("arn:aws:ec2:*", False), ("arn:aws:ec2:*:*:*", False), ("arn:aws:rds:*:*:db:*", True)]
)
def test_a_pattern_names_a_type_only_with_its_resource_part(pattern, expected):
    """A service alone is not a type."""
    assert names_type(pattern) is expected


@pytest.mark.parametrize(
    ("written", "meant", "expected"),
    [
        ("prod", "prod", ""),
        ("PROD", "prod", "wrong case"),
        (" prod", "prod", "blanks at the start or end"),
        (" Prod", "prod", "wrong case and blanks"),
        ("prdo", "prod", "one letter off"),
        ("pod", "prod", "one letter off"),
        ("proud", "prod", "one letter off"),
        ("Prd", "prod", "one letter off"),
        ("stging", "staging", "one letter off"),
        ("enviroment", "environment", "one letter off"),
        ("envronmet", "environment", "two letters off"),
        ("stg", "stage", "two letters off"),
        ("test", "prod", None),
        ("dev", "prod", None),
        ("no", "yo", None),
        ("production", "prod", None),
        ("card", "code", None),
    ],
)
def test_how_texts_differ(written, meant, expected):
    """One or two letters in words long enough to tell a typo from another word."""
    found = difference(written, meant)
    assert (found and found[1]) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"), [("", "", 0), ("ab", "ba", 1), ("abc", "abd", 1), ("abc", "xyz", 3), ("abcdef", "a", 3)]
)
def test_distance_stops_at_its_bound(left, right, expected):
    """Anything beyond two edits counts as three."""
    assert distance(left, right, 2) == expected


def test_a_near_miss_is_never_a_declared_tag():
    """`prod2` belongs to another plan; a declared key is not a typo of another key."""
    prod, other = select(tags=(term("tier", "prod"),)), select(tags=(term("tier", "prod2"), term("tiers", "prod")))
    known = declared([prod, other])
    assert near_misses(prod, {"tier": "prod2"}, known=known) == ()
    assert near_misses(prod, {"tiers": "prod"}, known=known) == ()
    (miss,) = near_misses(prod, {"tier": "prdo"}, known=known)
    assert (miss.key, miss.value, miss.expected_key, miss.expected_value) == ("tier", "prdo", "tier", "prod")


def test_key_and_value_can_both_be_wrong():
    """Both differences are named."""
    (miss,) = near_misses(select(tags=(term("environment", "prod"),)), {"Environment": "prd"})
    assert miss.difference == "key: wrong case, value: one letter off"


RESOURCES = pa.table(
    {
        "arn": [
            "arn:aws:s3:::a",
            "arn:aws:ec2:eu-west-2:111122223333:volume/vol-1",
            "arn:aws:rds:eu-west-2:111122223333:cluster:c",
            "arn:aws:s3:::b",
        ],
        "type": ["S3", "EBS", "Aurora", "S3"],
        "tags": pa.array(
            [[("env", "prod")], [], [("env", "dev"), ("skip", "yes")], [("team", "x"), ("env", "prod")]], pa.map_(pa.string(), pa.string())
        ),
    }
)


def test_a_mask_has_a_value_for_each_row():
    """Untagged rows are false, not null."""
    assert mask(select(tags=(term("env", "prod", "dev"),), not_tags=(term("skip", "yes"),)), RESOURCES).to_pylist() == [
        True,
        False,
        False,
        True,
    ]
    assert mask(select(types=(ResourceType.S3,)), RESOURCES.slice(1)).to_pylist() == [False, False, True]
    assert mask(select(not_types=(ResourceType.S3,)), RESOURCES).to_pylist() == [False, True, True, False]


def test_masks_work_on_empty_and_chunked_tables():
    """No rows give no values; chunks don't matter."""
    everything = PlanSelection(name="", role_arn="", resources=("*",), tags=(("env", "prod"),))
    assert plan_mask(everything, RESOURCES.slice(0, 0), {"S3": True}).to_pylist() == []
    assert mask(select(tags=(term("env", "prod"),)), RESOURCES.slice(4)).to_pylist() == []
    chunked = pa.concat_tables([RESOURCES.slice(2), RESOURCES.slice(0, 2)])
    assert plan_mask(everything, chunked, {"S3": True}, Tags(chunked)).to_pylist() == [False, True, True, False]


@pytest.mark.parametrize(
    "entry", [{}, {"ConditionKey": "aws:ResourceTag/a"}, {"ConditionValue": "x"}, {"ConditionKey": "", "ConditionValue": "x"}]
)
def test_a_condition_without_its_key_or_value_is_refused(entry):
    """AWS's model requires neither; a selection with half a condition can't be read back as anything."""
    tags = [{"ConditionType": "STRINGEQUALS", "ConditionKey": "a", "ConditionValue": "b"}]
    document = {"SelectionName": "s", "IamRoleArn": "r", "ListOfTags": tags, "Conditions": {"StringNotLike": [entry]}}
    assert "StringNotLike needs ConditionKey and ConditionValue" in (problem(document) or "")
