"""AWS Backup's restore testing in one account and Region: plans and their selections.

Source: AWS Backup API reference, ListRestoreTestingPlans, GetRestoreTestingPlan, ListRestoreTestingSelections,
GetRestoreTestingSelection; the lists lack what recovery points a plan takes and what resources a selection names.
"""

from typing import Any

from strongroom.aws.readers.backup import PAGE
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.domain.changeplan import canonical
from strongroom.domain.tables import RESTORE_TESTING_PLANS, RESTORE_TESTING_SELECTIONS

SUBJECTS = (RESTORE_TESTING_PLANS.name, RESTORE_TESTING_SELECTIONS.name)


def read_restore_testing(scope: Scope, harvest: Harvest) -> None:
    """Add the restore-testing plans with their selections, and the roles that selections name."""
    with harvest.subject(scope.account, scope.region, *SUBJECTS) as subject:
        for listed in scope.items("backup", "list_restore_testing_plans", "RestoreTestingPlans", MaxResults=PAGE):
            with subject.item():
                _add_plan(scope, harvest, listed["RestoreTestingPlanName"])


def _add_plan(scope: Scope, harvest: Harvest, name: str) -> None:
    plan = scope.call("backup", "get_restore_testing_plan", RestoreTestingPlanName=name)["RestoreTestingPlan"]
    points = plan["RecoveryPointSelection"]
    harvest.add(
        RESTORE_TESTING_PLANS,
        scope.account,
        scope.region,
        name,
        plan["RestoreTestingPlanArn"],
        plan["ScheduleExpression"],
        plan.get("ScheduleExpressionTimezone") or "Etc/UTC",
        plan.get("StartWindowHours"),
        points.get("Algorithm") or "",
        list(points.get("IncludeVaults") or ()),
        list(points.get("ExcludeVaults") or ()),
        list(points.get("RecoveryPointTypes") or ()),
        points.get("SelectionWindowDays"),
        plan.get("CreationTime"),
        plan.get("LastExecutionTime"),
    )
    pages = scope.items(
        "backup", "list_restore_testing_selections", "RestoreTestingSelections", RestoreTestingPlanName=name, MaxResults=PAGE
    )
    for listed in pages:
        _add_selection(scope, harvest, name, listed["RestoreTestingSelectionName"])


def _add_selection(scope: Scope, harvest: Harvest, plan: str, name: str) -> None:
    answer = scope.call("backup", "get_restore_testing_selection", RestoreTestingPlanName=plan, RestoreTestingSelectionName=name)
    found: dict[str, Any] = answer["RestoreTestingSelection"]
    role = found.get("IamRoleArn") or ""
    if role:
        harvest.roles.add((scope.account, role))
    harvest.add(
        RESTORE_TESTING_SELECTIONS,
        scope.account,
        scope.region,
        plan,
        name,
        found["ProtectedResourceType"],
        role,
        list(found.get("ProtectedResourceArns") or ()),
        canonical(found.get("ProtectedResourceConditions") or {}),
        canonical(found.get("RestoreMetadataOverrides") or {}),
        found.get("ValidationWindowHours"),
    )
