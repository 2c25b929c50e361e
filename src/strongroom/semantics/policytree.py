"""Inheritance of management policies: root, OUs and account merged key by key, with operators and their locks.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html and
https://docs.aws.amazon.com/organizations/latest/userguide/inheritance-examples.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

ASSIGN: Final = "@@assign"
APPEND: Final = "@@append"
REMOVE: Final = "@@remove"
ALLOWED: Final = "@@operators_allowed_for_child_policies"
OPERATORS: Final = frozenset({ASSIGN, APPEND, REMOVE})

# Below these, a key is a name that somebody chose and AWS prints as written; elsewhere AWS prints keys in lower case.
_NAMES_KEPT: Final = frozenset(
    {
        "plans",
        "copy_actions",
        "recovery_point_tags",
        "backup_plan_tags",
        "scan_settings",
        "scan_actions",
        "string_equals",
        "string_not_equals",
        "string_like",
        "string_not_like",
    }
)
_NAMES_CHOSEN: Final = frozenset({"plans", "rules", "tags", "resources"})  # plans, rules and selections
_NAMES_EXACT: Final = frozenset({"copy_actions", "recovery_point_tags", "backup_plan_tags"})  # compared with their case

_Value = str | bool | int | float | tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the merged policy: a value, or children by their folded key."""

    name: str = ""  # as it is printed
    allowed: frozenset[str] = OPERATORS  # what policies further down may do here
    value: _Value = None
    children: Mapping[str, "_Node"] = field(default_factory=lambda: MappingProxyType({}))


class Recorder(Protocol):
    """Who wants to know what the policies of a level do; places are folded keys from the top, sources index the level."""

    def value(self, place: tuple[str, ...], before: "Leaf", operations: Sequence[Mapping[str, Any]], sources: Sequence[int]) -> None:
        """Some policies write operators at a value."""

    def control(self, place: tuple[str, ...], allowed: frozenset[str], source: int) -> None:
        """A policy restricts what policies further down may do at a place."""

    def refused(self, place: tuple[str, ...], at: tuple[str, ...], sources: Sequence[int]) -> None:
        """A new element isn't taken in, because a place above it is locked."""

    def named(self, place: tuple[str, ...], written: str, source: int) -> None:
        """A policy writes the name of a plan, rule or selection, which is merged without its case."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value before a level is applied to it, and what that level may do."""

    value: _Value
    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where a merge is, for the recorder: the place, and which policies of the level write there."""

    recorder: Recorder
    place: tuple[str, ...]
    sources: Sequence[int]

    def below(self, folded: str, written: Sequence[Mapping[str, Any]]) -> "_Seen":
        place, sources = (*self.place, folded), []
        parent = self.place[-1] if self.place else ""
        for source, document in zip(self.sources, written, strict=True):
            for key in document:
                if (key if parent in _NAMES_EXACT else key.lower()) == folded:
                    sources.append(source)
                    if parent in _NAMES_CHOSEN:
                        self.recorder.named(place, key, source)
        return _Seen(self.recorder, place, sources)

    def controls(self, written: Sequence[Any]) -> None:
        for source, document in zip(self.sources, written, strict=True):
            named = document.get(ALLOWED) if isinstance(document, Mapping) else None
            if named is not None:
                allowed = OPERATORS if "@@all" in _items(named) else OPERATORS & frozenset(_scalars(named))
                self.recorder.control(self.place, allowed, source)


@dataclass(frozen=True, slots=True)
class Merged:
    """What some levels from the root downwards merge to; `with_level` never changes it, so that accounts share their OUs' part."""

    root: _Node = field(default_factory=_Node)
    policies: int = 0

    def with_level(self, policies: Sequence[Mapping[str, Any]], recorder: "Recorder | None" = None) -> "Merged":
        """Return the merge with one more level: the policies attached to one entity, in order of attachment.

        A recorder is told what each policy of the level does at each place (`policies.explain`).
        """
        if not policies:
            return self
        seen = None if recorder is None else _Seen(recorder, (), range(len(policies)))
        return Merged(_merge(self.root, policies, "", seen), self.policies + len(policies))

    def document(self, account_id: str) -> dict[str, Any] | None:
        """Return the effective policy of an account, or None when no policy reaches it."""
        if not self.policies:
            return None
        rendered = _render(self.root, account_id)
        return rendered if isinstance(rendered, dict) else {}

    def places(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], _Value]]:
        """Yield every value with its folded place and the place as it is printed, in the order of the document."""
        return _places(self.root, (), ())


def effective(levels: Iterable[Sequence[Mapping[str, Any]]], account_id: str) -> dict[str, Any] | None:
    """Return the effective policy of an account from the policies of root, OUs and account, or None without any policy.

    Each level lists its policies in order of attachment; where two of them assign the same value, the first wins. Operators
    that a parent doesn't allow are ignored in silence, as AWS does. `$account` becomes the account id; `$region` stays, it is
    filled for each Region's plan. For many accounts, keep `Merged` of a path and add each account's own level.

    Example:
        >>> root = {"plans": {"P": {"regions": {"@@assign": ["eu-west-2"]}}}}
        >>> child = {"plans": {"P": {"regions": {"@@append": ["eu-west-1"]}}}}
        >>> effective([[root], [child]], "111122223333")
        {'plans': {'P': {'regions': ['eu-west-2', 'eu-west-1']}}}
    """
    merged = Merged()
    for level in levels:
        merged = merged.with_level(level)
    return merged.document(account_id)


