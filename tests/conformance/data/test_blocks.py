"""Blocks of EBS volumes: what a recovery point gives back is what was there, read by AWS's own means; and what snapshots take up."""

import base64
import copy
import json
import os
import random
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Twin
from tests.conformance.data.places import AWAY, CENTRAL, HOME, OF_CENTRAL, OF_DR, OWN, SHOP, Places, Vault

from strongroom.errors import BadInput
from strongroom.twin import client as control
from strongroom.twin import process

BLOCK = 512 * 1024
GIB = 1024**3


def volume(places: Places, size: int = 1) -> str:
    """Make a volume, and return its id."""
    return str(places.client("ec2").create_volume(AvailabilityZone=f"{HOME}a", Size=size)["VolumeId"])


def arn_of(volume_id: str) -> str:
    return f"arn:aws:ec2:{HOME}:{SHOP}:volume/{volume_id}"


def write(places: Places, volume_id: str, **blocks: bytes) -> None:
    """Write blocks of a volume, `_3=b"…"` is number 3."""
    given = [{"index": int(index[1:]), "data": base64.b64encode(data).decode()} for index, data in blocks.items()]
    control.ask(places.twin.endpoint, "PUT", "data/blocks", {"volume": volume_id, "blocks": given})


def chances(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same volume every time


def whole(data: bytes) -> bytes:
    return data.ljust(BLOCK, b"\0")


def read(places: Places, snapshot: str, account: str = SHOP, region: str = HOME) -> dict[int, bytes]:
    """Read a snapshot through the EBS direct APIs, each block checked against its checksum; zeros at the end are left out."""
    ebs, found = places.client("ebs", account, region), {}
    listed = ebs.list_snapshot_blocks(SnapshotId=snapshot)
    assert listed["BlockSize"] == BLOCK
    for block in listed["Blocks"]:
        answer = ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=block["BlockIndex"], BlockToken=block["BlockToken"])
        data = answer["BlockData"].read()
        assert (len(data), answer["DataLength"], answer["ChecksumAlgorithm"]) == (BLOCK, BLOCK, "SHA256")
        assert answer["Checksum"] == base64.b64encode(sha256(data).digest()).decode()
        found[block["BlockIndex"]] = data.rstrip(b"\0")
    return found


def read_volume(places: Places, arn: str) -> dict[int, bytes]:
    """Read a volume as a validator does: by a snapshot that is deleted again."""
    _, _, _, region, account, name = arn.split(":")
    ec2 = places.client("ec2", account, region)
    snapshot = ec2.create_snapshot(VolumeId=name.removeprefix("volume/"))["SnapshotId"]
    try:
        return read(places, snapshot, account, region)
    finally:
        ec2.delete_snapshot(SnapshotId=snapshot)


def restored(places: Places, point: str, vault: Vault = OWN, **metadata: str) -> dict[int, bytes]:
    """Restore a recovery point, and return what the new volume holds."""
    arn = places.restored(point, {"availabilityZone": f"{vault[2]}a", **metadata}, vault)
    return read_volume(places, arn)


def storage(places: Places) -> dict[str, Any]:
    return control.ask(places.twin.endpoint, "GET", "data/blocks")


def snapshot_of(places: Places, name: str) -> dict[str, Any]:
    """What is told of a snapshot's bytes, by the ARN of its recovery point or its id, in blocks."""
    found = next(each for place in storage(places)["places"] for each in place["snapshots"] if each["name"] == name)
    return {key: value // BLOCK if key.endswith("_bytes") else value for key, value in found.items()}


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.long)])
def test_any_instant_comes_back_from_anywhere(places: Places, count: int) -> None:
    """What a volume held at instants by chance is what their recovery points give back: own, central and in another Region."""
    disk, luck, held = volume(places), chances(3), dict[int, bytes]()
    first = places.now()
    states, points = {}, {}
    for days in range(count):
        at = first + timedelta(days=3 * days, seconds=luck.randrange(2 * 86_400))
        control.move_clock(places.twin.endpoint, to=at.isoformat())
        for _ in range(luck.randrange(4)):
            index, data = luck.randrange(12), luck.randbytes(luck.randrange(1, 40)).rstrip(b"\0")
            held[index] = data
            write(places, disk, **{f"_{index}": data})
        job, states[at] = places.back_up(arn_of(disk)), dict(held)
        places.twin.advance("1s")
        write(places, disk, _30=b"not any more in this backup")  # while its job runs
        held[30] = b"not any more in this backup"
        places.twin.advance("12h")
        points[at] = places.point_of(job)
    central = {at: places.copy(point, OWN, OF_CENTRAL) for at, point in points.items()}
    for number, (at, point) in enumerate(points.items()):
        assert restored(places, point) == states[at]
        assert restored(places, central[at], OF_CENTRAL) == states[at]
        if number % 4 == 0:
            away = places.copy(central[at], OF_CENTRAL, OF_DR)
            assert restored(places, away, OF_DR) == states[at]


