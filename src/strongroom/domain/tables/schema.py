"""What a table of the ledger is made of, and the columns that most of them begin with."""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """Types of columns, independent of the engine that stores them."""

    TEXT = "text"
    INTEGER = "integer"  # 64 bits
    BOOLEAN = "boolean"
    INSTANT = "instant"  # UTC, microseconds
    TEXTS = "texts"  # list of text
    TAGS = "tags"  # map text -> text


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, type, meaning, whether it may be null, and whether snapshots may be older than it."""

    name: str
    type: ColumnType
    meaning: str
    nullable: bool = False
    later: bool = False  # the first snapshots lack it; there it is null, which has to mean unknown


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table: its name, its columns in order, what a row is, and whether snapshots may be older than it."""

    name: str
    row: str
    columns: tuple[Column, ...]
    later: bool = False  # the first snapshots lack it; there it has no rows, and `reads` says nothing of it


def text(name: str, meaning: str) -> Column:
    """Return a column: a text that is always there."""
    return Column(name, ColumnType.TEXT, meaning)


def maybe_text(name: str, meaning: str) -> Column:
    """Return a column: a text or null."""
    return Column(name, ColumnType.TEXT, meaning, nullable=True)


def instant(name: str, meaning: str) -> Column:
    """Return a column: an instant that is always there."""
    return Column(name, ColumnType.INSTANT, meaning)


def maybe_instant(name: str, meaning: str) -> Column:
    """Return a column: an instant or null."""
    return Column(name, ColumnType.INSTANT, meaning, nullable=True)


def maybe_integer(name: str, meaning: str) -> Column:
    """Return a column: an integer or null."""
    return Column(name, ColumnType.INTEGER, meaning, nullable=True)


def maybe_boolean(name: str, meaning: str) -> Column:
    """Return a column: a boolean or null."""
    return Column(name, ColumnType.BOOLEAN, meaning, nullable=True)


def later(name: str, type_: ColumnType, meaning: str) -> Column:
    """Return a column that the first snapshots lack; null there means unknown."""
    return Column(name, type_, meaning, nullable=True, later=True)


ACCOUNT = text("account_id", "account that was read")
REGION = text("region", "Region that was read; empty for global services")
