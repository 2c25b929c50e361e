"""Write a snapshot: tables first, manifest last, then one rename makes it visible."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.domain.tables import TABLES, TableSchema
from strongroom.errors import BadInput
from strongroom.ledger.columns import checked, empty
from strongroom.ledger.snapshot import MANIFEST, Manifest, Snapshot, StoredTable, digest, encode, file_of, folder, table_named

ROWS_PER_GROUP = 262_144
UNFINISHED = ".writing-"
LOCK = ".lock"


def write(home: Path, tables: Mapping[str, pa.Table], *, observed_at: datetime, source: Mapping[str, str]) -> Snapshot:
    """Store tables as a new snapshot and return it; tables that are not given are stored without rows.

    `observed_at` is AWS's time. Raises BadInput for an unknown table, another schema, or a folder that can't be written; then
    nothing new is visible. What a killed writer left behind is removed.
    """
    if observed_at.tzinfo is None:
        raise BadInput(f"observed_at {observed_at.isoformat()} has no time zone")
    data = {table_named(name).name: checked(table_named(name), table) for name, table in tables.items()}
    root = folder(home)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with only_writer(root):
            _remove_unfinished(root)
            return _write(root, data, observed_at.astimezone(UTC), tuple(sorted(source.items())))
    except OSError as error:
        raise BadInput(f"the ledger can't be written: {error}", hint="set STRONGROOM_HOME to a folder you may write to") from error


def _write(root: Path, data: Mapping[str, pa.Table], observed_at: datetime, source: tuple[tuple[str, str], ...]) -> Snapshot:
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=root))
    try:
        stored = tuple(_store(unfinished, table, data.get(table.name)) for table in TABLES)
        snapshot_id = _free_id(root, observed_at)
        text = encode(Manifest(id=snapshot_id, observed_at=observed_at, source=source, tables=stored))
        (unfinished / MANIFEST).write_text(text, encoding="utf-8")
        unfinished.chmod(0o755)
        _flush(unfinished / MANIFEST)
        _flush(unfinished)
        final = unfinished.rename(root / snapshot_id)
        _flush(root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # gone already when the rename has happened
    return Snapshot(id=snapshot_id, observed_at=observed_at, path=final)


def _store(path: Path, table: TableSchema, data: pa.Table | None) -> StoredTable:
    rows = empty(table) if data is None else data
    file = file_of(path, table.name)
    pq.write_table(rows, file, compression="zstd", row_group_size=ROWS_PER_GROUP)
    _flush(file)
    return StoredTable(name=table.name, rows=rows.num_rows, size_bytes=file.stat().st_size, sha256=digest(file))


def _free_id(root: Path, observed_at: datetime) -> str:
    # AWS's Date header counts whole seconds, so two quick syncs may have the same instant.
    instant = observed_at.strftime("%Y-%m-%dT%H-%M-%SZ")
    number = 1
    while (root / f"{instant}-{number:04}").exists():
        number += 1
    return f"{instant}-{number:04}"


def _remove_unfinished(root: Path) -> None:
    for left in root.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left)


@contextmanager
def only_writer(root: Path) -> Iterator[None]:
    """Wait until no other process changes the ledger, then be the one that does."""
    # The lock keeps a second sync from taking this one's unfinished folder for a dead one. The kernel drops it with the process.
    with (root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
