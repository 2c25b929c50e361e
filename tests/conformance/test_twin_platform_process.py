"""Starting and stopping a twin as a process, and what it was seeded with."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strongroom.errors import BadInput, CouldNotVerify
from strongroom.twin import client, process
from strongroom.twin.seedfile import load
from strongroom.twin.state import STATE_FILE, Endpoint

SEED = Path(__file__).parent / "small-organization.yaml"
EXAMPLE = Path(__file__).parents[2] / "examples" / "three-tiers" / "organization.yaml"


def gone(pid: int) -> bool:
    try:
        os.waitpid(pid, os.WNOHANG)
        os.kill(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return True
    return False


def test_state_file_is_private_and_goes_with_the_twin(tmp_path: Path) -> None:
    """The state file is readable by its owner only; `down` leaves neither process nor state file."""
    endpoint = process.up(tmp_path, 0, SEED)
    assert client.calls(endpoint) == []  # seeding leaves no trace in the journal
    path = tmp_path / STATE_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["url"] == endpoint.url == process.running(tmp_path).url
    assert process.status(tmp_path)["accounts"] == 6
    assert process.down(tmp_path) is True
    assert gone(endpoint.pid)
    assert not path.exists()
    assert process.down(tmp_path) is False
    with pytest.raises(BadInput, match="no twin runs"):
        process.status(tmp_path)


def test_second_twin_for_a_home_is_refused_and_others_do_not_collide(twin: Any, tmp_path: Path) -> None:
    """One twin a home; another home gets a twin of its own with another port and organization."""
    with pytest.raises(BadInput, match="already runs"):
        process.up(twin.home, 0, SEED)
    other = process.up(tmp_path, 0, SEED)
    try:
        assert other.port != twin.endpoint.port
        process.advance(tmp_path, "1000d")
        assert process.status(tmp_path)["now"][:4] > process.status(twin.home)["now"][:4]
    finally:
        process.down(tmp_path)


def test_port_taken(tmp_path: Path) -> None:
    """A port in use is one clear error, and nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"can't take port {port}") as caught:
            process.up(tmp_path, port, SEED)
    assert "--port" in caught.value.hint
    assert not (tmp_path / STATE_FILE).exists()


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_impossible_port(tmp_path: Path, port: int) -> None:
    """A port that can't exist is one clear error."""
    with pytest.raises(BadInput, match="can't take port"):
        process.up(tmp_path, port, SEED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No such file"),
        ("", "is empty"),
        ("a: [", "not YAML"),
        ("twin: 1\nhome_region: eu-west-2\norganisation: {}\nusers: []\n", "seed.yaml:3:1  key 'organisation' is unknown"),
    ],
)
def test_bad_seed(tmp_path: Path, text: str | None, message: str) -> None:
    """A bad seed file is one clear error, and nothing is left running."""
    seed = tmp_path / "seed.yaml"
    if text is not None:
        seed.write_text(text)
    with pytest.raises(BadInput, match=message):
        process.up(tmp_path, 0, seed)
    assert not (tmp_path / STATE_FILE).exists()


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    """A home that is a file is one clear error."""
    home = tmp_path / "file"
    home.write_text("")
    with pytest.raises(BadInput, match="can't write"):
        process.up(home, 0, SEED)


def test_dead_twin_is_forgotten(tmp_path: Path) -> None:
    """After a twin was killed, its state file stops nobody; a foreign process with its pid is left alone."""
    endpoint = process.up(tmp_path, 0, SEED)
    os.kill(endpoint.pid, signal.SIGKILL)
    while not gone(endpoint.pid):
        time.sleep(0.01)
    path = tmp_path / STATE_FILE
    assert path.exists()
    path.write_text(path.read_text().replace(str(endpoint.pid), str(os.getpid())))  # the pid belongs to somebody else now
    with pytest.raises(BadInput, match="no twin runs"):
        process.advance(tmp_path, "1d")
    assert process.down(tmp_path) is False
    assert not path.exists()


