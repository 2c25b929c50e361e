"""One backup plan as the text of an Organizations backup policy (aws/05 §5.2; all scalars are strings)."""

from strongroom.compiler.selections import Place, policy_selections
from strongroom.compiler.template import Json
from strongroom.domain.estate import OWNER_TAG, BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, Arn, RetentionDays, partition_of, vault_arn

PLAN_TAG = "strongroom:plan"  # on recovery points: the plan and rule that made them, readable without AWS Backup
RULE_TAG = "strongroom:rule"


def policy_plan(estate: Estate, plan: BackupPlan) -> Json:
    """Return the object that stands under the plan's name in a policy."""
    place = Place(partition=partition_of(estate.organization.home_region), role=estate.roles.backup)
    return {
        "regions": _assign(list(plan.regions)),
        "rules": {rule.name: _rule(estate.name, plan, rule, place.partition) for rule in plan.rules},
        "selections": policy_selections(plan.select, place),
        "backup_plan_tags": _tags({OWNER_TAG: estate.name}),
    }


def _rule(strategy: str, plan: BackupPlan, rule: BackupRule, partition: str) -> Json:
    element: Json = {
        "schedule_expression": _assign(rule.schedule),
        "target_backup_vault_name": _assign(rule.vault_name),
        "start_backup_window_minutes": _assign(str(rule.start_within_minutes)),
        "complete_backup_window_minutes": _assign(str(rule.complete_within_minutes)),
        "recovery_point_tags": _tags({OWNER_TAG: strategy, PLAN_TAG: plan.name, RULE_TAG: rule.name}),
    }
    if rule.air_gapped_name is not None:  # the only element that knows both placeholders, and takes nothing else
        arn = Arn(partition, "backup", "$region", "$account", f"backup-vault:{rule.air_gapped_name}")
        element["target_logically_air_gapped_backup_vault_arn"] = _assign(str(arn))
    if rule.continuous:
        element["enable_continuous_backup"] = _assign("true")
    if lifecycle := _lifecycle(rule.keep, rule.cold_after_days, archive=rule.archive):
        element["lifecycle"] = lifecycle
    if rule.copies:
        element["copy_actions"] = dict(_copy(copy) for copy in rule.copies)
    return element


def _copy(copy: CopyAction) -> tuple[str, Json]:
    """Return key and value of a copy action; the key is the ARN too, so that a child policy can address it."""
    account = "$account" if copy.account is EVERY_ACCOUNT else copy.account
    arn = vault_arn(account, copy.region, copy.vault_name)
    element: Json = {"target_backup_vault_arn": _assign(arn)}
    if lifecycle := _lifecycle(copy.keep, copy.cold_after_days, archive=copy.archive):
        element["lifecycle"] = lifecycle
    return arn, element


def _lifecycle(keep: RetentionDays, cold_after_days: int | None, *, archive: bool) -> Json:
    # a zero is not "absent" but refused (aws/01 §1.5): what is not wanted is not written
    element: Json = {}
    if keep is not FOREVER:
        element["delete_after_days"] = _assign(str(keep))
    if cold_after_days is not None:
        element["move_to_cold_storage_after_days"] = _assign(str(cold_after_days))
        if archive:  # even a false is refused where EBS has no archive (aws/01 §1.5)
            element["opt_in_to_archive_for_supported_resources"] = _assign("true")
    return element


def _tags(tags: dict[str, str]) -> Json:
    return {key: {"tag_key": _assign(key), "tag_value": _assign(value)} for key, value in tags.items()}


def _assign(value: str | list[str]) -> Json:
    return {"@@assign": value}
