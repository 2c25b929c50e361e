"""`ledger`: list, compare, query, export, check and prune what was synced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from strongroom import ledger
from strongroom.api.entitled import snapshot_of
from strongroom.domain.tables import TABLES
from strongroom.errors import BadInput, ExitCode

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_MAX = 50
FORMATS = ("parquet", "csv")
RECORDS = "tests"  # stands for the records of restore tests, which belong to no snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A snapshot with what its manifest says."""

    id: str
    observed_at: datetime
    rows: int
    size_bytes: int
    source: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What two snapshots differ in; `gone` and `new` have rows where a table was named."""

    before: str
    after: str
    differences: tuple[ledger.Difference, ...]
    gone: "pa.Table | None"
    new: "pa.Table | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A snapshot and the tables whose files are not as they were written; or `tests` and the records that are not."""

    id: str
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """The snapshots that would be removed, and how many stay."""

    unwanted: tuple[ledger.Snapshot, ...]
    stay: int


def snapshots(*, home: Path) -> tuple[Kept, ...]:
    """Return all snapshots, the oldest first; raises CouldNotVerify for a manifest that can't be understood."""
    return tuple(_kept(each) for each in ledger.snapshots(home))


def compare(before: str | None, after: str | None, *, home: Path, table: str | None = None) -> Compared:
    """Return what two snapshots differ in, the last two where none are named; raises CouldNotVerify, BadInput."""
    kept = ledger.snapshots(home)
    if len(kept) < 2 and (before is None or after is None):
        raise BadInput(f"{len(kept)} snapshots are kept: two are needed", hint="run: strongroom sync")
    later = kept[-1] if after is None else snapshot_of(home, after)
    earlier = kept[-2] if before is None else snapshot_of(home, before)
    gone, new = (None, None) if table is None else ledger.differing(earlier, later, table, rows_max=ROWS_MAX)
    return Compared(before=earlier.id, after=later.id, differences=ledger.differences(earlier, later), gone=gone, new=new)


def query(sql: str, *, home: Path, as_of: str | None = None) -> "pa.Table":
    """Return the result of a SQL query over a snapshot, whose tables are those of `strongroom ledger tables`; raises BadInput."""
    return ledger.ask(snapshot_of(home, as_of), sql)


def export(out: Path, *, home: Path, as_of: str | None = None, tables: Sequence[str] = (), kind: str = "parquet") -> tuple[Path, ...]:
    """Write tables of a snapshot as Parquet or CSV files and return them; raises BadInput.

    Where no table is named these are all, and the records of restore tests as they are.
    """
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    snapshot = snapshot_of(home, as_of)
    written = []
    for name in tables or [table.name for table in TABLES]:
        rows = snapshot.table(name)
        file = out / f"{name}.{kind}"
        try:
            out.mkdir(parents=True, exist_ok=True)
            if kind == "csv":
                pa_csv.write_csv(_flat(rows), file)
            else:
                pq.write_table(rows, file, compression="zstd")
        except OSError as error:
            raise BadInput(f"can't write {file}: {error.strerror}", hint="name a folder that you may write to") from error
        written.append(file)
    return (*written, *(() if tables else ledger.export_records(home, out)))


def check(*, home: Path) -> tuple[Checked, ...]:
    """Return every snapshot with the tables whose files changed since they were written, then restore tests; reads every byte."""
    found = tuple(Checked(id=each.id, damaged=ledger.damaged(each)) for each in ledger.snapshots(home))
    wrong = ledger.damaged_records(home)
    return (*found, Checked(id=RECORDS, damaged=wrong)) if wrong else found


def exit_code(checked: Sequence[Checked]) -> ExitCode:
    """COULD_NOT_VERIFY when a snapshot is damaged: nothing that rests on it is proven."""
    return ExitCode.COULD_NOT_VERIFY if any(each.damaged for each in checked) else ExitCode.PROVEN


def pruning(*, home: Path, keep: int | None, days: int | None) -> Pruning:
    """Return the snapshots older than the newest `keep`, or than `days` before the newest one; the newest always stays."""
    if (keep is None) == (days is None):
        raise BadInput("it isn't said which snapshots may go", hint="write --keep NUMBER or --older-than DAYS")
    kept = ledger.snapshots(home)
    if keep is not None:
        unwanted = kept[: -max(keep, 1)]
    else:
        bound = kept[-1].observed_at - timedelta(days=days or 0) if kept else None
        unwanted = tuple(each for each in kept[:-1] if bound is not None and each.observed_at < bound)
    return Pruning(unwanted=unwanted, stay=len(kept) - len(unwanted))


def prune(wanted: Pruning, *, home: Path) -> None:
    """Remove what `pruning` named; raises BadInput when the folder can't be written."""
    ledger.remove(home, wanted.unwanted)


def _kept(snapshot: ledger.Snapshot) -> Kept:
    manifest = ledger.manifest(snapshot)
    return Kept(
        id=snapshot.id,
        observed_at=snapshot.observed_at,
        rows=sum(table.rows for table in manifest.tables),
        size_bytes=sum(table.size_bytes for table in manifest.tables),
        source=manifest.source,
    )


def _flat(rows: "pa.Table") -> "pa.Table":
    """Return a table without lists and maps, which CSV has no place for: they become JSON text."""
    import json

    import pyarrow as pa

    for number, field in enumerate(rows.schema):
        if pa.types.is_nested(field.type):
            texts = [None if value is None else json.dumps(dict(value) if pa.types.is_map(field.type) else value) for value in
                     rows.column(number).to_pylist()]  # fmt: skip
            rows = rows.set_column(number, field.name, pa.array(texts, pa.string()))
    return rows
