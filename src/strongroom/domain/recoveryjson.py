"""The values of `domain.recovery` as JSON, and back: what durable runs store and the ledger keeps."""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from strongroom.domain.names import AccountId, Region

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Return a value of this vocabulary as plain JSON; one of several classes names its own as `kind`, instants are UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {field.name: _member(hints[field.name], getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): encode(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.value if isinstance(value, StrEnum) else value


def decode(kind: type[T], value: Any) -> T:
    """Return the value that `encode` wrote; members that are newer than the text have their defaults.

    Raises ValueError, KeyError or TypeError for a text that is none.
    """
    decoded: T = _decoder(kind)(value)  # type: ignore[arg-type]  # every type can be hashed
    return decoded


def _member(hint: Any, value: Any) -> Any:
    if isinstance(value, tuple | list) and get_origin(hint) is tuple and get_args(hint)[1:] == (...,):
        return [_member(get_args(hint)[0], each) for each in value]
    if len(_classes(hint)) > 1 and is_dataclass(value):
        return {"kind": type(value).__name__, **encode(value)}
    return encode(value)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


@cache
def _classes(hint: Any) -> Mapping[str, Any]:
    """Return the dataclasses of a union by name."""
    if get_origin(hint) not in (Union, types.UnionType):
        return {}
    return {each.__name__: each for each in get_args(hint) if isinstance(each, type) and is_dataclass(each)}


@cache  # a ledger holds many records
def _decoder(hint: Any) -> Callable[[Any], Any]:
    """Return the function that reads values of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, _classes(hint))
    if origin is tuple:
        return _row(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        each = _decoder(arguments[1])
        return lambda value: {str(name): each(item) for name, item in _of(dict, value).items()}
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(_members, hint)
    return (lambda value: value) if hint is Any else _plain(hint)


def _plain(hint: Any) -> Callable[[Any], Any]:
    if hint is datetime:
        return lambda value: datetime.fromisoformat(_of(str, value))
    if hint in (AccountId, Region):
        return lambda value: hint.parse(_of(str, value))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if hint is float:
        return lambda value: float(value) if type(value) is int else _of(float, value)
    return partial(_of, hint)


def _row(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if arguments[1:] == (...,):
        each = _decoder(arguments[0])
        return lambda value: tuple(each(item) for item in _of(list, value))
    places = tuple(_decoder(argument) for argument in arguments)
    return lambda value: tuple(read(item) for read, item in zip(places, _of(list, value), strict=True))


def _one_of(kinds: tuple[Any, ...], classes: Mapping[str, Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value is None and type(None) in kinds:
            return None
        if len(classes) > 1:
            members = dict(_of(dict, value))
            return _decoder(classes[members.pop("kind")])(members)
        (kind,) = (each for each in kinds if each is not type(None))
        return _decoder(kind)(value)

    return read


def _members(kind: type, value: Any) -> Any:
    hints, members = _hints(kind), _of(dict, value)
    unknown = members.keys() - hints.keys()
    if unknown:
        raise ValueError(f"unknown member {min(unknown)!r} of {kind.__name__}")
    absent = [name for name in _needed(kind) if name not in members]
    if absent:
        raise KeyError(f"{kind.__name__} has no {absent[0]}")
    return kind(**{name: _decoder(hints[name])(each) for name, each in members.items()})


@cache
def _needed(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING)


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is not a {kind.__name__}")
    return value
