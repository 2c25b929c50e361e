"""Credential scopes, protocols and error shapes."""

import json
from collections.abc import Mapping

import pytest

from strongroom.twin.wire import Call, Protocol, Refusal, Scope, door, error, error_code

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA/20261121/eu-west-2/backup/aws4_request, SignedHeaders=host, Signature=0"


def call(headers: Mapping[str, str] | None = None, *, body: bytes = b"", query: str = "", path: str = "/") -> Call:
    return Call(method="POST", path=path, query_string=query, headers=headers or {}, body=body)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (call({"authorization": SIGNED}), Scope("AKIAAAAAAAAAAAAAAAAA", "eu-west-2", "backup", "")),
        (call({"authorization": SIGNED, "x-amz-security-token": "t"}), Scope("AKIAAAAAAAAAAAAAAAAA", "eu-west-2", "backup", "t")),
        (call(query="X-Amz-Credential=ASIAA%2F20261121%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Security-Token=a%2Bb"),
         Scope("ASIAA", "eu-west-1", "s3", "a+b")),
        (call(), None),
        (call({"authorization": "AWS AKIA:signature"}), None),
        (call({"authorization": "Bearer x"}), None),
    ],
)  # fmt: skip
def test_scope(request_: Call, expected: Scope | None) -> None:
    """The credential scope comes from the header or a presigned URL; anything else is unsigned."""
    assert request_.scope == expected


@pytest.mark.parametrize(
    ("request_", "service", "protocol", "operation"),
    [
        (call({"x-amz-target": "AWSOrganizationsV20161128.ListRoots"}), "organizations", Protocol.JSON, "ListRoots"),
        (call({"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, body=b"Action=AssumeRole&Version=1"),
         "sts", Protocol.QUERY, "AssumeRole"),
        (call({"content-type": "application/x-www-form-urlencoded"}, body=b"Action=DescribeVolumes"),
         "ec2", Protocol.EC2, "DescribeVolumes"),
        (call(query="Action=GetCallerIdentity"), "sts", Protocol.QUERY, "GetCallerIdentity"),
        (call(), "backup", Protocol.REST_JSON, ""),
        (call(), "s3", Protocol.S3, ""),
        (call(), "route53", Protocol.REST_XML, ""),
        (call({"smithy-protocol": "rpc-v2-cbor"}, path="/service/GraniteServiceVersion20100801/operation/ListMetrics"),
         "monitoring", Protocol.CBOR, "ListMetrics"),
    ],
)  # fmt: skip
def test_protocol_and_operation(request_: Call, service: str, protocol: Protocol, operation: str) -> None:
    """The protocol is seen from headers and body, and names the operation where it does."""
    assert request_.protocol(service) is protocol
    assert request_.named_operation() == operation


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_carries_its_code(protocol: Protocol, refusal: Refusal) -> None:
    """Whatever the protocol, an answer at the door is a 4xx whose code the journal finds."""
    answer = door(protocol, refusal)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert 400 <= answer.status < 404
    code = error_code(answer.status, headers, answer.body)
    assert code
    assert code.encode() in answer.body or protocol is Protocol.REST_JSON
    if protocol in {Protocol.QUERY, Protocol.EC2, Protocol.S3, Protocol.REST_XML}:
        assert error_code(answer.status, {}, answer.body) == code


def test_error_shapes() -> None:
    """JSON carries __type, XML is escaped, CBOR is a map of two texts."""
    assert json.loads(error(Protocol.JSON, "Code", "a < b").body) == {"__type": "Code", "message": "a < b"}
    assert b"<Message>a &lt; b</Message>" in error(Protocol.QUERY, "Code", "a < b").body
    assert error(Protocol.CBOR, "C", "m").body == b"\xa2\x79\x00\x06__type\x79\x00\x01C\x79\x00\x07message\x79\x00\x01m"


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {}, b'{"code": "x"}', ""),
        (400, {"x-amzn-errortype": "com.amazonaws.backup#AlreadyExistsException:http://x"}, b"", "AlreadyExistsException"),
        (400, {}, b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}', "ResourceNotFoundException"),
        (404, {}, b"", "404"),
    ],
)
def test_error_code(status: int, headers: Mapping[str, str], body: bytes, expected: str) -> None:
    """The error code is found in header or body, without namespace; the status stands in for it."""
    assert error_code(status, headers, body) == expected
