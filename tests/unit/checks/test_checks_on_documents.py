"""Checks see what others deployed with AWS's own rules, not with our stricter ones."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from strongroom import checks, documents

PLAN = {
    "BackupPlanName": "nightly",
    "Rules": [
        {
            "RuleName": "every_night",
            "TargetBackupVaultName": "vault",
            "ScheduleExpression": "cron(0 2 * * ? *)",
            "ScheduleExpressionTimezone": "Europe/Berlin",
            "Lifecycle": {"DeleteAfterDays": 30},
        }
    ],
}


def test_a_plan_in_an_account_may_have_a_time_zone_and_an_underscore():
    """TZN001 and the stricter half of NAM001 are about what becomes a policy of ours."""
    [part] = documents.parse(json.dumps({"BackupPlan": PLAN}), file="plan.json").parts
    assert {finding.code for finding in checks.run(part.estate)} & {"TZN001", "NAM001"} == set()


def test_a_rule_name_that_the_api_refuses_is_found():
    """What AWS itself refuses stays a finding, whoever wrote it."""
    plan = {**PLAN, "Rules": [{**PLAN["Rules"][0], "RuleName": "every night"}]}
    loaded = documents.parse(json.dumps({"BackupPlan": plan}), file="plan.json")
    found = [*loaded.findings, *(finding for part in loaded.parts for finding in checks.run(part.estate))]
    assert any("every night" in finding.message for finding in found)


def test_arns_of_a_region_where_the_plan_is_not_are_found():
    """The ARN of a plan says where it is; without it nobody can tell, and nothing is claimed."""
    resources = ["arn:aws:dynamodb:us-east-1:111122223333:table/orders"]
    role = "arn:aws:iam::111122223333:role/AWSBackup"
    selection = {"BackupSelection": {"SelectionName": "s", "IamRoleArn": role, "Resources": resources}}
    template = {
        "Resources": {
            "plan": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": _template(PLAN)}},
            "selection": {
                "Type": "AWS::Backup::BackupSelection",
                "Properties": {"BackupPlanId": {"Ref": "plan"}, "BackupSelection": selection["BackupSelection"]},
            },
        }
    }

    def found(**place):
        return {finding.code for finding in _findings(template, **place)}

    assert "SEL004" in found(region="eu-west-2")
    assert "SEL004" not in found(region="us-east-1")
    assert "SEL004" not in found()


def test_an_air_gapped_target_is_held_against_its_lock_and_the_types_of_the_plan():
    """The lock of a vault in the document; of one that is elsewhere nothing is claimed, and the document says so."""
    target = "arn:aws:backup:eu-west-2:111122223333:backup-vault:gap"
    rule = {**PLAN["Rules"][0], "TargetLogicallyAirGappedBackupVaultArn": target}
    gap = {"BackupVaultName": "gap", "MinRetentionDays": 7, "MaxRetentionDays": 20}
    selection = {"SelectionName": "s", "IamRoleArn": "arn:aws:iam::111122223333:role/AWSBackup", "Resources": ["arn:aws:rds:*:*:db:*"]}
    template = {
        "Resources": {
            "plan": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": _template({**PLAN, "Rules": [rule]})}},
            "selection": {
                "Type": "AWS::Backup::BackupSelection",
                "Properties": {"BackupPlanId": {"Ref": "plan"}, "BackupSelection": selection},
            },
        }
    }
    elsewhere = _findings(template)
    assert {"AGV001"} == {finding.code for finding in elsewhere} & {"AGV001", "LCK001"}
    template["Resources"]["gap"] = {"Type": "AWS::Backup::LogicallyAirGappedBackupVault", "Properties": gap}
    assert {"AGV001", "LCK001"} <= {finding.code for finding in _findings(template)}


def test_what_a_document_does_not_say_about_others_is_not_claimed():
    """A hard lock in a template: service control policies are elsewhere; a pattern is the reader's finding alone."""
    vault = {"BackupVaultName": "v", "LockConfiguration": {"MinRetentionDays": 7, "ChangeableForDays": 3}}
    template = {"Resources": {"vault": {"Type": "AWS::Backup::BackupVault", "Properties": vault}}}
    assert {"GRD001", "ALT001"} & {finding.code for finding in _findings(template)} == set()


def _template(plan):
    names = {"RuleName": "RuleName", "TargetBackupVaultName": "TargetBackupVault"}
    rules = [{names.get(key, key): value for key, value in rule.items() if key != "ScheduleExpressionTimezone"} for rule in plan["Rules"]]
    return {"BackupPlanName": plan["BackupPlanName"], "BackupPlanRule": rules}


def _findings(template, **place):
    text = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **template})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "t.json"
        file.write_text(text, encoding="utf-8")
        loaded = documents.load(file, **place)
    return [*loaded.findings, *(finding for part in loaded.parts for finding in checks.run(part.estate))]
