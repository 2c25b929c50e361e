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
from strongroom.domain.names import Region, ResourceType, partition_of
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


def account_selections(select: Selection, region: Region) -> Iterator[Json]:
    """Yield the parts of a BackupSelection that say what is selected; `region` is one of the partition."""
    partition = partition_of(region)
    excluded = [*type_patterns(select.not_types, partition), *select.not_arns]
    for arns, (required, forbidden) in product(_lists(select.arns), _terms(select.tags, select.not_tags)):
        selection: Json = {"Resources": list(arns) or type_patterns(select.types, partition) or ["*"]}
        if excluded:
            selection["NotResources"] = excluded
        conditions = {"StringEquals": required, "StringNotEquals": forbidden}
        listed = {
            operator: [{"ConditionKey": f"aws:ResourceTag/{key}", "ConditionValue": value} for key, value in pairs]
            for operator, pairs in conditions.items()
            if pairs
        }
        yield {**selection, "Conditions": listed} if listed else selection


def fitting_selections(select: Selection, *, in_account: bool = False) -> tuple[Selection, ...]:
    """Cut a selection into disjoint ones that each fit into one plan (10 selections by tags in a policy, 100 in all)."""
    by_tags = _by_tags_alone(select) and not in_account
    bound = int(limit("tag_selections_per_plan" if by_tags else "selections_per_plan").value)
    lists = len(_lists(select.arns))
    count = _tag_selections(select) if by_tags else prod(len(term.values) for term in select.tags) * lists
    if count <= bound:
        return (select,)
    if lists > bound:
        lists_alone = (replace(select, arns=arns) for arns in _lists(select.arns))
        return tuple(part for each in lists_alone for part in fitting_selections(each, in_account=in_account))
    longest = max(range(len(select.tags)), key=lambda index: len(select.tags[index].values))
    return tuple(part for half in _halves(select, longest) for part in fitting_selections(half, in_account=in_account))


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
    for required, excluded in _terms(terms, not_terms):
        found = {
            operator: {f"{operator}-{number}": _condition(*pair) for number, pair in enumerate(pairs, 1)}
            for operator, pairs in (("string_equals", required), ("string_not_equals", excluded))
            if pairs
        }
        yield {"conditions": found} if found else {}


def _terms(terms: tuple[TagTerm, ...], not_terms: tuple[TagTerm, ...]) -> Iterator[tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    """Yield each combination of values as keys and values that are required and forbidden."""
    excluded = [(term.key, value) for term in not_terms for value in term.values]
    for values in product(*(term.values for term in terms)):
        yield [(term.key, value) for term, value in zip(terms, values, strict=True)], excluded


def _condition(key: str, value: str) -> Json:
    return {"condition_key": {"@@assign": f"aws:ResourceTag/{key}"}, "condition_value": {"@@assign": value}}


def _role(place: Place) -> str:
    return f"arn:{place.partition}:iam::$account:role/{place.role}"
