"""Which plans could protect what a promise is about, as far as two selections alone can tell.

A promise is cut into cells: one value for each of its tag keys, one type. A plan reaches a cell when it selects it, or
may select it; only a plan that certainly selects none of it is out. A finding built on this says that a promise cannot
be met by anything declared: what depends on the resources' other tags is for an inventory, or for `verify`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from strongroom.checks.arntypes import types_of
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection, TagTerm

_CELLS_MAX = 1_000  # combinations of values; more are no promise that a person wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of tag values, and a type where the promise names types."""

    tags: tuple[tuple[str, str], ...]
    type: ResourceType | None

    def __str__(self) -> str:
        words = [f"{key}: {value}" for key, value in self.tags] + ([self.type.keyword] if self.type else [])
        return ", ".join(words) or "everything"


def cells(select: Selection) -> Iterator[Cell]:
    """Yield the cells of a selection, without those that it excludes itself; none where AWS Backup knows nothing of it (TYP003)."""
    if select.arns and not any(types_of(arn) for arn in select.arns):
        return
    keys = [term.key for term in select.tags]
    types: tuple[ResourceType | None, ...] = select.types or (None,)
    values_of = product(*(term.values for term in select.tags))
    for values, kind in islice(product(values_of, types), _CELLS_MAX):
        cell = Cell(tags=tuple(zip(keys, values, strict=True)), type=kind)
        if not _excluded(select, cell):
            yield cell


def plans_reaching(estate: Estate, cell: Cell) -> tuple[BackupPlan, ...]:
    """Return the plans that select a cell or may select it."""
    return tuple(plan for plan in estate.plans if may_select(plan.select, cell))


def may_select(select: Selection, cell: Cell) -> bool:
    """Tell whether a selection could take resources of a cell; False is certain."""
    tags = dict(cell.tags)
    if any(term.key in tags and tags[term.key] not in term.values for term in select.tags):
        return False
    if select.types and cell.type is not None and cell.type not in select.types:
        return False
    if select.arns and cell.type is not None and not any(cell.type in types_of(arn) for arn in select.arns):
        return False
    return not _excluded(select, cell)


def surely_selects(select: Selection, cell: Cell) -> bool:
    """Tell whether a selection takes every resource of a cell, whatever its other tags are."""
    tags = dict(cell.tags)
    if select.arns or select.not_arns:
        return False  # a cell says nothing about ARNs
    if any(tags.get(term.key) not in term.values for term in select.tags) or (select.types and cell.type not in select.types):
        return False
    excluded = any(term.key not in tags or tags[term.key] in term.values for term in select.not_tags)
    return not excluded and not (select.not_types and (cell.type is None or cell.type in select.not_types))


def disjoint(one: Selection, other: Selection) -> bool:
    """Tell whether no resource can match both selections, whatever other tags it has."""
    return not any(may_select(other, cell) for cell in cells(one)) or not any(may_select(one, cell) for cell in cells(other))


def shared_values(one: Selection, other: Selection) -> tuple[tuple[str, str], ...]:
    """Return the tag values that both selections ask for."""
    return tuple((term.key, value) for term in one.tags for value in term.values if _asks(other.tags, term.key, value))


def _excluded(select: Selection, cell: Cell) -> bool:
    return cell.type in select.not_types or any(_asks(select.not_tags, key, value) for key, value in cell.tags)


def _asks(terms: tuple[TagTerm, ...], key: str, value: str) -> bool:
    return any(term.key == key and value in term.values for term in terms)
