"""Tables of PostgreSQL as a number of rows and a SHA-256 of them, in an order that no server can change.

Rows are sorted by their primary key where its types have an order of their own, else by their text, byte by byte: collations differ
between the libraries of two machines, and would order the same rows differently.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from strongroom.validators.postgres import Missing, Session, named

# Ordinary tables that a crash or a restore keeps: neither unlogged nor temporary, and partitions rather than what they are parts of.
_LISTED: Final = """
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""
_FOUND: Final = sql.SQL("SELECT to_regclass({})::oid")
_KEY: Final = sql.SQL("""
    SELECT a.attname, a.attcollation = 0 FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, position)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = {} AND i.indisprimary ORDER BY k.position
""")


@dataclass(frozen=True, slots=True)
class Digest:
    """The rows of a table."""

    rows: int
    sha256: str


def tables(session: Session) -> Iterator[tuple[str, Digest]]:
    """Yield each table with its schema, and its rows; raises CouldNotVerify for one that can't be read."""
    for schema, table in list(session.rows(_LISTED)):
        yield f"{schema}.{table}", _digest(session, sql.Identifier(schema, table), f"{schema}.{table}", only=True)


def table(session: Session, name: str) -> Digest:
    """Return the rows of a table; raises Missing, CouldNotVerify."""
    return _digest(session, named(name), name, only=False)


def query(session: Session, text: str) -> Digest:
    """Return the rows of a query, in its own order; raises CouldNotVerify."""
    wrapped = sql.SQL("SELECT t::text FROM (\n{}\n) AS t").format(sql.SQL(text.rstrip().rstrip(";")))
    return _of(row[0] for row in session.rows(wrapped, about="query"))


def full_name(session: Session, name: str) -> str:
    """Return a table's name with its schema; raises Missing."""
    statement = sql.SQL(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {}"
    )
    ((schema, table_name),) = session.rows(statement.format(sql.Literal(_oid(session, named(name), name))))
    return f"{schema}.{table_name}"


def _oid(session: Session, identifier: sql.Identifier, name: str) -> int:
    ((oid,),) = session.rows(_FOUND.format(sql.Literal(identifier.as_string(session.connection))), about=name)
    if oid is None:
        raise Missing(f"the table {name} is not there")
    return int(oid)


def _digest(session: Session, identifier: sql.Identifier, name: str, *, only: bool) -> Digest:
    key = list(session.rows(_KEY.format(sql.Literal(_oid(session, identifier, name)))))
    ordered = bool(key) and all(plain for _, plain in key)
    by = sql.SQL(", ").join(sql.Identifier("t", column) for column, _ in key) if ordered else sql.SQL('t::text COLLATE "C"')
    every = sql.SQL("SELECT t::text FROM {}{} AS t ORDER BY {}")
    statement = every.format(sql.SQL("ONLY " if only else ""), identifier, by)
    return _of(row[0] for row in session.rows(statement, about=name))


def _of(rows: Iterable[str]) -> Digest:
    found, count = hashlib.sha256(), 0
    for row in rows:
        text = (row or "").encode()
        found.update(b"%d:" % len(text))  # so that two rows never read like another two
        found.update(text)
        count += 1
    return Digest(count, found.hexdigest())
