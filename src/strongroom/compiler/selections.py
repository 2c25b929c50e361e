"""A selection of the strategy as selections of an Organizations backup policy.

The policy grammar knows two forms (aws/05 §5.2): `tags`, one key with a list of values, or `resources`, a list of type
patterns. Both take conditions, and conditions are ANDed: one more key with several values therefore needs one
selection for each value. A resource has one value for each key, so no resource is selected twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import ceil, prod

from strongroom.compiler.template import Json
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.facts import capabilities, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a policy needs to know beside the selection itself."""

    partition: str
    role: str  # name of the role that AWS Backup assumes


def policy_selections(select: Selection, place: Place) -> Json:
    """Return the `selections` element of a policy plan."""
    if _by_tags_alone(select):
        return {"tags": {f"tags-{number}": each for number, each in enumerate(_by_tags(select, place), 1)}}
    return {"resources": {f"types-{number}": each for number, each in enumerate(_by_types(select, place), 1)}}


def fitting_selections(select: Selection) -> tuple[Selection, ...]:
    """Cut a selection into disjoint ones that each fit into one plan (10 selections by tags, 100 in all)."""
    by_tags = _by_tags_alone(select)
    bound = int(limit("tag_selections_per_plan" if by_tags else "selections_per_plan").value)
    lists = len(_lists(select.arns))
    count = _tag_selections(select) if by_tags else prod(len(term.values) for term in select.tags) * lists
    if count <= bound:
        return (select,)
    if lists > bound:
        return tuple(part for arns in _lists(select.arns) for part in fitting_selections(replace(select, arns=arns)))
    longest = max(range(len(select.tags)), key=lambda index: len(select.tags[index].values))
    return tuple(part for half in _halves(select, longest) for part in fitting_selections(half))


def _by_tags_alone(select: Selection) -> bool:
    return bool(select.tags) and not (select.types or select.not_types or select.arns or select.not_arns)


def _lists(arns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Cut ARNs into lists that a selection takes; one empty list where there are none."""
    step = int(limit("selection_wildcard_arns_max").value)
    return tuple(arns[start : start + step] for start in range(0, len(arns), step)) or ((),)


def _halves(select: Selection, index: int) -> Iterator[Selection]:
    term = select.tags[index]
    middle = ceil(len(term.values) / 2)
    for values in (term.values[:middle], term.values[middle:]):
        yield replace(select, tags=(*select.tags[:index], TagTerm(key=term.key, values=values), *select.tags[index + 1 :]))


def _tag_selections(select: Selection) -> int:
    first, others = _listed(select)
    return ceil(len(first.values) / _values_per_selection()) * prod(len(term.values) for term in others)


def _values_per_selection() -> int:
    return int(limit("selection_tags_max").value)


def _listed(select: Selection) -> tuple[TagTerm, tuple[TagTerm, ...]]:
    """Return the key whose values can be a list (the one with most of them), and the others."""
    longest = max(range(len(select.tags)), key=lambda index: len(select.tags[index].values))
    return select.tags[longest], (*select.tags[:longest], *select.tags[longest + 1 :])


def _by_tags(select: Selection, place: Place) -> Iterator[Json]:
    first, others = _listed(select)
    step = _values_per_selection()
    for values in (first.values[start : start + step] for start in range(0, len(first.values), step)):
        for conditions in _conditions(others, select.not_tags):
            yield {
                "iam_role_arn": {"@@assign": _role(place)},
                "tag_key": {"@@assign": first.key},
                "tag_value": {"@@assign": list(values)},
                **conditions,
            }


def _by_types(select: Selection, place: Place) -> Iterator[Json]:
    """Yield selections by `resource_types`, which takes ARNs too (a strategy never names both types and ARNs)."""
    excluded = [*type_patterns(select.not_types, place.partition), *select.not_arns]
    for arns, conditions in product(_lists(select.arns), _conditions(select.tags, select.not_tags)):
        selection: Json = {
            "iam_role_arn": {"@@assign": _role(place)},
            "resource_types": {"@@assign": list(arns) or type_patterns(select.types, place.partition) or ["*"]},
            **conditions,
        }
        if excluded:
            selection["not_resource_types"] = {"@@assign": excluded}
        yield selection


def type_patterns(types: tuple[ResourceType, ...], partition: str) -> list[str]:
    """Return the ARN patterns of resource types, each once: Aurora, DocumentDB and Neptune share one."""
    patterns = (pattern for each in types for pattern in capabilities(each).policy_pattern)
    return sorted({pattern.replace("arn:aws:", f"arn:{partition}:", 1) for pattern in patterns})


def _conditions(terms: tuple[TagTerm, ...], not_terms: tuple[TagTerm, ...]) -> Iterator[Json]:
    """Yield the conditions of each combination of values; the exclusions hold in all of them."""
    excluded = [(term.key, value) for term in not_terms for value in term.values]
    for values in product(*(term.values for term in terms)):
        required = [(term.key, value) for term, value in zip(terms, values, strict=True)]
        found = {
            operator: {f"{operator}-{number}": _condition(*pair) for number, pair in enumerate(pairs, 1)}
            for operator, pairs in (("string_equals", required), ("string_not_equals", excluded))
            if pairs
        }
        yield {"conditions": found} if found else {}


def _condition(key: str, value: str) -> Json:
    return {"condition_key": {"@@assign": f"aws:ResourceTag/{key}"}, "condition_value": {"@@assign": value}}


def _role(place: Place) -> str:
    return f"arn:{place.partition}:iam::$account:role/{place.role}"
