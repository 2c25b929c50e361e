"""An inventory from a table: the ledger's table of resources, or somebody's Parquet file."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.checks.inventory import UnreadPart
from strongroom.checks.inventory_columns import Columns, columns
from strongroom.checks.inventory_rows import RowError, column
from strongroom.domain.names import AccountId
from strongroom.errors import BadInput

_HINT = "columns: arn, type, account or account_id, region, tags (a map, or key=value;key=value) and what else is known"


def read_parquet(path: str) -> Columns:
    """Return the resources of a Parquet file; raises BadInput with the row of the first mistake."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"can't read {path} as Parquet: {error}", hint=_HINT) from error
    return inventory(table, file=path)


def inventory(resources: pa.Table, reads: pa.Table | None = None, *, file: str = "ledger") -> Columns:
    """Return an inventory of a table of resources; `reads` (domain.tables.READS) tells what could not be read.

    Raises BadInput with the row of the first mistake.
    """
    try:
        names = {written: name for written in resources.column_names if (name := column(written)) is not None}
    except RowError as error:
        raise BadInput(f"{file}: {error}", hint=_HINT) from error
    if missing := {"arn", "type"} - set(names.values()):
        raise BadInput(f"{file}: column {min(missing)!r} is missing", hint=_HINT)
    written = {name: resources.column(column_name) for column_name, name in names.items()}
    unread = tuple(_unread(reads)) if reads is not None else ()
    try:
        return columns(written, where=lambda row: f"{file}, row {row + 1}", hint=_HINT, unread=unread)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadInput(f"{file}: a column can't be read as text: {error}", hint=_HINT) from error


def _unread(reads: pa.Table) -> Iterator[UnreadPart]:
    """Yield the resources that were not read, and of those that were the details (`details:S3`) that were not."""
    unread = {(row["account_id"], row["region"], row["subject"]): row for row in reads.to_pylist() if not row["read"]}
    for (account, region, subject), row in unread.items():
        listed = subject.replace("details:", "resources:", 1)
        if subject.startswith("resources") or (subject != listed and (account, region, listed) not in unread):
            yield UnreadPart(account=AccountId(row["account_id"]), region=row["region"], subject=row["subject"], reason=row["reason"])
