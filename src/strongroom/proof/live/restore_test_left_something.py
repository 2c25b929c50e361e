"""A restore test left behind what it made

Why:     What a test restores costs like what it was restored from, holds the same data outside every lock, and takes names and quotas
         that the next restore needs.
Fix:     Let Strongroom delete what carries the tag of its tests: strongroom test --clean.
Limits:  Records of Strongroom's own tests. What the snapshot does not list any more, where it read the resources and recovery points of
         that account and Region after the test, is gone.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.2)
Failure: FM26
"""

from collections.abc import Iterator
from typing import Any

from strongroom import ledger
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable

_LEFT = "SELECT * FROM restore_tests WHERE cleaned_up IS FALSE OR len(leftovers) > 0 ORDER BY completed_at, test_id"
_THERE = "SELECT arn FROM resources UNION ALL SELECT arn FROM recovery_points"


@live("VRF158", severity=Severity.WARNING)
def restore_test_left_something(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Compare what records say is left with what the snapshot lists."""
    left = ledger.rows(judgement.connection, _LEFT) if judgement.tests.num_rows else []
    named = sorted({arn for row in left for arn in row["leftovers"]})
    query = f"SELECT DISTINCT arn FROM ({_THERE}) WHERE list_contains($named, arn)"  # noqa: S608 - our own text
    there = {row["arn"] for row in ledger.rows(judgement.connection, query, {"named": named})} if named else set()
    for row in left:
        arns = tuple(arn for arn in row["leftovers"] if arn in there or not _listed(judgement, row))
        if arns or not row["leftovers"]:
            yield _lack(row, arns)


def _listed(judgement: Judgement, row: dict[str, Any]) -> bool:
    """Return whether the snapshot would show what the test has left."""
    if judgement.snapshot.observed_at <= row["completed_at"]:
        return False
    account, region = row["restored_account"] or row["account_id"], row["restored_region"] or row["region"]
    subjects = (f"resources:{row['resource_type']}", "recovery_points")
    return not any(judgement.observed.readings.missing(account, region, subject) for subject in subjects)


def _lack(row: dict[str, Any], arns: tuple[str, ...]) -> Lack:
    what = f"{len(arns)} of what it made" if arns else "something of what it made"
    return Lack(
        subject=arns[0] if arns else f"test {row['test_id']}",
        message=f"test {row['test_id']} of {row['completed_at']:%Y-%m-%d} left {what}" + (f": {', '.join(arns[:3])}" if arns else ""),
        account_id=row["restored_account"] or row["account_id"],
        region=row["restored_region"] or row["region"],
        arn=arns[0] if arns else "",
        link=LinkName.RESTORED,
        count=max(len(arns), 1),
    )
