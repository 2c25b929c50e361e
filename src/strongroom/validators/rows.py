"""Tables with the number of rows that they must have."""

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from strongroom.validators.postgres import Missing, connected, named
from strongroom.validators.target import Found, Target, failed, passed


def rows(target: Target, settings: Mapping[str, Any], /) -> Found:
    """Count the rows of each table, all of them in one snapshot of the database."""
    counts: dict[str, int | None] = {}
    problems: list[str] = []
    with connected(target) as session:
        measured = session.measured()
        for table, wanted in settings.items():
            try:
                ((count,),) = session.rows(sql.SQL("SELECT count(*) FROM {}").format(named(table)), about=table)
            except Missing:
                counts[table] = None
                return failed(_told([*problems, f"the table {table} is not there"]), rows=counts, **measured)
            counts[table] = count
            problems.extend(_problems(table, count, wanted))
    if problems:
        return failed(_told(problems), rows=counts, **measured)
    total = sum(count or 0 for count in counts.values())
    return passed(f"{len(counts)} table{'s' * (len(counts) != 1)} with {total} rows, as expected", rows=counts, **measured)


def _told(problems: list[str]) -> str:
    more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
    return f"{'; '.join(problems[:3])}{more}"


def _problems(table: str, count: int, wanted: Mapping[str, int]) -> list[str]:
    exactly, least, most = wanted.get("exactly"), wanted.get("at_least"), wanted.get("at_most")
    found = []
    if exactly is not None and count != exactly:
        found.append(f"{table} has {count} rows, {exactly} expected")
    if least is not None and count < least:
        found.append(f"{table} has {count} rows, at least {least} expected")
    if most is not None and count > most:
        found.append(f"{table} has {count} rows, at most {most} expected")
    return found
