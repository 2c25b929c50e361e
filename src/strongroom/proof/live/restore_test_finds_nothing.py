"""A restore-testing plan ran and restored nothing

Why:     A resource without a recovery point in the plan's window, or that no selection means, is skipped and does not fail: the run
         is green and has proven nothing.
Fix:     Let a selection name the tags that recovery points carry, and the window reach back over the longest time between two backups.
Limits:  Plans that restore from vaults of the strategy, where it declares restore tests; all accounts with a plan of one name are
         looked at together, because a single one may well have nothing to test. The last run, when AWS still lists its jobs.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.2)
Failure: FM26
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from strongroom import ledger
from strongroom.domain.finding import Severity
from strongroom.proof.engine import JOBS_DAYS, Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.restore_test_not_deployed import points_of
from strongroom.proof.readings import Unreadable
from strongroom.semantics.restoretesting import takes_vault

_STARTED = """SELECT testing_plan_arn, max(created_at) AS started_at FROM restore_jobs WHERE testing_plan_arn IS NOT NULL GROUP BY 1"""
_FILLED = """
SELECT v.account_id, v.region, v.arn, min(p.created_at) AS oldest_at, max(p.created_at) AS newest_at
FROM recovery_points AS p
JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
GROUP BY ALL"""
_SETTLING = timedelta(hours=1)  # until the last job of a run is listed


@live("VRF156", severity=Severity.ERROR)
def restore_test_finds_nothing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Compare the last run of each plan with the restore jobs that it started."""
    plans = judgement.snapshot.table("restore_testing_plans").to_pylist()
    if not judgement.estate.restore_tests or not plans:
        return
    readings = judgement.observed.readings
    yield from filter(None, (readings.missing(row["account_id"], row["region"], "restore_jobs") for row in plans))
    started = {row["testing_plan_arn"]: row["started_at"] for row in ledger.rows(judgement.connection, _STARTED)}
    filled = ledger.rows(judgement.connection, _FILLED)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in plans:
        groups.setdefault(row["name"], []).append(row)
    for name, rows in groups.items():
        ran = [row for row in rows if _over(row, judgement.snapshot.observed_at)]
        if any(started.get(row["arn"]) and started[row["arn"]] >= row["last_execution_at"] for row in ran):
            continue
        ages = [_age(row, filled) for row in ran]
        if any(age is not None for age in ages):
            yield _lack(name, ran, [age for age in ages if age is not None])


def _over(row: dict[str, Any], now: datetime) -> bool:
    at = row["last_execution_at"]
    if at is None or now - at > timedelta(days=JOBS_DAYS - 1):
        return False
    return bool(at + timedelta(hours=row["start_within_hours"] or 0) + _SETTLING < now)


def _age(row: dict[str, Any], filled: list[dict[str, Any]]) -> timedelta | None:
    """Return how old the newest recovery point of the plan's vaults was at its run, at least; None: there was none."""
    points, at = points_of(row), row["last_execution_at"]
    here = [
        at - min(each["newest_at"], at)
        for each in filled
        if (each["account_id"], each["region"]) == (row["account_id"], row["region"])
        and each["oldest_at"] <= at
        and takes_vault(points, each["arn"])
    ]
    return min(here, default=None)


def _lack(name: str, ran: list[dict[str, Any]], ages: list[timedelta]) -> Lack:
    first = min(ran, key=lambda row: (row["account_id"], row["region"]))
    window = timedelta(days=first["window_days"] or 0)
    late = min(ages) > window
    why = (
        f"the newest recovery point was {min(ages).days} days old, its window is {window.days} days"
        if late
        else "no recovery point in its vaults is what its selections mean"
    )
    call = "backup update-restore-testing-plan" if late else "backup list-restore-testing-selections"
    return Lack(
        subject=f"restore-testing plan {name}",
        message=f"restore-testing plan {name} ran on {max(row['last_execution_at'] for row in ran):%Y-%m-%d} and restored nothing: {why}",
        help=f"{call} --restore-testing-plan-name {name} --region {first['region']}, or run strongroom apply",
        account_id=first["account_id"],
        region=first["region"],
        arn=first["arn"],
        link=LinkName.RESTORED,
        count=len(ran),
    )
