"""Refusals of AWS Backup in its own shapes: Code, Message, Type, Context, and what AlreadyExists adds."""

from strongroom.twin.ports import ApiError


def invalid_parameter(message: str, *, code: str = "ERROR_2602", context: str = "") -> ApiError:
    """A parameter's value is wrong."""
    return ApiError("InvalidParameterValueException", message, Code=code, Context=context)


def missing_parameter(name: str) -> ApiError:
    """A required parameter is absent."""
    return ApiError("MissingParameterValueException", f"Missing required parameter: {name}", Code="ERROR_2601")


def invalid_request(message: str, *, code: str = "ERROR_2603") -> ApiError:
    """The request can't be done with this thing in this state."""
    return ApiError("InvalidRequestException", message, Code=code)


def invalid_state(message: str) -> ApiError:
    """AWS Backup is doing something else with it."""
    return ApiError("InvalidResourceStateException", message, Code="ERROR_2607")


def conflict(message: str) -> ApiError:
    """It is being changed at this moment."""
    return ApiError("ConflictException", message, Code="ERROR_2608")


def not_found(message: str) -> ApiError:
    """No such thing."""
    return ApiError("ResourceNotFoundException", message, Code="ERROR_2604")


def already_exists(message: str, *, arn: str, creator_request_id: str | None) -> ApiError:
    """The same thing is there already."""
    return ApiError("AlreadyExistsException", message, Code="ERROR_2605", Arn=arn, CreatorRequestId=creator_request_id or "")


def limit_exceeded(message: str) -> ApiError:
    """A quota is used up."""
    return ApiError("LimitExceededException", message, Code="ERROR_2606")


def access_denied(message: str) -> ApiError:
    """The caller may not do that."""
    return ApiError("AccessDeniedException", message, status=403)