def backed_up(places: Places, disk: str) -> tuple[str, dict[str, Any]]:
    """Back a volume up; returns the recovery point and its job."""
    job = places.back_up(arn_of(disk))
    places.twin.advance("12h")
    return places.point_of(job), places.client("backup").describe_backup_job(BackupJobId=job)


def test_snapshots_are_incremental_and_say_so(places: Places) -> None:
    """The first one stores every block that was written, later ones what changed; each service tells the size that AWS documents for it."""
    disk = volume(places, size=4)
    write(places, disk, _0=b"a", _1=b"b", _2=b"c")
    first, job = backed_up(places, disk)
    assert (job["BackupSizeInBytes"], job["BytesTransferred"]) == (4 * GIB, 3 * BLOCK)
    write(places, disk, _1=b"B", _9=b"new")
    second, job = backed_up(places, disk)
    assert (job["BackupSizeInBytes"], job["BytesTransferred"]) == (4 * GIB, 2 * BLOCK)
    described = places.client("backup").describe_recovery_point(BackupVaultName=OWN[0], RecoveryPointArn=second)
    assert described["BackupSizeInBytes"] == 4 * GIB
    ids = [each.rpartition("/")[2] for each in (first, second)]
    shown = places.client("ec2").describe_snapshots(SnapshotIds=ids)["Snapshots"]
    assert [(each["VolumeSize"], each["FullSnapshotSizeInBytes"] // BLOCK) for each in shown] == [(4, 3), (4, 4)]
    assert [each["VolumeId"] for each in shown] == [disk, disk]
    assert {"Key": "aws:backup:source-resource", "Value": arn_of(disk)} in shown[0]["Tags"]
    tagged = [{"Name": "tag:aws:backup:source-resource", "Values": [arn_of(disk)]}]
    assert [each["SnapshotId"] for each in places.client("ec2").describe_snapshots(Filters=tagged)["Snapshots"]] == ids
    old, new = snapshot_of(places, first), snapshot_of(places, second)
    assert (old["unique_bytes"], old["shared_bytes"], old["new_bytes"]) == (1, 2, 3)
    assert (new["unique_bytes"], new["shared_bytes"], new["new_bytes"]) == (2, 2, 2)


def test_deletion_in_any_order_frees_what_nobody_shares(places: Places) -> None:
    """Recovery points and EC2's own snapshots go by chance; what is freed is what was unique, what is left holds what it held."""
    disk, luck, ec2, backup = volume(places), chances(11), places.client("ec2"), places.client("backup")
    held, states = dict[int, bytes](), dict[str, dict[int, bytes]]()
    for number in range(6):
        for _ in range(3):
            held[luck.randrange(6)] = luck.randbytes(9).rstrip(b"\0")
        write(places, disk, **{f"_{index}": data for index, data in held.items() if luck.random() < 0.5})
        held = {index: base64_free(places, disk, index) for index in held_now(places, disk)}
        name = ec2.create_snapshot(VolumeId=disk)["SnapshotId"] if number % 3 == 2 else backed_up(places, disk)[0]
        states[name] = dict(held)
    names = list(states)
    luck.shuffle(names)
    while names:
        gone, before = names.pop(), storage(places)["stored_bytes"]
        unique = snapshot_of(places, gone)["unique_bytes"]
        if gone.startswith("snap-"):
            ec2.delete_snapshot(SnapshotId=gone)
        else:
            backup.delete_recovery_point(BackupVaultName=OWN[0], RecoveryPointArn=gone)
        assert before - storage(places)["stored_bytes"] == unique * BLOCK
        assert [read(places, name.rpartition("/")[2]) for name in names] == [states[name] for name in names]


def held_now(places: Places, disk: str) -> list[int]:
    return [int(index) for index in control.ask(places.twin.endpoint, "GET", f"data/blocks/{disk}")["blocks"]]


def base64_free(places: Places, disk: str, index: int) -> bytes:
    """Return a block of a volume by the control API, without the zeros at its end."""
    data = control.ask(places.twin.endpoint, "GET", f"data/blocks/{disk}/{index}")["data"]
    return base64.b64decode(data).rstrip(b"\0")


def test_copies_are_full_then_incremental(places: Places) -> None:
    """A copy to another account begins full; the next ones move what changed, until the last one is gone."""
    disk = volume(places)
    write(places, disk, _0=b"a", _1=b"b", _2=b"c")
    first, _ = backed_up(places, disk)
    write(places, disk, _2=b"C")
    second, _ = backed_up(places, disk)
    moved = []
    for point in (first, second):
        copy = places.copy(point, OWN, OF_CENTRAL)
        moved.append(snapshot_of(places, copy)["new_bytes"])
    places.client("backup", CENTRAL).delete_recovery_point(BackupVaultName=OF_CENTRAL[0], RecoveryPointArn=copy)
    copy = places.copy(second, OWN, OF_CENTRAL)
    moved.append(snapshot_of(places, copy)["new_bytes"])
    assert moved == [3, 1, 3]
    (shown,) = places.client("ec2", CENTRAL).describe_snapshots(SnapshotIds=[copy.rpartition("/")[2]])["Snapshots"]
    assert (shown["VolumeId"], shown["OwnerId"], shown["FullSnapshotSizeInBytes"]) == ("vol-ffffffff", CENTRAL, 3 * BLOCK)
    assert shown["Encrypted"]
    assert read(places, copy.rpartition("/")[2], CENTRAL) == {0: b"a", 1: b"b", 2: b"C"}


def test_an_archived_snapshot_is_full(places: Places) -> None:
    """In the archive nothing is shared: the bytes of its neighbours stay where they are, and it still comes back."""
    disk = volume(places)
    write(places, disk, _0=b"a", _1=b"b")
    lifecycle = {"MoveToColdStorageAfterDays": 3, "DeleteAfterDays": 400, "OptInToArchiveForSupportedResources": True}
    ask = {"BackupVaultName": OWN[0], "ResourceArn": arn_of(disk), "IamRoleArn": places.roles[SHOP]}
    job = places.client("backup").start_backup_job(**ask, Lifecycle=lifecycle)["BackupJobId"]
    places.twin.advance("12h")
    cold = places.point_of(job)
    write(places, disk, _1=b"B")
    warm, _ = backed_up(places, disk)
    assert snapshot_of(places, warm)["shared_bytes"] == 1
    places.twin.advance("3d")
    old, new = snapshot_of(places, cold), snapshot_of(places, warm)
    assert (old["archived"], old["unique_bytes"], new["unique_bytes"], new["shared_bytes"]) == (True, 2, 2, 0)
    shown = places.client("ec2").describe_snapshots(SnapshotIds=[each.rpartition("/")[2] for each in (cold, warm)])["Snapshots"]
    assert [each["StorageTier"] for each in shown] == ["archive", "standard"]
    name, ec2 = cold.rpartition("/")[2], places.client("ec2")
    for use in (
        lambda: read(places, name),
        lambda: ec2.create_volume(AvailabilityZone=f"{HOME}a", SnapshotId=name),
        lambda: ec2.copy_snapshot(SourceRegion=HOME, SourceSnapshotId=name),
    ):
        with pytest.raises(ClientError, match="is archived"):
            use()
    job = places.restore(cold, {"availabilityZone": f"{HOME}a"})
    places.twin.advance("4d")
    done = places.client("backup").describe_restore_job(RestoreJobId=job["RestoreJobId"])
    assert read_volume(places, done["CreatedResourceArn"]) == {0: b"a", 1: b"b"}


def test_a_restored_volume_shares_with_its_snapshot(places: Places) -> None:
    """The first snapshot of a volume that was made of one stores only what was written since."""
    disk = volume(places)
    write(places, disk, _0=b"a", _1=b"b", _2=b"c")
    point, _ = backed_up(places, disk)
    made = places.restored(point, {"availabilityZone": f"{HOME}a"}).rpartition("/")[2]
    write(places, made, _2=b"C")
    own = places.client("ec2").create_snapshot(VolumeId=made)["SnapshotId"]
    assert snapshot_of(places, own)["new_bytes"] == 1
    assert read_volume(places, arn_of(disk)) == {0: b"a", 1: b"b", 2: b"c"}  # the source goes its own way


def test_ec2_snapshots_hold_blocks(places: Places) -> None:
    """Snapshots, copies of them to another Region and volumes made of them, also of AWS Backup's, which EC2 doesn't delete."""
    ec2, away, disk = places.client("ec2"), places.client("ec2", SHOP, AWAY), volume(places)
    write(places, disk, _0=b"a", _7=b"b")
    own = ec2.create_snapshot(VolumeId=disk)["SnapshotId"]
    write(places, disk, _7=b"B")
    copy = away.copy_snapshot(SourceRegion=HOME, SourceSnapshotId=own)["SnapshotId"]
    assert read(places, copy, SHOP, AWAY) == read(places, own) == {0: b"a", 7: b"b"}
    point, _ = backed_up(places, disk)
    managed = point.rpartition("/")[2]
    beside = ec2.copy_snapshot(SourceRegion=HOME, SourceSnapshotId=managed)["SnapshotId"]
    assert (read(places, beside), snapshot_of(places, beside)["new_bytes"]) == ({0: b"a", 7: b"B"}, 0)
    made = ec2.create_volume(AvailabilityZone=f"{HOME}b", SnapshotId=managed)
    assert made["Size"] == 1
    assert read_volume(places, arn_of(made["VolumeId"])) == {0: b"a", 7: b"B"}
    with pytest.raises(ClientError, match="managed by the AWS Backup service") as caught:
        ec2.delete_snapshot(SnapshotId=managed)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
    changed = places.client("ebs").list_changed_blocks(FirstSnapshotId=own, SecondSnapshotId=managed)["ChangedBlocks"]
    assert [block["BlockIndex"] for block in changed] == [7]
    assert {"FirstBlockToken", "SecondBlockToken"} < changed[0].keys()
    ec2.modify_snapshot_tier(SnapshotId=own, StorageTier="archive")
    assert snapshot_of(places, own)["unique_bytes"] == 2
    with pytest.raises(ClientError, match="is archived"):
        read(places, own)
    ec2.restore_snapshot_tier(SnapshotId=own, PermanentRestore=True)
    assert (read(places, own), snapshot_of(places, own)["archived"]) == ({0: b"a", 7: b"b"}, False)
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[managed, "snap-0000000000000000f"])


def test_pages_of_blocks(places: Places) -> None:
    """A page has at least a hundred blocks where there are more, in the order of their indexes; one can start anywhere."""
    disk, ebs = volume(places), places.client("ebs")
    write(places, disk, **{f"_{index}": b"x" for index in range(0, 500, 2)})
    snapshot = places.client("ec2").create_snapshot(VolumeId=disk)["SnapshotId"]
    first = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100)
    assert [block["BlockIndex"] for block in first["Blocks"]] == list(range(0, 200, 2))
    assert (first["VolumeSize"], first["ExpiryTime"] > places.now()) == (1, True)
    second = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100, NextToken=first["NextToken"])
    assert [block["BlockIndex"] for block in second["Blocks"]] == list(range(200, 400, 2))
    rest = ebs.list_snapshot_blocks(SnapshotId=snapshot, StartingBlockIndex=401)
    assert [block["BlockIndex"] for block in rest["Blocks"]] == list(range(402, 500, 2))
    assert "NextToken" not in rest


