"""All kinds of resources that some plans can tell apart: combinations of tag values, and the way back to readable groups."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Final

from strongroom.domain.strategy import Selection
from strongroom.errors import BadInput
from strongroom.forecast.protection import ProtectionPlan
from strongroom.semantics.selection import Condition as TagCondition
from strongroom.semantics.selection import Operator, PlanSelection, holds

CELLS_MAX: Final = 4_096  # combinations of tag values that belong together; more are no plan that a person reads

Cell = tuple[str | None, ...]  # a value for each key of a group, None: any other value, or no such tag
Box = tuple[frozenset[object], ...]  # a set of values for each dimension


class Group:
    """Plans that hang together by their tag keys, with every combination of values that they can tell apart."""

    def __init__(self, plans: Iterable[str], values: Mapping[str, Sequence[str]]) -> None:
        self.plans = frozenset(plans)
        self.keys = tuple(sorted(values))
        self.values: tuple[tuple[str | None, ...], ...] = tuple((*sorted(values[key]), None) for key in self.keys)

    def cells(self) -> Iterator[Cell]:
        """Yield every combination; raises BadInput when there are too many."""
        number = prod(len(values) for values in self.values)
        if number > CELLS_MAX:
            keys = ", ".join(self.keys)
            raise BadInput(
                f"the plans tell {number} combinations of the tags {keys} apart, {CELLS_MAX} can be compared", hint="compare fewer plans"
            )
        return product(*self.values)

    def tags(self, cell: Cell) -> dict[str, str]:
        """Return the tags of a resource that stands for a cell."""
        return {key: value for key, value in zip(self.keys, cell, strict=True) if value is not None}

    def cell_of(self, tags: Mapping[str, str]) -> Cell:
        """Return the cell that a resource lies in; a value that only a pattern names counts for the first such pattern."""
        return tuple(_class(tags.get(key), values) for key, values in zip(self.keys, self.values, strict=True))


def _class(value: str | None, values: Sequence[str | None]) -> str | None:
    if value is None or value in values:
        return value
    patterns = (each for each in values if each is not None and ("*" in each or "?" in each))
    return next((each for each in patterns if holds(TagCondition(Operator.LIKE, "tag", each), {"tag": value})), None)


def groups(plans: Sequence[ProtectionPlan]) -> tuple[Group, ...]:
    """Return the plans in groups that share no tag key; plans of one name are together, and so are all without any key.

    What one group does to a resource doesn't depend on the tags of another, so that each can be looked at alone.
    """
    found: list[tuple[set[str], dict[str, dict[str, None]]]] = []
    named: dict[str, dict[str, dict[str, None]]] = {}
    for plan in plans:
        values = named.setdefault(plan.name, {})
        for key, value in _terms(plan):
            values.setdefault(key, {})[value] = None
    for name, values in named.items():
        names, merged = {name}, dict(values)
        rest = []
        for others, theirs in found:
            if merged.keys() & theirs.keys() or (not merged and not theirs):
                names |= others
                merged = {key: {**theirs.get(key, {}), **merged.get(key, {})} for key in merged.keys() | theirs.keys()}
            else:
                rest.append((others, theirs))
        found = [*rest, (names, merged)]
    return tuple(Group(names, {key: tuple(values) for key, values in merged.items()}) for names, merged in found)


def _terms(plan: ProtectionPlan) -> Iterator[tuple[str, str]]:
    """Yield every tag key and value that a plan's selections mention."""
    for each in plan.selections:
        if isinstance(each, Selection):
            for term in (*each.tags, *each.not_tags):
                yield from ((term.key, value) for value in term.values)
        elif isinstance(each, PlanSelection):
            yield from each.tags
            yield from ((one.tag, one.value) for one in each.conditions if one.tag is not None)


def boxes(points: Iterable[Sequence[object]]) -> tuple[Box, ...]:
    """Return points as disjoint boxes that hold the same points: neighbours along one dimension after the other are joined.

    Example:
        >>> len(boxes([("EBS", "prod"), ("RDS", "prod"), ("EBS", "dev"), ("RDS", "dev"), ("S3", "dev")]))
        2
    """
    found: dict[Box, None] = {tuple(frozenset([value]) for value in point): None for point in points}
    for dimension in range(len(next(iter(found), ()))):
        joined: dict[Box, frozenset[object]] = {}
        for box in found:
            others = (*box[:dimension], *box[dimension + 1 :])
            joined[others] = joined.get(others, frozenset()) | box[dimension]
        found = {(*others[:dimension], values, *others[dimension:]): None for others, values in joined.items()}
    return tuple(found)
