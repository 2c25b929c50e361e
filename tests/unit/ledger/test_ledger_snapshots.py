"""Snapshots are complete or not there, sort by time, and tell when their files were touched."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom import ledger
from strongroom.domain.tables import READS, RESOURCES, TABLES
from strongroom.errors import BadInput, CouldNotVerify

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
READ = ("555555555555", "eu-west-2", "vaults", True, "", "")
VOLUME = ("555555555555", "eu-west-2", "arn:v", "EBS", "v", {"environment": "prod"}, NOW, True, None, None, 8)
LATER = [column.name for column in RESOURCES.columns if column.later]
VOLUME += (None,) * len(LATER)


def write(home, *rows, at=NOW):
    tables = {"reads": ledger.from_rows(READS, rows or [READ]), "resources": ledger.from_rows(RESOURCES, [VOLUME])}
    return ledger.write(home, tables, observed_at=at, source={"caller": "arn:aws:iam::111111111111:user/ops"})


def test_a_written_snapshot_is_the_latest(tmp_path):
    """What was written is what is read, with its time and source."""
    snapshot = write(tmp_path)
    assert ledger.latest(tmp_path) == snapshot
    assert snapshot.observed_at == NOW
    assert snapshot.table("reads").to_pylist()[0]["subject"] == "vaults"
    assert snapshot.table("resources").to_pylist()[0]["tags"] == [("environment", "prod")]
    assert ledger.manifest(snapshot).source == (("caller", "arn:aws:iam::111111111111:user/ops"),)


def test_tables_not_given_are_stored_empty(tmp_path):
    """A snapshot holds every table of the domain."""
    snapshot = write(tmp_path)
    assert {path.stem for path in snapshot.path.glob("*.parquet")} == {table.name for table in TABLES}
    assert snapshot.table("backup_jobs").num_rows == 0


def test_ids_sort_by_time(tmp_path):
    """Ids sort by AWS's time, also within the same second and across time zones."""
    later = NOW.astimezone(timezone(timedelta(hours=9))) + timedelta(seconds=1)
    written = [write(tmp_path, at=later), write(tmp_path), write(tmp_path)]
    assert [each.id for each in ledger.snapshots(tmp_path)] == [
        "2026-11-21T06-00-00Z-0001",
        "2026-11-21T06-00-00Z-0002",
        "2026-11-21T06-00-01Z-0001",
    ]
    assert ledger.latest(tmp_path) == written[0]


def test_no_snapshot_says_how_to_get_one(tmp_path):
    """An empty ledger asks for a sync."""
    with pytest.raises(CouldNotVerify, match="no snapshot") as caught:
        ledger.latest(tmp_path)
    assert caught.value.hint == "run: strongroom sync"
    assert ledger.snapshots(tmp_path) == ()


def test_a_half_written_snapshot_is_invisible_and_removed_at_the_next_write(tmp_path):
    """What a killed writer left is never read, and gone after the next write."""
    left = tmp_path / "ledger" / ".writing-dead"
    left.mkdir(parents=True)
    (left / "reads.parquet").write_bytes(b"PAR1")
    (left / "manifest.json").write_text("{}")
    assert ledger.snapshots(tmp_path) == ()
    write(tmp_path)
    assert not left.exists()
    assert len(ledger.snapshots(tmp_path)) == 1


def test_a_folder_without_manifest_is_no_snapshot(tmp_path):
    """The manifest is what makes a folder a snapshot."""
    snapshot = write(tmp_path)
    (snapshot.path / "manifest.json").unlink()
    assert ledger.snapshots(tmp_path) == ()


def test_a_failed_write_leaves_nothing(tmp_path):
    """A table that doesn't fit leaves no folder behind."""
    with pytest.raises(BadInput, match="can't be stored"):
        ledger.write(tmp_path, {"reads": pa.table({"x": [1]})}, observed_at=NOW, source={})
    with pytest.raises(BadInput, match="no table 'secrets'"):
        ledger.write(tmp_path, {"secrets": pa.table({"x": [1]})}, observed_at=NOW, source={})
    assert ledger.snapshots(tmp_path) == ()


def test_a_time_without_zone_is_refused(tmp_path):
    """A naive instant is refused."""
    with pytest.raises(BadInput, match="has no time zone"):
        ledger.write(tmp_path, {}, observed_at=NOW.replace(tzinfo=None), source={})


def test_a_home_that_is_a_file_is_refused(tmp_path):
    """A home that can't hold folders gives one clear error."""
    (tmp_path / "home").write_text("x")
    with pytest.raises(BadInput, match="the ledger can't be written"):
        write(tmp_path / "home")


def test_a_cut_file_is_noticed(tmp_path):
    """A file that is shorter than the manifest says is not read."""
    snapshot = write(tmp_path)
    file = snapshot.path / "reads.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CouldNotVerify, match="is damaged"):
        snapshot.table("reads")
    assert ledger.damaged(snapshot) == ("reads",)


