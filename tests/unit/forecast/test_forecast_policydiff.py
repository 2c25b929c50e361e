"""A comparison says which tag values and types gain or lose what."""

import json

import pytest

from strongroom.domain.names import ResourceType
from strongroom.errors import BadInput
from strongroom.forecast.cells import boxes, groups
from strongroom.forecast.policydiff import Counted, Effect, keys_compared, policy_diff
from strongroom.forecast.protection import of_estate, of_policy
from strongroom.semantics import policies

VAULTS = ("central: {in: central, region: eu-west-2}", "dr: {in: central, region: eu-west-1}")
NIGHTLY = 'nightly: {at: "02:00", keep: 30d, copy: {to: central, keep: 1y}}'


@pytest.fixture
def diff(plan_of):
    """Compare one plan's rules before and after."""

    def made(before, after, *, select=("{tags: {environment: prod}}",) * 2, **more):
        sides = [of_estate(plan_of(*rules, select=each, vaults=VAULTS)) for rules, each in zip((before, after), select, strict=True)]
        return policy_diff(*sides, **more)

    return made


def told(found):
    return [(row.effect.value, row.aspect, row.before, row.after) for row in found.rows]


def test_plans_by_arn_are_not_compared_by_tags(diff):
    """What such a plan protects can't be told by tags and types: that is said, and nothing is left out in silence."""
    with pytest.raises(BadInput, match="selects by ARN"):
        diff([NIGHTLY], [NIGHTLY], select=("{tags: {environment: prod}}", '{arns: ["arn:aws:s3:::ledger"]}'))


def test_nothing_changes_between_equals(diff):
    """A strategy compared with itself has no rows."""
    assert diff([NIGHTLY], [NIGHTLY]).rows == ()


@pytest.mark.parametrize(
    ("after", "row"),
    [
        ('nightly: {at: "02:00", keep: 29d, copy: {to: central, keep: 1y}}', ("loses", "retention", "30d", "29d")),
        ('nightly: {at: "02:00", keep: forever, copy: {to: central, keep: 1y}}', ("gains", "retention", "30d", "forever")),
        ('nightly: {at: "02:00", keep: 30d}', ("loses", "copy to 333333333333/eu-west-2/small-central", "366d", "nothing")),
        (
            'nightly: {at: "02:00", keep: 30d, copy: {to: central, keep: 2y}}',
            ("gains", "copy to 333333333333/eu-west-2/small-central", "366d", "731d"),
        ),
        (
            'nightly: {at: "Sunday 02:00", keep: 30d, copy: {to: central, keep: 1y}}',
            ("loses", "schedule", "cron(0 2 * * ? *) UTC, 365 runs in a year", "cron(0 2 ? * SUN *) UTC, 52 runs in a year"),
        ),
        (
            'nightly: {at: "03:00", keep: 30d, copy: {to: central, keep: 1y}}',
            ("changes", "schedule", "cron(0 2 * * ? *) UTC, 365 runs in a year", "cron(0 3 * * ? *) UTC, 365 runs in a year"),
        ),
        ('nightly: {at: "02:00", start_within: 2h, keep: 30d, copy: {to: central, keep: 1y}}', ("changes", "start window", "480m", "120m")),
    ],
)
def test_each_aspect_of_a_rule_is_told(diff, after, row):
    """Shorter, rarer and fewer are losses, the opposite gains, another time of day is a change."""
    found = diff([NIGHTLY], [after])
    assert told(found) == [row]
    assert found.loses is (row[0] == "loses")


def test_a_new_rule_that_takes_runs_away_is_a_loss(diff):
    """Overlap counts: the weekly rule gains, the nightly one loses its Sundays."""
    found = diff([NIGHTLY], [NIGHTLY, 'weekly: {at: "Sunday 01:00", keep: 90d}'])
    assert [(row.effect.value, row.rule, row.aspect) for row in found.rows] == [
        ("loses", "production.nightly", "runs"),
        ("gains", "production.weekly", "rule"),
    ]


def test_a_renamed_rule_that_does_the_same_is_no_change(diff):
    """Names protect nobody."""
    assert diff([NIGHTLY], [NIGHTLY.replace("nightly", "night")]).rows == ()


def test_a_value_taken_out_of_a_selection_loses_everything(diff):
    """Values are told apart, every type together."""
    found = diff([NIGHTLY], [NIGHTLY], select=("{tags: {environment: [prod, live]}}", "{tags: {environment: prod}}"))
    assert [(row.effect, row.aspect, row.types, [(tag.key, tag.values, tag.others) for tag in row.tags]) for row in found.rows] == [
        (Effect.LOSES, "rule", (), [("environment", ("live",), False)])
    ]


