"""Table schemas of the domain as Arrow."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from strongroom.domain.tables import ColumnType, TableSchema
from strongroom.errors import BadInput

ARROW_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.INSTANT: pa.timestamp("us", tz="UTC"),
    ColumnType.TEXTS: pa.list_(pa.string()),
    ColumnType.TAGS: pa.map_(pa.string(), pa.string()),
}


@cache
def schema(table: TableSchema) -> pa.Schema:
    """Return the Arrow schema of a table: its columns in order, null only where the domain allows it."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.type], nullable=column.nullable) for column in table.columns])


def empty(table: TableSchema) -> pa.Table:
    """Return a table without rows."""
    return schema(table).empty_table()


def from_rows(table: TableSchema, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Return rows, each with its values in the order of the schema, as an Arrow table.

    Tags are mappings or pairs; a row may end where the columns begin that came later. Raises BadInput for a row of another width, a
    value of another type, a null in a column that has none.
    """
    width = len(table.columns)
    materialized = [_whole(table, row, width) for row in rows]
    columns = list(zip(*materialized, strict=True)) if materialized else [()] * width
    arrays = [_array(table, index, values) for index, values in enumerate(columns)]
    return checked(table, pa.Table.from_arrays(arrays, schema=schema(table)))


def _whole(table: TableSchema, row: Sequence[Any], width: int) -> Sequence[Any]:
    if len(row) == width:
        return row
    if len(row) < width and all(column.later for column in table.columns[len(row) :]):
        return (*row, *[None] * (width - len(row)))
    least = max((number for number, column in enumerate(table.columns, start=1) if not column.later), default=width)
    raise BadInput(f"table {table.name}: a row has {len(row)} values, {least if len(row) < least else width} expected")


def _array(table: TableSchema, index: int, values: Sequence[Any]) -> pa.Array:
    column = table.columns[index]
    if column.type is ColumnType.TAGS:
        values = [tuple(value.items()) if hasattr(value, "items") else value for value in values]
    try:
        return pa.array(values, ARROW_TYPES[column.type])
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise BadInput(f"table {table.name}, column {column.name}: {error}") from error


def checked(table: TableSchema, data: pa.Table) -> pa.Table:
    """Return `data` if it has the table's schema; raises BadInput naming the first difference."""
    difference = mismatch(table, data.schema)
    if difference:
        raise BadInput(f"table {table.name} can't be stored: {difference}")
    for column in table.columns:
        if not column.nullable and data[column.name].null_count:
            raise BadInput(f"table {table.name} can't be stored: column {column.name} is null in {data[column.name].null_count} rows")
    return data


def lacking(table: TableSchema, found: pa.Schema) -> tuple[str, ...]:
    """Return the columns that came into the table after a snapshot was written: there they are null, unknown."""
    return tuple(column.name for column in table.columns if column.later and column.name not in found.names)


def completed(table: TableSchema, data: pa.Table) -> pa.Table:
    """Return a table as it was stored with all columns of its schema, those that it lacks as nulls."""
    wanted = schema(table)
    for name in lacking(table, data.schema):
        data = data.append_column(wanted.field(name), pa.nulls(data.num_rows, wanted.field(name).type))
    return data.select(wanted.names).cast(wanted)


def mismatch(table: TableSchema, found: pa.Schema, *, older: bool = False) -> str:
    """Return how a schema differs from the table's in names, order or types; empty when it doesn't.

    `older`: it may lack what is `lacking`.
    """
    absent = lacking(table, found) if older else ()
    wanted = pa.schema([field for field in schema(table) if field.name not in absent])
    if found.names != wanted.names:
        missing = [name for name in wanted.names if name not in found.names]
        surplus = [name for name in found.names if name not in wanted.names]
        return f"columns {found.names}, expected {wanted.names} (missing {missing}, unknown {surplus})"
    for field in wanted:
        # Arrow compares what lists and maps hold, not what Parquet calls their items.
        if found.field(field.name).type != field.type:
            return f"column {field.name} is {found.field(field.name).type}, expected {field.type}"
    return ""
