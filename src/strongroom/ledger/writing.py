"""Write a snapshot: tables first, manifest last, then one rename makes it visible."""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.domain.tables import TABLES, TableSchema
from strongroom.errors import BadInput
from strongroom.ledger.columns import checked, empty, schema
from strongroom.ledger.narrowing import resource_column
from strongroom.ledger.remote import MANIFEST, Remote, remote
from strongroom.ledger.snapshot import Manifest, Snapshot, StoredTable, digest, encode, file_of, folder, table_named
from strongroom.ledger.sorting import sized, write_in_order

ROWS_PER_GROUP = 262_144
UNFINISHED = ".writing-"
LOCK = ".lock"


Rows: TypeAlias = "pa.Table | Iterable[pa.Table]"  # whole, or piece by piece where memory would not hold them


def write(home: Path, tables: Mapping[str, Rows], *, observed_at: datetime, source: Mapping[str, str]) -> Snapshot:
    """Store tables as a new snapshot and return it; tables that are not given are stored without rows.

    `observed_at` is AWS's time. Raises BadInput for an unknown table, another schema, or a folder that can't be written; then
    nothing new is visible. What a killed writer left behind is removed.
    """
    if observed_at.tzinfo is None:
        raise BadInput(f"observed_at {observed_at.isoformat()} has no time zone")
    data = {table_named(name).name: _checked(table_named(name), rows) for name, rows in tables.items()}
    root = folder(home)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with only_writer(root):
            _remove_unfinished(root)
            return _write(root, data, observed_at.astimezone(UTC), tuple(sorted(source.items())))
    except OSError as error:
        raise BadInput(f"the ledger can't be written: {error}", hint="set STRONGROOM_HOME to a folder you may write to") from error


def _checked(table: TableSchema, rows: Rows) -> Iterable[pa.Table]:
    """Yield rows that have the table's schema; whole tables are checked at once, before anything is written."""
    return (checked(table, rows),) if isinstance(rows, pa.Table) else (checked(table, each) for each in rows)


def _write(root: Path, data: Mapping[str, Iterable[pa.Table]], observed_at: datetime, source: tuple[tuple[str, str], ...]) -> Snapshot:
    unfinished, elsewhere = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=root)), remote()
    try:
        stored = tuple(_store(unfinished, table, data.get(table.name, ())) for table in TABLES)
        snapshot_id = _free_id(root, observed_at, number=1 + (secrets.randbelow(9_000) if elsewhere else 0))
        text = encode(Manifest(id=snapshot_id, observed_at=observed_at, source=source, tables=stored))
        (unfinished / MANIFEST).write_text(text, encoding="utf-8")
        unfinished.chmod(0o755)
        _flush(unfinished / MANIFEST)
        _flush(unfinished)
        final = unfinished.rename(root / snapshot_id)
        _flush(root)
        if elsewhere:
            _push(elsewhere, final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # gone already when the rename has happened
    return Snapshot(id=snapshot_id, observed_at=observed_at, path=final)


def _store(path: Path, table: TableSchema, pieces: Iterable[pa.Table]) -> StoredTable:
    file, coming, column = file_of(path, table.name), sized(pieces, ROWS_PER_GROUP), resource_column(table)
    begun = list(islice(coming, 2))
    large = len(begun) > 1  # one group is decoded as a whole anyway
    whole = chain((begun.pop(0) for _ in range(len(begun))), coming)  # which keeps none of them in memory
    if column is not None and large:
        rows = write_in_order(file, table, whole, by=column, rows_per_group=ROWS_PER_GROUP)
    else:
        rows = _write_as_it_comes(file, table, whole)
    _flush(file)
    return StoredTable(name=table.name, rows=rows, size_bytes=file.stat().st_size, sha256=digest(file))


def _write_as_it_comes(file: Path, table: TableSchema, groups: Iterable[pa.Table]) -> int:
    rows = 0
    with pq.ParquetWriter(file, schema(table), compression="zstd") as writer:
        for group in groups:
            writer.write_table(group, row_group_size=ROWS_PER_GROUP)
            rows += group.num_rows
        if not rows:
            writer.write_table(empty(table))
    return rows


def _push(elsewhere: Remote, snapshot: Path) -> None:
    """Bring a snapshot to where the ledger is; what did not arrive is not there."""
    with ExitStack() as unless_pushed:
        unless_pushed.callback(shutil.rmtree, snapshot, ignore_errors=True)
        elsewhere.push(snapshot)
        unless_pushed.pop_all()


def _free_id(root: Path, observed_at: datetime, *, number: int) -> str:
    # AWS's Date header counts whole seconds, so two quick syncs may have the same instant.
    instant = observed_at.strftime("%Y-%m-%dT%H-%M-%SZ")
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
