"""`strongroom twin load`: markers everywhere while the clock runs, and what is told of any past instant is what is there."""

import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from tests.conformance.conftest import SEED, start
from tests.conformance.data.places import AWAY, SHOP, Places, at_instants

from strongroom.cli.twin import command
from strongroom.errors import BadInput
from strongroom.twin import client as control
from strongroom.twin import loading, process
from strongroom.twin.data.markers import Marker
from strongroom.twin.stem import Stem

ORDERS = f"arn:aws:dynamodb:eu-west-2:{SHOP}:table/orders"
RECEIPTS = "arn:aws:s3:::shop-receipts"


def _load(twin, hours, *kinds, seed="", every=1):
    until = datetime.fromisoformat(control.clock(twin.endpoint)["now"]) + timedelta(hours=hours)
    asked = loading.Load(every=timedelta(hours=every), until=until, kinds=kinds or None, seed=seed)
    return loading.load(twin.endpoint, asked, lambda *_: None)


def _markers(told, arn):
    """Return the markers that a resource must hold, by number."""
    every = {
        each["number"]: Marker(number=each["number"], at=datetime.fromisoformat(each["at"]), seed=each["seed"]) for each in told["markers"]
    }
    return {number: every[number] for number in told["resources"].get(arn, [])}


def _in_table(places, name):
    items = places.client("dynamodb").get_paginator("scan").paginate(TableName=name).build_full_result()["Items"]
    return {
        int(item["marker_number"]["N"]): (item["marker_at"]["S"], item["marker_payload"]["S"]) for item in items if "marker_number" in item
    }


def _in_bucket(places, name, account=SHOP):
    s3 = places.client("s3", account)
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix="strongroom/").build_full_result().get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket=name, Key=each["Key"])["Body"].read().decode() for each in listed}


@pytest.fixture(scope="module")
def loaded(places):
    """A day of markers in everything but databases, with a backup of the table in the middle."""
    first = _load(places.twin, 12, "tables", "buckets", "files", "blocks", seed="one")
    job = places.back_up(ORDERS)
    second = _load(places.twin, 12, "tables", "buckets", seed="two")
    return first, job, second


@pytest.mark.usefixtures("loaded")
def test_what_is_told_of_an_instant_is_what_is_restored(places):
    """A table restored to instants of the load holds exactly the markers that are told of them, with their content."""
    places.client("dynamodb").update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    since = places.now()
    _load(places.twin, 6, "tables")
    until = places.now() + timedelta(hours=1)
    places.twin.advance("2h")
    for number, (at, _) in enumerate(at_instants([(since, None), (until, None)], 3)):
        places.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName="orders", TargetTableName=f"told-{number}", RestoreDateTime=at
        )
        expected = _markers(control.markers_at(places.twin.endpoint, at.isoformat()), ORDERS)
        found = _in_table(places, f"told-{number}")
        assert found == {each: (marker.at.isoformat(), marker.payload(ORDERS)) for each, marker in expected.items()}
        assert len(found) >= 24


def test_a_recovery_point_holds_the_markers_of_its_instant(places, loaded):
    """A restore of the backup between two loads has the markers of the first one."""
    first, job, _ = loaded
    point = places.point_of(job)
    places.restored(point, {"targetTableName": "between"})
    assert _in_table(places, "between").keys() == set(range(first["first"], first["last"] + 1))


@pytest.mark.usefixtures("loaded")
def test_every_kind_is_written(places):
    """Objects, files and blocks have the text of their marker; the last of the first load is in all of them."""
    told = control.markers_at(places.twin.endpoint)
    expected = _markers(told, RECEIPTS)
    assert _in_bucket(places, "shop-receipts") == {f"{each.name}.txt": each.text(RECEIPTS) for each in expected.values()}
    (system,) = places.client("efs").describe_file_systems()["FileSystems"]
    files = {path: content.decode() for path, content, _ in control.read_files(places.twin.endpoint, system["FileSystemId"])}
    arn = system["FileSystemArn"]
    assert files == {f"/{each.name}.txt": each.text(arn) for each in _markers(told, arn).values()}
    (disk,) = [arn for arn in told["resources"] if ":volume/" in arn and f":{AWAY}:{SHOP}:" in arn]
    blocks = control.ask(places.twin.endpoint, "GET", f"data/blocks/{disk}")["blocks"]
    assert sorted(map(int, blocks)) == sorted(_markers(told, disk)) == sorted(_markers(told, arn))


def test_the_clock_ends_where_it_was_asked(places):
    """Three hours in steps of two are two markers, and the clock stands three hours later."""
    before = datetime.fromisoformat(control.clock(places.twin.endpoint)["now"])
    told = _load(places.twin, 3, "files", every=2)
    assert (told["markers"], told["last"] - told["first"]) == (2, 1)
    assert timedelta(hours=3) <= datetime.fromisoformat(told["now"]) - before < timedelta(hours=3, minutes=2)


def test_the_same_load_writes_the_same(tmp_path):
    """Two twins whose clocks stand hold the same after the same load, to the byte."""
    dumps = []
    with Stem(tmp_path / "stem", seed=SEED, start="2027-01-01T00:00:00Z") as still:
        for number in (1, 2):
            endpoint = still.grow(tmp_path / str(number))
            until = datetime.fromisoformat("2027-01-02T00:00:00Z")
            kinds = ("tables", "buckets", "files", "blocks")
            loading.load(endpoint, loading.Load(every=timedelta(hours=6), until=until, kinds=kinds, seed="a"), lambda *_: None)
            dumps.append(control.dump(endpoint))
            process.down(tmp_path / str(number))
    assert dumps[0] == dumps[1]
    assert "marker-000004" in json.dumps(dumps[0]["data"])


