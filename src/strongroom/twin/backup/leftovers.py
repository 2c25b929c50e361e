"""What restore tests leave behind, and its removal: by tag, or by name where restores don't tag.

Source: AWS Backup developer guide, restore-testing (read 2026-11).
"""

from collections.abc import Callable, Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import partition_of
from strongroom.semantics.restoretesting import NAME_PREFIX
from strongroom.twin.backup.inventory import backend_of, changed
from strongroom.twin.backup.state import RestoreJob, World

_Remove = Callable[[Any, str], None]
_TAG: str = facts.limit("restore_testing_tag").value


def remove(world: World, job: RestoreJob) -> str:
    """Remove what a restore test made; returns why it stays, empty when it is gone, whoever removed it."""
    arn = job.created_arn or ""
    service, name = _place_of(arn)
    backend = backend_of(_SERVICES[service], job.account, partition_of(job.region) if service == "s3" else job.region)
    tags = None if backend is None else _FINDERS[service](backend, name)
    if tags is None:
        return ""
    if _TAG not in tags and not name.rpartition(":")[2].rpartition("/")[2].startswith(NAME_PREFIX):
        return facts.message("restore_test_tag_removed").format(tag=_TAG)
    _REMOVERS[service](backend, name)
    changed(world, job.account, job.region)
    return ""


def _place_of(arn: str) -> tuple[str, str]:
    """Return service and name: `table/orders`, `volume/vol-1`, `db:shop`, `cluster:shop`, `receipts`."""
    _, _, service, _, _, name = arn.split(":", 5)
    return service, name


def _ec2_tags(backend: Any, name: str) -> Mapping[str, str] | None:
    kind, _, identifier = name.partition("/")
    if kind == "volume":
        volume = backend.volumes.get(identifier)
        return None if volume is None else _by_key(volume.get_tags())
    for reservation in backend.reservations.values():
        for instance in reservation.instances:
            if instance.id == identifier and instance.state not in ("terminated", "shutting-down"):
                return _by_key(instance.get_tags())
    return None


def _remove_ec2(backend: Any, name: str) -> None:
    kind, _, identifier = name.partition("/")
    if kind == "volume":
        backend.delete_volume(identifier)
        return
    (instance,) = (each for reservation in backend.reservations.values() for each in reservation.instances if each.id == identifier)
    disks = [device.volume_id for device in instance.block_device_mapping.values()]
    backend.terminate_instances([identifier])
    for disk in disks:
        backend.volumes.pop(disk, None)


def _rds_tags(backend: Any, name: str) -> Mapping[str, str] | None:
    kind, _, identifier = name.partition(":")
    found = (backend.clusters if kind == "cluster" else backend.databases).get(identifier)
    return None if found is None else _by_key(found.tags)


def _remove_rds(backend: Any, name: str) -> None:
    kind, _, identifier = name.partition(":")
    if kind == "cluster":
        backend.delete_db_cluster(identifier)
    else:
        backend.delete_db_instance(identifier, skip_final_snapshot=True)


def _efs_tags(backend: Any, name: str) -> Mapping[str, str] | None:
    identifier = name.rpartition("/")[2]
    return _by_key(backend.list_tags_for_resource(identifier)) if identifier in backend.file_systems_by_id else None


def _remove_efs(backend: Any, name: str) -> None:
    backend.delete_file_system(name.rpartition("/")[2])


def _table_tags(backend: Any, name: str) -> Mapping[str, str] | None:
    table = backend.tables.get(name.rpartition("/")[2])
    return None if table is None else _by_key(table.tags)


def _remove_table(backend: Any, name: str) -> None:
    backend.delete_table(name.rpartition("/")[2])


def _bucket_tags(backend: Any, name: str) -> Mapping[str, str] | None:
    if name not in backend.buckets:
        return None
    tags: Mapping[str, str] = backend.tagger.get_tag_dict_for_resource(backend.buckets[name].arn)
    return tags


def _remove_bucket(backend: Any, name: str) -> None:
    backend.buckets[name].keys.clear()  # the lifecycle rule has emptied it
    backend.delete_bucket(name)


def _by_key(pairs: Any) -> dict[str, str]:
    return {pair.get("Key", pair.get("key", "")): pair.get("Value", pair.get("value", "")) for pair in pairs}


_SERVICES = {"ec2": "ec2", "rds": "rds", "elasticfilesystem": "efs", "dynamodb": "dynamodb", "s3": "s3"}
_FINDERS: Mapping[str, Callable[[Any, str], Mapping[str, str] | None]] = {
    "ec2": _ec2_tags,
    "rds": _rds_tags,
    "elasticfilesystem": _efs_tags,
    "dynamodb": _table_tags,
    "s3": _bucket_tags,
}
_REMOVERS: Mapping[str, _Remove] = {
    "ec2": _remove_ec2,
    "rds": _remove_rds,
    "elasticfilesystem": _remove_efs,
    "dynamodb": _remove_table,
    "s3": _remove_bucket,
}
