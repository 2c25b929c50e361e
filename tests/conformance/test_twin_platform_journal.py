"""The journal of wire calls, and faults that tests ask for."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from strongroom.errors import BadInput
from strongroom.twin import client as control
from strongroom.twin import process


@pytest.fixture(scope="module")
def one_twin(tmp_path_factory: pytest.TempPathFactory, start_twin: Any) -> Iterator[Any]:
    started = start_twin(tmp_path_factory.mktemp("journal"))
    yield started
    process.down(started.home)


@pytest.fixture
def own_twin(one_twin: Any) -> Iterator[Any]:
    """The twin of this module, with an empty journal and no faults."""
    control.forget_calls(one_twin.endpoint)
    yield one_twin
    control.clear_faults(one_twin.endpoint)


def test_journal_names_caller_operation_and_outcome(own_twin: Any) -> None:
    """Each call is there with caller, account, Region, service, operation, status, error and whether it was a write."""
    own_twin.client("backup", "eu-west-1").list_backup_vaults()
    own_twin.client("backup").create_backup_vault(BackupVaultName="journal")
    own_twin.client("organizations").list_roots()
    own_twin.client("s3", account="555555555555").put_object(Bucket="shop-receipts", Key="a/b c.txt", Body=b"x")
    own_twin.client("s3", account="555555555555").list_objects_v2(Bucket="shop-receipts")
    own_twin.client("ec2", account="666666666666").describe_volumes()
    with pytest.raises(ClientError):
        own_twin.client("dynamodb").describe_table(TableName="nothing")
    calls = own_twin.calls()
    assert [(each["service"], each["operation"], each["write"], each["status"], each["error"]) for each in calls] == [
        ("backup", "ListBackupVaults", False, 200, ""),
        ("backup", "CreateBackupVault", True, 200, ""),
        ("organizations", "ListRoots", False, 200, ""),
        ("s3", "PutObject", True, 200, ""),
        ("s3", "ListObjectsV2", False, 200, ""),
        ("ec2", "DescribeVolumes", False, 200, ""),
        ("dynamodb", "DescribeTable", False, 400, "ResourceNotFoundException"),
    ]
    assert [each["number"] for each in calls] == list(range(calls[0]["number"], calls[0]["number"] + 7))
    assert (calls[0]["region"], calls[1]["region"]) == ("eu-west-1", "eu-west-2")
    assert (calls[0]["account"], calls[0]["principal"]) == ("111111111111", "arn:aws:iam::111111111111:user/admin")
    assert calls[5]["account"] == "666666666666"
    assert own_twin.calls(write=True, after=calls[1]["number"]) == [calls[3]]
    control.forget_calls(own_twin.endpoint)
    assert own_twin.calls() == []


def test_gaps_are_errors_and_no_traces(twin: Any) -> None:
    """What moto lacks answers an error of the protocol, at once."""
    with pytest.raises(ClientError) as caught:
        twin.client("backup-gateway").list_gateways()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError) as caught:
        twin.client("dynamodb").list_global_tables()
    assert "global_tables" in str(caught.value)


def test_denied_role(own_twin: Any) -> None:
    """AssumeRole into one account can be denied, and works again once the fault is cleared."""
    control.add_fault(own_twin.endpoint, "deny-assume-role", account="555555555555")
    sts = own_twin.client("sts")
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn="arn:aws:iam::555555555555:role/strongroom-read", RoleSessionName="test")
    assert sts.assume_role(RoleArn="arn:aws:iam::666666666666:role/strongroom-read", RoleSessionName="test")
    control.clear_faults(own_twin.endpoint)
    assert sts.assume_role(RoleArn="arn:aws:iam::555555555555:role/strongroom-read", RoleSessionName="test")


@pytest.mark.parametrize("how", ["close", "hang"])
def test_silent_region(own_twin: Any, how: str) -> None:
    """A Region can be made not to answer, while the others do."""
    control.add_fault(own_twin.endpoint, "silent-region", region="eu-west-1", how=how)
    access_key, secret = own_twin.keys["111111111111"]
    quick = own_twin.client_with(
        "backup", "eu-west-1", aws_access_key_id=access_key, aws_secret_access_key=secret, config=Config(read_timeout=1)
    )
    with pytest.raises(HTTPClientError):
        quick.list_backup_vaults()
    assert own_twin.client("backup", "eu-west-2").list_backup_plans()["BackupPlansList"] == []


def test_connection_cut_after_a_write(own_twin: Any) -> None:
    """The connection can be cut after write N: it was done, its answer is lost."""
    backup = own_twin.client("backup")
    control.add_fault(own_twin.endpoint, "cut-after-write", after=2)
    backup.create_backup_vault(BackupVaultName="first")
    with pytest.raises(ConnectionClosedError):
        backup.create_backup_vault(BackupVaultName="second")
    names = {vault["BackupVaultName"] for vault in backup.list_backup_vaults()["BackupVaultList"]}
    assert names >= {"first", "second"}


def test_unknown_fault(twin: Any) -> None:
    """A fault that the twin doesn't know is refused with the ones it knows."""
    with pytest.raises(BadInput, match="deny-assume-role"):
        control.add_fault(twin.endpoint, "flood")
    with pytest.raises(BadInput, match="'colour' is unknown"):
        control.add_fault(twin.endpoint, "silent-region", colour="red")


def test_control_api_is_closed_to_web_pages(twin: Any) -> None:
    """A page in a browser can't control the twin."""
    pool = urllib3.PoolManager()
    assert pool.request("POST", twin.endpoint.url + "/_twin/shutdown", headers={"Origin": "https://example.com"}).status == 403
    assert pool.request("GET", twin.endpoint.url + "/_twin/nothing").status == 404


def test_connections_are_kept_alive(twin: Any) -> None:
    """Several requests go over one connection."""
    with socket.create_connection(("127.0.0.1", twin.endpoint.port), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(b"GET /_twin/health HTTP/1.1\r\nHost: twin\r\n\r\n")
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"Connection: close" not in answer
