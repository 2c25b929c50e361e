"""The state of a whole twin in a file: everything that accounts, services and AWS Backup hold, and the virtual clock.

One line says what the file is, one line of JSON (`Header`) what is in it, then comes a graph of objects (`graph`), compressed.
The format and why it is one of its own: docs/decisions/007-a-saved-twin-is-a-graph-of-known-classes.md.
"""

import importlib
import json
import weakref
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from strongroom import __version__
from strongroom.errors import BadInput
from strongroom.twin import graph
from strongroom.twin.app import App
from strongroom.twin.data.keeping import Keepers
from strongroom.twin.garbage import undisturbed
from strongroom.twin.ports import ApiError

MAGIC = b"strongroom twin state\n"
FORMAT_VERSION = 1
BYTES_MAX = 4 << 30  # of a decompressed file; a year of a thousand resources has a tenth
_OURS = ("organizations", "cloudformation")  # services whose state is not moto's


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself, in JSON, before anything in it is believed."""

    format_version: int
    strongroom: str  # release that wrote it
    moto: str  # whose objects are in it: their attributes belong to one release
    now: str  # virtual instant, ISO 8601
    facts: dict[str, Any]  # of the seed: file, resources; keys, account and home Region of the administrator; whether IAM is enforced
    bytes: int  # of the graph, decompressed
    sha256: str  # of the compressed graph


def save(app: App, facts: dict[str, Any]) -> bytes:
    """Return the state of a twin as the content of a file; raises ApiError for something that has no form in one."""
    with app.lock:
        now = app.clock.now()
        try:
            kept = {name: keeper.save() for name, keeper in app.data.items()}
            data = graph.dumps(state(app) | {"data": kept}, _known(app))
        except graph.Unsaveable as error:
            raise ApiError("NotSaveable", f"the twin can't be saved: {error}") from error
    body = zlib.compress(data, 1)
    header = Header(
        format_version=FORMAT_VERSION,
        strongroom=__version__,
        moto=version("moto"),
        now=now.isoformat(timespec="microseconds"),
        facts=facts,
        bytes=len(data),
        sha256=sha256(body).hexdigest(),
    )
    return MAGIC + json.dumps(asdict(header)).encode() + b"\n" + body


def read(path: Path) -> tuple[Header, bytes]:
    """Return the header of a file and its compressed graph; raises BadInput for anything but a whole file of this release."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", hint="write one with: strongroom twin save FILE") from error
    if not content.startswith(MAGIC):
        raise BadInput(f"{path} is not the saved state of a twin", hint="write one with: strongroom twin save FILE")
    line, _, body = content[len(MAGIC) :].partition(b"\n")
    header = _header(path, line)
    if sha256(body).hexdigest() != header.sha256:
        raise BadInput(f"{path} is damaged: its content is not what was written", hint="save the twin again, or start from its seed")
    return header, body


def _header(path: Path, line: bytes) -> Header:
    again = "start from the seed with this release, and save again"
    try:
        members = json.loads(line)
        found = members.get("format_version")
        if found != FORMAT_VERSION:
            raise BadInput(f"{path} has format version {found!r}, this release reads {FORMAT_VERSION}", hint=again)
        header = Header(**members)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is damaged: its header can't be read", hint=again) from error
    if header.moto != version("moto"):
        raise BadInput(f"{path} was written with moto {header.moto}, here is moto {version('moto')}", hint=again)
    return header


def restore(app: App, header: Header, body: bytes, path: Path) -> None:
    """Give a fresh twin the state of a file; raises BadInput."""
    again = "start from the seed with this release, and save again"
    opened = zlib.decompressobj()
    try:
        data = opened.decompress(body, min(header.bytes, BYTES_MAX) + 1)
        if len(data) != header.bytes:
            raise BadInput(f"{path} is damaged: it is longer or shorter than it says", hint=again)
        with undisturbed():
            _put(app, graph.loads(data, _known(app)))
    except (graph.BadGraph, zlib.error, LookupError, StopIteration, AttributeError, TypeError, ValueError) as error:
        raise BadInput(f"{path} can't be loaded by strongroom {__version__}: {error}", hint=again) from error


def _known(app: App) -> dict[str, Any]:
    """What is there in every twin and only referred to."""
    from moto.core.utils import get_service_model

    cloudformation = _cloudformation()
    return {
        "organization": app.organization,
        "model of AWS Config": get_service_model("config"),  # each of its backends keeps it
        "cloudformation": cloudformation,
        "stacks": cloudformation.stacks,
        "handlers": cloudformation.stacks.handlers,
        "contents": app.backup.world.contents,
    }


def _cloudformation() -> Any:
    from strongroom.twin.cloudformation.wire import CloudFormationResponse

    return CloudFormationResponse.cloudformation


