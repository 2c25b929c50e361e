"""Organizations backup policies: grammar, merge, what never takes effect, and which account gets what."""

import json

import pytest

from strongroom import checks, documents

ARN = "arn:aws:backup:eu-west-1:333333333333:backup-vault:central"
POLICY = """\
{"plans": {"Production": {
  "regions": {"@@assign": ["eu-west-2", "eu-west-1"]},
  "rules": {
    "Daily": {
      "schedule_expression": {"@@assign": "cron(0 2 * * ? *)"},
      "target_backup_vault_name": {"@@assign": "local"},
      "lifecycle": {"delete_after_days": {"@@assign": "30"}},
      "copy_actions": {
        "ARN": {"target_backup_vault_arn": {"@@assign": "ARN"}}}}},
  "selections": {"tags": {"prod": {
    "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/AWSBackup"},
    "tag_key": {"@@assign": "environment"},
    "tag_value": {"@@assign": ["prod", "dr"]}}}}
}}}
""".replace("ARN", ARN)


def found(text, code=None):
    return [
        (each.code, each.origin.line, each.origin.column)
        for each in documents.parse(text, file="p.json").findings
        if (code is None and each.code != "DOC012") or each.code == code
    ]


def organization(folder, tree, **policies):
    """A folder with policies and what is attached where."""
    (folder / "attachments.yaml").write_text(tree)
    for name, policy in policies.items():
        (folder / f"{name}.json").write_text(policy if isinstance(policy, str) else json.dumps(policy))
    return documents.load(folder)


def assign(value):
    return {"@@assign": value}


def test_a_policy_becomes_plans_with_places():
    """Each part points at the line that wrote it; names keep their case for plans and lose it for rules, as in AWS."""
    loaded = documents.parse(POLICY, file="p.json")
    (plan,) = loaded.estate.plans
    (rule,) = plan.rules
    assert (plan.name, str(plan.origin), plan.regions) == ("Production", "p.json:1:12", ("eu-west-2", "eu-west-1"))
    assert (rule.name, str(rule.origin), rule.keep) == ("daily", "p.json:4:5", 30)
    assert (str(rule.copies[0].origin), rule.copies[0].account, rule.copies[0].keep) == ("p.json:9:9", "333333333333", 30)
    assert [(term.key, term.values) for term in plan.select.tags] == [("environment", ("prod", "dr"))]
    assert found(POLICY) == []
    checks.run(loaded.estate)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"regions": {"@@assign": ["eu-west-2", "eu-west-1"]}', '"regions": ["eu-west-2"]', ("DOC009", 2, 3)),
        ('"regions": {"@@assign"', '"regions": {"@@set"', ("DOC008", 2, 15)),
        ('"lifecycle"', '"lifecycles"', ("DOC008", 7, 7)),
        ('{"@@assign": "local"}', '{"@@append": ["local"]}', ("DOC009", 6, 36)),
        ('"schedule_expression": {"@@assign": "cron(0 2 * * ? *)"},', "", ("DOC010", 4, 5)),
        ('"30"', '"x"', ("DOC009", 7, 21)),
        ('"30"', '"0"', ("DOC013", 7, 21)),
        ('"30"', "1e999", ("DOC009", 7, 55)),
        ("cron(0 2 * * ? *)", "rate(1 day)", ("DOC021", 5, 7)),
        ('"eu-west-1"', '"Ireland"', ("DOC009", 2, 3)),
        ('"eu-west-1"', '["x"]', ("DOC009", 2, 41)),
        ('"local"', '"Default"', ("DOC018", 6, 48)),
        ("role/AWSBackup", "role/service-role/AWSBackupDefaultServiceRole", ("DOC018", 11, 34)),
        (
            '"lifecycle"',
            '"target_logically_air_gapped_backup_vault_arn": {"@@assign": "arn:aws:backup:eu-west-2:1:backup-vault:x"}, "lifecycle"',
            ("DOC015", 7, 68),
        ),
    ],
)
def test_each_mistake_is_found_where_it_stands(old, new, expected):
    """One mistake, one finding, its exact place."""
    assert old in POLICY
    assert found(POLICY.replace(old, new, 1))[:1] == [expected]


