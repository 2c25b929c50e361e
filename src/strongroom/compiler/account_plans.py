"""Plans of single accounts: a stack `<name>-plans` with the backup plans and their selections, for each account and Region.

A plan of an account knows time zones, which plans of organization policies may not (aws/01 §1.3); what it selects and how it copies is
the same. Conditions of a selection are ANDed, so that each combination of tag values is a selection of its own.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.policy_plans import PLAN_TAG, RULE_TAG
from strongroom.compiler.selections import account_selections
from strongroom.compiler.template import Json, Template, logical_id, render_template, sub
from strongroom.compiler.undeployed import deployed_account_plans
from strongroom.domain.estate import OWNER_TAG, BackupPlan, BackupRule, CopyAction, Estate, Stack
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, AccountId, Region, RetentionDays


def with_account_plans(estate: Estate) -> Estate:
    """Return the estate with a stack in each account and Region that has plans of its own."""
    stacks = tuple(
        Stack(
            name=f"{estate.name}-plans",
            account=account,
            region=region,
            template=render_template(_template(estate, plans)),
            parameters=(),
            late=True,
        )
        for (account, region), plans in sorted(_by_place(estate).items())
    )
    return replace(estate, stacks=(*estate.stacks, *stacks))


def _by_place(estate: Estate) -> dict[tuple[AccountId, Region], list[BackupPlan]]:
    places: dict[tuple[AccountId, Region], list[BackupPlan]] = {}
    for plan in deployed_account_plans(estate):
        for region in plan.regions if plan.account is not None else ():
            places.setdefault((AccountId(str(plan.account)), region), []).append(plan)
    return places


def _template(estate: Estate, plans: list[BackupPlan]) -> Template:
    resources: Json = {}
    for plan in plans:
        logical = logical_id("plan", plan.name)
        resources[logical] = {
            "Type": "AWS::Backup::BackupPlan",
            "Properties": {
                "BackupPlan": {"BackupPlanName": plan.name, "BackupPlanRule": [_rule(estate.name, plan, rule) for rule in plan.rules]},
                "BackupPlanTags": {OWNER_TAG: estate.name},
            },
        }
        for number, selection in enumerate(_selections(estate, plan), start=1):
            resources[f"{logical}Selection{number}"] = {
                "Type": "AWS::Backup::BackupSelection",
                "Properties": {
                    "BackupPlanId": {"Ref": logical},
                    "BackupSelection": {"SelectionName": f"selection-{number}", **selection},
                },
            }
    return Template(description=f"Strongroom: backup plans of strategy {estate.name} for this account alone", resources=resources)


def _selections(estate: Estate, plan: BackupPlan) -> Iterator[Json]:
    role = sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{estate.roles.backup}")
    for selection in account_selections(plan.select, estate.organization.home_region):
        yield {"IamRoleArn": role, **selection}


def _rule(strategy: str, plan: BackupPlan, rule: BackupRule) -> Json:
    element: Json = {
        "RuleName": rule.name,
        "TargetBackupVault": rule.vault_name,
        "ScheduleExpression": rule.schedule,
        "ScheduleExpressionTimezone": rule.timezone,
        "StartWindowMinutes": rule.start_within_minutes,
        "CompletionWindowMinutes": rule.complete_within_minutes,
        "RecoveryPointTags": {OWNER_TAG: strategy, PLAN_TAG: plan.name, RULE_TAG: rule.name},
    }
    if rule.air_gapped_name is not None:
        element["TargetLogicallyAirGappedBackupVaultArn"] = sub(
            f"arn:${{AWS::Partition}}:backup:${{AWS::Region}}:${{AWS::AccountId}}:backup-vault:{rule.air_gapped_name}"
        )
    if rule.continuous:
        element["EnableContinuousBackup"] = True
    if lifecycle := _lifecycle(rule.keep, rule.cold_after_days, archive=rule.archive):
        element["Lifecycle"] = lifecycle
    if rule.copies:
        element["CopyActions"] = [_copy(copy) for copy in rule.copies]
    return element


def _copy(copy: CopyAction) -> Json:
    account = "${AWS::AccountId}" if copy.account is EVERY_ACCOUNT else copy.account
    element: Json = {
        "DestinationBackupVaultArn": sub(f"arn:${{AWS::Partition}}:backup:{copy.region}:{account}:backup-vault:{copy.vault_name}")
    }
    if lifecycle := _lifecycle(copy.keep, copy.cold_after_days, archive=copy.archive):
        element["Lifecycle"] = lifecycle
    return element


def _lifecycle(keep: RetentionDays, cold_after_days: int | None, *, archive: bool) -> Json:
    # as in a policy: what is not wanted is not written
    element: Json = {}
    if keep is not FOREVER:
        element["DeleteAfterDays"] = keep
    if cold_after_days is not None:
        element["MoveToColdStorageAfterDays"] = cold_after_days
        if archive:
            element["OptInToArchiveForSupportedResources"] = True
    return element
