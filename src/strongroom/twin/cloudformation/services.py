"""The services behind resource types: called as CloudFormation calls them, in the account and Region of a stack, without a socket."""

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from strongroom.twin.cloudformation.handlers import Place, as_bool
from strongroom.twin.cloudformation.intrinsics import as_text
from strongroom.twin.dispatch import Moto, environ_of
from strongroom.twin.hands import Raw
from strongroom.twin.ports import ApiError, BackupService
from strongroom.twin.wire import Call

_REGION = "us-east-1"  # of the clients; of a request its authorization says which one is meant
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=AKIASTACKSTACKSTACKS/20260101/{}/{}/aws4_request, SignedHeaders=host, Signature=0"

_PAGE = 400  # from here on, an answer in HTML is none of the service


class Services:
    """Clients of all services: one each, whichever account and Region a stack is in."""

    def __init__(self, backup: BackupService) -> None:
        self._backup = backup
        self._clients: dict[str, Any] = {}
        self._account, self._region = "", ""  # of the call under way; calls of the twin come one at a time

    def call(self, place: Place, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Do an operation of a service; values that a template writes as text become what the service takes. Raises ApiError."""
        if service == "backup":
            return self._backup.call(place.account, place.region, operation, _typed(parameters, _shape(self._client(service), operation)))
        client = self._client(service)
        self._account, self._region = place.account, place.region
        try:
            answer: dict[str, Any] = client._make_api_call(operation, _typed(parameters, _shape(client, operation)))
        except ClientError as refusal:
            told = refusal.response["Error"]
            status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
            raise ApiError(told.get("Code") or "GeneralServiceException", told.get("Message") or str(refusal), status=status) from refusal
        except ParamValidationError as problem:
            raise ApiError("InvalidRequest", f"Model validation failed ({problem.kwargs['report']})") from problem
        answer.pop("ResponseMetadata", None)
        return answer

    @functools.cached_property
    def _moto(self) -> Moto:
        return Moto()

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            config = Config(
                retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version=UNSIGNED, user_agent="CloudFormation"
            )
            client = boto3.client(service, region_name=_REGION, endpoint_url="http://127.0.0.1", config=config)
            name = client.meta.service_model.signing_name
            client.meta.events.register("before-send", lambda request, **_: self._send(request, name))
            self._clients[service] = client
        return self._clients[service]

    def _send(self, request: AWSPreparedRequest, service: str) -> AWSResponse:
        headers = {name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()}
        headers["authorization"] = _AUTHORIZATION.format(self._region, service)
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        url = urlsplit(request.url)
        call = Call(
            method=request.method,
            path=url.path or "/",
            query_string=url.query,
            headers=headers,
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        response = self._moto.answer(environ_of(call, ("127.0.0.1", 0)), self._account, f"arn:aws:iam::{self._account}:root")
        if response.status >= _PAGE and str(response.headers.get("Content-Type", "")).startswith("text/html"):
            raise ApiError("InternalFailure", f"{service} failed over the request", status=response.status)  # moto ended with a trace
        return AWSResponse(request.url, response.status, dict(response.headers), Raw(response.body))


def _shape(client: Any, operation: str) -> Any:
    return client.meta.service_model.operation_model(operation).input_shape


def _typed(value: Any, shape: Any) -> Any:
    """Return a value as a shape wants it: CloudFormation takes numbers and booleans as text, and text as numbers."""
    if shape is None:
        return value
    match shape.type_name, value:
        case "structure", Mapping():
            return {name: _typed(each, shape.members.get(name)) for name, each in value.items()}
        case "list", list() | tuple():
            return [_typed(each, shape.member) for each in value]
        case "map", Mapping():
            return {name: _typed(each, shape.value) for name, each in value.items()}
    return _scalar(value, shape.type_name)


def _scalar(value: Any, kind: str) -> Any:
    if kind == "boolean" and str(value).lower() in {"true", "false"}:
        return as_bool(value)
    if kind in _NUMBERS and isinstance(value, str) and _NUMBERS[kind][0].fullmatch(value):
        return _NUMBERS[kind][1](value)
    return as_text(value) if kind == "string" and isinstance(value, bool | int | float) else value


_WHOLE, _DECIMAL = re.compile(r"-?\d+"), re.compile(r"-?\d+(\.\d+)?")
_NUMBERS: Mapping[str, tuple[re.Pattern[str], type]] = {
    "integer": (_WHOLE, int),
    "long": (_WHOLE, int),
    "float": (_DECIMAL, float),
    "double": (_DECIMAL, float),
}
