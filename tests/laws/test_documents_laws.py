"""Laws of reading what others wrote: nothing makes it raise, and what is unknown never takes a finding away."""

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from strongroom import checks, documents
from strongroom.documents import Kind
from strongroom.errors import BadInput

FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = [kind for kind in Kind if kind is not Kind.STRATEGY]
ARN = "arn:aws:backup:eu-west-1:333333333333:backup-vault:central"
RULE = {
    "RuleName": "daily",
    "TargetBackupVaultName": "local",
    "ScheduleExpression": "cron(0 5 * * ? *)",
    "Lifecycle": {"DeleteAfterDays": 120, "MoveToColdStorageAfterDays": 30},
    "CopyActions": [{"DestinationBackupVaultArn": ARN, "Lifecycle": {"DeleteAfterDays": 360}}],
}
SELECTION = {
    "SelectionName": "prod",
    "IamRoleArn": "arn:aws:iam::111111111111:role/AWSBackup",
    "Resources": ["arn:aws:ec2:*:*:volume/*"],
    "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "env", "ConditionValue": "prod"}],
    "Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/a", "ConditionValue": "b"}]},
}
LEAF = {"@@assign": "x"}
SEEDS = {
    Kind.PLAN: {"BackupPlan": {"BackupPlanName": "p", "Rules": [RULE]}},
    Kind.SELECTION: {"BackupSelection": SELECTION},
    Kind.VAULT_POLICY: {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": ["backup:Put*"]}]},
    Kind.POLICY: {
        "plans": {
            "P": {
                "regions": {"@@assign": ["eu-west-2"]},
                "rules": {
                    "daily": {
                        "schedule_expression": {"@@assign": "cron(0 5 * * ? *)"},
                        "target_backup_vault_name": {"@@assign": "local", "@@operators_allowed_for_child_policies": ["@@none"]},
                        "lifecycle": {"delete_after_days": {"@@assign": "30"}},
                        "copy_actions": {ARN: {"target_backup_vault_arn": {"@@assign": ARN}}},
                    }
                },
                "selections": {
                    "tags": {
                        "prod": {
                            "iam_role_arn": LEAF,
                            "tag_key": LEAF,
                            "tag_value": {"@@assign": ["prod"]},
                            "conditions": {"string_like": {"c": {"condition_key": LEAF, "condition_value": LEAF}}},
                        }
                    }
                },
            }
        }
    },
    Kind.CLOUDFORMATION: {
        "Parameters": {"Days": {"Type": "Number", "Default": 30}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]}},
        "Resources": {
            "Vault": {
                "Type": "AWS::Backup::BackupVault",
                "Properties": {"BackupVaultName": {"Fn::Sub": "v-${Days}"}, "LockConfiguration": {"MinRetentionDays": {"Ref": "Days"}}},
            },
            "Plan": {
                "Type": "AWS::Backup::BackupPlan",
                "Properties": {
                    "BackupPlan": {
                        "BackupPlanName": "p",
                        "BackupPlanRule": [{"RuleName": "r", "TargetBackupVault": {"Ref": "Vault"}, "ScheduleExpression": {"Ref": "X"}}],
                    }
                },
            },
            "S": {"Type": "AWS::Backup::BackupSelection", "Properties": {"BackupPlanId": {"Ref": "Plan"}, "BackupSelection": SELECTION}},
        },
    },
    Kind.TERRAFORM: {
        "format_version": "1.2",
        "values": {
            "root_module": {
                "resources": [
                    {"address": "aws_backup_vault.v", "type": "aws_backup_vault", "values": {"name": "local"}},
                    {
                        "address": "aws_backup_plan.p",
                        "type": "aws_backup_plan",
                        "values": {
                            "name": "p",
                            "rule": [{"rule_name": "r", "target_vault_name": "local", "lifecycle": [{"delete_after": 30}]}],
                        },
                    },
                ]
            }
        },
    },
}
_ALLOW = {"Sid": "a", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": "*", "Condition": {"Bool": {"aws:x": "true"}}}
_NAMED = _ALLOW | {"Principal": {"AWS": ["111122223333"], "Service": "backup.amazonaws.com"}}
SEEDS |= {
    Kind.IDENTITY_POLICY: {"Version": "2012-10-17", "Statement": [_ALLOW]},
    Kind.SCP: {"Policy": {"PolicySummary": {"Type": "SERVICE_CONTROL_POLICY"}, "Content": json.dumps({"Statement": [_ALLOW]})}},
    Kind.TRUST_POLICY: {"Version": "2012-10-17", "Statement": [_NAMED]},
    Kind.KEY_POLICY: {"Policy": json.dumps({"Statement": [_NAMED]}), "PolicyName": "default"},
    Kind.TOPIC_POLICY: {"Version": "2012-10-17", "Statement": _NAMED},
    Kind.ACCESS: {
        "access": 1,
        "organization": {"id": "o-1", "root": "r-1", "units": {"Prod": {"id": "ou-1", "units": {}}}},
        "accounts": {"111122223333": {"name": "a", "in": "Prod", "management": True}},
        "principals": [
            {"arn": "arn:aws:iam::111122223333:role/r", "policies": [{"name": "n", "policy": {"Statement": [_ALLOW]}}], "tags": {"a": "b"}}
        ],
        "resources": [{"arn": "arn:aws:kms:eu-west-2:111122223333:key/1", "grants": [{"grantee": "x", "operations": ["Decrypt"]}]}],
        "controls": [{"name": "c", "type": "scp", "policy": {"Statement": [_ALLOW]}, "attached": ["Prod"]}],
    },
}
DETAILS = {
    "RoleDetailList": [
        {
            "Arn": "arn:aws:iam::111122223333:role/r",
            "AssumeRolePolicyDocument": {"Statement": [_NAMED]},
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": "%7B%7D"}],
            "AttachedManagedPolicies": [{"PolicyName": "m", "PolicyArn": "arn:m"}],
            "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:m"},
            "Tags": [{"Key": "k", "Value": "v"}],
        }
    ],
    "UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/u", "GroupList": ["g"], "UserPolicyList": []}],
    "GroupDetailList": [{"GroupName": "g", "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": [_ALLOW]}}]}],
    "Policies": [{"Arn": "arn:m", "PolicyVersionList": [{"IsDefaultVersion": True, "Document": {"Statement": _ALLOW}}]}],
}
WORDS = sorted({word for seed in (*SEEDS.values(), DETAILS) for word in json.dumps(seed).split('"') if word.strip(" ,:[]{}")})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PIECES = st.sampled_from((*'{}[]:",\\\0\ufeff', "null", "1e999", '"\\ud800"', "!Ref ", "&a ", "*a", "---\n", '"a":1,', "\n- ", "9" * 30))


