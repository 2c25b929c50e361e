"""Silent corruption: rows of a restored database are not what they were, and PostgreSQL finds nothing wrong with them."""

from typing import TYPE_CHECKING, Any

from strongroom.twin.backup.contents import NotKept

if TYPE_CHECKING:
    from strongroom.twin.data.databases.server import Server

_DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
_TABLES = """
SELECT quote_ident(nspname) || '.' || quote_ident(relname), pg_class.oid FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%' ORDER BY 1
"""
# The first column that belongs to no key and whose type has another value nearby.
_COLUMN = """
SELECT quote_ident(attname), typcategory FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND typcategory IN ('N', 'S', 'B', 'D')
AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisunique AND attnum = ANY (indkey)) ORDER BY attnum LIMIT 1
"""
_OTHER = {
    "N": "coalesce({column}, 0) + 1",
    "S": "left(md5({column} || 'rot'), greatest(length({column}), 1))",
    "B": "NOT coalesce({column}, true)",
    "D": "{column} + interval '1 day'",
}


def rot(server: "Server", count: int, seed: str) -> int:
    """Change up to `count` rows, chosen by chance from a seed, and return how many; raises NotKept."""
    import psycopg

    changed = 0
    for (database,) in server.ask(_DATABASES):
        try:
            with server.connect(str(database)) as connection:
                connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys notice
                for table, oid in connection.execute(_TABLES).fetchall():
                    if changed < count:
                        changed += _change(connection, table, oid, count - changed, seed)
        except psycopg.Error as error:
            raise NotKept(f"the rows of {database} can't be changed: {error}") from error
    return changed


def _change(connection: Any, table: str, oid: int, count: int, seed: str) -> int:
    column = connection.execute(_COLUMN, [oid]).fetchone()
    chosen = f"WHERE ctid IN (SELECT ctid FROM {table} ORDER BY md5(ctid::text || %s) LIMIT %s)"  # noqa: S608 - quoted by PostgreSQL
    if column is None:
        return int(connection.execute(f"DELETE FROM {table} {chosen}", [seed, count]).rowcount)  # noqa: S608
    name, category = column
    other = _OTHER[category].format(column=name)
    return int(connection.execute(f"UPDATE {table} SET {name} = {other} {chosen}", [seed, count]).rowcount)  # noqa: S608
