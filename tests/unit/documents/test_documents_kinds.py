"""Kinds by their keys, codes and their explanations, folders."""

import json

import pytest

from strongroom import documents
from strongroom.documents import CODES, Kind
from strongroom.errors import BadInput


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("strongroom: 1", Kind.STRATEGY),
        ('{"plans": {}}', Kind.POLICY),
        ('{"BackupPlan": {}, "BackupPlanArn": ""}', Kind.PLAN),
        ('{"BackupPlanName": "p", "Rules": []}', Kind.PLAN),
        ('{"BackupSelection": {}, "BackupPlanId": ""}', Kind.SELECTION),
        ('{"IamRoleArn": "", "Resources": []}', Kind.SELECTION),
        ('{"Version": "2012-10-17", "Statement": []}', Kind.VAULT_POLICY),
        ('{"BackupVaultName": "v", "Policy": "{}"}', Kind.VAULT_POLICY),
        ("Resources:\n  V: {Type: AWS::Backup::BackupVault}", Kind.CLOUDFORMATION),
        ('{"format_version": "1.0", "values": {}}', Kind.TERRAFORM),
        ('{"terraform_version": "1.9.0", "planned_values": {}}', Kind.TERRAFORM),
    ],
)
def test_a_kind_is_told_by_its_keys(text, kind):
    """Each kind has keys of its own."""
    assert documents.recognize(text, "d") is kind


def test_an_unknown_kind_names_all_kinds():
    """The hint can be typed."""
    with pytest.raises(BadInput) as raised:
        documents.recognize('{"a": 1}', "d.json")
    assert "strategy|policy|plan|selection|vault-policy|cloudformation|terraform" in raised.value.hint


def test_a_text_that_cannot_be_read_has_no_kind():
    """The first problem is the error."""
    with pytest.raises(BadInput, match=r"d\.json:1:2: not JSON"):
        documents.recognize("{", "d.json")


def test_the_caller_may_override_the_kind(tmp_path):
    """A policy read as a plan has neither name nor rules."""
    path = tmp_path / "p.json"
    path.write_text('{"plans": {}}')
    loaded = documents.load(path, kind=Kind.PLAN)
    assert [finding.message for finding in loaded.findings if finding.code == "DOC010"] == [
        "BackupPlanName is missing",
        "Rules is missing",
    ]


def test_a_strategy_is_sent_to_its_own_reader():
    """It is no document of AWS."""
    with pytest.raises(BadInput, match="is a strategy"):
        documents.parse("strongroom: 1", file="s.yaml")


def test_every_code_is_explained():
    """Title, fix and severity; unknown codes belong to somebody else."""
    for code in CODES:
        assert documents.explain(code.lower()).startswith(f"{code} (")
        assert "Fix:" in documents.explain(code)
    assert documents.explain("LCK001") is None


def test_a_folder_joins_a_plan_and_its_selections(tmp_path):
    """Files of other kinds are read by themselves, files of no kind are named."""
    plan = {"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "v"}]}
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "env", "ConditionValue": "prod"}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    (tmp_path / "selection.json").write_text(json.dumps({"SelectionName": "s", "IamRoleArn": "r", "ListOfTags": [tag]}))
    (tmp_path / "package.json").write_text('{"name": "x"}')
    loaded = documents.load(tmp_path)
    assert [term.values for term in loaded.estate.plans[0].select.tags] == [("prod",)]
    assert [finding.origin.file for finding in loaded.findings if finding.code == "DOC007"] == [str(tmp_path / "package.json")]


def test_account_and_region_of_the_caller_complete_a_document(tmp_path):
    """A copy into the own account is none that leaves it, and the plan has a Region."""
    path = tmp_path / "plan.json"
    copy = {"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:111122223333:backup-vault:v"}
    rule = {"RuleName": "r", "TargetBackupVaultName": "v", "CopyActions": [copy]}
    path.write_text(json.dumps({"BackupPlanName": "p", "Rules": [rule]}))
    estate = documents.load(path, account="111122223333", region="eu-west-2").estate
    assert estate.plans[0].regions == ("eu-west-2",)
    assert estate.plans[0].rules[0].copies[0].account.value == "every-account"
    with pytest.raises(BadInput, match="is not an account id"):
        documents.load(path, account="1")
