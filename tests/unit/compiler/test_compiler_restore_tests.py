"""Restore testing: which vaults, which recovery points, which resources, with which role and metadata."""

import json
import re
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.compiler.awsidentifiers import aws_identifier
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Pick, RestoreOverride, RestoreTest, Selection, TagTerm

HERE = FileOrigin("strategy.yaml", 9, 1)
WEEKLY = RestoreTest(
    name="weekly-test",
    schedule="cron(0 10 ? * SUN *)",
    timezone="Europe/London",
    select=Selection(tags=(TagTerm(key="restore-test", values=("yes",)),), types=(ResourceType.RDS,), origin=HERE),
    vaults=("local",),
    pick=Pick.LATEST,
    within_days=7,
    start_within_hours=4,
    validate_within_hours=8,
    overrides=(RestoreOverride(type=ResourceType.RDS, values=(("dbSubnetGroupName", "restore-tests"),), origin=HERE),),
    origin=HERE,
)


def _select(**parts):
    return Selection(origin=HERE, **parts)


def _strategy(three_tiers, **parts):
    return replace(three_tiers, restore_tests=(replace(WEEKLY, **parts),))


def _stack_set(strategy):
    return next((each for each in compile_strategy(strategy).stack_sets if each.name == "tiers-tests"), None)


def _of_type(text, kind):
    return [each["Properties"] for each in json.loads(text)["Resources"].values() if each["Type"] == f"AWS::Backup::{kind}"]


def _selections(strategy):
    return _of_type(_stack_set(strategy).template, "RestoreTestingSelection")


def _reason(strategy):
    return next((each.reason for each in compile_strategy(strategy).undeployed if each.subject == "restore test weekly-test"), "")


def test_plan_says_when_and_from_which_recovery_points(three_tiers):
    """In every governed account, from its own vault."""
    stack_set = _stack_set(_strategy(three_tiers))
    assert (stack_set.targets, stack_set.regions) == (("Workloads",), ("eu-west-2", "eu-west-1"))
    (plan,) = _of_type(stack_set.template, "RestoreTestingPlan")
    assert plan["RestoreTestingPlanName"] == "tiers_weekly_test"
    assert (plan["ScheduleExpression"], plan["ScheduleExpressionTimezone"]) == ("cron(0 10 ? * SUN *)", "Europe/London")
    assert plan["StartWindowHours"] == 4
    local = "arn:${AWS::Partition}:backup:${AWS::Region}:${AWS::AccountId}:backup-vault:tiers-local"
    assert plan["RecoveryPointSelection"] == {
        "Algorithm": "LATEST_WITHIN_WINDOW",
        "IncludeVaults": [{"Fn::Sub": local}],
        "RecoveryPointTypes": ["CONTINUOUS", "SNAPSHOT"],
        "SelectionWindowDays": 7,
    }


def test_selection_has_the_role_and_the_metadata_of_its_type(three_tiers):
    """Tags are those of the recovery points."""
    (selection,) = _selections(_strategy(three_tiers))
    role = selection.pop("IamRoleArn")["Fn::Sub"]
    assert role.endswith(f":role/{three_tiers.roles.restore_test}")
    plan = selection.pop("RestoreTestingPlanName")
    assert plan == {"Ref": "TestWeeklyTest"}
    assert selection == {
        "RestoreTestingSelectionName": "rds",
        "ProtectedResourceType": "RDS",
        "ProtectedResourceArns": ["*"],
        "ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:ResourceTag/restore-test", "Value": "yes"}]},
        "RestoreMetadataOverrides": {"dbSubnetGroupName": "restore-tests"},
        "ValidationWindowHours": 8,
    }


def test_copies_are_tested_where_they_are(three_tiers):
    """The vaults of the central account in a stack there, in each Region for itself, under a name that no StackSet uses."""
    strategy = _strategy(three_tiers, vaults=("local", "central", "dr"))
    stacks = [each for each in compile_strategy(strategy).stacks if each.name == "tiers-tests"]
    assert [(each.account, each.region) for each in stacks] == [("333333333333", "eu-west-1"), ("333333333333", "eu-west-2")]
    for stack, vault in zip(stacks, ("dr", "central"), strict=True):
        (plan,) = _of_type(stack.template, "RestoreTestingPlan")
        assert plan["RestoreTestingPlanName"] == "tiers_weekly_test_copies"
        (included,) = plan["RecoveryPointSelection"]["IncludeVaults"]
        assert included["Fn::Sub"].endswith(f"backup-vault:tiers-{vault}")
    (plan,) = _of_type(_stack_set(strategy).template, "RestoreTestingPlan")
    assert len(plan["RecoveryPointSelection"]["IncludeVaults"]) == 1