def test_a_saved_twin_goes_on_with_its_data(tmp_path, stem):
    """What was written, taken and told before a save is there after it: items, objects, files, blocks; recovery points restore."""
    places = Places(start(tmp_path / "before", stem=stem))
    _load(places.twin, 3, "tables", "buckets", "files", "blocks")
    job = places.back_up(ORDERS)
    places.client("dynamodb").delete_item(TableName="orders", Key={"id": {"S": "00001"}})
    places.twin.advance("12h")
    point, told = places.point_of(job), control.markers_at(places.twin.endpoint)
    state = tmp_path / "state"
    state.write_bytes(control.save(places.twin.endpoint))
    before = control.dump(places.twin.endpoint)["data"]
    process.down(places.twin.home)
    home = tmp_path / "after"
    endpoint = process.up(home, 0, None, state=state)
    places.twin.endpoint, places.twin.home = endpoint, home
    places.twin._clients.clear()
    assert control.dump(endpoint)["data"] == before
    assert control.markers_at(endpoint, told["at"])["resources"] == told["resources"]
    places.restored(point, {"targetTableName": "after-the-save"})
    restored = _in_table(places, "after-the-save")
    assert restored.keys() == set(told["resources"][ORDERS])
    items = places.client("dynamodb").scan(TableName="after-the-save")["Items"]
    assert "00001" in {item["id"]["S"] for item in items}
    _load(places.twin, 1, "tables", "buckets")
    process.down(home)


def test_commands_load_tell_and_mount(places, monkeypatch, tmp_path):
    """The command line writes markers, tells of an instant, and mounts a file system read-only into a folder of its own."""
    monkeypatch.setattr("strongroom.cli.twin._home", lambda: places.twin.home)
    run = CliRunner()
    written = run.invoke(command, ["load", "--every", "6h", "--for", "1d", "--kinds", "files,tables", "--format", "json"])
    assert written.exception is None, written.exception
    assert json.loads(written.stdout)["markers"] == 4
    told = run.invoke(command, ["load", "--tell", json.loads(written.stdout)["now"]])
    assert ORDERS in told.stdout
    (system,) = places.client("efs").describe_file_systems()["FileSystems"]
    folder = tmp_path / "mounted"
    assert run.invoke(command, ["mount", system["FileSystemId"], str(folder)]).stdout.strip() == str(folder)
    (last,) = sorted(folder.rglob("marker-*.txt"))[-1:]
    assert last.read_text().splitlines()[0] == f"number {json.loads(written.stdout)['last']}"
    assert last.stat().st_mode & 0o222 == 0
    again = run.invoke(command, ["mount", system["FileSystemId"], str(folder)])
    assert "is not empty" in str(again.exception)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--every", "soon"], "'soon' is not a duration"),
        (["--every", "0s"], "no time between markers"),
        (["--for", "0d"], "which is not before"),
        (["--kinds", "rows"], "'rows' is no kind of data"),
        (["--tell", "yesterday"], "not an instant"),
    ],
)
def test_wrong_loads_are_refused(places, monkeypatch, options, said):
    """A load that makes no sense says so, and writes nothing."""
    monkeypatch.setattr("strongroom.cli.twin._home", lambda: places.twin.home)
    before = control.markers_at(places.twin.endpoint)["markers"]
    refused = CliRunner().invoke(command, ["load", *options])
    assert isinstance(refused.exception, BadInput)
    assert said in refused.exception.message
    assert control.markers_at(places.twin.endpoint)["markers"] == before


def test_databases_are_written_as_their_users_would(start_twin, tmp_path):
    """Each marker is a row over a real connection, and a restore to an instant in between has the rows up to it."""
    import psycopg

    seed = tmp_path / "seed.yaml"
    seed.write_text(WITH_POSTGRESQL, encoding="utf-8")
    twin = start_twin(tmp_path / "home", seed)
    try:
        _load(twin, 4, "databases", seed="rows")
        told = control.markers_at(twin.endpoint)
        (arn,) = told["resources"]
        rds = twin.client("rds", account=SHOP)
        (found,) = rds.describe_db_instances()["DBInstances"]
        where = {"host": found["Endpoint"]["Address"], "port": found["Endpoint"]["Port"], "user": "keeper", "password": "not-a-secret"}
        with psycopg.connect(dbname="postgres", **where) as connection:
            rows = connection.execute("SELECT number, payload FROM strongroom_marker ORDER BY number").fetchall()
        assert rows == [(each.number, each.payload(arn)) for each in _markers(told, arn).values()]
        assert len(rows) == 4
    finally:
        process.down(twin.home)


WITH_POSTGRESQL = f"""
twin: 1
home_region: eu-west-2
regions: [eu-west-2]
organization:
  management: {{name: management, id: "111111111111"}}
  units: {{Prod: {{accounts: {{shop: "{SHOP}"}}}}}}
users:
  - {{name: admin, account: management, access_key: AKIATESTMANAGEMENT01, secret: test}}
  - {{name: admin, account: shop, access_key: AKIATESTSHOP00000001, secret: test}}
resources:
  - {{type: rds, name: rows, account: shop, engine: postgres}}
"""
