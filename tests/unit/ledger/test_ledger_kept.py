"""Snapshots that are kept: compared, asked, exported, checked and pruned, through the public functions."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import ledger
from strongroom.api import ledger as verbs
from strongroom.domain.tables import ACCOUNTS
from strongroom.errors import BadInput, CouldNotVerify, ExitCode

FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def account(number, name="shop"):
    return (f"{number:012}", name, "ACTIVE", "Workloads", ["r-1", "ou-1"], False, FIRST)


@pytest.fixture(scope="module")
def kept_once(tmp_path_factory):
    """Three snapshots, ten days apart: an account joins, then another one is renamed."""
    home = tmp_path_factory.mktemp("kept")
    for days, rows in ((0, [account(1)]), (10, [account(1), account(2)]), (20, [account(1), account(2, "store")])):
        tables = {"accounts": ledger.from_rows(ACCOUNTS, rows)}
        ledger.write(home, tables, observed_at=FIRST + timedelta(days=days), source={"caller": "arn:aws:iam::1:user/me"})
    return home


@pytest.fixture
def home(kept_once, tmp_path):
    """The same, for one test to change."""
    return shutil.copytree(kept_once, tmp_path, dirs_exist_ok=True)


def test_every_snapshot_is_listed_oldest_first(home):
    kept = verbs.snapshots(home=home)
    assert [each.observed_at.day for each in kept] == [1, 11, 21]
    assert [each.rows for each in kept] == [1, 2, 2]


def test_the_last_two_are_compared_where_none_are_named(home):
    """A row that changed is gone and new."""
    found = verbs.compare(None, None, home=home, table="accounts")
    assert [(each.table, each.gone, each.new) for each in found.differences] == [("accounts", 1, 1)]
    assert [row["name"] for row in found.gone.to_pylist()] == ["shop"]
    assert [row["name"] for row in found.new.to_pylist()] == ["store"]


def test_snapshots_are_named_by_instant_or_id(home):
    first = verbs.snapshots(home=home)[0].id
    found = verbs.compare(first, "2026-11-12T00:00:00Z", home=home)
    assert [(each.table, each.gone, each.new) for each in found.differences] == [("accounts", 0, 1)]


def test_equal_snapshots_do_not_differ(home):
    same = verbs.snapshots(home=home)[0].id
    assert verbs.compare(same, same, home=home).differences == ()


def test_one_snapshot_can_not_be_compared(tmp_path):
    ledger.write(tmp_path, {}, observed_at=FIRST, source={})
    with pytest.raises(BadInput, match="two are needed"):
        verbs.compare(None, None, home=tmp_path)


def test_sql_is_asked_of_the_newest_snapshot_or_of_an_older_one(home):
    sql = "SELECT name FROM accounts ORDER BY account_id"
    assert verbs.query(sql, home=home).column("name").to_pylist() == ["shop", "store"]
    assert verbs.query(sql, home=home, as_of="2026-11-05T00:00:00Z").column("name").to_pylist() == ["shop"]


@pytest.mark.parametrize(
    "sql",
    ["SELECT", "SELECT * FROM nothing", "DROP VIEW nothing", "COPY (SELECT 1) TO '/tmp/out.csv'", "SELECT * FROM read_csv('/etc/passwd')"],
)
def test_sql_that_is_wrong_or_reaches_outside_is_refused(home, sql):
    with pytest.raises(BadInput, match="can't be answered"):
        verbs.query(sql, home=home)


@pytest.mark.parametrize("kind", verbs.FORMATS)
def test_exported_tables_hold_the_rows(home, tmp_path, kind):
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    (file,) = verbs.export(tmp_path / "out", home=home, tables=["accounts"], kind=kind)
    rows = pq.read_table(file) if kind == "parquet" else pa_csv.read_csv(file)
    assert rows.column("name").to_pylist() == ["shop", "store"]
    assert len(verbs.export(tmp_path / "all", home=home, kind=kind)) > 10


def test_a_damaged_file_is_found(home):
    assert verbs.exit_code(verbs.check(home=home)) is ExitCode.PROVEN
    second = ledger.snapshots(home)[1]
    file = second.path / "accounts.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    found = verbs.check(home=home)
    assert [each.damaged for each in found] == [(), ("accounts",), ()]
    assert verbs.exit_code(found) is ExitCode.COULD_NOT_VERIFY


@pytest.mark.parametrize(("keep", "days", "stay"), [(1, None, 1), (2, None, 2), (9, None, 3), (None, 15, 2), (None, 1, 1), (None, 99, 3)])
def test_old_snapshots_are_removed_and_the_newest_stays(home, keep, days, stay):
    wanted = verbs.pruning(home=home, keep=keep, days=days)
    newest = ledger.latest(home).id
    verbs.prune(wanted, home=home)
    assert len(ledger.snapshots(home)) == wanted.stay == stay
    assert ledger.latest(home).id == newest
    assert not [path for path in (home / "ledger").iterdir() if path.name.startswith(".writing-")]


def test_pruning_wants_to_know_what_may_go(home):
    with pytest.raises(BadInput, match="which snapshots"):
        verbs.pruning(home=home, keep=None, days=None)


def test_without_a_ledger_there_is_nothing(tmp_path):
    assert verbs.snapshots(home=tmp_path) == verbs.check(home=tmp_path) == ()
    with pytest.raises(CouldNotVerify):
        verbs.query("SELECT 1", home=tmp_path)