def test_every_complaint_of_the_grammar_is_said_at_once():
    """Not only the first one."""
    text = POLICY.replace('"lifecycle"', '"lifecycles"').replace('"regions"', '"region"')
    assert found(text) == [("DOC008", 2, 3), ("DOC008", 7, 7)]


def test_a_policy_may_lack_what_another_one_has():
    """By itself that is a warning; in the merged policy of an account it is an error."""
    text = json.dumps({"plans": {"P": {"regions": assign(["eu-west-2"])}}})
    said = documents.parse(text, file="p.json").findings
    assert {(each.code, each.severity.value) for each in said} == {("DOC010", "warning")}


def test_a_policy_that_is_too_large_is_found():
    """10,000 characters without blanks."""
    regions = assign([f"eu-west-{number}" for number in range(1, 1000)])
    assert ("DOC022", 1, 1) in found(json.dumps({"plans": {"P": {"regions": regions}}}))


def test_levels_are_merged_and_accounts_grouped(tmp_path):
    """A child changes one value; accounts with the same policy share an estate, and each value points at who wrote it."""
    child = {"plans": {"production": {"rules": {"daily": {"lifecycle": {"delete_after_days": assign("60")}}}}}}
    tree = """\
root:
  policies: [base]
  accounts: ["111111111111", 222222222222]
  units:
    Prod: {policies: [child.json], accounts: {"012345678901": []}}
"""
    loaded = organization(tmp_path, tree, base=POLICY, child=child)
    assert [(part.accounts, part.estate.plans[0].rules[0].keep) for part in loaded.parts] == [
        (("111111111111", "222222222222"), 30),
        (("012345678901",), 60),
    ]
    assert loaded.parts[1].estate.plans[0].rules[0].origin.file == str(tmp_path / "child.json")
    assert {each.code for each in loaded.findings} == {"DOC012"}


def test_what_is_missing_in_the_merge_is_an_error_with_its_accounts(tmp_path):
    """The parent that had it is not attached."""
    child = {"plans": {"P": {"regions": assign(["eu-west-2"])}}}
    loaded = organization(tmp_path, 'root: {units: {Prod: {policies: [child], accounts: ["111111111111"]}}}', child=child)
    said = [each for each in loaded.findings if each.code == "DOC010"]
    assert [each.severity.value for each in said] == ["error", "error"]
    assert said[0].message == "plans/P/rules: rules is missing in the merged policies of account 111111111111"


def test_a_blocked_operator_is_found_where_it_is_written(tmp_path):
    """AWS ignores it in silence."""
    locked = POLICY.replace('{"@@assign": "local"}', '{"@@assign": "local", "@@operators_allowed_for_child_policies": ["@@none"]}')
    child = '{"plans": {"Production": {"rules": {"Daily": {\n "target_backup_vault_name": {"@@assign": "mine"}}}}}}'
    tree = 'root: {policies: [base], units: {Prod: {policies: [child], accounts: ["111111111111"]}}}'
    loaded = organization(tmp_path, tree, base=locked, child=child)
    (lost,) = [each for each in loaded.findings if each.code == "DOC014"]
    assert (lost.origin.file, lost.origin.line, lost.origin.column) == (str(tmp_path / "child.json"), 2, 2)
    assert "doesn't allow @@assign" in lost.message


def test_a_plan_that_may_not_be_added_is_one_finding(tmp_path):
    """Not one for each of its values."""
    locked = POLICY.replace('{"plans": {', '{"plans": {"@@operators_allowed_for_child_policies": ["@@none"],')
    tree = 'root: {policies: [base], units: {Prod: {policies: [other], accounts: ["111111111111"]}}}'
    loaded = organization(tmp_path, tree, base=locked, other=POLICY.replace("Production", "Other"))
    (lost,) = [each for each in loaded.findings if each.code == "DOC014"]
    assert lost.message.startswith("plans/Other never takes effect")


