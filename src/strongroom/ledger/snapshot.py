"""Snapshots that are already in the ledger: list them, read their tables, check their files."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.domain.tables import TABLES, TableSchema
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.ledger.columns import completed, empty, mismatch
from strongroom.ledger.narrowing import Narrowing, narrowed
from strongroom.ledger.remote import MANIFEST, cache_name, location, remote

FORMAT_VERSION = 1
SYNC_HINT = "run: strongroom sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was observed in AWS at one time; ids sort by time."""

    id: str
    observed_at: datetime  # AWS's time of the first answer, UTC
    path: Path  # folder
    only: Narrowing | None = None  # rows that are read of each table; None: all

    def table(self, name: str) -> pa.Table:
        """Return one table of `domain.tables`; raises CouldNotVerify when its file is missing, cut or of another schema.

        Columns that are newer than the snapshot are null; a table that is newer has no rows.
        """
        table = table_named(name)
        file = checked_file(self, table)
        if file is None:
            return empty(table)
        return _narrowed(file, table, self.only.of(table)) if self.only else completed(table, pq.read_table(file, partitioning=None))


@lru_cache(maxsize=2 * len(TABLES))  # small parts of files that never change
def _narrowed(file: Path, table: TableSchema, only: Narrowing) -> pa.Table:
    return completed(table, narrowed(file, table, only))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """A Parquet file of a snapshot."""

    name: str
    rows: int
    size_bytes: int
    sha256: str  # of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a snapshot holds and where it comes from."""

    id: str
    observed_at: datetime
    source: tuple[tuple[str, str], ...]
    tables: tuple[StoredTable, ...]


def folder(home: Path) -> Path:
    """Return the folder of the ledger in a home such as `.strongroom`; of a ledger in S3, what of it was needed here."""
    url = location()
    return home / (cache_name(url) if url else "ledger")


def snapshots(home: Path) -> tuple[Snapshot, ...]:
    """Return all complete snapshots, the oldest first; a half-written one is not there.

    Raises CouldNotVerify for a snapshot whose manifest can't be understood.
    """
    root, elsewhere = folder(home), remote()
    if elsewhere:
        elsewhere.refresh(root)
    if not root.is_dir():
        return ()
    found = sorted(path for path in root.iterdir() if not path.name.startswith(".") and (path / MANIFEST).is_file())
    return tuple(Snapshot(id=each.id, observed_at=each.observed_at, path=path) for path in found for each in (_manifest(path),))


def latest(home: Path) -> Snapshot:
    """Return the newest snapshot; raises CouldNotVerify when there is none."""
    found = snapshots(home)
    if not found:
        raise CouldNotVerify(f"no snapshot in {location() or folder(home)}", hint=SYNC_HINT)
    return found[-1]


def manifest(snapshot: Snapshot) -> Manifest:
    """Return the manifest of a snapshot; raises CouldNotVerify."""
    return _manifest(snapshot.path)


def damaged(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the tables whose file is missing or no longer has the SHA-256 of the manifest; reads every byte, in S3 where it is there."""
    elsewhere = remote()

    def found(path: Path) -> str:
        if elsewhere:
            return elsewhere.digest(snapshot.id, path.name)
        return digest(path) if path.is_file() else ""

    return tuple(each.name for each in manifest(snapshot).tables if found(file_of(snapshot.path, each.name)) != each.sha256)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_of(path: Path, table: str) -> Path:
    """Return the Parquet file of a table in a snapshot's folder."""
    return path / f"{table}.parquet"


def table_named(name: str) -> TableSchema:
    """Return a table of the domain; raises BadInput for a name that is none."""
    for table in TABLES:
        if table.name == name:
            return table
    raise BadInput(f"no table {name!r}; there are {', '.join(table.name for table in TABLES)}")


def checked_file(snapshot: Snapshot, table: TableSchema) -> Path | None:
    """Return the file of a table after comparing its size and schema; None: the table is newer. Raises CouldNotVerify."""
    stored = {each.name: each for each in manifest(snapshot).tables}.get(table.name)
    path = file_of(snapshot.path, table.name)
    if stored is None and table.later:
        return None
    if stored is not None and not path.is_file() and (elsewhere := remote()):
        elsewhere.fetch(snapshot.path, path.name, stored.sha256)
    if stored is None or not path.is_file():
        raise CouldNotVerify(f"snapshot {snapshot.id} has no table {table.name}", hint=SYNC_HINT)
    if path.stat().st_size != stored.size_bytes:
        message = f"{path} is damaged: {path.stat().st_size} bytes, the manifest says {stored.size_bytes}"
        raise CouldNotVerify(message, hint=SYNC_HINT)
    try:
        difference = mismatch(table, schema_of(path), older=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise CouldNotVerify(f"{path} is damaged: {error}", hint=SYNC_HINT) from error
    if difference:
        raise CouldNotVerify(f"table {table.name} of snapshot {snapshot.id} has another schema: {difference}", hint=SYNC_HINT)
    return path


def schema_of(path: Path) -> pa.Schema:
    """Return the schema of a Parquet file, read once as long as nobody touches the file."""
    return _schema(path, *_touched(path))


@lru_cache(maxsize=8 * len(TABLES))
def _schema(path: Path, _size: int, _changed_at: int) -> pa.Schema:
    return pq.read_schema(path)


def _touched(path: Path) -> tuple[int, int]:
    """Return what tells whether somebody has changed a file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def encode(value: Manifest) -> str:
    """Return a manifest as JSON text."""
    document = {
        "format_version": FORMAT_VERSION,
        "id": value.id,
        "observed_at": value.observed_at.isoformat(),
        "source": dict(value.source),
        "tables": {
            each.name: {"rows": each.rows, "size_bytes": each.size_bytes, "sha256": each.sha256}
            for each in sorted(value.tables, key=lambda each: each.name)
        },
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    try:
        return _decoded(file, *_touched(file))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = f"move {path} away, then run: strongroom sync"
        raise CouldNotVerify(f"{file} can't be read: {error or type(error).__name__}", hint=hint) from error


@lru_cache(maxsize=64)
def _decoded(file: Path, _size: int, _changed_at: int) -> Manifest:
    return _decode(json.loads(file.read_text(encoding="utf-8")))


def _decode(document: dict[str, Any]) -> Manifest:
    if document["format_version"] != FORMAT_VERSION:
        raise ValueError(f"format version {document['format_version']}, this Strongroom reads {FORMAT_VERSION}")
    return Manifest(
        id=document["id"],
        observed_at=datetime.fromisoformat(document["observed_at"]),
        source=tuple(sorted(document["source"].items())),
        tables=tuple(
            StoredTable(name=name, rows=each["rows"], size_bytes=each["size_bytes"], sha256=each["sha256"])
            for name, each in sorted(document["tables"].items())
        ),
    )
