"""The files below a folder; links are what they point at by name, and are not followed."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from strongroom.errors import CouldNotVerify

RESTORED_PREFIX: Final = "aws-backup-restore_"  # of the folder into which AWS Backup restores a file system
_PIECE_BYTES: Final = 1 << 20


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the path of each file below a folder and the SHA-256 of its content; raises CouldNotVerify for what can't be read.

    A folder that holds nothing but one that AWS Backup restored into stands for that one.
    """
    inside = _entries(folder)
    only = inside[0] if len(inside) == 1 else None
    root = Path(only.path) if only and only.name.startswith(RESTORED_PREFIX) and only.is_dir(follow_symlinks=False) else folder
    waiting = [root]
    while waiting:
        for entry in _entries(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_symlink() or stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield str(Path(entry.path).relative_to(root)), _content(entry)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise CouldNotVerify(f"can't read {folder}: {error.strerror}") from error


def _content(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_symlink():
            return hashlib.sha256(f"link:{Path(entry.path).readlink()}".encode(errors="surrogateescape")).hexdigest()
        found = hashlib.sha256()
        with open(entry.path, "rb") as file:  # noqa: PTH123 - an entry has no open
            while piece := file.read(_PIECE_BYTES):
                found.update(piece)
    except OSError as error:
        raise CouldNotVerify(f"can't read {entry.path}: {error.strerror}") from error
    return found.hexdigest()
