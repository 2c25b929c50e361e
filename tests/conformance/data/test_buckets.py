"""Objects of S3 buckets: what a recovery point or an instant gives back is what was there."""

import json
import random
import socket

import pytest
from tests.conformance.data.places import AWAY, CENTRAL, HOME, OF_CENTRAL, OF_DR, OWN, SHOP, at_instants

from strongroom.twin import client as control

NEW = {"newBucket": "true", "EncryptionType": "original"}


def _bucket(places, name):
    s3 = places.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def _objects(s3, name):
    """Return content, metadata, type and tags of the objects that are seen in a bucket."""
    found = {}
    for each in s3.get_paginator("list_objects_v2").paginate(Bucket=name).build_full_result().get("Contents", []):
        read = s3.get_object(Bucket=name, Key=each["Key"])
        tags = s3.get_object_tagging(Bucket=name, Key=each["Key"])["TagSet"]
        found[each["Key"]] = (read["Body"].read(), read["ETag"], read["Metadata"], read["ContentType"], tags)
    return found


def _multipart(s3, name, key, content):
    upload = s3.create_multipart_upload(Bucket=name, Key=key, Metadata={"parts": "1"})["UploadId"]
    part = s3.upload_part(Bucket=name, Key=key, UploadId=upload, PartNumber=1, Body=content)["ETag"]
    s3.complete_multipart_upload(Bucket=name, Key=key, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})


def _write_by_every_door(s3, name, luck):
    """Change a bucket once by chance: by one of the operations that can."""
    key, content = f"day/{luck.randrange(5)}", str(luck.random()).encode()
    there = [each["Key"] for each in s3.list_objects_v2(Bucket=name).get("Contents", [])]
    versions = s3.list_object_versions(Bucket=name).get("Versions", [])
    doors = [
        lambda: s3.put_object(Bucket=name, Key=key, Body=content, Metadata={"by": "put"}, ContentType="text/csv", Tagging="a=1"),
        lambda: s3.delete_object(Bucket=name, Key=key),
    ]
    if there:
        changed = {"MetadataDirective": "REPLACE", "Metadata": {"copied": str(luck.random())}}  # it may be onto itself
        some, version = luck.choice(there), luck.choice(versions)
        doors += [
            lambda: s3.copy_object(Bucket=name, Key=f"copy/{key}", CopySource={"Bucket": name, "Key": some}, **changed),
            lambda: s3.put_object_tagging(Bucket=name, Key=some, Tagging={"TagSet": [{"Key": "b", "Value": str(luck.random())}]}),
            lambda: s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": some}]}),
            lambda: s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"]),
        ]
    luck.choice(doors)()


def _empty(s3, name):
    listed = s3.list_object_versions(Bucket=name)
    for each in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=name)


def test_recovery_points_hold_the_objects_of_their_instant_in_every_vault(places):
    """A backup, its copies and their restores give the objects of its creation, though the bucket and all in it are gone."""
    s3 = _bucket(places, "data-receipts")
    s3.put_object(Bucket="data-receipts", Key="one", Body=b"first", Metadata={"kind": "receipt"}, Tagging="a=1&b=2")
    s3.put_object(Bucket="data-receipts", Key="one", Body=b"second", ContentType="text/plain")
    s3.put_object(Bucket="data-receipts", Key="two", Body=b"here for a while")
    s3.put_object(Bucket="data-receipts", Key="gone", Body=b"deleted before")
    s3.delete_object(Bucket="data-receipts", Key="gone")
    _multipart(s3, "data-receipts", "large", b"end")
    expected = _objects(s3, "data-receipts")
    job = places.back_up("arn:aws:s3:::data-receipts")
    s3.put_object(Bucket="data-receipts", Key="two", Body=b"changed after")
    places.twin.advance("12h")
    point = places.point_of(job)
    _empty(s3, "data-receipts")
    assert expected.keys() == {"one", "two", "large"}
    places.restored(point, NEW | {"DestinationBucketName": "data-receipts-own"})
    assert _objects(s3, "data-receipts-own") == expected
    central = places.copy(point, OWN, OF_CENTRAL)
    places.restored(central, NEW | {"DestinationBucketName": "data-receipts-central"}, OF_CENTRAL)
    assert _objects(places.client("s3", CENTRAL), "data-receipts-central") == expected
    away = places.copy(central, OF_CENTRAL, OF_DR)
    places.restored(away, NEW | {"DestinationBucketName": "data-receipts-dr"}, OF_DR)
    assert _objects(places.client("s3", CENTRAL, AWAY), "data-receipts-dr") == expected


def test_a_restore_into_a_bucket_overwrites_nothing(places):
    """Objects whose name is taken are left alone, a delete marker counts as none, and only what was asked for comes back."""
    s3 = _bucket(places, "data-kept")
    for key in ("kept/one", "kept/two", "other/three", "kept/four"):
        s3.put_object(Bucket="data-kept", Key=key, Body=b"before")
    job = places.back_up("arn:aws:s3:::data-kept")
    places.twin.advance("12h")
    s3.put_object(Bucket="data-kept", Key="kept/one", Body=b"after")
    for key in ("kept/two", "other/three", "kept/four"):
        s3.delete_object(Bucket="data-kept", Key=key)
    items = json.dumps(["s3://data-kept/kept/t", "/kept/one"])
    places.restored(places.point_of(job), {"DestinationBucketName": "data-kept", "ItemsToRestore": items})
    assert {key: content for key, (content, *_) in _objects(s3, "data-kept").items()} == {"kept/one": b"after", "kept/two": b"before"}