def _merge(node: _Node, written: Sequence[Mapping[str, Any]], parent: str, seen: _Seen | None) -> _Node:
    """Merge what the policies of one level write at one place into what is inherited there."""
    children = dict(node.children)
    for folded, (name, documents) in _keys(written, parent).items():
        inherited = children.get(folded)
        below = None if seen is None else seen.below(folded, written)
        if inherited is None:
            if not node.allowed & {ASSIGN, APPEND}:  # a locked place takes no new keys
                if seen is not None and below is not None:
                    seen.recorder.refused(below.place, seen.place, below.sources)
                continue
            inherited = _Node(name)
        if _is_leaf(inherited, documents):
            children[folded] = _leaf(inherited, documents, below)
        else:
            children[folded] = _merge(inherited, *_objects(documents, below, folded))
    if seen is not None:
        seen.controls(written)
    return _Node(node.name, _restricted(node.allowed, written), node.value, children)


def _objects(documents: Sequence[Any], seen: _Seen | None, folded: str) -> tuple[list[Mapping[str, Any]], str, _Seen | None]:
    """Return the arguments of a merge one place down; values where objects stand have no effect."""
    objects = [document for document in documents if isinstance(document, Mapping)]
    if seen is None or len(objects) == len(documents):
        return objects, folded, seen
    sources = [source for source, document in zip(seen.sources, documents, strict=True) if isinstance(document, Mapping)]
    return objects, folded, _Seen(seen.recorder, seen.place, sources)


def _keys(written: Sequence[Mapping[str, Any]], parent: str) -> dict[str, tuple[str, list[Any]]]:
    found: dict[str, tuple[str, list[Any]]] = {}
    for document in written:
        for key, value in document.items():
            if key.startswith("@@"):
                continue
            folded = key if parent in _NAMES_EXACT else key.lower()
            found.setdefault(folded, (key if parent in _NAMES_KEPT else key.lower(), []))[1].append(value)
    return found


def _is_leaf(inherited: _Node, documents: Sequence[Any]) -> bool:
    if inherited.children:
        return False
    return inherited.value is not None or any(not isinstance(document, Mapping) or document.keys() & OPERATORS for document in documents)


def _leaf(node: _Node, documents: Sequence[Any], seen: _Seen | None) -> _Node:
    """Apply one level's operators to a value: the first assign, then every append, then every remove."""
    operations = [document if isinstance(document, Mapping) else {ASSIGN: document} for document in documents]
    if seen is not None:
        seen.recorder.value(seen.place, Leaf(node.value, node.allowed), operations, seen.sources)
        seen.controls(operations)
    value = node.value
    if ASSIGN in node.allowed:
        value = next((_plain(operation[ASSIGN]) for operation in operations if ASSIGN in operation), value)
    if APPEND in node.allowed and (value is None or isinstance(value, tuple)):
        added = [item for operation in operations for item in _scalars(operation.get(APPEND))]
        value = tuple(dict.fromkeys((*(value or ()), *added))) if added else value
    if REMOVE in node.allowed and isinstance(value, tuple):
        removed = {item for operation in operations for item in _scalars(operation.get(REMOVE))}
        value = tuple(item for item in value if item not in removed)
    return _Node(node.name, _restricted(node.allowed, operations), value)


def _plain(value: Any) -> _Value:
    return tuple(dict.fromkeys(_scalars(value))) if isinstance(value, list | tuple) else value


def _scalars(value: Any) -> list[Any]:
    """Return a list without objects and lists inside it, which no well-formed policy has (`malformed`)."""
    return [item for item in _items(value) if not isinstance(item, list | dict)]


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [] if value is None else [value]


def _restricted(allowed: frozenset[str], written: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Narrow what children may do; policies of one level intersect, and nothing widens again further down."""
    for document in written:
        named = document.get(ALLOWED)
        if named is not None and "@@all" not in _items(named):
            allowed = allowed & frozenset(_scalars(named))
    return allowed


def _places(node: _Node, folded: tuple[str, ...], printed: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], _Value]]:
    if node.value is not None:
        yield folded, printed, node.value
    for key, child in node.children.items():
        yield from _places(child, (*folded, key), (*printed, child.name))


def filled(value: Any, account_id: str) -> Any:
    """Return a value with the account's id in place of `$account`, also inside a list."""
    if isinstance(value, tuple):
        return tuple(_filled(item, account_id) for item in value)
    return _filled(value, account_id)


def _render(node: _Node, account_id: str) -> Any:
    """Return a place as plain JSON, or None where nothing is left of it."""
    if isinstance(node.value, tuple):
        return [_filled(item, account_id) for item in node.value] or None
    if node.value is not None:
        return _filled(node.value, account_id)
    rendered: dict[str, Any] = {}
    for child in node.children.values():
        value = _render(child, account_id)
        if value is not None:
            rendered.setdefault(_filled(child.name, account_id), value)
    return rendered or None


def _filled(value: Any, account_id: str) -> Any:
    return value.replace("$account", account_id) if isinstance(value, str) and "$account" in value else value
