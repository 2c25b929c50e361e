"""Plan documents: what CreateBackupPlan accepts, refuses and fills in."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from strongroom import facts
from strongroom.domain.names import FOREVER, Arn, Forever, partition_of
from strongroom.semantics import lifecycle as lifecycle_rules
from strongroom.semantics import policies, schedule
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, limit_exceeded
from strongroom.twin.backup.state import CopyAction, Creator, Lifecycle, PlanVersion, Rule
from strongroom.twin.ports import ApiError


def version_of(
    document: Mapping[str, Any], *, plan_id: str, account: str, region: str, number: int, seed: str, at: datetime
) -> PlanVersion:
    """Return a new version of a plan from its document; raises ApiError for what AWS Backup refuses."""
    check(document)
    _check_homes(document, account, region)
    luck = chance(seed, "version", account, region, plan_id, number)
    arn = f"arn:{partition_of(region)}:backup:{region}:{account}:backup-plan:{plan_id}"
    common = {
        "BackupPlanId": plan_id,
        "BackupPlanArn": arn,
        "BackupPlanName": document["BackupPlanName"],
        "BackupPlanVersion": luck.uuid,
    }
    return PlanVersion(
        version_id=luck.uuid,
        name=document["BackupPlanName"],
        created_at=at,
        rules=tuple(
            _rule(rule, common, chance(seed, "rule", account, region, plan_id, rule["RuleName"]).uuid) for rule in document["Rules"]
        ),
        document=document,
    )


def _rule(given: Mapping[str, Any], common: dict[str, str], rule_id: str) -> Rule:
    defaults = {
        "ScheduleExpression": facts.limit("schedule_expression_default").value,
        "StartWindowMinutes": facts.limit("start_window_minutes_default").value,
        "CompletionWindowMinutes": facts.limit("completion_window_minutes_default").value,
        "ScheduleExpressionTimezone": facts.limit("schedule_timezone_default").value,
        "EnableContinuousBackup": False,
    }
    document = defaults | dict(given) | {"RuleId": rule_id}
    wire = common | {
        "BackupRuleId": rule_id,
        "BackupRuleName": document["RuleName"],
        "BackupRuleCron": document["ScheduleExpression"],
        "BackupRuleTimezone": document["ScheduleExpressionTimezone"],
    }
    return Rule(
        rule_id=rule_id,
        name=document["RuleName"],
        vault_name=document["TargetBackupVaultName"],
        cron=document["ScheduleExpression"],
        timezone=document["ScheduleExpressionTimezone"],
        start_minutes=document["StartWindowMinutes"],
        complete_minutes=document["CompletionWindowMinutes"],
        lifecycle=lifecycle_of(document.get("Lifecycle")) or Lifecycle(),
        continuous=document["EnableContinuousBackup"],
        tags=document.get("RecoveryPointTags") or {},
        copies=tuple(
            CopyAction(vault_arn=action["DestinationBackupVaultArn"], lifecycle=lifecycle_of(action.get("Lifecycle")))
            for action in document.get("CopyActions") or ()
        ),
        document=document,
        air_gapped_arn=document.get("TargetLogicallyAirGappedBackupVaultArn"),
        creator=Creator(plan_id=common["BackupPlanId"], rule_id=rule_id, wire=wire),
    )


def lifecycle_of(document: Mapping[str, Any] | None) -> Lifecycle | None:
    """Return a Lifecycle structure parsed, None where there is none or an empty one."""
    if not document:
        return None
    return Lifecycle(
        delete_days=document.get("DeleteAfterDays"),
        cold_days=document.get("MoveToColdStorageAfterDays"),
        archive=document.get("OptInToArchiveForSupportedResources"),
    )


@lru_cache(maxsize=4096)
def meant(lifecycle: Lifecycle) -> lifecycle_rules.Lifecycle:
    """Return what a lifecycle means to the rules: never is FOREVER, and -1 is never."""
    days, cold = lifecycle.delete_days, lifecycle.cold_days
    return lifecycle_rules.Lifecycle(
        keep=FOREVER if days is None or days < 0 else days,
        cold_after_days=None if cold is None or cold < 0 else cold,
        archive=bool(lifecycle.archive),
    )


def kept(lifecycle: lifecycle_rules.Lifecycle, *, archive: bool | None) -> Lifecycle:
    """Return a lifecycle that the rules gave; `archive` as it was given on the wire."""
    days = None if isinstance(lifecycle.keep, Forever) else lifecycle.keep
    return Lifecycle(delete_days=days, cold_days=lifecycle.cold_after_days, archive=archive)


def lifecycle_problem(document: Mapping[str, Any] | None, *, unbounded: bool = False) -> str | None:
    """Return why AWS Backup refuses a Lifecycle structure; `unbounded`: -1 stands for never (copies and updates)."""
    if "DeleteAfterEvent" in (document or {}):
        return "Invalid lifecycle. DeleteAfterEvent is not valid as an input"
    days = (document or {}).get("DeleteAfterDays")
    cold = (document or {}).get("MoveToColdStorageAfterDays")
    if unbounded:
        days, cold = _unless_never(days), _unless_never(cold)
    return lifecycle_rules.problem(FOREVER if days is None else days, cold, continuous=False)


def check(document: Mapping[str, Any]) -> None:
    """Refuse what AWS Backup refuses of a plan document; raises ApiError."""
    name, rules = document["BackupPlanName"], document["Rules"]
    if not re.fullmatch(facts.limit("plan_name_pattern").value, name):
        raise invalid_parameter(f"Invalid backup plan name: {name}")
    if not rules:
        raise invalid_parameter("Invalid backup plan. At least one rule must be present.")
    if len(rules) > facts.limit("rules_per_plan").value:
        raise limit_exceeded(f"Backup plan has {len(rules)} rules, at most {facts.limit('rules_per_plan').value} are allowed")
    reasons = [(rule["RuleName"], reason) for rule in rules for reason in _rule_problems(rule)]
    if reasons:
        raise _refusal(reasons)


def _check_homes(document: Mapping[str, Any], account: str, region: str) -> None:
    """Refuse an air-gapped target of another account or Region; raises ApiError."""
    reasons = [
        (rule["RuleName"], problem)
        for rule in document["Rules"]
        if (problem := air_gapped_problem(rule.get("TargetLogicallyAirGappedBackupVaultArn"), account, region))
    ]
    if reasons:
        raise _refusal(reasons)


def air_gapped_problem(arn: str | None, account: str, region: str) -> str:
    """Return why an ARN can't be the air-gapped target of backups in an account and Region; empty if it can, or if there is none."""
    if arn is None:
        return ""
    if not is_vault_arn(arn):
        return f"Invalid TargetLogicallyAirGappedBackupVaultArn {arn}"
    there = Arn.parse(arn)
    if (there.account, there.region) != (account, region):
        return f"Invalid TargetLogicallyAirGappedBackupVaultArn {arn}: it must be in account {account} and Region {region}"
    return ""


