"""Graphs of the twin's objects as bytes and back, without running what a file says.

The encoding is pickle's, the vocabulary is ours: a file can name the classes of moto and of the twin, whose instances are made
empty and filled with attributes, and a short table of values. Nothing else is found, so nothing else is called.
"""

import collections
import dataclasses
import datetime as dt
import decimal
import functools
import importlib
import inspect
import io
import ipaddress
import pickle
import random
import re
import sys
import tempfile
import threading
import types
import uuid
import zoneinfo
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Any, cast

_ROOMS = ("moto", "strongroom.twin", "strongroom.semantics", "strongroom.domain", "strongroom.facts")
_STRANGERS = ("requests.structures:CaseInsensitiveDict",)  # moto's base of its own
_FACTORIES: Mapping[str, type] = {kind.__name__: kind for kind in (list, dict, set, int, str)}
_CLASSES_AS_VALUES = ("moto.rds.models", "moto.neptune.models")  # their backends sort resources by class
_DEPTH_MAX = 50_000  # of references to references, as in a chain of copies
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_NO_ATTRIBUTES = frozenset({"__dict__", "__weakref__"})


class Unsaveable(Exception):
    """Something that has no form in a file."""


class BadGraph(Exception):
    """Bytes that are no graph, or one of other classes than ours."""


def dumps(root: Any, known: Mapping[str, Any]) -> bytes:
    """Return a graph as bytes; objects of `known` are named, not saved. Raises Unsaveable."""
    out = io.BytesIO()
    names = {id(each): name for name, each in known.items()}
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEPTH_MAX)
    try:
        _Pickler(out, names).dump(root)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise Unsaveable(str(error)) from error
    finally:
        sys.setrecursionlimit(limit)
    return out.getvalue()


def loads(data: bytes, known: Mapping[str, Any]) -> Any:
    """Return the graph of some bytes; raises BadGraph."""
    try:
        return _Unpickler(io.BytesIO(data), known).load()
    except BadGraph:
        raise
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        ImportError,
        MemoryError,
    ) as error:
        raise BadGraph(f"{type(error).__name__}: {error}") from error


class _Pickler(pickle.Pickler):
    """Writes instances as (class, attributes), whatever their class thinks of pickle."""

    def __init__(self, out: io.BytesIO, names: Mapping[int, str]) -> None:
        super().__init__(out, protocol=5)
        self._names = names
        self._keys: dict[type, tuple[str]] = {}  # one tuple a class, which pickle then writes once

    def persistent_id(self, obj: Any) -> str | None:
        """Return the name of an object that the reader has already."""
        return self._names.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        """Return how an object is written."""
        kind = type(obj)
        if kind in _NATIVE or (callable(obj) and _VOCABULARY.get((obj.__module__, getattr(obj, "__name__", ""))) is obj):
            return NotImplemented
        reduce = _REDUCERS.get(kind)
        value = _written_value(obj) if reduce is None else reduce(obj)
        if value is not None:
            return value
        if kind not in self._keys:
            self._keys[kind] = (_reference(kind),)
        contents = list(dict.items(obj)) if isinstance(obj, dict) else list(obj) if isinstance(obj, list | set) else None
        return _new, self._keys[kind], (attributes(obj), contents), None, None, _fill


def _written_value(obj: Any) -> Any:
    """Return how a value without attributes is written, None for an instance with some."""
    kind = type(obj)
    if isinstance(obj, type):
        return _named_class, (_reference(obj),)
    if isinstance(obj, Enum):
        return _member, (_reference(kind), obj.name)
    base = next((each for each in (str, int, float, tuple) if issubclass(kind, each)), None)
    if base is not None:
        return _value, (_reference(kind), base(obj))
    private = _private_key_bytes(obj)
    return None if private is None else (_private_key, (private,))


