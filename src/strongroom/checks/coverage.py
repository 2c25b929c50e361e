"""Which checks answer each row of the specification: the failure modes that `check` must predict, and the list of static checks.

The data is `coverage.toml`: each row has the codes that answer it, or the reason why no check does, or both.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One row of the specification."""

    id: str  # FM01…FM39, or the id of a static check such as P07
    what: str  # what it is about
    codes: tuple[str, ...]  # that answer it, strategyfile's included
    open: str  # what no check answers, and why; empty: nothing is open


@cache
def cells() -> tuple[Cell, ...]:
    """Return every row, in the order of the specification.

    Example:
        >>> next(cell.codes for cell in cells() if cell.id == "P07")
        ('MNT001',)
    """
    written = tomllib.loads(files("strongroom.checks").joinpath("coverage.toml").read_text(encoding="utf-8"))
    return tuple(
        Cell(id=name, what=each["what"], codes=tuple(each.get("codes", ())), open=each.get("open", "")) for name, each in written.items()
    )


def page() -> str:
    """Return the table as Markdown, for the reference."""
    lines = [
        "# What is checked",
        "",
        "Each failure mode that can be predicted, and each static check of the specification, with the codes that answer it.",
        "What no check answers has its reason.",
        "",
        "| id | what | checks | not answered, and why |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {cell.id} | {cell.what} | {', '.join(f'[{code}](checks/{code}.md)' for code in cell.codes)} | {cell.open} |" for cell in cells()
    ]
    return "\n".join(lines) + "\n"


def _linked(code: str) -> str:
    return f"[{code}](checks/{code}.md)"
