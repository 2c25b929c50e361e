"""Policies in IAM's language: their kind, and every mistake at its line and column."""

import json

import pytest

from strongroom import documents
from strongroom.documents import Kind
from strongroom.domain.finding import Severity

ALLOW = {"Effect": "Allow", "Action": "backup:*", "Resource": "*"}
DENY = ALLOW | {"Effect": "Deny"}
SERVICE = {"Service": "backup.amazonaws.com"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def named(action, **more):
    """A statement with a principal."""
    return {"Effect": "Allow", "Action": action, "Principal": SERVICE} | more


def found(text, kind=None):
    return documents.parse(text, file="p.json", kind=kind).findings


def said(text, kind=None):
    """Place and message of everything but how the kind was told."""
    return [(str(each.origin), each.message) for each in found(text, kind) if each.code != "DOC043"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (policy(ALLOW), Kind.IDENTITY_POLICY),
        (policy(ALLOW, DENY), Kind.IDENTITY_POLICY),
        (policy(DENY), Kind.SCP),
        (policy(DENY, DENY), Kind.SCP),
        (policy(named("sts:AssumeRole")), Kind.TRUST_POLICY),
        (policy(named(["sts:AssumeRole", "sts:TagSession"])), Kind.TRUST_POLICY),
        (policy(named("kms:*", Resource="*")), Kind.KEY_POLICY),
        (policy(named("KMS:Decrypt", Resource="*"), named(["kms:CreateGrant"], Resource="*")), Kind.KEY_POLICY),
        (policy(named("sns:Publish", Resource="*")), Kind.TOPIC_POLICY),
        (policy(named("backup:CopyIntoBackupVault", Resource="*")), Kind.VAULT_POLICY),
        (policy(named(["kms:Decrypt", "sns:Publish"], Resource="*")), Kind.VAULT_POLICY),
        (policy(), Kind.VAULT_POLICY),
        (json.dumps({"Version": "2012-10-17", "Statement": named("kms:*", Resource="*")}), Kind.KEY_POLICY),
        (json.dumps({"Policy": policy(named("kms:*", Resource="*")), "PolicyName": "default"}), Kind.KEY_POLICY),
        (json.dumps({"Policy": {"PolicySummary": {"Type": "SERVICE_CONTROL_POLICY"}, "Content": policy(DENY)}}), Kind.SCP),
        (json.dumps({"Policy": {"PolicySummary": {"Type": "BACKUP_POLICY"}, "Content": "{}"}}), Kind.POLICY),
    ],
)
def test_a_policy_is_told_by_principals_and_actions(text, kind):
    """A principal makes it one of a resource; whose actions it has tells of which."""
    assert documents.recognize(text, "p.json") is kind


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (policy(ALLOW), "read as identity-policy: no statement names a principal"),
        (policy(DENY), "read as scp: no statement names a principal, and all deny"),
        (policy(named("kms:*", Resource="*")), "read as key-policy: its statements name principals, and actions of kms alone"),
    ],
)
def test_how_the_kind_was_told_is_said(text, how):
    """Somebody who meant something else sees it, and that it does not fail a check."""
    (note,) = (each for each in found(text) if each.code == "DOC043")
    assert (note.message, note.severity) == (how, Severity.INFO)
    assert "--kind strategy|" in note.help


def test_a_kind_that_was_named_is_not_told_again():
    """The caller knows."""
    assert found(policy(DENY), Kind.IDENTITY_POLICY) == ()


MISTAKES = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
    {
      "Effect": "allow",
      "Action": ["backup:ListBackupVaults", "backup"],
      "Resource": "*",
      "Condition": {
        "StringEqual": {"aws:PrincipalTag/team": "sre"},
        "Bool": ["aws:MultiFactorAuthPresent"]
      },
      "Resorce": "*"
    }
  ]
}
"""


def test_every_mistake_has_its_line_and_column():
    """A wrong value is pointed at itself; an unknown or misused key where it stands."""
    assert said(MISTAKES) == [
        ("p.json:6:17", "Effect is 'allow': Allow or Deny expected"),
        ("p.json:7:45", "'backup' is no action: service:Name or * expected"),
        ("p.json:10:9", "there is no operator StringEqual"),
        ("p.json:11:9", "Bool is a list: an object expected"),
        ("p.json:13:7", "there is no element Resorce"),
    ]


def test_a_policy_in_yaml_has_places_too():
    """Whatever syntax it is written in."""
    text = 'Version: "2012-10-17"\nStatement:\n  - Effect: Allow\n    Action: s3\n    Resource: "*"\n'
    assert said(text) == [("p.json:4:13", "'s3' is no action: service:Name or * expected")]


def test_a_policy_inside_an_answer_lies_where_its_text_does():
    """GetKeyPolicy prints JSON in a text."""
    text = json.dumps({"Policy": policy(named("kms", Resource="*")), "PolicyName": "default"})
    assert said(text) == [("p.json:1:12", "'kms' is no action: service:Name or * expected")]


@pytest.mark.parametrize(
    ("kind", "statement", "message"),
    [
        (Kind.IDENTITY_POLICY, ALLOW | {"Principal": "*"}, "has Principal, which no identity policy can have"),
        (Kind.IDENTITY_POLICY, {"Effect": "Allow", "Action": "s3:*"}, "has no Resource"),
        (Kind.SCP, DENY | {"NotPrincipal": "*"}, "has NotPrincipal, which no service control policy can have"),
        (Kind.TRUST_POLICY, named("sts:AssumeRole", Resource="*"), "has Resource, which no trust policy can have"),
        (Kind.TRUST_POLICY, {"Effect": "Allow", "Action": "sts:AssumeRole"}, "has no Principal"),
        (Kind.KEY_POLICY, named("kms:*"), "has no Resource"),
        (Kind.KEY_POLICY, {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}, "has no Principal"),
        (Kind.TOPIC_POLICY, {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}, "has no Principal"),
    ],
)
def test_each_kind_has_its_elements(kind, statement, message):
    """What names principals and what names resources depends on where the policy stands."""
    texts = [text for _, text in said(policy(statement), kind)]
    assert any(text.endswith(message) for text in texts), texts


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        (Kind.IDENTITY_POLICY, ALLOW),
        (Kind.IDENTITY_POLICY, {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::logs/*"}),
        (Kind.SCP, DENY | {"Action": "s3:*", "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/breakglass"}}}),
        (Kind.TRUST_POLICY, named("sts:AssumeRole", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}})),
        (Kind.KEY_POLICY, named("kms:*", Resource="*", Principal={"AWS": "arn:aws:iam::111122223333:root"})),
        (Kind.TOPIC_POLICY, named("sns:Publish", Resource="arn:aws:sns:eu-west-2:111122223333:backup")),
    ],
)
def test_a_policy_that_aws_takes_has_no_findings(kind, statement):
    """Nothing is made up."""
    assert said(policy(statement), kind) == []


def test_a_function_of_cloudformation_is_no_action():
    """A policy is checked as AWS gets it, with all values written out."""
    text = "Statement:\n  - Effect: Allow\n    Action: !Ref Actions\n    Resource: '*'\n"
    assert said(text, Kind.IDENTITY_POLICY) == [("p.json:3:5", "Action has an object: text expected")]
