"""Malware scans of recovery points, as state alone: nothing is looked at, so no result is ever "no threats found".

Source: AWS Backup API reference, StartScanJob; developer guide, malware-protection (read 2026-11).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, invalid_request, limit_exceeded, missing_parameter, not_found
from strongroom.twin.backup.jobs import accounts_covered
from strongroom.twin.backup.kept import ScanJob
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.points import find
from strongroom.twin.backup.state import RecoveryPoint, Vault, World
from strongroom.twin.backup.wire import Call

_TYPES = frozenset({ResourceType.EBS, ResourceType.EC2, ResourceType.S3})
_WAIT, _SPAN = (timedelta(0), timedelta(minutes=5)), (timedelta(minutes=5), timedelta(hours=1))
_RESULT, _MESSAGE = "UNKNOWN", "The twin keeps scan jobs, it does not scan."


def start_scan_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """StartScanJob: EBS, EC2 and S3; an incremental scan needs an older recovery point of the same resource."""
    place, token = world.place(call.account, call.region), parameters.get("IdempotencyToken")
    known = place.scan_jobs.get(place.tokens.get(f"scan/{token}", ""))
    if token is not None and known is not None:
        return {"ScanJobId": known.job_id, "CreationDate": known.created_at}
    vault, point = find(world, call, parameters)
    _check(vault, point, parameters)
    running, most = sum(call.at < job.completed_at for job in place.scan_jobs.values()), facts.limit("scan_jobs_max").value
    if running >= most:
        raise limit_exceeded(f"{running} scan jobs are running, {most} allowed")
    luck = chance(world.seed, "scan", vault.arn, point.arn, world.numbers)
    started_at = call.at + luck.between(*_WAIT, 0)
    job = ScanJob(
        serial=world.serial(),
        job_id=luck.uuid,
        account=call.account,
        created_at=call.at,
        started_at=started_at,
        completed_at=started_at + luck.between(*_SPAN, 1),
        vault_name=vault.name,
        vault_arn=vault.arn,
        point_arn=point.arn,
        base_arn=parameters.get("ScanBaseRecoveryPointArn"),
        until=parameters.get("ContinuousScanEndTime"),
        resource_arn=point.resource.arn,
        resource_name=point.resource.name,
        resource_type=point.resource.type.value,
        scanner=parameters["MalwareScanner"],
        mode=parameters["ScanMode"],
        role_arn=parameters["IamRoleArn"],
        scanner_role_arn=parameters["ScannerRoleArn"],
    )
    place.scan_jobs[job.job_id] = job
    if token is not None:
        place.tokens[f"scan/{token}"] = job.job_id
    return {"ScanJobId": job.job_id, "CreationDate": job.created_at}


def _check(vault: Vault, point: RecoveryPoint, parameters: Mapping[str, Any]) -> None:
    for name in ("IamRoleArn", "ScannerRoleArn"):
        if not parameters[name].startswith("arn:"):
            raise invalid_parameter(f"Invalid {name}: {parameters[name]}")
    if point.resource.type not in _TYPES or point.passing is not None or not point.status.restorable:
        raise invalid_request(f"Recovery point {point.arn} can't be scanned.")
    if "ContinuousScanEndTime" in parameters and not point.continuous:
        raise invalid_parameter("ContinuousScanEndTime is for continuous recovery points only")
    base, incremental = parameters.get("ScanBaseRecoveryPointArn"), parameters["ScanMode"] == "INCREMENTAL_SCAN"
    if incremental and base is None:
        raise missing_parameter("ScanBaseRecoveryPointArn")
    if not incremental and base is not None:
        raise invalid_parameter("ScanBaseRecoveryPointArn is for incremental scans only")
    older = None if base is None else vault.points.get(base)
    if base is not None and (older is None or older.resource.arn != point.resource.arn or older.created_at >= point.created_at):
        raise invalid_parameter(f"{base} is no older recovery point of {point.resource.arn} in backup vault {vault.name}")


def _state(job: ScanJob, at: datetime) -> str:
    if at < job.started_at:
        return "CREATED"
    return "RUNNING" if at < job.completed_at else "COMPLETED_WITH_ISSUES"


def labels(job: ScanJob, at: datetime) -> tuple[str, str, str, str]:
    """Return what summaries count a job by at an instant: state, resource type, scanner, result."""
    return _state(job, at), job.resource_type, job.scanner, _RESULT if job.completed_at <= at else ""


def _rendered(job: ScanJob, at: datetime) -> dict[str, Any]:
    over = job.completed_at <= at
    document = {
        "AccountId": job.account,
        "BackupVaultArn": job.vault_arn,
        "BackupVaultName": job.vault_name,
        "CompletionDate": job.completed_at if over else None,
        "ContinuousScanEndTime": job.until,
        "CreationDate": job.created_at,
        "IamRoleArn": job.role_arn,
        "MalwareScanner": job.scanner,
        "RecoveryPointArn": job.point_arn,
        "ResourceArn": job.resource_arn,
        "ResourceName": job.resource_name,
        "ResourceType": job.resource_type,
        "ScanBaseRecoveryPointArn": job.base_arn,
        "ScanJobId": job.job_id,
        "ScanMode": job.mode,
        "ScanResult": {"ScanResultStatus": _RESULT} if over else None,
        "ScannerRoleArn": job.scanner_role_arn,
        "State": _state(job, at),
        "StatusMessage": _MESSAGE if over else None,
    }
    return {name: value for name, value in document.items() if value is not None}


def describe_scan_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeScanJob."""
    job = world.place(call.account, call.region).scan_jobs.get(parameters["ScanJobId"])
    if job is None:
        raise not_found(f"Scan job {parameters['ScanJobId']} does not exist.")
    return _rendered(job, call.at)


