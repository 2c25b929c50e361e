"""Operations on report plans and report jobs of AWS Backup Audit Manager."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import partition_of
from strongroom.twin.backup import reporting
from strongroom.twin.backup.audited import ReportJob, ReportPlan
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import access_denied, already_exists, invalid_parameter, limit_exceeded, not_found
from strongroom.twin.backup.jobs import administers
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.settling import deployment, gone, settled_at, unsettle
from strongroom.twin.backup.state import World
from strongroom.twin.backup.wire import Call

_FORMATS = ("CSV", "JSON")
_ORGANIZATION = re.compile(r"ROOT|\d{12}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


def alive(world: World, call: Call) -> dict[str, ReportPlan]:
    """Return the report plans of an account and Region by name."""
    plans = world.place(call.account, call.region).report_plans
    return {name: plan for name, plan in plans.items() if not gone(plan, call.at)}


def find(world: World, call: Call, name: str) -> ReportPlan:
    """Return a report plan of the caller's account; raises ApiError when there is none."""
    plan = alive(world, call).get(name)
    if plan is None:
        raise not_found(f"Report plan {name} does not exist.")
    return plan


def create_report_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateReportPlan."""
    known, name, token = alive(world, call), parameters["ReportPlanName"], parameters.get("IdempotencyToken")
    existing = known.get(name)
    if existing is not None and token is not None and existing.token == token:
        return _answer(existing)
    if existing is not None:
        raise already_exists(f"Report plan with the name {name} already exists", arn=existing.arn, creator_request_id=token)
    _check(world, call, parameters["ReportSetting"], parameters["ReportDeliveryChannel"])
    if len(known) >= facts.limit("report_plans_max").value:
        raise limit_exceeded(f"The account has {len(known)} report plans in {call.region}, the most that are allowed")
    luck = chance(world.seed, "report plan", call.account, call.region, name, world.numbers)
    plan = ReportPlan(
        serial=world.serial(),
        name=name,
        arn=f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:report-plan:{name}-{luck.uuid}",
        account=call.account,
        region=call.region,
        created_at=call.at,
        token=token,
        description=parameters.get("ReportPlanDescription"),
        channel=_channel(parameters["ReportDeliveryChannel"]),
        setting=parameters["ReportSetting"],
        tags=dict(parameters.get("ReportPlanTags") or {}),
        settled_at=settled_at(world, call, luck.uuid),
    )
    world.place(call.account, call.region).report_plans[name] = plan
    reporting.schedule(world, plan, call.at)
    return _answer(plan)


def _channel(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**given, "Formats": list(given.get("Formats") or ["CSV"])}


def _answer(plan: ReportPlan) -> dict[str, Any]:
    return {"ReportPlanName": plan.name, "ReportPlanArn": plan.arn, "CreationTime": plan.created_at}


def _check(world: World, call: Call, setting: Mapping[str, Any], channel: Mapping[str, Any]) -> None:
    template, formats = setting["ReportTemplate"], channel.get("Formats") or ["CSV"]
    if template not in facts.names("report_columns"):
        raise invalid_parameter(f"Invalid ReportTemplate: {template}")
    for each in formats:
        if each not in _FORMATS:
            raise invalid_parameter(f"Invalid format: {each}")
    compliance = template.endswith("COMPLIANCE_REPORT")
    if setting.get("FrameworkArns") and not compliance:
        raise invalid_parameter(f"FrameworkArns are for compliance reports, not for {template}")
    abroad = [*(setting.get("Accounts") or ()), *(setting.get("OrganizationUnits") or ())]
    for each in abroad:
        if not _ORGANIZATION.fullmatch(each):
            raise invalid_parameter(f"Invalid account or organizational unit: {each}")
    others = [each for each in abroad if each != call.account]
    if others and not administers(world, call):
        raise access_denied(f"Insufficient privileges to report on {', '.join(others)}.")
    regions = [each for each in setting.get("Regions") or () if each != call.region]
    if "JSON" in formats and (others or regions):
        raise invalid_parameter("JSON is available for reports of one account and Region only")


def update_report_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateReportPlan: what isn't named stays."""
    plan = find(world, call, parameters["ReportPlanName"])
    setting, channel = parameters.get("ReportSetting", plan.setting), parameters.get("ReportDeliveryChannel", plan.channel)
    _check(world, call, setting, channel)
    unsettle(world, call, plan, "UPDATE")
    plan.setting, plan.channel = setting, _channel(channel)
    plan.description = parameters.get("ReportPlanDescription", plan.description)
    return _answer(plan)


def delete_report_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteReportPlan: the reports it wrote stay in the bucket."""
    unsettle(world, call, find(world, call, parameters["ReportPlanName"]), "DELETE")
    return {}


def _described(plan: ReportPlan, call: Call) -> dict[str, Any]:
    document = {
        "ReportPlanArn": plan.arn,
        "ReportPlanName": plan.name,
        "ReportPlanDescription": plan.description,
        "ReportSetting": plan.setting,
        "ReportDeliveryChannel": plan.channel,
        "DeploymentStatus": deployment(plan, call.at),
        "CreationTime": plan.created_at,
        "LastAttemptedExecutionTime": plan.attempted_at,
        "LastSuccessfulExecutionTime": plan.succeeded_at,
    }
    return {name: value for name, value in document.items() if value is not None}


def describe_report_plan(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeReportPlan."""
    return {"ReportPlan": _described(find(world, call, parameters["ReportPlanName"]), call)}


def list_report_plans(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListReportPlans."""
    return page("ReportPlans", alive(world, call).values(), lambda plan: _described(plan, call), parameters)


def start_report_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """StartReportJob: a report of the last 24 hours."""
    plan, token = find(world, call, parameters["ReportPlanName"]), parameters.get("IdempotencyToken")
    place = world.place(call.account, call.region)
    known = place.tokens.get(f"report/{token}", "")
    if token is not None and known in place.report_jobs:
        return {"ReportJobId": known}
    job = reporting.start(world, call.at, plan, since=call.at - timedelta(days=1), until=call.at)
    if token is not None:
        place.tokens[f"report/{token}"] = job.job_id
    return {"ReportJobId": job.job_id}


def rendered(job: ReportJob) -> dict[str, Any]:
    """Return a report job as AWS Backup shows it."""
    document = {
        "ReportJobId": job.job_id,
        "ReportPlanArn": job.plan.arn,
        "ReportTemplate": job.template,
        "CreationTime": job.created_at,
        "CompletionTime": job.completed_at,
        "Status": job.status,
        "StatusMessage": job.message,
        "ReportDestination": {"S3BucketName": job.plan.channel["S3BucketName"], "S3Keys": list(job.keys)} if job.keys else None,
    }
    return {name: value for name, value in document.items() if value is not None}


def describe_report_job(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeReportJob."""
    job = world.place(call.account, call.region).report_jobs.get(parameters["ReportJobId"])
    if job is None:
        raise not_found(f"Report job {parameters['ReportJobId']} does not exist.")
    return {"ReportJob": rendered(job)}


def list_report_jobs(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListReportJobs."""
    name, state = parameters.get("ByReportPlanName"), parameters.get("ByStatus")
    before, after = parameters.get("ByCreationBefore"), parameters.get("ByCreationAfter")
    if name is not None:
        find(world, call, name)
    jobs = [
        job
        for job in world.place(call.account, call.region).report_jobs.values()
        if name in (None, job.plan.name)
        and state in (None, job.status)
        and (before is None or job.created_at <= before)
        and (after is None or job.created_at >= after)
    ]
    return page("ReportJobs", jobs, rendered, parameters)
