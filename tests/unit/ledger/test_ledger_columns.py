"""Tables of the domain become Arrow tables, or one clear error."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from strongroom import ledger
from strongroom.domain.tables import ACCOUNTS, READS, RESOURCES, TABLES
from strongroom.errors import BadInput
from strongroom.ledger.columns import checked


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_an_arrow_schema(table):
    """Each table of the domain has an Arrow schema with its columns in order."""
    assert ledger.schema(table).names == [column.name for column in table.columns]
    assert ledger.empty(table).num_rows == 0


def test_instants_are_utc_microseconds_and_tags_maps():
    """Instants are UTC microseconds, tags are maps."""
    schema = ledger.schema(RESOURCES)
    assert schema.field("created_at").type == pa.timestamp("us", tz="UTC")
    assert schema.field("tags").type == pa.map_(pa.string(), pa.string())


def test_rows_become_columns():
    """Rows in schema order come back as they were given."""
    joined = datetime(2026, 1, 2, tzinfo=UTC)
    table = ledger.from_rows(ACCOUNTS, [("555555555555", "pay", "ACTIVE", "Workloads/Prod", ["r-1", "ou-1"], False, joined)])
    assert table.to_pylist() == [
        {
            "account_id": "555555555555",
            "name": "pay",
            "status": "ACTIVE",
            "ou_path": "Workloads/Prod",
            "ou_ids": ["r-1", "ou-1"],
            "management": False,
            "joined_at": joined,
        }
    ]


def test_no_rows_make_an_empty_table():
    """A table without rows still has its schema."""
    assert ledger.from_rows(READS, []).schema == ledger.schema(READS)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("1", "eu-west-2", "vaults", True, ""), "5 values, 6 expected"),
        (("1", "eu-west-2", "vaults", "yes", "", ""), "column read"),
        (("1", "eu-west-2", "vaults", None, "", ""), "column read is null in 1 rows"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(row, words):
    """A row of another width, type or with a forbidden null is named."""
    with pytest.raises(BadInput, match=words):
        ledger.from_rows(READS, [row])


def test_a_foreign_schema_is_refused():
    """A table with other columns is refused, and the difference is named."""
    with pytest.raises(BadInput, match=r"missing \['account_id'"):
        checked(READS, pa.table({"account": ["1"]}))


def test_a_column_of_another_type_is_refused():
    """The same names with another type are refused."""
    data = ledger.from_rows(READS, [("1", "", "vaults", True, "", "")])
    wrong = data.set_column(3, "read", pa.array(["true"]))
    with pytest.raises(BadInput, match="column read is string, expected bool"):
        checked(READS, wrong)
