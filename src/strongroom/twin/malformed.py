"""Requests that AWS would not even look into: bodies that can't be read, members that are missing or of the wrong type.

moto often fails over them with a trace. What a service's model forbids is refused in the protocol's own words; a request that the
model allows and moto fails over is a gap of the twin, and answered as one: 501, which no client tries again.
"""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from moto.core.parse import RequestParserError

from strongroom.twin.ports import ApiError
from strongroom.twin.wire import Call, Protocol, Scope

OURS = frozenset({"organizations", "cloudformation", "ram"})  # never reach classes of ours: those trust the model
_MODEL_NAMES = {"elasticfilesystem": "efs", "tagging": "resourcegroupstaggingapi", "monitoring": "cloudwatch", "email": "ses"}
# Codes of an unreadable body and of one that the model forbids. Source: "Common Errors" of the services' API references.
_CODES: Mapping[Protocol, tuple[str, str]] = {
    Protocol.QUERY: ("MalformedInput", "ValidationError"),
    Protocol.EC2: ("InvalidRequest", "InvalidParameterValue"),
    Protocol.S3: ("MalformedXML", "InvalidArgument"),
    Protocol.REST_XML: ("MalformedInput", "InvalidInput"),
}
_CODES_JSON = ("SerializationException", "ValidationException")
_UNREADABLE = (RequestParserError, RecursionError, OverflowError, ValueError, KeyError, TypeError, AttributeError, IndexError, ParseError)


def unreadable(call: Call, protocol: Protocol) -> ApiError | None:
    """Return the refusal of a JSON body that is no JSON object, before anybody reads it."""
    if protocol is not Protocol.JSON or not call.body.strip():
        return None
    try:
        if isinstance(json.loads(call.body), dict):
            return None
    except (ValueError, RecursionError):  # bytes that are no UTF-8 too
        pass
    return ApiError(_CODES_JSON[0], "the body is not a JSON object")


def failure() -> ApiError:
    """Return the answer to a request that moto fails over."""
    return ApiError("NotImplemented", "the twin fails over this request, its log says where", status=501)


def refusal(call: Call, scope: Scope, protocol: Protocol, operation: str) -> ApiError | None:
    """Return why AWS would refuse a request by the service's model alone; None when it would not, or nobody knows."""
    shape = _model(scope.service)
    if shape is None or operation not in shape.operation_names:
        return None
    model = shape.operation_model(operation)
    unread, forbidden = _CODES.get(protocol, _CODES_JSON)
    try:
        parameters = _parsed(call, scope.service, model)
    except _UNREADABLE as problem:
        return ApiError(unread, f"the request can't be read: {problem}")
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(parameters, model.input_shape) if model.input_shape is not None else None
    if report is None or not report.has_errors():
        return None
    return ApiError(forbidden, report.generate_report())


def _model(service: str) -> Any:
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model

    try:
        return get_service_model(_MODEL_NAMES.get(service, service))
    except (UnknownServiceError, ValueError):
        return None


def _parsed(call: Call, service: str, model: Any) -> Mapping[str, Any]:
    """Return the parameters of a request, read by moto's own parsers."""
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router

    from strongroom.twin.dispatch import environ_of

    request = Request(environ_of(call, ("127.0.0.1", 0)))
    found = determine_request_protocol(model.service_model, request.content_type)
    labels: Mapping[str, Any] = {}
    if found.startswith("rest"):
        _, labels = get_service_router(_MODEL_NAMES.get(service, service)).match(request)
    parsed: Mapping[str, Any] = PROTOCOL_PARSERS[found](model).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data if not found.startswith(("query", "ec2")) else request.data or call.body,
            "url_path": request.path,
            "url_params": labels,
        }
    )
    return {name: value for name, value in (parsed or {}).items() if value is not None}
