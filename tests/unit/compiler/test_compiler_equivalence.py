"""What a strategy selects and what its policies select in an account are the same resources, each in one plan."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.compiler import compile_strategy
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics import policies
from strongroom.semantics.selection import PlanSelection, matches, plan_selects

ACCOUNT = "555555555555"
# types with ARN patterns of their own: those that share one can't be told apart in a policy (SEL003)
ARNS = {
    ResourceType.EBS: f"arn:aws:ec2:eu-west-2:{ACCOUNT}:volume/vol-1",
    ResourceType.RDS: f"arn:aws:rds:eu-west-2:{ACCOUNT}:db:orders",
    ResourceType.S3: "arn:aws:s3:::ledger",
}
OPT_IN = {str(kind): True for kind in ARNS}
KEYS, VALUES = ("environment", "team", "tier"), tuple(f"v{number}" for number in range(40))

values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=35, unique=True).map(tuple)
terms = st.lists(st.sampled_from(KEYS), unique=True, max_size=3).flatmap(
    lambda keys: st.tuples(*(values.map(lambda found, key=key: TagTerm(key=key, values=found)) for key in keys))
)
types = st.lists(st.sampled_from(sorted(ARNS)), unique=True, max_size=2).map(tuple)
few = st.lists(st.sampled_from(KEYS), unique=True, max_size=1).map(
    lambda keys: tuple(TagTerm(key=key, values=("v0", "v1")) for key in keys)
)
selections = st.builds(
    lambda found, named, not_found, not_named: Selection(
        tags=found, types=named, not_tags=not_found, not_types=not_named, origin=BuiltIn()
    ),
    terms,
    types,
    few,
    types,
)
tags = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES[:4]))


def _accounts_view(estate):
    """The plans of the account, after inheritance."""
    levels = [[json.loads(policy.content) for policy in estate.policies]]
    return policies.plans(policies.effective(levels, ACCOUNT))


def _settings(rule):
    return rule.name, rule.schedule, rule.vault_name, rule.start_within_minutes, rule.complete_within_minutes


def _selecting(estate, kind, found):
    return [
        plan.name
        for plan in _accounts_view(estate)
        if any(plan_selects(PlanSelection.parse(each), ARNS[kind], kind, found, OPT_IN) for each in policies.selection_documents(plan))
    ]


@settings(deadline=None, max_examples=60)
@given(select=selections, resources=st.lists(st.tuples(st.sampled_from(sorted(ARNS)), tags), max_size=6))
def test_policies_select_what_the_strategy_selects(three_tiers_once, select, resources):
    """Splitting loses no resource and backs none up twice."""
    plan = replace(three_tiers_once.plans[0], select=select)
    estate = compile_strategy(replace(three_tiers_once, plans=(plan,)))
    for kind, found in resources:
        assert len(_selecting(estate, kind, found)) == int(matches(select, kind, found))


def test_account_gets_the_plans_that_were_declared(three_tiers):
    """Schedule, windows, retention and copies arrive as declared, in every governed Region, with its own role."""
    estate = compile_strategy(three_tiers)
    arrived = {plan.name: plan for plan in _accounts_view(estate)}
    for plan in estate.plans:
        there = arrived[plan.name]
        assert set(there.regions) == set(plan.regions)
        assert [_settings(rule) for rule in there.rules] == [
            (rule.name, rule.schedule, rule.vault_name, rule.start_within_minutes, rule.complete_within_minutes) for rule in plan.rules
        ]
        for rule, compiled in zip(there.rules, plan.rules, strict=True):
            assert rule.delete_after_days == compiled.keep
            found = {(copy.vault_arn, copy.delete_after_days) for copy in rule.copies}
            assert found == {
                (f"arn:aws:backup:{copy.region}:{copy.account}:backup-vault:{copy.vault_name}", copy.keep) for copy in compiled.copies
            }
        assert {selection.role_arn for selection in there.selections} == {f"arn:aws:iam::{ACCOUNT}:role/tiers-AWSBackup"}


def test_aws_finds_nothing_wrong_with_the_policies(three_tiers):
    """Neither the grammar nor the effective policy has a problem."""
    estate = compile_strategy(three_tiers)
    documents = [json.loads(policy.content) for policy in estate.policies]
    assert [policies.malformed(document) for document in documents] == [None] * len(documents)
    assert policies.problems(policies.effective([documents], ACCOUNT)) == ()
