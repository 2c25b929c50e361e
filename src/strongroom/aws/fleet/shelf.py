"""Where parts of a fleet wait until all are there: files of Arrow streams and a journal of the orders that are carried out.

Each process appends to files of its own. A line of the journal is written after what it names, so that nothing counts that a killed
process left half-written; another run can take up what is there.
"""

import json
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from strongroom.errors import CouldNotVerify

_WRITING = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Rows of one table in a file."""

    table: str
    file: str
    offset: int
    size_bytes: int
    checksum: int  # CRC-32


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An order that was carried out: where its rows are, and what it came to know for later orders."""

    order: str
    wanted: str = ""  # digest of what the order named
    reached: bool = True  # the account could be opened
    unread: int = 0  # subjects that could not be read
    segments: tuple[Segment, ...] = ()
    keys: tuple[tuple[str, str, str], ...] = ()  # as in Harvest
    roles: tuple[tuple[str, str], ...] = ()
    known: tuple[tuple[str, str, str | None, tuple[str, ...]], ...] = ()  # fields of KnownKey
    incremental: tuple[tuple[str, str, float], ...] = ()  # Region, subject, epoch seconds: nothing older was asked for
    witnesses: tuple[tuple[str, str], ...] = ()  # as in Harvest

    def encode(self) -> str:
        """Return the entry as a line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, document: dict[str, Any]) -> Self:
        """Return an entry from what `encode` wrote; raises KeyError, TypeError, ValueError."""
        lists = {name: tuple(map(tuple, document[name])) for name in ("keys", "roles", "incremental", "witnesses")}
        known = tuple((wanted, arn, manager, tuple(related)) for wanted, arn, manager, related in document["known"])
        segments = tuple(Segment(**each) for each in document["segments"])
        return cls(**{**document, **lists, "known": known, "segments": segments})


class Log:
    """The files that one process appends to; safe to use from several threads."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._file = (folder / f"{name}.arrows").open("xb")
        self._journal = (folder / f"{name}.jsonl").open("x", encoding="utf-8")
        self._lock = threading.Lock()

    def append(self, table: str, data: pa.Table) -> Segment:
        """Write rows and return where they are."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, data.schema, options=_WRITING) as writer:
            writer.write_table(data)
        content = sink.getvalue()
        with self._lock:
            offset = self._file.tell()
            self._file.write(content)
        return Segment(table=table, file=self.name, offset=offset, size_bytes=content.size, checksum=zlib.crc32(content))

    def enter(self, entry: Entry) -> None:
        """Note an order that was carried out, after its rows."""
        with self._lock:
            self._file.flush()
            self._journal.write(f"{entry.encode()}\n")
            self._journal.flush()

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        self._journal.close()


def free_number(folder: Path) -> int:
    """Return the first number from which on a folder has no logs."""
    return max((int(journal.stem.partition("-")[2]) + 1 for journal in folder.glob("part-*.jsonl")), default=0)


def log_name(number: int) -> str:
    """Return the name of a log.

    Example:
        >>> log_name(7)
        'part-0007'
    """
    return f"part-{number:04}"


def entries(folder: Path) -> Iterator[Entry]:
    """Yield what the journals of a folder say is there; a line that a killed process left unfinished is not."""
    sizes = {path.stem: path.stat().st_size for path in folder.glob("*.arrows")}
    for journal in sorted(folder.glob("*.jsonl")):
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                entry = Entry.decode(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            if all(each.offset + each.size_bytes <= sizes.get(each.file, 0) for each in entry.segments):
                yield entry


def read(folder: Path, segments: Iterable[Segment]) -> Iterator[pa.Table]:
    """Yield the rows of segments, in their order; raises CouldNotVerify for one that is not as it was written."""
    files: dict[str, pa.Buffer] = {}
    for each in segments:
        if each.file not in files:
            with pa.memory_map(str(folder / f"{each.file}.arrows")) as mapped:
                files[each.file] = mapped.read_buffer()
        content = files[each.file].slice(each.offset, each.size_bytes)
        if zlib.crc32(content) != each.checksum:
            raise CouldNotVerify(f"{folder / each.file}.arrows is damaged", hint="run: strongroom sync --fresh")
        with pa.ipc.open_stream(content) as stream:
            yield stream.read_all()