def _refusal(reasons: Sequence[tuple[str, str]]) -> ApiError:
    rule, reason = reasons[0]
    name = "error_in_rule" if len({each for each, _ in reasons}) == 1 else "error_in_rules"
    text = facts.message(name).format(rule=rule, reason=reason)
    return invalid_parameter(text, code="ERROR_3015", context=json.dumps([rule, reason]))


def _rule_problems(rule: Mapping[str, Any]) -> list[str]:
    shared = [message for message, _ in policies.rule_refusals(_as_ruled(rule), windows=("StartWindowMinutes", "CompletionWindowMinutes"))]
    destinations = [_destination_problem(copy["DestinationBackupVaultArn"]) for copy in rule.get("CopyActions") or ()]
    return [
        *shared,
        *(problem for problem in [*destinations, *_event_problems(rule), _zone_problem(rule), *_size_problems(rule)] if problem),
    ]


def _as_ruled(rule: Mapping[str, Any]) -> policies.PolicyRule:
    """Return a rule as the rules of all plans judge it; -1 stands for never in copy actions only."""
    kept = rule.get("Lifecycle") or {}
    return policies.PolicyRule(
        name=rule["RuleName"],
        schedule=rule.get("ScheduleExpression") or facts.limit("schedule_expression_default").value,
        vault_name=rule["TargetBackupVaultName"],
        start_within_minutes=rule.get("StartWindowMinutes", facts.limit("start_window_minutes_default").value),
        complete_within_minutes=rule.get("CompletionWindowMinutes", facts.limit("completion_window_minutes_default").value),
        delete_after_days=kept.get("DeleteAfterDays"),
        cold_after_days=kept.get("MoveToColdStorageAfterDays"),
        continuous=bool(rule.get("EnableContinuousBackup")),
        copies=tuple(
            policies.PolicyCopy(
                vault_arn=copy["DestinationBackupVaultArn"],
                delete_after_days=_unless_never((copy.get("Lifecycle") or {}).get("DeleteAfterDays")),
                cold_after_days=_unless_never((copy.get("Lifecycle") or {}).get("MoveToColdStorageAfterDays")),
            )
            for copy in rule.get("CopyActions") or ()
        ),
    )


def _unless_never(days: int | None) -> int | None:
    return None if days == facts.limit("retention_days_never").value else days


def _event_problems(rule: Mapping[str, Any]) -> list[str | None]:
    given = [rule.get("Lifecycle"), *(copy.get("Lifecycle") for copy in rule.get("CopyActions") or ())]
    return [lifecycle_problem(each) for each in given if each and "DeleteAfterEvent" in each]


def _destination_problem(arn: str) -> str | None:
    return None if is_vault_arn(arn) else f"Invalid DestinationBackupVaultArn {arn}"


def is_vault_arn(text: str) -> bool:
    """Whether a text has the form of the ARN of a backup vault.

    Example:
        >>> is_vault_arn("arn:aws:backup:eu-west-2:111122223333:backup-vault:central"), is_vault_arn("central")
        (True, False)
    """
    try:
        parsed = Arn.parse(text)
    except ValueError:
        return False
    return parsed.service == "backup" and parsed.resource.startswith("backup-vault:")


def _zone_problem(rule: Mapping[str, Any]) -> str | None:
    try:
        schedule.zone(rule.get("ScheduleExpressionTimezone") or facts.limit("schedule_timezone_default").value)
    except schedule.CronError as error:
        return error.message
    return None


def _size_problems(rule: Mapping[str, Any]) -> list[str]:
    problems = []
    for member, limit in (("CopyActions", "copies_per_rule"), ("RecoveryPointTags", "recovery_point_tags_per_rule")):
        count, most = len(rule.get(member) or ()), facts.limit(limit).value
        if count > most:
            problems.append(f"{member} has {count} entries, at most {most} are allowed")
    return problems
