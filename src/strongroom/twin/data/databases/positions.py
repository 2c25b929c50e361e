"""Positions in the log of a database, and the virtual instants that they stand for; pure.

While the twin's clock stands, everything that is written belongs to one instant, and the position after it is the state of that
instant. While it ticks, an instant between two positions is found by the machine's time, which PostgreSQL writes beside each commit.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(days=35)  # the longest that RDS and AWS Backup restore to a point in time: RDS user guide, backup retention period


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a recovery ends: before the record at `lsn`, or after the last commit of an instant of the machine's clock."""

    lower: int  # position that it doesn't lie before: bases that end there or earlier can be used
    lsn: int | None
    real: datetime | None
    upto: int  # the log is needed to here: PostgreSQL has to see that the target has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The content of a recovery point of a database."""

    database: str  # id of its history
    target: Target | None  # None: as it was in the beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A position in the log whose virtual instant is known."""

    at: datetime  # virtual instant
    lsn: int  # everything before it was written at `at` or earlier
    upto: int  # a commit of the twin's own ends here
    real: datetime  # the machine's time
    offset: timedelta | None  # machine's time minus virtual time since the mark before; None: the clock stood


@dataclass(slots=True)
class History:
    """The marks of one database, the oldest first."""

    marks: list[Mark] = field(default_factory=list)

    def add(self, mark: Mark) -> None:
        """Add the newest one; of an instant the last one counts."""
        self.marks.append(mark)

    def find(self, at: datetime) -> Target | None:
        """Return where the log stood at a virtual instant; None before anything is known."""
        number = bisect_right(self.marks, at, key=lambda mark: mark.at)
        before = self.marks[number - 1] if number else None
        after = self.marks[number] if number < len(self.marks) else None
        if after is not None and after.offset is not None and before is not None and at + after.offset > before.real:
            return Target(lower=before.lsn, lsn=None, real=at + after.offset, upto=after.upto)
        known = before or after  # what was there before the first mark is what PostgreSQL's own tables held then
        return None if known is None else exactly(known)

    def forget(self, before: datetime) -> None:
        """Forget marks that no instant since `before` needs."""
        number = bisect_right(self.marks, before, key=lambda mark: mark.at)
        del self.marks[: max(0, number - 1)]


def exactly(mark: Mark) -> Target:
    """Return the target of a mark."""
    return Target(lower=mark.lsn, lsn=mark.lsn, real=None, upto=mark.upto)


def number_of(lsn: str) -> int:
    """Return a position of PostgreSQL's log as a number.

    Example:
        >>> number_of("1/2A")
        4294967338
    """
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def text_of(lsn: int) -> str:
    """Return a position as PostgreSQL writes it.

    Example:
        >>> text_of(4294967338)
        '1/2A'
    """
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