def test_the_direct_apis_refuse(places: Places) -> None:
    """Unknown snapshots, tokens of other blocks, snapshots of other volumes, and keys that can't be used."""
    ebs, ec2, kms = (places.client(name) for name in ("ebs", "ec2", "kms"))
    key = kms.create_key()["KeyMetadata"]["Arn"]
    made = ec2.create_volume(AvailabilityZone=f"{HOME}a", Size=1, Encrypted=True, KmsKeyId=key)["VolumeId"]
    other = volume(places)
    write(places, made, _0=b"a", _1=b"b")
    write(places, other, _0=b"a")
    snapshot, foreign = (ec2.create_snapshot(VolumeId=each)["SnapshotId"] for each in (made, other))
    tokens = [block["BlockToken"] for block in ebs.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]]
    missing = "snap-0123456789abcdef0"
    with pytest.raises(ebs.exceptions.ResourceNotFoundException) as caught:
        ebs.list_snapshot_blocks(SnapshotId=missing)
    assert caught.value.response["Reason"] == "SNAPSHOT_NOT_FOUND"
    refusals = {}
    for what, call in {
        "token": lambda: ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken=tokens[1]),
        "page": lambda: ebs.list_snapshot_blocks(SnapshotId=snapshot, NextToken="bm9uZQ=="),
        "unrelated": lambda: ebs.list_changed_blocks(FirstSnapshotId=foreign, SecondSnapshotId=snapshot),
        "first": lambda: ebs.list_changed_blocks(SecondSnapshotId=snapshot),
    }.items():
        with pytest.raises(ebs.exceptions.ValidationException) as caught:
            call()
        refusals[what] = caught.value.response["Reason"]
    reasons = {"token": "INVALID_BLOCK_TOKEN", "page": "INVALID_PAGE_TOKEN", "unrelated": "UNRELATED_SNAPSHOTS"}
    assert refusals == reasons | {"first": "INVALID_SNAPSHOT_ID"}
    kms.disable_key(KeyId=key)
    with pytest.raises(ebs.exceptions.AccessDeniedException):
        ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken=tokens[0])


