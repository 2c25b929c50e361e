"""What every resource type of CloudFormation offers: create, update, delete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from strongroom.twin.ports import ApiError

REFUSALS = (ApiError, ServiceException, HTTPException)  # how our services and moto's say no
MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError, IndexError)  # how handlers stumble over properties of another shape


def reason(refusal: Exception) -> str:
    """The message of a refusal, as CloudFormation quotes it."""
    if isinstance(refusal, MISSHAPEN):
        return f"Properties validation failed for resource with message:\n#: {type(refusal).__name__}: {refusal}"
    message = getattr(refusal, "message", None) or getattr(refusal, "description", None) or str(refusal)
    code = getattr(refusal, "code", "") or ""
    label = getattr(refusal, "error_type", "") or (code if isinstance(code, str) else "")
    return f'Resource handler returned message: "{message}" (HandlerErrorCode: {label or "GeneralServiceException"})'


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and for which stack a resource lives."""

    account: str
    region: str
    stack_id: str
    stack_name: str
    logical_id: str
    generated_name: str  # for types whose name the template may leave out
    tags: Mapping[str, str]  # of the stack: they go to every resource that takes tags


@dataclass(slots=True, kw_only=True)
class Made:
    """A resource that exists; Ref is its physical id."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    model: Any = None  # whatever the type needs to find it again
    names: Mapping[str, str] = field(default_factory=dict)  # by which the service knows it, where that isn't its physical id

    def attribute(self, name: str) -> Any:
        """What Fn::GetAtt returns."""
        if name in self.attributes:
            return self.attributes[name]
        raise ApiError("ValidationError", f"Template error: resource does not support attribute type {name} in Fn::GetAtt")


class Handler(Protocol):
    """One resource type; every method raises ApiError when the service refuses."""

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """Make the resource."""

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Change it in place; None: it has to be replaced."""

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """Remove it; one that is gone already is no error."""


class Readable(Protocol):
    """A resource type whose resources can be compared with their template."""

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Properties as the service has them; None: the resource is gone."""


def check_properties(properties: Mapping[str, Any], *, required: frozenset[str], optional: frozenset[str]) -> None:
    """Refuse properties that a type does not have, and missing ones, as the resource handlers of AWS do."""
    unknown = sorted(set(properties) - required - optional)
    if unknown:
        raise ApiError(
            "InvalidRequest",
            f"Properties validation failed for resource with message:\n#: extraneous key [{unknown[0]}] is not permitted",
        )
    missing = sorted(required - set(properties))
    if missing:
        raise ApiError(
            "InvalidRequest", f"Properties validation failed for resource with message:\n#: required key [{missing[0]}] not found"
        )


def tag_mapping(tags: Any) -> dict[str, str]:
    """Tags of a template as a mapping, whether they are a list of Key and Value or an object."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags or ()}


def as_bool(value: Any) -> bool:
    """A boolean property, which templates may write as text."""
    return value is True or str(value).lower() == "true"
