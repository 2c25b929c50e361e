"""Types without a reader of their own are found by their tags, through the tagging API."""

import pytest

from strongroom.aws import fleet
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region


@pytest.fixture
def as_management(twin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": twin.endpoint.url,
        "AWS_ACCESS_KEY_ID": twin.endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": twin.endpoint.secret,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("as_management")
def test_a_tagged_file_system_is_read_with_its_tags(twin):
    """An FSx file system appears as a resource; what the tagging API doesn't tell stays null."""
    account, tags = "777777777777", [{"Key": "environment", "Value": "dev"}]
    twin.client("fsx", account=account).create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"], Tags=tags
    )
    sessions = Sessions.open(role="strongroom-read", region="eu-west-2")
    read = fleet.read(sessions, home_region=Region("eu-west-2"), regions=(Region("eu-west-2"),), on_progress=lambda *_: None)
    [found] = [row for row in read.tables["resources"].to_pylist() if row["type"] == "FSx" and row["account_id"] == account]
    assert (found["account_id"], found["tags"], found["encrypted"], found["key_arn"]) == (account, [("environment", "dev")], None, None)
    asked = {row["subject"] for row in read.tables["reads"].to_pylist() if row["account_id"] == account and row["read"]}
    assert {"resources:FSx", "resources:EKS", "resources:SAP HANA on Amazon EC2"} <= asked