def test_more_versions_are_restored_on_request(places):
    """RestoreLatestVersionsUpTo says how many versions come back; a recovery point has them all."""
    s3 = _bucket(places, "data-versions")
    for number in range(4):
        s3.put_object(Bucket="data-versions", Key="one", Body=f"version {number}".encode())
    s3.put_object(Bucket="data-versions", Key="gone", Body=b"x")
    s3.delete_object(Bucket="data-versions", Key="gone")
    job = places.back_up("arn:aws:s3:::data-versions")
    places.twin.advance("12h")
    point = places.point_of(job)
    for depth, expected in (("1", 1), ("2", 2), ("all", 4)):
        name = f"data-versions-{depth}"
        places.restored(point, NEW | {"DestinationBucketName": name, "RestoreLatestVersionsUpTo": depth})
        listed = s3.list_object_versions(Bucket=name)
        assert len([each for each in listed["Versions"] if each["Key"] == "one"]) == expected
        assert len(listed.get("DeleteMarkers", [])) == (depth == "all")
        assert s3.get_object(Bucket=name, Key="one")["Body"].read() == b"version 3"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"RestoreLatestVersionsUpTo": "0"}, "a number from 1 or all expected"),
        ({"RestoreLatestVersionsUpTo": "some"}, "a number from 1 or all expected"),
        ({"ItemsToRestore": json.dumps([f"day/{number}" for number in range(6)])}, "6 items, 5 at most"),
    ],
)
def test_metadata_that_make_no_sense_fail_the_job(places, asked, said):
    """A restore that asks for what can't be fails as a job, in words."""
    name = f"data-wrong-{len(str(asked))}-{said[0]}"
    s3 = _bucket(places, name)
    s3.put_object(Bucket=name, Key="one", Body=b"1")
    job = places.back_up(f"arn:aws:s3:::{name}")
    places.twin.advance("12h")
    failed = places.restore(places.point_of(job), asked | {"DestinationBucketName": name})
    assert (failed["Status"], said in failed["StatusMessage"]) == ("FAILED", True)


@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.long)])
def test_any_instant_of_a_continuous_backup_can_be_restored(places, count):
    """A continuous recovery point gives what was in the bucket at any instant since it began."""
    name, luck = f"data-continuous-{count}", random.Random(count)  # noqa: S311 - chance of a test
    s3, backup = _bucket(places, name), places.client("backup")
    rule = {
        "RuleName": "continuous",
        "TargetBackupVaultName": OWN[0],
        "ScheduleExpression": "cron(0 * * * ? *)",
        "EnableContinuousBackup": True,
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
    selection = {"SelectionName": "bucket", "IamRoleArn": places.roles[SHOP], "Resources": [f"arn:aws:s3:::{name}"]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    places.twin.advance("6h")
    states = [(places.now(), _objects(s3, name))]
    for _ in range(3 * count):
        places.twin.advance("20m")
        _write_by_every_door(s3, name, luck)
        states.append((places.now(), _objects(s3, name)))
    places.twin.advance("6h")
    points = backup.list_recovery_points_by_resource(ResourceArn=f"arn:aws:s3:::{name}")["RecoveryPoints"]
    (point,) = [each["RecoveryPointArn"] for each in points if each["Status"] == "AVAILABLE"]
    for number, (at, expected) in enumerate(at_instants(states, count)):
        metadata = NEW | {"DestinationBucketName": f"{name}-{number}", "RestoreTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        places.restored(point, metadata)
        assert _objects(s3, f"{name}-{number}") == expected
    backup.delete_backup_selection(
        BackupPlanId=plan, SelectionId=backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"][0]["SelectionId"]
    )


def test_the_reported_size_is_that_of_all_versions(places):
    """BackupSizeInBytes counts every version, delete markers nothing."""
    s3 = _bucket(places, "data-sized")
    for size in (1000, 500):
        s3.put_object(Bucket="data-sized", Key="one", Body=b"x" * size)
    s3.delete_object(Bucket="data-sized", Key="one")
    job = places.back_up("arn:aws:s3:::data-sized")
    places.twin.advance("12h")
    assert places.client("backup").describe_backup_job(BackupJobId=job)["BackupSizeInBytes"] == 1500


def test_a_rotten_object_is_restored_in_silence(places):
    """The fault corrupt-data changes an object of a recovery point under its old ETag; the source keeps its bytes."""
    s3 = _bucket(places, "data-rotten")
    s3.put_object(Bucket="data-rotten", Key="one", Body=b"sound")
    job = places.back_up("arn:aws:s3:::data-rotten")
    places.twin.advance("12h")
    point = places.point_of(job)
    control.add_fault(places.twin.endpoint, "corrupt-data", arn=point)
    places.restored(point, NEW | {"DestinationBucketName": "data-rotten-restored"})
    rotten, sound = _objects(s3, "data-rotten-restored")["one"], _objects(s3, "data-rotten")["one"]
    assert (rotten[0] != sound[0], rotten[1:], sound[0]) == (True, sound[1:], b"sound")
    control.clear_faults(places.twin.endpoint)


def test_a_client_that_asks_first_hears_at_once_that_it_may_go_on(places):
    """boto3 announces each object and waits for a word: it comes before the body does."""
    endpoint = places.twin.endpoint
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as connection:
        connection.sendall(b"PUT /any/key HTTP/1.1\r\nHost: twin\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