def test_a_snapshot_is_written_by_its_blocks(places: Places) -> None:
    """StartSnapshot over a parent, PutSnapshotBlock with its checksum, CompleteSnapshot: then it holds both, and a volume is made of it."""
    ebs, ec2, disk = places.client("ebs"), places.client("ec2"), volume(places)
    write(places, disk, _0=b"below", _1=b"covered")
    parent = ec2.create_snapshot(VolumeId=disk)["SnapshotId"]
    volumes = len(ec2.describe_volumes()["Volumes"])
    made = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=parent, Description="from elsewhere")["SnapshotId"]
    data = whole(b"above")
    checksum = base64.b64encode(sha256(data).digest()).decode()
    ask = {"SnapshotId": made, "BlockIndex": 1, "BlockData": data, "DataLength": BLOCK, "ChecksumAlgorithm": "SHA256"}
    with pytest.raises(ebs.exceptions.ValidationException, match="checksum"):
        ebs.put_snapshot_block(**ask, Checksum=base64.b64encode(b"no" * 16).decode())
    assert ebs.put_snapshot_block(**ask, Checksum=checksum)["Checksum"] == checksum
    with pytest.raises(ebs.exceptions.ValidationException, match="not completed"):
        ebs.list_snapshot_blocks(SnapshotId=made)
    assert ebs.complete_snapshot(SnapshotId=made, ChangedBlocksCount=1)["Status"] == "completed"
    assert read(places, made) == {0: b"below", 1: b"above"}
    assert snapshot_of(places, made)["new_bytes"] == 1
    assert len(ec2.describe_volumes()["Volumes"]) == volumes
    again = ec2.create_volume(AvailabilityZone=f"{HOME}a", SnapshotId=made)["VolumeId"]
    assert read_volume(places, arn_of(again)) == {0: b"below", 1: b"above"}


