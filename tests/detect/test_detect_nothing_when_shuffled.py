"""The same organization without its faults, and under other names: nothing is found."""

import re

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import EXAMPLE, Shuffled, shuffled
from tests.detect.watched import confirm

from strongroom.api.check import check
from strongroom.domain.finding import Severity
from strongroom.errors import ExitCode
from strongroom.twin import client as control

FEW = range(1, 4)
MANY = range(4, 24)


def test_the_example_without_its_planted_faults_is_proven(deployed, tmp_path, told):
    """Without `planted:` the example has nothing to find."""
    text = (EXAMPLE / "organization.yaml").read_text(encoding="utf-8")
    (tmp_path / "organization.yaml").write_text(re.split(r"^planted:$", text, flags=re.MULTILINE)[0], encoding="utf-8")
    (tmp_path / "strategy.yaml").write_text((EXAMPLE / "strategy.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with deployed(tmp_path, 10) as world:
        found = world.verify()
    assert told(found) == []
    assert (found.broken, found.unknown, found.exit_code) == (0, 0, ExitCode.PROVEN)


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.long) for seed in MANY)])
def test_a_shuffled_organization_is_proven(deployed, tmp_path, told, seed):
    """Under other names, with locks, restore tests, alerts, a legal hold and a plan of somebody else's, there is still nothing to find."""
    organization = shuffled(seed, varied=True)
    organization.write(tmp_path)
    assert [each for each in check(tmp_path).findings if each.severity is Severity.ERROR] == []
    with deployed(tmp_path, 0) as world:
        confirm(world, organization)
        if seed % 2:
            _plan_of_somebody_else(world, organization)
        world.let_pass(10)
        if seed % 3:
            _hold(world, organization)
        found = world.verify()
    meant = sum(resource.tier >= 0 for resource in organization.resources)
    assert told(found) == []
    assert (found.resources, found.broken, found.unknown, found.exit_code) == (meant, 0, 0, ExitCode.PROVEN)


def _plan_of_somebody_else(world: World, it: Shuffled) -> None:
    """A plan in an account itself, with a vault of its own, for a table that the strategy does not mean."""
    outside = {it.central, it.bystander}
    table = next(each for each in it.resources if each.tier < 0 and each.kind == "dynamodb" and each.account not in outside)
    backup = world.client("backup", table.account, table.region)
    backup.create_backup_vault(BackupVaultName="somebody-elses")
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "somebody-elses",
        "ScheduleExpression": "cron(0 7 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": 14},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "own", "Rules": [rule]})["BackupPlanId"]
    arn, role = f"arn:aws:dynamodb:{table.region}:{table.account}:table/{table.name}", f"arn:aws:iam::{table.account}:role/{it.backup_role}"
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection={"SelectionName": "one", "IamRoleArn": role, "Resources": [arn]})


def _hold(world: World, it: Shuffled) -> None:
    """A legal hold on everything that is in a central vault by now."""
    region, name = it.central_vaults[0]
    backup = world.client("backup", it.central, region)
    backup.create_legal_hold(Title="case", Description="-", RecoveryPointSelection={"VaultNames": [name]})
    control.move_clock(world.endpoint, advance="10m")


@pytest.mark.parametrize("seed", [7, 8])
def test_a_seed_always_draws_the_same(seed):
    """A failing seed can be run again."""
    assert shuffled(seed) == shuffled(seed)
    assert shuffled(seed, varied=True) == shuffled(seed, varied=True)
    assert shuffled(seed) != shuffled(seed + 1)
