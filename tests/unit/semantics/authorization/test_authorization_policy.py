"""Reading policies: never an exception, everything malformed named with its place, and never certain."""

import json

import pytest

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import Effect, parse, unread

ACCOUNT = "111122223333"
VAULT = f"arn:aws:backup:eu-west-2:{ACCOUNT}:backup-vault:local"
ALLOW = {"Effect": "Allow", "Action": "backup:*", "Resource": "*"}


def text(*statements, version="2012-10-17", **more):
    return json.dumps({"Version": version, "Statement": list(statements), **more})


def asked(policy_text, action="backup:DeleteBackupVault"):
    """The verdict for a role that has this policy and no other."""
    policy = parse(policy_text, name="p")
    actor = Actor(kind=PrincipalKind.ROLE, arn=f"arn:aws:iam::{ACCOUNT}:role/ops", account=ACCOUNT, session="s", identity=(policy,))
    return decide(actor, action, Target(arn=VAULT, account=ACCOUNT), Context(complete=True))


MALFORMED = {
    "cut off": ('{"Version": "2012-10-17", "Statement": [', (), "not JSON: Expecting value at line 1, column 41"),
    "empty": ("", (), "not JSON: Expecting value at line 1, column 1"),
    "NaN": ('{"Statement": NaN}', (), "not JSON: NaN is no value of JSON"),
    "nested deeply": ("[" * 100_000, (), "not a policy: nested too deeply"),
    "a list": ("[]", (), "a policy is a JSON object, this is a list"),
    "null": ("null", (), "a policy is a JSON object, this is null"),
    "no statement": ('{"Version": "2012-10-17"}', (), "the policy has no Statement"),
    "version": (text(ALLOW, version="2013-10-17"), ("Version",), "there is no version '2013-10-17'"),
    "element of the policy": (text(ALLOW, Statements=[]), ("Statements",), "there is no element Statements"),
    "statement is text": (text("x"), ("Statement", 0), "a statement is a JSON object, this is text"),
    "no effect": (text({"Action": "backup:*", "Resource": "*"}), ("Statement", 0), "the statement has no Effect"),
    "effect": (text(ALLOW | {"Effect": "allow"}), ("Statement", 0, "Effect"), "Effect is 'allow': Allow or Deny expected"),
    "effect is a list": (text(ALLOW | {"Effect": ["Allow"]}), ("Statement", 0, "Effect"), "Effect is ['Allow']: Allow or Deny expected"),
    "sid": (text(ALLOW | {"Sid": 3}), ("Statement", 0, "Sid"), "Sid is a number: text expected"),
    "no action": (text({"Effect": "Allow", "Resource": "*"}), ("Statement", 0), "the statement has neither Action nor NotAction"),
    "both actions": (text(ALLOW | {"NotAction": "s3:*"}), ("Statement", 0), "the statement has both Action and NotAction"),
    "both resources": (text(ALLOW | {"NotResource": "*"}), ("Statement", 0), "the statement has both Resource and NotResource"),
    "action": (
        text(ALLOW | {"Action": ["backup:*", "backup"]}),
        ("Statement", 0, "Action", 1),
        "'backup' is no action: service:Name or * expected",
    ),
    "action is null": (text(ALLOW | {"Action": [None]}), ("Statement", 0, "Action", 0), "Action has null: text expected"),
    "resource": (
        text(ALLOW | {"Resource": "local"}),
        ("Statement", 0, "Resource"),
        "'local' is no ARN: * or arn:partition:service:region:account:resource expected",
    ),
    "variable": (
        text(ALLOW | {"Resource": "arn:aws:s3:::${aws:username/*"}),
        ("Statement", 0, "Resource"),
        "a policy variable isn't closed or has no name",
    ),
    "element of a statement": (text(ALLOW | {"Conditions": {}}), ("Statement", 0, "Conditions"), "there is no element Conditions"),
    "condition is a list": (text(ALLOW | {"Condition": []}), ("Statement", 0, "Condition"), "Condition is a list: an object expected"),
    "operator's block": (
        text(ALLOW | {"Condition": {"Bool": "true"}}),
        ("Statement", 0, "Condition", "Bool"),
        "Bool is text: an object expected",
    ),
    "operator": (
        text(ALLOW | {"Condition": {"StringLikes": {"aws:username": "a"}}}),
        ("Statement", 0, "Condition", "StringLikes"),
        "there is no operator StringLikes",
    ),
    "value": (
        text(ALLOW | {"Condition": {"NumericEquals": {"s3:max-keys": "many"}}}),
        ("Statement", 0, "Condition", "NumericEquals", "s3:max-keys"),
        "many can't be compared by NumericEquals",
    ),
    "value is an object": (
        text(ALLOW | {"Condition": {"Bool": {"aws:SecureTransport": {}}}}),
        ("Statement", 0, "Condition", "Bool", "aws:SecureTransport"),
        "aws:SecureTransport has an object: text expected",
    ),
    "key twice": (
        '{"Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        ("Statement", 0, "Effect"),
        "Effect stands twice in one object",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_has_a_problem_with_its_place(name):
    """Each mistake is named with its path into the JSON, what is wrong, and what to do."""
    policy_text, path, message = MALFORMED[name]
    problems = parse(policy_text, name="p").problems
    assert (path, message) in [(problem.path, problem.message) for problem in problems]
    assert all(problem.help for problem in problems)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_never_allows(name):
    """A policy with a mistake makes the answer unknown, never allowed and never denied for certain by its mistake."""
    policy_text, _, _ = MALFORMED[name]
    decision = asked(policy_text)
    assert decision.verdict is Verdict.UNKNOWN
    assert decision.missing


def test_an_operator_that_does_not_exist_says_what_was_probably_meant():
    """The near miss keeps the set operator and IfExists."""
    policy = parse(text(ALLOW | {"Condition": {"ForAnyValue:StringLikeeIfExists": {"aws:TagKeys": "a"}}}), name="p")
    assert [problem.help for problem in policy.problems] == ["write ForAnyValue:StringLikeIfExists"]


def test_an_operator_that_does_not_exist_leaves_other_actions_alone():
    """Its statement is uncertain only for what it is about."""
    policy_text = text(ALLOW | {"Condition": {"StringLikes": {"aws:username": "a"}}})
    assert asked(policy_text).missing == ("operator StringLikes",)
    assert asked(policy_text, "s3:GetObject").verdict is Verdict.DENIED


def test_a_wildcard_within_a_principal_is_a_problem():
    """AWS takes * or whole names."""
    policy = parse(text({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, "Action": "kms:*"}), name="p")
    assert [problem.path for problem in policy.problems] == [("Statement", 0, "Principal", "AWS")]


def test_principals_that_aws_takes_are_no_problem():
    """Accounts by id and ARN, users, roles, sessions, unique ids, services, everyone."""
    names = [
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:user/path/ann",
        f"arn:aws-cn:iam::{ACCOUNT}:role/ops",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/ann",
        "AROA1234567890ABCDEF",
        "*",
    ]
    principal = {"AWS": names, "Service": "backup.amazonaws.com", "Federated": "cognito-identity.amazonaws.com"}
    assert parse(text({"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}), name="p").problems == ()


def test_one_statement_needs_no_list():
    """Statement may be an object, and every list of texts may be a text."""
    policy = parse(json.dumps({"Statement": ALLOW}), name="p")
    assert [(each.position, each.effect) for each in policy.statements] == [(0, Effect.ALLOW)]


def test_equal_texts_are_compiled_once():
    """A thousand roles with one policy share what was compiled."""
    assert parse(text(ALLOW), name="a").body is parse(text(ALLOW), name="b").body


def test_what_could_not_be_read_is_unknown():
    """A policy without text is no empty policy."""
    actor = Actor(
        kind=PrincipalKind.ROLE,
        arn=f"arn:aws:iam::{ACCOUNT}:role/ops",
        account=ACCOUNT,
        identity=(parse(text(ALLOW), name="p"), unread("AccessDenied", name="q")),
    )
    decision = decide(actor, "backup:ListBackupVaults", Target(arn="*", account=""))
    assert decision.verdict is Verdict.UNKNOWN
    assert decision.missing == ("q: not read: AccessDenied",)


def test_statements_of_the_wrong_kind_are_uncertain():
    """A Principal in an identity policy, or none in a resource policy, is refused by AWS: nothing follows from it."""
    assert asked(text(ALLOW | {"Principal": "*"})).verdict is Verdict.UNKNOWN
    assert asked(text({"Effect": "Allow", "Action": "backup:*"})).verdict is Verdict.UNKNOWN


def test_a_policy_of_any_size_is_read_in_time_and_told_in_few_words():
    """A hundred thousand equal keys are no hour of work, a megabyte in an element no megabyte of message."""
    repeated = ",".join('"Action": "s3:*"' for _ in range(100_000))
    policy = parse(f'{{"Statement": {{"Effect": "Allow", {repeated}}}}}', name="p")
    assert policy.problems[0].message == "Action stands twice in one object"
    long = parse(text(ALLOW | {"Effect": "x" * 1_000_000}), name="p")
    assert len(long.problems[0].message) < 300