def test_an_instance_comes_back_with_its_volumes(places: Places) -> None:
    """The image of an instance holds the blocks of all its volumes; a new instance has them on the same devices, also from a copy."""
    ec2 = places.client("ec2")
    alike = {"DeleteOnTermination": True}
    disks = [{"DeviceName": name, "Ebs": {"VolumeSize": size, **alike}} for name, size in (("/dev/sda1", 8), ("/dev/sdf", 3))]
    (made,) = ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, BlockDeviceMappings=disks)["Instances"]
    volumes = devices(places, made["InstanceId"])
    write(places, volumes["/dev/sda1"], _0=b"root")
    write(places, volumes["/dev/sdf"], _5=b"data")
    job = places.back_up(f"arn:aws:ec2:{HOME}:{SHOP}:instance/{made['InstanceId']}")
    places.twin.advance("12h")
    write(places, volumes["/dev/sdf"], _5=b"later")
    point = places.point_of(job)
    of_image = [{"Name": "volume-id", "Values": [volumes["/dev/sdf"]]}]
    (shown,) = ec2.describe_snapshots(Filters=of_image)["Snapshots"]
    assert (shown["VolumeSize"], read(places, shown["SnapshotId"])) == (3, {5: b"data"})
    for place, each in ((OWN, point), (OF_CENTRAL, places.copy(point, OWN, OF_CENTRAL))):
        arn = places.restored(each, {"InstanceType": "t3.micro"}, place)
        found = devices(places, arn.rpartition("/")[2], place[1])
        held = {name: read_volume(places, f"arn:aws:ec2:{HOME}:{place[1]}:volume/{disk}") for name, disk in found.items()}
        assert held == {"/dev/sda1": {0: b"root"}, "/dev/sdf": {5: b"data"}}