class _Unpickler(pickle.Unpickler):
    """Finds the functions of this module and the types of plain values, nothing else."""

    def __init__(self, data: io.BytesIO, known: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._known = known

    def persistent_load(self, pid: Any) -> Any:
        """Return an object that the writer named."""
        if pid not in self._known:
            raise BadGraph(f"it needs {pid!r}, which this twin does not have")
        return self._known[pid]

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what a file may name."""
        found = _VOCABULARY.get((module_name, global_name))
        if found is None:
            raise BadGraph(f"it names {module_name}.{global_name}, which is not part of the format")
        return found


def attributes(obj: Any) -> dict[str, Any]:
    """Return the attributes of an instance, in slots or not."""
    found = {
        slot: getattr(obj, slot) for each in type(obj).__mro__ for slot in _slots(each) if slot not in _NO_ATTRIBUTES and hasattr(obj, slot)
    }
    return found | getattr(obj, "__dict__", {})


@functools.cache
def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _reference(kind: type) -> str:
    """Return the name of a class in a file; raises Unsaveable for one that a reader could not find."""
    name = f"{kind.__module__}:{kind.__qualname__}"
    try:
        found = _class_of(name)
    except BadGraph as error:
        raise Unsaveable(str(error)) from error
    if found is not kind:
        raise Unsaveable(f"{name} is not the class of that name")
    return name


@functools.cache
def _class_of(name: str) -> type:
    module, _, path = name.partition(":")
    ours = any(module == room or module.startswith(f"{room}.") for room in _ROOMS)
    if not ours and name not in _STRANGERS:
        raise BadGraph(f"it names the class {name}, which is not part of the format")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type):
        raise BadGraph(f"there is no class {name} in this release")
    return found


def _new(name: str) -> Any:
    """Make an instance without calling anything of its class."""
    kind = _class_of(name)
    base = next((each for each in (dict, list, set) if issubclass(kind, each)), object)
    return base.__new__(kind)


def _fill(obj: Any, state: tuple[dict[str, Any], list[Any] | None]) -> None:
    """Give a new instance its attributes and contents."""
    given, contents = state
    kind: Any = type(obj)
    has_fields = dataclasses.is_dataclass(kind)
    if has_fields:
        given = _evolved(kind, given)
    slots = _all_slots(kind)
    for name, value in given.items():
        if name.startswith("__"):
            raise BadGraph(f"{kind.__name__} can't have an attribute {name}")
        object.__setattr__(obj, name, value) if name in slots else obj.__dict__.__setitem__(name, value)
    if contents is None:
        return
    if isinstance(obj, dict):
        dict.update(obj, contents)
    elif isinstance(obj, list):
        list.extend(obj, contents)
    else:
        set.update(obj, contents)


@functools.cache
def _all_slots(kind: Hashable) -> frozenset[str]:
    return frozenset(slot for each in cast("Any", kind).__mro__ for slot in _slots(each)) - _NO_ATTRIBUTES


def _evolved(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    """Give members that a later release added their defaults; raises BadGraph where there are none."""
    names: Mapping[str, Callable[[], Any] | None] = _fields(cast("Any", kind))
    if given.keys() == names.keys():
        return given
    missing = [name for name in names if name not in given]
    if not given.keys() <= names.keys() | _all_slots(kind) or any(names[name] is None for name in missing):
        raise BadGraph(f"its {kind.__name__} has other members than in this release")
    return given | {name: make() for name in missing if (make := names[name]) is not None}


@functools.cache
def _fields(kind: Hashable) -> dict[str, Callable[[], Any] | None]:
    made: dict[str, Callable[[], Any] | None] = {}
    for each in dataclasses.fields(cast("Any", kind)):
        if each.default_factory is not dataclasses.MISSING:
            made[each.name] = each.default_factory
        else:
            made[each.name] = None if each.default is dataclasses.MISSING else functools.partial(lambda value: value, each.default)
    return made


def _member(name: str, member: str) -> Any:
    kind = _class_of(name)
    if not issubclass(kind, Enum):
        raise BadGraph(f"{name} has no members")
    return kind[member]


def _value(name: str, value: Any) -> Any:
    kind = _class_of(name)
    base = next((each for each in (str, int, float, tuple) if issubclass(kind, each)), None)
    if base is None or type(value) is not base:
        raise BadGraph(f"{name} is no {type(value).__name__}")
    return base.__new__(kind, value)


def _named_class(name: str) -> type:
    if not name.startswith(_CLASSES_AS_VALUES):
        raise BadGraph(f"it uses the class {name} as a value")
    return _class_of(name)


def _function(obj: Any) -> Any:
    name = f"{obj.__module__}:{obj.__qualname__}"
    try:
        _happening(name)
    except BadGraph as error:
        raise Unsaveable(str(error)) from error
    return _happening, (name,)


@functools.cache
def _happening(name: str) -> Any:
    """Return a function of the engine that changes the world when something is due; no other function has a name."""
    module, _, path = name.partition(":")
    if not module.startswith(("strongroom.twin.backup.", "strongroom.twin.watching.")):
        raise BadGraph(f"it names the function {name}, which is not part of the format")
    found = getattr(importlib.import_module(module), path, None)
    if not inspect.isfunction(found) or found.__module__ != module or len(inspect.signature(found).parameters) != _HAPPENING:
        raise BadGraph(f"there is no happening {name} in this release")
    return found


_HAPPENING = 3  # world, instant, subject


def _method(obj: types.MethodType) -> Any:
    return _filter, (obj.__self__, obj.__name__)


def _filter(owner: Any, name: str) -> Any:
    """Return a filter of a security group, which is what moto keeps methods for."""
    if not name.startswith("filter_") or not type(owner).__module__.startswith("moto.ec2."):
        raise BadGraph(f"it names the method {name}, which is not part of the format")
    return types.MethodType(getattr(type(owner), name), owner)


def _made_by(factory: Any) -> str | None:
    if factory is not None and _FACTORIES.get(getattr(factory, "__name__", "")) is not factory:
        raise Unsaveable(f"a dictionary whose entries {factory!r} makes")
    return None if factory is None else factory.__name__


def _defaults(factory: str | None) -> Any:
    return collections.defaultdict(None if factory is None else _FACTORIES[factory])


def _lock() -> Any:
    return threading.Lock()


def _rlock() -> Any:
    return threading.RLock()


def _condition() -> Any:
    return threading.Condition()


def _file_bytes(obj: Any) -> bytes:
    place = obj.tell()
    obj.seek(0)
    content: bytes = obj.read()
    obj.seek(place)
    return content


def _file(content: bytes, size: int) -> Any:
    file = tempfile.SpooledTemporaryFile(max_size=size)  # noqa: SIM115 - an S3 object keeps it open
    file.write(content)
    return file


def _buffer(content: bytes) -> Any:
    return io.BytesIO(content)


def _pattern(text: str, flags: int) -> Any:
    return re.compile(text, flags)


def _chances(state: Any) -> Any:
    made = random.Random()
    made.setstate(state)
    return made


def _frozen(members: dict[Any, Any]) -> Any:
    return types.MappingProxyType(members)


def _late_pair() -> Any:
    """Return a key pair that is made when somebody uses it: symmetric keys never do."""
    from moto.kms import models

    return models.generate_private_key("SYMMETRIC_DEFAULT")


def _private_key_bytes(obj: Any) -> bytes | None:
    if not type(obj).__module__.startswith("cryptography."):
        return None
    from cryptography.hazmat.primitives import serialization as form

    found: bytes = obj.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    return found


def _private_key(content: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(content, None)


def _late_pair_class() -> type:
    from strongroom.twin.thrift import _LateKeyPair

    return _LateKeyPair


_NATIVE = frozenset(
    {
        dt.datetime,
        dt.date,
        dt.timedelta,
        dt.timezone,
        decimal.Decimal,
        collections.OrderedDict,
        collections.deque,
        uuid.UUID,
        bytearray,
    }
)
_REDUCERS: dict[type, Callable[[Any], Any]] = {
    types.FunctionType: _function,
    types.MethodType: _method,
    _LOCK: lambda _obj: (_lock, ()),
    _RLOCK: lambda _obj: (_rlock, ()),
    threading.Condition: lambda _obj: (_condition, ()),
    collections.defaultdict: lambda obj: (_defaults, (_made_by(obj.default_factory),), None, None, iter(obj.items())),
    tempfile.SpooledTemporaryFile: lambda obj: (_file, (_file_bytes(obj), obj._max_size)),
    io.BytesIO: lambda obj: (_buffer, (obj.getvalue(),)),
    re.Pattern: lambda obj: (_pattern, (obj.pattern, obj.flags)),
    random.Random: lambda obj: (_chances, (obj.getstate(),)),
    types.MappingProxyType: lambda obj: (_frozen, (dict(obj),)),
    zoneinfo.ZoneInfo: lambda obj: (zoneinfo.ZoneInfo, (obj.key,)),
    _late_pair_class(): lambda _obj: (_late_pair, ()),
    **{
        kind: (lambda obj: (type(obj), (str(obj),)))
        for kind in (ipaddress.IPv4Address, ipaddress.IPv4Network, ipaddress.IPv6Address, ipaddress.IPv6Network)
    },
}
_OWN: tuple[Callable[..., Any], ...] = (
    _new,
    _fill,
    _member,
    _value,
    _named_class,
    _happening,
    _filter,
    _defaults,
    _lock,
    _rlock,
    _condition,
    _file,
    _buffer,
    _pattern,
    _chances,
    _frozen,
    _late_pair,
    _private_key,
)
_VALUES: tuple[type, ...] = (
    *_NATIVE,
    zoneinfo.ZoneInfo,
    ipaddress.IPv4Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Address,
    ipaddress.IPv6Network,
)
_VOCABULARY: Mapping[tuple[str, str], Any] = {
    **{(each.__module__, each.__name__): each for each in _OWN},
    **{(each.__module__, each.__name__): each for each in _VALUES},
}
