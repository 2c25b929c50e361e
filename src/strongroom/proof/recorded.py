"""Records of restore tests as a table: evidence that no snapshot holds, because it was made here and not observed."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from strongroom import ledger
from strongroom.domain.tables import RESTORE_TESTS

if TYPE_CHECKING:
    from strongroom.domain.recovery import TestRecord

TIMES = frozenset({"time", "rto"})  # measurements that say how long it took, not what is in what was restored


def restore_tests(records: "Iterable[TestRecord]", *, arn: str | None = None) -> pa.Table:
    """Return the table restore_tests, of one resource where `arn` names it."""
    rows = [_row(each) for each in records if arn in (None, each.resource_arn)]
    return ledger.from_rows(RESTORE_TESTS, rows)


def _row(record: "TestRecord") -> tuple[object, ...]:
    made = record.restored
    return (
        str(record.point.account),
        str(record.point.region),
        record.point.vault,
        record.test_id,
        record.test,
        record.origin,
        record.resource_arn,
        str(record.type),
        record.point.arn,
        record.point.created_at,
        str(record.outcome),
        _wrong(record),
        record.told,
        None if record.seconds is None else math.ceil(record.seconds),
        record.rto_seconds,
        made is not None,
        str(made.account) if made else None,
        str(made.region) if made else None,
        made.job_id or None if made else None,
        made.resource_arn if made else None,
        record.started_at,
        record.completed_at,
        record.cleaned_up,
        list(record.leftovers),
        record.next_at,
    )


def _wrong(record: "TestRecord") -> bool:
    """Return whether it failed for more than its time: then no longer objective repairs it."""
    from strongroom.domain.recovery import Outcome  # noqa: PLC0415 - `prove` answers in a second, mostly of what was never tested

    if record.outcome is not Outcome.FAILED:
        return False
    slow = record.seconds is not None and record.rto_seconds is not None and record.seconds > record.rto_seconds
    failed = {each.validator for each in record.measurements if each.outcome is Outcome.FAILED}
    return not slow or bool(failed - TIMES)