def test_of_two_policies_on_one_target_the_first_wins(tmp_path):
    """The other one's value is named; equal values are no finding."""
    other = POLICY.replace('"30"', '"90"')
    loaded = organization(tmp_path, 'root: {policies: [base, other], accounts: ["111111111111"]}', base=POLICY, other=other)
    (lost,) = [each for each in loaded.findings if each.code == "DOC014"]
    assert lost.message.endswith("policy base is attached first, and wins")
    assert loaded.estate.plans[0].rules[0].keep == 30


def test_an_overridden_value_is_no_finding(tmp_path):
    """That a child replaces its parent's value is what children are for."""
    child = {"plans": {"Production": {"regions": {"@@append": ["eu-west-3"], "@@remove": ["eu-west-1"]}}}}
    tree = 'root: {policies: [base], units: {Prod: {policies: [child], accounts: ["111111111111"]}}}'
    loaded = organization(tmp_path, tree, base=POLICY, child=child)
    assert {each.code for each in loaded.findings} == {"DOC012"}
    assert loaded.estate.plans[0].regions == ("eu-west-2", "eu-west-3")


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ("root: {policies: [bse]}", "there is no policy 'bse'"),
        ("root: {policies: [base], accounts: ['1']}", "is not an account id"),
        ("root: {accounts: {'111111111111': [base]}, units: {A: {accounts: ['111111111111']}}}", "stands in two places"),
        ("root: {}", "policy base is attached nowhere"),
        ("root: {policy: [base]}", "'policy' is no element here"),
        ("units: {}", "root is missing"),
        ("root: {policies: [base], units: {A: 1}}", "unit 'A' is no object"),
        ("root: {policies: [base, " + "base, " * 10 + "]}", "11 policies, 10 allowed"),
        ("[]", "the file is a list"),
        ("root: [", "not YAML"),
    ],
)
def test_mistakes_in_attachments_are_found(tmp_path, tree, words):
    """Each with words that help; never a traceback."""
    loaded = organization(tmp_path, tree, base=POLICY)
    assert any(words in each.message for each in loaded.findings if each.origin.file.endswith("attachments.yaml"))


def test_accounts_without_any_policy_are_named(tmp_path):
    """They have no plan at all."""
    loaded = organization(tmp_path, 'root: {accounts: ["111111111111"], units: {A: {policies: [base]}}}', base=POLICY)
    assert "no policy reaches account 111111111111" in {each.message for each in loaded.findings}


@pytest.mark.parametrize(
    "answer",
    [
        {"Policy": {"PolicySummary": {"Id": "p-1", "Type": "BACKUP_POLICY"}, "Content": POLICY}},
        {"EffectivePolicy": {"PolicyType": "BACKUP_POLICY", "PolicyContent": "EFFECTIVE"}},
    ],
)
def test_what_organizations_answers_is_a_policy(answer):
    """DescribePolicy has the text as it was written, DescribeEffectivePolicy the values without operators."""

    def values(node):
        if isinstance(node, dict):
            return node["@@assign"] if "@@assign" in node else {key: values(each) for key, each in node.items()}
        return node

    text = json.dumps(answer).replace('"EFFECTIVE"', json.dumps(json.dumps(values(json.loads(POLICY)))))
    loaded = documents.parse(text, file="p.json")
    assert loaded.kind is documents.Kind.POLICY
    (plan,), (expected,) = loaded.estate.plans, documents.parse(POLICY, file="p.json").estate.plans
    assert (plan.name, plan.regions, [rule.keep for rule in plan.rules]) == (expected.name, expected.regions, [30])


def test_a_condition_without_its_key_is_a_problem_and_no_crash():
    """AWS Organizations refuses it; so do we, with the place."""
    conditions = {"conditions": {"string_equals": {"c": {"condition_value": assign("x")}}}}
    policy = json.loads(POLICY)
    policy["plans"]["Production"]["selections"]["tags"]["prod"] |= conditions
    (said,) = [each for each in documents.parse(json.dumps(policy), file="p.json").findings if each.code == "DOC010"]
    assert said.message.startswith(
        "plans/Production/selections/tags/prod/conditions/string_equals/c/condition_key: condition_key is missing"
    )
