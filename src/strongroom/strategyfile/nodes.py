"""What a YAML file says, with the place of every key and value."""

from collections.abc import Mapping
from dataclasses import dataclass

# Steps from the root to a value: keys of mappings and positions in lists.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something starts; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Plain:
    """A number or truth value that YAML made of unquoted text; `text` is what was written."""

    text: str
    value: bool | float  # integers too


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """A single value; None means that nothing was written."""

    value: str | Plain | None
    place: Place

    @property
    def text(self) -> str:
        """What was written, without quotes."""
        match self.value:
            case Plain(text=text):
                return text
            case None:
                return ""
            case text:
                return text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode:
    """A list of values."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key with its value."""

    key: str
    key_place: Place
    value: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingNode:
    """Keys with values, in the order of the file."""

    entries: Mapping[str, Entry]
    place: Place


Node = ScalarNode | ListNode | MappingNode


def child(node: Node | None, step: str | int) -> Node | None:
    """Return the value under a key or at a position; None where there is none."""
    if isinstance(node, MappingNode) and isinstance(step, str):
        entry = node.entries.get(step)
        return entry.value if entry else None
    if isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def find(root: Node | None, *path: str | int) -> Node | None:
    """Return the value at a path; None where there is none."""
    for step in path:
        root = child(root, step)
    return root


def nearest(root: Node, path: Path) -> Node:
    """Return the deepest value on the way to a path.

    Shorthands need this: `copy: central` is read as a list of one copy, so that its paths are longer than what is written; and a
    list of names is read as a mapping, whose keys are its items.
    """
    for step in path:
        found = child(root, step) or _item_named(root, step)
        if found is not None:
            root = found
    return root


def _item_named(node: Node, step: str | int) -> Node | None:
    return next((item for item in node.items if text(item) == step), None) if isinstance(node, ListNode) else None


def entries(node: Node | None) -> tuple[Entry, ...]:
    """Return the keys and values of a mapping; nothing for anything else."""
    return tuple(node.entries.values()) if isinstance(node, MappingNode) else ()


def items(node: Node | None) -> tuple[Node, ...]:
    """Return the items of a list; a lone value is a list of one."""
    if isinstance(node, ListNode):
        return node.items
    return () if node is None else (node,)


def text(node: Node | None) -> str | None:
    """Return a value that is text; None for anything else."""
    return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else None


def key_place(root: Node, path: Path) -> Place:
    """Return the place of the key that a path ends with; the place of the value for list items and the root."""
    holder = nearest(root, path[:-1])
    if path and isinstance(holder, MappingNode) and isinstance(path[-1], str):
        entry = holder.entries.get(path[-1])
        if entry:
            return entry.key_place
    return nearest(root, path).place


def plain(node: Node) -> object:
    """Return plain dictionaries, lists and scalars; numbers and truth values stay `Plain`, which keeps their text."""
    match node:
        case MappingNode(entries=members):
            return {key: plain(entry.value) for key, entry in members.items()}
        case ListNode(items=members_):
            return [plain(item) for item in members_]
        case ScalarNode(value=value):
            return value
