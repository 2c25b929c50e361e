"""Files of EFS file systems: what a recovery point gives back is what was there."""

import base64
import json
import random

import pytest
from tests.conformance.data.places import AWAY, CENTRAL, OF_CENTRAL, OF_DR, OWN, SHOP

from strongroom.errors import BadInput
from strongroom.twin import client as control


def _make(places, token):
    made = places.client("efs").create_file_system(CreationToken=token)
    return made["FileSystemId"], made["FileSystemArn"]


def _write(places, system, path, content, mode="0644"):
    body = {"content_base64": base64.b64encode(content).decode(), "mode": mode}
    control.ask(places.twin.endpoint, "PUT", f"data/files/{system}/{path}", body)


def _read(places, system):
    """Return content and mode of all files, by path."""
    return {path: (content, mode) for path, content, mode in control.read_files(places.twin.endpoint, system)}


def _below(files):
    """Return files by their path below the one directory that a restore made."""
    tops = {path.split("/")[1] for path in files}
    assert all(top.startswith("aws-backup-restore_") for top in tops)
    assert len(tops) == 1
    return {"/" + path.split("/", 2)[2]: file for path, file in files.items()}


def test_recovery_points_hold_the_files_of_their_instant_in_every_vault(places):
    """A backup, its copies and their restores give the files of its creation below a directory of their own."""
    system, arn = _make(places, "data-files")
    _write(places, system, "a/one.txt", b"one")
    _write(places, system, "a/deep/two", bytes(range(256)), "0755")
    _write(places, system, "three", b"")
    expected = _read(places, system)
    job = places.back_up(arn)
    _write(places, system, "a/one.txt", b"changed")
    control.ask(places.twin.endpoint, "DELETE", f"data/files/{system}/three")
    places.twin.advance("12h")
    point = places.point_of(job)
    places.client("efs").delete_file_system(FileSystemId=system)
    metadata = {"file-system-id": system, "newFileSystem": "true", "Encrypted": "false", "PerformanceMode": "generalPurpose"}
    own = places.restored(point, metadata | {"CreationToken": "own"})
    assert _below(_read(places, own.rpartition("/")[2])) == expected
    central = places.copy(point, OWN, OF_CENTRAL)
    there = places.restored(central, metadata | {"CreationToken": "central"}, OF_CENTRAL)
    assert _below(_read(places, there.rpartition("/")[2])) == expected
    away = places.copy(central, OF_CENTRAL, OF_DR)
    dr = places.restored(away, metadata | {"CreationToken": "dr"}, OF_DR)
    assert (_below(_read(places, dr.rpartition("/")[2])), dr.split(":")[3:5]) == (expected, [AWAY, CENTRAL])


def test_a_restore_into_the_file_system_leaves_its_files_alone(places):
    """Into an existing file system only what was asked for comes back, beside what is there."""
    system, arn = _make(places, "data-existing")
    for path in ("kept/one", "kept/two", "other/three"):
        _write(places, system, path, path.encode())
    job = places.back_up(arn)
    places.twin.advance("12h")
    _write(places, system, "kept/one", b"changed")
    before = _read(places, system)
    asked = {"file-system-id": system, "newFileSystem": "false", "ItemsToRestore": json.dumps(["/kept"])}
    places.restored(places.point_of(job), asked)
    after = _read(places, system)
    made = {path: file for path, file in after.items() if path not in before}
    assert {path: after[path] for path in before} == before
    assert _below(made) == {"/kept/one": (b"kept/one", "0644"), "/kept/two": (b"kept/two", "0644")}


@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.long)])
def test_each_of_many_backups_has_its_own_files(places, count):
    """As many backups as instants, restored when all is over, each give what was there at theirs."""
    system, arn = _make(places, f"data-many-{count}")
    luck, states = random.Random(count), []  # noqa: S311 - chance of a test
    for number in range(count):
        path = f"dir-{luck.randrange(3)}/file-{luck.randrange(4)}"
        if f"/{path}" in _read(places, system):
            control.ask(places.twin.endpoint, "DELETE", f"data/files/{system}/{path}")
        _write(places, system, f"number/{number % 5}", str(number).encode())
        _write(places, system, f"dir-{luck.randrange(3)}/file-{luck.randrange(4)}", str(luck.random()).encode())
        job, expected = places.back_up(arn), _read(places, system)
        places.twin.advance("12h")
        states.append((places.point_of(job), expected))
    for number, (point, expected) in enumerate(states):
        asked = {"file-system-id": system, "newFileSystem": "true", "CreationToken": f"many-{count}-{number}"}
        made = places.restored(point, asked)
        assert _below(_read(places, made.rpartition("/")[2])) == expected


def test_sizes_follow_the_files(places):
    """DescribeFileSystems and the recovery point say what is metered: blocks of 4 KiB and 2 KiB for each file."""
    system, arn = _make(places, "data-sized")
    _write(places, system, "one", b"x" * 5000)
    (told,) = places.client("efs").describe_file_systems(FileSystemId=system)["FileSystems"]
    assert told["SizeInBytes"]["Value"] == 6144 + 8192 + 2048
    job = places.back_up(arn)
    places.twin.advance("12h")
    assert places.client("backup").describe_backup_job(BackupJobId=job)["BackupSizeInBytes"] == 8192 + 2048


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "fs-00000000000000000/one", {"content_base64": ""}),
        ("PUT", "{}/../one", {"content_base64": ""}),
        ("PUT", "{}/one", {"content_base64": "?"}),
        ("PUT", "{}/one", {}),
        ("PUT", "{}/one", {"content_base64": "", "mode": "rw"}),
        ("GET", "{}/nothing", None),
        ("DELETE", "{}/nothing", None),
        ("PATCH", "{}/there", None),
        ("GET", "not-a-system", None),
    ],
)
def test_wrong_calls_are_refused(places, method, path, body):
    """What is no file or file system is refused, not made."""
    system, _ = _make(places, f"data-wrong-{method}-{path}-{body}"[:64])
    _write(places, system, "there", b"")
    with pytest.raises(BadInput, match="the twin refuses"):
        control.ask(places.twin.endpoint, method, f"data/files/{path.format(system)}", body)
    assert _read(places, system) == {"/there": (b"", "0644")}


def test_a_rotten_file_is_restored_in_silence(places):
    """The fault corrupt-data changes a file of a recovery point, and of nothing else."""
    system, arn = _make(places, "data-rotten")
    _write(places, system, "one", b"sound")
    job = places.back_up(arn)
    places.twin.advance("12h")
    point = places.point_of(job)
    for _ in range(2):
        control.add_fault(places.twin.endpoint, "corrupt-data", arn=point)
    asked = {"file-system-id": system, "newFileSystem": "true", "CreationToken": "rotten"}
    made = places.restored(point, asked)
    assert _below(_read(places, made.rpartition("/")[2]))["/one"][0] not in {b"sound", b""}
    assert _read(places, system) == {"/one": (b"sound", "0644")}
    control.clear_faults(places.twin.endpoint)


def test_a_file_system_without_files_is_backed_up_as_state(places):
    """Nothing was written, so the size is what EFS meters for an empty file system."""
    _, arn = _make(places, "data-empty")
    job = places.back_up(arn)
    places.twin.advance("12h")
    assert places.client("backup", SHOP).describe_backup_job(BackupJobId=job)["BackupSizeInBytes"] == 6144
