"""What somebody changes of a deployed vault's access policy without any job noticing is named."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import EXAMPLE

CENTRAL, WORKLOAD, HOME = "333333333333", "555555555555", "eu-west-2"
STRATEGY = """strongroom: 1
name: drifting
organization:
  home_region: eu-west-2
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333", log_archive: "444444444444"}
  governs: [Workloads]
  opt_in: [dynamodb, s3]
vaults:
  local: {in: every-account}
  central: {in: central}
plans:
  tables:
    select: {arns: "arn:aws:dynamodb:*:*:table/orders"}
    rules:
      daily: {keep: 30d, copy: central}
"""
OUTSIDER = {
    "Sid": "Shared",
    "Effect": "Allow",
    "Principal": {"AWS": "222222222222"},
    "Action": "backup:CopyFromBackupVault",
    "Resource": "*",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, deployed) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("drift")
    (folder / "organization.yaml").write_text((EXAMPLE / "organization.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
    with deployed(folder, 5) as made:
        yield made


@contextmanager
def policy_changed(world: World, account: str, name: str, change: Any) -> Iterator[None]:
    """The statements of a vault's policy are what `change` makes of them."""
    backup = world.client("backup", account, HOME)
    before = backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
    document = json.loads(before)
    document["Statement"] = change(document["Statement"])
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=json.dumps(document))
    yield
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=before)


def without_denial(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in statements if each["Effect"] != "Deny"]


def shared_too(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*statements, OUTSIDER]


def written_otherwise(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same in another order, without names and with lists for single values."""
    return [{**each, "Sid": f"Other{number}", "Resource": [each["Resource"]]} for number, each in enumerate(reversed(statements))]


@pytest.mark.long
@pytest.mark.parametrize(
    ("vault", "change", "says"),
    [
        ((CENTRAL, "drifting-central"), without_denial, "lacks what keeps recovery points: Deny backup:DeleteRecoveryPoint"),
        ((WORKLOAD, "drifting-local"), without_denial, "lacks what keeps recovery points: Deny backup:DeleteRecoveryPoint"),
        ((CENTRAL, "drifting-central"), shared_too, "allows what the strategy does not: Allow backup:CopyFromBackupVault"),
    ],
)
def test_a_vault_that_protects_less_is_named(world, told, vault, change, says):
    """VRF200, FM35: all jobs go on, so nothing else is wrong; repaired it is found no more."""
    with policy_changed(world, *vault, change):
        found = world.verify()
    assert [(each.finding.code, each.finding.failure_mode) for each in found.faults] == [("VRF200", "FM35")], told(found)
    [fault] = found.faults
    assert says in fault.finding.message
    assert (fault.finding.origin.account, fault.finding.count) == (vault[0], 1)
    assert "strongroom apply" in fault.finding.help


@pytest.mark.long
def test_what_means_the_same_is_no_difference(world, told):
    """Names, order and lists of one value change nothing."""
    with policy_changed(world, CENTRAL, "drifting-central", written_otherwise):
        assert told(world.verify()) == []
    assert told(world.verify()) == []
