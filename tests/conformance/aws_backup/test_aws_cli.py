"""The AWS CLI as a second client: it parses the same service model in another way, and shows errors in its own words."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLI = Path(sysconfig.get_path("scripts")) / "aws"
REFUSED = {254, 255}  # exit codes for an error of the service: of version 2 and of version 1

pytestmark = pytest.mark.aws_costs  # it restores


@pytest.fixture
def cli(aws: Any, tmp_path: Path) -> Callable[..., Any]:
    """Runs `aws backup …` with the keys of the suite's own client, and returns what it prints as JSON, or as it is after a refusal."""
    client = aws.client("backup")
    credentials = client._request_signer._credentials
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables = {
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ENDPOINT_URL": client.meta.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }

    def run(operation: str, *options: Any, refused: bool = False) -> Any:
        texts = [each if isinstance(each, str) else json.dumps(each) for each in options]
        command = [str(CLI), "backup", operation, *texts, "--output", "json"]
        done = subprocess.run(command, cwd=tmp_path, env=kept | variables, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (REFUSED if refused else {0}), (command, done.stdout, done.stderr)
        return done.stderr.strip() if refused else json.loads(done.stdout or "{}")

    return run


def test_a_day_of_work_with_the_cli(aws: Any, cli: Callable[..., Any]) -> None:
    """A vault, a plan with its selection, a job, a copy, a restore and a hold, each read back by the CLI."""
    vault, second, table = aws.name("cli"), aws.name("cli"), aws.table()
    made = cli("create-backup-vault", "--backup-vault-name", vault, "--backup-vault-tags", "team=shop")
    assert cli("list-tags", "--resource-arn", made["BackupVaultArn"])["Tags"] == {"team": "shop"}
    target = aws.client("backup").create_backup_vault(BackupVaultName=second)["BackupVaultArn"]

    rule = {"RuleName": "daily", "TargetBackupVaultName": vault, "ScheduleExpression": "cron(0 2 29 2 ? *)"}  # not now
    plan = cli("create-backup-plan", "--backup-plan", {"BackupPlanName": vault, "Rules": [rule]})["BackupPlanId"]
    chosen = {"SelectionName": "one", "IamRoleArn": aws.role(), "Resources": [table]}
    selection = cli("create-backup-selection", "--backup-plan-id", plan, "--backup-selection", chosen)["SelectionId"]
    shown = cli("get-backup-selection", "--backup-plan-id", plan, "--selection-id", selection)
    assert shown["BackupSelection"]["Resources"] == [table]

    by = ("--iam-role-arn", aws.role())
    job = cli("start-backup-job", "--backup-vault-name", vault, "--resource-arn", table, *by, "--lifecycle", "DeleteAfterDays=35")
    aws.advance("1h")
    done = cli("describe-backup-job", "--backup-job-id", job["BackupJobId"])
    assert (done["State"], done["ResourceArn"]) == ("COMPLETED", table)

    source = ("--source-backup-vault-name", vault, "--destination-backup-vault-arn", target)
    copy = cli("start-copy-job", "--recovery-point-arn", done["RecoveryPointArn"], *source, *by)
    metadata = {"targetTableName": aws.name("restored")}
    restore = cli("start-restore-job", "--recovery-point-arn", done["RecoveryPointArn"], "--metadata", metadata, *by)
    aws.advance("2h")
    assert cli("describe-copy-job", "--copy-job-id", copy["CopyJobId"])["CopyJob"]["State"] == "COMPLETED"
    restored = cli("describe-restore-job", "--restore-job-id", restore["RestoreJobId"])
    assert (restored["Status"], restored["CreatedResourceArn"].endswith(metadata["targetTableName"])) == ("COMPLETED", True)

    selected = ("--recovery-point-selection", f"VaultNames={vault}")
    hold = cli("create-legal-hold", "--title", "case", "--description", "case 12", *selected)["LegalHoldId"]
    aws.advance("10m")
    held = cli("list-recovery-points-by-legal-hold", "--legal-hold-id", hold)["RecoveryPoints"]
    assert [point["RecoveryPointArn"] for point in held] == [done["RecoveryPointArn"]]
    cli("cancel-legal-hold", "--legal-hold-id", hold, "--cancel-description", "settled")


def test_the_cli_pages_and_filters(aws: Any, cli: Callable[..., Any]) -> None:
    """The CLI follows NextToken through small pages, goes on where `--max-items` ended, and passes filters on."""
    vault, table = aws.name("cli-pages"), aws.table()
    backup = aws.client("backup")
    backup.create_backup_vault(BackupVaultName=vault)
    for _ in range(5):
        backup.start_backup_job(BackupVaultName=vault, ResourceArn=table, IamRoleArn=aws.role())
    aws.advance("6h")
    points = ("list-recovery-points-by-backup-vault", "--backup-vault-name", vault)
    every = [point["RecoveryPointArn"] for point in cli(*points)["RecoveryPoints"]]
    assert len(set(every)) == 5
    assert [point["RecoveryPointArn"] for point in cli(*points, "--page-size", "2")["RecoveryPoints"]] == every
    first = cli(*points, "--max-items", "2")
    rest = cli(*points, "--starting-token", first["NextToken"])
    assert [point["RecoveryPointArn"] for point in first["RecoveryPoints"] + rest["RecoveryPoints"]] == every
    jobs = ("list-backup-jobs", "--by-backup-vault-name", vault)
    assert len(cli(*jobs, "--by-state", "COMPLETED", "--by-resource-arn", table)["BackupJobs"]) == 5
    assert cli(*jobs, "--by-created-before", "2020-01-01T00:00:00Z")["BackupJobs"] == []


def test_the_cli_shows_refusals_in_the_words_of_aws(aws: Any, cli: Callable[..., Any]) -> None:
    """A vault that exists and a vault that is not empty are refused with AWS's code and text, shown by the CLI."""
    vault = aws.point()["BackupVaultName"]
    again = cli("create-backup-vault", "--backup-vault-name", vault, refused=True)
    assert again.endswith(
        "An error occurred (AlreadyExistsException) when calling the CreateBackupVault operation: "
        "Backup vault with the same name already exists"
    )
    full = cli("delete-backup-vault", "--backup-vault-name", vault, refused=True)
    assert "(InvalidRequestException) when calling the DeleteBackupVault operation: Backup vault cannot be deleted" in full
