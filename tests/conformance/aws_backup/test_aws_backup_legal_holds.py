"""Legal holds through boto3: each operation written and read back, and refused."""

from datetime import timedelta

import pytest


def _hold(aws, **more):
    made = aws.client("backup").create_legal_hold(Title="case 12", Description="what the court asked for", **more)
    assert made["Status"] == "CREATING"
    return made["LegalHoldId"]


@pytest.mark.aws_costs
def test_a_hold_keeps_what_is_due(aws):
    """A held recovery point can't be deleted and outlives its retention; a day after the hold ended it is gone."""
    backup, point = aws.client("backup"), aws.point(Lifecycle={"DeleteAfterDays": 2})
    vault, arn = point["BackupVaultName"], point["RecoveryPointArn"]
    hold = _hold(aws, RecoveryPointSelection={"VaultNames": [vault]})
    aws.advance("10m")
    assert backup.get_legal_hold(LegalHoldId=hold)["Status"] == "ACTIVE"
    (taken,) = backup.list_recovery_points_by_legal_hold(LegalHoldId=hold)["RecoveryPoints"]
    assert (taken["RecoveryPointArn"], taken["BackupVaultName"]) == (arn, vault)
    named = {"BackupVaultName": vault, "RecoveryPointArn": arn}
    assert aws.refusal(backup.delete_recovery_point, **named)[0] == "InvalidRequestException"
    assert aws.refusal(backup.disassociate_recovery_point, **named)[0] == "InvalidRequestException"
    aws.advance("10d")
    assert backup.describe_recovery_point(**named)["Status"] == "COMPLETED"
    cancelled = backup.cancel_legal_hold(LegalHoldId=hold, CancelDescription="settled")
    assert cancelled["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert backup.get_legal_hold(LegalHoldId=hold)["Status"] == "CANCELING"
    assert aws.refusal(backup.cancel_legal_hold, LegalHoldId=hold, CancelDescription="again")[0] == "InvalidResourceStateException"
    aws.advance("25h")
    assert aws.refusal(backup.describe_recovery_point, **named)[0] == "ResourceNotFoundException"
    record = backup.get_legal_hold(LegalHoldId=hold)
    assert (record["Status"], record["CancelDescription"]) == ("CANCELED", "settled")
    assert record["RetainRecordUntil"] - record["CancellationDate"] == timedelta(days=180)


@pytest.mark.aws_costs
def test_holds_are_listed_and_tagged(aws):
    """A hold is in the list with its title; its tags are read back and changed."""
    backup = aws.client("backup")
    hold = _hold(aws, Tags={"case": "12"})
    pages = backup.get_paginator("list_legal_holds").paginate(PaginationConfig={"PageSize": 1})
    (listed,) = (each for page in pages for each in page["LegalHolds"] if each["LegalHoldId"] == hold)
    assert listed["Title"] == "case 12"
    backup.untag_resource(ResourceArn=listed["LegalHoldArn"], TagKeyList=["case"])
    assert backup.list_tags(ResourceArn=listed["LegalHoldArn"])["Tags"] == {}
    aws.advance("10m")
    backup.cancel_legal_hold(LegalHoldId=hold, CancelDescription="settled")


def test_holds_are_refused(aws):
    """Dates to come, a description that is too long, a missing reason, and holds that don't exist."""
    backup = aws.client("backup")
    create = backup.create_legal_hold
    dates = {"DateRange": {"FromDate": "2020-01-01T00:00:00Z", "ToDate": "2199-01-01T00:00:00Z"}}
    assert aws.refusal(create, Title="t", Description="d", RecoveryPointSelection=dates)[0] == "InvalidParameterValueException"
    assert aws.refusal(create, Title="t", Description="d" * 281)[0] == "InvalidParameterValueException"
    assert aws.refusal(backup.get_legal_hold, LegalHoldId="unknown")[0] == "ResourceNotFoundException"
    cancel = backup.cancel_legal_hold
    assert aws.refusal(cancel, LegalHoldId="unknown", CancelDescription="settled")[0] == "ResourceNotFoundException"
    assert aws.refusal(cancel, LegalHoldId="unknown", CancelDescription="")[0] == "MissingParameterValueException"
    points = backup.list_recovery_points_by_legal_hold
    assert aws.refusal(points, LegalHoldId="unknown", MaxResults=1001)[0] == "InvalidParameterValueException"
