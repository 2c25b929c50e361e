"""Summaries of jobs: counts by day or period, up to the latest midnight UTC.

What a call leaves out is summed up (AGGREGATE_ALL), ANY gives a row for each value. The pages don't say which period counts when
none is given; here it is the day.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.twin.backup import scans
from strongroom.twin.backup.errors import invalid_parameter
from strongroom.twin.backup.jobs import administers
from strongroom.twin.backup.kept import ScanJob
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.state import BackupJob, CopyJob, Place, RestoreJob, World
from strongroom.twin.backup.wire import Call

_ALL, _EACH = "AGGREGATE_ALL", "ANY"
_DAYS = {"ONE_DAY": 1, "SEVEN_DAYS": 7, "FOURTEEN_DAYS": 14}
_AnyJob = BackupJob | CopyJob | RestoreJob | ScanJob
_KEYS = "State", "ResourceType", "MessageCategory"
_SCAN_KEYS = "State", "ResourceType", "MalwareScanner", "ScanResultStatus"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    serial: int
    document: dict[str, Any]


def list_backup_job_summaries(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupJobSummaries."""
    return _summaries("BackupJobSummaries", world, call, parameters, lambda place: place.backup_jobs.values())


def list_copy_job_summaries(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListCopyJobSummaries."""
    return _summaries("CopyJobSummaries", world, call, parameters, lambda place: place.copy_jobs.values())


def list_restore_job_summaries(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRestoreJobSummaries, which know no message category."""
    return _summaries("RestoreJobSummaries", world, call, parameters, lambda place: place.restore_jobs.values())


def list_scan_job_summaries(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListScanJobSummaries, by scanner and result instead of message category."""
    return _summaries("ScanJobSummaries", world, call, parameters, lambda place: place.scan_jobs.values(), keys=_SCAN_KEYS)


def _summaries(
    name: str,
    world: World,
    call: Call,
    parameters: Mapping[str, Any],
    jobs_of: Callable[[Place], Iterable[_AnyJob]],
    *,
    keys: tuple[str, ...] = _KEYS,
) -> dict[str, Any]:
    most = facts.limit("summary_page_size_max").value
    if parameters.get("MaxResults", 1) > most:
        raise invalid_parameter(f"MaxResults must be between 1 and {most}: {parameters['MaxResults']}")
    period = parameters.get("AggregationPeriod", "ONE_DAY")
    counts: Counter[tuple[datetime, str, tuple[str, ...]]] = Counter()
    midnight = call.at.replace(hour=0, minute=0, second=0, microsecond=0)
    span = timedelta(days=_DAYS[period])
    first = midnight - (timedelta(days=facts.limit("summary_days_max").value) if period == "ONE_DAY" else span)
    wanted = [parameters.get(key, _ALL) for key in keys]
    account_asked = parameters.get("AccountId", call.account)
    for account in _accounts(world, call, account_asked):
        for job in jobs_of(world.place(account, call.region)):
            if first <= job.created_at < midnight:
                labels = [_label(ask, value) for ask, value in zip(wanted, _labels(job, call.at), strict=True)]
                if None not in labels:
                    start = first + (job.created_at - first) // span * span
                    counts[start, _ALL if account_asked == _ALL else account, tuple(map(str, labels))] += 1
    ordered = sorted(counts.items())
    rows = [_Row(serial=number, document=_row(call, keys, key, count, span)) for number, (key, count) in enumerate(ordered, 1)]
    sized = {"MaxResults": most} | dict(parameters)
    return page(name, rows, lambda row: _shown(row.document, name), sized) | {"AggregationPeriod": period}


def _labels(job: _AnyJob, at: datetime) -> tuple[str, ...]:
    if isinstance(job, ScanJob):
        return scans.labels(job, at)
    return job.state.value, job.resource.type.value, getattr(job, "category", None) or ""


def _label(asked: str, actual: str) -> str | None:
    """Return under which value a job is counted, None when it isn't."""
    if asked in (_ALL, _EACH):
        return _ALL if asked == _ALL else actual
    return actual if asked.lower() == actual.lower() else None


def _accounts(world: World, call: Call, asked: str) -> tuple[str, ...]:
    """Return the accounts that are counted; for whoever doesn't administer the organization, the own one whatever is asked."""
    if asked == call.account or not administers(world, call):
        return (call.account,)
    return world.organization.accounts() if asked in (_ALL, _EACH) else (asked,)


def _row(call: Call, keys: tuple[str, ...], key: tuple[datetime, str, tuple[str, ...]], count: int, span: timedelta) -> dict[str, Any]:
    start, account, labels = key
    place = {"Region": call.region, "AccountId": account}
    return place | dict(zip(keys, labels, strict=True)) | {"Count": count, "StartTime": start, "EndTime": start + span}


def _shown(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a row without what its kind doesn't know: categories of restores; all scanners or results together have no word."""
    if name == "ScanJobSummaries":
        return {
            key: value for key, value in document.items() if key not in ("MalwareScanner", "ScanResultStatus") or value not in (_ALL, "")
        }
    return {key: value for key, value in document.items() if not (key == "MessageCategory" and name == "RestoreJobSummaries")}
