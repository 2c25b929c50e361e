"""Writing markers into a running twin while its clock moves, from another process: `strongroom twin load`, `twin mount`.

What is in a marker: `data.markers`. Databases are written over a connection of their own, as their users would.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom.errors import BadInput, CouldNotVerify
from strongroom.twin import client
from strongroom.twin.data.markers import Marker
from strongroom.twin.state import Endpoint

if TYPE_CHECKING:
    import psycopg

_CONNECT_SECONDS = 90  # a server that starts for the first time makes its cluster
_MAKE = "CREATE TABLE IF NOT EXISTS strongroom_marker (number integer PRIMARY KEY, written_at text NOT NULL, payload text NOT NULL)"
_WRITE = "INSERT INTO strongroom_marker VALUES (%s, %s, %s) ON CONFLICT (number) DO NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be written: one marker each `every`, from now until `until`, where the clock ends."""

    every: timedelta
    until: datetime
    kinds: tuple[str, ...] | None  # tables, buckets, files, blocks, databases; None: all that there are
    seed: str
    only: tuple[str, ...] = ()  # ARNs of the resources that are written; empty: all


def load(endpoint: Endpoint, asked: Load, heard: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Write markers and move the clock; returns how many there were, the first and the last, what happened meanwhile, and the new now.

    `heard` gets markers written, markers in all, and the virtual day. Raises BadInput, CouldNotVerify.
    """
    start = datetime.fromisoformat(client.clock(endpoint)["now"])
    if asked.until <= start:
        raise BadInput(f"the clock stands at {start.isoformat()}, which is not before {asked.until.isoformat()}", hint="load for longer")
    total = -(-(asked.until - start) // asked.every)
    numbers, written, counts = [], {}, Counter[str]()
    with ExitStack() as closing:
        connections: dict[str, psycopg.Connection[Any]] = {}
        closing.callback(_close, connections)
        for count in range(total):
            at = start + count * asked.every
            told = client.load_step(endpoint, to=at.isoformat() if count else "", kinds=asked.kinds, seed=asked.seed, only=asked.only)
            counts.update(told["counts"])
            marker = Marker(number=told["number"], at=datetime.fromisoformat(told["at"]), seed=asked.seed)
            for place in told["databases"]:
                _insert(connections, place, marker)
            if told["databases"]:
                client.load_written(endpoint, marker.number, [place["arn"] for place in told["databases"]])
            written = told["written"] | ({"databases": len(told["databases"])} if told["databases"] else {})
            numbers.append(marker.number)
            heard(count + 1, total, f"{at:%Y-%m-%d}")
    now = datetime.fromisoformat(client.clock(endpoint)["now"])
    if now < asked.until:
        moved = client.move_clock(endpoint, to=asked.until.isoformat())
        counts.update(moved["counts"])
        now = datetime.fromisoformat(moved["now"])
    whole = {"markers": total, "first": numbers[0], "last": numbers[-1], "resources": written, "counts": dict(counts)}
    return {**whole, "now": now.isoformat()}


def _close(connections: "dict[str, psycopg.Connection[Any]]") -> None:
    for each in connections.values():
        each.close()


def _insert(connections: "dict[str, psycopg.Connection[Any]]", place: Mapping[str, Any], marker: Marker) -> None:
    """Write a marker into a database, over a new connection where the old one has ended; raises CouldNotVerify."""
    import psycopg

    row = (marker.number, marker.at.isoformat(), marker.payload(place["arn"]))
    known = connections.pop(place["arn"], None)
    if known is not None:
        with suppress(psycopg.Error):
            known.execute(_WRITE, row)
            connections[place["arn"]] = known
            return
    try:
        made = psycopg.connect(
            host=place["host"],
            port=place["port"],
            user=place["user"],
            password=place["password"],
            dbname=place["database"],
            connect_timeout=_CONNECT_SECONDS,
            autocommit=True,
        )
        made.execute(_MAKE)
        made.execute(_WRITE, row)
    except psycopg.Error as error:
        raise CouldNotVerify(f"{place['arn']} can't be written: {error}", hint="read .strongroom/twin/log of the twin's home") from error
    connections[place["arn"]] = made


def mount(endpoint: Endpoint, file_system: str, folder: Path) -> int:
    """Write the files of a file system as they are now into a new or empty folder, read-only; returns how many.

    Raises BadInput for a file system that isn't there, and for a folder that has something in it or can't be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(f"{folder} is not empty", hint="name a folder that isn't there yet")
        folder.mkdir(parents=True, exist_ok=True)
        return sum(1 for _ in _written(client.read_files(endpoint, file_system), folder))
    except OSError as error:
        raise BadInput(f"can't write {error.filename or folder}: {error.strerror}", hint="name a folder that can be written") from error


def _written(files: Iterator[tuple[str, bytes, str]], folder: Path) -> Iterator[Path]:
    """Write files below a folder, and yield them."""
    for path, content, mode in files:
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(int(mode, 8) & 0o555)
        yield place


def kinds_of(names: Sequence[str]) -> tuple[str, ...] | None:
    """Return kinds that were given in several options or with commas; None: all.

    Example:
        >>> kinds_of(["tables,files", "blocks"])
        ('tables', 'files', 'blocks')
    """
    given = tuple(each.strip() for name in names for each in name.split(",") if each.strip())
    return given or None
