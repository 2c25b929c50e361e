"""Parts of a fleet put together as the tables of `domain.tables`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.aws.fleet import shelf
from strongroom.aws.fleet.everybody import Members, by_region, of_members
from strongroom.aws.fleet.orders import Kind
from strongroom.aws.fleet.shelf import Entry
from strongroom.aws.readers.keys import KnownKey
from strongroom.domain.tables import POLICY_TEXTS, READS, RESOURCES, TableSchema

_SUBJECT = ("account_id", "region", "subject")
ROWS_AT_ONCE = 100_000
NOBODY: Mapping[tuple[str, str], float | None] = {}


def chunks(
    table: TableSchema,
    folder: Path,
    entries: Sequence[Entry],
    *,
    older: Iterable[pa.Table] = (),
    keys: Sequence[KnownKey] = (),
    shared: Mapping[tuple[str, str], float | None] = NOBODY,
) -> Iterator[pa.Table]:
    """Yield the rows of a table from all orders, in their order; small tables are whole, so that they can be put in order.

    `older` are rows of an earlier snapshot that belong to it too, `keys` those that this snapshot knows, `shared` the accounts and Regions
    that lists of everybody's jobs answer for, with the epoch seconds since when.
    """
    members = by_region(shared)
    found = chain.from_iterable(_segments(table, folder, entry, members) for entry in entries)
    if table is READS:
        yield one_row_a_subject(_whole(READS, chain(found, older)))
    elif table is POLICY_TEXTS:  # whichever account brought them
        yield _distinct(_whole(POLICY_TEXTS, chain(found, older)).sort_by("digest"), ("digest",))
    elif table is RESOURCES:
        known = [*keys, *(KnownKey(*key) for entry in entries for key in entry.known)]
        yield from (with_managers(each, known) for each in _gathered(found))
        yield from older
    else:
        yield from found
        yield from older


def _segments(table: TableSchema, folder: Path, entry: Entry, members: Members) -> Iterator[pa.Table]:
    """Yield the rows of a table from one order; of jobs those that are not older than what was asked for."""
    of_everybody = entry.order.startswith(f"{Kind.EVERYBODY} ")
    since = {region: at for region, subject, at in entry.incremental if subject == table.name}
    for data in shelf.read(folder, (each for each in entry.segments if each.table == table.name)):
        kept = data
        for region, at in since.items():
            old = pc.and_(pc.equal(kept["region"], region), pc.less(kept["created_at"], pa.scalar(datetime.fromtimestamp(at, UTC))))
            kept = kept.filter(pc.invert(old))
        yield of_members(kept, members) if of_everybody else kept


def _gathered(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in fewer tables: what is done with each costs as much for one row as for many."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part)
        if sum(each.num_rows for each in waiting) >= ROWS_AT_ONCE:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _whole(table: TableSchema, parts: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([ledger.empty(table), *parts])


def one_row_a_subject(reads: pa.Table) -> pa.Table:
    """Return `reads` with one row for each account, Region and subject: read only when every part of it was."""
    return _distinct(reads.sort_by([*((name, "ascending") for name in _SUBJECT), ("read", "ascending")]), _SUBJECT)


def _distinct(ordered: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the first row of each key of a table that is in the order of its keys."""
    if ordered.num_rows < 2:
        return ordered
    same = None
    for name in names:
        column = ordered[name].combine_chunks()
        alike = pc.equal(column.slice(1), column.slice(0, len(column) - 1))
        same = alike if same is None else pc.and_(same, alike)
    first = pa.concat_arrays([pa.array([True]), pc.invert(same)])
    return ordered.filter(first)


def with_managers(resources_read: pa.Table, keys: Sequence[KnownKey]) -> pa.Table:
    """Return the resources with the key each really uses in place of an alias, and who manages it."""
    by_name = {key.wanted: key for key in keys}
    wanted = pa.array(by_name, pa.string())
    position = pc.index_in(resources_read["key_arn"], value_set=wanted)
    real = pc.take(pa.array([key.arn for key in by_name.values()], pa.string()), position)
    managers = pc.take(pa.array([key.manager for key in by_name.values()], pa.string()), position)
    names = resources_read.schema.names
    arns = pc.coalesce(real, resources_read["key_arn"])
    replaced = resources_read.set_column(names.index("key_arn"), ledger.schema(RESOURCES).field("key_arn"), arns)
    return replaced.set_column(names.index("key_manager"), ledger.schema(RESOURCES).field("key_manager"), managers)
