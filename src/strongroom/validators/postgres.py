"""Connections to restored PostgreSQL databases, in which nothing can be written.

The session is read-only by default, each connection lives in one transaction that is READ ONLY, and every statement goes by the
extended protocol, which takes one statement at a time: a query can't end the transaction and begin one of its own.
Source: PostgreSQL documentation, "SET TRANSACTION", "Message Flow: Extended Query", read 2026-11-21.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors as pg
from psycopg import sql

from strongroom.domain.recovery import Endpoint
from strongroom.domain.strategy import Tls
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.validators.target import Target

# The same rows give the same text, whatever the server's settings say.
_SETTINGS: Final = (
    *("default_transaction_read_only=on", "DateStyle=ISO", "IntervalStyle=postgres", "TimeZone=UTC"),
    *("extra_float_digits=3", "bytea_output=hex", "standard_conforming_strings=on", "client_encoding=UTF8"),
)
_MODES: Final = {Tls.PREFER: "prefer", Tls.REQUIRE: "require", Tls.VERIFY: "verify-full"}
_DEFAULT_DATABASE: Final = "postgres"
_DEFAULT_PORT: Final = 5432
_CONNECT_SECONDS_MAX: Final = 30


class Missing(CouldNotVerify):
    """A table that is asked for is not there."""


class Writes(CouldNotVerify):
    """A query tried to write."""


def speaks(endpoint: Endpoint) -> bool:
    """Whether a database is a PostgreSQL: `postgres`, `aurora-postgresql`."""
    return not endpoint.engine or "postgres" in endpoint.engine


@dataclass(frozen=True, slots=True)
class Session:
    """A connection with its one transaction."""

    connection: "psycopg.Connection[tuple[Any, ...]]"

    def measured(self) -> dict[str, Any]:
        """Return what is worth telling of the connection."""
        info = self.connection.info
        return {
            "user": info.user,
            "database": info.dbname,
            "server_version": info.parameter_status("server_version") or "",
            "tls": bool(self.connection.pgconn.ssl_in_use),
        }

    def rows(self, query: "str | sql.Composed", *, about: str = "") -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one query as they come; `about` says in errors which one it is.

        Raises Missing, Writes, CouldNotVerify.
        """
        try:
            with self.connection.cursor() as cursor:
                yield from cursor.stream(sql.SQL(query) if isinstance(query, str) else query)
        except psycopg.Error as error:
            raise _told(error, about) from error

    def columns(self, query: str, *, about: str = "") -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
        """Yield the names of the columns with each row of one query; raises as `rows`."""
        try:
            with self.connection.cursor() as cursor:
                for row in cursor.stream(sql.SQL(query)):
                    yield tuple(each.name for each in cursor.description or ()), row
        except psycopg.Error as error:
            raise _told(error, about) from error


@contextmanager
def connected(target: Target, database: str = "") -> Iterator[Session]:
    """Connect to what was restored, as the login of the target says.

    Raises BadInput for a login that can't be resolved or another engine, CouldNotVerify when the server doesn't let us in.
    """
    endpoint, login = target.restored.endpoint, target.login
    if endpoint is None:
        raise BadInput(f"{target.restored.resource_arn} has no endpoint")
    if not speaks(endpoint):
        raise BadInput(f"{endpoint.engine} is not PostgreSQL, which is what this validator speaks", hint="use command for other engines")
    door = target.opened()
    user, password = door.user(), door.password()
    tls = login.tls if login else Tls.PREFER
    trusted = str(target.path(login.ca)) if login and login.ca else "system" if tls is Tls.VERIFY else ""
    options = {
        "host": endpoint.address,
        "port": endpoint.port or _DEFAULT_PORT,
        "user": user,
        "password": password,
        "dbname": database or (login.database if login else "") or endpoint.database or _DEFAULT_DATABASE,
        "sslmode": _MODES[tls],
        "gssencmode": "disable",
        "connect_timeout": max(2, min(_CONNECT_SECONDS_MAX, int(target.deadline_seconds))),
        "application_name": "strongroom",
        "options": " ".join(f"-c {each}" for each in (*_SETTINGS, f"statement_timeout={int(target.deadline_seconds * 900)}")),
        **({"sslrootcert": trusted} if trusted else {}),
    }
    try:
        connection = psycopg.connect(**options)  # type: ignore[arg-type]  # options of libpq, by their names
    except psycopg.Error as error:
        raise CouldNotVerify(_refused(str(error), endpoint)) from error
    try:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield Session(connection)
    finally:
        connection.close()


def _refused(text: str, endpoint: Endpoint) -> str:
    """Return why a server let nobody in, in one line: PostgreSQL's own words where it has said something."""
    fatal = re.findall(r"FATAL:\s*(.+)", text)
    if fatal:
        return str(fatal[-1]).strip()
    reason = text.strip().splitlines()[0].rpartition("failed: ")[2].strip()
    return f"{endpoint.address}:{endpoint.port} can't be reached from here: {reason}"


def _told(error: psycopg.Error, about: str) -> CouldNotVerify:
    diagnosis = error.diag
    words = diagnosis.message_primary or " ".join(str(error).split())
    where = f"{about}: " if about else ""
    if isinstance(error, pg.UndefinedTable):
        return Missing(f"{where}{words}")
    if isinstance(error, pg.ReadOnlySqlTransaction):
        return Writes(f"{where}tried to write, which PostgreSQL refused: {words}")
    if isinstance(error, pg.QueryCanceled):
        return CouldNotVerify(f"{where}took longer than its deadline")
    position = f" at character {diagnosis.statement_position}" if diagnosis.statement_position else ""
    code = f" ({diagnosis.sqlstate})" if diagnosis.sqlstate else ""
    return CouldNotVerify(f"{where}{words}{position}{code}")


def named(table: str) -> sql.Identifier:
    """Return a table's name, with its schema before a dot, as SQL."""
    return sql.Identifier(*table.split("."))