def devices(places: Places, instance: str, account: str = SHOP) -> dict[str, str]:
    """Return the volumes of an instance by device."""
    (found,) = places.client("ec2", account).describe_instances(InstanceIds=[instance])["Reservations"]
    return {each["DeviceName"]: each["Ebs"]["VolumeId"] for each in found["Instances"][0]["BlockDeviceMappings"]}


def test_a_volume_of_a_stack_comes_back(places: Places) -> None:
    """The recovery point of a member of a stack holds its blocks."""
    template = {"Resources": {"Disk": {"Type": "AWS::EC2::Volume", "Properties": {"AvailabilityZone": f"{HOME}a", "Size": 2}}}}
    cloudformation, backup = places.client("cloudformation"), places.client("backup")
    stack = cloudformation.create_stack(StackName="with-a-disk", TemplateBody=json.dumps(template))["StackId"]
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 0})
    disk = cloudformation.describe_stack_resources(StackName=stack)["StackResources"][0]["PhysicalResourceId"]
    write(places, disk, _3=b"of a stack")
    places.back_up(stack)
    places.twin.advance("12h")
    points = backup.list_recovery_points_by_backup_vault(BackupVaultName=OWN[0], ByResourceArn=arn_of(disk))["RecoveryPoints"]
    assert [restored(places, point["RecoveryPointArn"]) for point in points] == [{3: b"of a stack"}]


def test_a_volume_that_nobody_wrote_is_empty(places: Places) -> None:
    """Its snapshots have no blocks, and volumes made of them neither, whatever is written into it later."""
    disk = volume(places)
    point, job = backed_up(places, disk)
    own = places.client("ec2").create_snapshot(VolumeId=disk)["SnapshotId"]
    write(places, disk, _0=b"later")
    assert job["BackupSizeInBytes"] == GIB
    assert read(places, point.rpartition("/")[2]) == read(places, own) == restored(places, point) == {}


def test_silent_corruption_is_found_by_who_reads(places: Places) -> None:
    """A recovery point rots without a word; what is restored from it differs, until the fault is ended; others don't rot."""
    disk = volume(places)
    write(places, disk, _0=b"a", _1=b"b", _2=b"c")
    point, _ = backed_up(places, disk)
    other = places.copy(point, OWN, OF_CENTRAL)
    number = control.add_fault(places.twin.endpoint, "corrupt-data", arn=point, count=2, seed="one")
    (shown,) = control.status(places.twin.endpoint)["faults"]
    assert (shown["kind"], shown["arn"], shown["count"], shown["hits"]) == ("corrupt-data", point, 2, 2)
    found = restored(places, point)
    wrong = [index for index, data in {0: b"a", 1: b"b", 2: b"c"}.items() if found[index] != data]
    assert len(wrong) == 2
    assert read(places, point.rpartition("/")[2]) == found
    assert restored(places, other, OF_CENTRAL) == {0: b"a", 1: b"b", 2: b"c"}
    control.clear_faults(places.twin.endpoint, number)
    assert restored(places, point) == {0: b"a", 1: b"b", 2: b"c"}
    number = control.add_fault(places.twin.endpoint, "corrupt-data", arn=arn_of(disk), count=1)
    (shown,) = control.faults(places.twin.endpoint)
    assert shown["hits"] == 2  # one block in each recovery point of the volume
    control.clear_faults(places.twin.endpoint, number)
    empty, _ = backed_up(places, volume(places))
    for unknown in ("arn:aws:ec2:eu-west-2::snapshot/snap-none", empty):
        with pytest.raises(BadInput, match="no recovery point"):
            control.add_fault(places.twin.endpoint, "corrupt-data", arn=unknown)
    assert control.faults(places.twin.endpoint) == []


