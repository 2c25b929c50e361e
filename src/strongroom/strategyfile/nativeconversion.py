"""From the grammar of protection outside of AWS Backup to the domain."""

from collections.abc import Mapping
from typing import TypedDict

from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import (
    Native,
    NativeBuckets,
    NativeContainers,
    NativeDatabases,
    NativeSnapshots,
    NativeTables,
    ObjectLock,
    Replication,
    Selection,
    StorageClass,
    Transition,
)
from strongroom.strategyfile import nativeparts
from strongroom.strategyfile.parts import SelectionPart
from strongroom.strategyfile.placed import Source, selection


def native(part: nativeparts.NativePart, source: Source) -> Native:
    """Return what a file declares under `native`."""
    return Native(
        databases=tuple(_databases(name, each, source) for name, each in part.databases.items()),
        buckets=tuple(_buckets(name, each, source) for name, each in part.buckets.items()),
        tables=tuple(_tables(name, each, source) for name, each in part.tables.items()),
        containers=tuple(_containers(name, each, source) for name, each in part.ecs.items()),
    )


class _Placed(TypedDict):
    """What every declaration under `native` has."""

    name: str
    select: Selection
    origin: FileOrigin


def _placed(path: tuple[str, str, str], select: SelectionPart, source: Source) -> _Placed:
    return {"name": path[-1], "select": selection(select, (*path, "select"), source), "origin": source.key(*path)}


def _databases(name: str, part: nativeparts.DatabasesPart, source: Source) -> NativeDatabases:
    path = ("native", "databases", name)
    return NativeDatabases(
        **_placed(path, part.select, source),
        retention_days=part.keep,
        backup_window=part.backup_window,
        maintenance_window=part.maintenance_window,
        deletion_protection=part.deletion_protection,
        copy_tags=part.copy_tags,
        snapshots=tuple(
            NativeSnapshots(
                name=label,
                schedule=each.at,
                timezone=each.timezone,
                keep=each.keep,
                to=each.to,
                key=each.key,
                origin=source.key(*path, "snapshots", label),
            )
            for label, each in part.snapshots.items()
        ),
    )


def _buckets(name: str, part: nativeparts.BucketsPart, source: Source) -> NativeBuckets:
    path = ("native", "buckets", name)
    lock = part.object_lock
    return NativeBuckets(
        **_placed(path, part.select, source),
        versioning=part.versioning,
        mfa_delete=part.mfa_delete,
        object_lock=ObjectLock(mode=lock.mode, days=lock.keep, origin=source.key(*path, "object_lock")) if lock else None,
        transitions=_transitions(part.transitions),
        expire_after_days=part.keep,
        noncurrent_transitions=_transitions(part.old_versions.transitions),
        noncurrent_expire_after_days=part.old_versions.keep,
        replications=tuple(
            Replication(
                to=each.to,
                bucket=each.bucket,
                storage_class=each.storage_class,
                encrypted_objects=each.encrypted_objects,
                key=each.key,
                origin=source.value(*path, "replicate", position),
            )
            for position, each in enumerate(part.replicate)
        ),
    )


def _transitions(written: Mapping[StorageClass, int]) -> tuple[Transition, ...]:
    found = [Transition(after_days=days, to=storage_class) for storage_class, days in written.items()]
    return tuple(sorted(found, key=lambda each: (each.after_days, each.to)))


def _tables(name: str, part: nativeparts.TablesPart, source: Source) -> NativeTables:
    return NativeTables(
        **_placed(("native", "tables", name), part.select, source),
        point_in_time_days=part.point_in_time,
        deletion_protection=part.deletion_protection,
    )


def _containers(name: str, part: nativeparts.ContainersPart, source: Source) -> NativeContainers:
    return NativeContainers(
        **_placed(("native", "ecs", name), part.select, source),
        schedule=part.at,
        timezone=part.timezone,
        bucket=part.bucket,
        keep=part.keep,
    )
