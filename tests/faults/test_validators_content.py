"""Manifests of live tables, buckets, volumes and file systems on a twin, and what `manifest` finds in what came back."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from strongroom.api.manifest import Wish, manifest
from strongroom.aws.contents.place import Place as Reading
from strongroom.aws.contents.place import sealed
from strongroom.aws.contents.sources import name_in
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import EXAMINES_TAG, Outcome, PointRef, Restored
from strongroom.domain.strategy import Login, Validation
from strongroom.errors import BadInput, ExitCode
from strongroom.twin import client as control
from strongroom.validators import manifests
from strongroom.validators.child import answered, request
from strongroom.validators.doors import Door
from strongroom.validators.http import filled
from strongroom.validators.running import examine
from strongroom.validators.target import Target

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
KEYS = (("AWS_ACCESS_KEY_ID", "access_key"), ("AWS_SECRET_ACCESS_KEY", "secret"))


@dataclass(frozen=True)
class Place:
    """An account of a twin as somebody in it sees it, with a home."""

    twin: Any
    account: str
    region: str
    home: Path
    sessions: Sessions  # one for all tests of this module: clients take half a second each
    clients: dict[str, Any]

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.twin.client(service)
        return self.clients[service]

    def take(self, arn: str, **wish: Any) -> Any:
        """Take a manifest of a live resource."""
        (taken,) = manifest([arn], strategy=None, home=self.home, wish=Wish(**wish)).taken
        assert taken.file, taken.reason
        return taken

    def target(self, kind: ResourceType, source: str, restored: str, **changed: Any) -> Target:
        """What came back of a backup that was made just now."""
        self.sessions.call("sts", self.region, "get_caller_identity")
        at = self.sessions.observed_at()
        made = Restored(
            resource_arn=restored,
            type=kind,
            account=AccountId(self.account),
            region=Region(self.region),
            job_id="job",
            endpoint=None,
            encrypted=True,
            key_arn=None,
            started_at=at,
            completed_at=at,
            tags={"strongroom:test-run": "run-1"},
        )
        point = PointRef(account=AccountId(self.account), region=Region(self.region), vault="local", arn=f"{source}-point", created_at=at)
        known = {"restored": made, "source_arn": source, "point": point, "manifests": self.home / "manifests", "folder": self.home}
        return Target(**{**known, **changed})

    def found(self, about: Target, name: str = "manifest", **settings: Any) -> tuple[Outcome, str, dict[str, Any]]:
        """What a validator answers, without the time that a process takes."""
        restored = about.restored
        door = Door(lambda: Reading(self.sessions, restored.account, restored.region), about.login, restored.endpoint)
        told = answered(replace(about, door=door), name, settings)
        return Outcome(told["outcome"]), told["told"], told["measured"]


@pytest.fixture(scope="module")
def shared(aws_twin_session: Any) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in aws_twin_session.environment().items():
            patch.setenv(name, value)
        sessions = Sessions.open(role="strongroom-deploy", region=aws_twin_session.region)
        yield Place(aws_twin_session, aws_twin_session.account, aws_twin_session.region, Path(), sessions, {})


@pytest.fixture
def place(shared: Place, tmp_path: Path) -> Place:
    return replace(shared, home=tmp_path)


def table(place: Place, name: str, items: dict[str, str]) -> str:
    dynamodb = place.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for key, value in items.items():
        item = {"id": {"S": key}, "amount": {"N": value}, "tags": {"SS": ["b", "a"]}, "deep": {"M": {"l": {"L": [{"B": b"\x00"}]}}}}
        dynamodb.put_item(TableName=name, Item=item)
    return f"arn:aws:dynamodb:{place.region}:{place.account}:table/{name}"


def test_items_are_compared_one_by_one(place):
    """Equal items written in another way are equal; missing, changed and added ones are named."""
    source = table(place, "orders", {f"o{number}": f"{number}.50" for number in range(40)})
    taken = place.take(source)
    assert taken.count == 40
    same = table(place, "orders-same", {f"o{number}": f"{number}.5" for number in range(40)})
    about = place.target(ResourceType.DYNAMODB, source, same)
    outcome, told, measured = place.found(about)
    assert (outcome, told.split(" as in ")[0], measured["sha256"]) == (PASSED, "40 items", taken.sha256)
    other = table(place, "orders-other", {f"o{number}": f"{number}.50" if number != 7 else "8" for number in range(1, 41)})
    outcome, told, measured = place.found(replace(about, restored=replace(about.restored, resource_arn=other)))
    assert outcome is FAILED
    assert told.startswith('1 item missing ({"id":{"S":"o0"}}); 1 item changed ({"id":{"S":"o7"}}); 1 item added ({"id":{"S":"o40"}})')
    assert (measured["missing_count"], measured["changed_count"], measured["added_count"]) == (1, 1, 1)


def test_partiql_finds_items(place):
    """`restored` stands for the table; an empty one fails, and so does another number of items."""
    full, empty = table(place, "full", {"a": "1", "b": "2"}), table(place, "empty", {})
    (place.home / "tables.sql").write_text("-- PartiQL\nSELECT * FROM restored;\n", encoding="utf-8")
    about = place.target(ResourceType.DYNAMODB, full, full)
    assert place.found(about, "sql", file="tables.sql")[0] is PASSED
    assert place.found(about, "sql", query="SELECT * FROM \"restored\" WHERE id = 'a'", rows=1)[0] is PASSED
    assert place.found(about, "sql", query="SELECT * FROM restored", rows=3)[:2] == (FAILED, "query:1: 2 items, 3 expected")
    assert place.found(about, "sql", query="SELECT * FROM restored", equals=2)[0] is UNKNOWN
    assert place.found(about, "sql", query="INSERT INTO restored VALUE {'id': 'c'}")[0] is UNKNOWN
    hollow = place.target(ResourceType.DYNAMODB, full, empty)
    assert place.found(hollow, "sql", file="tables.sql")[:2] == (FAILED, "tables.sql:2: no item")


def bucket(place: Place, name: str, objects: dict[str, bytes]) -> str:
    s3 = place.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": place.region})
    for key, body in objects.items():
        s3.put_object(Bucket=name, Key=key, Body=body)
    return f"arn:aws:s3:::{name}"


def test_objects_are_read_to_their_end(place):
    """One other byte in the middle of an object is found, whatever its size says."""
    there = {f"logs/{number:03}.txt": bytes([number]) * 3_000 for number in range(70)} | {"odd name é+ .txt": b"x"}
    source = bucket(place, "ledger-source", there)
    assert place.take(source).count == 71
    same = bucket(place, "ledger-same", there)
    about = place.target(ResourceType.S3, source, same)
    assert place.found(about)[0] is PASSED
    place.client("s3").put_object(Bucket="ledger-same", Key="logs/005.txt", Body=b"\x05" * 1_500 + b"!" + b"\x05" * 1_499)
    outcome, told, _ = place.found(about)
    assert (outcome, told.split(" against ")[0]) == (FAILED, "1 object changed (logs/005.txt)")


def volume(place: Place, blocks: dict[int, bytes]) -> str:
    made = place.client("ec2").create_volume(AvailabilityZone=f"{place.region}a", Size=1)["VolumeId"]
    given = [{"index": index, "data": base64.b64encode(data).decode()} for index, data in blocks.items()]
    control.ask(place.twin.endpoint, "PUT", "data/blocks", {"volume": made, "blocks": given})
    return f"arn:aws:ec2:{place.region}:{place.account}:volume/{made}"


def temporary(place: Place) -> list[str]:
    """Snapshots that examinations have made and not deleted."""
    found = place.client("ec2").describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "tag-key", "Values": [EXAMINES_TAG]}])
    return [each["SnapshotId"] for each in found["Snapshots"]]


def test_blocks_are_read_through_a_snapshot_that_is_deleted(place):
    """Blocks of zeros don't count, one other byte does, and nothing is left behind."""
    source = volume(place, {0: b"boot", 7: b"data", 9: b"\0" * 100})
    assert place.take(source).count == 2
    about = place.target(ResourceType.EBS, source, volume(place, {0: b"boot", 7: b"data"}))
    assert place.found(about)[0] is PASSED
    spoilt = place.target(ResourceType.EBS, source, volume(place, {0: b"boot", 7: b"dat\x00"}))
    outcome, told, _ = place.found(spoilt)
    assert (outcome, told.split(" against ")[0]) == (FAILED, "1 block changed (7)")
    assert temporary(place) == []


