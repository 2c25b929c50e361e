"""A landing zone in a seed: what Control Tower says of it through boto3, and what is wrong in a seed file."""

from pathlib import Path

import boto3
import pytest

from strongroom.errors import BadInput
from strongroom.twin import process
from strongroom.twin.seedfile import loads

SEED = Path(__file__).parents[2] / "examples" / "landing-zone" / "organization.yaml"
HEAD = """\
twin: 1
home_region: eu-west-2
organization:
  management: {name: root, id: "111111111111"}
  units:
    Workloads:
      accounts: {logs: "222222222222", audit: "333333333333"}
      units: {Prod: {}}
users:
  - {name: admin, account: root, access_key: AKIAAAAAAAAAAAAAAAAA, secret: x}
"""


def test_a_seeded_landing_zone_governs_its_ous_and_leaves_aws_backup_to_others(tmp_path: Path) -> None:
    """Active, without AWS Backup; every registered OU has Control Tower's own baseline, and no OU the backup baseline."""
    endpoint = process.up(tmp_path, 0, SEED)
    try:
        keys = {"aws_access_key_id": endpoint.access_key, "aws_secret_access_key": endpoint.secret}
        tower = boto3.client("controltower", region_name="eu-west-2", endpoint_url=endpoint.url, **keys)
        [zone] = tower.list_landing_zones()["landingZones"]
        found = tower.get_landing_zone(landingZoneIdentifier=zone["arn"])["landingZone"]
        assert (found["version"], found["status"]) == ("3.3", "ACTIVE")
        assert found["manifest"]["governedRegions"] == ["eu-west-2", "eu-west-1"]
        assert "backup" not in found["manifest"]
        own = next(each["arn"] for each in tower.list_baselines()["baselines"] if each["name"] == "AWSControlTowerBaseline")
        enabled = tower.list_enabled_baselines()["enabledBaselines"]
        assert {(each["baselineIdentifier"], each["baselineVersion"], each["statusSummary"]["status"]) for each in enabled} == {
            (own, "4.0", "SUCCEEDED")
        }
        assert len(enabled) == 3
    finally:
        process.down(tmp_path)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{log_archive: logs}", "key 'audit' is missing"),
        ("{log_archive: logs, audit: nobody}", "account 'nobody'"),
        ("{log_archive: logs, audit: audit, registers: [Workloads/Dev]}", "unit 'Workloads/Dev'"),
        ("{log_archive: logs, audit: audit, version: '2.0'}", "version '2.0'"),
    ],
)
def test_a_mistake_in_the_section_is_named_with_its_place(section: str, message: str) -> None:
    """File, line and column, and what is possible."""
    with pytest.raises(BadInput, match=message) as caught:
        loads(f"{HEAD}control_tower: {section}\n", file="o.yaml")
    assert str(caught.value).startswith("o.yaml:11:")


def test_a_seed_without_the_section_has_no_landing_zone() -> None:
    """Nothing is set up that nobody asked for."""
    assert loads(HEAD).control_tower is None
