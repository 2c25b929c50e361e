"""An inventory from columns: the ledger's table of resources, or somebody's Parquet file.

The only module of this room that knows tables; nothing else here imports it.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.checks.inventory import Inventory, Resource, UnreadPart, UnsupportedResource
from strongroom.checks.inventory_rows import RowError, column, resource
from strongroom.domain.names import AccountId
from strongroom.errors import BadInput

_HINT = "columns: arn, type, account or account_id, region, tags (a map, or key=value;key=value) and what else is known"


def read_parquet(path: str) -> Inventory:
    """Return the resources of a Parquet file; raises BadInput with the row of the first mistake."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"can't read {path} as Parquet: {error}", hint=_HINT) from error
    return inventory(table, file=path)


def inventory(resources: pa.Table, reads: pa.Table | None = None, *, file: str = "ledger") -> Inventory:
    """Return an inventory of a table of resources; `reads` (domain.tables.READS) tells what could not be read.

    Raises BadInput with the row of the first mistake.
    """
    found = tuple(_rows(resources, file))
    return Inventory(
        resources=tuple(each for each in found if isinstance(each, Resource)),
        unsupported=tuple(each for each in found if isinstance(each, UnsupportedResource)),
        unread=tuple(_unread(reads)) if reads is not None else (),
    )


def _rows(table: pa.Table, file: str) -> Iterator[Resource | UnsupportedResource]:
    try:
        names = {written: name for written in table.column_names if (name := column(written)) is not None}
    except RowError as error:
        raise BadInput(f"{file}: {error}", hint=_HINT) from error
    if missing := {"arn", "type"} - set(names.values()):
        raise BadInput(f"{file}: column {min(missing)!r} is missing", hint=_HINT)
    for number, row in enumerate(table.select(list(names)).to_pylist(), 1):
        cells = {names[written]: value for written, value in row.items()}
        tags = _tags(cells.pop("tags", None)) if not isinstance(cells.get("tags"), str) else None
        try:
            yield resource({name: _text(value) for name, value in cells.items()}, tags or None)
        except RowError as error:
            raise BadInput(f"{file}, row {number}: {error}", hint=_HINT) from error


def _tags(value: Any) -> tuple[tuple[str, str], ...]:
    """Return the tags of a map column, which Arrow gives as pairs, or of a struct."""
    pairs = value.items() if isinstance(value, dict) else value or ()
    return tuple((str(key), str(text)) for key, text in pairs if text is not None)


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _unread(reads: pa.Table) -> Iterator[UnreadPart]:
    for row in reads.to_pylist():
        if not row["read"] and row["subject"].startswith("resources"):
            yield UnreadPart(account=AccountId(row["account_id"]), region=row["region"], subject=row["subject"], reason=row["reason"])
