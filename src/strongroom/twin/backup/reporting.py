"""Report jobs: every night between 01:00 and 05:00 UTC and on demand, from what AWS Backup knows to a file in a bucket.

Source: AWS Backup developer guide, working-with-audit-reports, choosing-report-template, create-report-plan-api (read 2026-11).
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from strongroom import facts
from strongroom.domain.access import PrincipalKind
from strongroom.domain.names import partition_of
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.jobs import is_terminal
from strongroom.semantics.restores import is_over
from strongroom.twin.backup.audited import Framework, ReportJob, ReportPlan
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.compliance import Finding, evaluate
from strongroom.twin.backup.settling import gone
from strongroom.twin.backup.state import BackupJob, CopyJob, Place, RestoreJob, World
from strongroom.twin.watching.instants import at_instant

_DAY = timedelta(days=1)
_NIGHT = timedelta(hours=1), timedelta(hours=5)  # after midnight UTC
_WAITING = timedelta(seconds=5), timedelta(seconds=30)
_WRITING = timedelta(minutes=1), timedelta(minutes=5)
_ROLE = "aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
_Row = dict[str, Any]


def schedule(world: World, plan: ReportPlan, after: datetime) -> None:
    """Let a plan run in the next night."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (midnight, midnight + _DAY):
        luck = chance(world.seed, "report", plan.arn, day.timestamp())
        due = day + luck.between(*_NIGHT, 0)
        if due > after:
            world.clockwork.at(due, _run, plan)
            return


def _run(world: World, at: datetime, plan: ReportPlan) -> None:
    if gone(plan, at):
        return
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    start(world, at, plan, since=midnight - _DAY, until=midnight)
    schedule(world, plan, at)


def start(world: World, at: datetime, plan: ReportPlan, *, since: datetime, until: datetime) -> ReportJob:
    """Start a report job about the jobs of a period; compliance is that of the moment at which it is written."""
    luck = chance(world.seed, "report job", plan.arn, at.timestamp(), world.numbers)
    job = ReportJob(
        serial=world.serial(),
        job_id=luck.uuid.upper(),
        plan=plan,
        template=plan.setting["ReportTemplate"],
        created_at=at,
        since=since,
        until=until,
    )
    world.place(plan.account, plan.region).report_jobs[job.job_id] = job
    plan.attempted_at = at
    begins = at + luck.between(*_WAITING, 1)
    world.clockwork.at(begins, _begin, job)
    world.clockwork.at(begins + luck.between(*_WRITING, 2), _finish, job)
    return job


def _begin(_world: World, _at: datetime, job: ReportJob) -> None:
    job.status = "RUNNING"


def _finish(world: World, at: datetime, job: ReportJob) -> None:
    job.completed_at = at
    channel, rows = job.plan.channel, list(_rows(world, at, job))
    columns = tuple(facts.fact("report_columns", job.template).value)
    keys = []
    for kind in channel["Formats"]:
        content = _csv(columns, rows) if kind == "CSV" else _json(columns, rows)
        key = _key(job, kind)
        problem = _write(world, at, job, key, content)
        if problem:
            job.status, job.message = "FAILED", problem
            return
        keys.append(key)
    job.status, job.keys = "COMPLETED", tuple(keys)
    job.plan.succeeded_at = at


def _key(job: ReportJob, kind: str) -> str:
    plan, at = job.plan, job.created_at
    prefix = plan.channel.get("S3KeyPrefix") or ""
    name = f"{plan.name}-{at:%Y-%m-%d-%H-%M-%S}-{job.job_id[:8].lower()}.{kind.lower()}"
    return "/".join(part for part in (prefix.strip("/"), "Backup", plan.region, f"{at:%Y/%m/%d}", name) if part)