def test_terminated_twin_cleans_up(tmp_path: Path) -> None:
    """A twin that is asked to end by a signal removes its state file."""
    endpoint = process.up(tmp_path, 0, SEED)
    os.kill(endpoint.pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while not gone(endpoint.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not (tmp_path / STATE_FILE).exists()


def test_server_that_dies_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that can't even start is an error with the last line of its log."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "nowhere"))
    with pytest.raises(CouldNotVerify, match="the twin did not start"):
        process.up(tmp_path, 0, SEED)


def test_environment_for_clients(twin: Any) -> None:
    """The AWS CLI works with the variables that `environment` gives."""
    endpoint: Endpoint = twin.endpoint
    variables = process.environment(endpoint)
    assert set(variables) == {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
    command = [str(Path(sys.executable).with_name("aws")), "sts", "get-caller-identity", "--output", "json"]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"], **variables}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["Account"] == "111111111111"
    assert f"export AWS_ENDPOINT_URL={endpoint.url};" in process.exports(endpoint)


def test_client_side_imports_neither_moto_nor_boto3() -> None:
    """The command line can import `process` without paying for the server's libraries."""
    heavy = ("moto", "boto3", "flask", "time_machine", "ruamel.yaml")
    code = f"import sys, strongroom.twin.process; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_example_is_seeded_as_it_says(tmp_path: Path) -> None:
    """The example's tree, accounts, resources, tags and keys are there over the wire."""
    seed = load(EXAMPLE)
    endpoint = process.up(tmp_path, 0, EXAMPLE)
    try:
        import boto3

        user = {"aws_access_key_id": endpoint.access_key, "aws_secret_access_key": endpoint.secret}
        management = boto3.client("organizations", region_name="us-east-1", endpoint_url=endpoint.url, **user)
        accounts = [each for page in management.get_paginator("list_accounts").paginate() for each in page["Accounts"]]
        assert {each["Id"] for each in accounts} == {each.id for each in seed.every_account()}
        assert {each["Status"] for each in accounts} == {"ACTIVE"}
        sts = boto3.client("sts", region_name="eu-west-2", endpoint_url=endpoint.url, **user)
        credentials = sts.assume_role(RoleArn="arn:aws:iam::555555555555:role/strongroom-read", RoleSessionName="test")["Credentials"]
        shop = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
            "endpoint_url": endpoint.url,
            "region_name": "eu-west-2",
        }
        volumes = boto3.client("ec2", **shop).describe_volumes()["Volumes"]
        tags = {each["VolumeId"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in volumes}
        legacy = next(each for each in volumes if tags[each["VolumeId"]]["Name"] == "shop-legacy")
        kms = boto3.client("kms", **shop)
        assert kms.describe_key(KeyId=legacy["KmsKeyId"])["KeyMetadata"]["KeyManager"] == "AWS"
        web = next(each for each in volumes if tags[each["VolumeId"]]["Name"] == "shop-web-1")
        assert kms.describe_key(KeyId=web["KmsKeyId"])["KeyMetadata"]["KeyManager"] == "CUSTOMER"
        assert "333333333333" in kms.get_key_policy(KeyId=web["KmsKeyId"], PolicyName="default")["Policy"]
        assert boto3.client("dynamodb", **shop).scan(TableName="orders", Select="COUNT")["Count"] == 50
        s3 = boto3.client("s3", **shop)
        assert s3.get_bucket_versioning(Bucket="three-tiers-shop-images-1")["Status"] == "Enabled"
        assert boto3.client("efs", **shop).describe_file_systems()["FileSystems"][0]["Name"] == "shop-uploads"
        databases = boto3.client("rds", **shop).describe_db_instances()["DBInstances"]
        assert [(each["DBInstanceIdentifier"], each["StorageEncrypted"]) for each in databases] == [("shop-catalogue", True)]
    finally:
        process.down(tmp_path)


def test_a_twin_listens_at_the_address_that_is_asked_for(tmp_path: Path) -> None:
    """On the loopback address unless told otherwise; an address that isn't this machine's is refused and nothing is left."""
    endpoint = process.up(tmp_path, 0, SEED, host="127.0.0.2")
    try:
        assert endpoint.url == f"http://127.0.0.2:{endpoint.port}"
        assert process.status(tmp_path)["endpoint"] == endpoint.url
        assert client.health(endpoint)
        # Somebody else may listen there at the same port, this twin must not.
        elsewhere = replace(endpoint, host="127.0.0.1", url=f"http://127.0.0.1:{endpoint.port}")
        assert not client.health(elsewhere)
    finally:
        process.down(tmp_path)
    with pytest.raises(BadInput, match="can't take port"):
        process.up(tmp_path, 0, SEED, host="192.0.2.1")
    assert process.down(tmp_path) is False