def state(app: App) -> dict[str, Any]:
    """Return everything that makes a twin what it is, part by part; call it with the twin's lock held."""
    from moto.moto_api._internal import mock_random

    cloudformation, organization, world = _cloudformation(), _parts(app.organization), _parts(app.backup)["_world"]
    world.forget()
    return {
        "services": {name: _backends(each) for name, each in _services()},
        "buckets": _bucket_accounts(),
        "random": mock_random.getstate(),
        "organization": {name: organization[name] for name in _ORGANIZATION},
        "stacks": (cloudformation.stacks.stacks, cloudformation.stacks.exports),
        "sets": (cloudformation.sets.sets, cloudformation.sets.activated),
        "control_tower": app.control_tower.tower.state,
        "backup": world,
        "sessions": app.identities._sessions,
        "journal": (app.journal._entries, app.journal._number),
        "trail": (app.trail.events, app.trail.number),
        "faults": (app.faults._faults, app.faults._number),
        "loads": (app.loads.markers, app.loads.written),
    }


_ORGANIZATION = ("state", "_effective", "_generation", "_names")


def _parts(service: Any) -> dict[str, Any]:
    parts: dict[str, Any] = vars(service)
    return parts


def _services() -> list[tuple[str, Any]]:
    """The services of moto that somebody has used."""
    from moto.core.base_backend import BackendDict

    found = {_module(each): each for each in BackendDict._instances}
    return sorted((name, each) for name, each in found.items() if each.service_name not in _OURS)


def _module(service: Any) -> str:
    """The name of a service's package in moto, which its signing name is not: `moto.rds`."""
    own = next(each for each in service.backend.__mro__ if each.__module__.startswith("moto."))
    return ".".join(own.__module__.split(".")[:2])


def _backends(service: Any) -> dict[str, dict[str, Any]]:
    """Backends by account and Region, without making one by asking."""
    return {account: dict(dict.items(regions)) for account, regions in dict.items(service)}


def _bucket_accounts() -> dict[str, tuple[str, str]]:
    from moto.s3.models import s3_backends

    found: dict[str, tuple[str, str]] = s3_backends.bucket_accounts
    return found


def _put(app: App, state: dict[str, Any]) -> None:
    from moto.moto_api._internal import mock_random

    mock_random.setstate(state["random"])
    for module, accounts in state["services"].items():
        service = _service(module)
        for account, regions in accounts.items():
            for region, backend in regions.items():
                dict.__setitem__(service[account], region, backend)
                _introduce(backend)
    _bucket_accounts().update(state["buckets"])
    cloudformation, organization = _cloudformation(), _parts(app.organization)
    organization.update(state["organization"])
    cloudformation.stacks.stacks, cloudformation.stacks.exports = state["stacks"]
    cloudformation.sets.sets, cloudformation.sets.activated = state["sets"]
    app.control_tower.tower.state = state["control_tower"]
    contents = app.backup.world.contents
    _parts(app.backup)["_world"] = state["backup"]
    app.backup.keep(contents)
    _put_data(app, state.get("data", {}))
    app.identities._sessions = state["sessions"]
    app.journal._entries, app.journal._number = state["journal"]
    app.trail.events, app.trail.number = state["trail"]
    app.faults._faults, app.faults._number = state["faults"]
    app.loads.markers, app.loads.written = state.get("loads", ([], []))


def _put_data(app: App, kept: Mapping[str, Any]) -> None:
    """Give the keepers what they had; recovery points whose data did not travel are state alone from now on."""
    loaded = {name for name, document in kept.items() if document is not None and name in app.data}
    for name in loaded:
        app.data[name].load(kept[name])
    world, contents = app.backup.world, app.backup.world.contents
    points = [point for place in world.places.values() for vault in place.vaults.values() for point in vault.points.values()]
    if isinstance(contents, Keepers):
        for point in contents.unknown(points, loaded):
            point.content = None


def _service(module: str) -> Any:
    if not module.startswith("moto.") or module.count(".") != 1:
        raise graph.BadGraph(f"{module} is no service")
    from moto.core.base_backend import BackendDict

    found = vars(importlib.import_module(f"{module}.models")).values()
    return next(each for each in found if isinstance(each, BackendDict) and _module(each) == module)


def _introduce(backend: Any) -> None:
    """Let moto's EC2 find the networks of other accounts, which it does by references outside of its backends."""
    references = getattr(type(backend), "vpc_refs", None)
    if references is not None:
        references[type(backend)].add(weakref.ref(backend))


def virtual_now(header: Header) -> datetime:
    """Return the instant at which the clock of a saved twin stood."""
    return datetime.fromisoformat(header.now)