def test_test_of_copies_alone_makes_no_stack_set(three_tiers):
    """Nothing in the accounts has anything to test."""
    assert _stack_set(_strategy(three_tiers, vaults=("central",))) is None


def test_several_values_of_tags_are_several_selections(three_tiers):
    """All conditions of a selection hold at once; exclusions are in each."""
    terms = (TagTerm(key="environment", values=("prod", "staging")), TagTerm(key="tier", values=("a", "b")))
    select = _select(tags=terms, types=(ResourceType.EBS,), not_tags=(TagTerm(key="scratch", values=("1", "2")),))
    found = _selections(_strategy(three_tiers, select=select, overrides=()))
    assert [each["RestoreTestingSelectionName"] for each in found] == ["ebs_1", "ebs_2", "ebs_3", "ebs_4"]
    chosen = [tuple(pair["Value"] for pair in each["ProtectedResourceConditions"]["StringEquals"]) for each in found]
    assert chosen == [("prod", "a"), ("prod", "b"), ("staging", "a"), ("staging", "b")]
    assert {len(each["ProtectedResourceConditions"]["StringNotEquals"]) for each in found} == {2}


def test_arns_go_to_the_selection_of_their_type(three_tiers):
    """Thirty at most in each."""
    volumes = tuple(f"arn:aws:ec2:eu-west-2:111122223333:volume/vol-{number:017x}" for number in range(31))
    select = _select(arns=(*volumes, "arn:aws:s3:::acme-documents"))
    found = _selections(_strategy(three_tiers, select=select, overrides=()))
    assert [(each["RestoreTestingSelectionName"], len(each["ProtectedResourceArns"])) for each in found] == [
        ("ebs_1", 30),
        ("ebs_2", 1),
        ("s3", 1),
    ]
    assert all("ProtectedResourceConditions" not in each for each in found)


def test_types_that_nobody_names_are_those_of_the_plans(three_tiers, build):
    """Else those that are opted in; what restore testing doesn't know is left out."""
    everything = _strategy(three_tiers, select=_select(not_types=(ResourceType.S3,)))
    assert [each["ProtectedResourceType"] for each in _selections(everything)] == ["DynamoDB", "EBS", "RDS"]
    plan = build.plan(select=build.tagged(types=(ResourceType.EFS, ResourceType.TIMESTREAM)))
    of_plans = replace(everything, plans=(plan,))
    assert [each["ProtectedResourceType"] for each in _selections(of_plans)] == ["EFS"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"select": _select(arns=("arn:aws:s3:::a",), tags=(TagTerm(key="a", values=("b",)),))}, "by tags or by ARNs"),
        ({"select": _select(not_arns=("arn:aws:s3:::a",))}, "no exclusion by ARN"),
        ({"select": _select(arns=("arn:aws:s3:::acme-*",))}, "is a pattern"),
        ({"select": _select(types=(ResourceType.TIMESTREAM,))}, "knows none of its types"),
        ({"select": _select(tags=(TagTerm(key="a", values=tuple("abcdefgh")),))}, "it needs 32 selections"),
    ],
)
def test_what_restore_testing_cannot_say_is_on_the_list(three_tiers, parts, words):
    """Rather no test than one that restores something else."""
    strategy = _strategy(three_tiers, **parts)
    assert words in _reason(strategy)
    assert _stack_set(strategy) is None


def test_names_are_what_aws_takes():
    """Letters, digits and underscores, 50 at most; what is cut off is told apart by a hash."""
    long = [aws_identifier("s" * 32, name * 50, longest=50) for name in "ab"]
    short = aws_identifier("bank", "weekly-1", longest=50)
    assert all(re.fullmatch("[a-zA-Z0-9_]{1,50}", name) for name in (*long, short))
    assert len({*long, aws_identifier("s" * 32, "a" * 49, longest=50)}) == 3
