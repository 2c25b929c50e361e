"""Snapshots that are there: what two of them differ in, what is asked of one, and removing those that are no longer wanted."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from strongroom.domain.tables import TABLES
from strongroom.errors import BadInput
from strongroom.ledger.engine import connect, rows
from strongroom.ledger.remote import remote
from strongroom.ledger.snapshot import Snapshot, folder, table_named
from strongroom.ledger.writing import UNFINISHED, only_writer

# When something was read differs from snapshot to snapshot, and says nothing about AWS.
ALWAYS_OTHER = {"reads": "read_at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How many rows of a table only one of two snapshots has; a row that has changed counts on both sides."""

    table: str
    gone: int
    new: int


def differences(before: Snapshot, after: Snapshot) -> tuple[Difference, ...]:
    """Return the tables whose rows differ between two snapshots; raises CouldNotVerify for a damaged table."""
    connection = _both(before, after)
    try:
        counts = ((table.name, _count(connection, table.name, "before"), _count(connection, table.name, "after")) for table in TABLES)
        return tuple(Difference(table=name, gone=gone, new=new) for name, gone, new in counts if gone or new)
    finally:
        connection.close()


def differing(before: Snapshot, after: Snapshot, table: str, *, rows_max: int) -> tuple[pa.Table, pa.Table]:
    """Return the rows of a table that are gone and those that are new, at most so many; raises BadInput for an unknown table."""
    name = table_named(table).name
    connection = _both(before, after)
    try:
        gone, new = (
            connection.sql(f"{_only(name, side)} ORDER BY ALL LIMIT {int(rows_max)}").to_arrow_table() for side in ("before", "after")
        )
    finally:
        connection.close()
    return gone, new


def ask(snapshot: Snapshot, sql: str) -> pa.Table:
    """Return the result of one SQL query over a snapshot, whose tables are views; raises BadInput with what DuckDB says is wrong.

    SQL reads the ledger's files and nothing else, and can't change them.
    """
    connection = connect(snapshot)
    try:
        found = connection.sql(sql)
        return pa.table({"done": [True]}) if found is None else found.to_arrow_table()
    except duckdb.Error as error:
        tables = ", ".join(table.name for table in TABLES)
        raise BadInput(f"the query can't be answered: {str(error).splitlines()[0]}", hint=f"tables: {tables}") from error
    finally:
        connection.close()


def remove(home: Path, unwanted: Sequence[Snapshot]) -> None:
    """Remove snapshots; each is gone as a whole or still there. Raises BadInput when the folder can't be written."""
    root, elsewhere = folder(home), remote()
    try:
        with only_writer(root):
            for snapshot in unwanted:
                if elsewhere:
                    elsewhere.remove(snapshot.id)
                gone = snapshot.path.rename(root / f"{UNFINISHED}{snapshot.id}")
                shutil.rmtree(gone)
    except OSError as error:
        raise BadInput(f"{root} can't be written: {error.strerror}", hint="remove snapshots as a user who may") from error


def _both(before: Snapshot, after: Snapshot) -> duckdb.DuckDBPyConnection:
    """Return a connection with the views of the newer snapshot, and those of the older one named after it."""
    older = connect(before)
    try:
        views = dict(_definitions(older))
    finally:
        older.close()
    connection = connect(after)
    for name, select in views.items():
        connection.execute(f"CREATE VIEW before_{name} AS {select}")
        connection.execute(f"CREATE VIEW after_{name} AS SELECT * FROM {name}")  # noqa: S608 - our own names
    return connection


def _definitions(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    for view in rows(connection, "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal"):
        yield view["view_name"], view["sql"].partition(" AS ")[2].rstrip("; \n")


def _only(table: str, side: str) -> str:
    other = "after" if side == "before" else "before"
    columns = f"* EXCLUDE ({ALWAYS_OTHER[table]})" if table in ALWAYS_OTHER else "*"
    return f"SELECT {columns} FROM {side}_{table} EXCEPT ALL SELECT {columns} FROM {other}_{table}"  # noqa: S608 - our own names


def _count(connection: duckdb.DuckDBPyConnection, table: str, side: str) -> int:
    (found,) = rows(connection, f"SELECT count(*) AS count FROM ({_only(table, side)})")  # noqa: S608 - our own names
    return int(found["count"])
