"""The keeper of volumes: AWS Backup's door to the store of blocks."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from strongroom.domain.names import Arn
from strongroom.semantics.blocks import BLOCK_BYTES
from strongroom.twin.backup.contents import Shelf
from strongroom.twin.backup.state import Resource, RestoreJob, World
from strongroom.twin.backup.surroundings import key_of
from strongroom.twin.data.blocks import shown
from strongroom.twin.data.blocks.store import Store
from strongroom.twin.data.blocks.volumes import found_volume

if TYPE_CHECKING:
    from strongroom.twin.app import App


class Blocks:
    """Keeps the blocks of all volumes and snapshots; positions are numbers of snapshots."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self.store = Store()

    @property
    def world(self) -> World:
        """AWS Backup, of whose recovery points EC2 shows some as its snapshots."""
        return self._app.backup.world

    def now(self) -> datetime:
        """Return the instant of what happens now, in whole milliseconds as AWS Backup counts them."""
        at = max(self._app.clock.now(), self.world.at)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def catch_up(self) -> None:
        """Let AWS Backup do what is due, before somebody asks for its recovery points."""
        self._app.passage.catch_up()

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> tuple[int, int] | None:
        """Return the snapshot of a volume, and the size that AWS Backup reports of it: that of the volume, whatever is in it.

        Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RecoveryPointByBackupVault.html (BackupSizeInBytes).
        """
        number = self.snapshot(resource.arn, at)
        return None if number is None else (number, resource.size_bytes)

    def snapshot(self, volume: str, at: datetime) -> int | None:
        """Make a snapshot of a volume as of an instant; None: nothing was ever written to it."""
        if volume not in self.store.volumes:
            return None
        parsed = Arn.parse(volume)
        return self.store.snapshot(volume, self.shelf(parsed.account, parsed.region, found_volume(volume)), at)

    def shelf(self, account: str, region: str, volume: Any, key: str | None = None) -> Shelf:
        """Return where the snapshots of moto's volume lie; None: one that is deleted."""
        reference = key or (volume.kms_key_id or "alias/aws/ebs" if volume is not None and volume.encrypted else None)
        arn = None if reference is None else key_of(self.world, reference, account, region).arn
        return Shelf(account=account, region=region, key_arn=arn, air_gapped=False)

    def share(self, position: int) -> int:
        """Return the same snapshot, as content of one more recovery point."""
        self.store.snapshots[position].points += 1
        return position

    def copied(self, position: int, shelf: Shelf) -> int:
        """Return the copy of a snapshot."""
        return self.store.copy(position, shelf)

    def archived(self, position: int) -> None:
        """Move a snapshot to the archive."""
        self.store.archive(position)

    def moved_bytes(self, position: int) -> int:
        """Return the size of the blocks that were stored for a snapshot when it was made."""
        return self.store.snapshots[position].moved * BLOCK_BYTES

    def release(self, position: int) -> None:
        """Hear that a recovery point is gone."""
        self.store.release(position)

    def fill(self, position: int, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Let a restored volume hold the blocks."""
        self.store.restore(position, arn, self.now())

    def corrupt(self, position: int, count: int, seed: str) -> int:
        """Change a byte in each of up to `count` blocks; snapshots that share them rot too."""
        return self.store.corrupt(position, count, seed)

    def heal(self, position: int) -> None:
        """Put the blocks of a snapshot right."""
        self.store.heal(position)

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Write blocks of a volume (PUT), or tell what volumes and snapshots hold and take up (GET); raises ApiError."""
        return shown.control(self, method, path, document)

    def save(self) -> Store:
        """Return everything."""
        return self.store

    def load(self, document: Any) -> None:
        """Go on with what another twin had."""
        self.store = document

    def dump(self) -> dict[str, Any]:
        """Return digests of what volumes and snapshots hold."""
        return shown.digests(self.store)

    def close(self) -> None:
        """Nothing runs beside the twin."""
