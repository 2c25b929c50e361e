"""Resources that no plan selects because a tag is written almost right: found over distinct tags, not over resources."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection
from strongroom.proof.declared import DeclaredPlan
from strongroom.semantics.nearmiss import difference
from strongroom.semantics.selection import NearMiss, declared, matches, near_misses


@dataclass(frozen=True, slots=True, kw_only=True)
class Typo:
    """A resource outside every plan, the plan it was probably meant for, and the tags that miss it."""

    account_id: str
    region: str
    arn: str
    resource_type: str
    plan: str
    misses: tuple[NearMiss, ...]


def typos(plans: Sequence[DeclaredPlan], others: pa.Table, promised: Sequence[Selection] = ()) -> tuple[Typo, ...]:
    """Return the near misses among resources that no plan selects.

    `others` has the columns of `resources`; `promised` are further selections of the strategy, whose values are no typos.
    """
    selections = [plan.plan.select for plan in plans]
    known = declared([*selections, *promised])
    rows = others.filter(_suspicious(others, selections))
    return tuple(_typos(plans, rows, known))


def _typos(plans: Sequence[DeclaredPlan], rows: pa.Table, known: frozenset[tuple[str, str]]) -> Iterator[Typo]:
    wanted = ("account_id", "region", "arn", "type", "tags")
    for row in rows.select(list(wanted)).to_pylist():
        tags = dict(row["tags"])
        for plan in plans:
            misses = near_misses(plan.plan.select, tags, known)
            if misses and row["region"] in plan.plan.regions and _would_match(plan.plan.select, row, tags, misses):
                yield Typo(
                    account_id=row["account_id"],
                    region=row["region"],
                    arn=row["arn"],
                    resource_type=row["type"],
                    plan=plan.plan.name,
                    misses=misses,
                )
                break


def _would_match(select: Selection, row: Mapping[str, str], tags: Mapping[str, str], misses: Sequence[NearMiss]) -> bool:
    corrected = {key: value for key, value in tags.items() if key not in {miss.key for miss in misses}}
    corrected |= {miss.expected_key: miss.expected_value for miss in misses}
    return matches(select, ResourceType(row["type"]), corrected, row["arn"])


def _suspicious(others: pa.Table, selections: Sequence[Selection]) -> pa.Array:
    """Return which resources have a tag near to a declared one; the distinct tags are compared, however many resources there are."""
    tags = others["tags"].combine_chunks()
    if isinstance(tags, pa.ChunkedArray):  # combine_chunks of nothing
        tags = pa.concat_arrays(tags.chunks) if tags.num_chunks else pa.array([], others.schema.field("tags").type)
    entries = pc.list_flatten(tags.cast(pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))))
    owners = pc.list_parent_indices(tags.cast(pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))))
    keys, values = pc.struct_field(entries, 0), pc.struct_field(entries, 1)
    near_keys = [key for key in pc.unique(keys).to_pylist() if any(difference(key, term.key) for each in selections for term in each.tags)]
    of_near_key = pc.is_in(keys, value_set=pa.array(near_keys, pa.string()))
    keys, values, owners = keys.filter(of_near_key), values.filter(of_near_key), owners.filter(of_near_key)
    words = [word for word in pc.unique(values).to_pylist() if _near_value(word, selections)]
    owners = owners.filter(pc.is_in(values, value_set=pa.array(words, pa.string())))
    numbers = pa.array(range(others.num_rows), owners.type)
    return pc.is_in(numbers, value_set=owners)


def _near_value(word: str, selections: Sequence[Selection]) -> bool:
    return any(difference(word, value) for select in selections for term in select.tags for value in term.values)
