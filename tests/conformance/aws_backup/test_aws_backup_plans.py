"""Plans and selections through boto3: written, read back, refused."""

import pytest


def _rule(vault, **members):
    return {"RuleName": "daily", "TargetBackupVaultName": vault, "ScheduleExpression": "cron(0 2 * * ? *)"} | members


@pytest.fixture
def planned(aws):
    """The id of a new plan and the name of its vault, removed again afterwards."""
    backup, vault = aws.client("backup"), aws.name("planned")
    backup.create_backup_vault(BackupVaultName=vault)
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": vault, "Rules": [_rule(vault)]})["BackupPlanId"]
    yield plan, vault
    for each in backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]:
        backup.delete_backup_selection(BackupPlanId=plan, SelectionId=each["SelectionId"])
    backup.delete_backup_plan(BackupPlanId=plan)


def test_a_plan_has_versions(aws, planned):
    """UpdateBackupPlan makes a new version; each version can be read, and both are listed."""
    backup, (plan, vault) = aws.client("backup"), planned
    first = backup.get_backup_plan(BackupPlanId=plan)
    changed = {"BackupPlanName": vault, "Rules": [_rule(vault, Lifecycle={"DeleteAfterDays": 35})]}
    second = backup.update_backup_plan(BackupPlanId=plan, BackupPlan=changed)
    assert second["VersionId"] != first["VersionId"]
    assert backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 35}
    old = backup.get_backup_plan(BackupPlanId=plan, VersionId=first["VersionId"])
    assert "Lifecycle" not in old["BackupPlan"]["Rules"][0]
    versions = backup.list_backup_plan_versions(BackupPlanId=plan)["BackupPlanVersionsList"]
    assert {each["VersionId"] for each in versions} == {first["VersionId"], second["VersionId"]}


def test_a_selection_is_made_read_listed_and_deleted(aws, planned):
    """A selection is read back as it was given; a plan with one can't be deleted."""
    backup, (plan, _) = aws.client("backup"), planned
    role = f"arn:aws:iam::{aws.account}:role/service-role/AWSBackupDefaultServiceRole"
    asked = {"SelectionName": "tables", "IamRoleArn": role, "Resources": ["arn:aws:dynamodb:*:*:table/*"]}
    made = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=asked)["SelectionId"]
    found = backup.get_backup_selection(BackupPlanId=plan, SelectionId=made)["BackupSelection"]
    assert {name: found[name] for name in asked} == asked
    (listed,) = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"], listed["IamRoleArn"]) == (made, "tables", role)
    assert aws.refusal(backup.delete_backup_plan, BackupPlanId=plan)[0] == "InvalidRequestException"
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=made)
    gone = {"BackupPlanId": plan, "SelectionId": made}
    assert aws.refusal(backup.get_backup_selection, **gone)[0] == "ResourceNotFoundException"
    assert aws.refusal(backup.delete_backup_selection, **gone)[0] == "ResourceNotFoundException"


def test_plans_and_selections_are_refused(aws, planned):
    """A selection needs to select, a plan to be known and its document to be sound."""
    backup, (plan, vault) = aws.client("backup"), planned
    empty = {"SelectionName": "nothing", "IamRoleArn": f"arn:aws:iam::{aws.account}:role/any"}
    assert aws.refusal(backup.create_backup_selection, BackupPlanId=plan, BackupSelection=empty)[0] == "InvalidParameterValueException"
    wrong = {"BackupPlanName": vault, "Rules": [_rule(vault, ScheduleExpression="cron(0 2 * *)")]}
    assert aws.refusal(backup.update_backup_plan, BackupPlanId=plan, BackupPlan=wrong)[0] == "InvalidParameterValueException"
    right, nothing = wrong | {"Rules": [_rule(vault)]}, {"BackupPlanId": "00000000-0000-0000-0000-000000000000"}
    for call, more in (
        (backup.get_backup_plan, {}),
        (backup.delete_backup_plan, {}),
        (backup.update_backup_plan, {"BackupPlan": right}),
        (backup.list_backup_plan_versions, {}),
        (backup.list_backup_selections, {}),
        (backup.create_backup_selection, {"BackupSelection": empty | {"Resources": ["*"]}}),
    ):
        assert aws.refusal(call, **nothing, **more)[0] == "ResourceNotFoundException"
