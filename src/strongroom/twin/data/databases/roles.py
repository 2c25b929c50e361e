"""Who may do what in a database: the master user of RDS is no superuser.

Source: Amazon RDS user guide, master user account privileges (read 2026-11).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strongroom.twin.data.databases.server import Server

_SUPERUSER = "rds_superuser"
_OF_POSTGRESQL = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "pg_maintain", "pg_use_reserved_connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """The user and the database that an instance was created with."""

    user: str
    password: str = field(repr=False)
    database: str  # empty: only `postgres`


def ensure(server: "Server", master: Master) -> None:
    """Make the master user and the database where they are not; raises NotKept."""
    from psycopg import sql

    if not server.ask("SELECT 1 FROM pg_roles WHERE rolname = %s", [_SUPERUSER]):
        server.ask(f"CREATE ROLE {_SUPERUSER} CREATEDB CREATEROLE NOLOGIN")
        server.ask(f"GRANT {', '.join(_OF_POSTGRESQL)} TO {_SUPERUSER} WITH ADMIN OPTION")
    user = sql.Identifier(master.user)
    if not server.ask("SELECT 1 FROM pg_roles WHERE rolname = %s", [master.user]):
        options = "CREATE ROLE {} LOGIN CREATEDB CREATEROLE VALID UNTIL 'infinity' PASSWORD {} IN ROLE {}"
        server.ask(sql.SQL(options).format(user, sql.Literal(master.password), sql.Identifier(_SUPERUSER)))
        server.ask(sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(user))
    elif master.password:
        _set_password(server, master)
    if master.database and not server.ask("SELECT 1 FROM pg_database WHERE datname = %s", [master.database]):
        server.ask(sql.SQL("CREATE DATABASE {} OWNER {} STRATEGY wal_log").format(sql.Identifier(master.database), user))


def change(server: "Server", before: Master | None, after: Master) -> None:
    """Give the master user a new password; raises NotKept."""
    if after.password and (before is None or before.password != after.password):
        _set_password(server, after)


def _set_password(server: "Server", master: Master) -> None:
    from psycopg import sql

    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(master.user), sql.Literal(master.password))
    server.ask(statement)
