"""Restore jobs through boto3: each operation written and read back, and refused."""

import pytest

OTHER = "333333333333"


@pytest.mark.aws_costs
def test_restore_is_started_described_and_listed(aws):
    """StartRestoreJob, DescribeRestoreJob, GetRestoreJobMetadata and both listings tell the same story."""
    backup, point = aws.client("backup"), aws.point()
    name = aws.name("restored")
    started = backup.start_restore_job(
        RecoveryPointArn=point["RecoveryPointArn"], Metadata={"targetTableName": name}, IamRoleArn=aws.role(), ResourceType="DynamoDB"
    )
    job_id = started["RestoreJobId"]
    assert backup.describe_restore_job(RestoreJobId=job_id)["Status"] == "PENDING"
    aws.advance("1h")
    job = backup.describe_restore_job(RestoreJobId=job_id)
    assert (job["Status"], job["AccountId"], job["ResourceType"]) == ("COMPLETED", aws.account, "DynamoDB")
    table = aws.client("dynamodb").describe_table(TableName=name)["Table"]
    assert job["CreatedResourceArn"] == table["TableArn"]
    assert backup.get_restore_job_metadata(RestoreJobId=job_id)["Metadata"] == {"targetTableName": name}
    (by_source,) = backup.list_restore_jobs_by_protected_resource(ResourceArn=point["ResourceArn"])["RestoreJobs"]
    pages = backup.get_paginator("list_restore_jobs").paginate(ByStatus="COMPLETED", PaginationConfig={"PageSize": 1})
    assert by_source["RestoreJobId"] in {each["RestoreJobId"] for page in pages for each in page["RestoreJobs"]}
    described = backup.describe_recovery_point(BackupVaultName=point["BackupVaultName"], RecoveryPointArn=point["RecoveryPointArn"])
    assert described["LastRestoreTime"] == job["CompletionDate"]
    assert backup.describe_protected_resource(ResourceArn=point["ResourceArn"])["LatestRestoreJobCreationDate"] == job["CreationDate"]


@pytest.mark.aws_costs
def test_start_restore_job_refuses(aws):
    """StartRestoreJob refuses wrong types and roles of others; failures that only the run finds end the job."""
    backup, point = aws.client("backup"), aws.point()
    asked = {"RecoveryPointArn": point["RecoveryPointArn"], "Metadata": {}, "IamRoleArn": aws.role()}
    assert aws.refusal(backup.start_restore_job, **asked, ResourceType="EBS")[0] == "InvalidParameterValueException"
    foreign = asked | {"IamRoleArn": f"arn:aws:iam::{OTHER}:role/restore"}
    assert aws.refusal(backup.start_restore_job, **foreign)[0] == "AccessDeniedException"
    failing = backup.start_restore_job(**asked)["RestoreJobId"]
    nobody = backup.start_restore_job(**asked | {"IamRoleArn": f"arn:aws:iam::{aws.account}:role/nobody"})["RestoreJobId"]
    aws.advance("1h")
    messages = [backup.describe_restore_job(RestoreJobId=job)["StatusMessage"] for job in (failing, nobody)]
    assert "targetTableName" in messages[0]
    assert messages[1].endswith("cannot be assumed by AWS Backup")


def test_unknown_things_are_not_found(aws):
    """What doesn't exist is ResourceNotFoundException, whatever is asked of it."""
    backup, nothing = aws.client("backup"), f"arn:aws:backup:{aws.region}:{aws.account}:recovery-point:nothing"
    start = {"RecoveryPointArn": nothing, "Metadata": {}, "IamRoleArn": f"arn:aws:iam::{aws.account}:role/any"}
    for call, asked in (
        (backup.start_restore_job, start),
        (backup.describe_restore_job, {"RestoreJobId": "nothing"}),
        (backup.get_restore_job_metadata, {"RestoreJobId": "nothing"}),
        (backup.put_restore_validation_result, {"RestoreJobId": "nothing", "ValidationStatus": "FAILED"}),
        (backup.get_recovery_point_restore_metadata, {"BackupVaultName": "nothing", "RecoveryPointArn": nothing}),
        (backup.get_restore_testing_inferred_metadata, {"BackupVaultName": "nothing", "RecoveryPointArn": nothing}),
    ):
        assert aws.refusal(call, **asked)[0] == "ResourceNotFoundException"


def test_lists_refuse_a_wrong_token(aws):
    """A token that no page gave is refused."""
    backup = aws.client("backup")
    for call in (backup.list_restore_jobs, backup.list_legal_holds, backup.list_restore_testing_plans):
        assert aws.refusal(call, NextToken="not-a-token")[0] == "InvalidParameterValueException"
    arn = f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/nothing"
    by_resource = backup.list_restore_jobs_by_protected_resource
    assert aws.refusal(by_resource, ResourceArn=arn, NextToken="not-a-token")[0] == "InvalidParameterValueException"


@pytest.mark.aws_costs
def test_metadata_of_a_recovery_point(aws):
    """GetRecoveryPointRestoreMetadata gives texts that StartRestoreJob takes back; the inferred ones are enough for a restore."""
    backup, point = aws.client("backup"), aws.point()
    asked = {"BackupVaultName": point["BackupVaultName"], "RecoveryPointArn": point["RecoveryPointArn"]}
    metadata = backup.get_recovery_point_restore_metadata(**asked)
    assert (metadata["ResourceType"], metadata["RestoreMetadata"]["encryptionType"]) == ("DynamoDB", "Default")
    inferred = backup.get_restore_testing_inferred_metadata(**asked)["InferredMetadata"]
    job = backup.start_restore_job(RecoveryPointArn=point["RecoveryPointArn"], Metadata=inferred, IamRoleArn=aws.role())["RestoreJobId"]
    aws.advance("1h")
    made = backup.describe_restore_job(RestoreJobId=job)
    assert made["CreatedResourceArn"].endswith(f"table/{inferred['targetTableName']}")


@pytest.mark.aws_costs
def test_summaries_count_jobs(aws):
    """Backup and restore jobs of the day before are counted; pages of more than 500 are refused."""
    backup, point = aws.client("backup"), aws.point()
    backup.start_restore_job(RecoveryPointArn=point["RecoveryPointArn"], Metadata={}, IamRoleArn=aws.role())
    aws.advance("1d")
    restores = backup.list_restore_job_summaries(State="FAILED", AggregationPeriod="FOURTEEN_DAYS")
    backups = backup.list_backup_job_summaries(State="ANY", ResourceType="DynamoDB", AggregationPeriod="SEVEN_DAYS")
    assert sum(row["Count"] for row in restores["RestoreJobSummaries"]) >= 1
    assert "COMPLETED" in {row["State"] for row in backups["BackupJobSummaries"]}  # beside those of other tests
    assert backup.list_copy_job_summaries(State="FAILED")["CopyJobSummaries"] == []
    for call in (backup.list_backup_job_summaries, backup.list_copy_job_summaries, backup.list_restore_job_summaries):
        assert aws.refusal(call, MaxResults=501)[0] == "InvalidParameterValueException"
