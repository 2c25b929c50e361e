"""Manifests: what was in a resource at an instant, as names and checksums, without content; and where they are kept.

A manifest is a JSON file `<type>/<SHA-256 of the ARN>/<instant>.json` below `manifests` in the folder of the state.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from strongroom.domain.names import ResourceType
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.validators.target import Target

FORMAT_VERSION: Final = 1
WITHIN_MINUTES: Final = 60
_INSTANT: Final = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was in a resource."""

    resource_arn: str
    type: ResourceType
    began_at: datetime  # AWS's times: what was written between the two may or may not be in it
    taken_at: datetime
    entries: Mapping[str, str]  # name (key, path, index of a block, table) -> SHA-256
    rows: Mapping[str, int] = field(default_factory=dict)  # of tables

    @property
    def sha256(self) -> str:
        """The checksum of everything."""
        return digest(self.entries)


def digest(entries: Mapping[str, str]) -> str:
    """Return one checksum for all entries, whatever their order."""
    found = hashlib.sha256()
    for name in sorted(entries):
        found.update(f"{len(name.encode())}:{name}={entries[name]}\n".encode())
    return found.hexdigest()


def folder_of(root: Path, kind: ResourceType, arn: str) -> Path:
    """Return where the manifests of a resource are."""
    return root / kind.keyword / hashlib.sha256(arn.encode()).hexdigest()


def write(root: Path, manifest: Manifest) -> Path:
    """Write a manifest whole or not at all, and return its file; raises BadInput when it can't be written."""
    folder = folder_of(root, manifest.type, manifest.resource_arn)
    document = {
        "format_version": FORMAT_VERSION,
        "resource_arn": manifest.resource_arn,
        "type": manifest.type.keyword,
        "began_at": manifest.began_at.isoformat(),
        "taken_at": manifest.taken_at.isoformat(),
        "count": len(manifest.entries),
        "sha256": manifest.sha256,
        "rows": dict(sorted(manifest.rows.items())),
        "entries": dict(sorted(manifest.entries.items())),
    }
    target = folder / f"{manifest.taken_at.astimezone(UTC).strftime(_INSTANT)}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", encoding="utf-8", delete=False) as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(target)
    except OSError as error:
        raise BadInput(f"can't write {target}: {error.strerror}", hint="choose another folder: --out FOLDER") from error
    return target


def newest(target: Target, within_minutes: int, folder: Path | None = None) -> Manifest:
    """Return the newest manifest that is not later than the restored instant and not older than `within_minutes` then.

    Raises CouldNotVerify when there is none, or it can't be read.
    """
    as_of, root = target.as_of, folder or target.manifests
    if root is None or as_of is None:
        raise CouldNotVerify(f"there is no manifest of {target.source_arn}: {'no folder of manifests' if as_of else 'no restored instant'}")
    files = sorted(folder_of(root, target.restored.type, target.source_arn).glob("*.json"), reverse=True)
    instants = [(taken, file) for file in files if (taken := _instant(file)) is not None]
    earlier = [(taken, file) for taken, file in instants if taken <= as_of]
    if not earlier:
        found = f"the earliest is of {instants[-1][0]:%Y-%m-%d %H:%M:%S} UTC" if instants else f"take one with: {_command(target)}"
        raise CouldNotVerify(f"there is no manifest from before {as_of:%Y-%m-%d %H:%M:%S} UTC, {found}")
    taken, file = earlier[0]
    if as_of - taken > timedelta(minutes=within_minutes):
        raise CouldNotVerify(
            f"the newest manifest before the recovery point is of {taken:%Y-%m-%d %H:%M:%S} UTC, more than {within_minutes} minutes earlier"
        )
    return read(file)


def _command(target: Target) -> str:
    return f"strongroom manifest {target.source_arn}"


def _instant(file: Path) -> datetime | None:
    try:
        return datetime.strptime(file.stem + "+0000", f"{_INSTANT}%z")
    except ValueError:
        return None


def read(file: Path) -> Manifest:
    """Return a manifest; raises CouldNotVerify for a file that is damaged or of another format."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if found["format_version"] != FORMAT_VERSION:
            raise CouldNotVerify(f"manifest {file} has format {found['format_version']}: {FORMAT_VERSION} expected")
        manifest = Manifest(
            resource_arn=found["resource_arn"],
            type=next(kind for kind in ResourceType if kind.keyword == found["type"]),
            began_at=datetime.fromisoformat(found["began_at"]),
            taken_at=datetime.fromisoformat(found["taken_at"]),
            entries={str(name): str(sha256) for name, sha256 in found["entries"].items()},
            rows={str(name): int(rows) for name, rows in found["rows"].items()},
        )
        damaged = manifest.sha256 != found["sha256"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise CouldNotVerify(f"manifest {file} can't be read: {type(error).__name__}") from error
    if damaged:
        raise CouldNotVerify(f"manifest {file} was changed: its entries have another checksum than it says")
    return manifest
