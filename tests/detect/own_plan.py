"""A plan that one account made itself, changed there by API calls; as it was when the `with` ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.detect.by_hand import ByHand

Change = Callable[[ByHand, dict[str, Any]], dict[str, Any]]


def another_vault(org: ByHand, rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "TargetBackupVaultName": org.it.vault}


def another_hour(_org: ByHand, rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "ScheduleExpression": "cron(0 16 ? * MON *)"}


def fewer_days(_org: ByHand, rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "Lifecycle": {"DeleteAfterDays": 3}}


def another_copy(org: ByHand, rule: dict[str, Any]) -> dict[str, Any]:
    arn = f"arn:aws:backup:{org.it.second}:{org.it.central}:backup-vault:{org.it.far}"
    return {**rule, "CopyActions": [{"DestinationBackupVaultArn": arn, "Lifecycle": {"DeleteAfterDays": 9}}]}


def said(org: ByHand, change: Change) -> str:
    """What `verify` must say of a change of the rule."""
    it = org.it
    return {
        another_vault: f"backs up to vault {it.vault} instead of {it.own_vault}",
        another_hour: "runs at cron(0 16 ? * MON *) UTC instead of cron(0 4 * * ? *) UTC",
        fewer_days: "keeps 3 days instead of 14 days",
        another_copy: f"copies to vault {it.far} of account {it.central} in {it.second}, which the strategy does not name",
    }[change]


@contextmanager
def changed(org: ByHand, *changes: Change, value: str = "") -> Iterator[None]:
    """Change the rule, and let the plan select another value of the tag, if one is given."""
    backup = org.client("backup", org.it.workloads[1], org.it.home)
    plan = next(each["BackupPlanId"] for each in backup.list_backup_plans()["BackupPlansList"] if each["BackupPlanName"] == org.it.own_plan)
    found = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]
    rule = {name: value for name, value in found["Rules"][0].items() if name != "RuleId"}
    before = {"BackupPlanName": found["BackupPlanName"], "Rules": [rule]}
    for change in changes:
        rule = change(org, rule)
    backup.update_backup_plan(BackupPlanId=plan, BackupPlan={**before, "Rules": [rule]})
    if value:
        _select(backup, plan, value)
    yield
    backup.update_backup_plan(BackupPlanId=plan, BackupPlan=before)
    if value:
        _select(backup, plan, org.it.values[2])


def _select(backup: Any, plan: str, value: str) -> None:
    listed = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"][0]["SelectionId"]
    selection = backup.get_backup_selection(BackupPlanId=plan, SelectionId=listed)["BackupSelection"]
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=listed)
    tags = [{**each, "ConditionValue": value} for each in selection["ListOfTags"]]
    kept = {name: selection[name] for name in ("SelectionName", "IamRoleArn")}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection={**kept, "ListOfTags": tags})
