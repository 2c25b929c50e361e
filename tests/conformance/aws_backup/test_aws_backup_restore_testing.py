"""Restore testing through boto3: each operation written and read back, and refused."""

import pytest

POINTS = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}


def _plan(aws, **more):
    name = aws.name("weekly")
    plan = {"RestoreTestingPlanName": name, "ScheduleExpression": "cron(0 5 * * ? *)", "RecoveryPointSelection": POINTS}
    made = aws.client("backup").create_restore_testing_plan(RestoreTestingPlan=plan | more)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    return name, made["RestoreTestingPlanArn"]


def _selection(aws, plan, **more):
    chosen = {
        "RestoreTestingSelectionName": "tables",
        "ProtectedResourceType": "DynamoDB",
        "ProtectedResourceArns": ["*"],
        "IamRoleArn": aws.role(),
    }
    return aws.client("backup").create_restore_testing_selection(RestoreTestingPlanName=plan, RestoreTestingSelection=chosen | more)


def _delete(aws, plan):
    backup = aws.client("backup")
    for each in backup.list_restore_testing_selections(RestoreTestingPlanName=plan)["RestoreTestingSelections"]:
        named = {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": each["RestoreTestingSelectionName"]}
        assert backup.delete_restore_testing_selection(**named)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert backup.delete_restore_testing_plan(RestoreTestingPlanName=plan)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_plan_is_made_changed_and_deleted(aws):
    """A plan is read back with its defaults, changed in parts, listed and deleted."""
    backup = aws.client("backup")
    name, arn = _plan(aws)
    plan = backup.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]
    assert (plan["RestoreTestingPlanArn"], plan["StartWindowHours"]) == (arn, 24)
    assert plan["RecoveryPointSelection"]["SelectionWindowDays"] == 30
    backup.update_restore_testing_plan(RestoreTestingPlanName=name, RestoreTestingPlan={"StartWindowHours": 1})
    assert backup.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]["StartWindowHours"] == 1
    pages = backup.get_paginator("list_restore_testing_plans").paginate()
    assert name in {each["RestoreTestingPlanName"] for page in pages for each in page["RestoreTestingPlans"]}
    _delete(aws, name)
    assert aws.refusal(backup.get_restore_testing_plan, RestoreTestingPlanName=name)[0] == "ResourceNotFoundException"


def test_plans_are_refused(aws):
    """Wrong names, windows and schedules, a name twice, a plan with selections, and plans that don't exist."""
    backup = aws.client("backup")
    good = {"RestoreTestingPlanName": aws.name("plan"), "ScheduleExpression": "cron(0 5 * * ? *)", "RecoveryPointSelection": POINTS}
    for wrong in (
        {"RestoreTestingPlanName": "with-hyphen"},
        {"ScheduleExpression": "rate(1 day)"},
        {"StartWindowHours": 169},
        {"RecoveryPointSelection": POINTS | {"SelectionWindowDays": 366}},
        {"RecoveryPointSelection": POINTS | {"Algorithm": "OLDEST"}},
    ):
        assert aws.refusal(backup.create_restore_testing_plan, RestoreTestingPlan=good | wrong)[0] == "InvalidParameterValueException"
    name, _ = _plan(aws)
    again = good | {"RestoreTestingPlanName": name}
    assert aws.refusal(backup.create_restore_testing_plan, RestoreTestingPlan=again)[0] == "AlreadyExistsException"
    _selection(aws, name)
    assert aws.refusal(backup.delete_restore_testing_plan, RestoreTestingPlanName=name)[0] == "InvalidRequestException"
    _delete(aws, name)
    change = {"RestoreTestingPlanName": name, "RestoreTestingPlan": {"StartWindowHours": 1}}
    assert aws.refusal(backup.update_restore_testing_plan, **change)[0] == "ResourceNotFoundException"
    assert aws.refusal(backup.list_restore_testing_selections, RestoreTestingPlanName=name)[0] == "ResourceNotFoundException"


def test_selection_is_made_changed_and_refused(aws):
    """A selection is read back and changed; ARNs with conditions, other types, a name twice and unknown ones are refused."""
    backup, (name, _) = aws.client("backup"), _plan(aws)
    arn = f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/orders"
    assert _selection(aws, name, ProtectedResourceArns=[arn])["RestoreTestingSelectionName"] == "tables"
    named = {"RestoreTestingPlanName": name, "RestoreTestingSelectionName": "tables"}
    backup.update_restore_testing_selection(**named, RestoreTestingSelection={"ValidationWindowHours": 7})
    selection = backup.get_restore_testing_selection(**named)["RestoreTestingSelection"]
    assert (selection["ProtectedResourceArns"], selection["ValidationWindowHours"]) == ([arn], 7)
    conditions = {"ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:ResourceTag/tier", "Value": "gold"}]}}
    change = {"RestoreTestingSelection": conditions}
    assert aws.refusal(backup.update_restore_testing_selection, **named, **change)[0] == "InvalidParameterValueException"
    good = {"RestoreTestingSelectionName": "other", "ProtectedResourceType": "DynamoDB", "IamRoleArn": aws.role()}
    for wrong, code in (
        ({"ProtectedResourceType": "Redshift", "ProtectedResourceArns": ["*"]}, "InvalidParameterValueException"),
        ({"ProtectedResourceArns": ["*", arn]}, "InvalidParameterValueException"),
        ({"ProtectedResourceArns": ["*"], "RestoreTestingSelectionName": "tables"}, "AlreadyExistsException"),
    ):
        create = backup.create_restore_testing_selection
        assert aws.refusal(create, RestoreTestingPlanName=name, RestoreTestingSelection=good | wrong)[0] == code
    unknown = named | {"RestoreTestingSelectionName": "unknown"}
    assert aws.refusal(backup.get_restore_testing_selection, **unknown)[0] == "ResourceNotFoundException"
    assert aws.refusal(backup.delete_restore_testing_selection, **unknown)[0] == "ResourceNotFoundException"
    _delete(aws, name)


@pytest.mark.aws_costs
def test_a_plan_tests_every_day(aws):
    """A plan restores, somebody validates once, and what was restored goes."""
    backup, point = aws.client("backup"), aws.point()
    name, arn = _plan(aws)
    _selection(aws, name, ProtectedResourceArns=[point["ResourceArn"]], ValidationWindowHours=100)
    aws.advance("3d")
    jobs = backup.list_restore_jobs(ByRestoreTestingPlanArn=arn)["RestoreJobs"]
    assert len(jobs) in (2, 3)
    job = jobs[0]
    assert (job["Status"], job["ValidationStatus"], job["CreatedBy"]) == ("COMPLETED", "VALIDATING", {"RestoreTestingPlanArn": arn})
    table = job["CreatedResourceArn"].rpartition("/")[2]
    assert table.startswith("awsbackup-restore-test")
    result = {"RestoreJobId": job["RestoreJobId"], "ValidationStatus": "SUCCESSFUL", "ValidationStatusMessage": "30 rows"}
    assert backup.put_restore_validation_result(**result)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.refusal(backup.put_restore_validation_result, **result)[0] == "InvalidRequestException"
    aws.advance("1h")
    after = backup.describe_restore_job(RestoreJobId=job["RestoreJobId"])
    assert (after["ValidationStatus"], after["ValidationStatusMessage"], after["DeletionStatus"]) == ("SUCCESSFUL", "30 rows", "SUCCESSFUL")
    assert table not in aws.client("dynamodb").list_tables()["TableNames"]
    _delete(aws, name)