@pytest.mark.long
def test_a_volume_whose_examination_is_ended_keeps_no_snapshot(place):
    """What a process that was ended at its deadline had made is deleted all the same."""
    source = volume(place, {0: b"boot"})
    place.take(source)
    about = place.target(ResourceType.EBS, source, source, deadline_seconds=8.0)
    with place.twin.fault("throttle", service="ebs", rate=1.0):
        (_, measured) = examine(about, [validation("manifest")], place.sessions)
    assert (measured.outcome, measured.told) == (UNKNOWN, "did not end within 8 s and was ended")
    assert temporary(place) == []
    assert [call["operation"] for call in place.twin.calls() if call["operation"].endswith("Snapshot")][-2:] == [
        "CreateSnapshot",
        "DeleteSnapshot",
    ]


def test_a_volume_whose_run_is_killed_keeps_no_snapshot(place):
    """The process of the validator deletes what it has made when nobody is left to ask for its answer."""
    source = volume(place, {0: b"boot"})
    place.take(source)
    about = place.target(ResourceType.EBS, source, source)
    with place.twin.fault("throttle", service="ebs", rate=1.0):
        orphan = subprocess.Popen(
            [sys.executable, "-P", "-c", "from strongroom.validators.child import run; run()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        orphan.stdin.write(f"{request(about, 'manifest', {}, sealed(place.sessions))}\n".encode())
        orphan.stdin.flush()
        ends = time.monotonic() + 30
        while not temporary(place):
            assert time.monotonic() < ends
        orphan.stdin.close()  # as the end of the parent does
        assert orphan.wait(30) == -signal.SIGKILL
        orphan.stdout.close()
    assert temporary(place) == []


def test_snapshots_that_nobody_deleted_for_a_day_are_deleted_by_any_examination(place):
    """Whichever volume they were made of; those of today may belong to an examination under way."""
    first, second = volume(place, {0: b"a"}), volume(place, {0: b"b"})
    made = {"ResourceType": "snapshot", "Tags": [{"Key": EXAMINES_TAG, "Value": "vol-of-another-run"}]}
    place.client("ec2").create_snapshot(VolumeId=name_in(first), TagSpecifications=[made])
    place.take(second)
    assert len(temporary(place)) == 1
    place.twin.advance("25h")
    place.take(second)
    assert temporary(place) == []


def validation(name: str, **settings: Any) -> Validation:
    return Validation(type=ResourceType.EBS, validator=name, settings=json.dumps(settings), origin=BuiltIn())


def test_files_are_compared_where_they_are_mounted(place):
    """The command that mounts says where; the folder into which AWS Backup restores is looked into; the one that unmounts is run."""
    live = place.home / "live"
    (live / "a").mkdir(parents=True)
    (live / "a" / "one.txt").write_text("1")
    (live / "two.txt").write_text("2")
    (live / "link").symlink_to("two.txt")
    source = f"arn:aws:elasticfilesystem:{place.region}:{place.account}:file-system/fs-1"
    assert place.take(source, mounted=live).count == 3
    back = place.home / "back" / "aws-backup-restore_2026-11-21T12-00-00"
    back.parent.mkdir()
    os.system(f"cp -a {live} {back}")  # noqa: S605 - two folders of this test
    about = place.target(ResourceType.EFS, source, source)
    mount = {"mount": ["sh", "-c", "echo mounting; echo back"], "unmount": ["sh", "-c", "touch unmounted-$0"]}
    assert place.found(about, **mount)[0] is PASSED
    assert (place.home / "unmounted-back").exists()
    (back / "two.txt").write_text("3")
    assert place.found(about, **mount)[1].startswith("1 file changed (two.txt)")
    assert place.found(about, mount=["sh", "-c", "echo no such server; exit 32"])[:2] == (
        UNKNOWN,
        "sh ended with 32: no such server (it has to print the folder, and to end with 0)",
    )
    assert place.found(about)[0] is UNKNOWN


def test_what_can_not_be_read_is_not_written_down(place):
    """A resource that isn't there is told with its reason and exit code 3, and the others are read all the same."""
    there = table(place, "there", {"a": "1"})
    gone = f"arn:aws:dynamodb:{place.region}:{place.account}:table/gone"
    found = manifest([gone, there], strategy=None, home=place.home)
    assert [bool(each.file) for each in found.taken] == [False, True]
    assert "ResourceNotFoundException" in found.taken[0].reason
    assert found.exit_code is ExitCode.COULD_NOT_VERIFY
    with pytest.raises(BadInput, match="there are no manifests of"):
        manifest([f"arn:aws:lambda:{place.region}:{place.account}:function:x"], strategy=None, home=place.home)
    with pytest.raises(BadInput, match="is not an ARN"):
        manifest(["orders"], strategy=None, home=place.home)
    wish = Wish(variable="A", secret_arn="B")
    with pytest.raises(BadInput, match="in an environment variable and in a secret"):
        manifest([f"arn:aws:rds:{place.region}:{place.account}:db:orders"], strategy=None, home=place.home, wish=wish)


def test_a_manifest_has_no_content(place):
    """Names and checksums, counts and instants; what is in an item is nowhere in the file."""
    arn = table(place, "secretive", {"key-1": "4711.5"})
    taken = place.take(arn)
    text = Path(taken.file).read_text(encoding="utf-8")
    assert "key-1" in text
    assert "4711" not in text
    kept = manifests.read(Path(taken.file))
    assert (kept.resource_arn, kept.taken_at - kept.began_at < timedelta(minutes=5)) == (arn, True)
    assert Path(taken.file).parent == manifests.folder_of(place.home / "manifests", ResourceType.DYNAMODB, arn)


def test_a_password_in_a_secret_is_read_when_it_is_needed(place):
    """JSON as RDS writes it, or the password alone; the caller sees the reason when there is none, and never the secret."""
    secrets = place.client("secretsmanager")
    whole = secrets.create_secret(Name="whole", SecretString=json.dumps({"username": "auditor", "password": "s3cr3t-in-json"}))["ARN"]
    alone = secrets.create_secret(Name="alone", SecretString="s3cr3t-alone")["ARN"]
    hollow = secrets.create_secret(Name="hollow", SecretString=json.dumps({"user": "auditor"}))["ARN"]
    source = f"arn:aws:rds:{place.region}:{place.account}:db:ledger"
    for arn in (whole, alone):
        login = Login(type=ResourceType.RDS, secret_arn=arn, origin=BuiltIn())
        about = place.target(ResourceType.RDS, source, source, login=login)
        outcome, told, _ = place.found(
            about, "command", run=["sh", "-c", 'test -n "$PW" && echo "as $STRONGROOM_USER: $PW"'], password="PW"
        )
        assert (outcome, told) == (PASSED, f"sh ended with 0: as {'auditor' if arn == whole else ''}: •••")
    login = Login(type=ResourceType.RDS, secret_arn=hollow, origin=BuiltIn())
    outcome, told, _ = place.found(place.target(ResourceType.RDS, source, source, login=login), "command", run=["true"], password="PW")
    assert outcome is UNKNOWN
    assert told.startswith(f"{hollow} is JSON without a text named password")


def test_a_machine_is_asked_at_its_address(place):
    """An instance has no endpoint: EC2 tells where it is. One that is gone has no address, and that is said."""
    ec2 = place.client("ec2")
    (machine,) = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"]
    arn = f"arn:aws:ec2:{place.region}:{place.account}:instance/{machine['InstanceId']}"
    (seen,) = ec2.describe_instances(InstanceIds=[machine["InstanceId"]])["Reservations"][0]["Instances"]
    about = place.target(ResourceType.EC2, arn, arn)
    door = Door(lambda: Reading(place.sessions, place.account, place.region), None, None)
    address = seen.get("PublicIpAddress") or seen["PrivateIpAddress"]
    assert filled(replace(about, door=door), "http://{address}:8080/health") == f"http://{address}:8080/health"
    assert place.found(about, "http", url="http://{address}:{port}/", status=[200])[1].startswith(f"{arn} has no port")
    gone = place.target(ResourceType.EC2, arn, arn[:-1] + ("0" if arn[-1] != "0" else "1"))
    outcome, told, _ = place.found(gone, "http", url="http://{address}/", status=[200])
    assert (outcome, "InvalidInstanceID.NotFound" in told) == (UNKNOWN, True)
