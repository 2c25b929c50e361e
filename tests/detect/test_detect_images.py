"""Allowed AMIs in the account that gets copies: its providers leave the source out, planted by API calls and taken back."""

import json
from collections.abc import Iterator

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled, shuffled

pytestmark = pytest.mark.long
DRAWN = 61


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=3)


@pytest.fixture(scope="module")
def with_an_instance(deployed, drawn, tmp_path_factory) -> Iterator[tuple[World, str]]:
    """A shuffled organization with an instance that is copied to the central account, after three days; and the instance's account."""
    folder = tmp_path_factory.mktemp("shuffled")
    drawn.write(folder)
    strategy = json.loads(drawn.strategy_yaml)
    strategy["organization"]["opt_in"].append("ec2")
    (folder / "strategy.yaml").write_text(json.dumps(strategy), encoding="utf-8")
    at = drawn.pick("ebs", 1)
    with deployed(folder, 0) as world:
        ec2 = world.client("ec2", at.account, at.region)
        image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1", Architecture="x86_64")["ImageId"]
        tags = [{"Key": drawn.tag_key, "Value": drawn.tag_values[1]}]
        ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.micro",
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        world.let_pass(3)
        yield world, at.account


@pytest.mark.parametrize(("providers", "found"), [(["amazon"], True), (["amazon", "the source"], False), ([], True)])
def test_providers_that_leave_the_source_out_are_named(with_an_instance, drawn, told, providers, found):
    """FM18, VRF175: with the providers there are, and the command that names the source account."""
    world, source = with_an_instance
    region = drawn.central_vaults[0][0]
    ec2 = world.client("ec2", drawn.central, region)
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    listed = [source if each == "the source" else each for each in providers]
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[{"ImageProviders": listed}] if listed else [])
    try:
        verified = world.verify()
    finally:
        ec2.disable_allowed_images_settings()
    named = [fault.finding for fault in verified.faults]
    assert [(each.code, each.failure_mode) for each in named] == [("VRF175", "FM18")] * found, told(verified)
    message = (
        f"Allowed AMIs of account {drawn.central} in {region} lists {', '.join(listed) or 'nobody'}, and copies of instances come from"
    )
    assert all(message in each.message and f"{source} among the ImageProviders" in each.help for each in named)
    assert verified.unknown == 0


def test_taken_back_there_is_nothing(with_an_instance, told):
    """Allowed AMIs that is off restricts nothing."""
    verified = with_an_instance[0].verify()
    assert (told(verified), verified.unknown) == ([], 0)


def test_disabled_images_of_recovery_points_are_named(with_an_instance, drawn, told):
    """FM18, VRF176: somebody disables what was backed up of the instance; nothing but the AMIs' state tells."""
    world, source = with_an_instance
    region = drawn.pick("ebs", 1).region
    backup, ec2 = world.client("backup", source, region), world.client("ec2", source, region)
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName=drawn.local_vault, ByResourceType="EC2")["RecoveryPoints"]
    arns = sorted(each["RecoveryPointArn"] for each in listed)
    for arn in arns:
        ec2.disable_image(ImageId=arn.rpartition("/")[2])
    try:
        verified = world.verify()
    finally:
        for arn in arns:
            ec2.enable_image(ImageId=arn.rpartition("/")[2])
    (fault,) = verified.faults
    assert (fault.finding.code, fault.finding.failure_mode, fault.resources, fault.finding.count) == ("VRF176", "FM18", 1, len(arns)), told(
        verified
    )
    assert f"{len(arns)} recovery points of instances in vault {drawn.local_vault} in {region} are disabled AMIs" in fault.finding.message
    assert f"ec2 enable-image --region {region} --image-id {arns[0].rpartition('/')[2]}" in fault.finding.help
    assert verified.unknown == 0
    assert world.verify().faults == ()