def test_a_type_taken_out_of_a_selection_loses_everything(diff):
    """Types are told apart, whatever the tags."""
    found = diff([NIGHTLY], [NIGHTLY], select=("{types: [ebs, rds]}", "{types: [ebs]}"))
    assert [(row.effect, row.tags, row.types) for row in found.rows] == [(Effect.LOSES, (), (ResourceType.RDS,))]


def test_an_exclusion_is_a_loss_for_what_it_excludes(diff):
    """Only resources with both tags lose."""
    found = diff([NIGHTLY], [NIGHTLY], select=("{tags: {environment: prod}}", "{tags: {environment: prod}, not: {tags: {scratch: 'yes'}}}"))
    (row,) = found.rows
    assert [(tag.key, tag.values, tag.others) for tag in row.tags] == [("environment", ("prod",), False), ("scratch", ("yes",), False)]


def test_resources_are_counted_where_they_are_concerned(diff):
    """Of the inventory those count that the row is about: tag, type and Region."""
    inventory = [
        Counted(type=ResourceType.EBS, region=region, tags=(("environment", value),), resources=number)
        for region, value, number in (
            ("eu-west-2", "prod", 3),
            ("eu-west-1", "prod", 4),
            ("us-east-1", "prod", 50),
            ("eu-west-2", "dev", 60),
        )
    ]
    found = diff([NIGHTLY], [NIGHTLY.replace("30d", "10d")], inventory=inventory)
    assert [row.resources for row in found.rows] == [7]


def test_a_compiled_policy_gives_what_its_strategy_gives(plan_of):
    """The policy that is deployed protects like the strategy, so that either can be compared."""
    estate = plan_of(
        NIGHTLY, 'weekly: {at: "Sunday 01:00", keep: forever}', select="{tags: {environment: prod}, types: [ebs]}", vaults=VAULTS
    )
    document = policies.effective([[json.loads(policy.content) for policy in estate.policies]], "$account")
    assert policy_diff(of_estate(estate), of_policy(document, name="policy")).rows == ()


def test_an_air_gapped_target_is_compared_like_a_copy(plan_of):
    """The policy that is deployed says the same; a rule that loses its target loses something."""
    island = "island: {in: every-account, type: air-gapped, lock: {min: 7d, max: 1y}}"
    rule = 'daily: {at: "02:00", keep: 30d, vault: %s}'
    into, beside = (
        plan_of(rule % vault, select="{tags: {environment: prod}, types: [ebs]}", vaults=(*VAULTS, island)) for vault in ("island", "local")
    )
    document = policies.effective([[json.loads(policy.content) for policy in into.policies]], "$account")
    assert policy_diff(of_estate(into), of_policy(document, name="policy")).rows == ()
    lost = ("loses", "copy to $account/$region/small-island", "30d", "nothing")
    assert told(policy_diff(of_estate(into), of_estate(beside))) == [lost]


def test_locks_and_governed_units_are_compared(plan_of):
    """A lock that is gone and an OU that is no longer governed are losses, a narrower OU is no gain."""
    from dataclasses import replace

    before = plan_of(NIGHTLY, vaults=("central: {in: central, region: eu-west-2, lock: {mode: governance, min: 7d}}", VAULTS[1]))
    after = plan_of(NIGHTLY, vaults=VAULTS)
    after = replace(after, organization=replace(after.organization, governs=("Workloads/Prod",)))
    rows = policy_diff(of_estate(before), of_estate(after)).rows
    assert [(row.effect.value, row.rule, row.aspect) for row in rows] == [
        ("loses", "organizational unit Workloads", "governed"),
        ("loses", "vault 333333333333/eu-west-2/small-central", "lock"),
    ]


def test_plans_without_a_common_key_are_looked_at_apart(estate_of):
    """A hundred keys are a hundred small groups, not 2 to the power of 100 cells."""
    plans = [f"  p{n}: {{select: {{tags: {{k{n}: v}}}}, rules: {{r: {{at: '02:00', keep: 30d}}}}}}" for n in range(30)]
    side = of_estate(estate_of("plans:", *plans))
    assert len(groups(side.plans)) == 30
    assert len(keys_compared(side, side)) == 30


def test_too_many_combinations_are_refused_with_their_number(plan_of):
    """The number and the bound are named; nothing hangs."""
    keys = ", ".join(f"k{n}: [a, b, c]" for n in range(7))
    side = of_estate(plan_of(NIGHTLY, select=f"{{tags: {{{keys}}}}}", vaults=VAULTS))
    with pytest.raises(BadInput, match="16384 combinations"):
        policy_diff(side, side)


def test_boxes_hold_the_points_they_were_made_of():
    """Joined boxes are disjoint and hold the same points."""
    points = [("a", 1), ("b", 1), ("a", 2), ("c", 3)]
    found = boxes(points)
    held = [(one, other) for box in found for one in box[0] for other in box[1]]
    assert sorted(held) == sorted(points)
