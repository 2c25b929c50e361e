"""Large tables are stored in the order of their resources, so that a question about one passes over most of them."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom import ledger
from strongroom.domain.tables import READS, RECOVERY_POINTS
from strongroom.domain.tables.schema import TableSchema, maybe_integer, maybe_text
from strongroom.errors import CouldNotVerify
from strongroom.ledger.narrowing import Narrowing
from strongroom.ledger.sorting import BATCHES_PER_GROUP, write_in_order
from strongroom.ledger.writing import ROWS_PER_GROUP

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
GROUPS = 2
ROWS = GROUPS * ROWS_PER_GROUP + 1_000
POINTS_EACH = 25
TEXTS = {
    "account_id": "333333333333",
    "region": "eu-west-2",
    "vault_name": "central",
    "arn": "arn:p",
    "resource_type": "EFS",
    "status": "COMPLETED",
}
PAIRS = TableSchema("pairs", "a value and when it came", (maybe_text("value", "what is sorted by"), maybe_integer("came", "its number")))


def points(numbers):
    """Recovery points of resources with these numbers, in this order."""
    arns = pc.binary_join_element_wise("arn:r:", pc.utf8_lpad(pa.array(numbers, pa.int64()).cast(pa.string()), 8, "0"), "")
    columns = []
    for field in ledger.schema(RECOVERY_POINTS):
        value = TEXTS.get(field.name, NOW if field.name == "created_at" else None)
        columns.append(arns if field.name == "resource_arn" else pa.repeat(pa.scalar(value, field.type), len(numbers)))
    return pa.table(columns, schema=ledger.schema(RECOVERY_POINTS))


def in_order(tmp_path, values, *, piece, rows_per_group):
    """The rows of each group of a file with these values, written piece by piece."""
    file = tmp_path / "pairs.parquet"
    rows = list(zip(values, range(len(values)), strict=True))
    pieces = (ledger.from_rows(PAIRS, rows[start : start + piece]) for start in range(0, len(rows), piece))
    assert write_in_order(file, PAIRS, pieces, by=PAIRS.columns[0], rows_per_group=rows_per_group) == len(rows)
    stored = pq.ParquetFile(file)
    return [list(zip(*stored.read_row_group(number).to_pydict().values(), strict=True)) for number in range(stored.num_row_groups)]


def test_recovery_points_that_come_in_any_order_are_stored_by_resource(tmp_path):
    """In a vault into which all copy at once each group of rows has resources of its own, no row is lost, and one resource's are found."""
    numbers = [number // POINTS_EACH for number in range(ROWS)]
    random.Random(1).shuffle(numbers)  # noqa: S311 - the same order each time
    pieces = (points(numbers[start : start + 100_000]) for start in range(0, ROWS, 100_000))
    snapshot = ledger.write(tmp_path, {"recovery_points": pieces}, observed_at=NOW, source={})
    metadata = pq.read_metadata(snapshot.path / "recovery_points.parquet")
    column = metadata.schema.names.index("resource_arn")
    ranges = [metadata.row_group(number).column(column).statistics for number in range(metadata.num_row_groups)]
    assert len(ranges) in {GROUPS, GROUPS + 1}
    assert all(one.max < other.min for one, other in pairwise(ranges))
    stored = snapshot.table("recovery_points")["resource_arn"]
    assert (len(stored), pc.count_distinct(stored).as_py()) == (ROWS, len(set(numbers)))
    one = replace(snapshot, only=Narrowing(resource="arn:r:00000007", accounts=()))
    assert one.table("recovery_points")["resource_arn"].to_pylist() == ["arn:r:00000007"] * POINTS_EACH
    assert not [file for file in snapshot.path.iterdir() if file.suffix not in {".parquet", ".json"}]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.one_of(st.none(), st.text("ab", max_size=3)), max_size=60), piece=st.integers(1, 20), group=st.integers(1, 9))
def test_rows_are_sorted_whatever_does_not_fit_into_memory(tmp_path_factory, values, piece, group):
    """The file has all rows by value, those of one value as they came and in one group; what has no value comes first."""
    found = in_order(tmp_path_factory.mktemp("sorted"), values, piece=piece, rows_per_group=group)
    wanted = sorted(zip(values, range(len(values)), strict=True), key=lambda row: row[0] or "")
    assert [row for group in found for row in group] == wanted
    assert not any({row[0] or "" for row in one} & {row[0] or "" for row in other} for one, other in pairwise(found))


@pytest.mark.parametrize("order", ["as it was asked", "backwards", "mixed", "one value in all runs"])
def test_groups_are_about_as_large_as_asked_for(tmp_path, order):
    """Whatever the order that rows come in: neither many small groups, nor one that memory would not hold."""
    size = 4 * BATCHES_PER_GROUP
    values = [f"{number // 10:05}" for number in range(10 * size)]
    if order == "backwards":
        values.reverse()
    elif order != "as it was asked":
        random.Random(1).shuffle(values)  # noqa: S311 - the same order each time
    if order == "one value in all runs":
        values[::10] = ["00500"] * len(values[::10])
    found = in_order(tmp_path, values, piece=333, rows_per_group=size)
    assert [row for group in found for row in group] == sorted(zip(values, range(len(values)), strict=True))
    assert 9 <= len(found) <= 11
    assert max(map(len, found)) <= 2.1 * size


def test_what_stops_the_rows_stops_the_writing_and_leaves_nothing(tmp_path):
    """What they come from says itself what is wrong with it."""

    def pieces():
        yield points(range(2 * ROWS_PER_GROUP))
        raise CouldNotVerify("what was read is damaged")

    with pytest.raises(CouldNotVerify, match="what was read is damaged"):
        ledger.write(tmp_path, {"recovery_points": pieces()}, observed_at=NOW, source={})
    assert [path.name for path in (tmp_path / "ledger").iterdir()] == [".lock"]


def test_what_is_small_or_about_no_resource_stays_as_it_came(tmp_path):
    """A group of rows is decoded as a whole anyway; `reads` is about accounts."""
    reads = ledger.from_rows(READS, [("555555555555", "eu-west-2", subject, True, "", "") for subject in ("vaults", "keys")])
    tables = {"recovery_points": points([2, 1, 3]), "reads": reads}
    snapshot = ledger.write(tmp_path, tables, observed_at=NOW, source={})
    assert [arn[-1] for arn in snapshot.table("recovery_points")["resource_arn"].to_pylist()] == ["2", "1", "3"]
    assert snapshot.table("reads")["subject"].to_pylist() == ["vaults", "keys"]
