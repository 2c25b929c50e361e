"""Databases in a saved twin: the template, the bases and the logs as files, and what their positions mean.

Servers don't travel: a database begins again from its newest base and its log, when somebody connects. PostgreSQL runs what it finds in its
files, so those of somebody else are not taken: a seal says that this user has saved them, on this machine.
"""

import hashlib
import hmac
import io
import os
import secrets
import tarfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from strongroom.twin.data.databases import programs
from strongroom.twin.data.databases.bases import Base
from strongroom.twin.data.databases.lineage import Lineage
from strongroom.twin.data.databases.positions import History, Mark, Position, Target
from strongroom.twin.data.databases.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedBase:
    """A base with its files; without any: the template's."""

    start: int
    stop: int
    files: bytes  # a tar file


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLineage:
    """What a history knows, and its log."""

    id: str
    arn: str
    born_at: datetime
    origin: Position | None
    restored_from: str
    marks: tuple[Mark, ...]
    beginning: Target | None
    bases: tuple[int, ...]  # numbers in the list of all
    held: tuple[tuple[Position, int], ...]
    rotten: tuple[tuple[Position, tuple[int, str]], ...]
    rots: tuple[int, str] | None
    ended: bool
    log: bytes  # a tar file; empty: it has not begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """All databases of a twin."""

    password: str  # of the servers' administrator; empty: none has begun
    start: int  # of the template
    template: bytes  # a tar file
    bases: tuple[SavedBase, ...]
    lineages: tuple[SavedLineage, ...]
    seal: bytes = b""  # of this user's key over all files


def pack(template: Template | None, lineages: Iterable[Lineage]) -> Saved:
    """Return databases that nobody writes to as a value; raises OSError."""
    first = None if template is None else template.base
    known = list({id(base): base for lineage in lineages for base in lineage.bases}.values())
    numbers = {id(base): number for number, base in enumerate(known)}
    saved = Saved(
        password="" if template is None else template.password,
        start=0 if first is None else first.start,
        template=b"" if first is None else _tar(first.folder),
        bases=tuple(SavedBase(start=base.start, stop=base.stop, files=b"" if base is first else _tar(base.folder)) for base in known),
        lineages=tuple(_packed(lineage, tuple(numbers[id(base)] for base in lineage.bases)) for lineage in lineages),
    )
    return replace(saved, seal=_seal(saved, _key() or _new_key())) if saved.password else saved


def own(saved: Saved) -> bool:
    """Whether this user has saved these files, or there are none."""
    key = _key()
    return not saved.password or (key is not None and hmac.compare_digest(saved.seal, _seal(saved, key)))


def _seal(saved: Saved, key: bytes) -> bytes:
    sealed = hmac.new(key, digestmod=hashlib.sha256)
    for part in (saved.password.encode(), saved.template, *(base.files for base in saved.bases), *(each.log for each in saved.lineages)):
        sealed.update(len(part).to_bytes(8, "big") + part)
    return sealed.digest()


def _key_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "strongroom" / "twin-databases.key"


def _key() -> bytes | None:
    try:
        return _key_file().read_bytes() or None
    except OSError:
        return None


def _new_key() -> bytes:
    """Make this user's key; raises OSError."""
    made = secrets.token_bytes(32)
    file = _key_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(made)
    return made


def _packed(lineage: Lineage, numbers: tuple[int, ...]) -> SavedLineage:
    with lineage.lock:
        return SavedLineage(
            id=lineage.id,
            arn=lineage.arn,
            born_at=lineage.born_at,
            origin=lineage.origin,
            restored_from=lineage.restored_from,
            marks=tuple(lineage.history.marks),
            beginning=lineage.beginning,
            bases=numbers,
            held=tuple(lineage.held.items()),
            rotten=tuple(lineage.rotten.items()),
            rots=lineage.rots,
            ended=lineage.ended,
            log=_tar(lineage.log) if lineage.begun else b"",
        )


def known(saved: Saved, folder: Path) -> list[Lineage]:
    """Return the histories of saved databases, whose files `unpack` will write."""
    bases = [Base(folder=folder / f"base-{number}", start=base.start, stop=base.stop) for number, base in enumerate(saved.bases)]
    return [_known(each, folder, bases) for each in saved.lineages]


def _known(each: SavedLineage, folder: Path, bases: list[Base]) -> Lineage:
    needed = [bases[number] for number in each.bases]
    for base in needed:
        base.users += 1
    return Lineage(
        id=each.id,
        arn=each.arn,
        folder=folder / each.id,
        born_at=each.born_at,
        origin=each.origin,
        restored_from=each.restored_from,
        history=History(list(each.marks)),
        beginning=each.beginning,
        bases=needed,
        held=Counter(dict(each.held)),
        rotten=dict(each.rotten),
        rots=each.rots,
        ended=each.ended,
        asleep=bool(needed) and not each.ended,
    )


def unpack(saved: Saved, folder: Path) -> Template | None:
    """Write the files of saved databases, and return their template; raises OSError and NotKept."""
    if not saved.password:
        return None
    _untar(saved.template, folder / "template" / "data")
    programs.own(folder / "template")
    for number, base in enumerate(saved.bases):
        _untar(base.files or saved.template, folder / f"base-{number}")
    for lineage in saved.lineages:
        if lineage.log:
            _untar(lineage.log, folder / lineage.id / "log")
    return Template(folder / "template", password=saved.password, start=saved.start)


def _tar(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for each in sorted(folder.rglob("*")):
            if not each.is_symlink():
                file.add(each, str(each.relative_to(folder)), recursive=False)
    return out.getvalue()


def _untar(content: bytes, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    programs.own(folder)
    with tarfile.open(fileobj=io.BytesIO(content)) as file:
        file.extractall(folder, filter="data")
    for each in folder.rglob("*"):
        each.chmod(0o700 if each.is_dir() else 0o600)
        programs.own(each)
