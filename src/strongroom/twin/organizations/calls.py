"""A call of an Organizations operation, and pages of answers."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strongroom.twin.organizations.state import State
from strongroom.twin.ports import ApiError

PAGE_ITEMS_MAX = 20  # https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: who asks, when, and with which parameters."""

    account: str
    now: datetime
    parameters: Mapping[str, Any]
    principal: str = ""  # ARN of the user or role that asks; empty where nobody knows

    def text(self, name: str) -> str:
        """A required string parameter."""
        value = self.parameters.get(name)
        if not isinstance(value, str) or not value:
            raise invalid(f"You must specify a value for {name}.", "INPUT_REQUIRED")
        return value

    def tags(self) -> dict[str, str]:
        """The Tags parameter as a mapping."""
        return {tag["Key"]: tag["Value"] for tag in self.parameters.get("Tags") or ()}


def invalid(message: str, reason: str) -> ApiError:
    """An InvalidInputException with its reason."""
    return ApiError("InvalidInputException", message, Reason=reason)


def violates(message: str, reason: str) -> ApiError:
    """A ConstraintViolationException with its reason."""
    return ApiError("ConstraintViolationException", message, Reason=reason)


def page(call: Call, member: str, items: Sequence[Any]) -> dict[str, Any]:
    """The page of `items` that NextToken and MaxResults ask for."""
    size = int(call.parameters.get("MaxResults") or PAGE_ITEMS_MAX)
    if not 1 <= size <= PAGE_ITEMS_MAX:
        raise invalid("You specified an invalid value.", "MAX_VALUE_EXCEEDED" if size > PAGE_ITEMS_MAX else "MIN_VALUE_EXCEEDED")
    start = _offset(call.parameters.get("NextToken"))
    answer: dict[str, Any] = {member: list(items[start : start + size])}
    if start + size < len(items):
        answer["NextToken"] = base64.b64encode(f"from {start + size}".encode()).decode()
    return answer


def seconds(at: datetime) -> float:
    """An instant as the JSON protocol writes it."""
    return at.timestamp()


def need(state: State | None) -> State:
    """The organization, or AWSOrganizationsNotInUseException."""
    if state is None:
        raise ApiError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    return state


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("from "))
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise invalid("You specified an invalid value.", "INVALID_NEXT_TOKEN") from error
