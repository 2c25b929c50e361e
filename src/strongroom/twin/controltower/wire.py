"""Control Tower on the wire: requests parsed by botocore's model of the service (rest-json)."""

import functools
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator

from strongroom.twin.ports import ApiError, Request, Response

PAGE_ITEMS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who does something, where, when and with which parameters."""

    account: str
    region: str
    at: datetime
    parameters: Mapping[str, Any]


@functools.cache
def model() -> Any:
    """Botocore's model of Control Tower."""
    return get_session().get_service_model("controltower")


@functools.cache
def _routes() -> dict[tuple[str, str], str]:
    operations = (model().operation_model(name) for name in model().operation_names)
    return {(each.http["method"], each.http["requestUri"]): each.name for each in operations}


def operation_of(request: Request) -> str:
    """Return the operation of a request; raises ApiError where there is none."""
    path = "/tags/{resourceArn}" if request.path.startswith("/tags/") else request.path
    found = _routes().get((request.method, path))
    if found is None:
        raise ApiError("UnknownOperationException", f"Control Tower has no operation at {request.method} {request.path}", status=404)
    return found


def parameters_of(operation: str, request: Request) -> dict[str, Any]:
    """Return the parameters of a request; raises ApiError for what the model forbids."""
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError("SerializationException", "the body is not a JSON object")
    given = {name: value for name, value in body.items() if value is not None}
    shape = model().operation_model(operation).input_shape
    report = ParamValidator().validate(given, shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    for name, member in shape.members.items():
        pattern = member.metadata.get("pattern")
        if name in given and pattern and not re.fullmatch(pattern, str(given[name])):
            raise invalid(f"Value at '{name}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}")
    return given


def answer(operation: str, document: Mapping[str, Any]) -> Response:
    """Return the answer to a call; instants are written as text, as the model says."""
    present = {key: value for key, value in document.items() if value is not None}
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    return Response(status=200, body=json.dumps(present, default=_text).encode(), headers=headers, operation=operation)


def page(call: Call, member: str, items: list[Any]) -> dict[str, Any]:
    """The page of `items` that nextToken and maxResults ask for."""
    token, size = str(call.parameters.get("nextToken") or "0"), int(call.parameters.get("maxResults") or PAGE_ITEMS_MAX)
    if not token.isdigit() or not 1 <= size <= PAGE_ITEMS_MAX:
        raise invalid("nextToken or maxResults is not valid")
    start = int(token)
    more = {"nextToken": str(start + size)} if start + size < len(items) else {}
    return {member: items[start : start + size], **more}


def invalid(message: str) -> ApiError:
    """A ValidationException."""
    return ApiError("ValidationException", message)


def conflict(message: str) -> ApiError:
    """A ConflictException."""
    return ApiError("ConflictException", message, status=409)


def not_found(message: str) -> ApiError:
    """A ResourceNotFoundException."""
    return ApiError("ResourceNotFoundException", message, status=404)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(f"{value!r} can't be rendered")
