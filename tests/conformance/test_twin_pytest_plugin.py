"""The pytest plugin, used as somebody else's project would use it: in a process of its own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from strongroom.twin import pytest_plugin

ROOT = Path(__file__).parents[2]
TESTS = """
import os

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def test_one_writes(aws_twin):
    aws_twin.client("backup").create_backup_vault(BackupVaultName="mine")
    assert [call["operation"] for call in aws_twin.calls(write=True)] == ["CreateBackupVault"]


def test_another_does_not_see_it(aws_twin):
    assert aws_twin.client("backup").list_backup_vaults()["BackupVaultList"] == []


def test_session_first(aws_twin_session):
    aws_twin_session.client("backup").create_backup_vault(BackupVaultName="shared")


def test_session_second(aws_twin_session):
    assert len(aws_twin_session.client("backup").list_backup_vaults()["BackupVaultList"]) == 1


def test_environment(aws_twin, monkeypatch):
    for name, value in aws_twin.environment("222222222222").items():
        monkeypatch.setenv(name, value)
    assert boto3.client("sts").get_caller_identity()["Account"] == "222222222222"
    assert (aws_twin.account, aws_twin.region) == ("111111111111", "eu-west-1")
    with pytest.raises(KeyError, match="no user in account 9"):
        aws_twin.client("sts", account="9")


def test_clock_and_faults(aws_twin):
    before = aws_twin.client("iam").create_user(UserName="before")["User"]["CreateDate"]
    assert aws_twin.advance("90d")["now"] > before.isoformat()
    backup = aws_twin.client("backup", config=Config(retries={"total_max_attempts": 1}))
    with aws_twin.fault("throttle", service="backup"):
        with pytest.raises(ClientError, match="Rate exceeded"):
            backup.list_backup_vaults()
    backup.list_backup_vaults()
"""
OWN_SEED = pytest_plugin.DEFAULT_SEED.replace("eu-west-1", "eu-south-1")


def run(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest in a folder; the plugin is named, so that it also works where the package was installed before it had one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "strongroom.twin.pytest_plugin", *options]
    return subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, timeout=120, check=False)


def test_fixtures_give_twins_that_are_forked_or_shared(tmp_path: Path) -> None:
    """Function-scoped twins don't see each other's writes, the session's twin keeps them; clock, faults, journal and keys work."""
    (tmp_path / "test_mine.py").write_text(TESTS)
    done = run(tmp_path)
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_a_project_brings_its_own_seed(tmp_path: Path) -> None:
    """`twin_seed` in the project's configuration names the seed; a wrong one fails the tests with the place of the mistake."""
    (tmp_path / "pytest.ini").write_text("[pytest]\ntwin_seed = seeds/organization.yaml\n")
    (tmp_path / "seeds").mkdir()
    seed = tmp_path / "seeds" / "organization.yaml"
    seed.write_text(OWN_SEED)
    (tmp_path / "test_mine.py").write_text("def test_region(aws_twin):\n    assert aws_twin.region == 'eu-south-1'\n")
    assert "1 passed" in run(tmp_path).stdout
    seed.write_text(OWN_SEED.replace("users:", "users: []\nroles:"))
    assert "organization.yaml:" in run(tmp_path).stdout


def test_a_project_lets_its_twins_enforce_iam(tmp_path: Path) -> None:
    """With `twin_enforce_iam` in the configuration a user without a policy is refused, which otherwise may do everything."""
    code = """
import boto3

def listed(aws_twin):
    iam = aws_twin.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    try:
        return boto3.client("backup", region_name=aws_twin.region, endpoint_url=aws_twin.url, **keys).list_backup_vaults()
    except Exception as error:
        return error.response["Error"]["Code"]

def test_nobody(aws_twin):
    assert (listed(aws_twin) == "AccessDeniedException") is ENFORCED
"""
    for enforced in (True, False):
        (tmp_path / "pytest.ini").write_text(f"[pytest]\ntwin_enforce_iam = {str(enforced).lower()}\n")
        (tmp_path / "test_mine.py").write_text(code.replace("ENFORCED", str(enforced)))
        done = run(tmp_path)
        assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_nothing_starts_before_a_test_asks(tmp_path: Path) -> None:
    """With the plugin loaded, a test that uses no fixture of it imports neither boto3 nor the twin's server, and starts nothing."""
    code = """
import sys

def test_light():
    assert not {'boto3', 'moto', 'strongroom.twin.process', 'strongroom.twin.server'} & set(sys.modules)
"""
    (tmp_path / "test_light.py").write_text(code)
    assert "1 passed" in run(tmp_path).stdout


def test_the_package_registers_the_plugin() -> None:
    """The package's entry point, under the name of the module, is where pytest finds the plugin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {pytest_plugin.__name__: pytest_plugin.__name__}


@pytest.mark.parametrize("fixture", ["aws_twin", "aws_twin_session", "twin_stem", "twin_seed"])
def test_fixtures_are_documented(fixture: str, tmp_path: Path) -> None:
    """`pytest --fixtures` shows each with a sentence."""
    lines = run(tmp_path, "--fixtures").stdout.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.split(" ")[0] == fixture)
    assert lines[at + 1].strip()
