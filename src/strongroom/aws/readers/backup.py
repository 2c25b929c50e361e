"""AWS Backup in one account and Region: settings, vaults with what is said of them, plans with rules, copy actions and selections.

Source: AWS Backup API reference, botocore model 2018-11-15.
"""

from collections.abc import Mapping
from typing import Any

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import days
from strongroom.domain.changeplan import canonical
from strongroom.domain.tables import BACKUP_PLANS, BACKUP_RULES, COPY_ACTIONS, SELECTIONS, SETTINGS, VAULT_NOTIFICATIONS, VAULT_TAGS, VAULTS
from strongroom.errors import AwsRefused

FOR_EVER = -1  # what a copy may ask for, and does not get while its source has an end
PAGE = 1000  # the most that AWS Backup gives at once
VAULT_SUBJECTS = ("vaults", "vault_notifications", "vault_tags")
PLAN_SUBJECTS = ("backup_plans", "backup_rules", "copy_actions", "selections")


def read_settings(scope: Scope, harvest: Harvest) -> dict[str, bool]:
    """Add the Region's opt-in and management preference of each resource type; return the latter, by type, empty when it wasn't read."""
    managed: dict[str, bool] = {}
    with harvest.subject(scope.account, scope.region, "settings"):
        answer = scope.call("backup", "describe_region_settings", raw=True)
        for kind, member in (("opt_in", "ResourceTypeOptInPreference"), ("management", "ResourceTypeManagementPreference")):
            for name, on in sorted((answer.get(member) or {}).items()):
                harvest.add(SETTINGS, scope.account, scope.region, kind, name, "true" if on else "false")
        managed.update(answer.get("ResourceTypeManagementPreference") or {})
    return managed


def read_vaults(scope: Scope, harvest: Harvest) -> tuple[str, ...] | None:
    """Add the vaults with their notifications and tags, and return their names; None when they could not be listed."""
    vaults: dict[str, str] | None = None
    with harvest.subject(scope.account, scope.region, "vaults") as subject:
        listed = list(scope.items("backup", "list_backup_vaults", "BackupVaultList", MaxResults=PAGE))
        vaults = {vault["BackupVaultName"]: vault["BackupVaultArn"] for vault in listed}
        for vault in listed:
            with subject.item():
                _add_vault(scope, harvest, vault)
    _read_more(scope, harvest, vaults)
    return None if vaults is None else tuple(vaults)


def _read_more(scope: Scope, harvest: Harvest, vaults: Mapping[str, str] | None) -> None:
    """Add notifications and tags of vaults, given their ARNs by name; None: they could not be listed."""
    place = (scope.account, scope.region)
    with harvest.subject(*place, VAULT_NOTIFICATIONS.name) as notifications, harvest.subject(*place, VAULT_TAGS.name) as tagged:
        if vaults is None:
            unlisted = AwsRefused("the vaults could not be listed", code="VaultsUnread")
            notifications.missed.append(unlisted)
            tagged.missed.append(unlisted)
            return
        for name, arn in vaults.items():
            with notifications.item():
                _add_notifications(scope, harvest, name)
            with tagged.item():
                _add_tags(scope, harvest, name, arn)


def _add_vault(scope: Scope, harvest: Harvest, vault: dict[str, Any]) -> None:
    name = vault["BackupVaultName"]
    if "Locked" not in vault:  # an absent lock in the list may only mean that the list doesn't tell
        vault = vault | scope.call("backup", "describe_backup_vault", BackupVaultName=name)
    key = vault.get("EncryptionKeyArn")
    if key:
        harvest.keys.add((scope.account, scope.region, key))
    harvest.add(
        VAULTS,
        scope.account,
        scope.region,
        name,
        vault["BackupVaultArn"],
        vault.get("VaultType") or "BACKUP_VAULT",
        key,
        bool(vault.get("Locked")),
        vault.get("MinRetentionDays"),
        vault.get("MaxRetentionDays"),
        vault.get("LockDate"),
        _access_policy(scope, name),
        vault.get("CreationDate"),
    )


