"""Large tables stored in the order of the resources that their rows are about, in whatever order AWS listed them.

The statistics of each group of rows then name a range of resources that no other group has, so that a question about one resource decodes
one group of a table of any size (`ledger.narrowing`). Sorted runs as large as a group wait on disk, beside the file that they are merged
into: memory holds one run, or one group and a batch of each run.
"""

import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strongroom.domain.tables import Column, TableSchema
from strongroom.ledger.columns import schema

BATCHES_PER_GROUP = 256
_WRITING = pa.ipc.IpcWriteOptions(compression="lz4")


def write_in_order(file: Path, table: TableSchema, pieces: Iterable[pa.Table], *, by: Column, rows_per_group: int) -> int:
    """Store the rows of a table in the order of a column of texts, and return how many; no value lies in two groups."""
    rows, batch_rows = 0, max(rows_per_group // BATCHES_PER_GROUP, 1)
    with tempfile.NamedTemporaryFile(prefix=".sorting-", dir=file.parent) as waiting:
        runs = tuple(_write_runs(waiting.name, table, sized(pieces, rows_per_group), by.name, batch_rows))
        with pa.OSFile(waiting.name) as source, pq.ParquetWriter(file, schema(table), compression="zstd") as writer:
            for group in _merged(pa.ipc.open_file(source), runs, by.name, rows_per_group // batch_rows):
                writer.write_table(group, row_group_size=group.num_rows)
                rows += group.num_rows
    return rows


def sized(pieces: Iterable[pa.Table], rows_at_once: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of so many rows, the last one smaller."""
    waiting: list[pa.Table] = []
    rows = 0
    for piece in pieces:
        waiting.append(piece)
        rows += piece.num_rows
        if rows >= rows_at_once:
            whole = pa.concat_tables(waiting)
            full = rows - rows % rows_at_once
            yield from (whole.slice(start, rows_at_once) for start in range(0, full, rows_at_once))
            waiting, rows = [whole.slice(full)], rows - full
    if rows:
        yield pa.concat_tables(waiting)


def _write_runs(file: str, table: TableSchema, groups: Iterable[pa.Table], by: str, batch_rows: int) -> Iterator[tuple[str, ...]]:
    """Sort each group and write its batches; yields the first value of each of them."""
    with pa.ipc.new_file(file, schema(table), options=_WRITING) as writer:
        for group in groups:
            batches = _in_order(group, by).to_batches(max_chunksize=batch_rows)
            for batch in batches:
                writer.write_batch(batch)
            yield tuple(_text(batch.column(by)[0]) for batch in batches)


@dataclass(slots=True)
class _Run:
    """Sorted rows that are taken batch by batch."""

    by: str
    coming: Iterator[pa.RecordBatch]
    left: pa.RecordBatch | None = None  # what of the last batch has not been taken

    def below(self, bound: str | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows not yet taken whose value comes before a bound; None: all."""
        while (batch := self.left or next(self.coming, None)) is not None:
            values = batch.column(self.by)
            count = len(values) if bound is None or _text(values[-1]) < bound else bisect_left(values, bound, key=_text)
            self.left = batch.slice(count) if count < len(values) else None
            if count:
                yield batch.slice(0, count)
            if self.left is not None:
                return


def _merged(source: pa.RecordBatchFileReader, runs: Sequence[Sequence[str]], by: str, batches: int) -> Iterator[pa.Table]:
    """Yield all rows in order, in tables of about so many batches; no value is in two of them."""
    coming, start = [], 0
    for firsts in runs:
        coming.append(_Run(by=by, coming=map(source.get_batch, range(start, start + len(firsts)))))
        start += len(firsts)
    bounds = sorted(first for firsts in runs for first in firsts)[batches::batches]
    for bound in (*dict.fromkeys(bounds), None):
        if found := [batch for run in coming for batch in run.below(bound)]:
            yield _in_order(pa.Table.from_batches(found), by)


def _in_order(rows: pa.Table, by: str) -> pa.Table:
    """Return rows in one piece, in the order of a column: those of one value stay as they came, and those of none come first."""
    values = pc.fill_null(rows[by], "")
    if pc.all(pc.less_equal(values.slice(0, len(values) - 1), values.slice(1))).as_py():
        return rows.combine_chunks()
    return rows.take(pc.sort_indices(values)).combine_chunks()


def _text(value: Any) -> str:
    return value.as_py() or ""
