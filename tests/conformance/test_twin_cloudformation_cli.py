"""The AWS CLI deploys a template to the twin as a team's own pipeline does, and reads back what was made."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLI = Path(sysconfig.get_path("scripts")) / "aws"
ACCOUNT, REGION = "555555555555", "eu-west-1"
TEMPLATE = """
Parameters: {Days: {Type: Number, Default: 7}}
Resources:
  Vault:
    Type: AWS::Backup::BackupVault
    DeletionPolicy: Delete
    UpdateReplacePolicy: Retain
    Properties:
      BackupVaultName: cli-deployed
      LockConfiguration: {MinRetentionDays: !Ref Days}
Outputs: {Arn: {Value: !GetAtt Vault.BackupVaultArn}}
"""


@pytest.fixture
def cli(twin: Any, tmp_path: Path) -> Callable[..., str]:
    """Runs `aws …` with the keys of an account, and returns what it prints."""
    access_key, secret = twin.keys[ACCOUNT]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": twin.endpoint.url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }

    def run(*command: str) -> str:
        done = subprocess.run([str(CLI), *command], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    return run


def test_a_template_is_deployed_and_changed(cli: Callable[..., str], tmp_path: Path) -> None:
    """What `aws cloudformation deploy` calls, without its half minutes of waiting: a summary, a change set, its execution, an update."""
    (tmp_path / "vault.yaml").write_text(TEMPLATE, encoding="utf-8")
    stack, body = ("--stack-name", "cli-deployed"), ("--template-body", "file://vault.yaml")
    summary = json.loads(cli("cloudformation", "get-template-summary", *body))
    assert summary["ResourceTypes"] == ["AWS::Backup::BackupVault"]
    assert [(each["ParameterKey"], each["DefaultValue"]) for each in summary["Parameters"]] == [("Days", "7")]
    made = ("--change-set-name", "first")
    cli("cloudformation", "create-change-set", *stack, *body, *made, "--change-set-type", "CREATE")
    shown = [json.loads(cli("cloudformation", "describe-change-set", *stack, *made)) for _ in range(2)]
    assert [each["Status"] for each in shown] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    cli("cloudformation", "execute-change-set", *stack, *made)
    status = ("cloudformation", "describe-stacks", *stack, "--query", "Stacks[0].StackStatus")
    assert [json.loads(cli(*status)) for _ in range(2)] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    lock = ("backup", "describe-backup-vault", "--backup-vault-name", "cli-deployed", "--query", "MinRetentionDays")
    assert json.loads(cli(*lock)) == 7
    cli("cloudformation", "update-stack", *stack, "--use-previous-template", "--parameters", "ParameterKey=Days,ParameterValue=9")
    assert json.loads(cli(*lock)) == 9
    cli("cloudformation", "delete-stack", *stack)
    cli("cloudformation", "wait", "stack-delete-complete", *stack)
    vaults = json.loads(cli("backup", "list-backup-vaults"))["BackupVaultList"]
    assert "cli-deployed" not in [each["BackupVaultName"] for each in vaults]
