"""Backup policies: grammar, structure, plans and their documents."""

import json

import pytest

from strongroom import facts
from strongroom.semantics import policies
from strongroom.semantics.selection import PlanSelection


def assign(value):
    return {"@@assign": value}


def rule(**more):
    return {
        "schedule_expression": assign("cron(0 2 * * ? *)"),
        "target_backup_vault_name": assign("local"),
        "start_backup_window_minutes": assign("60"),
        "lifecycle": {"delete_after_days": assign("30")},
        "copy_actions": {
            "arn:aws:backup:eu-west-1:$account:backup-vault:dr": {
                "target_backup_vault_arn": assign("arn:aws:backup:eu-west-1:$account:backup-vault:dr"),
                "lifecycle": {"delete_after_days": assign("365"), "move_to_cold_storage_after_days": assign("30")},
            }
        },
        **more,
    }


def policy(**rules):
    return {
        "plans": {
            "Production": {
                "regions": assign(["eu-west-2"]),
                "rules": rules or {"Daily": rule()},
                "selections": {
                    "tags": {
                        "Prod": {
                            "iam_role_arn": assign("arn:aws:iam::$account:role/AWSBackup"),
                            "tag_key": assign("environment"),
                            "tag_value": assign(["prod", "production"]),
                            "conditions": {
                                "string_not_equals": {
                                    "c": {"condition_key": assign("aws:ResourceTag/stage"), "condition_value": assign("test")}
                                }
                            },
                        }
                    }
                },
            }
        }
    }


def merged(*levels):
    return policies.effective([list(level) for level in levels], "111122223333")


def test_without_any_policy_there_is_no_effective_policy():
    """AWS answers EffectivePolicyNotFoundException."""
    assert policies.effective([[], []], "111122223333") is None


def test_the_account_id_takes_the_place_of_its_placeholder():
    """In values and in the keys of copy actions; $region stays for each Region."""
    air_gapped = "arn:aws:backup:$region:$account:backup-vault:lag"
    found = merged([policy(Daily=rule(target_logically_air_gapped_backup_vault_arn=assign(air_gapped)))])
    assert "$account" not in json.dumps(found)
    assert "arn:aws:backup:$region:111122223333:backup-vault:lag" in json.dumps(found)


def test_rules_and_selections_are_printed_in_lower_case_and_plans_are_not():
    """As in AWS's own examples."""
    plan = merged([policy()])["plans"]["Production"]
    assert list(plan["rules"]) == ["daily"]
    assert list(plan["selections"]["tags"]) == ["prod"]


def test_a_child_that_writes_a_rule_in_another_case_means_the_same_rule():
    """Names are merged without their case."""
    child = {"plans": {"production": {"rules": {"DAILY": {"start_backup_window_minutes": assign("90")}}}}}
    found = merged([policy()], [child])
    assert list(found["plans"]) == ["Production"]
    assert found["plans"]["Production"]["rules"]["daily"]["start_backup_window_minutes"] == "90"


def test_a_child_that_writes_a_copy_action_with_another_key_adds_a_second_one():
    """Keys of copy actions are compared exactly."""
    other = "arn:aws:backup:eu-west-1:111122223333:backup-vault:DR"
    child = {"plans": {"Production": {"rules": {"Daily": {"copy_actions": {other: {"target_backup_vault_arn": assign(other)}}}}}}}
    assert len(merged([policy()], [child])["plans"]["Production"]["rules"]["daily"]["copy_actions"]) == 2


def test_a_lock_can_not_be_widened_further_down():
    """What the root forbids stays forbidden though an OU allows it."""
    root = {"plans": {"P": {"regions": {"@@assign": ["eu-west-2"], "@@operators_allowed_for_child_policies": ["@@append"]}}}}
    ou = {"plans": {"P": {"regions": {"@@operators_allowed_for_child_policies": ["@@all"]}}}}
    account = {"plans": {"P": {"regions": {"@@assign": ["us-east-1"]}}}}
    assert merged([root], [ou], [account]) == {"plans": {"P": {"regions": ["eu-west-2"]}}}


def test_siblings_share_what_their_parents_merge_to():
    """Adding an account's level never changes the OU's part."""
    path = policies.Merged().with_level([policy()])
    before = path.document("1" * 12)
    child = path.with_level([{"plans": {"Production": {"regions": assign(["us-east-1"])}}}])
    assert child.document("1" * 12) != before
    assert path.document("1" * 12) == before


def test_plans_are_typed_and_have_aws_defaults():
    """Numbers are numbers, and a window that isn't written has AWS's default."""
    (plan,) = policies.plans(merged([policy()]))
    (daily,) = plan.rules
    assert (plan.name, plan.regions, daily.name) == ("Production", ("eu-west-2",), "daily")
    assert (daily.start_within_minutes, daily.complete_within_minutes) == (60, 10080)
    assert (daily.delete_after_days, daily.cold_after_days, daily.continuous) == (30, None, False)
    assert daily.copies[0].vault_arn == "arn:aws:backup:eu-west-1:111122223333:backup-vault:dr"
    assert (daily.copies[0].delete_after_days, daily.copies[0].cold_after_days) == (365, 30)
    assert policies.plan_problems(plan) == ()


def test_documents_are_those_of_the_api():
    """An absent lifecycle member is left out: AWS would validate a 0."""
    (plan,) = policies.plans(merged([policy()]))
    (written,) = policies.plan_document(plan)["Rules"]
    assert written["Lifecycle"] == {"DeleteAfterDays": 30}
    assert written["CopyActions"][0]["Lifecycle"] == {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 365}
    (document,) = policies.selection_documents(plan)
    assert document["SelectionName"] == "selectionprod"
    assert [entry["ConditionValue"] for entry in document["ListOfTags"]] == ["prod", "production"]
    parsed = PlanSelection.parse(document)
    assert parsed.tags == (("environment", "prod"), ("environment", "production"))
    assert [(str(one.operator), one.tag, one.value) for one in parsed.conditions] == [("StringNotEquals", "stage", "test")]


