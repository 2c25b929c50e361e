"""Checks see what others deployed with AWS's own rules, not with our stricter ones."""

import json

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
