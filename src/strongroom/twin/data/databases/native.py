"""RDS's own calls carry data too: what moto does to the state of instances and snapshots, the keeper hears.

Source: Amazon RDS API reference, CreateDBSnapshot, RestoreDBInstanceFromDBSnapshot, RestoreDBInstanceToPointInTime (read 2026-11).
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from strongroom.domain.names import ResourceType
from strongroom.twin.data.keeping import Kept

if TYPE_CHECKING:
    from strongroom.twin.data.databases.keeper import Databases

_ID_CHARACTERS = 26
_Method = Callable[..., Any]


def teach(keeper: "Databases") -> None:
    """Change moto's classes; once a process."""
    from moto.rds.models import DBInstance, RDSBackend

    _identify(DBInstance, RDSBackend)
    _show(DBInstance, keeper)
    _snapshots(RDSBackend, keeper)
    _restores(RDSBackend, keeper)
    _ends(RDSBackend, keeper)


def _identify(instances: Any, backends: Any) -> None:
    """An instance has an id of its own (DbiResourceId), which a later one of the same name doesn't get; moto gives all the same."""
    numbers = count(1)
    make, replicate = instances.__init__, backends.create_db_instance_read_replica

    def identified(instance: Any) -> None:
        digest = hashlib.blake2b(f"{instance.arn} {instance.created.isoformat()} {next(numbers)}".encode(), digest_size=20).digest()
        instance.dbi_resource_id = "db-" + base64.b32encode(digest).decode()[:_ID_CHARACTERS]

    def init(instance: Any, *arguments: Any, **named: Any) -> None:
        make(instance, *arguments, **named)
        identified(instance)

    def create_read_replica(backend: Any, db_kwargs: dict[str, Any]) -> Any:
        replica = replicate(backend, db_kwargs)
        identified(replica)
        return replica

    instances.__init__, backends.create_db_instance_read_replica = init, create_read_replica


def _show(instances: Any, keeper: "Databases") -> None:
    """The endpoint of an instance with data is the port that it is reached at."""
    shown = instances.endpoint.fget

    def endpoint(instance: Any) -> dict[str, Any]:
        told: dict[str, Any] = shown(instance)
        return told | keeper.endpoint(instance)

    def address(instance: Any) -> str:
        return str(keeper.endpoint(instance).get("Address") or named(instance))

    named = instances.address.fget
    instances.endpoint, instances.address = property(endpoint), property(address)


def _snapshots(backends: Any, keeper: "Databases") -> None:
    """A DB snapshot holds the data of its instance."""
    create, copy, delete = backends.create_db_snapshot, backends.copy_db_snapshot, backends.delete_db_snapshot

    def create_db_snapshot(backend: Any, *arguments: Any, **named: Any) -> Any:
        made = create(backend, *arguments, **named)
        keep(made, keeper.now(made.database))
        return made

    def copy_db_snapshot(backend: Any, source_db_snapshot_identifier: str, *arguments: Any, **named: Any) -> Any:
        source = backend.get_db_snapshot(source_db_snapshot_identifier)
        made = copy(backend, source_db_snapshot_identifier, *arguments, **named)
        content = getattr(source, "content", None)
        keep(made, None if content is None else keeper.share(content.position))
        return made

    def delete_db_snapshot(backend: Any, db_snapshot_identifier: str) -> Any:
        gone = delete(backend, db_snapshot_identifier)
        content = getattr(gone, "content", None)
        if content is not None:
            keeper.release(content.position)
        return gone

    def keep(snapshot: Any, position: Any) -> None:
        size_bytes = int(snapshot.allocated_storage or 1) << 30
        snapshot.content = None if position is None else Kept(ResourceType.RDS, position, size_bytes, size_bytes)

    backends.create_db_snapshot = create_db_snapshot
    backends.copy_db_snapshot, backends.delete_db_snapshot = copy_db_snapshot, delete_db_snapshot


def _restores(backends: Any, keeper: "Databases") -> None:
    """A restored instance begins with the data of its snapshot, or of an instant."""
    from_snapshot, to_instant = backends.restore_db_instance_from_db_snapshot, backends.restore_db_instance_to_point_in_time

    def restore_from_snapshot(backend: Any, from_snapshot_id: str, overrides: dict[str, Any]) -> Any:
        made = from_snapshot(backend, from_snapshot_id, overrides)
        content = getattr(backend.get_db_snapshot(from_snapshot_id), "content", None)
        if content is not None:
            keeper.begin(made, keeper.share(content.position))
        return made

    def restore_to_instant(backend: Any, source_db_identifier: str, target_db_identifier: str, overrides: dict[str, Any]) -> Any:
        source = backend.describe_db_instances(source_db_identifier)[0]
        asked = _instant(source, overrides)
        made = to_instant(backend, source_db_identifier, target_db_identifier, overrides)
        position = keeper.at(source, asked)
        if position is not None:
            keeper.begin(made, position)
        return made

    backends.restore_db_instance_from_db_snapshot = restore_from_snapshot
    backends.restore_db_instance_to_point_in_time = restore_to_instant


def _instant(source: Any, asked: dict[str, Any]) -> datetime:
    """Return the instant that a restore to a point in time asks for; raises RDS's errors."""
    from moto.rds.exceptions import RDSClientError

    if not source.backup_retention_period:
        name = source.db_instance_identifier
        raise RDSClientError("PointInTimeRestoreNotEnabled", f"Point in time restore is not enabled for DB Instance {name}")
    instant, newest = asked.get("restore_time"), asked.get("use_latest_restorable_time")
    if (instant is None) != bool(newest):
        told = "Exactly one of RestoreTime and UseLatestRestorableTime must be specified"
        raise RDSClientError("InvalidParameterCombination", told)
    first, last = _aware(source.instance_create_time), _aware(source.latest_restorable_time)
    if instant is None:
        return last
    instant = _aware(instant if isinstance(instant, datetime) else datetime.fromisoformat(str(instant)))
    if not first.replace(microsecond=0) <= instant <= last:
        told = f"The specified instance cannot be restored to a time later than {_text(last)} or earlier than {_text(first)}"
        raise RDSClientError("InvalidParameterValue", told)
    return instant


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _ends(backends: Any, keeper: "Databases") -> None:
    """A server ends with its instance, and nobody reaches one that is stopped."""
    delete, stop, reboot = backends.delete_db_instance, backends.stop_db_instance, backends.reboot_db_instance

    def delete_db_instance(backend: Any, *arguments: Any, **named: Any) -> Any:
        gone = delete(backend, *arguments, **named)
        keeper.end(gone)
        return gone

    def stop_db_instance(backend: Any, *arguments: Any, **named: Any) -> Any:
        stopped = stop(backend, *arguments, **named)
        keeper.halt(stopped)
        return stopped

    def reboot_db_instance(backend: Any, *arguments: Any, **named: Any) -> Any:
        rebooted = reboot(backend, *arguments, **named)
        keeper.halt(rebooted)
        return rebooted

    backends.delete_db_instance, backends.stop_db_instance = delete_db_instance, stop_db_instance
    backends.reboot_db_instance = reboot_db_instance