def list_scan_jobs(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListScanJobs of the last 30 days."""
    return page("ScanJobs", _filtered(world, call, parameters), lambda job: _rendered(job, call.at), parameters)


def _filtered(world: World, call: Call, parameters: Mapping[str, Any]) -> Iterator[ScanJob]:
    oldest = call.at - timedelta(days=facts.limit("job_history_days").value)
    after, before = parameters.get("ByCompleteAfter"), parameters.get("ByCompleteBefore")
    accounts = accounts_covered(world, call, parameters.get("ByAccountId"))
    jobs = [job for account in accounts for job in world.place(account, call.region).scan_jobs.values() if job.created_at >= oldest]
    for job in sorted(jobs, key=lambda job: job.serial):
        state, kind, scanner, result = labels(job, call.at)
        asked = {
            "ByBackupVaultName": job.vault_name,
            "ByMalwareScanner": scanner,
            "ByRecoveryPointArn": job.point_arn,
            "ByResourceArn": job.resource_arn,
            "ByResourceType": kind,
            "ByScanResultStatus": result,
            "ByState": state,
        }
        done_at = job.completed_at if result else None
        if (
            all(parameters.get(name) in (None, value) for name, value in asked.items())
            and (after is None or (done_at is not None and done_at >= after))
            and (before is None or (done_at is not None and done_at <= before))
        ):
            yield job


def get_continuous_results(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetPITRMalwareScanResults: of the latest scan that covered an instant of a continuous recovery point."""
    _, point = find(world, call, parameters)
    asked_at = parameters["ScanEndTime"]
    if not point.continuous:
        raise invalid_parameter(f"Recovery point {point.arn} is not continuous")
    jobs = world.place(call.account, call.region).scan_jobs.values()
    covering = [
        job for job in jobs if job.point_arn == point.arn and job.completed_at <= call.at and asked_at <= (job.until or job.created_at)
    ]
    if not covering:
        raise not_found(f"No scan of recovery point {point.arn} covers {asked_at.isoformat()}")
    last = max(covering, key=lambda job: job.completed_at)
    return {
        "ScanEndTime": asked_at,
        "ScanResult": {"ScanResultStatus": _RESULT},
        "LastScanJobTime": last.completed_at,
        "ScanMode": last.mode,
    }
