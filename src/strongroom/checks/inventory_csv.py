"""An inventory as CSV, such as somebody exports from a spreadsheet or another tool."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from strongroom.checks.inventory_rows import RowError, column
from strongroom.errors import BadInput

if TYPE_CHECKING:
    import _csv

    from strongroom.checks.inventory_columns import Columns

_ROWS = 65_536  # as text; as columns they take a fraction
_HINT = "the first line names the columns: arn,type,tags and what else is known (docs/reference)"


def read_csv(text: str, *, file: str) -> "Columns":
    r"""Return the resources of a CSV text with a header; raises BadInput with the line of the first mistake.

    Example:
        >>> len(read_csv("arn,type,tag:a\narn:aws:ec2:eu-west-2:111122223333:volume/v,ebs,b\n", file="i.csv").arns)
        1
    """
    import pyarrow as pa  # noqa: PLC0415 - a check without an inventory doesn't wait for it

    from strongroom.checks.inventory_columns import columns  # noqa: PLC0415

    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    lines: list[int] = []
    try:
        names = _names(reader, file)
        batches = [[pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)] for rows in _batches(reader, names, file, lines)]
    except csv.Error as error:
        raise BadInput(f"{file}:{reader.line_num}: not CSV: {error}", hint=_HINT) from error
    held = [pa.concat_arrays(each) for each in zip(*batches, strict=True)] or [pa.array([], pa.string())] * len(names)
    written = {name: cells for name, cells in zip(names, held, strict=True) if name is not None}
    return columns(written, where=lambda row: f"{file}:{lines[row]}", hint=_HINT)


def _names(reader: "_csv.Reader", file: str) -> list[str | None]:
    """Return what the columns are called; a column that is passed over is None."""
    for cells in reader:
        if any(map(str.strip, cells)):
            try:
                return _header(cells)
            except RowError as error:
                raise BadInput(f"{file}:{reader.line_num}: {error}", hint=_HINT) from error
    raise BadInput(f"{file}:1: the inventory is empty", hint=_HINT)


def _batches(reader: "_csv.Reader", names: list[str | None], file: str, lines: list[int]) -> Iterator[list[list[str]]]:
    """Yield the cells of all rows, not too many at once, and note the lines on which the rows end."""
    rows: list[list[str]] = []
    for cells in reader:
        if not any(map(str.strip, cells)):
            continue
        try:
            rows.append(_padded(cells, len(names)))
        except RowError as error:
            raise BadInput(f"{file}:{reader.line_num}: {error}", hint=_HINT) from error
        lines.append(reader.line_num)
        if len(rows) == _ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _padded(cells: list[str], width: int) -> list[str]:
    if len(cells) > width:
        raise RowError(f"{len(cells)} cells, {width} columns are named")
    return cells + [""] * (width - len(cells))


def _header(cells: list[str]) -> list[str | None]:
    names = [column(cell) for cell in cells]
    known = [name for name in names if name is not None]
    if len(set(known)) < len(known):
        twice = next(name for name in known if known.count(name) > 1)
        raise RowError(f"column {twice!r} is named twice")
    for needed in ("arn", "type"):
        if needed not in known:
            raise RowError(f"column {needed!r} is missing")
    return names
