"""A plan's selections as the selections that checks understand: tags, types, ARNs and what is left out.

Where AWS's grammar says more (wildcards in conditions) the types stay, and a term that no resource has stands for the rest: it
takes no resource of an inventory, so that nobody is told about resources that AWS wouldn't take.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from strongroom.documents.drafts import DraftSelection
from strongroom.documents.notes import shown
from strongroom.documents.selections import types_of
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin, Unread
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics.selection import TAG_PREFIX

NOT_KNOWN: Final = TagTerm(key="aws:arn", values=())  # no value: matches nothing; AWS reserves the prefix, so nobody's tag
_EVERY_TYPE: Final = tuple(ResourceType)
_STARS_MAX: Final = 8  # in a pattern that is compared with resources; nobody means more, and each makes it slower


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What a selection means, as far as tags and types can say it."""

    select: Selection
    remainder: str  # why it is judged in part only; empty when it is exact


def unknown_selection(origin: FileOrigin) -> Selection:
    """Return a selection that takes nothing that can be known."""
    return Selection(tags=(NOT_KNOWN,), not_types=_EVERY_TYPE, origin=origin)


def selected(draft: DraftSelection) -> tuple[Selected, ...]:
    """Return what a selection takes: by its resources, and for each key by its tags (they are a union)."""
    reason = draft.unread
    if reason is not None:
        return (Selected(select=unknown_selection(draft.origin), remainder=reason.reason),)
    return tuple(_restricted(draft, each) for each in (*_by_resources(draft), *_by_tags(draft)))


def merged(selections: tuple[Selection, ...]) -> tuple[Selection, ...]:
    """Put selections by values of one tag key together, so that a plan is one plan; equal ones count once."""
    values: dict[tuple[str, tuple[TagTerm, ...], tuple[ResourceType, ...]], list[Selection]] = {}
    others: dict[Selection, None] = {}
    for each in selections:
        if len(each.tags) == 1 and each.tags[0].values and not (each.types or each.arns or each.not_arns):
            values.setdefault((each.tags[0].key, each.not_tags, each.not_types), []).append(each)
        else:
            others[each] = None
    joined = []
    for (key, not_tags, not_types), group in values.items():
        found = dict.fromkeys(value for each in group for value in each.tags[0].values)
        tags = (TagTerm(key=key, values=tuple(found)),)
        joined.append(Selection(tags=tags, not_tags=not_tags, not_types=not_types, origin=group[0].origin))
    return (*joined, *others)


def _by_resources(draft: DraftSelection) -> Iterator[Selected]:
    whole: dict[ResourceType, None] = {}
    part: dict[ResourceType, None] = {}
    resources = () if isinstance(draft.resources, Unread) else draft.resources
    if "*" in resources:
        yield Selected(select=Selection(origin=draft.origin), remainder="")
        return
    for pattern in resources:
        types, some = types_of(pattern)
        whole |= dict.fromkeys(types)
        part |= dict.fromkeys(some)
    if whole:
        yield Selected(select=Selection(types=tuple(whole), origin=draft.origin), remainder="")
    left = tuple(kind for kind in part if kind not in whole)
    single = [pattern for pattern in resources if not types_of(pattern)[0]]
    if odd := [pattern for pattern in single if pattern.count("*") > _STARS_MAX]:
        yield Selected(select=unknown_selection(draft.origin), remainder=f"it names {shown(odd[0])}")
    if named := tuple(dict.fromkeys(pattern for pattern in single if pattern not in odd)):
        yield Selected(select=Selection(types=left, arns=named, origin=draft.origin), remainder="")


def _by_tags(draft: DraftSelection) -> Iterator[Selected]:
    keys: dict[str, list[str]] = {}
    for key, value in () if isinstance(draft.tags, Unread) else draft.tags:
        keys.setdefault(key, []).append(value)
    for key, values in keys.items():
        term = TagTerm(key=key, values=tuple(dict.fromkeys(values)))
        yield Selected(select=Selection(tags=(term,), origin=draft.origin), remainder="")


def _restricted(draft: DraftSelection, taken: Selected) -> Selected:
    """Apply conditions and exclusions."""
    required: list[TagTerm] = []
    excluded: list[TagTerm] = []
    remainder = taken.remainder
    for operator, key, value in () if isinstance(draft.conditions, Unread) else draft.conditions:
        tag = key.removeprefix(TAG_PREFIX)
        wild = "Like" in operator and ("*" in value or "?" in value)
        if tag == key or wild:
            remainder = remainder or f"it has the condition {operator} {tag}: {value}"
            required.append(NOT_KNOWN)
        elif "Not" in operator:
            excluded.append(TagTerm(key=tag, values=(value,)))
        else:
            required.append(TagTerm(key=tag, values=(value,)))
    not_types: dict[ResourceType, None] = dict.fromkeys(taken.select.not_types)
    not_arns: dict[str, None] = {}
    for pattern in () if isinstance(draft.not_resources, Unread) else draft.not_resources:
        whole, part = types_of(pattern)
        not_types |= dict.fromkeys(whole)
        if pattern.count("*") > _STARS_MAX:
            remainder = remainder or f"it leaves out {shown(pattern)}"
            required.append(NOT_KNOWN)
        elif part or not whole:
            not_arns[pattern] = None
    select = Selection(
        tags=tuple(dict.fromkeys((*taken.select.tags, *required))),
        types=tuple(kind for kind in taken.select.types if kind not in not_types),
        arns=taken.select.arns,
        not_tags=tuple(excluded),
        not_arns=tuple(not_arns),
        not_types=tuple(kind for kind in not_types if not taken.select.types),
        origin=draft.origin,
    )
    if taken.select.types and not select.types:
        select = unknown_selection(draft.origin)  # everything named is left out again
    return Selected(select=select, remainder=remainder)
