"""DuckDB over a snapshot: one view for each table, and no way to files outside the ledger."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from strongroom.domain.tables import RESOURCES, TABLES, ColumnType, TableSchema
from strongroom.ledger.columns import lacking
from strongroom.ledger.narrowing import Narrowing, literal
from strongroom.ledger.snapshot import Snapshot, checked_file, schema_of

SQL_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.INSTANT: "TIMESTAMPTZ",
    ColumnType.TEXTS: "VARCHAR[]",
    ColumnType.TAGS: "MAP(VARCHAR, VARCHAR)",
}
MEMORY_GIB_MAX = 3  # `verify` of 50 M recovery points has to stay under 4 GiB in all


def connect(snapshot: Snapshot, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB with one view for each table of a snapshot; close it after use.

    All cores are used unless `threads` says otherwise, at most 3 GiB or half of the machine's memory; beyond that it spills to the
    system's temporary folder. SQL can read the ledger's files and nothing else. Instants come out as TIMESTAMP WITH TIME ZONE:
    fetch them with `rows` or `sql(...).to_arrow_table()`, because `fetchall` would need pytz. Raises CouldNotVerify for a damaged table.
    """
    views = {table.name: _select(table, checked_file(snapshot, table), snapshot.only) for table in TABLES}
    spill = Path(tempfile.gettempdir()) / f"strongroom-duckdb-{os.getpid()}"
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads or len(os.sched_getaffinity(0)),
            "memory_limit": f"{_memory_bytes() // 1_000_000}MB",
            "temp_directory": str(spill),
            "preserve_insertion_order": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute(f"SET allowed_directories = [{literal(f'{snapshot.path.parent.resolve()}/')}, {literal(f'{spill}/')}]")
    connection.execute("SET enable_external_access = false")
    for table in TABLES:
        if snapshot.only and table is RESOURCES:  # whoever narrowed the snapshot has looked for it already
            connection.register("given_resources", snapshot.table(table.name))
            connection.execute("CREATE TEMP TABLE resources AS SELECT * FROM given_resources")
            connection.unregister("given_resources")
            continue
        # What is asked about one resource is little: it is searched for once.
        kind = "TEMP TABLE" if snapshot.only and snapshot.only.of_resource(table) else "VIEW"
        connection.execute(f"CREATE {kind} {table.name} AS {views[table.name]}")
    return connection


def rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries; instants are aware UTC, tags are lists of pairs. For small results."""
    found: list[dict[str, Any]] = connection.sql(query, params=dict(parameters) if parameters else None).to_arrow_table().to_pylist()
    return found


def _select(table: TableSchema, file: Path | None, only: Narrowing | None) -> str:
    """Return the query of a table's view: columns that are newer than the file are null, without a file there are no rows."""
    types = {column.name: SQL_TYPES[column.type] for column in table.columns}
    if file is None:
        return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in types.items())} WHERE false"
    absent = lacking(table, schema_of(file))
    columns = ", ".join(f"CAST(NULL AS {types[name]}) AS {name}" if name in absent else name for name in types)
    condition = only.condition(table) if only else ""
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT {columns} FROM read_parquet({literal(str(file.resolve()))}){where}"  # noqa: S608 - our names


def _memory_bytes() -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(MEMORY_GIB_MAX * 2**30, machine // 2)