def check(text, kind):
    """Read a text and check what it says; returns the findings of both."""
    try:
        loaded = documents.parse(text, file="d.json", kind=kind)
    except BadInput:
        return ()
    lines = text.count("\n") + 1
    for finding in loaded.findings:
        assert 1 <= finding.origin.line <= lines + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029")
        assert finding.origin.column >= 1
        assert finding.message.isprintable(), finding.message
        assert finding.subject.isprintable()
        assert not finding.message.endswith(".")
        assert len(finding.message) < 700
        assert finding.help
        assert finding.code in documents.CODES
        finding.message.encode("utf-8")
    return (*loaded.findings, *(finding for part in loaded.parts for finding in checks.run(part.estate)))


def replaced(value, path, new):
    """A copy of a document with another value somewhere; the path counts keys and items."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    first, *rest = path
    if isinstance(value, list):
        index = first % len(value)
        return [*value[:index], replaced(value[index], rest, new), *value[index + 1 :]]
    key = sorted(value)[first % len(value)]
    return value | {key: replaced(value[key], rest, new)}


@given(st.text(max_size=200), st.sampled_from(KINDS) | st.none())
@example("\ud800", None)
@example("", None)
@FEW
def test_any_text_gives_findings_or_one_clear_error(text, kind):
    """Whatever the text and the kind somebody names."""
    check(text, kind)


@given(VALUES, st.sampled_from(KINDS))
@FEW
def test_any_json_gives_findings_or_one_clear_error(value, kind):
    """JSON of any shape with the words of the grammars."""
    check(json.dumps(value, indent=1), kind)


@given(st.sampled_from(KINDS), st.lists(st.integers(0, 7), max_size=9), VALUES)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_anywhere_in_a_good_document_gives_findings(kind, path, value):
    """A good document in which something else stands somewhere."""
    check(json.dumps(replaced(SEEDS[kind], path, value), indent=1), kind)


@given(st.lists(st.integers(0, 7), max_size=9), VALUES)
@FEW
def test_any_value_anywhere_in_authorization_details_gives_findings(path, value):
    """AWS's own answer in which something else stands somewhere."""
    check(json.dumps(replaced(DETAILS, path, value), indent=1), Kind.ACCESS)


@given(st.sampled_from(KINDS), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 20), PIECES), min_size=1, max_size=4))
@FEW
def test_a_damaged_document_gives_findings(kind, edits):
    """Cut and pasted pieces anywhere in a good file."""
    text = json.dumps(SEEDS[kind], indent=1)
    for position, length, piece in edits:
        text = text[:position] + piece + text[position + length :]
    check(text, kind)


@given(st.sampled_from(["RuleName", "TargetBackupVaultName", "ScheduleExpression", "Lifecycle", "CopyActions", "StartWindowMinutes"]))
@settings(max_examples=20, deadline=None)
def test_an_unknown_value_is_always_said(key):
    """A parameter without a default never passes in silence: the finding names it, and no check takes the rule for good."""
    rule = {"RuleName": "r", "TargetBackupVault": "v", "ScheduleExpression": "cron(0 5 * * ? *)"}
    rule["TargetBackupVault" if key == "TargetBackupVaultName" else key] = {"Ref": "Secret"}
    template = {
        "Parameters": {"Secret": {"Type": "String"}},
        "Resources": {
            "P": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": {"BackupPlanName": "p", "BackupPlanRule": [rule]}}}
        },
    }
    loaded = documents.parse(json.dumps(template), file="t.json")
    assert [finding.code for finding in loaded.findings if finding.severity == "warning"] == ["DOC011"]
    assert loaded.estate.unknown
