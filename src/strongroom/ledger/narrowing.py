"""The part of a snapshot that a question about one resource needs: rows of other resources and accounts are left unread.

Parquet's statistics let whole groups of rows be passed over, so that the answer does not take longer in a larger organization.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strongroom.domain.tables import RESOURCES, Column, TableSchema

RESOURCE_COLUMNS = ("resource_arn", "source_resource_arn")  # of tables whose rows are about a resource, in whatever account they lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which rows are read; those that don't say which resource or account they are about are."""

    resource: str  # ARN
    accounts: tuple[str, ...]  # that the resource has to do with; empty: all

    def of(self, table: TableSchema) -> "Narrowing":
        """Return what of it a table depends on: rows about a resource are read whatever the accounts."""
        return replace(self, accounts=()) if self.of_resource(table) else self

    def of_resource(self, table: TableSchema) -> bool:
        """Return whether a table's rows are about a resource each: these are the large ones."""
        return resource_column(table) is not None

    def condition(self, table: TableSchema) -> str:
        """Return the condition on rows of a table as SQL; empty: all are read."""
        column = resource_column(table)
        if column is not None:
            mine = f"{column.name} = {literal(self.resource)}"
            return f"({mine} OR {column.name} IS NULL)" if column.nullable else mine
        if self.accounts and _has_account(table):
            return f"account_id IN ({', '.join(literal(each) for each in self.accounts)})"
        return ""

    def expression(self, table: TableSchema) -> Any:
        """Return the same condition for Arrow; None: all are read."""
        column = resource_column(table)
        if column is not None:
            mine = pc.field(column.name) == self.resource
            return mine | pc.field(column.name).is_null() if column.nullable else mine
        if self.accounts and _has_account(table):
            return pc.field("account_id").isin(list(self.accounts))
        return None


def narrowed(file: Path, table: TableSchema, only: Narrowing) -> pa.Table:
    """Return the rows of a table's file that are read; of the large tables DuckDB decodes little else."""
    if not only.of_resource(table) or not pq.read_metadata(file).num_rows:
        return pq.read_table(file, partitioning=None, filters=only.expression(table))
    with _decoder().cursor() as connection:
        text = f"SELECT * FROM read_parquet({literal(str(file))}) WHERE {only.condition(table)}"  # noqa: S608 - our own names
        return connection.sql(text).to_arrow_table()


@cache
def _decoder() -> duckdb.DuckDBPyConnection:
    """Return what decodes files, made once: a question about one resource asks many."""
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def resource_column(table: TableSchema) -> Column | None:
    """Return the column that says which resource a row is about; None: it is about none."""
    names = ("arn",) if table.name == RESOURCES.name else RESOURCE_COLUMNS
    return next((column for column in table.columns if column.name in names), None)


def _has_account(table: TableSchema) -> bool:
    return any(column.name == "account_id" for column in table.columns)
