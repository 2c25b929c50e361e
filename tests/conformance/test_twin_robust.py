"""The twin under bad requests and many clients: it refuses, it goes on, and nothing is lost."""

import http.client
import json
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import get_session

from strongroom.twin import client as control
from strongroom.twin import process

SERVICES = (
    "backup",
    "organizations",
    "controltower",
    "cloudtrail",
    "cloudformation",
    "kms",
    "dynamodb",
    "sns",
    "sqs",
    "ec2",
    "s3",
    "iam",
    "sts",
    "rds",
    "efs",
    "events",
)
SIGNED_AS = {"efs": "elasticfilesystem"}
BODIES = (b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe\x00", b'{"a":', b"<a>", b"<a></b>", b"a=b&c=%zz", b'"x"', b"[" * 5000, b"\x00" * 100)
VALUES = (None, 1, -1, "x", "", [], {}, [{}], True, "arn:aws:x", {"a": 1}, "x" * 3000, "\u0000", 1e400)
LABELS = ("x", "%00", "%2F", "shop-receipts", "..", "%C3%A9", "a" * 300)
SHOP = "555555555555"


@pytest.fixture(scope="module")
def robust(tmp_path_factory: pytest.TempPathFactory, start_twin: Any) -> Iterator[Any]:
    started = start_twin(tmp_path_factory.mktemp("robust"))
    yield started
    process.down(started.home)


def request_of(dice: random.Random, service: str, model: Any, operation: str) -> tuple[str, str, dict[str, str], bytes]:
    """A request for an operation with a body, form or path that hardly any client would send."""
    shape, protocol = model.operation_model(operation), model.metadata["protocol"]
    scope = f"AKIATESTSHOP00000001/20270101/eu-west-2/{SIGNED_AS.get(service, service)}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
    members = list(shape.input_shape.members) if shape.input_shape is not None else []
    odd = json.dumps({name: dice.choice(VALUES) for name in members if dice.random() < 0.7}).encode()
    body = dice.choice((*BODIES, odd, odd, odd))
    if protocol == "json":
        headers |= {"X-Amz-Target": f"{model.metadata['targetPrefix']}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return "POST", "/", headers, body
    if protocol in {"query", "ec2"}:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        fields = [f"Action={operation}", f"Version={model.metadata['apiVersion']}"]
        for name in members:
            fields += [f"{name}={dice.choice(('', 'x', '-1', '%00', 'true'))}"] if dice.random() < 0.5 else []
            fields += [f"{name}.member.1={dice.choice(('', 'x'))}&{name}.1.a=b"] if dice.random() < 0.2 else []
        return "POST", "/", headers, "&".join(fields).encode()
    path = re.sub(r"\{[^}]+\}", lambda _: dice.choice(LABELS), shape.http["requestUri"])
    return shape.http["method"], path, headers, body


@pytest.mark.parametrize("service", SERVICES)
def test_malformed_requests_are_refused_and_change_nothing_else(robust: Any, service: str) -> None:
    """Whatever stands in body, form or path, the answer is one of the service's own, never a 500, and the twin lives on."""
    dice = random.Random(f"malformed {service}")  # noqa: S311 - the same requests in each run
    model = get_session().get_service_model(service)
    strange = []
    for operation in dice.sample(model.operation_names, min(60, len(model.operation_names))):
        method, path, headers, body = request_of(dice, service, model, operation)
        connection = http.client.HTTPConnection("127.0.0.1", robust.endpoint.port, timeout=30)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        shaped = answer.status < 400 or method == "HEAD" or content.lstrip()[:1] in {b"{", b"<"} or not content
        if not (200 <= answer.status < 500 or answer.status == 501) or not shaped:
            strange.append((operation, answer.status, path, body[:80], content[:200]))
    assert strange == []
    assert control.status(robust.endpoint)["accounts"] == 6


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: many",
        b"Content-Length: -5",
        b"Content-Length: 99999999999999",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",
    ],
)
def test_a_body_of_impossible_length_is_refused(robust: Any, head: bytes) -> None:
    """A length that is none, negative or absurd is a 400, and the connection ends."""
    with socket.create_connection(("127.0.0.1", robust.endpoint.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: twin\r\n" + head + b"\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "noise",
    [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\xff" * 70_000, b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000],
)
def test_noise_on_the_port_stops_nothing(robust: Any, noise: bytes) -> None:
    """Bytes that are no HTTP, and clients that hang up half-way, leave the twin alive."""
    with socket.create_connection(("127.0.0.1", robust.endpoint.port), timeout=10) as connection:
        try:
            connection.sendall(noise)
            connection.recv(65_536)
        except ConnectionError:
            pass
    with socket.create_connection(("127.0.0.1", robust.endpoint.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: twin\r\nContent-Length: 500\r\n\r\nhalf")
    assert control.health(robust.endpoint)


def test_every_operation_that_is_not_implemented_says_so(robust: Any) -> None:
    """Each operation of botocore's newest model is either done by the twin or refused with NotImplemented and its own name."""
    from strongroom.twin.backup.operations import OPERATIONS

    model = get_session().get_service_model("backup")
    backup = robust.client_with(
        "backup", aws_access_key_id="AKIATESTSHOP00000001", aws_secret_access_key="test", config=Config(parameter_validation=False)
    )
    assert set(OPERATIONS) <= set(model.operation_names)
    for operation in sorted(set(model.operation_names) - set(OPERATIONS)):
        parameters = _minimal(model.operation_model(operation).input_shape)
        with pytest.raises(backup.exceptions.ClientError) as caught:
            backup._make_api_call(operation, parameters)
        error = caught.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501), operation
        assert operation in error["Error"]["Message"]


def _minimal(shape: Any) -> Any:
    """The smallest value that a model accepts."""
    if shape is None:
        return {}
    if shape.type_name == "structure":
        return {name: _minimal(member) for name, member in shape.members.items() if name in shape.required_members}
    if shape.type_name == "list":
        return [_minimal(shape.member)] * shape.metadata.get("min", 0)
    if shape.type_name == "string":
        return shape.metadata.get("enum", ["arn:aws:backup:eu-west-2:555555555555:x:y"])[0]
    return {"map": {}, "boolean": False}.get(shape.type_name, shape.metadata.get("min", 1))


def test_many_clients_while_the_clock_moves_lose_nothing(own_twin: Any) -> None:
    """Six clients write and read in three services while days pass: each reads what it wrote, and the journal has every call once."""
    clients, writes = 6, 12
    made = [{name: own_twin.client_with(name, **_key()) for name in ("backup", "dynamodb", "s3")} for _ in range(clients)]

    def work(number: int) -> int:
        mine = made[number]
        for turn in range(writes):
            name = f"vault-{number}-{turn}"
            mine["backup"].create_backup_vault(BackupVaultName=name, BackupVaultTags={"n": str(turn)})
            assert mine["backup"].describe_backup_vault(BackupVaultName=name)["NumberOfRecoveryPoints"] == 0
            mine["dynamodb"].put_item(TableName="orders", Item={"id": {"S": name}, "amount": {"N": "1"}})
            mine["s3"].put_object(Bucket="shop-receipts", Key=name, Body=name.encode())
            assert mine["s3"].get_object(Bucket="shop-receipts", Key=name)["Body"].read() == name.encode()
        return number

    stop = threading.Event()

    def days() -> int:
        passed = 0
        while not stop.is_set():
            own_twin.advance("6h")
            passed += 1
        return passed

    with ThreadPoolExecutor(clients + 1) as pool:
        clock = pool.submit(days)
        try:
            assert list(pool.map(work, range(clients))) == list(range(clients))
        finally:
            stop.set()
        assert clock.result() > 0
    pages = made[0]["backup"].get_paginator("list_backup_vaults").paginate(PaginationConfig={"PageSize": 7})
    names = [vault["BackupVaultName"] for page in pages for vault in page["BackupVaultList"]]
    assert len(names) == len(set(names)) == clients * writes
    assert made[0]["dynamodb"].scan(TableName="orders", Select="COUNT")["Count"] == 30 + clients * writes
    calls = own_twin.calls()
    assert [call["number"] for call in calls] == list(range(calls[0]["number"], calls[0]["number"] + len(calls)))
    assert sum(call["operation"] == "PutItem" for call in calls) == clients * writes
    assert [call for call in calls if call["status"] >= 400] == []


def _key() -> dict[str, str]:
    return {"aws_access_key_id": "AKIATESTSHOP00000001", "aws_secret_access_key": "test"}


def test_status_answers_while_the_clock_moves(own_twin: Any) -> None:
    """Status waits for nobody: it tells what was last seen, never less than before, and the truth once the clock has arrived."""
    _plan(own_twin)
    mover = threading.Thread(target=own_twin.advance, args=("3y",))
    mover.start()
    seen, slowest = [], 0.0
    while mover.is_alive():
        started = time.monotonic()
        seen.append(control.status(own_twin.endpoint))
        slowest = max(slowest, time.monotonic() - started)
    mover.join()
    assert any(each["clock"]["moving"] for each in seen)
    assert slowest < 5  # a year takes seconds; far from how long the move takes on a machine this busy
    totals = [each["backup"]["totals"].get("backup_jobs", 0) for each in seen]
    assert totals == sorted(totals)
    last = control.status(own_twin.endpoint)
    assert (last["clock"]["moving"], last["backup"]["totals"]["backup_jobs"] >= max(totals)) == (False, True)


def _plan(twin: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    twin.client("iam", account=SHOP).create_role(RoleName="backups", AssumeRolePolicyDocument=json.dumps(document))
    backup = twin.client("backup", account=SHOP)
    backup.create_backup_vault(BackupVaultName="daily")
    rules = [
        {
            "RuleName": f"rule{number}",
            "TargetBackupVaultName": "daily",
            "ScheduleExpression": f"cron(0 {number} ? * * *)",
            "StartWindowMinutes": 60,
            "Lifecycle": {"DeleteAfterDays": 7},
        }
        for number in range(0, 20, 2)
    ]
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "often", "Rules": rules})["BackupPlanId"]
    selection = {"SelectionName": "all", "IamRoleArn": f"arn:aws:iam::{SHOP}:role/backups", "Resources": ["*"]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
