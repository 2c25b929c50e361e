"""EC2's snapshots hold blocks: what CreateSnapshot, CopySnapshot, CreateVolume, changes of the tier and deletions do to the store.

DescribeSnapshots shows those of AWS Backup too. Source: Amazon EC2 API reference; Amazon EBS user guide, ebs-deleting-snapshot
(read 2026-11-21).
"""

from typing import Any

from strongroom.twin import images
from strongroom.twin.data.blocks import managed
from strongroom.twin.data.blocks.keeper import Blocks
from strongroom.twin.data.blocks.volumes import volume_arn
from strongroom.twin.dispatch import before_first_use

_NOT_DELETED = "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. Delete its recovery point instead."


def install(blocks: Blocks) -> None:
    """Let EC2 know the blocks when it is first used."""
    before_first_use("ec2", lambda: _teach(blocks))


def _teach(blocks: Blocks) -> None:
    from moto.ec2.models import EC2Backend

    images.teach_ec2()
    taught = hasattr(EC2Backend, "blocks")
    EC2Backend.blocks = blocks
    if not taught:
        _snapshots_hold_blocks(EC2Backend)
        _snapshots_are_archived(EC2Backend)
        _volumes_hold_blocks(EC2Backend)
        _managed_ones_are_shown(EC2Backend)


def _snapshots_hold_blocks(kind: Any) -> None:
    create, copy, delete = kind.create_snapshot, kind.copy_snapshot, kind.delete_snapshot

    def create_snapshot(backend: Any, volume_id: str, *arguments: Any, **named: Any) -> Any:
        made = create(backend, volume_id, *arguments, **named)
        _name(backend, made.id, backend.blocks.snapshot(volume_arn(backend, volume_id), backend.blocks.now()))
        return made

    def copy_snapshot(backend: Any, source_snapshot_id: str, source_region: str, *arguments: Any, **named: Any) -> Any:
        from moto.ec2.models import ec2_backends

        source = _usable(ec2_backends[backend.account_id][source_region], source_snapshot_id)
        made = copy(backend, source_snapshot_id, source_region, *arguments, **named)
        if source is not None and source.snapshot is not None:
            shelf = backend.blocks.shelf(backend.account_id, backend.region_name, made, key=made.kms_key_id)
            _name(backend, made.id, backend.blocks.store.copy(source.snapshot.number, shelf))
        return made

    def delete_snapshot(backend: Any, snapshot_id: str) -> Any:
        from moto.ec2.exceptions import EC2ClientError

        if _managed(backend, snapshot_id) is not None:
            raise EC2ClientError("InvalidParameterValue", _NOT_DELETED)
        gone = delete(backend, snapshot_id)
        number = backend.blocks.store.names.pop((backend.account_id, backend.region_name, snapshot_id), None)
        if number is not None:
            backend.blocks.release(number)
        return gone

    kind.create_snapshot, kind.copy_snapshot, kind.delete_snapshot = create_snapshot, copy_snapshot, delete_snapshot


def _snapshots_are_archived(kind: Any) -> None:
    archive, back = kind.modify_snapshot_tier, kind.restore_snapshot_tier

    def modify_snapshot_tier(backend: Any, snapshot_id: str, storage_tier: str) -> Any:
        changed = archive(backend, snapshot_id, storage_tier)
        number = _number(backend, snapshot_id)
        if number is not None:
            backend.blocks.archived(number)
        return changed

    def restore_snapshot_tier(backend: Any, snapshot_id: str, **how: Any) -> Any:
        changed, number = back(backend, snapshot_id, **how), _number(backend, snapshot_id)
        if number is not None and how.get("permanent_restore"):
            backend.blocks.store.unarchive(number)
        return changed

    kind.modify_snapshot_tier, kind.restore_snapshot_tier = modify_snapshot_tier, restore_snapshot_tier


