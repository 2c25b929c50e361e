"""What `strongroom twin load` has written: markers, by number, and into which resources; whoever knows them knows every past instant."""

import base64
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from strongroom.semantics.restoretesting import NAME_PREFIX
from strongroom.twin.clock import instant
from strongroom.twin.data.markers import Marker
from strongroom.twin.ports import ApiError
from strongroom.twin.state import LOOPBACK

if TYPE_CHECKING:
    from strongroom.twin.app import App

_BLOCK_BYTES = 512 * 1024
_GIB = 1024**3


@runtime_checkable
class Markable(Protocol):
    """A keeper into whose resources markers are written inside of the twin."""

    def mark(self, marker: Marker) -> list[str]:
        """Write a marker into every resource; returns their ARNs."""


@dataclass(slots=True, eq=False)
class Loads:
    """All markers of a twin, oldest first."""

    markers: list[Marker] = field(default_factory=list)
    written: list[dict[str, tuple[str, ...]]] = field(default_factory=list)  # ARNs by kind, one for each marker

    def step(self, app: "App", document: Mapping[str, Any]) -> dict[str, Any]:
        """Move the clock to an instant and write the next marker: {"to", "kinds", "seed", "only"}; call it with the twin's lock held.

        Databases are written by the caller, at the endpoints in the answer, who says so with `note`. Raises ApiError.
        """
        to = instant(document["to"]) if document.get("to") else app.clock.now()
        kinds = _kinds(app, document.get("kinds"))
        passed = app.passage.advance(app.clock.target(to=to)) if to > app.clock.now() else {"counts": {}}
        app.passage.catch_up()
        at = app.clock.now()
        marker = Marker(number=len(self.markers) + 1, at=at, seed=str(document.get("seed", "")), only=_only(document.get("only")))
        written = {kind: tuple(_WRITERS[kind](app, marker)) for kind in kinds if kind in _WRITERS}
        before = self.written[-1] if self.written else {}
        self.markers.append(marker)
        self.written.append({kind: before[kind] if before.get(kind) == arns else arns for kind, arns in written.items()})
        return {
            "number": marker.number,
            "at": at.isoformat(),
            "counts": passed["counts"],
            "written": {kind: len(arns) for kind, arns in written.items()},
            "databases": [each for each in _databases() if marker.goes_into(each["arn"])] if "databases" in kinds else [],
        }

    def note(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Hear into which databases the caller wrote a marker: {"number", "arns"}; raises ApiError."""
        number, arns = document.get("number"), document.get("arns")
        if not isinstance(number, int) or not 0 < number <= len(self.markers) or not isinstance(arns, list):
            raise ApiError("BadRequest", '{"number": …, "arns": […]} of a marker is expected')
        self.written[number - 1]["databases"] = tuple(str(each) for each in arns)
        return {}

    def tell(self, at: datetime) -> dict[str, Any]:
        """Return which markers were in which resources at an instant."""
        markers = [marker for marker in self.markers if marker.at <= at]
        resources: dict[str, list[int]] = {}
        for marker in markers:
            for arns in self.written[marker.number - 1].values():
                for arn in arns:
                    resources.setdefault(arn, []).append(marker.number)
        return {
            "at": at.isoformat(),
            "markers": [{"number": each.number, "at": each.at.isoformat(), "seed": each.seed} for each in markers],
            "resources": dict(sorted(resources.items())),
        }


def _kinds(app: "App", given: Any) -> list[str]:
    """Return the kinds of data to write; raises ApiError for one that isn't there."""
    known = [kind for kind in (*_WRITERS, "databases") if kind in app.data]
    if given is None:
        return known
    unknown = [each for each in given if each not in known] if isinstance(given, list) else [given]
    if unknown:
        raise ApiError("BadRequest", f"{unknown[0]!r} is no kind of data that can be written here: {', '.join(sorted(known))} are")
    return list(given)


def _only(given: Any) -> tuple[str, ...]:
    """Return the ARNs of the resources that get a marker; raises ApiError."""
    if given is not None and not (isinstance(given, list) and all(isinstance(each, str) and each.startswith("arn:") for each in given)):
        raise ApiError("BadRequest", f"only is a list of ARNs, not {given!r}")
    return tuple(given or ())


def _by_keeper(kind: str) -> Callable[["App", Marker], Iterable[str]]:
    def write(app: "App", marker: Marker) -> Iterable[str]:
        keeper = app.data[kind]
        return keeper.mark(marker) if isinstance(keeper, Markable) else ()

    return write


def _blocks(app: "App", marker: Marker) -> Iterable[str]:
    """Write a marker into the block of its number of every volume; a small volume begins anew at its end."""
    from strongroom.twin.data.blocks.volumes import backends, volume_arn

    places = [(volume_arn(backend, id_), volume.size) for backend in backends() for id_, volume in backend.volumes.items()]
    for arn, size_gib in sorted((arn, size) for arn, size in places if marker.goes_into(arn)):
        data = base64.b64encode(marker.text(arn).encode()).decode()
        index = marker.number % (int(size_gib) * _GIB // _BLOCK_BYTES)
        app.data["blocks"].control("PUT", "", {"volume": arn, "index": index, "data": data})
        yield arn


_WRITERS: Mapping[str, Callable[["App", Marker], Iterable[str]]] = {
    "tables": _by_keeper("tables"),
    "buckets": _by_keeper("buckets"),
    "files": _by_keeper("files"),
    "blocks": _blocks,
}


def _databases() -> Iterable[dict[str, Any]]:
    """Yield where and as whom databases with real data are reached: what DescribeDBInstances and their creation say."""
    module = sys.modules.get("moto.rds.models")
    if module is None:
        return
    backends = [backend for regions in dict.values(module.rds_backends) for backend in dict.values(regions)]
    instances = sorted((each for backend in backends for each in backend.databases.values()), key=lambda each: str(each.db_instance_arn))
    for instance in instances:
        endpoint = instance.endpoint if instance.engine == "postgres" else {}
        reached = endpoint.get("Address") == LOOPBACK and instance.status == "available"
        if reached and not instance.db_instance_identifier.startswith(NAME_PREFIX):
            yield {
                "arn": instance.db_instance_arn,
                "host": endpoint["Address"],
                "port": endpoint["Port"],
                "user": instance.master_username,
                "password": instance._master_user_password,
                "database": instance.db_name or "postgres",
            }
