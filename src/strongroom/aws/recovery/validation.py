"""AWS Backup's own restore tests: jobs that wait for a validation, and what is told to AWS about them.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
"""

from collections.abc import Iterator

from strongroom.aws.recovery.describing import described
from strongroom.aws.recovery.points import PAGE
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.recovery import Restored, TestedByAws

MESSAGE_CHARACTERS_MAX = 1024  # AWS's model names no bound; longer status messages are of no use to anybody
_OPEN = "VALIDATING"


def waiting(sessions: Sessions, account: AccountId, region: Region) -> Iterator[TestedByAws]:
    """Yield the completed restore jobs of restore testing plans whose validation is still open; raises AwsRefused."""
    listed = sessions.pages("backup", region, "list_restore_jobs", "RestoreJobs", account=account, ByStatus="COMPLETED", MaxResults=PAGE)
    for each in listed:
        plan_arn = (each.get("CreatedBy") or {}).get("RestoreTestingPlanArn")
        if plan_arn and each.get("ValidationStatus") == _OPEN and each.get("CreatedResourceArn"):
            kind, arn = ResourceType(each["ResourceType"]), each["CreatedResourceArn"]
            found = described(sessions, kind, arn, account=account, region=region)
            yield TestedByAws(
                job_id=each["RestoreJobId"],
                plan_arn=plan_arn,
                point_arn=each["RecoveryPointArn"],
                point_created_at=each["RecoveryPointCreationDate"],
                vault_arn=each.get("BackupVaultArn") or "",
                resource_arn=each.get("SourceResourceArn") or "",
                restored=Restored(
                    resource_arn=arn,
                    type=kind,
                    account=account,
                    region=region,
                    job_id=each["RestoreJobId"],
                    endpoint=found.endpoint,
                    encrypted=found.encrypted,
                    key_arn=found.key_arn,
                    started_at=each["CreationDate"],
                    completed_at=each["CompletionDate"],
                    tags=found.tags,
                ),
            )


def put_validation_result(sessions: Sessions, job: TestedByAws, *, successful: bool, message: str) -> None:
    """Tell AWS what was measured: once, for a job that waits for it; a longer message is cut. Raises AwsRefused."""
    sessions.call(
        "backup",
        job.restored.region,
        "put_restore_validation_result",
        account=job.restored.account,
        RestoreJobId=job.job_id,
        ValidationStatus="SUCCESSFUL" if successful else "FAILED",
        ValidationStatusMessage=message[:MESSAGE_CHARACTERS_MAX],
    )
