"""What is promised about resources, as columns: how much may be lost after what, and what besides AWS Backup may keep it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import LockMode, Loss, Objective, Selection
from strongroom.facts import capabilities, limit
from strongroom.semantics.selection_columns import mask

DATABASES = (ResourceType.RDS, ResourceType.AURORA)
LAGS = pa.schema([("type", pa.string()), ("lag_minutes", pa.int64())])


def promised(estate: Estate, resources: pa.Table, native: pa.Table) -> dict[str, Any]:
    """Return columns for resources: the RPO that nothing has to survive, that of each loss, the RTOs, and what `native` declares.

    `native` is the table native_protection. `native_on` is what was read of the point-in-time recovery that `native_minutes` belongs to;
    null: nobody has read it.
    """
    columns = {"rpo_minutes": _least(resources, (each for each in estate.objectives if not each.survives))}
    columns["rto_minutes"] = extreme(
        resources, [(each.select, each.rto_minutes) for each in estate.objectives if each.rto_minutes], pc.min_element_wise
    )
    far = [(each.select, each.rto_minutes) for each in estate.objectives if each.rto_minutes and Loss.ACCOUNT in each.survives]
    columns["account_rto_minutes"] = extreme(resources, far, pc.min_element_wise)
    for loss in Loss:
        columns[f"{loss}_minutes"] = _least(resources, (each for each in estate.objectives if loss in each.survives))
    days = resources["automated_backup_days"]
    copied = [each.select for each in estate.native.databases if any(snapshots.to for snapshots in each.snapshots)]
    databases = pc.is_in(resources["type"], value_set=pa.array([str(each) for each in DATABASES]))
    return columns | {
        "native_minutes": _native_minutes(estate, resources),
        "native_on": pc.if_else(databases, pc.greater(days, 0), _tables_on(resources, native)),
        "native_leaves": _any(resources, copied, DATABASES),
    }


def lags() -> pa.Table:
    """Return how far behind now continuous recovery points of each type may be."""
    types = [each for each in ResourceType if capabilities(each).point_in_time]
    rows = [{"type": str(each), "lag_minutes": _lag_minutes("s3" if each is ResourceType.S3 else "rds")} for each in types]
    return pa.Table.from_pylist(rows, schema=LAGS)


def hardened(estate: Estate) -> frozenset[str]:
    """Return the labels of vaults that are declared with a compliance lock."""
    return frozenset(vault.label for vault in estate.vaults if vault.lock is not None and vault.lock.mode is LockMode.COMPLIANCE)


def extreme(resources: pa.Table, promises: Iterable[tuple[Selection, int | None]], choose: Callable[[Any, Any], Any]) -> Any:
    """Return for each resource the least or largest value of the promises that select it; null: none does."""
    found = pa.chunked_array([pa.nulls(resources.num_rows, pa.int64())])
    for select, value in promises:
        mine = pc.if_else(_chunked(mask(select, resources)), pa.scalar(value, pa.int64()), pa.scalar(None, pa.int64()))
        found = choose(found, mine)
    return found


def _least(resources: pa.Table, objectives: Iterable[Objective]) -> Any:
    return extreme(resources, [(each.select, each.rpo_minutes) for each in objectives if each.rpo_minutes], pc.min_element_wise)


def _native_minutes(estate: Estate, resources: pa.Table) -> Any:
    tables = _any(resources, [each.select for each in estate.native.tables if each.point_in_time_days], (ResourceType.DYNAMODB,))
    databases = _any(resources, [each.select for each in estate.native.databases if each.retention_days], DATABASES)
    none = pa.scalar(None, pa.int64())
    return pc.if_else(tables, _scalar("dynamodb"), pc.if_else(databases, _scalar("rds"), none))


def _tables_on(resources: pa.Table, native: pa.Table) -> Any:
    """Return whether point-in-time recovery of DynamoDB tables is on; null for what isn't one or wasn't read."""
    known = native.filter(pc.equal(native["kind"], "dynamodb-pitr")).combine_chunks()
    position = pc.index_in(resources["arn"], value_set=known["resource_arn"].combine_chunks())
    return _chunked(pc.take(known["enabled"].combine_chunks(), position))


def _any(resources: pa.Table, selects: Sequence[Selection], types: Sequence[ResourceType]) -> Any:
    """Return which resources of some types any of the selections takes."""
    found = pa.chunked_array([pa.repeat(False, resources.num_rows)])
    for select in selects:
        found = pc.or_(found, _chunked(mask(select, resources)))
    return pc.and_(found, pc.is_in(resources["type"], value_set=pa.array([str(each) for each in types])))


def _scalar(kind: str) -> Any:
    return pa.scalar(_lag_minutes(kind), pa.int64())


def _lag_minutes(kind: str) -> int:
    return int(limit(f"restorable_lag_minutes_{kind}").value)


def _chunked(values: Any) -> Any:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
