"""Tag policies: what a strategy says about tags, in the words of AWS Organizations."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.compiler.tag_policy import enforced_name
from strongroom.domain.governance import TagPolicy, TagRule
from strongroom.domain.names import PolicyType, ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.semantics.tagpolicies import rejection

HERE = FileOrigin("strategy.yaml", 7, 3)


def rule(key, *values):
    return TagRule(key=key, values=values, origin=HERE)


def compiled(strategy, *rules, enforced_for=()):
    policy = TagPolicy(tags=rules, enforced_for=enforced_for, attach_to=("Workloads",), origin=HERE)
    return compile_strategy(replace(strategy, tag_policy=policy))


def test_a_tag_policy_assigns_key_values_and_what_it_is_enforced_for(three_tiers):
    """One policy, attached where the strategy says; the key under `tags` is without capitals, the spelling is `tag_key`."""
    estate = compiled(three_tiers, rule("Environment", "prod", "dev-*"), rule("owner"), enforced_for=(ResourceType.S3, ResourceType.EBS))
    [policy] = estate.tag_policies
    assert (policy.type, policy.name, policy.targets) == (PolicyType.TAG, "tiers-tags", ("Workloads",))
    assert json.loads(policy.content) == {
        "tags": {
            "environment": {
                "tag_key": {"@@assign": "Environment"},
                "tag_value": {"@@assign": ["prod", "dev-*"]},
                "enforced_for": {"@@assign": ["ec2:volume", "s3:bucket"]},
            },
            "owner": {"tag_key": {"@@assign": "owner"}, "enforced_for": {"@@assign": ["ec2:volume", "s3:bucket"]}},
        }
    }


def test_without_a_tag_policy_there_is_none(three_tiers):
    """Nothing is restricted that the strategy does not restrict."""
    assert compile_strategy(three_tiers).tag_policies == ()


def test_tags_are_split_over_policies_that_aws_takes(three_tiers):
    """Every policy is within 10,000 characters, and none of the tags is lost."""
    many = tuple(rule(f"key-{number:03}", *(f"value-{number:03}-{each:02}" for each in range(20))) for number in range(60))
    policies = compiled(three_tiers, *many).tag_policies
    assert [each.name for each in policies] == ["tiers-tags", *(f"tiers-tags-{number}" for number in range(2, len(policies) + 1))]
    assert len(policies) > 1
    assert max(len(each.content) for each in policies) <= 10_000
    assert [key for each in policies for key in json.loads(each.content)["tags"]] == [each.key for each in many]


def test_a_type_that_aws_cannot_enforce_is_named(three_tiers):
    """It is only reported, and the strategy's reader is told so."""
    estate = compiled(three_tiers, rule("environment"), enforced_for=(ResourceType.TIMESTREAM, ResourceType.EBS))
    assert [(each.subject, each.origin) for each in estate.undeployed] == [("tag policy for timestream", HERE)]
    assert json.loads(estate.tag_policies[0].content)["tags"]["environment"]["enforced_for"] == {"@@assign": ["ec2:volume"]}


def test_a_key_in_two_spellings_has_the_first(three_tiers):
    """A tag policy knows a key in one spelling; the other one is named."""
    estate = compiled(three_tiers, rule("Owner"), rule("owner"))
    assert json.loads(estate.tag_policies[0].content) == {"tags": {"owner": {"tag_key": {"@@assign": "Owner"}}}}
    assert [each.subject for each in estate.undeployed] == ["tag policy for owner"]


@pytest.mark.parametrize("kind", [ResourceType.RDS, ResourceType.AURORA, ResourceType.NEPTUNE, ResourceType.DOCUMENTDB])
def test_databases_are_enforced_with_their_whole_service(kind):
    """RDS can't be named by its instances alone."""
    assert enforced_name(kind) == "rds:ALL_SUPPORTED"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("environment", "prod", ""),
        ("environment", "dev-7", ""),
        ("environment", "Prod", "its value is one of prod, dev-*"),
        ("Environment", "prod", "its key is written environment"),
        ("colour", "anything", ""),
        ("owner", "anybody", ""),
    ],
)
def test_what_a_tag_policy_rejects(key, value, why):
    """Keys are compared without capitals and have to be written as declared, values letter by letter."""
    assert rejection([rule("environment", "prod", "dev-*"), rule("owner")], key, value) == why
