"""What a strategy selects and what its policies select in an account are the same resources, each in one plan."""

import json
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongroom.compiler import compile_strategy
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics import policies
from strongroom.semantics.selection import PlanSelection, matches, pattern_matches, plan_selects

ACCOUNT = "555555555555"
# types with ARN patterns of their own: those that share one can't be told apart in a policy (SEL003)
ARNS = {
    ResourceType.EBS: f"arn:aws:ec2:eu-west-2:{ACCOUNT}:volume/vol-1",
    ResourceType.RDS: f"arn:aws:rds:eu-west-2:{ACCOUNT}:db:orders",
    ResourceType.S3: "arn:aws:s3:::ledger",
}
OPT_IN = {str(kind): True for kind in ARNS}
KEYS, VALUES = ("environment", "team", "tier"), tuple(f"v{number}" for number in range(40))


def _apart(patterns):
    """Whether no two patterns match the same ARN: what two lists of a selection share would be backed up by both."""
    return all(sum(pattern_matches(pattern, arn) for pattern in patterns) <= 1 for arn in ARNS.values())


def _values(most):
    return st.lists(st.sampled_from(VALUES), min_size=1, max_size=most, unique=True).map(tuple)


# One key with more values than a policy's selection takes, so that it is cut; the values of several keys multiply.
terms = st.lists(st.sampled_from(KEYS), unique=True, max_size=3).flatmap(
    lambda keys: st.tuples(
        *(_values(most).map(lambda found, key=key: TagTerm(key=key, values=found)) for key, most in zip(keys, (35, 3, 2), strict=False))
    )
)
TWO_CUT = Selection(tags=tuple(TagTerm(key=key, values=VALUES[:35]) for key in KEYS[:2]), origin=BuiltIn())
types = st.lists(st.sampled_from(sorted(ARNS)), unique=True, max_size=2).map(tuple)
few = st.lists(st.sampled_from(KEYS), unique=True, max_size=1).map(
    lambda keys: tuple(TagTerm(key=key, values=("v0", "v1")) for key in keys)
)
# AWS's wildcards; one pattern for each type, and many that match nothing, so that lists have to be cut
PATTERNS = (*ARNS.values(), "arn:aws:s3:::led*", "arn:aws:ec2:*:*:volume/*", *(f"arn:aws:s3:::other-{number}-*" for number in range(70)))
named = st.one_of(
    st.tuples(types, st.just(())),
    st.tuples(st.just(()), st.lists(st.sampled_from(PATTERNS), unique=True, max_size=70).map(tuple).filter(_apart)),
)
selections = st.builds(
    lambda found, named, not_found, not_types, not_arns: Selection(
        tags=found, types=named[0], arns=named[1], not_tags=not_found, not_types=not_types, not_arns=not_arns, origin=BuiltIn()
    ),
    terms,
    named,
    few,
    types,
    st.lists(st.sampled_from(PATTERNS[:5]), unique=True, max_size=1).map(tuple),
)
tags = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES[:4]))


def _accounts_view(estate):
    """The plans of the account, after inheritance."""
    levels = [[json.loads(policy.content) for policy in estate.policies]]
    return policies.plans(policies.effective(levels, ACCOUNT))


def _settings(rule):
    return rule.name, rule.schedule, rule.vault_name, rule.start_within_minutes, rule.complete_within_minutes


def _selecting(selections_of, kind, found):
    return [name for name, selections in selections_of if any(plan_selects(each, ARNS[kind], kind, found, OPT_IN) for each in selections)]


@settings(deadline=None, max_examples=60)
@example(select=TWO_CUT, resources=[(ResourceType.EBS, {"environment": "v34", "team": "v0"}), (ResourceType.S3, {"team": "v34"})])
@given(select=selections, resources=st.lists(st.tuples(st.sampled_from(sorted(ARNS)), tags), max_size=6))
def test_policies_select_what_the_strategy_selects(three_tiers_once, select, resources):
    """Splitting loses no resource and backs none up twice."""
    plan = replace(three_tiers_once.plans[0], select=select)
    estate = compile_strategy(replace(three_tiers_once, plans=(plan,)))
    arrived = [
        (each.name, [PlanSelection.parse(document) for document in policies.selection_documents(each)]) for each in _accounts_view(estate)
    ]
    for kind, found in resources:
        assert len(_selecting(arrived, kind, found)) == int(matches(select, kind, found, ARNS[kind]))


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
