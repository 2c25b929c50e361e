"""Bases: copies of a whole database that never change, from which the log leads to any later position."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from strongroom.twin.data.databases import programs

SEGMENT_BYTES = 1 << 20  # of a file of the log; small, because each database has a few of its own
_NAME_DIGITS = 24  # timeline, high and low part of the number, eight hexadecimal digits each
_PER_HIGH = (1 << 32) // SEGMENT_BYTES
_NOT_COPIED = frozenset({"pg_wal", "postmaster.pid", "postmaster.opts"})


@dataclass(slots=True, kw_only=True, eq=False)
class Base:
    """A copy of a database."""

    folder: Path
    start: int  # the log is needed from here
    stop: int  # positions from here on can be reached
    users: int = 0  # histories that need it

    def drop(self) -> None:
        """Hear that a history doesn't need it any more."""
        self.users -= 1
        if self.users == 0:
            shutil.rmtree(self.folder, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """Copy a database without its log; raises NotKept when the disk is full."""
    target.mkdir(mode=0o700, parents=True)
    parts = [str(each) for each in sorted(source.iterdir()) if each.name not in _NOT_COPIED]
    programs.finish(["cp", "-Rp", *parts, str(target)])
    for name in ("pg_wal", "pg_wal/archive_status", "pg_wal/summaries"):
        (target / name).mkdir(mode=0o700)
        programs.own(target / name)
    programs.own(target)


def link_log(source: Path, target: Path, start: int, upto: int) -> None:
    """Give a database the log between two positions: what is finished is shared, the last file is copied."""
    last = (upto - 1) // SEGMENT_BYTES
    for file in source.iterdir():
        number = segment_of(file.name)
        if file.suffix == ".history" or (number is not None and number == last):
            shutil.copy2(file, target / file.name)
            programs.own(target / file.name)
        elif number is not None and start // SEGMENT_BYTES <= number < last:
            os.link(file, target / file.name)


def segment_of(name: str) -> int | None:
    """Return the number of a file of the log; None for other files.

    Example:
        >>> segment_of("000000020000000000000010")
        16
    """
    if len(name) != _NAME_DIGITS:
        return None
    try:
        return int(name[8:16], 16) * _PER_HIGH + int(name[16:], 16)
    except ValueError:
        return None


def segments(folder: Path) -> Iterator[tuple[int, Path]]:
    """Return the files of a log with their numbers."""
    for file in folder.iterdir():
        number = segment_of(file.name)
        if number is not None:
            yield number, file


def bytes_below(folder: Path) -> int:
    """Return what a folder takes on disk, files that it shares with others counted in part."""
    found = 0.0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))  # noqa: PTH118 - a thousand files a database
            except FileNotFoundError:
                continue
            found += status.st_blocks * 512 / max(1, status.st_nlink)
    return int(found)
