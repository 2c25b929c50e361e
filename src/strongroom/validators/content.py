"""Everything in a resource as names and checksums, whatever its type: what manifests are made of and compared with."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from strongroom.aws.contents.blocks import blocks
from strongroom.aws.contents.items import items
from strongroom.aws.contents.objects import objects
from strongroom.aws.contents.sources import name_in
from strongroom.domain.names import ResourceType
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.validators.files import files
from strongroom.validators.postgres import connected
from strongroom.validators.tables import tables
from strongroom.validators.target import Target

ENTRIES_MAX: Final = 1_000_000  # of a manifest, which is read into memory whole


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a resource."""

    entries: Mapping[str, str]  # name -> SHA-256
    rows: Mapping[str, int] = field(default_factory=dict)  # of tables


def content(target: Target, *, mounted: Path | None = None, pause: Callable[[float], object] = time.sleep) -> Content:
    """Return what is in a resource; `mounted` is where a file system is. Raises AwsRefused, BadInput, CouldNotVerify."""
    restored = target.restored
    name, kind = name_in(restored.resource_arn), restored.type
    if kind in {ResourceType.RDS, ResourceType.AURORA}:
        with connected(target) as session:
            found = dict(tables(session))
        return Content({each: of.sha256 for each, of in found.items()}, {each: of.rows for each, of in found.items()})
    if kind is ResourceType.EFS:
        if mounted is None:
            raise BadInput("files are read where they are mounted, and nobody says where", hint="add mount: [checks/mount.sh] to manifest")
        return Content(_bounded(files(mounted)))
    place = target.opened().place
    if kind is ResourceType.DYNAMODB:
        return Content(_bounded(items(place, name)))
    if kind is ResourceType.S3:
        return Content(_bounded(objects(place, name)))
    if kind is ResourceType.EBS:
        return Content(_bounded(blocks(place, name, restored.tags, pause)))
    raise BadInput(f"there are no manifests of {kind}", hint="use http, command or a validator of another package")


def _bounded(entries: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, sha256 in entries:
        found[name] = sha256
        if len(found) > ENTRIES_MAX:
            raise CouldNotVerify(f"there are more than {ENTRIES_MAX} entries, which is too much for a manifest")
    return found
