"""What the control API says of blocks: `/_twin/data/blocks`, and what `strongroom twin storage` shows."""

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from strongroom.domain.names import ResourceType
from strongroom.semantics import blocks as rules
from strongroom.semantics.blocks import BLOCK_BYTES
from strongroom.twin.backup.contents import Shelf
from strongroom.twin.clock import instant
from strongroom.twin.data.blocks.store import Snapshot, Store, whole
from strongroom.twin.data.blocks.volumes import backends, volume_arn
from strongroom.twin.data.keeping import Kept
from strongroom.twin.ports import ApiError

if TYPE_CHECKING:
    from strongroom.twin.data.blocks.keeper import Blocks

_GIB = 1024**3
_NAMED = re.compile(r"(?P<volume>.*vol-[0-9a-f]+)(?:/(?P<index>\d+))?")
_MEMBERS = ({"volume", "index", "data"}, {"volume", "blocks"})


def control(keeper: "Blocks", method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a call to `/_twin/data/blocks`; raises ApiError.

    `PUT` {"volume", "index", "data"} or {"volume", "blocks": [{"index", "data"}…]} writes blocks, data in base64; `GET` tells what all
    snapshots take up; `GET VOLUME` the SHA-256 of each block of a volume and `GET VOLUME/INDEX` its bytes, at {"at"} or now.
    """
    if method == "PUT" and not path:
        return _write(keeper, document)
    if method == "GET" and not path:
        return storage(keeper)
    named = _NAMED.fullmatch(path) if method == "GET" else None
    if named is None:
        raise ApiError("BadPath", f"{method} {path!r} is unknown: PUT writes blocks, GET [VOLUME[/INDEX]] reads them")
    return _read(keeper, named["volume"], named["index"], document)


def _write(keeper: "Blocks", document: Mapping[str, Any]) -> dict[str, Any]:
    if set(document) not in _MEMBERS:
        raise ApiError("BadRequest", 'expected is {"volume", "index", "data"} or {"volume", "blocks": [{"index", "data"}, …]}')
    arn, size_gib = _volume(str(document["volume"]))
    given = document["blocks"] if "blocks" in document else [{name: document[name] for name in ("index", "data")}]
    if not isinstance(given, list):
        raise ApiError("BadRequest", '"blocks" is no list of {"index", "data"}')
    blocks = [_block(each, size_gib) for each in given]
    at = keeper.now()
    for index, data in blocks:
        keeper.store.write(arn, index, data, at)
    return {"volume": arn, "written": len(blocks), "at": at.isoformat()}


def _block(given: Any, size_gib: int) -> tuple[int, bytes]:
    """Return index and bytes of a block that somebody writes; raises ApiError."""
    if not isinstance(given, dict) or set(given) != {"index", "data"}:
        raise ApiError("BadRequest", f"{given!r} is no block: expected is an object with the members index and data")
    index, last = given["index"], size_gib * _GIB // BLOCK_BYTES - 1
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= last:
        raise ApiError("BadRequest", f"index {index!r} is no block of a volume of {size_gib} GiB: 0 to {last} are")
    try:
        data = base64.b64decode(given["data"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ApiError("BadRequest", f"the data of block {index} are not base64") from None
    if len(data) > BLOCK_BYTES:
        raise ApiError("BadRequest", f"block {index} has {len(data)} bytes, {BLOCK_BYTES} at most")
    return index, data


def _volume(name: str) -> tuple[str, int]:
    """Return ARN and size in GiB of the volume with an id or ARN; raises ApiError."""
    volume_id = name.rpartition("/")[2]
    for backend in backends():
        volume = backend.volumes.get(volume_id)
        if volume is not None and name in {volume_id, volume_arn(backend, volume_id)}:
            return volume_arn(backend, volume_id), int(volume.size)
    raise ApiError("BadRequest", f"there is no volume {name!r}")


def _read(keeper: "Blocks", name: str, index: str | None, document: Mapping[str, Any]) -> dict[str, Any]:
    arn, _ = _volume(name)
    at = instant(document["at"]) if "at" in document else keeper.now()
    content = keeper.store.content(arn, at)
    if index is None:
        return {"volume": arn, "at": at.isoformat(), "blocks": {str(each): digest(written.data) for each, written in content.items()}}
    if int(index) not in content:
        raise ApiError("BadPath", f"nothing was ever written to block {index} of {name}")
    return {"volume": arn, "index": int(index), "data": base64.b64encode(whole(content[int(index)].data)).decode()}


def storage(keeper: "Blocks") -> dict[str, Any]:
    """Return what snapshots take up: by account and Region, by vault, and each of them."""
    store, names = keeper.store, _names(keeper)
    referred = dict(store.referred())
    shelves: dict[tuple[str, str, bool], list[int]] = {}
    for number, found in store.snapshots.items():
        shelves.setdefault((found.shelf.account, found.shelf.region, found.shelf.air_gapped), []).append(number)
    used = {number: each for numbers in shelves.values() for number, each in _usage(referred, numbers).items()}
    vaults: dict[str, list[int]] = {}
    for number, (_, vault) in names.items():
        if vault:
            vaults.setdefault(vault, []).append(number)
    return {
        "block_bytes": BLOCK_BYTES,
        "stored_bytes": rules.stored_bytes(referred.values()),
        "places": [
            {
                "account": account,
                "region": region,
                "air_gapped": air_gapped,
                "stored_bytes": rules.stored_bytes(referred[number] for number in numbers),
                "archived_bytes": sum(store.snapshots[number].full_bytes for number in numbers if store.snapshots[number].archived),
                "snapshots": [_snapshot(store.snapshots[number], *names.get(number, ("", "")), used[number]) for number in numbers],
            }
            for (account, region, air_gapped), numbers in sorted(shelves.items())
        ],
        "vaults": [
            {"vault": vault, "recovery_points": len(numbers), "stored_bytes": rules.stored_bytes(referred[each] for each in numbers)}
            for vault, numbers in sorted(vaults.items())
        ],
    }


def _usage(referred: Mapping[int, frozenset[int]], numbers: list[int]) -> dict[int, rules.Usage]:
    return rules.usage({number: referred[number] for number in numbers})


def _snapshot(found: Snapshot, name: str, vault: str, used: rules.Usage) -> dict[str, Any]:
    return {
        "name": name,
        "vault": vault,
        "volume": found.volume,
        "at": found.at.isoformat(),
        "full_bytes": found.full_bytes,
        "new_bytes": found.moved * BLOCK_BYTES,
        "unique_bytes": used.unique_bytes,
        "shared_bytes": used.shared_bytes,
        "archived": found.archived,
    }


def _names(keeper: "Blocks") -> dict[int, tuple[str, str]]:
    """Return the ARN of the recovery point, or the id of EC2's snapshot, and the vault of each snapshot, by number."""
    store = keeper.store
    found = {number: (snapshot_id, "") for (_, _, snapshot_id), number in store.names.items()}
    for place in keeper.world.places.values():
        for vault in place.vaults.values():
            for point in vault.points.values():
                if not isinstance(point.content, Kept):
                    continue
                if point.content.type is ResourceType.EBS:
                    found[point.content.position] = point.arn, vault.arn
                elif point.content.type is ResourceType.EC2:
                    disks = store.images.get(point.content.position, ())
                    found |= {disk.snapshot: (f"{point.arn} {disk.device}", vault.arn) for disk in disks if disk.snapshot is not None}
    return found


def digests(store: Store) -> dict[str, Any]:
    """Return the content of all volumes and snapshots in digests, to compare two runs by."""
    return {
        "volumes": {
            arn: {str(index): [(each.at.isoformat(), digest(each.data)) for each in history] for index, history in volume.history.items()}
            for arn, volume in store.volumes.items()
        },
        "snapshots": [
            {
                "volume": found.volume,
                "at": found.at.isoformat(),
                "shelf": _shelf(found.shelf),
                "archived": found.archived,
                "new_blocks": found.moved,
                "blocks": {str(index): digest(each.data) for index, each in found.blocks.items()},
            }
            for found in store.snapshots.values()
        ],
    }


def _shelf(shelf: Shelf) -> list[str]:
    return [shelf.account, shelf.region, shelf.key_arn or "", "air-gapped" if shelf.air_gapped else ""]


def digest(data: bytes) -> str:
    """Return the SHA-256 of a whole block, in base64 as the EBS direct APIs give it."""
    return base64.b64encode(sha256(whole(data)).digest()).decode()
