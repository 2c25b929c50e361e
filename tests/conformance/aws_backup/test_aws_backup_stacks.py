"""Air-gapped vaults, plans and selections as resources of CloudFormation stacks."""

import json

import pytest


def _stack(aws, template, name=None):
    """Make or update a stack, and return its name with its outputs and state."""
    cloudformation = aws.client("cloudformation")
    do = cloudformation.update_stack if name else cloudformation.create_stack
    name = name or aws.name("stack").replace("_", "-")
    do(StackName=name, TemplateBody=json.dumps(template))
    for _ in range(20):
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
    return name, {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}, stack["StackStatus"]


def _template(aws, gap, *, days=35):
    plan = {
        "BackupPlanName": gap,
        "BackupPlanRule": [
            {
                "RuleName": "daily",
                "TargetBackupVault": "local",
                "TargetLogicallyAirGappedBackupVaultArn": {"Fn::GetAtt": ["Gap", "BackupVaultArn"]},
                "ScheduleExpression": "cron(0 5 ? * * *)",
                "StartWindowMinutes": "60",
                "Lifecycle": {"DeleteAfterDays": str(days)},
            }
        ],
    }
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "team", "ConditionValue": gap}
    selection = {"SelectionName": "all", "IamRoleArn": aws.role(), "ListOfTags": [tag]}
    return {
        "Resources": {
            "Gap": {
                "Type": "AWS::Backup::LogicallyAirGappedBackupVault",
                "Properties": {"BackupVaultName": gap, "MinRetentionDays": "7", "MaxRetentionDays": 100, "BackupVaultTags": {"team": "a"}},
            },
            "Plan": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": plan, "BackupPlanTags": {"team": "a"}}},
            "Selection": {
                "Type": "AWS::Backup::BackupSelection",
                "Properties": {"BackupPlanId": {"Ref": "Plan"}, "BackupSelection": selection},
            },
        },
        "Outputs": {
            "Plan": {"Value": {"Ref": "Plan"}},
            "Version": {"Value": {"Fn::GetAtt": ["Plan", "VersionId"]}},
            "Selection": {"Value": {"Fn::GetAtt": ["Selection", "SelectionId"]}},
            "Gap": {"Value": {"Ref": "Gap"}},
        },
    }


@pytest.mark.aws_locks
def test_a_stack_brings_an_air_gapped_vault_a_plan_and_a_selection(aws):
    """All three are there as written; an update changes the plan by a new version; the stack's end takes them away again."""
    backup, gap = aws.client("backup"), aws.name("gap")
    name, outputs, state = _stack(aws, _template(aws, gap))
    assert (state, outputs["Gap"]) == ("CREATE_COMPLETE", gap)
    vault = backup.describe_backup_vault(BackupVaultName=gap)
    assert (vault["VaultType"], vault["MinRetentionDays"]) == ("LOGICALLY_AIR_GAPPED_BACKUP_VAULT", 7)
    assert backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"]["team"] == "a"
    plan = backup.get_backup_plan(BackupPlanId=outputs["Plan"])
    assert plan["BackupPlan"]["Rules"][0]["TargetLogicallyAirGappedBackupVaultArn"] == vault["BackupVaultArn"]
    assert plan["VersionId"] == outputs["Version"]
    chosen = backup.get_backup_selection(BackupPlanId=outputs["Plan"], SelectionId=outputs["Selection"])["BackupSelection"]
    assert chosen["ListOfTags"][0]["ConditionValue"] == gap
    _, updated, state = _stack(aws, _template(aws, gap, days=50), name)
    assert (state, updated["Plan"], updated["Version"] == outputs["Version"]) == ("UPDATE_COMPLETE", outputs["Plan"], False)
    assert backup.get_backup_plan(BackupPlanId=outputs["Plan"])["BackupPlan"]["Rules"][0]["Lifecycle"]["DeleteAfterDays"] == 50
    aws.client("cloudformation").delete_stack(StackName=name)
    assert aws.refusal(backup.describe_backup_vault, BackupVaultName=gap)[0] == "ResourceNotFoundException"
    assert "DeletionDate" in backup.get_backup_plan(BackupPlanId=outputs["Plan"])


@pytest.mark.aws_locks
def test_a_stack_with_what_aws_backup_refuses_is_rolled_back(aws):
    """A range below seven days and an unknown property of a rule: nothing stays behind."""
    backup, gap = aws.client("backup"), aws.name("gap")
    for change in (
        lambda template: template["Resources"]["Gap"]["Properties"].update(MinRetentionDays=3),
        lambda template: template["Resources"]["Plan"]["Properties"]["BackupPlan"]["BackupPlanRule"][0].update(TargetBackupVaultName="x"),
    ):
        template = _template(aws, gap)
        change(template)
        assert _stack(aws, template)[2] == "ROLLBACK_COMPLETE"
        assert aws.refusal(backup.describe_backup_vault, BackupVaultName=gap)[0] == "ResourceNotFoundException"
