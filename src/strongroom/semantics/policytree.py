"""Inheritance of management policies: root, OUs and account merged key by key, with operators and their locks.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html and
https://docs.aws.amazon.com/organizations/latest/userguide/inheritance-examples.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

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
_NAMES_EXACT: Final = frozenset({"copy_actions", "recovery_point_tags", "backup_plan_tags"})  # compared with their case

_Value = str | bool | int | float | tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the merged policy: a value, or children by their folded key."""

    name: str = ""  # as it is printed
    allowed: frozenset[str] = OPERATORS  # what policies further down may do here
    value: _Value = None
    children: Mapping[str, "_Node"] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Merged:
    """What some levels from the root downwards merge to; `with_level` never changes it, so that accounts share their OUs' part."""

    root: _Node = field(default_factory=_Node)
    policies: int = 0

    def with_level(self, policies: Sequence[Mapping[str, Any]]) -> "Merged":
        """Return the merge with one more level: the policies attached to one entity, in order of attachment."""
        if not policies:
            return self
        return Merged(_merge(self.root, policies, ""), self.policies + len(policies))

    def document(self, account_id: str) -> dict[str, Any] | None:
        """Return the effective policy of an account, or None when no policy reaches it."""
        if not self.policies:
            return None
        rendered = _render(self.root, account_id)
        return rendered if isinstance(rendered, dict) else {}


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


def _merge(node: _Node, written: Sequence[Mapping[str, Any]], parent: str) -> _Node:
    """Merge what the policies of one level write at one place into what is inherited there."""
    children = dict(node.children)
    for folded, (name, documents) in _keys(written, parent).items():
        inherited = children.get(folded)
        if inherited is None:
            if not node.allowed & {ASSIGN, APPEND}:
                continue  # a locked place takes no new keys
            inherited = _Node(name)
        if _is_leaf(inherited, documents):
            children[folded] = _leaf(inherited, documents)
        else:
            children[folded] = _merge(inherited, [document for document in documents if isinstance(document, Mapping)], folded)
    return _Node(node.name, _restricted(node.allowed, written), node.value, children)


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


def _leaf(node: _Node, documents: Sequence[Any]) -> _Node:
    """Apply one level's operators to a value: the first assign, then every append, then every remove."""
    operations = [document if isinstance(document, Mapping) else {ASSIGN: document} for document in documents]
    value = node.value
    if ASSIGN in node.allowed:
        value = next((_plain(operation[ASSIGN]) for operation in operations if ASSIGN in operation), value)
    if APPEND in node.allowed and (value is None or isinstance(value, tuple)):
        added = [item for operation in operations for item in _items(operation.get(APPEND))]
        value = tuple(dict.fromkeys((*(value or ()), *added))) if added else value
    if REMOVE in node.allowed and isinstance(value, tuple):
        removed = {item for operation in operations for item in _items(operation.get(REMOVE))}
        value = tuple(item for item in value if item not in removed)
    return _Node(node.name, _restricted(node.allowed, operations), value)


def _plain(value: Any) -> _Value:
    return tuple(dict.fromkeys(value)) if isinstance(value, list | tuple) else value


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [] if value is None else [value]


def _restricted(allowed: frozenset[str], written: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Narrow what children may do; policies of one level intersect, and nothing widens again further down."""
    for document in written:
        named = document.get(ALLOWED)
        if named is not None and "@@all" not in _items(named):
            allowed = allowed & frozenset(_items(named))
    return allowed


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
