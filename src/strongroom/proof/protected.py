"""The resources that the plans must protect, as columns: which plan selects which, and what is promised about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.estate import Estate
from strongroom.proof.declared import DeclaredPlan
from strongroom.proof.observed import Tables
from strongroom.proof.promises import extreme, promised
from strongroom.proof.restored import tested
from strongroom.proof.scope import Scope
from strongroom.semantics.selection_columns import mask

EARLIER_MAX = 6  # earlier snapshots that are looked at, spread over all; fewer only judge fewer slots
INSTANT = pa.timestamp("us", tz="UTC")
COLUMNS = ("account_id", "region", "arn", "type", "tags", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """Resources in the scope, and how plans select them."""

    # resource_no, place_no, account_id, region, arn, type, created_at, key_arn, instance_profile, key_manager, owed_days and those of
    # `promised`: selected
    resources: pa.Table
    memberships: pa.Table  # resource_no, plan_no, selected_at, unselected_at
    others: pa.Table  # columns of `resources` that no plan selects, inside the scope
    tested: pa.Table  # resource_no, test_no: what declared restore tests cover


def protected(estate: Estate, scope: Scope, plans: Sequence[DeclaredPlan], tables: Tables, earlier: Iterable[Tables]) -> Protected:
    """Return the resources of governed accounts and Regions with the plans that select them.

    `selected_at` is the first earlier snapshot since which a resource was always seen
    selected, `unselected_at` the last one in which it was seen unselected; both are null where earlier snapshots don't say.
    """
    inside = within(scope, tables.table("resources"))
    masks = [_selected(scope, plan, inside) for plan in plans]
    anyone = _any(inside, masks)
    mine = inside.filter(anyone)
    masks = [each.filter(anyone) for each in masks]
    mine = mine.append_column("resource_no", pa.chunked_array([pa.array(range(mine.num_rows), pa.int32())]))
    history = [_before(scope, plans, mine, each) for each in _spread(tuple(earlier))]
    members = [_membership(plan, mine, each, [seen[plan.number] for seen in history]) for plan, each in zip(plans, masks, strict=True)]
    return Protected(
        resources=_described(mine, estate, tables.table("native_protection")),
        memberships=pa.concat_tables(members) if members else _no_members(),
        others=inside.filter(pc.invert(anyone)),
        tested=tested(estate, mine),
    )


def covered(found: Protected) -> Protected:
    """Return the resources that declared restore tests cover, numbered anew."""
    kept = found.resources["resource_no"].combine_chunks()
    kept = kept.filter(pc.is_in(kept, value_set=found.tested["resource_no"].combine_chunks()))  # in their order, which is their number

    def renumbered(rows: pa.Table) -> pa.Table:
        numbers = pc.index_in(rows["resource_no"], value_set=kept)
        return rows.set_column(rows.schema.names.index("resource_no"), "resource_no", numbers).filter(pc.is_valid(numbers))

    return Protected(
        resources=renumbered(found.resources),
        memberships=renumbered(found.memberships),
        others=found.others.slice(0, 0),
        tested=renumbered(found.tested),
    )


def within(scope: Scope, resources: pa.Table) -> pa.Table:
    """Return the resources of governed accounts and Regions, with a column place_no."""
    places = pa.array([f"{account} {region}" for account, region in scope.places], pa.string())
    here = pc.binary_join_element_wise(resources["account_id"], resources["region"], " ")
    numbers = pc.index_in(here, value_set=places)
    return resources.append_column("place_no", numbers).filter(pc.is_valid(numbers))


def _selected(scope: Scope, plan: DeclaredPlan, resources: pa.Table) -> Any:
    regions = pa.array(list(plan.plan.regions), pa.string())
    found = pc.and_(mask(plan.plan.select, resources), pc.is_in(resources["region"], value_set=regions))
    if plan.plan.account is not None:  # it protects its own account alone
        found = pc.and_(found, pc.equal(resources["account_id"], plan.plan.account))
    elif scope.own:  # policies don't reach them
        own = pa.array([account.id for account in scope.own], pa.string())
        found = pc.and_(found, pc.invert(pc.is_in(resources["account_id"], value_set=own)))
    return _chunked(found)


def _described(resources: pa.Table, estate: Estate, native: pa.Table) -> pa.Table:
    """Reduce the resources to what SQL needs; an unencrypted one has no key manager, an unknown one UNKNOWN."""
    unencrypted = pc.fill_null(pc.invert(resources["encrypted"]), fill_value=False)
    manager = pc.if_else(unencrypted, pa.scalar("NONE"), pc.fill_null(resources["key_manager"], "UNKNOWN"))
    names = ("resource_no", "place_no", "account_id", "region", "arn", "type", "created_at", "key_arn", "instance_profile")
    kept = resources.select(list(names))
    owed = extreme(resources, [(each.select, each.at_least_days) for each in estate.retention if each.at_least_days], pc.max_element_wise)
    for name, column in ({"key_manager": manager, "owed_days": owed} | promised(estate, resources, native)).items():
        kept = kept.append_column(name, column)
    return kept


def _membership(plan: DeclaredPlan, resources: pa.Table, selected: Any, seen: list[tuple[Any, Any]]) -> pa.Table:
    last_unselected = _nulls(resources, INSTANT)
    since = _nulls(resources, INSTANT)
    for was_selected, observed_at in seen:  # oldest first: what comes later overrides
        instant = pa.scalar(observed_at, INSTANT)
        since = pc.if_else(pc.fill_null(was_selected, fill_value=False), pc.coalesce(since, instant), pa.scalar(None, INSTANT))
        last_unselected = pc.if_else(pc.fill_null(pc.invert(was_selected), fill_value=False), instant, last_unselected)
    table = pa.table(
        {
            "resource_no": resources["resource_no"],
            "plan_no": pc.cast(pc.if_else(pc.is_valid(resources["resource_no"]), plan.number, plan.number), pa.int32()),
            "selected_at": since,
            "unselected_at": last_unselected,
        }
    )
    return table.filter(selected)


def _before(scope: Scope, plans: Sequence[DeclaredPlan], resources: pa.Table, tables: Tables) -> list[tuple[Any, Any]]:
    """Return for each plan whether each resource was selected in an earlier snapshot; null: it was not there or not read."""
    then = within(scope, tables.table("resources").select(list(COLUMNS)))
    index = pc.index_in(resources["arn"], value_set=then["arn"].combine_chunks())
    return [(pc.take(_selected(scope, plan, then), index), tables.observed_at) for plan in plans]


def _spread(earlier: Sequence[Tables]) -> list[Tables]:
    ordered = sorted(earlier, key=lambda each: each.observed_at)
    if len(ordered) <= EARLIER_MAX:
        return ordered
    step = (len(ordered) - 1) / (EARLIER_MAX - 1)
    return [ordered[round(index * step)] for index in range(EARLIER_MAX)]


def _any(resources: pa.Table, masks: Iterable[Any]) -> Any:
    found = pa.chunked_array([pa.repeat(False, resources.num_rows)])
    for each in masks:
        found = pc.or_(found, each)
    return found


def _nulls(resources: pa.Table, kind: pa.DataType) -> Any:
    return pa.chunked_array([pa.nulls(resources.num_rows, kind)])


def _chunked(values: Any) -> Any:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def _no_members() -> pa.Table:
    columns = {
        "resource_no": pa.int32(),
        "plan_no": pa.int32(),
        "selected_at": INSTANT,
        "unselected_at": INSTANT,
    }
    return pa.table({name: pa.array([], kind) for name, kind in columns.items()})
