"""Plans of single accounts: the plan, its selections and where they are made."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongroom.compiler import compile_strategy
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, AccountId, ResourceType
from strongroom.semantics.selection import PlanSelection, matches, plan_selects

_spec = importlib.util.spec_from_file_location("equivalence", Path(__file__).with_name("test_compiler_equivalence.py"))
equivalence = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(equivalence)
LOGS = AccountId("444444444444")


def logs(strategy, build, **parts):
    """The demo with a plan in the log archive alone."""
    return replace(strategy, plans=(*strategy.plans, build.plan("logs", account=LOGS, **parts)))


def templates(strategy):
    return {
        (each.account, each.region): json.loads(each.template) for each in compile_strategy(strategy).stacks if each.name == "tiers-plans"
    }


def of_type(template, kind):
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == kind]


def test_plan_is_in_its_account_and_in_each_of_its_regions(three_tiers, build):
    """In a stack that is made last, because AWS asks for the role and the vault of a plan."""
    stacks = [each for each in compile_strategy(logs(three_tiers, build)).stacks if each.name == "tiers-plans"]
    assert [(each.account, each.region, each.late) for each in stacks] == [(LOGS, "eu-west-1", True), (LOGS, "eu-west-2", True)]


def test_account_of_a_plan_has_the_roles_of_jobs(three_tiers, build):
    """The StackSets may not reach it."""
    stacks = compile_strategy(logs(three_tiers, build)).stacks
    (found,) = [each for each in stacks if (each.name, each.account) == ("tiers-roles", LOGS)]
    assert "tiers-AWSBackup" in found.template


def test_rule_is_as_declared(three_tiers, build):
    """Windows, lifecycle, copies and tags, with the time zone that a policy could not have."""
    rule = build.rule(
        timezone="Europe/London", keep=366, cold_after_days=30, archive=True, copies=(build.copy("central", keep=2557), build.copy("dr"))
    )
    template = templates(logs(three_tiers, build, rules=(rule,)))[LOGS, "eu-west-2"]
    (plan,) = of_type(template, "AWS::Backup::BackupPlan")
    assert plan == {
        "BackupPlan": {
            "BackupPlanName": "logs",
            "BackupPlanRule": [
                {
                    "RuleName": "daily",
                    "TargetBackupVault": "tiers-local",
                    "ScheduleExpression": "cron(0 2 * * ? *)",
                    "ScheduleExpressionTimezone": "Europe/London",
                    "StartWindowMinutes": 60,
                    "CompletionWindowMinutes": 360,
                    "Lifecycle": {"DeleteAfterDays": 366, "MoveToColdStorageAfterDays": 30, "OptInToArchiveForSupportedResources": True},
                    "CopyActions": [
                        {
                            "DestinationBackupVaultArn": {
                                "Fn::Sub": "arn:${AWS::Partition}:backup:eu-west-2:333333333333:backup-vault:tiers-central"
                            },
                            "Lifecycle": {"DeleteAfterDays": 2557},
                        },
                        {
                            "DestinationBackupVaultArn": {
                                "Fn::Sub": "arn:${AWS::Partition}:backup:eu-west-1:333333333333:backup-vault:tiers-dr"
                            },
                            "Lifecycle": {
                                "DeleteAfterDays": 366,
                                "MoveToColdStorageAfterDays": 30,
                                "OptInToArchiveForSupportedResources": True,
                            },
                        },
                    ],
                    "RecoveryPointTags": {"strongroom:strategy": "tiers", "strongroom:plan": "logs", "strongroom:rule": "daily"},
                }
            ],
        },
        "BackupPlanTags": {"strongroom:strategy": "tiers"},
    }


def test_what_is_not_wanted_is_not_written(three_tiers, build):
    """A zero or a false is refused by AWS, or means something else."""
    rule = build.rule(keep=FOREVER)
    (plan,) = of_type(templates(logs(three_tiers, build, rules=(rule,)))[LOGS, "eu-west-2"], "AWS::Backup::BackupPlan")
    (written,) = plan["BackupPlan"]["BackupPlanRule"]
    assert {"Lifecycle", "CopyActions", "EnableContinuousBackup"}.isdisjoint(written)


def test_copy_beside_the_resource_stays_in_the_account(three_tiers, build):
    """AWS has no placeholder for the account in a plan: the template has one."""
    beside = build.vault("other", account=EVERY_ACCOUNT, regions=(build.home,))
    strategy = logs(replace(three_tiers, vaults=(*three_tiers.vaults, beside)), build, rules=(build.rule(copies=(build.copy("other"),)),))
    text = json.dumps(templates(strategy)[LOGS, "eu-west-2"])
    assert "backup:eu-west-2:${AWS::AccountId}:backup-vault:tiers-other" in text


def test_selection_takes_the_role_of_its_account(three_tiers, build):
    """Each belongs to the plan by reference."""
    template = templates(logs(three_tiers, build))[LOGS, "eu-west-2"]
    (selection,) = of_type(template, "AWS::Backup::BackupSelection")
    assert selection["BackupPlanId"] == {"Ref": "PlanLogs"}
    assert selection["BackupSelection"]["IamRoleArn"] == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/tiers-AWSBackup"}


def test_tags_and_types_and_exclusions_are_one_selection_for_each_combination(three_tiers, build):
    """All conditions of a selection have to hold, so several values of a tag are several selections."""
    select = replace(build.tagged(("environment", "prod", "live"), ("team", "a"), types=(ResourceType.EBS,)), not_types=(ResourceType.S3,))
    template = templates(logs(three_tiers, build, select=select))[LOGS, "eu-west-2"]
    found = [each["BackupSelection"] for each in of_type(template, "AWS::Backup::BackupSelection")]
    assert [each["SelectionName"] for each in found] == ["selection-1", "selection-2"]
    assert {each["Conditions"]["StringEquals"][0]["ConditionValue"] for each in found} == {"prod", "live"}
    assert all({"ConditionKey": "aws:ResourceTag/team", "ConditionValue": "a"} in each["Conditions"]["StringEquals"] for each in found)
    assert [each["NotResources"] for each in found] == [["arn:aws:s3:::*"]] * 2


@settings(deadline=None, max_examples=60)
@example(select=equivalence.TWO_CUT, resources=[(ResourceType.EBS, {"environment": "v34", "team": "v0"})])
@given(
    select=equivalence.selections,
    resources=st.lists(st.tuples(st.sampled_from(sorted(equivalence.ARNS)), equivalence.tags), max_size=6),
)
def test_plans_of_an_account_select_what_the_strategy_selects(three_tiers_once, builders, select, resources):
    """Each resource in one plan or in none, and no plan has more selections than AWS takes."""
    template = templates(logs(three_tiers_once, builders, select=select))[LOGS, "eu-west-2"]
    plans = {}
    for selection in of_type(template, "AWS::Backup::BackupSelection"):
        document = {**selection["BackupSelection"], "IamRoleArn": "arn:aws:iam::444444444444:role/tiers-AWSBackup"}
        plans.setdefault(selection["BackupPlanId"]["Ref"], []).append(PlanSelection.parse(document))
    assert max(map(len, plans.values())) <= 100
    for kind, found in resources:
        arn = equivalence.ARNS[kind]
        selecting = [name for name, many in plans.items() if any(plan_selects(each, arn, kind, found, equivalence.OPT_IN) for each in many)]
        assert len(selecting) == int(matches(select, kind, found, arn))
