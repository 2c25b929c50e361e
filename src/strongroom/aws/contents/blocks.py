"""The blocks of an EBS volume, read through a temporary snapshot that is deleted again.

A volume that is attached to nothing can only be read this way. Blocks that were never written are not listed, and blocks of zeros may
or may not be, so that neither count. Source: EBS user guide, "EBS direct APIs"; API reference, ListSnapshotBlocks, read 2026-11-21.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from strongroom.aws.contents.place import Place
from strongroom.domain.recovery import EXAMINES_TAG
from strongroom.errors import AwsRefused, CouldNotVerify

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 15.0
_FORGOTTEN = timedelta(days=1)  # longer than any validator may run
_GONE = frozenset({"InvalidSnapshot.NotFound"})


def blocks(place: Place, volume: str, tags: Mapping[str, str], pause: Callable[[float], object]) -> Iterator[tuple[str, str]]:
    """Yield the index of each block of a volume that has something in it, and its SHA-256; raises AwsRefused, CouldNotVerify.

    `pause` waits some seconds for the snapshot. Earlier snapshots that were left behind are deleted first.
    """
    sweep(place, volume)
    with _snapshot(place, volume, tags, pause) as snapshot:
        for block in place.pages("ebs", "list_snapshot_blocks", "Blocks", SnapshotId=snapshot):
            found = _digest(place, snapshot, int(block["BlockIndex"]), block["BlockToken"])
            if found:
                yield str(block["BlockIndex"]), found


def sweep(place: Place, volume: str) -> None:
    """Delete the temporary snapshots of a volume, and those of any other that nobody has deleted for a day; raises AwsRefused."""
    ours = [{"Name": "tag-key", "Values": [EXAMINES_TAG]}]
    for each in list(place.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=ours)):
        tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        if tags[EXAMINES_TAG] == volume or place.sessions.observed_at() - each["StartTime"] > _FORGOTTEN:
            _delete(place, each["SnapshotId"])


@contextmanager
def _snapshot(place: Place, volume: str, tags: Mapping[str, str], pause: Callable[[float], object]) -> Iterator[str]:
    named = [{"Key": key, "Value": value} for key, value in ({**tags, EXAMINES_TAG: volume}).items()]
    made = place.call(
        "ec2",
        "create_snapshot",
        VolumeId=volume,
        Description=f"temporary: its blocks are compared with a manifest of {volume}",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": named}],
    )
    snapshot = str(made["SnapshotId"])
    try:
        _wait(place, snapshot, pause)
        yield snapshot
    finally:
        _delete(place, snapshot)


def _wait(place: Place, snapshot: str, pause: Callable[[float], object]) -> None:
    seconds = _FIRST_PAUSE_SECONDS
    while True:
        (found,) = place.call("ec2", "describe_snapshots", SnapshotIds=[snapshot])["Snapshots"]
        if found["State"] == "completed":
            return
        if found["State"] == "error":
            raise CouldNotVerify(f"the temporary snapshot of the volume failed: {found.get('StateMessage') or 'AWS says no more'}")
        pause(seconds)
        seconds = min(seconds * 2, _LONGEST_PAUSE_SECONDS)


def _delete(place: Place, snapshot: str) -> None:
    try:
        place.call("ec2", "delete_snapshot", SnapshotId=snapshot)
    except AwsRefused as error:
        if error.code not in _GONE:
            raise


def _digest(place: Place, snapshot: str, index: int, token: str) -> str:
    """Return the SHA-256 of a block, empty for one of zeros; raises CouldNotVerify when AWS's checksum says that it came wrong."""
    answer = place.call("ebs", "get_snapshot_block", SnapshotId=snapshot, BlockIndex=index, BlockToken=token)
    found, zeros = hashlib.sha256(), True
    for piece in place.chunks(answer["BlockData"], 1 << 19, doing=f"reading a block of {snapshot}"):
        found.update(piece)
        zeros = zeros and not any(piece)
    if answer.get("ChecksumAlgorithm") == "SHA256" and answer["Checksum"] != base64.b64encode(found.digest()).decode():
        raise CouldNotVerify(f"block {index} of {snapshot} came with another checksum than AWS says", hint="try again")
    return "" if zeros else found.hexdigest()