def _csv(columns: tuple[str, ...], rows: list[_Row]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _json(columns: tuple[str, ...], rows: list[_Row]) -> bytes:
    items = [{column: row[column] for column in columns if row.get(column) is not None} for row in rows]
    return json.dumps({"reportItems": items}, indent=2).encode()


def _write(world: World, at: datetime, job: ReportJob, key: str, content: bytes) -> str:
    """Put a report into its bucket; returns why it can't be done."""
    from moto.s3.models import s3_backends

    name, account = job.plan.channel["S3BucketName"], job.plan.account
    partition = partition_of(job.plan.region)
    owner = next((each[1] for each in [s3_backends.bucket_accounts.get(name)] if each is not None), None)
    bucket = None if owner is None else dict.get(s3_backends[owner][partition].buckets, name)
    if owner is None or bucket is None:
        return f"The specified bucket does not exist: {name}"
    role = Actor(
        kind=PrincipalKind.ROLE,
        arn=f"arn:{partition}:iam::{account}:role/{_ROLE}",
        account=account,
        organization_id=world.organization.organization_id,
        service_linked=True,
    )
    policy = None if bucket.policy is None else parse(_text(bucket.policy), name="bucket policy")
    target = Target(arn=f"arn:{partition}:s3:::{name}/{key}", account=owner, policy=policy)
    context = Context(values=MappingProxyType({"s3:x-amz-acl": ("bucket-owner-full-control",)}), complete=True)
    if decide(role, "s3:PutObject", target, context).verdict is not Verdict.ALLOWED:
        return f"Access Denied: the policy of bucket {name} does not let {_ROLE.rpartition('/')[2]} put objects"
    with at_instant(at):
        s3_backends[owner][partition].put_object(name, key, content, disable_notification=True)
    return ""


def _text(policy: str | bytes) -> str:
    return policy.decode() if isinstance(policy, bytes) else policy


def _rows(world: World, at: datetime, job: ReportJob) -> Iterator[_Row]:
    rows = _TEMPLATES[job.template]
    for place in _places(world, job.plan):
        for row in rows(world, at, place, job):
            yield {
                "reportTimePeriodStart": _instant(job.since),
                "reportTimePeriodEnd": _instant(job.until),
                "accountId": place.account,
                "region": place.region,
            } | row


def _places(world: World, plan: ReportPlan) -> list[Place]:
    """Return the accounts and Regions of a report, as the organization is when it is written."""
    wanted, units = set(plan.setting.get("Accounts") or ()), tuple(plan.setting.get("OrganizationUnits") or ())
    members = world.organization.accounts()
    accounts = {plan.account} if not wanted and not units else wanted - {"ROOT"}
    if "ROOT" in wanted:
        accounts |= set(members)
    accounts |= {account for account in members if any(f"/{unit}/" in world.organization.path_of(account) for unit in units)}
    regions = set(plan.setting.get("Regions") or (plan.region,))
    found = [place for place in list(world.places.values()) if place.account in accounts and ("*" in regions or place.region in regions)]
    return sorted(found, key=lambda place: (place.account, place.region))


def _in_period(job: BackupJob | CopyJob | RestoreJob, report: ReportJob) -> bool:
    """Return whether a job ended in a period, or still goes on."""
    over = is_over(job.state) if isinstance(job, RestoreJob) else is_terminal(job.state)
    if not over or job.completed_at is None:
        return job.created_at < report.until
    return report.since <= job.completed_at < report.until


def _backup_rows(_world: World, _at: datetime, place: Place, report: ReportJob) -> Iterator[_Row]:
    for job in place.backup_jobs.values():
        if _in_period(job, report):
            wire: Mapping[str, str] = {} if job.creator is None else job.creator.wire
            yield {
                "backupJobId": job.job_id,
                "jobStatus": job.state.value,
                "resourceType": job.resource.type.value,
                "resourceArn": job.resource.arn,
                "resourceName": job.resource.name,
                "backupPlanArn": wire.get("BackupPlanArn"),
                "backupRuleId": wire.get("BackupRuleId"),
                "backupPlanName": wire.get("BackupPlanName"),
                "backupRuleName": wire.get("BackupRuleName"),
                "backupRuleSchedule": wire.get("BackupRuleCron"),
                "backupRuleTimezone": wire.get("BackupRuleTimezone"),
                "initiationDate": _instant(job.created_at),
                "startWindowEnd": _instant(job.start_by),
                "expectedCompletionDate": _instant(job.expected_at),
                "recoveryPointArn": job.point_arn,
                "backupVaultName": job.vault_name,
                "backupVaultArn": job.vault_arn,
            } | _common(job, job.size_bytes)


def _copy_rows(_world: World, _at: datetime, place: Place, report: ReportJob) -> Iterator[_Row]:
    for job in place.copy_jobs.values():
        if _in_period(job, report):
            wire: Mapping[str, str] = {} if job.creator is None else job.creator.wire
            yield {
                "copyJobId": job.job_id,
                "jobStatus": job.state.value,
                "resourceType": job.resource.type.value,
                "resourceArn": job.resource.arn,
                "backupPlanArn": wire.get("BackupPlanArn"),
                "backupRuleId": wire.get("BackupRuleId"),
                "sourceRecoveryPointArn": job.source.arn,
                "sourceBackupVaultArn": job.source_vault_arn,
                "destinationRecoveryPointArn": job.point_arn,
                "destinationBackupVaultArn": job.destination_vault_arn,
            } | _common(job, job.size_bytes)


def _restore_rows(_world: World, _at: datetime, place: Place, report: ReportJob) -> Iterator[_Row]:
    for job in place.restore_jobs.values():
        if _in_period(job, report):
            yield {
                "restoreJobId": job.job_id,
                "jobStatus": job.state.value,
                "resourceType": job.resource.type.value,
                "createdResourceArn": job.created_arn,
                "expectedCompletionTimeMinutes": job.expected_minutes,
                "recoveryPointArn": job.point.arn,
                "backupVaultArn": job.vault.arn,
            } | _common(job, job.point.size_bytes)


def _common(job: BackupJob | CopyJob | RestoreJob, size: int) -> _Row:
    took = None if job.completed_at is None else str(job.completed_at - job.created_at).partition(".")[0]
    return {
        "creationDate": _instant(job.created_at),
        "completionDate": _instant(job.completed_at),
        "jobRunTime": took,
        "backupSizeInBytes": size,
        "iamRoleArn": job.role_arn,
        "statusMessage": job.message,
    }


def _found(world: World, at: datetime, place: Place, report: ReportJob) -> Iterator[tuple[Framework, list[Finding]]]:
    wanted = report.plan.setting.get("FrameworkArns")
    own = place.account == report.plan.account and place.region == report.plan.region
    for framework in place.frameworks.values():
        if not gone(framework, at) and (not wanted or framework.arn in wanted or not own):
            yield framework, evaluate(world, at, place, framework)


def _resource_rows(world: World, at: datetime, place: Place, report: ReportJob) -> Iterator[_Row]:
    for framework, findings in _found(world, at, place, report):
        for finding in findings:
            yield _about(framework, at) | {
                "controlName": finding.control,
                "resourceName": finding.name,
                "resourceId": finding.arn,
                "resourceType": finding.type,
                "resourceComplianceStatus": finding.compliance.value,
            }


def _control_rows(world: World, at: datetime, place: Place, report: ReportJob) -> Iterator[_Row]:
    for framework, findings in _found(world, at, place, report):
        for control in framework.controls:
            counts = Counter(finding.compliance.value for finding in findings if finding.control == control["ControlName"])
            good, bad = counts["COMPLIANT"], counts["NON_COMPLIANT"]
            yield _about(framework, at) | {
                "controlName": control["ControlName"],
                "controlComplianceStatus": "NON_COMPLIANT" if bad else "COMPLIANT" if good else "INSUFFICIENT_DATA",
                "numResourcesCompliant": good,
                "numResourcesNonCompliant": bad,
                "controlScope": control.get("ControlScope"),
                "controlParameters": control.get("ControlInputParameters"),
            }


def _about(framework: Framework, at: datetime) -> _Row:
    return {"frameworkName": framework.name, "frameworkDescription": framework.description, "lastEvaluationTime": _instant(at)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


_TEMPLATES = {
    "BACKUP_JOB_REPORT": _backup_rows,
    "COPY_JOB_REPORT": _copy_rows,
    "RESTORE_JOB_REPORT": _restore_rows,
    "RESOURCE_COMPLIANCE_REPORT": _resource_rows,
    "CONTROL_COMPLIANCE_REPORT": _control_rows,
}
