"""What a document says, with the place of every key and value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something starts; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value."""

    value: str | int | float | bool | None
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value."""

    key: str
    place: Place  # of the key
    value: "Node"


@dataclass(frozen=True, slots=True)
class Members:
    """An object: keys with values, in the order of the file."""

    entries: Mapping[str, Entry]
    place: Place


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that the document doesn't say, and why."""

    reason: str
    place: Place


Node = Scalar | Items | Members | Opaque


def child(node: Node | None, key: str) -> Node | None:
    """Return the value under a key; None where there is none."""
    entry = node.entries.get(key) if isinstance(node, Members) else None
    return entry.value if entry else None


def find(node: Node | None, *keys: str) -> Node | None:
    """Return the value under some keys; None where there is none."""
    for key in keys:
        node = child(node, key)
    return node


def entries(node: Node | None) -> Iterator[Entry]:
    """Yield the keys and values of an object; nothing for anything else."""
    yield from node.entries.values() if isinstance(node, Members) else ()


def items(node: Node | None) -> tuple[Node, ...]:
    """Return the items of a list; nothing for anything else."""
    return node.items if isinstance(node, Items) else ()


def text(node: Node | None) -> str | None:
    """Return a value that is text; None for anything else."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def plain(node: Node) -> object:
    """Return plain dictionaries, lists and scalars; what can't be known becomes None."""
    match node:
        case Members(entries=members):
            return {key: plain(entry.value) for key, entry in members.items()}
        case Items(items=found):
            return [plain(item) for item in found]
        case Scalar(value=value):
            return value
        case Opaque():
            return None


def described(node: Node) -> str:
    """Return what a node is, as words after "is"."""
    match node:
        case Members():
            return "an object"
        case Items():
            return "a list"
        case Opaque(reason=reason):
            return f"unknown ({reason})"
        case Scalar(value=value):
            return _worded(value)


def _worded(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        clean = "".join(letter if letter.isprintable() else " " for letter in value[:61])
        return f"'{clean if len(value) <= 60 else clean[:59] + '…'}'"
    return f"the number {value}"
