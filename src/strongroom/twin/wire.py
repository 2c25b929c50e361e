"""AWS on the wire: credential scopes, protocols, operation names and error answers in each protocol's own shape."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from strongroom.twin.ports import Response

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request")
_REST_XML = frozenset({"s3", "route53", "cloudfront", "s3-outposts"})


class Protocol(Enum):
    """How a service speaks."""

    JSON = "json"
    REST_JSON = "rest-json"
    QUERY = "query"
    EC2 = "ec2"
    REST_XML = "rest-xml"
    S3 = "s3"
    CBOR = "rpc-v2-cbor"  # the value of the smithy-protocol header


@dataclass(frozen=True, slots=True)
class Scope:
    """Who signed a request, and for what."""

    access_key: str
    region: str
    service: str  # signing name
    token: str  # session token, empty without one


@dataclass(frozen=True)  # no slots: cached_property needs a __dict__
class Call:
    """A request as it arrived."""

    method: str
    path: str  # URL-encoded
    query_string: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @cached_property
    def query(self) -> Mapping[str, tuple[str, ...]]:
        """The query string, decoded."""
        return {name: tuple(values) for name, values in parse_qs(self.query_string, keep_blank_values=True).items()}

    @cached_property
    def scope(self) -> Scope | None:
        """The SigV4 credential scope of the header or of a presigned URL; None for an unsigned request."""
        found = _CREDENTIAL.search(self.headers.get("authorization", ""))
        if found:
            return Scope(found[1], found[3], found[4].lower(), self.headers.get("x-amz-security-token", ""))
        presigned = _CREDENTIAL.search("Credential=" + self._first("X-Amz-Credential"))
        if presigned:
            return Scope(presigned[1], presigned[3], presigned[4].lower(), self._first("X-Amz-Security-Token"))
        return None

    @cached_property
    def form(self) -> Mapping[str, str]:
        """Parameters of the query protocols, from the body or the URL; empty for other protocols."""
        if "x-www-form-urlencoded" in self.headers.get("content-type", "") or "Action=" in self.query_string:
            fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True) or self.query
            return {name: values[0] for name, values in fields.items()}
        return {}

    def protocol(self, service: str) -> Protocol:
        """Return the protocol that this request speaks."""
        if self.headers.get("smithy-protocol") == Protocol.CBOR.value:
            return Protocol.CBOR
        if "x-amz-target" in self.headers:
            return Protocol.JSON
        if service == "s3":
            return Protocol.S3
        if self.form.get("Action"):
            return Protocol.EC2 if service == "ec2" else Protocol.QUERY
        return Protocol.REST_XML if service in _REST_XML else Protocol.REST_JSON

    def named_operation(self) -> str:
        """Return the operation that a target header, an Action or a CBOR path names; empty for REST requests."""
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2]
        if self.headers.get("smithy-protocol") == Protocol.CBOR.value:
            return self.path.rpartition("/")[2]
        return self.form.get("Action", "")

    def _first(self, name: str) -> str:
        return self.query.get(name, ("",))[0]


class Refusal(Enum):
    """Why a request is turned away at the door."""

    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown key"
    EXPIRED = "expired"


_DOOR_MESSAGES = {
    Refusal.UNSIGNED: "Missing Authentication Token",
    Refusal.UNKNOWN_KEY: "The security token included in the request is invalid.",
    Refusal.EXPIRED: "The security token included in the request is expired",
}
_DOOR_CODES = {
    Refusal.UNSIGNED: "MissingAuthenticationTokenException",
    Refusal.UNKNOWN_KEY: "UnrecognizedClientException",
    Refusal.EXPIRED: "ExpiredTokenException",
}
_DOOR_CODES_QUERY = {
    Refusal.UNSIGNED: "MissingAuthenticationToken",
    Refusal.UNKNOWN_KEY: "InvalidClientTokenId",
    Refusal.EXPIRED: "ExpiredToken",
}
_DOOR_EC2 = {  # status, code, message; Amazon EC2 API reference, "Client error codes"
    Refusal.UNSIGNED: (400, "MissingAuthenticationToken", "Request is missing 'authentication token'"),
    Refusal.UNKNOWN_KEY: (401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
    Refusal.EXPIRED: (400, "RequestExpired", "Request has expired."),
}
_DOOR_S3 = {  # Amazon S3 API reference, "List of error codes"
    Refusal.UNSIGNED: (403, "AccessDenied", "Access Denied"),
    Refusal.UNKNOWN_KEY: (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    Refusal.EXPIRED: (400, "ExpiredToken", "The provided token has expired."),
}


def door(protocol: Protocol, refusal: Refusal) -> Response:
    """Return the answer to a request without usable credentials: 403 in the protocol's shape, EC2 and S3 in their own words."""
    if protocol is Protocol.EC2:
        status, code, message = _DOOR_EC2[refusal]
    elif protocol is Protocol.S3:
        status, code, message = _DOOR_S3[refusal]
    else:
        codes = _DOOR_CODES_QUERY if protocol in {Protocol.QUERY, Protocol.REST_XML} else _DOOR_CODES
        status, code, message = 403, codes[refusal], _DOOR_MESSAGES[refusal]
    return error(protocol, code, message, status=status)


def error(protocol: Protocol, code: str, message: str, *, status: int = 400) -> Response:
    """Return an error answer in the shape of a protocol; `x-amzn-errortype` is always set, so that the journal finds the code."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "x-amzn-errortype": code}
    match protocol:
        case Protocol.JSON:
            headers["Content-Type"] = "application/x-amz-json-1.1"
            body = json.dumps({"__type": code, "message": message}).encode()
        case Protocol.REST_JSON:
            headers["Content-Type"] = "application/json"
            body = json.dumps({"message": message}).encode()
        case Protocol.CBOR:
            headers |= {"Content-Type": "application/cbor", "smithy-protocol": Protocol.CBOR.value}
            body = b"\xa2" + b"".join(_cbor(text) for text in ("__type", code, "message", message))
        case _:
            headers["Content-Type"] = "text/xml"
            body = _xml_error(protocol, code, message, status, request_id).encode()
    return Response(status=status, body=body, headers=headers)


def _xml_error(protocol: Protocol, code: str, message: str, status: int, request_id: str) -> str:
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if protocol is Protocol.S3:
        return f"{head}<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    if protocol is Protocol.EC2:
        return f"{head}<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    kind = "Receiver" if status >= 500 else "Sender"
    return f"{head}<ErrorResponse><Error><Type>{kind}</Type>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"


def _cbor(text: str) -> bytes:
    raw = text.encode()
    return b"\x79" + len(raw).to_bytes(2, "big") + raw  # major type 3, length in two bytes


_XML_CODE = re.compile(rb"<Code>([^<]{1,200})</Code>")
_JSON_CODE = re.compile(rb'"(?:__type|code|Code)"\s*:\s*"([^"]{1,200})"')


def error_code(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Return AWS's error code of an answer, empty for a success; header names in lower case."""
    if status < 400:
        return ""
    named = headers.get("x-amzn-errortype", "")
    if not named:
        found = _XML_CODE.search(body[:4000]) or _JSON_CODE.search(body[:4000])
        named = found[1].decode() if found else str(status)
    return named.partition(":")[0].rpartition("#")[2]
