"""The keeper of instances: an image is the snapshots of their volumes, taken at one instant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strongroom.domain.names import Arn
from strongroom.twin.backup.contents import Shelf
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import Resource, RestoreJob
from strongroom.twin.data.blocks.keeper import Blocks
from strongroom.twin.data.blocks.store import Disk
from strongroom.twin.data.blocks.volumes import volume_arn
from strongroom.twin.ports import ApiError


class Images:
    """Keeps the images of instances in the store of their volumes; positions are numbers of images."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> tuple[int, int] | None:
        """Return the image of an instance, and the size that AWS Backup reports of it: that of its volumes."""
        backend = backend_of("ec2", account, region)
        disks = [
            Disk(device, volume, size_gib, self._blocks.snapshot(volume_arn(backend, volume), at))
            for device, volume, size_gib in resource.details.get("devices", ())
        ]
        return (self._keep(disks), resource.size_bytes) if any(disk.snapshot is not None for disk in disks) else None

    def share(self, position: int) -> int:
        """Return the same image, as content of one more recovery point."""
        self._blocks.store.image_points[position] += 1
        return position

    def copied(self, position: int, shelf: Shelf) -> int:
        """Return the copy of an image: those of its snapshots."""
        store = self._blocks.store
        copies = [(disk, None if disk.snapshot is None else store.copy(disk.snapshot, shelf)) for disk in store.images[position]]
        return self._keep([Disk(disk.device, disk.volume, disk.size_gib, copy) for disk, copy in copies])

    def archived(self, position: int) -> None:
        """Images don't move to cold storage."""

    def moved_bytes(self, position: int) -> int:
        """Return the size of the blocks that were stored for an image when it was made."""
        return sum(self._blocks.moved_bytes(snapshot) for snapshot in self._snapshots(position))

    def release(self, position: int) -> None:
        """Hear that a recovery point is gone."""
        store = self._blocks.store
        store.image_points[position] -= 1
        if not store.image_points[position]:
            for snapshot in self._snapshots(position):
                store.release(snapshot)
            del store.image_points[position], store.images[position]

    def fill(self, position: int, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Let the volumes of a restored instance hold the blocks, each those of its device."""
        parsed, store = Arn.parse(arn), self._blocks.store
        backend = backend_of("ec2", parsed.account, parsed.region)
        devices = {} if backend is None else backend.get_instance(parsed.resource.rpartition("/")[2]).block_device_mapping
        for disk in store.images[position]:
            made = devices.get(disk.device)
            if made is not None and disk.snapshot is not None:
                store.restore(disk.snapshot, volume_arn(backend, made.volume_id), self._blocks.now())

    def corrupt(self, position: int, count: int, seed: str) -> int:
        """Change a byte in each of up to `count` blocks, those of the first volumes first."""
        changed = 0
        for snapshot in self._snapshots(position):
            changed += self._blocks.corrupt(snapshot, count - changed, seed)
        return changed

    def heal(self, position: int) -> None:
        """Put the blocks of an image right."""
        for snapshot in self._snapshots(position):
            self._blocks.heal(snapshot)

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse: the blocks of instances are those of their volumes."""
        raise ApiError("BadPath", "the data of instances are the blocks of their volumes, at data/blocks")

    def save(self) -> dict[str, Any]:
        """Return nothing: images are saved with the blocks."""
        return {}

    def load(self, document: Any) -> None:
        """Images are loaded with the blocks."""

    def dump(self) -> None:
        """Images are dumped with the blocks."""

    def close(self) -> None:
        """Nothing runs beside the twin."""

    def _snapshots(self, position: int) -> list[int]:
        return [disk.snapshot for disk in self._blocks.store.images.get(position, ()) if disk.snapshot is not None]

    def _keep(self, disks: list[Disk]) -> int:
        store = self._blocks.store
        number = store.next()
        store.images[number], store.image_points[number] = disks, 1
        return number
