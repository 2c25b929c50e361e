"""What selections of a plan in AWS mean, in the words of a strategy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from strongroom.documents import apidocument
from strongroom.documents.nodes import Members
from strongroom.documents.notes import Notes
from strongroom.documents.reading import read
from strongroom.documents.selecting import merged, selected, unknown_selection
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn, FileOrigin
from strongroom.domain.strategy import Selection, TagTerm

_NOWHERE = FileOrigin("selection", 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What some selections take together."""

    selections: frozenset[Selection]  # any of which matches; their origins mean nothing
    remainders: tuple[str, ...]  # why they say it in part only; empty: exactly


def meant(documents: Iterable[str]) -> Meant:
    """Return what the selections of a plan take; each document is a BackupSelection in JSON.

    Example:
        >>> tag = '{"ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "tier", "ConditionValue": "gold"}]}'
        >>> [select.tags for select in meant([tag]).selections]
        [(TagTerm(key='tier', values=('gold',)),)]
    """
    found: list[Selection] = []
    remainders: dict[str, None] = {}
    for text in documents:
        notes = Notes("selection")
        root = read(text, notes)
        draft = apidocument.selection(root, notes) if isinstance(root, Members) else None
        if draft is None:
            found.append(unknown_selection(_NOWHERE))
            remainders["a selection can't be read"] = None
            continue
        for each in selected(draft):
            found.append(each.select)
            if each.remainder:
                remainders[each.remainder] = None
    return Meant(selections=frozenset(map(plain, merged(tuple(found)))), remainders=tuple(remainders))


def plain(select: Selection) -> Selection:
    """Return a selection without its origin and in one order, so that equal ones are equal; every type is no restriction.

    Example:
        >>> plain(Selection(types=tuple(ResourceType), origin=BuiltIn())) == plain(Selection(origin=BuiltIn()))
        True
    """
    types = () if set(select.types) == set(ResourceType) else tuple(sorted(select.types))
    return replace(
        select,
        tags=tuple(sorted((replace(term, values=tuple(sorted(term.values))) for term in select.tags), key=lambda term: term.key)),
        types=types,
        arns=tuple(sorted(select.arns)),
        not_tags=_terms(select.not_tags),
        not_types=tuple(sorted(select.not_types)),
        not_arns=tuple(sorted(select.not_arns)),
        origin=BuiltIn(),
    )


def _terms(terms: tuple[TagTerm, ...]) -> tuple[TagTerm, ...]:
    """Return tag terms with one value each put together, in order."""
    values: dict[str, set[str]] = {}
    for term in terms:
        values.setdefault(term.key, set()).update(term.values)
    return tuple(TagTerm(key=key, values=tuple(sorted(found))) for key, found in sorted(values.items()))
