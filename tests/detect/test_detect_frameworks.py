"""Frameworks where AWS Config records nothing, or too little: `plan` warns before they are made, `verify` after; then they evaluate."""

import json
from collections.abc import Iterator

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled, shuffled

from strongroom.proof.recording import RECORDED

pytestmark = pytest.mark.long
DRAWN = 73


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=3)


@pytest.fixture(scope="module")
def audited(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """A shuffled organization whose strategy has a framework, and no recorder anywhere."""
    folder = tmp_path_factory.mktemp("audited")
    drawn.write(folder)
    strategy = json.loads(drawn.strategy_yaml)
    strategy["frameworks"] = {"audit": {"controls": ["backup-recovery-point-encrypted"]}}
    (folder / "strategy.yaml").write_text(json.dumps(strategy), encoding="utf-8")
    with deployed(folder, 0) as world:
        yield world


def record(world: World, account: str, region: str, types: tuple[str, ...]) -> None:
    """Let AWS Config record some types in an account and Region."""
    config = world.client("config", account, region)
    role = f"arn:aws:iam::{account}:role/config"
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"resourceTypes": list(types)}}
    )
    bucket = f"config-{account}-{region}"
    world.client("s3", account, region).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def test_frameworks_that_evaluate_nothing_are_named_until_everything_is_recorded(audited, drawn, told):
    """VRF180: no recorder, then one that leaves a type out, then none of it."""
    governed = sorted({each.account for each in drawn.resources} - {drawn.central, drawn.bystander, drawn.management, drawn.backup_admin})
    places = [(account, region) for account in governed for region in (drawn.home_region, drawn.other_region)]
    found = audited.verify()
    assert [each.finding.code for each in found.faults] == ["VRF180"], told(found)
    assert found.faults[0].finding.message.endswith(f"in {len(places)} accounts and Regions: there is no recorder of AWS Config")
    for account, region in places[1:]:
        record(audited, account, region, RECORDED)
    record(audited, *places[0], RECORDED[:3])
    found = audited.verify()
    assert [each.finding.code for each in found.faults] == ["VRF180"], told(found)
    assert found.faults[0].finding.message.endswith(
        f"1 account and Region: there is a recorder of AWS Config that leaves out {RECORDED[3]}"
    )
    account, region = places[0]
    group = {"allSupported": True}
    audited.client("config", account, region).put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{account}:role/config", "recordingGroup": group}
    )
    assert told(audited.verify()) == []
