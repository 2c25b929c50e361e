"""What could not be read is never taken for survived: neither for all resources nor for one."""

from pathlib import Path

import pytest
from benchmarks.who_can import NOW, write_ledger

from strongroom import ledger
from strongroom.domain.tables import TABLES
from strongroom.errors import ExitCode
from strongroom.proof.survival import survive, survive_one

TABLE = "arn:aws:dynamodb:eu-west-2:600000000000:table/t0"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four accounts with a vault each, then the same with keys that nobody could read."""
    folder = tmp_path_factory.mktemp("survival")
    write_ledger(folder, accounts=4)
    read = ledger.latest(folder)
    tables = {table.name: read.table(table.name) for table in TABLES if table.name != "keys"}
    ledger.write(folder, tables, observed_at=NOW, source={"verb": "test"})
    return folder


def test_with_everything_read_one_thing_is_a_finding(home):
    read, _ = ledger.snapshots(home)
    assert survive(read).exit_code is survive_one(read, TABLE).exit_code is ExitCode.FINDINGS


def test_without_its_key_a_copy_is_not_proven(home):
    _, unread = ledger.snapshots(home)
    for found in (survive(unread), survive_one(unread, TABLE)):
        assert found.exit_code is ExitCode.COULD_NOT_VERIFY
        assert any("could not be read" in doubt for doubt in found.doubts)
