"""A resource type that is made by calls of its service, as the resource handlers of AWS make it."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, check_properties, tag_mapping
from strongroom.twin.cloudformation.services import Services
from strongroom.twin.ports import ApiError


class Served:
    """What such types share; a subclass names its service and its properties."""

    service: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    fixed: tuple[str, ...] = ()  # a change of these needs a new resource

    def __init__(self, services: Services) -> None:
        self._services = services

    def ask(self, place: Place, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Do an operation of the service; raises ApiError."""
        return self._services.call(place, self.service, operation, parameters)

    def found(self, place: Place, operation: str, /, **parameters: Any) -> dict[str, Any] | None:
        """Do an operation that reads; None: there is no such thing."""
        try:
            return self.ask(place, operation, **parameters)
        except ApiError as refusal:
            if is_missing(refusal):
                return None
            raise

    def check(self, properties: Mapping[str, Any]) -> None:
        """Refuse properties that the type does not have."""
        check_properties(properties, required=self.required, optional=self.optional)

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Change what can be changed in place."""
        self.check(new)
        if any(old.get(name) != new.get(name) for name in self.fixed):
            return None
        self.change(place, made, old, new)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Write the new properties over the old ones."""
        raise NotImplementedError

    def remove(self, place: Place, operation: str, /, **parameters: Any) -> None:
        """Do an operation that deletes; what is gone already is no error."""
        self.found(place, operation, **parameters)


def is_missing(refusal: ApiError) -> bool:
    """Whether a service says that something isn't there, in the words that the services have for it."""
    return refusal.status == 404 or any(word in refusal.code for word in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist"))


def exists(kind: str, name: str) -> ApiError:
    """The refusal of a name that is taken."""
    return ApiError("AlreadyExists", f"Resource of type '{kind}' with identifier '{name}' already exists.")


def chosen(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Some properties, of those that the template sets."""
    return {name: properties[name] for name in names if name in properties}


def document(value: Any) -> str:
    """A policy or pattern as the text that services take."""
    return value if isinstance(value, str) else json.dumps(value)


def wanted_tags(place: Place, properties: Mapping[str, Any], name: str = "Tags") -> dict[str, str]:
    """Tags that a resource should have: those of the stack, then its own."""
    return dict(place.tags) | tag_mapping(properties.get(name))


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as lists of Key and Value."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def own_tags(place: Place, properties: Mapping[str, Any], actual: Mapping[str, str], name: str = "Tags") -> list[dict[str, str]]:
    """Tags of a resource without those that only its stack gave it."""
    mine = tag_mapping(properties.get(name))
    return pairs({key: value for key, value in actual.items() if key in mine or place.tags.get(key) != value})