def test_a_full_disk_fails_jobs_as_jobs(places: Places) -> None:
    """Backup, copy and restore end FAILED with the cause while there is no room, and the twin goes on."""
    disk, backup = volume(places), places.client("backup")
    write(places, disk, _0=b"a")
    point, _ = backed_up(places, disk)
    control.add_fault(places.twin.endpoint, "no-space", type="EBS")
    job = places.back_up(arn_of(disk))
    to = f"arn:aws:backup:{HOME}:{CENTRAL}:backup-vault:{OF_CENTRAL[0]}"
    ask = {"RecoveryPointArn": point, "SourceBackupVaultName": OWN[0], "IamRoleArn": places.roles[SHOP]}
    copy = backup.start_copy_job(**ask, DestinationBackupVaultArn=to)["CopyJobId"]
    refused = places.restore(point, {"availabilityZone": f"{HOME}a"})
    states = [
        (each["State"], each["StatusMessage"])
        for each in (backup.describe_backup_job(BackupJobId=job), backup.describe_copy_job(CopyJobId=copy)["CopyJob"])
    ]
    full = ("FAILED", "No space left on device")
    assert [*states, (refused["Status"], refused["StatusMessage"])] == [full] * 3
    (shown,) = control.status(places.twin.endpoint)["faults"]
    assert (shown["kind"], shown["hits"]) == ("no-space", 3)
    control.clear_faults(places.twin.endpoint)
    assert restored(places, point) == {0: b"a"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"volume": "vol-none", "index": 0, "data": ""}, "there is no volume 'vol-none'"),
        ({"volume": "DISK", "index": 2048, "data": ""}, "0 to 2047 are"),
        ({"volume": "DISK", "index": -1, "data": ""}, "index -1 is no block"),
        ({"volume": "DISK", "index": True, "data": ""}, "index True is no block"),
        ({"volume": "DISK", "index": 0, "data": "?"}, "not base64"),
        ({"volume": "DISK", "index": 0, "data": 7}, "not base64"),
        ({"volume": "DISK", "index": 0, "data": "A" * 4 * (BLOCK // 3 + 1)}, "524289 bytes, 524288 at most"),
        ({"volume": "DISK", "blocks": 7}, "no list"),
        ({"volume": "DISK", "blocks": [{"index": 0}]}, "is no block"),
        ({"volume": "DISK"}, "expected is"),
    ],
)
def test_wrong_writes_are_refused(places: Places, body: dict[str, Any], message: str) -> None:
    """Nothing is written where a part of a request is wrong."""
    disk = volume(places)
    given = {**body, "volume": body["volume"].replace("DISK", arn_of(disk))}
    with pytest.raises(BadInput, match=message):
        control.ask(places.twin.endpoint, "PUT", "data/blocks", given)
    assert held_now(places, disk) == []
    with pytest.raises(BadInput, match="nothing was ever written"):
        control.ask(places.twin.endpoint, "GET", f"data/blocks/{disk}/0")
    with pytest.raises(BadInput, match="is unknown"):
        control.ask(places.twin.endpoint, "DELETE", f"data/blocks/{disk}")


def test_the_cli_reads_blocks(places: Places, tmp_path: Path) -> None:
    """The AWS CLI, which parses the model in another way, lists and reads the blocks of a recovery point."""
    disk = volume(places)
    write(places, disk, _4=b"by hand")
    snapshot = backed_up(places, disk)[0].rpartition("/")[2]
    access_key, secret = places.twin.keys[SHOP]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": places.twin.endpoint.url}
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_DEFAULT_REGION": HOME}

    def aws(*words: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "ebs", *words, "--output", "json"]
        done = subprocess.run(command, cwd=tmp_path, env=kept | variables | files, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    (block,) = aws("list-snapshot-blocks", "--snapshot-id", snapshot)["Blocks"]
    by = ("--snapshot-id", snapshot, "--block-index", str(block["BlockIndex"]), "--block-token", block["BlockToken"])
    answer = aws("get-snapshot-block", *by, "block.bin")
    assert (block["BlockIndex"], (tmp_path / "block.bin").read_bytes()) == (4, whole(b"by hand"))
    assert answer["Checksum"] == base64.b64encode(sha256(whole(b"by hand")).digest()).decode()


def test_storage_of_places_and_vaults_adds_up(places: Places) -> None:
    """What all places store is what is stored; the unique bytes of a place and what it shares make up no more than its full sizes."""
    told = storage(places)
    assert sum(place["stored_bytes"] for place in told["places"]) == told["stored_bytes"] > 0
    for place in told["places"]:
        snapshots = place["snapshots"]
        assert sum(each["unique_bytes"] for each in snapshots) <= place["stored_bytes"] <= sum(each["full_bytes"] for each in snapshots)
        assert all(each["unique_bytes"] + each["shared_bytes"] == each["full_bytes"] for each in snapshots)
    assert {vault["vault"].rpartition(":")[2] for vault in told["vaults"]} == {OWN[0], OF_CENTRAL[0], OF_DR[0]}


def test_a_saved_twin_goes_on_with_its_snapshots(places: Places, tmp_path: Path) -> None:
    """Volumes, snapshots, images and what they share are there again, and the next snapshot is incremental."""
    disk, file = volume(places), tmp_path / "twin"
    write(places, disk, _0=b"a", _1=b"b")
    point, _ = backed_up(places, disk)
    own = places.client("ec2").create_snapshot(VolumeId=disk)["SnapshotId"]
    before, dumped = storage(places), control.dump(places.twin.endpoint)["data"]["blocks"]
    file.write_bytes(control.save(places.twin.endpoint))
    again = copy.copy(places)
    again.twin = Twin(endpoint=process.up(tmp_path / "home", 0, state=file), home=tmp_path / "home", keys=places.twin.keys)
    try:
        assert (storage(again), control.dump(again.twin.endpoint)["data"]["blocks"]) == (before, dumped)
        write(again, disk, _1=b"B")
        assert read_volume(again, arn_of(disk)) == {0: b"a", 1: b"B"}
        assert read(again, own) == restored(again, point) == {0: b"a", 1: b"b"}
        assert snapshot_of(again, backed_up(again, disk)[0])["new_bytes"] == 1
    finally:
        process.down(again.twin.home)


def test_the_command_line_shows_storage_and_rot(places: Places) -> None:
    """`twin storage` shows places, vaults and, when asked, every snapshot with what only it has; `twin fault` lets one rot."""
    disk = volume(places)
    write(places, disk, _0=b"a", _1=b"b")
    point, _ = backed_up(places, disk)

    def run(*words: str) -> str:
        command = [str(Path(sys.executable).with_name("strongroom")), "twin", *words]
        home = {**os.environ, "STRONGROOM_HOME": str(places.twin.home)}
        done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(run("storage", "--format", "json"))["places"] == storage(places)["places"]
    lines = run("storage", "--snapshots").splitlines()
    assert lines[0].split() == ["account", "Region", "snapshots", "stored", "archived"]
    (line,) = [line for line in lines if line.startswith(point)]
    assert " ".join(line.split()[2:]) == "1.0 MiB 1.0 MiB 0 B"
    run("fault", "add", "corrupt-data", f"arn={point}", "count=9")
    assert f"corrupt-data arn={point} count=9, struck 2 times" in run("status")
    assert run("fault", "clear") == "ended: 1\n"


def test_an_air_gapped_copy_holds_its_blocks(places: Places) -> None:
    """It lies with AWS, full and for itself; EC2 doesn't show it, and it comes back."""
    disk, backup = volume(places), places.client("backup")
    write(places, disk, _0=b"a", _1=b"b")
    point, _ = backed_up(places, disk)
    backup.create_logically_air_gapped_backup_vault(BackupVaultName="gap", MinRetentionDays=7, MaxRetentionDays=500)
    places.twin.advance("10m")
    gap = ("gap", SHOP, HOME)
    copies = [places.copy(point, OWN, gap), places.copy(backed_up(places, disk)[0], OWN, gap)]
    assert [snapshot_of(places, each)["new_bytes"] for each in copies] == [2, 0]
    (place,) = [each for each in storage(places)["places"] if each["air_gapped"]]
    assert (place["account"], place["stored_bytes"]) == (SHOP, 2 * BLOCK)
    assert all("snapshot/" not in each for each in copies)
    assert restored(places, copies[0], gap) == {0: b"a", 1: b"b"}
