"""Large tables are stored in the order of their resources, so that a question about one passes over most of them."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strongroom import ledger
from strongroom.domain.tables import READS, RECOVERY_POINTS
from strongroom.ledger.narrowing import Narrowing
from strongroom.ledger.writing import GROUPS_SORTED, ROWS_PER_GROUP

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ROWS = GROUPS_SORTED * ROWS_PER_GROUP + 1_000
TEXTS = {
    "account_id": "333333333333",
    "region": "eu-west-2",
    "vault_name": "central",
    "arn": "arn:p",
    "resource_type": "EFS",
    "status": "COMPLETED",
}


def points(numbers):
    """Recovery points of resources with these numbers, in this order."""
    arns = pc.binary_join_element_wise("arn:r:", pc.utf8_lpad(pa.array(numbers, pa.int64()).cast(pa.string()), 8, "0"), "")
    columns = []
    for field in ledger.schema(RECOVERY_POINTS):
        value = TEXTS.get(field.name, NOW if field.name == "created_at" else None)
        columns.append(arns if field.name == "resource_arn" else pa.repeat(pa.scalar(value, field.type), len(numbers)))
    return pa.table(columns, schema=ledger.schema(RECOVERY_POINTS))


def test_recovery_points_that_come_in_any_order_are_stored_by_resource(tmp_path):
    """Each group of rows has its own range of resources, no row is lost, and one resource's are found."""
    numbers = list(range(ROWS))
    random.Random(1).shuffle(numbers)  # noqa: S311 - the same order each time
    pieces = (points(numbers[start : start + 100_000]) for start in range(0, ROWS, 100_000))
    snapshot = ledger.write(tmp_path, {"recovery_points": pieces}, observed_at=NOW, source={})
    metadata = pq.read_metadata(snapshot.path / "recovery_points.parquet")
    column = metadata.schema.names.index("resource_arn")
    ranges = [metadata.row_group(number).column(column).statistics for number in range(GROUPS_SORTED)]
    assert all(one.max < other.min for one, other in pairwise(ranges))
    stored = snapshot.table("recovery_points")["resource_arn"]
    assert (len(stored), pc.count_distinct(stored).as_py()) == (ROWS, ROWS)
    one = replace(snapshot, only=Narrowing(resource=f"arn:r:{ROWS - 1:08}", accounts=()))
    assert one.table("recovery_points")["resource_arn"].to_pylist() == [f"arn:r:{ROWS - 1:08}"]


def test_what_is_small_or_about_no_resource_stays_as_it_came(tmp_path):
    """A group of rows is decoded as a whole anyway; `reads` is about accounts."""
    reads = ledger.from_rows(READS, [("555555555555", "eu-west-2", subject, True, "", "") for subject in ("vaults", "keys")])
    tables = {"recovery_points": points([2, 1, 3]), "reads": reads}
    snapshot = ledger.write(tmp_path, tables, observed_at=NOW, source={})
    assert [arn[-1] for arn in snapshot.table("recovery_points")["resource_arn"].to_pylist()] == ["2", "1", "3"]
    assert snapshot.table("reads")["subject"].to_pylist() == ["vaults", "keys"]
