"""Text -> nodes with places, through the events of ruamel.yaml.

Events rather than ruamel's own trees: the work stops at the first event over a limit, aliases share nodes instead of copying
them, and every key and value keeps its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from strongroom.strategyfile import source, syntax
from strongroom.strategyfile.nodes import Entry, ListNode, MappingNode, Node, Place, ScalarNode, entries
from strongroom.strategyfile.problem import Problem, named, shown
from strongroom.strategyfile.scalars import resolve

_MAX_VALUES = 20_000  # keys and values, each alias counted with all it repeats
_MAX_DEPTH = 32
_STANDARD_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a text says; `root` None: nothing, or it can't be read. `problems` say why, and name repeated keys."""

    root: Node | None
    problems: tuple[Problem, ...]


def read(text: str) -> Read:
    """Return the nodes of a YAML text. Bounded: at most 1 MiB, 20,000 values and 32 levels are looked at."""
    refused = source.refused(text)
    if refused:
        return Read(root=None, problems=(refused,))
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Stopped as stopped:
        return Read(root=None, problems=(*builder.problems, stopped.problem))
    except (YAMLError, ValueError, OverflowError) as error:
        return Read(root=None, problems=(*builder.problems, syntax.problem(error)))
    return Read(root=builder.root, problems=tuple(builder.problems))


class _Stopped(Exception):
    """Reading stops here, with the one problem that matters."""

    def __init__(self, code: str, place: Place, message: str, fix: str) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, place=place, subject="strategy", message=message, help=fix)


@dataclass(frozen=True, slots=True)
class _Built:
    """A finished node with what it stands for."""

    node: Node
    values: int  # keys and values in it, aliases counted with all they repeat
    height: int  # levels below it


@dataclass(slots=True)
class _Open:
    """A collection that has not ended yet."""

    start: Place
    anchor: str | None
    mapping: bool
    members: list[Node] = field(default_factory=list)  # of a mapping: key, value, key, value …
    plain_keys: set[int] = field(default_factory=set)  # positions of unquoted scalars
    values: int = 1
    height: int = 0


class _Builder:
    """Puts events together. Iterative: no depth of nesting can exhaust Python's stack."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Built | None] = {}  # None: not finished
        self._documents = 0
        self._events = 0

    def take(self, event: Event) -> None:
        self._events += 1
        if self._events > 2 * _MAX_VALUES:
            raise _too_large(_place(event))
        match event:
            case DocumentStartEvent():
                self._document(event)
            case AliasEvent():
                self._alias(event)
            case ScalarEvent():
                self._tag(event)
                self._add(_scalar(event), event.anchor, plain=event.implicit[0])
            case CollectionStartEvent():
                self._tag(event)
                self._start(event)
            case CollectionEndEvent():
                opened = self._open.pop()
                node = self._mapping(opened) if opened.mapping else ListNode(items=tuple(opened.members), place=opened.start)
                self._add(_Built(node, opened.values, opened.height + 1), opened.anchor)
            case _:
                pass

    def _document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Stopped("YML007", _place(event), "a second document starts here", "keep one strategy in one file: remove the line ---")

    def _tag(self, event: ScalarEvent | CollectionStartEvent) -> None:
        tag = event.tag
        if tag is not None and tag not in _STANDARD_TAGS and tag != "!":
            raise _Stopped("YML007", _place(event), f"tag {shown(tag)} is not used in strategies", "remove it, or put the text in quotes")

    def _start(self, event: CollectionStartEvent) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise _too_deep(_place(event))
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(_place(event), event.anchor, isinstance(event, MappingStartEvent)))

    def _alias(self, event: AliasEvent) -> None:
        name, place = event.anchor, _place(event)
        called = named(name)
        if name not in self._anchors:
            raise _Stopped("YML006", place, f"alias *{called} has no anchor &{called} before it", f"mark the part to repeat with &{called}")
        built = self._anchors[name]
        if built is None:
            raise _Stopped("YML006", place, f"alias *{called} stands inside its own anchor &{called}", "write the part out")
        if len(self._open) + built.height > _MAX_DEPTH:
            raise _too_deep(place)
        self._add(built, None)

    def _add(self, built: _Built, anchor: str | None, *, plain: bool = False) -> None:
        if anchor:
            self._anchors[anchor] = built
        if not self._open:
            self.root = built.node
            return
        holder = self._open[-1]
        if plain:
            holder.plain_keys.add(len(holder.members))
        holder.members.append(built.node)
        holder.values += built.values
        holder.height = max(holder.height, built.height)
        if holder.values > _MAX_VALUES:
            raise _too_large(built.node.place)

    def _mapping(self, opened: _Open) -> MappingNode:
        found: dict[str, Entry] = {}
        merged: list[Entry] = []
        for position in range(0, len(opened.members), 2):
            key, value = opened.members[position], opened.members[position + 1]
            if not isinstance(key, ScalarNode):
                raise _Stopped("YML007", key.place, "a list or mapping can't be a key", "write the key as plain text")
            entry = Entry(key=key.text, key_place=key.place, value=value)
            if entry.key == "<<" and position in opened.plain_keys:
                merged.extend(_merged(value))
            elif entry.key in found:
                self.problems.append(_repeated(entry, found[entry.key]))
            else:
                found[entry.key] = entry
        for entry in merged:
            found.setdefault(entry.key, entry)
        return MappingNode(entries=found, place=opened.start)


def _scalar(event: ScalarEvent) -> _Built:
    strange = source.CONTROL.search(event.value)  # an escape such as "\0" can smuggle in what the text itself may not contain
    if strange:
        message = f"a value contains the character U+{ord(strange[0]):04X}"
        raise _Stopped("YML002", _place(event), message, "remove the escape")
    quoted = event.style is not None or (event.tag in _TEXT_TAGS)
    value = event.value if quoted else resolve(event.value)
    return _Built(ScalarNode(value=value, place=_place(event)), 1, 0)


def _merged(value: Node) -> Iterator[Entry]:
    """Yield what a merge key (<<) brings in: one mapping, or several of which the first counts."""
    for mapping in value.items if isinstance(value, ListNode) else (value,):
        if not isinstance(mapping, MappingNode):
            raise _Stopped("YML007", mapping.place, "only a mapping can be merged with <<", "merge an alias of a mapping: <<: *name")
        yield from entries(mapping)


def _repeated(entry: Entry, first: Entry) -> Problem:
    return Problem(
        code="YML005",
        place=entry.key_place,
        subject=named(entry.key),
        message=f"key {shown(entry.key)} is written twice: first in line {first.key_place.line}",
        help="rename or remove one of them",
    )


def _too_large(place: Place) -> _Stopped:
    message = f"the file holds more than {_MAX_VALUES} values, aliases counted with all they repeat"
    return _Stopped("YML003", place, message, "check that this is the right file")


def _too_deep(place: Place) -> _Stopped:
    return _Stopped("YML004", place, f"the file is nested deeper than {_MAX_DEPTH} levels", "close the brackets that stay open")


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