def test_too_many_rules_and_copies_are_structural_problems():
    """The limits are AWS's."""
    many = {f"r{number}": rule() for number in range(facts.limit("rules_per_plan").value + 1)}
    assert [problem.message for problem in policies.problems(merged([policy(**many)]))] == ["11 rules, 10 allowed"]
    copies = {f"arn:{number}": {"target_backup_vault_arn": assign(f"arn:{number}")} for number in range(6)}
    (problem,) = policies.problems(merged([policy(Daily=rule(copy_actions=copies))]))
    assert (problem.code, problem.path) == ("ELEMENTS_TOO_MANY", "plans/Production/rules/daily/copy_actions")


def test_a_value_that_is_no_number_is_named():
    """`problems` reports it, and `plans` refuses to guess."""
    document = merged([policy(Daily=rule(start_backup_window_minutes=assign("an hour")))])
    assert [problem.code for problem in policies.problems(document)] == ["VALUE_INVALID"]
    with pytest.raises(policies.PolicyError, match="start_backup_window_minutes 'an hour', a whole number expected"):
        policies.plans(document)
    with pytest.raises(policies.PolicyError, match="plans/P has no selections"):
        policies.plans({"plans": {"P": {"regions": ["eu-west-2"]}}})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"lifecycle": {"delete_after_days": assign("60"), "move_to_cold_storage_after_days": assign("30")}}, "90 days apart"),
        ({"enable_continuous_backup": assign("true"), "lifecycle": {"delete_after_days": assign("100")}}, "Invalid lifecycle"),
        ({"schedule_expression": assign("rate(1 day)")}, "accepts no rate"),
        ({"start_backup_window_minutes": assign("30")}, "start_backup_window_minutes is 30, 60 to 52560000 allowed"),
    ],
)
def test_a_plan_that_aws_backup_would_not_make(more, says):
    """These are valid policies; the account only reports InvalidOrganizationBackupPlan."""
    document = merged([policy(Daily=rule(**more))])
    assert policies.problems(document) == ()
    (plan,) = policies.plans(document)
    assert [says in problem.message for problem in policies.plan_problems(plan)] == [True]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "policy: an object expected"),
        ({"plan": {}}, "plan: unknown element, one of plans expected"),
        ({"plans": {"P": {"rules": {"r": {"schedule": assign("x")}}}}}, "plans/P/rules/r/schedule: unknown element"),
        ({"plans": {"P": {"regions": ["eu-west-2"]}}}, "plans/P/regions: an operator such as @@assign expected"),
        ({"plans": {"P": {"regions": assign("eu-west-2")}}}, "plans/P/regions/@@assign: a list expected"),
        (
            {"plans": {"P": {"rules": {"r": {"target_backup_vault_name": {"@@append": ["v"]}}}}}},
            "plans/P/rules/r/target_backup_vault_name/@@append: a single value takes @@assign only",
        ),
        ({"plans": {"@@assign": {}}}, "plans/@@assign: @@assign belongs to a value, not to an object"),
        ({"plans": {"P": {"regions": {"@@set": []}}}}, "plans/P/regions/@@set: unknown operator"),
        ({"plans": {"@@operators_allowed_for_child_policies": "@@none"}}, "a list of @@all, @@append"),
        ({"plans": {"@@operators_allowed_for_child_policies": [{"@@all": 1}]}}, "a list of @@all, @@append"),
        ({"plans": {"P": {"regions": {"@@append": ["eu-west-2", ["x"]]}}}}, "a list of texts expected, a list found"),
        ({"plans": {"P": {"regions": assign([None])}}}, "a list of texts expected, null found"),
        ({"plans": {"P": {"regions": {"@@assign": [], "x": 1}}}}, "plans/P/regions/x: no elements expected beside operators"),
    ],
)
def test_malformed_policies_are_refused(document, says):
    """As AWS Organizations does when a policy is created."""
    assert says in policies.malformed(document)


def test_a_policy_of_nothing_but_overrides_is_well_formed():
    """Required keys count after merging only."""
    assert policies.malformed(policy()) is None
    assert policies.malformed({"plans": {"P": {"rules": {"Daily": {"start_backup_window_minutes": assign("90")}}}}}) is None


def test_a_policy_of_ten_thousand_characters_is_the_longest():
    """Blanks count, as when the API is called."""
    text = '{"plans": {}}'
    assert policies.read(text.ljust(10_000)).refused == ""
    assert policies.read(text.ljust(10_001)).refused == "the policy has 10001 characters, 10000 allowed"


def test_the_account_stands_in_explained_paths_and_values():
    """Paths are those of the effective policy."""
    level = policies.PolicyLevel(name="Root", policies=(policies.AttachedPolicy(id="p-1", document=policy()),))
    found = policies.explain([level], "111122223333")
    assert "$account" not in repr(found.values)
    copied = "plans/Production/rules/daily/copy_actions/arn:aws:backup:eu-west-1:111122223333:backup-vault:dr/lifecycle/delete_after_days"
    assert [value.value for value in found.values if value.path == copied] == ["365"]


def test_without_any_policy_there_is_nothing_to_explain():
    """The document is None, as AWS has none."""
    found = policies.explain([policies.PolicyLevel(name="Root", policies=())], "111122223333")
    assert (found.document, found.values, found.ineffective, found.open) == (None, (), (), ())
