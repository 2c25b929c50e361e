"""Legal holds with what they hold, and what Audit Manager watches and reports, in one account and Region.

Source: AWS Backup API reference, ListLegalHolds, GetLegalHold, ListRecoveryPointsByLegalHold, ListFrameworks, DescribeFramework,
ListReportPlans.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from strongroom.aws.readers.backup import PAGE
from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.scope import Scope
from strongroom.domain.changeplan import canonical
from strongroom.domain.tables import CONFIG_RECORDERS, FRAMEWORKS, HELD_POINTS, LEGAL_HOLDS, REPORT_PLANS
from strongroom.errors import AwsRefused

HOLD_SUBJECTS = (LEGAL_HOLDS.name, HELD_POINTS.name)
HELD_MAX = 10 * PAGE  # recovery points listed of one hold; what a larger one holds follows from what it selects
_GIVEN_UP = "CANCELED"


def read_legal_holds(scope: Scope, harvest: Harvest) -> None:
    """Add the legal holds with the recovery points they hold; a hold that was given up holds none."""
    place = (scope.account, scope.region)
    with harvest.subject(*place, LEGAL_HOLDS.name) as holds, harvest.subject(*place, HELD_POINTS.name) as points:
        listed: list[Mapping[str, Any]] = []
        try:
            listed.extend(scope.items("backup", "list_legal_holds", "LegalHolds", MaxResults=PAGE))
        except AwsRefused as error:  # both subjects end unread
            holds.missed.append(error)
            raise
        for hold in listed:
            _add_hold(scope, harvest, hold, holds, points)


def _add_hold(scope: Scope, harvest: Harvest, hold: Mapping[str, Any], holds: Subject, points: Subject) -> None:
    selection: str | None = None
    complete = hold["Status"] == _GIVEN_UP
    if not complete:
        with holds.item():
            answer = scope.call("backup", "get_legal_hold", LegalHoldId=hold["LegalHoldId"])
            selection = _selection(answer.get("RecoveryPointSelection"))
        with points.item():
            complete = _add_points(scope, harvest, hold["LegalHoldId"])
    harvest.add(
        LEGAL_HOLDS,
        scope.account,
        scope.region,
        hold["LegalHoldId"],
        hold["Title"],
        hold["Status"],
        hold.get("CreationDate"),
        hold.get("CancellationDate"),
        selection,
        complete,
    )


def _add_points(scope: Scope, harvest: Harvest, hold: str) -> bool:
    """Add the first recovery points of a hold; return whether there are no more."""
    listing = scope.items("backup", "list_recovery_points_by_legal_hold", "RecoveryPoints", LegalHoldId=hold, MaxResults=PAGE)
    for point in islice(listing, HELD_MAX):
        vault, resource = point.get("BackupVaultName") or "", point.get("ResourceArn")
        harvest.add(HELD_POINTS, scope.account, scope.region, hold, vault, point["RecoveryPointArn"], resource)
    return next(listing, None) is None


def _selection(found: Mapping[str, Any] | None) -> str | None:
    """Return what a hold selects as canonical JSON, its instants in ISO 8601."""
    if not found:
        return None
    dates = {name: _text(value) for name, value in (found.get("DateRange") or {}).items()}
    return canonical({**found, "DateRange": dates} if dates else dict(found))


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def read_frameworks(scope: Scope, harvest: Harvest) -> None:
    """Add Audit Manager's frameworks; the list lacks their controls and whether AWS Config records what these need."""
    with harvest.subject(scope.account, scope.region, FRAMEWORKS.name) as subject:
        for listed in scope.items("backup", "list_frameworks", "Frameworks", MaxResults=PAGE):
            found: Mapping[str, Any] = {}
            with subject.item():
                found = scope.call("backup", "describe_framework", FrameworkName=listed["FrameworkName"])
            controls = found.get("FrameworkControls")
            harvest.add(
                FRAMEWORKS,
                scope.account,
                scope.region,
                listed["FrameworkName"],
                listed["FrameworkArn"],
                found.get("DeploymentStatus") or listed.get("DeploymentStatus") or "",
                found.get("FrameworkStatus"),
                listed.get("NumberOfControls"),
                canonical(controls) if controls is not None else None,
                listed.get("CreationTime"),
            )


def read_recorders(scope: Scope, harvest: Harvest) -> None:
    """Add AWS Config's recorder with what it records, and whether it does; another call tells that."""
    with harvest.subject(scope.account, scope.region, CONFIG_RECORDERS.name) as subject:
        found = scope.call("config", "describe_configuration_recorders").get("ConfigurationRecorders") or []
        running: dict[str, bool | None] = {}
        if found:
            with subject.item():
                statuses = scope.call("config", "describe_configuration_recorder_status").get("ConfigurationRecordersStatus") or []
                running = {each["name"]: each.get("recording") for each in statuses}
        for recorder in found:
            group = recorder.get("recordingGroup") or {}
            excluded = (group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or []
            harvest.add(
                CONFIG_RECORDERS,
                scope.account,
                scope.region,
                recorder["name"],
                running.get(recorder["name"]),
                bool(group.get("allSupported") or excluded),
                list(group.get("resourceTypes") or []),
                list(excluded),
            )


def read_report_plans(scope: Scope, harvest: Harvest) -> None:
    """Add Audit Manager's report plans; the list tells all."""
    with harvest.subject(scope.account, scope.region, REPORT_PLANS.name):
        for plan in scope.items("backup", "list_report_plans", "ReportPlans", MaxResults=PAGE):
            setting, channel = plan.get("ReportSetting") or {}, plan.get("ReportDeliveryChannel") or {}
            harvest.add(
                REPORT_PLANS,
                scope.account,
                scope.region,
                plan["ReportPlanName"],
                plan["ReportPlanArn"],
                setting.get("ReportTemplate") or "",
                channel.get("S3BucketName") or "",
                *(list(found or ()) for found in (channel.get("Formats"), *map(setting.get, _COVERED))),
                plan.get("DeploymentStatus") or "",
                plan.get("CreationTime"),
                plan.get("LastAttemptedExecutionTime"),
                plan.get("LastSuccessfulExecutionTime"),
            )


_COVERED = ("Accounts", "OrganizationUnits", "Regions", "FrameworkArns")  # in the order of the table
