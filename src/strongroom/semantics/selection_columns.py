"""Selections over whole tables of resources: the same answers as `selection`, column by column.

Only this module of the room imports pyarrow.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics.selection import Condition, Operator, PlanSelection, arn_regex, is_exact, like_regex, names_type, opted_in


class Tags:
    """The tags of a table of resources, each key looked up once; share it when many selections ask about one table."""

    def __init__(self, resources: pa.Table) -> None:
        self._chunks = [_entries(chunk) for chunk in resources.column("tags").chunks]
        self._values: dict[str, Any] = {}

    def has(self, term: TagTerm) -> Any:
        """Return which resources carry a tag term."""
        return self.is_in(term.key, term.values)

    def is_in(self, key: str, values: Iterable[str]) -> Any:
        """Return which resources have one of the values under a key."""
        return pc.is_in(self.value(key), value_set=pa.array(list(values), pa.string()), skip_nulls=True)

    def holds(self, condition: Condition) -> Any:
        """Return for which resources a condition holds; an absent tag fulfils the negated ones."""
        if condition.tag is None:
            return pa.chunked_array([pa.repeat(condition.operator.negated, sum(length for length, *_ in self._chunks))])
        if condition.operator in {Operator.LIKE, Operator.NOT_LIKE}:
            pattern = f"(?s)^(?:{like_regex(condition.value)})$"
            matched = pc.fill_null(pc.match_substring_regex(self.value(condition.tag), pattern=pattern), fill_value=False)
        else:
            matched = self.is_in(condition.tag, [condition.value])
        return pc.invert(matched) if condition.operator.negated else matched

    def value(self, key: str) -> Any:
        """Return each resource's value under a key, null where it has none."""
        if key not in self._values:
            self._values[key] = pa.chunked_array([_value(key, *chunk) for chunk in self._chunks], pa.string())
        return self._values[key]


def _entries(chunk: pa.MapArray) -> tuple[int, Any, Any, Any]:
    """Return the number of rows, and for every single tag its row, key and value.

    Several times as fast as `pc.map_lookup`, which walks the map of each row.
    """
    pairs = chunk.cast(pa.list_(pa.struct([pa.field("key", pa.string(), nullable=False), pa.field("value", pa.string())])))
    keys, values = pairs.flatten().flatten()
    return len(chunk), pc.list_parent_indices(pairs), keys, values


def _value(key: str, length: int, rows: Any, keys: Any, values: Any) -> Any:
    if not length:
        return pa.array([], pa.string())
    hit = pc.equal(keys, key)
    return pc.scatter(pc.filter(values, hit), pc.filter(rows, hit), max_index=length - 1)


def mask(selection: Selection, resources: pa.Table, tags: Tags | None = None) -> Any:
    """Return which resources a strategy's selection takes in: booleans without nulls, as long as the table.

    Reads the columns `type` (text) and `tags` (map text -> text), and `arn` for a selection that names ARNs.
    """
    columns = tags or Tags(resources)
    found = _all(resources, (columns.has(term) for term in selection.tags))
    if selection.types:
        found = pc.and_(found, _is_type(resources, selection.types))
    if selection.not_types:
        found = pc.and_(found, pc.invert(_is_type(resources, selection.not_types)))
    for term in selection.not_tags:
        found = pc.and_(found, pc.invert(columns.has(term)))
    if selection.arns:
        found = pc.and_(found, _any(resources, (_matches(resources, pattern) for pattern in selection.arns)))
    for pattern in selection.not_arns:
        found = pc.and_(found, pc.invert(_matches(resources, pattern)))
    return found


def plan_mask(plan_selection: PlanSelection, resources: pa.Table, opt_in: Mapping[str, bool], tags: Tags | None = None) -> Any:
    """Return which resources a plan's selection backs up, with the opt-in of their Region: booleans, as long as the table.

    Reads the columns `arn`, `type` and `tags`. A table of several Regions or accounts needs a call for each opt-in.
    """
    columns = tags or Tags(resources)
    by_tag = _any(resources, (columns.is_in(key, [value]) for key, value in plan_selection.tags))
    by_tag = pc.and_(by_tag, _opted(resources, opt_in, named=False))
    by_pattern = _any(resources, (_candidates(resources, pattern, opt_in) for pattern in plan_selection.resources))
    found = pc.or_(by_tag, by_pattern)
    for condition in plan_selection.conditions:
        found = pc.and_(found, columns.holds(condition))
    for pattern in plan_selection.not_resources:
        found = pc.and_(found, pc.invert(_matches(resources, pattern)))
    return found


def _candidates(resources: pa.Table, pattern: str, opt_in: Mapping[str, bool]) -> Any:
    found = _matches(resources, pattern)
    return found if is_exact(pattern) else pc.and_(found, _opted(resources, opt_in, named=names_type(pattern)))


def _matches(resources: pa.Table, pattern: str) -> Any:
    arns = resources.column("arn")
    if is_exact(pattern):
        return pc.equal(arns, pattern)
    return pc.match_substring_regex(arns, pattern=f"(?s)^(?:{arn_regex(pattern)})$")


def _opted(resources: pa.Table, opt_in: Mapping[str, bool], *, named: bool) -> Any:
    return _is_type(resources, [type_ for type_ in ResourceType if opted_in(type_, opt_in, named=named)])


def _is_type(resources: pa.Table, types: Iterable[ResourceType]) -> Any:
    return pc.is_in(resources.column("type"), value_set=pa.array([str(type_) for type_ in types], pa.string()))


def _all(resources: pa.Table, masks: Iterable[Any]) -> Any:
    return reduce(pc.and_, masks, _constant(resources, value=True))


def _any(resources: pa.Table, masks: Iterable[Any]) -> Any:
    return reduce(pc.or_, masks, _constant(resources, value=False))


def _constant(resources: pa.Table, *, value: bool) -> Any:
    return pa.chunked_array([pa.repeat(value, resources.num_rows)])
