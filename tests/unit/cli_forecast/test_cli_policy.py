"""`strongroom policy` on the command line: exit codes, forms of policies, one clear message for bad input."""

import json
from functools import partial
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "golden" / "forecast" / "busy-week"
EFFECTIVE = {
    "plans": {
        "p": {
            "regions": ["eu-west-2"],
            "rules": {
                "r": {"schedule_expression": "cron(0 2 * * ? *)", "target_backup_vault_name": "v", "lifecycle": {"delete_after_days": "30"}}
            },
            "selections": {"tags": {"s": {"iam_role_arn": "arn:aws:iam::$account:role/AWSBackup", "tag_key": "k", "tag_value": ["v"]}}},
        }
    }
}


@pytest.fixture
def policy(verb):
    """Run the verb and return (exit code, output, errors)."""
    return partial(verb, "policy")


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def made(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return made


def assigned(value):
    """A policy with every value behind @@assign, as somebody would write it."""
    if isinstance(value, dict):
        return {key: assigned(item) for key, item in value.items()}
    return {"@@assign": value}


def test_a_strategy_against_itself_exits_with_0(policy):
    """The protection is the same."""
    code, output, errors = policy("diff", FOLDER / "strategy.yaml", FOLDER / "strategy.yaml")
    assert (code, errors) == (0, "")
    assert output.endswith("the protection is the same\n")


def test_a_loss_exits_with_1_and_a_gain_with_0(policy, write):
    """Direction matters."""
    longer = json.loads(json.dumps(EFFECTIVE).replace('"30"', '"60"'))
    one, other = write("a.json", EFFECTIVE), write("b.json", longer)
    assert [policy("diff", *pair)[0] for pair in ((one, other), (other, one))] == [0, 1]


def test_a_policy_is_read_in_every_form(policy, write):
    """As written with operators, effective, and as AWS's API answers."""
    files = [
        write("effective.json", EFFECTIVE),
        write("written.json", assigned(EFFECTIVE)),
        write("described.json", {"EffectivePolicy": {"PolicyContent": json.dumps(EFFECTIVE)}}),
        write("get.json", {"Policy": {"Content": json.dumps(assigned(EFFECTIVE))}}),
        write("bom.json", b"\xef\xbb\xbf" + json.dumps(EFFECTIVE).encode()),
    ]
    assert {policy("diff", files[0], other)[0] for other in files} == {0}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("cut.json", b'{"plans": {', "cut.json:1:12: not JSON"),
        ("list.json", b"[]", "an object expected"),
        ("empty.json", b"", "not JSON"),
        ("twice.json", b'{"plans": {}, "plans": {}}', "stands twice"),
        ("latin.json", b'{"plans": "\xe9"}', "is not UTF-8 text: byte 12 is wrong"),
        ("none.json", {"foo": 1}, "it has no plans"),
        ("text.json", {"plans": "all"}, "it has no plans"),
        ("fragment.json", {"plans": {"p": {"regions": ["eu-west-2"]}}}, "plans/p/rules: rules is missing"),
        ("shape.json", {"plans": {"p": {"regions": ["eu-west-2"], "rules": ["r"], "selections": {"tags": {}}}}}, "is not a backup policy"),
        ("operator.json", {"plans": {"p": {"regions": {"@@add": ["x"]}}}}, "unknown operator"),
        ("deep.json", b'{"plans":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        ("strategy.yaml", b"strongroom: 1\nplans: 7\n", "strategy.yaml has"),
        ("number.json", json.loads(json.dumps(EFFECTIVE).replace('"30"', '"month"')), "month"),
    ],
)
def test_bad_input_to_a_comparison_is_one_clear_message(policy, write, name, content, words):
    """Exit code 2, what is wrong where, and nothing else, on either side."""
    bad, good = write(name, content), write("good.json", EFFECTIVE)
    for pair in ((bad, good), (good, bad)):
        code, output, errors = policy("diff", *pair)
        assert (code, output) == (2, "")
        assert words in errors


def test_a_file_that_is_not_there_is_named(policy):
    """For both sides and both kinds."""
    code, _, errors = policy("diff", "no-such.json", FOLDER / "strategy.yaml")
    assert code == 2
    assert "there is no no-such.json" in errors


def test_the_effective_policy_of_an_ou_is_that_of_the_strategy(policy):
    """Below the governed OU the policies reach the account, with its id in place of $account; elsewhere none does."""
    strategy = FOLDER / "strategy.yaml"
    code, output, _ = policy("effective", strategy, "--account", "555555555555", "--ou", "Workloads/Prod", "--format", "json")
    found = json.loads(output)
    assert (code, found["format_version"], sorted(found["policy"]["plans"])) == (0, 1, ["databases", "production"])
    assert "$account" not in output
    code, output, _ = policy("effective", strategy, "--account", "555555555555", "--ou", "Sandbox")
    assert (code, output) == (0, "no backup policy reaches account 555555555555\n")


def test_explain_names_the_policy_of_each_value(policy):
    """Every value has somebody who set it."""
    arguments = ("--account", "555555555555", "--ou", "Workloads", "--explain", "--format", "json")
    found = json.loads(policy("effective", FOLDER / "strategy.yaml", *arguments)[1])
    assert {one["policy_id"] for value in found["values"] for one in value["set_by"]} == {"busy-week-production", "busy-week-databases"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--account", "5"), 2, "'5' is not an account id"),
        ((), 2, "--account"),
        (("--account", "555555555555"), 3, "strongroom sync"),
    ],
)
def test_bad_input_to_effective_is_one_clear_message(policy, arguments, code, words):
    """A wrong account id is bad input, a missing snapshot can't be verified."""
    found, output, errors = policy("effective", FOLDER / "strategy.yaml", *arguments)
    assert (found, output) == (code, "")
    assert words in errors