def test_a_changed_byte_is_noticed(tmp_path):
    """A file of the same size with other bytes is named by `damaged`."""
    snapshot = write(tmp_path)
    file = snapshot.path / "resources.parquet"
    content = bytearray(file.read_bytes())
    content[8] ^= 1
    file.write_bytes(content)
    assert ledger.damaged(snapshot) == ("resources",)


def test_a_table_of_another_schema_is_not_read(tmp_path):
    """A snapshot of an older Strongroom asks for a sync instead of giving wrong columns."""
    snapshot = write(tmp_path)
    file = snapshot.path / "reads.parquet"
    pq.write_table(pa.table({"account": ["1"]}), file)
    manifest = json.loads((snapshot.path / "manifest.json").read_text())
    manifest["tables"]["reads"]["size_bytes"] = file.stat().st_size
    (snapshot.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CouldNotVerify, match="another schema"):
        snapshot.table("reads")


def _age(snapshot, *columns):
    """Make a snapshot one from before some columns of the table of resources."""
    file = snapshot.path / "resources.parquet"
    pq.write_table(pq.read_table(file, partitioning=None).drop_columns(list(columns)), file)
    manifest = json.loads((snapshot.path / "manifest.json").read_text())
    manifest["tables"]["resources"]["size_bytes"] = file.stat().st_size
    (snapshot.path / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("columns", [LATER, LATER[:1], LATER[-2:]], ids=["all", "first", "last"])
def test_a_snapshot_from_before_some_columns_is_read_with_nulls(tmp_path, columns):
    """What nobody asked then is unknown now, in Arrow and in SQL alike."""
    snapshot = write(tmp_path)
    whole = snapshot.table("resources")
    _age(snapshot, *columns)
    assert snapshot.table("resources").equals(whole)
    with ledger.connect(snapshot) as connection:
        queried = connection.sql("SELECT * FROM resources").to_arrow_table()
        assert queried.column_names == whole.column_names
        assert queried.to_pylist() == whole.to_pylist()
        assert ledger.rows(connection, "SELECT count(*) AS n FROM resources WHERE versioned") == [{"n": 0}]


def test_a_snapshot_that_lacks_an_old_column_is_not_read(tmp_path):
    """A column that was there from the beginning is missing because the file is wrong: null would mean something there."""
    snapshot = write(tmp_path)
    _age(snapshot, "created_at")
    with pytest.raises(CouldNotVerify, match=r"another schema.*missing \['created_at'\]"):
        snapshot.table("resources")
    with pytest.raises(CouldNotVerify, match="another schema"):
        ledger.connect(snapshot)


def test_a_new_snapshot_has_every_column(tmp_path):
    """Only what is read may be older, never what is written."""
    rows = ledger.from_rows(RESOURCES, [VOLUME]).drop_columns(LATER)
    with pytest.raises(BadInput, match="can't be stored"):
        ledger.write(tmp_path, {"resources": rows}, observed_at=NOW, source={})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format_version": 99}'])
def test_a_manifest_that_is_not_ours_is_not_guessed_at(tmp_path, text):
    """A broken or newer manifest is an error, not an older snapshot."""
    write(tmp_path)
    snapshot = write(tmp_path)
    (snapshot.path / "manifest.json").write_text(text)
    with pytest.raises(CouldNotVerify, match=r"manifest\.json can't be read"):
        ledger.latest(tmp_path)


def test_an_unknown_table_is_named(tmp_path):
    """A name that is no table is refused with those that are."""
    with pytest.raises(BadInput, match="no table 'volumes'; there are reads"):
        write(tmp_path).table("volumes")


def test_the_ledger_is_queried_by_sql(tmp_path):
    """Every table is a view; instants come back aware, tags can be looked into."""
    with ledger.connect(write(tmp_path)) as connection:
        query = "SELECT created_at, tags['environment'] AS tier FROM resources WHERE type = $type"
        assert ledger.rows(connection, query, {"type": "EBS"}) == [{"created_at": NOW, "tier": "prod"}]
        assert ledger.rows(connection, "SELECT count(*) AS n FROM copy_jobs") == [{"n": 0}]


def test_queries_see_the_ledger_and_nothing_else(tmp_path):
    """SQL can't read other files of the machine."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with ledger.connect(write(tmp_path / "home")) as connection, pytest.raises(Exception, match="Permission Error"):
        connection.execute(f"SELECT * FROM read_csv('{secret}')")  # noqa: S608 - the attack


def test_a_folder_with_a_quote_in_its_name_works(tmp_path):
    """Names of folders are data, not SQL."""
    with ledger.connect(write(tmp_path / "it's here")) as connection:
        assert ledger.rows(connection, "SELECT count(*) AS n FROM reads") == [{"n": 1}]
