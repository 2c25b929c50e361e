"""Files of EFS file systems, of which moto has none: a history each, behind `/_twin/data/files`.

A restore never writes over files: it makes a directory of its own below the root, in a new file system too.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html and
https://docs.aws.amazon.com/efs/latest/ug/metered-sizes.html (read 2026-11)
"""

import base64
import binascii
import json
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from strongroom.semantics.restores import value
from strongroom.twin.backup.state import RestoreJob
from strongroom.twin.clock import instant as instant_of
from strongroom.twin.data.history import History, Position, seen
from strongroom.twin.data.markers import Marker
from strongroom.twin.data.pasts import Pasts
from strongroom.twin.dispatch import before_first_use
from strongroom.twin.ports import ApiError

if TYPE_CHECKING:
    from strongroom.twin.app import App

_File = tuple[bytes, int]  # content and mode
_EMPTY_BYTES = 6144  # what EFS meters for an empty file system
_BLOCK_BYTES, _ENTRY_BYTES = 4096, 2048  # a file is metered in blocks, with its metadata
_MODE = 0o644
_PLACE = re.compile(r"(?:arn:[^/]+:file-system/)?(fs-[0-9a-f]+)(/.*)?")


class Files(Pasts):
    """The keeper of files, by the ARN of their file system."""

    def __init__(self, app: "App") -> None:
        super().__init__(app)
        self._taught = False

    def teach(self) -> None:
        """Let moto's file systems tell of their end."""
        if self._taught:
            return
        self._taught = True
        from moto.efs.models import EFSBackend

        delete = EFSBackend.delete_file_system

        def end(backend: Any, file_system_id: str) -> None:
            system = backend.file_systems_by_id.get(file_system_id)
            delete(backend, file_system_id)
            self._histories.end(system.file_system_arn, self.now())

        EFSBackend.delete_file_system = end

    def _history(self, system: Any) -> History:
        known = self._histories.current(system.file_system_arn)
        return known if known is not None else self._histories.begin(system.file_system_arn)

    def write(self, system: Any, path: str, file: _File | None) -> bool:
        """Let a file be there from now on, None: no longer; returns whether that is a change."""
        history = self._history(system)
        changed = history.record(self.now(), path, file, 0 if file is None else metered(len(file[0])))
        system._size_value = _EMPTY_BYTES + history.size_bytes
        return changed

    def rotted(self, key: str, value: _File) -> _File:
        """Return a file with another first byte, or one where it had none."""
        content, mode = value
        return bytes([content[0] ^ 1]) + content[1:] if content else b"\0", mode

    def fill(self, position: Position, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Put files below a directory of the restore's own."""
        system, at = _system(arn.rpartition("/")[2]), self.now()
        wanted = _paths(value(job.metadata, "ItemsToRestore"))
        for path, file in sorted(seen(position, instant).items()):
            if not wanted or any(path == each or path.startswith(f"{each}/") for each in wanted):
                self.write(system, f"/aws-backup-restore_{at:%Y-%m-%dT%H-%M-%S-%f}Z{path}", file)

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """`GET ID` lists the files (`{"at": INSTANT}`: of an earlier one), `GET`, `PUT` and `DELETE ID/PATH` are of one file."""
        found = _PLACE.fullmatch(unquote(path))
        if found is None:
            raise ApiError("BadPath", f"{path!r} is no file system or file: write fs-0123456789abcdef0/directory/file")
        system, name = _system(found[1]), found[2] or ""
        history, at = self._history(system), document.get("at")
        files = history.state(None if at is None else history.position_at(instant_of(at)))
        if method == "GET" and name in {"", "/"}:
            listed = {each: _told(file) for each, file in sorted(files.items())}
            return {"arn": system.file_system_arn, "files": listed, "size_bytes": system._size_value}
        name = _normal(name)
        if method == "PUT":
            self.write(system, name, _given(document))
            return _told(_given(document))
        if name not in files:
            raise ApiError("NoSuchFile", f"{system.file_system_id} has no file {name}")
        if method == "DELETE":
            self.write(system, name, None)
            return {}
        if method != "GET":
            raise ApiError("BadPath", f"files can't be asked to {method}: GET, PUT and DELETE are known")
        return _told(files[name]) | {"content_base64": base64.b64encode(files[name][0]).decode()}

    def mark(self, marker: Marker) -> list[str]:
        """Write a marker into every file system; returns their ARNs."""
        systems = [system for system in _all_systems() if marker.goes_into(str(system.file_system_arn))]
        for system in systems:
            self.write(system, f"/{marker.name}.txt", (marker.text(system.file_system_arn).encode(), _MODE))
        return [str(system.file_system_arn) for system in systems]

    def shown(self, value: _File) -> Any:
        """Return a file without its content."""
        return _told(value)


def metered(size_bytes: int) -> int:
    """Return what EFS meters for a file of a size.

    Example:
        >>> metered(0), metered(1), metered(4097)
        (2048, 6144, 10240)
    """
    return -(-size_bytes // _BLOCK_BYTES) * _BLOCK_BYTES + _ENTRY_BYTES


def _told(file: _File) -> dict[str, Any]:
    content, mode = file
    return {"size_bytes": len(content), "mode": f"{mode:04o}", "sha256": sha256(content).hexdigest()}


def _given(document: Mapping[str, Any]) -> _File:
    try:
        return base64.b64decode(str(document["content_base64"]), validate=True), int(str(document.get("mode", f"{_MODE:o}")), 8)
    except (KeyError, ValueError, binascii.Error):
        raise ApiError("BadFile", 'a file is {"content_base64": …, "mode": "0644"}') from None


def _normal(name: str) -> str:
    """Return the path of a file below the root; raises ApiError for what is none."""
    parts = PurePosixPath(name).parts[1:]
    if not parts or ".." in parts or name.endswith("/") or "\0" in name:
        raise ApiError("BadPath", f"{name!r} is no path of a file")
    return "/" + "/".join(parts)


def _paths(text: str | None) -> list[str]:
    """Return the files and directories that are asked for."""
    try:
        given = json.loads(text or "[]")
    except ValueError:
        given = [text]
    return ["/" + str(each).strip("/") for each in (given if isinstance(given, list) else [given])]


def _all_systems() -> list[Any]:
    module = sys.modules.get("moto.efs.models")
    if module is None:
        return []
    backends = [backend for regions in dict.values(module.efs_backends) for backend in dict.values(regions)]
    return sorted(
        (each for backend in backends for each in backend.file_systems_by_id.values()), key=lambda each: str(each.file_system_arn)
    )


def _system(file_system_id: str) -> Any:
    found = next((each for each in _all_systems() if each.file_system_id == file_system_id), None)
    if found is None:
        raise ApiError("FileSystemNotFound", f"there is no file system {file_system_id}")
    return found


def install(app: "App") -> Files:
    """Return the keeper of files."""
    files = Files(app)
    before_first_use("efs", files.teach)
    return files
