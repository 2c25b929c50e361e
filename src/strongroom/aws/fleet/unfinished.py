"""Readings that were stopped: their shelves stay for an hour, and the same reading takes them up."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from strongroom.aws.fleet import shelf
from strongroom.aws.fleet.orders import ACCOUNT_SUBJECTS, SUBJECTS, Kind
from strongroom.domain.tables import TABLES

READING = ".reading-"
BEGUN = "begun.json"
LOCK = "lock"
KEPT = timedelta(hours=1)  # what is older is read again: too much may have changed since


@dataclass(slots=True)
class Unfinished:
    """The shelf of a reading."""

    folder: Path
    begun_at: datetime | None  # AWS's time when a reading began that can be taken up; None: this is a new one
    finished: bool = False  # then the shelf goes

    def begin(self, observed_at: datetime) -> None:
        """Note when this reading began."""
        if self.begun_at is None:
            (self.folder / BEGUN).write_text(json.dumps({"observed_at": observed_at.isoformat()}), encoding="utf-8")

    @property
    def accounts_read(self) -> int:
        """How many accounts are on the shelf."""
        return len({entry.order for entry in shelf.entries(self.folder) if entry.order.startswith(f"{Kind.ACCOUNT} ")})


def scope_digest(scope: Mapping[str, str]) -> str:
    """Return a digest of what a reading asks for, and of the tables it fills."""
    told = [sorted(scope.items()), repr(TABLES), SUBJECTS, ACCOUNT_SUBJECTS]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


@contextmanager
def unfinished(root: Path, digest: str, *, now: datetime, fresh: bool) -> Iterator[Unfinished]:
    """Open the shelf of a reading; when the reading is not finished it stays for another one of the same digest.

    `now` is AWS's time. A shelf that somebody else fills is left to them. `fresh`: what an earlier reading left is not taken up.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_old(root, now)
    with ExitStack() as stack:
        folder = root / f"{READING}{digest}"
        folder.mkdir(exist_ok=True)
        lock = _locked(folder)
        if lock is None:
            folder = root / f"{READING}{digest}-{os.getpid()}"
            folder.mkdir()
            lock = _locked(folder)
        if lock is not None:
            stack.callback(lock.close)
        if fresh:
            _empty(folder)
        opened = Unfinished(folder, _begun_at(folder))
        if opened.begun_at is None:
            _empty(folder)
        try:
            yield opened
        finally:
            if opened.finished or not opened.accounts_read:
                shutil.rmtree(folder, ignore_errors=True)


def _locked(folder: Path) -> TextIO | None:
    """Return an open lock, which the kernel drops with the process; None: somebody else has it."""
    file = (folder / LOCK).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _begun_at(folder: Path) -> datetime | None:
    try:
        document = json.loads((folder / BEGUN).read_text(encoding="utf-8"))
        return datetime.fromisoformat(document["observed_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != LOCK:
            path.unlink()


def _remove_old(root: Path, now: datetime) -> None:
    for folder in root.glob(f"{READING}*"):
        begun = _begun_at(folder)
        if begun is not None and begun <= now < begun + KEPT:
            continue
        lock = _locked(folder) if folder.is_dir() else None
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()
