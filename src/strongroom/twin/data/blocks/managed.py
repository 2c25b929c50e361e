"""Snapshots as EC2 and the EBS direct APIs see them: EC2's own, and those that AWS Backup made, which only AWS Backup deletes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strongroom.domain.names import ResourceType, partition_of
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.expiry import is_cold
from strongroom.twin.backup.state import RecoveryPoint
from strongroom.twin.data.blocks.keeper import Blocks
from strongroom.twin.data.blocks.store import Snapshot
from strongroom.twin.data.keeping import Kept

_GIB = 1024**3
_OF_COPIES = "vol-ffffffff"  # a copy names a volume that isn't there: EC2 API reference, CopySnapshot


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume behind a snapshot, as far as moto asks for it."""

    id: str
    size: int  # GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A snapshot in a recovery point of AWS Backup."""

    snapshot_id: str
    point: RecoveryPoint
    number: int | None  # in the store; None: nothing was ever written to the volume
    volume: Volume
    archived: bool

    @property
    def tags(self) -> dict[str, str]:
        """What AWS Backup tags it with."""
        return {**self.point.tags, "aws:backup:source-resource": self.point.resource.arn}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A snapshot of either kind, by what the EBS direct APIs ask of it."""

    snapshot: Snapshot | None  # None: an empty one
    size_gib: int
    key_arn: str | None
    completed: bool
    archived: bool = False  # and not restored from there: it can't be used (Amazon EBS user guide, archive-snapshot)


def every(blocks: Blocks, account: str, region: str) -> Iterator[Managed]:
    """Return the snapshots that AWS Backup has in an account and Region."""
    place = blocks.world.places.get((account, region))
    for vault in () if place is None else place.vaults.values():
        for point in vault.points.values():
            yield from _of(blocks, point)


def find(blocks: Blocks, account: str, region: str, snapshot_id: str) -> Managed | None:
    """Return AWS Backup's snapshot of an id, None where it has none."""
    arn = f"arn:{partition_of(region)}:ec2:{region}::snapshot/{snapshot_id}"
    place = blocks.world.places.get((account, region))
    for vault in () if place is None else place.vaults.values():
        if arn in vault.points:
            return next(_of(blocks, vault.points[arn]), None)
    images = (each for each in every(blocks, account, region) if each.point.resource.type is ResourceType.EC2)
    return next((each for each in images if each.snapshot_id == snapshot_id), None)


def seen(blocks: Blocks, backend: Any, snapshot_id: str) -> Seen | None:
    """Return the snapshot of an id in one of moto's backends of EC2, whoever made it."""
    account, region = backend.account_id, backend.region_name
    own = backend.snapshots.get(snapshot_id)
    if own is not None:
        found = blocks.store.snapshots.get(blocks.store.names.get((account, region, snapshot_id), 0))
        key = found.shelf.key_arn if found is not None else own.kms_key_id
        archived = own.storage_tier == "archive" and own.restore_expiry_time is None
        return Seen(snapshot=found, size_gib=int(own.volume.size), key_arn=key, completed=own.status == "completed", archived=archived)
    managed = find(blocks, account, region, snapshot_id)
    if managed is None:
        return None
    held = None if managed.number is None else blocks.store.snapshots[managed.number]
    return Seen(snapshot=held, size_gib=managed.volume.size, key_arn=managed.point.key_arn, completed=True, archived=managed.archived)


def _of(blocks: Blocks, point: RecoveryPoint) -> Iterator[Managed]:
    """Return the snapshots of a recovery point: the one of a volume, those of an image."""
    cold, copied = is_cold(point, blocks.world.at), point.source_vault_arn is not None
    position = point.content.position if isinstance(point.content, Kept) else None
    if point.resource.type is ResourceType.EBS and ":snapshot/" in point.arn:
        volume = Volume(_OF_COPIES if copied else point.resource.arn.rpartition("/")[2], point.resource.size_bytes // _GIB)
        name = point.arn.rpartition("/")[2]
        yield Managed(snapshot_id=name, point=point, number=position, volume=volume, archived=cold)
    elif point.resource.type is ResourceType.EC2 and ":image/" in point.arn:
        held = {disk.device: disk.snapshot for disk in blocks.store.images.get(position, ())} if position is not None else {}
        for device, volume_id, size_gib in point.resource.details.get("devices", ()):
            name = f"snap-0{chance('image', point.arn, device).hexadecimal(16)}"
            volume = Volume(_OF_COPIES if copied else volume_id, size_gib)
            yield Managed(snapshot_id=name, point=point, number=held.get(device), volume=volume, archived=False)
