"""Snapshots from before a table existed stay readable: it has no rows, and `reads` says nothing of it."""

import json
from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.domain.tables import TABLES
from strongroom.errors import CouldNotVerify

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def without(tmp_path, name):
    """A snapshot as a release wrote it that did not know a table."""
    snapshot = ledger.write(tmp_path, {}, observed_at=NOW, source={})
    (snapshot.path / f"{name}.parquet").unlink()
    file = snapshot.path / "manifest.json"
    document = json.loads(file.read_text())
    del document["tables"][name]
    file.write_text(json.dumps(document))
    return snapshot


@pytest.mark.parametrize("table", [table for table in TABLES if table.later], ids=lambda table: table.name)
def test_a_table_newer_than_the_snapshot_has_no_rows(tmp_path, table):
    """Arrow and SQL alike see an empty table with all its columns."""
    snapshot = without(tmp_path, table.name)
    assert snapshot.table(table.name).equals(ledger.empty(table))
    with ledger.connect(snapshot) as connection:
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