def _volumes_hold_blocks(kind: Any) -> None:
    create, delete = kind.create_volume, kind.delete_volume

    def create_volume(backend: Any, size: int, zone_name: str, snapshot_id: str | None = None, *arguments: Any, **named: Any) -> Any:
        source = _usable(backend, snapshot_id) if snapshot_id else None
        made = create(backend, size, zone_name, snapshot_id, *arguments, **named)
        if source is not None and source.snapshot is not None:
            backend.blocks.store.restore(source.snapshot.number, volume_arn(backend, made.id), backend.blocks.now())
        return made

    def delete_volume(backend: Any, volume_id: str) -> Any:
        gone = delete(backend, volume_id)
        backend.blocks.store.forget(volume_arn(backend, volume_id), backend.blocks.now())
        return gone

    kind.create_volume, kind.delete_volume = create_volume, delete_volume


def _managed_ones_are_shown(kind: Any) -> None:
    from moto.ec2.exceptions import InvalidSnapshotIdError
    from moto.ec2.models.elastic_block_store import Snapshot
    from moto.ec2.responses import EC2Response
    from moto.ec2.utils import generic_filter

    class ManagedSnapshot(Snapshot):
        """A snapshot that AWS Backup made; made anew for each answer."""

        def __init__(self, backend: Any, each: managed.Managed) -> None:
            super().__init__(
                backend,
                each.snapshot_id,
                each.volume,
                "This snapshot is created by the AWS Backup service.",
                encrypted=each.point.key_arn is not None,
                kms_key_id=each.point.key_arn,
            )
            self.start_time = each.point.initiated_at.replace(tzinfo=None)
            self.storage_tier = "archive" if each.archived else "standard"
            self.own_tags = [{"key": name, "value": text} for name, text in each.tags.items()]

        def get_tags(self) -> list[dict[str, str]]:
            return [*self.own_tags, *super().get_tags()]

    def describe_snapshots(backend: Any, snapshot_ids: list[str] | None = None, filters: Any = None) -> list[Any]:
        matches = list(backend.snapshots.values())
        matches += [ManagedSnapshot(backend, each) for each in managed.every(backend.blocks, backend.account_id, backend.region_name)]
        if snapshot_ids:
            matches = [each for each in matches if each.id in snapshot_ids]
            if len(set(snapshot_ids)) > len(matches):
                raise InvalidSnapshotIdError
        return list(generic_filter(filters, matches)) if filters else matches

    def get_snapshot(backend: Any, snapshot_id: str) -> Any:
        found = backend.snapshots.get(snapshot_id)
        if found is not None:
            return found
        each = _managed(backend, snapshot_id)
        if each is None:
            raise InvalidSnapshotIdError
        return ManagedSnapshot(backend, each)

    described = EC2Response.describe_snapshots

    def describe(response: Any) -> Any:
        response.ec2_backend.blocks.catch_up()
        return described(response)

    kind.describe_snapshots, kind.get_snapshot, EC2Response.describe_snapshots = describe_snapshots, get_snapshot, describe
    Snapshot.full_snapshot_size_in_bytes = property(_full_bytes)


def _full_bytes(snapshot: Any) -> int:
    """The size of the blocks that were written (EC2 API reference, Snapshot.FullSnapshotSizeInBytes)."""
    seen = managed.seen(snapshot.ec2_backend.blocks, snapshot.ec2_backend, snapshot.id)
    return 0 if seen is None or seen.snapshot is None else seen.snapshot.full_bytes


def _usable(backend: Any, snapshot_id: str) -> managed.Seen | None:
    """Return a snapshot that something can be made of, None for one that isn't there; raises moto's EC2ClientError."""
    from moto.ec2.exceptions import EC2ClientError

    found = managed.seen(backend.blocks, backend, snapshot_id)
    if found is not None and found.archived:
        raise EC2ClientError("IncorrectState", f"The snapshot '{snapshot_id}' is archived; restore it to the standard tier first.")
    return found


def _managed(backend: Any, snapshot_id: str) -> managed.Managed | None:
    return managed.find(backend.blocks, backend.account_id, backend.region_name, snapshot_id)


def _number(backend: Any, snapshot_id: str) -> int | None:
    found: int | None = backend.blocks.store.names.get((backend.account_id, backend.region_name, snapshot_id))
    return found


def _name(backend: Any, snapshot_id: str, number: int | None) -> None:
    """Remember which snapshot of the store is behind one of EC2's; none: an empty one."""
    if number is not None:
        backend.blocks.store.names[backend.account_id, backend.region_name, snapshot_id] = number
