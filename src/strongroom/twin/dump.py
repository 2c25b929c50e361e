"""Everything that a twin holds as plain JSON values, so that two runs can be compared: the same run twice gives the same dump."""

import io
import json
import random
import re
import types
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import Enum
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from threading import Condition
from typing import Any

from strongroom.twin.app import App
from strongroom.twin.data.keeping import Kept
from strongroom.twin.graph import _LOCK, _RLOCK, _late_pair_class, attributes
from strongroom.twin.saved import state

_PLAIN = (str, int, float, bool, type(None))
# Chances of the process and what the control API does are no state of an account; sessions are random on purpose.
_LEFT_OUT = ("random", "sessions", "journal", "trail", "faults")
# Of AWS Backup: what was read of other services, and how often; of AWS Config: its API.
_TABLES = frozenset({"handlers"})  # resource types of stacks, the same in every twin
_CACHES = frozenset({"moves", "inventories", "matches", "facts", "config_schema", "contents"})


def dump(app: App) -> dict[str, Any]:
    """Return the state of all accounts; an object that comes again is named by the path where it came first."""
    with app.lock:
        found = {name: part for name, part in state(app).items() if name not in _LEFT_OUT}
        found["data"] = {name: keeper.dump() for name, keeper in app.data.items()}
        plain: dict[str, Any] = _Renderer().render(found, "")
        return plain


class _Renderer:
    """Walks a graph once; keeps what it saw alive, so that no id is used twice."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, Any]] = {}

    def render(self, value: Any, path: str) -> Any:
        """Return a value as JSON; what was seen already, by its path."""
        simple = value if isinstance(value, _PLAIN) and not isinstance(value, Enum) else _simple(value)
        if simple is not None or value is None:
            return simple
        if id(value) in self._seen:
            return {"same as": self._seen[id(value)][0]}
        self._seen[id(value)] = (path, value)
        return self._whole(value, path)

    def _whole(self, value: Any, path: str) -> Any:
        if isinstance(value, dict | types.MappingProxyType):
            members = {_key(key): self.render(each, f"{path}/{_key(key)}") for key, each in list(value.items())}
            return members if type(value) is dict else members | self._attributes(value, path)
        if isinstance(value, Kept):  # positions in the logs of a database differ from run to run
            return {"is": "Kept", "size_bytes": value.size_bytes}
        if isinstance(value, list | tuple | deque):
            return [self.render(each, f"{path}/{number}") for number, each in enumerate(value)]
        if isinstance(value, set | frozenset):
            return sorted((self.render(each, f"{path}/*") for each in sorted(value, key=repr)), key=json.dumps)
        return self._attributes(value, path)

    def _attributes(self, value: Any, path: str) -> dict[str, Any]:
        found = sorted(attributes(value).items())
        members = {name: self.render(each, f"{path}/{name}") for name, each in found if name not in _CACHES | _TABLES}
        return {"is": type(value).__qualname__} | members


def _content(file: Any) -> str:
    file.seek(0)
    content: bytes = file.read()
    return content.hex()


_TEXTS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    ((datetime, date), lambda value: value.isoformat()),
    ((timedelta, Enum, re.Pattern), str),
    ((bytes, bytearray), lambda value: value.hex()),
    ((io.BytesIO, SpooledTemporaryFile), _content),
    (random.Random, lambda value: sha256(repr(value.getstate()).encode()).hexdigest()),
    ((type, types.FunctionType, types.MethodType), lambda value: value.__qualname__),
)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else "/".join(map(_key, key)) if isinstance(key, tuple) else getattr(key, "__qualname__", str(key))


def _simple(value: Any) -> Any:
    """Return the text of a value without parts, None for others."""
    for kinds, text in _TEXTS:
        if isinstance(value, kinds):
            return text(value)
    if isinstance(value, _LOCK | _RLOCK | Condition | _late_pair_class()) or type(value).__module__.startswith("cryptography."):
        return type(value).__name__
    return str(value) if type(value).__module__ in {"ipaddress", "uuid", "decimal", "zoneinfo"} else None
