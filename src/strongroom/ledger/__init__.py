"""The ledger: what was observed in AWS, as immutable Parquet snapshots that DuckDB can query.

`home/ledger/<snapshot id>/` holds one `<table>.parquet` for each table of `domain.tables` and `manifest.json`. A snapshot is
written beside its final place and renamed when complete: it is there as a whole or not at all. Credentials never reach it.
`STRONGROOM_HOME=s3://bucket/prefix` keeps it in S3. Snapshots from before a column or table existed stay readable: there it is null,
unknown, or has no rows and no `reads`. `home/ledger/tests/` holds the records of restore tests, which no snapshot repeats.
"""

from strongroom.ledger.columns import empty, from_rows, schema
from strongroom.ledger.engine import connect, rows
from strongroom.ledger.keeping import Difference, ask, differences, differing, remove
from strongroom.ledger.records import damaged_records, export_records, keep_record, record_text, records
from strongroom.ledger.snapshot import Manifest, Snapshot, StoredTable, damaged, latest, manifest, snapshots, table_named
from strongroom.ledger.writing import write

__all__ = [
    "Difference",
    "Manifest",
    "Snapshot",
    "StoredTable",
    "ask",
    "connect",
    "damaged",
    "damaged_records",
    "differences",
    "differing",
    "empty",
    "export_records",
    "from_rows",
    "keep_record",
    "latest",
    "manifest",
    "record_text",
    "records",
    "remove",
    "rows",
    "schema",
    "snapshots",
    "table_named",
    "write",
]