def _add_notifications(scope: Scope, harvest: Harvest, name: str) -> None:
    try:
        found = scope.call("backup", "get_backup_vault_notifications", BackupVaultName=name)
    except AwsRefused as error:
        if error.code == "ResourceNotFoundException":  # AWS's way to say that the vault tells nobody
            return
        raise
    if found.get("SNSTopicArn"):
        events = sorted(found.get("BackupVaultEvents") or ())
        harvest.add(VAULT_NOTIFICATIONS, scope.account, scope.region, name, found["SNSTopicArn"], events)


def _add_tags(scope: Scope, harvest: Harvest, name: str, arn: str) -> None:
    tagged: dict[str, str] = {}
    for page in scope.pages("backup", "list_tags", "Tags", ResourceArn=arn):
        tagged.update(page)  # a map, unlike in other listings
    harvest.add(VAULT_TAGS, scope.account, scope.region, name, tagged)


def _access_policy(scope: Scope, name: str) -> str | None:
    try:
        found: str | None = scope.call("backup", "get_backup_vault_access_policy", BackupVaultName=name).get("Policy")
    except AwsRefused as error:
        if error.code == "ResourceNotFoundException":  # AWS's way to say that the vault has no policy
            return None
        raise
    return found


def read_plans(scope: Scope, harvest: Harvest) -> None:
    """Add the plans with their rules, copy actions and selections, and the roles that selections name."""
    with harvest.subject(scope.account, scope.region, *PLAN_SUBJECTS) as subject:
        for plan in scope.items("backup", "list_backup_plans", "BackupPlansList", MaxResults=PAGE):
            with subject.item():
                _add_plan(scope, harvest, plan)


def _add_plan(scope: Scope, harvest: Harvest, plan: dict[str, Any]) -> None:
    plan_id = plan["BackupPlanId"]
    answer = scope.call("backup", "get_backup_plan", BackupPlanId=plan_id)
    created, executed = plan.get("CreationDate"), plan.get("LastExecutionDate") or answer.get("LastExecutionDate")
    harvest.add(
        BACKUP_PLANS,
        scope.account,
        scope.region,
        plan_id,
        plan["BackupPlanName"],
        plan["BackupPlanArn"],
        answer["VersionId"],
        created,
        executed,
    )
    for rule in answer["BackupPlan"].get("Rules", ()):
        _add_rule(scope, harvest, plan_id, rule)
    for selection in scope.items("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan_id, MaxResults=PAGE):
        selection_id = selection["SelectionId"]
        found = scope.call("backup", "get_backup_selection", BackupPlanId=plan_id, SelectionId=selection_id)["BackupSelection"]
        role = found.get("IamRoleArn") or ""
        if role:
            harvest.roles.add((scope.account, role))
        harvest.add(
            SELECTIONS, scope.account, scope.region, plan_id, selection_id, found.get("SelectionName") or "", role, canonical(found)
        )


def _add_rule(scope: Scope, harvest: Harvest, plan_id: str, rule: dict[str, Any]) -> None:
    lifecycle = rule.get("Lifecycle")
    harvest.add(
        BACKUP_RULES,
        scope.account,
        scope.region,
        plan_id,
        rule.get("RuleId") or "",
        rule["RuleName"],
        rule["TargetBackupVaultName"],
        rule.get("ScheduleExpression") or "",
        rule.get("ScheduleExpressionTimezone") or "Etc/UTC",
        rule.get("StartWindowMinutes"),
        rule.get("CompletionWindowMinutes"),
        days(lifecycle, "DeleteAfterDays"),
        days(lifecycle, "MoveToColdStorageAfterDays"),
        bool(rule.get("EnableContinuousBackup")),
        bool((lifecycle or {}).get("OptInToArchiveForSupportedResources")),
        rule.get("TargetLogicallyAirGappedBackupVaultArn"),
    )
    for copy in rule.get("CopyActions", ()):
        kept = copy.get("Lifecycle")
        target = copy["DestinationBackupVaultArn"]
        delete = FOR_EVER if (kept or {}).get("DeleteAfterDays") == FOR_EVER else days(kept, "DeleteAfterDays")
        cold = days(kept, "MoveToColdStorageAfterDays")
        harvest.add(COPY_ACTIONS, scope.account, scope.region, plan_id, rule.get("RuleId") or "", target, delete, cold)
