"""Snapshots from before a table existed stay readable: it has no rows, and `reads` says nothing of it."""

import json
from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.domain.tables import TABLES
from strongroom.errors import CouldNotVerify

NOW = datetime(2026, 11, 21, tzinfo=UTC)


LATER = [table for table in TABLES if table.later]


def without(home, *names):
    """A snapshot as a release wrote it that did not know some tables."""
    snapshot = ledger.write(home, {}, observed_at=NOW, source={})
    file = snapshot.path / "manifest.json"
    document = json.loads(file.read_text())
    for name in names:
        (snapshot.path / f"{name}.parquet").unlink()
        del document["tables"][name]
    file.write_text(json.dumps(document))
    return snapshot


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """A snapshot of the first release, and SQL over it."""
    snapshot = without(tmp_path_factory.mktemp("oldest"), *(table.name for table in LATER))
    with ledger.connect(snapshot) as connection:
        yield snapshot, connection


@pytest.mark.parametrize("table", LATER, ids=lambda table: table.name)
def test_a_table_newer_than_the_snapshot_has_no_rows(oldest, table):
    """Arrow and SQL alike see an empty table with all its columns."""
    snapshot, connection = oldest
    assert snapshot.table(table.name).equals(ledger.empty(table))
    found = connection.sql(f"SELECT * FROM {table.name}").to_arrow_table()  # noqa: S608 - our names
    assert (found.num_rows, found.schema.names) == (0, ledger.schema(table).names)


def test_a_table_that_was_always_there_is_missed(tmp_path):
    """What every release wrote can't be absent from a whole snapshot."""
    with pytest.raises(CouldNotVerify, match="no table vaults"):
        without(tmp_path, "vaults").table("vaults")


def test_a_file_that_the_manifest_names_is_missed(tmp_path):
    """A newer table whose file was lost is damage, not age."""
    snapshot = ledger.write(tmp_path, {}, observed_at=NOW, source={})
    (snapshot.path / "principals.parquet").unlink()
    with pytest.raises(CouldNotVerify, match="no table principals"):
        snapshot.table("principals")
