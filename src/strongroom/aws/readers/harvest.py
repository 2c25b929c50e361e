"""What readers bring home: rows, whole columns, and for each subject whether it was read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strongroom import ledger
from strongroom.domain.tables import READS, TABLES, TableSchema
from strongroom.errors import AwsRefused

if TYPE_CHECKING:
    from strongroom.aws.fleet.shelf import Segment

NOTES_MAX = 3  # unread items named in a reason; the rest is counted
ROWS_KEPT_MAX = 100_000  # more rows of a table don't wait in memory for the rest of their order


class Halted(Exception):
    """Another task failed, or the user stopped: nothing more is asked."""


@dataclass(slots=True)
class Subject:
    """One thing that is being read; items that could not be read are noted, and the others stay."""

    missed: list[AwsRefused] = field(default_factory=list)

    @contextmanager
    def item(self) -> Iterator[None]:
        """Read one item of many: when AWS refuses, note it and go on with the next."""
        try:
            yield
        except AwsRefused as error:
            self.missed.append(error)

    def miss(self, message: str, code: str) -> None:
        """Note an item that AWS answered with something unusable."""
        self.missed.append(AwsRefused(message, code=code))


@dataclass(slots=True)
class Harvest:
    """The rows of one task; merged with others at the end."""

    spill: "Callable[[str, pa.Table], Segment] | None" = None  # takes rows of a table that memory should not hold
    rows: dict[str, list[Sequence[Any]]] = field(default_factory=dict)
    columns: dict[str, list[pa.Table]] = field(default_factory=dict)
    segments: "list[Segment]" = field(default_factory=list)  # where spilled rows are
    keys: set[tuple[str, str, str]] = field(default_factory=set)  # (account, Region, key as the service names it)
    roles: set[tuple[str, str]] = field(default_factory=set)  # (account, role ARN)
    witnesses: set[tuple[str, str]] = field(default_factory=set)  # (Region, recovery point ARN): some that a backup job has made

    def add(self, table: TableSchema, *values: Any) -> None:
        """Add a row, its values in the order of the schema."""
        self.rows.setdefault(table.name, []).append(values)

    def add_columns(self, table: TableSchema, data: pa.Table) -> None:
        """Add many rows as columns."""
        waiting = self.columns.setdefault(table.name, [])
        waiting.append(data)
        if self.spill and len(waiting) * data.num_rows > ROWS_KEPT_MAX:  # pages are of one size
            self.segments.append(self.spill(table.name, pa.concat_tables(waiting)))
            waiting.clear()

    @contextmanager
    def subject(self, account: str, region: str, *names: str) -> Iterator[Subject]:
        """Read one or several subjects of `reads`: a refusal inside ends them as unread, what was added before stays."""
        subject = Subject()
        with subject.item():
            yield subject
        for name in names:
            self.read(account, region, name, subject.missed)

    def read(self, account: str, region: str, subject: str, missed: Sequence[AwsRefused] = ()) -> None:
        """Say whether a subject was read."""
        self.add(READS, account, region, subject, not missed, missed[0].code if missed else "", _reason(missed))

    def settle(self) -> "Harvest":
        """Turn rows into columns; done by the thread that read them."""
        for table in TABLES:
            rows = self.rows.pop(table.name, None)
            if rows:
                self.add_columns(table, ledger.from_rows(table, rows))
        return self


def _reason(missed: Sequence[AwsRefused]) -> str:
    messages = list(dict.fromkeys(each.message for each in missed))
    more = f"; and {len(messages) - NOTES_MAX} more" if len(messages) > NOTES_MAX else ""
    return "; ".join(messages[:NOTES_MAX]) + more
