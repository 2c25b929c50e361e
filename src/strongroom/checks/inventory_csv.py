"""An inventory as CSV, such as somebody exports from a spreadsheet or another tool."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from strongroom.checks.inventory import Inventory, Resource, UnsupportedResource
from strongroom.checks.inventory_rows import RowError, column, resource
from strongroom.errors import BadInput

if TYPE_CHECKING:
    import _csv

_HINT = "the first line names the columns: arn,type,tags and what else is known (docs/reference)"


def read_csv(text: str, *, file: str) -> Inventory:
    r"""Return the resources of a CSV text with a header; raises BadInput with the line of the first mistake.

    Example:
        >>> read_csv("arn,type,tag:a\narn:aws:ec2:eu-west-2:111122223333:volume/v,ebs,b\n", file="i.csv").resources[0].tags
        (('a', 'b'),)
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        found = tuple(_rows(reader, file))
    except csv.Error as error:
        raise BadInput(f"{file}:{reader.line_num}: not CSV: {error}", hint=_HINT) from error
    return Inventory(
        resources=tuple(each for each in found if isinstance(each, Resource)),
        unsupported=tuple(each for each in found if isinstance(each, UnsupportedResource)),
    )


def _rows(reader: "_csv.Reader", file: str) -> Iterator[Resource | UnsupportedResource]:
    names: list[str | None] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            if names:
                yield _resource(names, cells)
            else:
                names = _header(cells)
        except RowError as error:
            raise BadInput(f"{file}:{reader.line_num}: {error}", hint=_HINT) from error
    if not names:
        raise BadInput(f"{file}:1: the inventory is empty", hint=_HINT)


def _resource(names: list[str | None], cells: list[str]) -> Resource | UnsupportedResource:
    if len(cells) > len(names):
        raise RowError(f"{len(cells)} cells, {len(names)} columns are named")
    return resource({name: cell for name, cell in zip(names, cells, strict=False) if name is not None})


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
