"""Objects of S3 buckets: moto holds the versions of now, a history those of every earlier instant; content is never copied.

AWS Backup backs up all versions and restores the latest ones, and never over an object that is there.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html and restoring-s3.html (read 2026-11)
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from strongroom.domain.names import partition_of
from strongroom.semantics.restores import value
from strongroom.semantics.restoretesting import NAME_PREFIX
from strongroom.twin.backup.contents import NotKept
from strongroom.twin.backup.state import RestoreJob
from strongroom.twin.clock import instant as instant_of
from strongroom.twin.data.history import ALWAYS, History, Position, seen
from strongroom.twin.data.markers import Marker
from strongroom.twin.data.pasts import Pasts
from strongroom.twin.ports import ApiError

if TYPE_CHECKING:
    from strongroom.twin.app import App

_ITEMS_MAX = 5  # of a restore job
_ENCRYPTIONS = {"SSE-S3": "AES256", "SSE-KMS": "aws:kms"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker."""

    version_id: str
    content: Any  # the file in which moto has it; None: a delete marker
    size_bytes: int = 0
    etag: str = ""
    metadata: Mapping[str, str]
    tags: Mapping[str, str]
    encryption: str | None = None
    key_arn: str | None = None
    acl: Any = None


class Buckets(Pasts):
    """The keeper of objects, by the ARN of their bucket."""

    def __init__(self, app: "App") -> None:
        super().__init__(app)
        self._touched: dict[tuple[str, str], tuple[Any, Any, datetime]] = {}  # bucket ARN, key -> backend, bucket and when

    def touch(self, backend: Any, bucket_name: str, name: str) -> None:
        """Hear that an object is about to change; what an earlier call made of it is recorded first."""
        bucket = backend.buckets.get(bucket_name)
        if bucket is None:
            return
        self._history(backend, bucket)
        place = (str(bucket.arn), name)
        if place in self._touched:
            self.settle()
        self._touched[place] = (backend, bucket, self.now())

    def settle(self) -> None:
        """Record what became of the objects that were touched."""
        if not self._touched:
            return
        touched, self._touched = self._touched, {}
        for (arn, name), (backend, bucket, at) in touched.items():
            history = self._histories.current(arn)
            if history is not None:
                _record(history, at, backend, bucket, name)

    def end(self, bucket: Any) -> None:
        """Hear that a bucket is deleted."""
        self.settle()
        self._histories.end(bucket.arn, self.now())

    def _history(self, backend: Any, bucket: Any) -> History:
        """Return the past of a bucket; what it holds at first it always held as far as anybody knows."""
        known = self._histories.current(bucket.arn)
        if known is not None:
            return known
        made = self._histories.begin(bucket.arn)
        for name in list(dict.keys(bucket.keys)):
            _record(made, ALWAYS, backend, bucket, name)
        return made

    def rotted(self, key: Any, value: tuple[Version, ...]) -> tuple[Version, ...]:
        """Return an object whose latest version has another first byte, under its old checksum."""
        last = value[-1]
        if last.content is None or not last.size_bytes:
            return value
        last.content.seek(0)
        content = last.content.read()
        return (*value[:-1], replace(last, content=BytesIO(bytes([content[0] ^ 1]) + content[1:])))

    def fill(self, position: Position, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Put objects into a bucket, apart from those whose name is taken there; raises NotKept for metadata that make no sense."""
        from moto.s3.models import s3_backends

        self.settle()
        backend = s3_backends[job.account][partition_of(job.region)]
        bucket = backend.buckets[arn.rpartition(":::")[2]]
        history, at = self._history(backend, bucket), self.now()
        wanted, depth = _asked(job)
        for name, versions in sorted(seen(position, instant).items()):
            there = bucket.keys.get(name)
            if (there is None or not hasattr(there, "size")) and (not wanted or name.startswith(wanted)):
                for version in _restorable(versions, depth):
                    _put(backend, bucket, name, version, job)
                    bucket.keys[name].last_modified = at.replace(tzinfo=None)
                _record(history, at, backend, bucket, name)

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """`GET BUCKET`: the objects that are seen in it, `{"at": INSTANT}` for an earlier state."""
        self.settle()
        history = self._histories.current(f"arn:aws:s3:::{unquote(path).removeprefix('arn:aws:s3:::')}")
        if method != "GET" or history is None:
            raise ApiError("BadPath", f"there are no objects of {path}; GET BUCKET is all there is, the rest is S3's own API")
        at = document.get("at")
        found = history.state(None if at is None else history.position_at(instant_of(at)))
        latest = {name: versions[-1] for name, versions in found.items() if versions[-1].content is not None}
        return {"objects": {name: {"etag": each.etag, "size_bytes": each.size_bytes} for name, each in sorted(latest.items())}}

    def mark(self, marker: Marker) -> list[str]:
        """Write a marker into every bucket that is not locked; returns their ARNs."""
        found = []
        for backend, bucket in _all_buckets():
            if marker.goes_into(str(bucket.arn)) and not bucket.name.startswith(NAME_PREFIX) and not bucket.object_lock_enabled:
                backend.put_object(bucket.name, f"{marker.name}.txt", marker.text(bucket.arn).encode(), disable_notification=True)
                found.append(str(bucket.arn))
        self.settle()
        return found

    def shown(self, value: Any) -> Any:
        """Return versions without their content."""
        return [(each.version_id, each.etag, each.size_bytes, dict(each.metadata), dict(each.tags)) for each in value]


def _record(history: History, at: datetime, backend: Any, bucket: Any, name: str) -> None:
    versions = tuple(_version(backend, key) for key in bucket.keys.getlist(name, []))
    history.record(at, name, versions or None, sum(each.size_bytes for each in versions))


def _version(backend: Any, key: Any) -> Version:
    if not hasattr(key, "size"):
        return Version(version_id=key.version_id, content=None, metadata={}, tags={})
    return Version(
        version_id=key.version_id,
        content=key._value_buffer,
        size_bytes=int(key.size),
        etag=key.etag.strip('"'),
        metadata=dict(key.metadata),
        tags=backend.tagger.get_tag_dict_for_resource(key.arn),
        encryption=key.encryption,
        key_arn=key.kms_key_id,
        acl=key.acl,
    )


def _asked(job: RestoreJob) -> tuple[tuple[str, ...], str]:
    """Return the beginnings of the keys to restore, all without one, and how many versions; raises NotKept."""
    wanted, depth = _paths(value(job.metadata, "ItemsToRestore")), value(job.metadata, "RestoreLatestVersionsUpTo") or "1"
    if len(wanted) > _ITEMS_MAX:
        raise NotKept(f"Invalid restore metadata: ItemsToRestore has {len(wanted)} items, {_ITEMS_MAX} at most")
    if depth != "all" and (not depth.isdigit() or depth == "0"):
        raise NotKept(f"Invalid restore metadata: RestoreLatestVersionsUpTo is {depth}, a number from 1 or all expected")
    return wanted, depth


def _paths(text: str | None) -> tuple[str, ...]:
    """Return the beginnings of the keys that are asked for; they are given as keys, paths or S3 URIs."""
    try:
        given = json.loads(text or "[]")
    except ValueError:
        given = (text or "").split(",")
    return tuple(_key(str(each)) for each in (given if isinstance(given, list) else [given]))


def _key(path: str) -> str:
    """Return the key of a path.

    Example:
        >>> _key("s3://orders/2027/01.csv"), _key("/2027/")
        ('2027/01.csv', '2027/')
    """
    return path.removeprefix("s3://").partition("/")[2] if path.startswith("s3://") else path.lstrip("/")


def _restorable(versions: tuple[Version, ...], depth: str) -> Iterator[Version]:
    """Yield the versions of an object that a restore brings back, oldest first; one that is deleted comes back with `all` only."""
    if depth == "all":
        yield from versions
    elif versions[-1].content is not None:
        kept = [each for each in versions if each.content is not None]
        yield from kept[-int(depth) :]


def _put(backend: Any, bucket: Any, name: str, version: Version, job: RestoreJob) -> None:
    if version.content is None:
        if name in bucket.keys:
            backend._set_delete_marker(bucket.name, name)
        return
    asked = value(job.metadata, "EncryptionType") or "original"
    made = backend.put_object(
        bucket.name,
        name,
        b"",
        etag=version.etag,
        encryption=version.encryption if asked == "original" else _ENCRYPTIONS.get(asked),
        kms_key_id=version.key_arn if asked == "original" else value(job.metadata, "KMSKey"),
        disable_notification=True,
    )
    made._value_buffer, made.contentsize = version.content, version.size_bytes
    made.set_metadata(dict(version.metadata))
    if version.acl is not None and (value(job.metadata, "RestoreACLs") or "").lower() == "true":
        made.set_acl(version.acl)
    if version.tags:
        backend.tagger.tag_resource(made.arn, backend.tagger.convert_dict_to_tags_input(dict(version.tags)))


def _all_buckets() -> list[tuple[Any, Any]]:
    from moto.s3.models import s3_backends

    backends = [backend for partitions in dict.values(s3_backends) for backend in dict.values(partitions)]
    found = ((backend, bucket) for backend in backends for bucket in backend.buckets.values())
    return sorted(found, key=lambda each: str(each[1].name))


def install(app: "App") -> Buckets:
    """Return the keeper of objects, to which moto's S3 tells its changes from now on."""
    from moto.s3.models import FakeKey, S3Backend

    buckets = Buckets(app)

    def named(method: Callable[..., Any]) -> Callable[..., Any]:
        def touched(self: Any, bucket_name: str, key_name: str, *others: Any, **more: Any) -> Any:
            buckets.touch(self, bucket_name, key_name)
            return method(self, bucket_name, key_name, *others, **more)

        return touched

    for name in ("put_object", "delete_object", "put_object_acl", "delete_object_tagging"):
        setattr(S3Backend, name, named(getattr(S3Backend, name)))
    put_tagging, delete_bucket = S3Backend.put_object_tagging, S3Backend.delete_bucket

    def tagged(self: Any, key: Any, tags: Any) -> Any:
        if getattr(key, "bucket_name", None):
            buckets.touch(self, key.bucket_name, key.name)
        return put_tagging(self, key, tags)

    def end(self: Any, bucket_name: str) -> Any:
        bucket = delete_bucket(self, bucket_name)
        if bucket is not None:
            buckets.end(bucket)
        return bucket

    def dispose(self: Any, *_garbage: Any, **_named: Any) -> None:
        """Leave the content to recovery points and to what was restored from them; it goes with the last of them."""
        self.disposed = True

    S3Backend.put_object_tagging, S3Backend.delete_bucket, FakeKey.dispose = tagged, end, dispose
    return buckets
