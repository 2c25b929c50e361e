"""Organizations backup policies: selections, lifecycles, copies and limits."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.compiler.selections import type_patterns
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, Region, ResourceType
from strongroom.domain.strategy import TagTerm


def _with(strategy, *plans):
    return compile_strategy(replace(strategy, plans=plans))


def _plan(strategy, plan):
    (policy,) = _with(strategy, plan).policies
    return json.loads(policy.content)["plans"][plan.name]


def _plain(node):
    """A policy without its operators."""
    if isinstance(node, dict):
        return node["@@assign"] if "@@assign" in node else {key: _plain(value) for key, value in node.items()}
    return node


def test_one_policy_for_each_plan_on_every_governed_ou(three_tiers):
    """Few plans are readable one by one."""
    policies = compile_strategy(three_tiers).policies
    assert [(policy.name, policy.plans, policy.targets) for policy in policies] == [
        ("tiers-production", ("production",), ("Workloads",)),
        ("tiers-staging", ("staging",), ("Workloads",)),
        ("tiers-development", ("development",), ("Workloads",)),
    ]


def test_content_is_canonical(three_tiers):
    """Equal policies are equal text, so a second apply sees no difference."""
    for policy in compile_strategy(three_tiers).policies:
        assert policy.content == json.dumps(json.loads(policy.content), sort_keys=True, separators=(",", ":"))


def test_every_scalar_is_text(three_tiers):
    """Organizations takes strings only, numbers and booleans included."""

    def leaves(node):
        for key, value in node.items():
            if key == "@@assign":
                yield from value if isinstance(value, list) else [value]
            else:
                yield from leaves(value)

    for policy in compile_strategy(three_tiers).policies:
        assert {type(leaf) for leaf in leaves(json.loads(policy.content))} == {str}


def test_copy_is_keyed_by_its_arn(three_tiers, build):
    """A child policy can address the copy action; the account is literal when it is another one, else a placeholder."""
    vaults = (*three_tiers.vaults, build.vault("beside", account=EVERY_ACCOUNT, regions=(build.second,)))
    strategy = replace(three_tiers, vaults=vaults)
    copies = _plan(strategy, build.plan(rules=(build.rule(copies=(build.copy("central"), build.copy("beside"))),)))["rules"]["daily"][
        "copy_actions"
    ]
    assert sorted(copies) == [
        "arn:aws:backup:eu-west-1:$account:backup-vault:tiers-beside",
        "arn:aws:backup:eu-west-2:333333333333:backup-vault:tiers-central",
    ]
    assert all(_plain(copy)["target_backup_vault_arn"] == key for key, copy in copies.items())


@pytest.mark.parametrize(
    ("rule", "copy", "expected"),
    [
        ({"keep": 30}, {}, {"delete_after_days": "30"}),
        ({"keep": 30}, {"keep": 365}, {"delete_after_days": "365"}),
        ({"keep": 30}, {"keep": FOREVER}, {"delete_after_days": "36500"}),
        ({"keep": FOREVER}, {"keep": FOREVER}, None),
        ({"keep": FOREVER}, {}, None),
        ({"keep": 120, "cold_after_days": 30}, {}, {"delete_after_days": "120", "move_to_cold_storage_after_days": "30"}),
        ({"keep": 120, "cold_after_days": 30}, {"keep": 365}, {"delete_after_days": "365"}),
    ],
)
def test_lifecycle_of_a_copy(three_tiers, build, rule, copy, expected):
    """A copy inherits the rule's lifecycle as a whole; "forever" would inherit the rule's end, so it is written out."""
    plan = build.plan(rules=(build.rule(copies=(build.copy("central", **copy),), **rule),))
    (action,) = _plan(three_tiers, plan)["rules"]["daily"]["copy_actions"].values()
    assert _plain(action).get("lifecycle") == expected


def test_what_is_not_wanted_is_not_written(three_tiers, build):
    """A zero or a false is not the same as absent for AWS."""
    rule = _plan(three_tiers, build.plan(rules=(build.rule(keep=FOREVER),)))["rules"]["daily"]
    assert not {"lifecycle", "copy_actions", "enable_continuous_backup"} & set(rule)


def test_continuous_rule_says_so(three_tiers, build):
    """The switch is text."""
    rule = _plan(three_tiers, build.plan(rules=(build.rule(continuous=True),)))["rules"]["daily"]
    assert rule["enable_continuous_backup"] == {"@@assign": "true"}


def test_recovery_points_and_plans_are_tagged(three_tiers, build):
    """A recovery point tells which strategy, plan and rule made it."""
    plan = _plain(_plan(three_tiers, build.plan()))
    tags = {tag["tag_key"]: tag["tag_value"] for tag in plan["rules"]["daily"]["recovery_point_tags"].values()}
    assert tags == {"strongroom:strategy": "tiers", "strongroom:plan": "production", "strongroom:rule": "daily"}
    assert plan["backup_plan_tags"]["strongroom:strategy"]["tag_value"] == "tiers"


def _selections(strategy, build, select):
    return _plain(_plan(strategy, build.plan(select=select))["selections"])


def test_one_tag_key_is_one_selection(three_tiers, build):
    """Its values are a list, which means or."""
    assert _selections(three_tiers, build, build.tagged(("environment", "prod", "live"))) == {
        "tags": {
            "tags-1": {
                "iam_role_arn": "arn:aws:iam::$account:role/tiers-AWSBackup",
                "tag_key": "environment",
                "tag_value": ["prod", "live"],
            }
        }
    }


def test_further_keys_are_conditions(three_tiers, build):
    """The key with most values stays the list; each combination of the others is a selection of its own."""
    select = build.tagged(("tier", "web", "db"), ("environment", "prod", "live", "hot"), ("backup", "yes"))
    tags = _selections(three_tiers, build, select)["tags"]
    assert [selection["tag_key"] for selection in tags.values()] == ["environment", "environment"]
    assert [
        [(each["condition_key"], each["condition_value"]) for each in selection["conditions"]["string_equals"].values()]
        for selection in tags.values()
    ] == [
        [("aws:ResourceTag/tier", "web"), ("aws:ResourceTag/backup", "yes")],
        [("aws:ResourceTag/tier", "db"), ("aws:ResourceTag/backup", "yes")],
    ]


def test_exclusions_are_conditions_too(three_tiers, build):
    """Every excluded value is a string_not_equals, and all of them must hold."""
    select = build.tagged(("environment", "prod"), not_tags=(TagTerm(key="backup", values=("no", "never")),))
    (selection,) = _selections(three_tiers, build, select)["tags"].values()
    excluded = selection["conditions"]["string_not_equals"].values()
    assert [(each["condition_key"], each["condition_value"]) for each in excluded] == [
        ("aws:ResourceTag/backup", "no"),
        ("aws:ResourceTag/backup", "never"),
    ]


def test_types_use_the_resources_form(three_tiers, build):
    """Tags become conditions, one selection for each value."""
    select = build.tagged(("environment", "prod", "live"), types=(ResourceType.S3, ResourceType.RDS))
    selections = _selections(three_tiers, build, select)
    assert list(selections) == ["resources"]
    assert [selection["resource_types"] for selection in selections["resources"].values()] == [
        ["arn:aws:rds:*:*:db:*", "arn:aws:s3:::*"]
    ] * 2
    values = [
        selection["conditions"]["string_equals"]["string_equals-1"]["condition_value"] for selection in selections["resources"].values()
    ]
    assert values == ["prod", "live"]


def test_excluded_types_are_taken_from_everything(three_tiers, build):
    """Without types of its own the plan takes all of them."""
    select = build.tagged(("environment", "prod"), not_types=(ResourceType.EBS,))
    (selection,) = _selections(three_tiers, build, select)["resources"].values()
    assert (selection["resource_types"], selection["not_resource_types"]) == (["*"], ["arn:aws:ec2:*:*:volume/*"])


def test_pattern_follows_the_partition():
    """GovCloud and China write their partition into the ARN; shared patterns stand once."""
    patterns = type_patterns((ResourceType.AURORA, ResourceType.NEPTUNE, ResourceType.EBS), "aws-us-gov")
    assert patterns == ["arn:aws-us-gov:ec2:*:*:volume/*", "arn:aws-us-gov:rds:*:*:cluster:*"]


@pytest.mark.parametrize("kind", list(ResourceType))
def test_every_type_can_be_named(kind):
    """A type without a pattern would be selected by nothing."""
    assert type_patterns((kind,), "aws")


def test_eleven_rules_make_two_plans(three_tiers, build):
    """Ten rules is what AWS takes; the parts are plans of the estate."""
    plan = build.plan(rules=tuple(build.rule(f"r{number}") for number in range(11)))
    estate = _with(three_tiers, plan)
    assert [(part.name, len(part.rules)) for part in estate.plans] == [("production", 10), ("production-2", 1)]
    assert [policy.plans for policy in estate.policies] == [("production",), ("production-2",)]


def test_part_takes_a_free_name(three_tiers, build):
    """A plan that is already called so keeps its name."""
    plan = build.plan(rules=tuple(build.rule(f"r{number}") for number in range(11)))
    assert [part.name for part in _with(three_tiers, plan, build.plan("production-2")).plans] == [
        "production",
        "production-3",
        "production-2",
    ]


def test_rules_with_many_copies_are_split_by_characters(three_tiers, build):
    """No policy is longer than 10,000 characters."""
    vaults = tuple(build.vault(f"central-{number}", name=f"tiers-central-vault-with-a-long-name-{number}") for number in range(5))
    copies = tuple(build.copy(vault.label, keep=365) for vault in vaults)
    plan = build.plan(rules=tuple(build.rule(f"r{number}", copies=copies) for number in range(10)))
    estate = _with(replace(three_tiers, vaults=(three_tiers.vaults[0], *vaults)), plan)
    assert len(estate.plans) > 1
    assert max(len(policy.content) for policy in estate.policies) <= 10_000
    assert [rule.name for part in estate.plans for rule in part.rules] == [f"r{number}" for number in range(10)]


def test_many_combinations_are_split_into_disjoint_plans(three_tiers, build):
    """Ten selections by tags is what a plan takes; the parts share no resource and lose none."""
    wide = tuple(f"w{number}" for number in range(20))
    plan = build.plan(select=build.tagged(("wide", *wide), ("narrow", *(f"n{number}" for number in range(12)))))
    estate = _with(three_tiers, plan)
    pairs = [
        (one, other)
        for part in estate.plans
        for one in next(term.values for term in part.select.tags if term.key == "wide")
        for other in next(term.values for term in part.select.tags if term.key == "narrow")
    ]
    assert len(pairs) == len(set(pairs)) == 240
    for policy in estate.policies:
        for content in json.loads(policy.content)["plans"].values():
            assert len(content["selections"]["tags"]) <= 10


def test_many_values_of_one_key_are_several_selections(three_tiers, build):
    """A selection of AWS takes thirty tags."""
    tags = _selections(three_tiers, build, build.tagged(("team", *(f"t{number}" for number in range(65)))))["tags"]
    assert [len(selection["tag_value"]) for selection in tags.values()] == [30, 30, 5]


def test_more_plans_than_policies_are_packed(three_tiers, build):
    """A target takes ten policies: eleven plans share them, none is longer than the limit."""
    plans = [build.plan(f"plan-{number}", select=build.tagged(("team", f"t{number}"))) for number in range(11)]
    policies = _with(three_tiers, *plans).policies
    assert len(policies) <= 10
    assert [name for policy in policies for name in policy.plans] == [plan.name for plan in plans]
    assert max(len(policy.content) for policy in policies) <= 10_000


def test_plan_runs_where_its_vault_is(three_tiers, build):
    """A Region without the vault would only give failed jobs."""
    vaults = (build.vault("local", account=EVERY_ACCOUNT, regions=(build.home,)), *three_tiers.vaults[1:])
    (plan,) = compile_strategy(replace(three_tiers, vaults=vaults, plans=(build.plan(),))).plans
    assert plan.regions == ("eu-west-2",)


def test_copy_to_a_vault_in_two_regions_is_two_copies(three_tiers, build):
    """A copy action names one vault in one Region."""
    vaults = (three_tiers.vaults[0], build.vault("central", regions=(build.home, build.second)))
    plan = build.plan(rules=(build.rule(copies=(build.copy("central"),)),))
    (compiled,) = compile_strategy(replace(three_tiers, vaults=vaults, plans=(plan,))).plans
    assert [copy.region for copy in compiled.rules[0].copies] == [Region("eu-west-2"), Region("eu-west-1")]


def test_settings_follow_from_the_strategy(three_tiers, build):
    """Copies between accounts need the global setting; the management account is never registered as its own delegate."""
    settings = compile_strategy(three_tiers).settings
    assert (settings.cross_account_backup, settings.delegated_administrator) == (True, "222222222222")
    accounts = replace(three_tiers.organization.accounts, backup_admin=three_tiers.organization.accounts.management)
    alone = replace(three_tiers, plans=(build.plan(),), organization=replace(three_tiers.organization, accounts=accounts))
    settings = compile_strategy(alone).settings
    assert (settings.cross_account_backup, settings.delegated_administrator) == (False, None)
