"""The history of one database: its server, its log, the bases from which the log can be followed, and who still needs what of it."""

import contextlib
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from strongroom.twin.backup.contents import NotKept
from strongroom.twin.clock import real_now
from strongroom.twin.data.databases import bases, roles
from strongroom.twin.data.databases.bases import SEGMENT_BYTES, Base
from strongroom.twin.data.databases.positions import WINDOW, History, Mark, Position, Target, exactly
from strongroom.twin.data.databases.roles import Master
from strongroom.twin.data.databases.rot import rot
from strongroom.twin.data.databases.server import Server
from strongroom.twin.data.databases.template import Template

_BASE_BYTES = 64 << 20  # log after which there is a new base, or as much as the base has: what a recovery has to read stays short


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a database begins from: a base with its log up to a target."""

    base: Base
    log: Path  # folder with the files of the log
    target: Target
    lock: threading.RLock  # held while they are copied


@dataclass(slots=True, kw_only=True, eq=False)
class Lineage:
    """One database from its creation to its end, and for as long as a recovery point needs it."""

    id: str
    arn: str
    folder: Path
    born_at: datetime  # virtual
    origin: Position | None = None  # what it will begin from; None: it began, or begins empty
    restored_from: str = ""  # id of the history that it came from
    history: History = field(default_factory=History)
    beginning: Target | None = None  # how it was before anybody wrote; None: there are no files of it yet
    bases: list[Base] = field(default_factory=list)  # the oldest first
    held: Counter[Position] = field(default_factory=Counter)  # by recovery points, snapshots, and databases that have not begun
    server: Server | None = None
    rotten: dict[Position, tuple[int, str]] = field(default_factory=dict)  # rows that rot in what is restored from it, and a seed
    rots: tuple[int, str] | None = None  # what rots in this one when it begins
    flowed: bool = False  # somebody may have written since the last mark
    ended: bool = False  # the instance is deleted
    asleep: bool = False  # it comes from a saved twin, and nobody has connected since
    base_bytes: int = 0  # of the newest base
    master: Master | None = None  # as its server knows it
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def data(self) -> Path:
        """The folder of the server."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The folder of the log: the server's, or what is left of it."""
        return self.folder / "log" if self.ended or self.asleep else self.data / "pg_wal"

    @property
    def begun(self) -> bool:
        """Whether there are files of it."""
        return bool(self.bases)

    def serve(self, template: Template, source: Callable[[Position], Source | None], master: Master) -> int:
        """Start the server where it doesn't run, and return its port; raises NotKept."""
        with self.lock:
            if self.ended:
                raise NotKept("the database is deleted")
            server = self.server
            if self.asleep:
                server = self._awake(template)
            elif server is None:
                server = self._begin(template, source, master)
            elif not server.running:
                server.start()
            if self.master != master:
                roles.change(server, self.master, master)
                self.master = master
            return server.port

    def _begin(self, template: Template, source: Callable[[Position], Source | None], master: Master) -> Server:
        """Make the files and start the server for the first time."""
        shutil.rmtree(self.folder, ignore_errors=True)  # of an attempt that failed
        made = template.server(self.data, self.folder / "server.log")
        found = None if self.origin is None else source(self.origin)
        try:
            if found is None:
                base = template.base
                bases.copy(base.folder, self.data)
                bases.link_log(base.folder / "pg_wal", self.data / "pg_wal", base.start, base.start + SEGMENT_BYTES)
                made.start()
            else:
                base = found.base
                with found.lock:
                    bases.copy(base.folder, self.data)
                    bases.link_log(found.log, self.data / "pg_wal", base.start, found.target.upto)
                made.start(found.target)
            roles.ensure(made, master)
            if self.rots is not None:
                rot(made, *self.rots)
            lsn, upto = made.position(committed=True)
            self.master = master
        except OSError as error:
            raise NotKept(f"the database can't be written: {error.strerror}") from error
        finally:
            if self.master is None:
                made.kill()
        mark = Mark(at=self.born_at, lsn=lsn, upto=upto, real=real_now(), offset=None)
        self.history.add(mark)
        self.beginning = exactly(mark)
        base.users += 1
        self.bases = [base]
        self.base_bytes = bases.bytes_below(base.folder)
        self.server = made
        return made

    def _awake(self, template: Template) -> Server:
        """Go on where a saved twin stood."""
        made = template.server(self.data, self.folder / "server.log")
        found = self.source(exactly(self.history.marks[-1]))
        shutil.rmtree(self.data, ignore_errors=True)  # of an attempt that failed
        bases.copy(found.base.folder, self.data)
        bases.link_log(self.log, self.data / "pg_wal", self.bases[0].start, found.target.upto)
        made.start(found.target)
        shutil.rmtree(self.folder / "log", ignore_errors=True)
        self.server, self.asleep = made, False
        self.base_bytes = bases.bytes_below(self.bases[-1].folder)
        return made

    def mark(self, now: datetime, offset: timedelta | None) -> None:
        """Note where the log stands at a virtual instant, if somebody may have written; raises NotKept."""
        if not self.flowed:
            return
        with self.lock:
            server = self.server
            if not self.flowed or server is None or self.ended:
                return
            self.flowed = False  # first: what is written from now on is found next time
            try:
                if not server.running:
                    server.start()
                upto = self._note(server, now, offset)
            except NotKept:
                self.flowed = True
                raise
            if upto - max(self.bases[-1].start, self.bases[-1].stop) >= max(_BASE_BYTES, self.base_bytes):
                with contextlib.suppress(NotKept):  # the log alone is enough, and the disk may have room next time
                    self._renew_base(server, upto)
                    self._note(server, now, offset)  # for this instant the new base is enough
                    self.trim()

    def _note(self, server: Server, now: datetime, offset: timedelta | None) -> int:
        lsn, upto = server.position(committed=offset is not None)
        self.history.add(Mark(at=now, lsn=lsn, upto=upto, real=real_now(), offset=offset))
        return upto

    def _renew_base(self, server: Server, upto: int) -> None:
        made = server.base(self.folder / f"base-{upto:x}")
        made.users = 1
        self.bases.append(made)
        self.base_bytes = bases.bytes_below(made.folder)

    def source(self, target: Target) -> Source:
        """Return what a database begins from that is restored to a target."""
        usable = [base for base in self.bases if base.stop <= target.lower]
        return Source(base=(usable or self.bases[:1])[-1], log=self.log, target=target, lock=self.lock)

    def stop(self) -> None:
        """Stop the server, which starts again when it is needed."""
        with self.lock:
            if self.server is not None:
                self.server.stop()

    def end(self, now: datetime, offset: timedelta | None) -> None:
        """Hear that the instance is deleted: what recovery points need stays."""
        with self.lock:
            try:
                self.mark(now, offset)
            except NotKept:
                self.flowed = False  # what was written last is lost with the server
            server, self.server = self.server, None
            if server is not None:
                server.stop()
                self.log.rename(self.folder / "log")
            self.ended, self.asleep = True, False
            shutil.rmtree(self.data, ignore_errors=True)
            self.trim()

    def trim(self) -> None:
        """Free the bases and the parts of the log that nothing needs any more."""
        with self.lock:
            if len(self.bases) < 2 and not self.ended:
                return
            if self.ended and not self.held:
                self._drop_all()
                return
            if self.history.marks:
                self.history.forget(self.history.marks[-1].at - WINDOW)
            targets = [position.target or self.beginning for position in self.held] + [exactly(mark) for mark in self.history.marks]
            needed = {self.source(target).base for target in targets if target is not None}
            if not self.ended:
                needed.add(self.bases[-1])
            if len(needed) < len(self.bases):
                self._keep(needed)

    def _keep(self, needed: set[Base]) -> None:
        ends = [after.stop for after in self.bases[1:]] + [None]
        ranges = [(base.start, end) for base, end in zip(self.bases, ends, strict=True) if base in needed]
        for number, file in list(bases.segments(self.log)):
            first, last = number * SEGMENT_BYTES, (number + 1) * SEGMENT_BYTES
            if not any(start < last and (end is None or first <= end) for start, end in ranges):
                file.unlink()
        for base in self.bases:
            if base not in needed:
                base.drop()
        self.bases = [base for base in self.bases if base in needed]

    def _drop_all(self) -> None:
        for base in self.bases:
            base.drop()
        self.bases = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def told(self) -> dict[str, Any]:
        """Return what the control API shows."""
        running = self.server is not None and self.server.running
        return {
            "arn": self.arn,
            "id": self.id,
            "state": "deleted" if self.ended else "running" if running else "stopped" if self.begun else "not started",
            "restored_from": self.restored_from,
            "bases": len(self.bases),
            "marks": len(self.history.marks),
            "held": sum(self.held.values()),
            "bytes_on_disk": bases.bytes_below(self.folder),
        }
