"""Plan documents: what CreateBackupPlan accepts, refuses and fills in."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from strongroom import facts
from strongroom.domain.names import FOREVER, Arn, partition_of
from strongroom.semantics import lifecycle as lifecycle_rules
from strongroom.semantics import schedule
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, limit_exceeded
from strongroom.twin.backup.state import CopyAction, Creator, Lifecycle, PlanVersion, Rule
from strongroom.twin.ports import ApiError


def version_of(
    document: Mapping[str, Any], *, plan_id: str, account: str, region: str, number: int, seed: str, at: datetime
) -> PlanVersion:
    """Return a new version of a plan from its document; raises ApiError for what AWS Backup refuses."""
    check(document)
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


def lifecycle_problem(document: Mapping[str, Any] | None, *, continuous: bool = False, unbounded: bool = False) -> str | None:
    """Return why AWS Backup refuses a Lifecycle structure; `unbounded`: -1 stands for never (copies and updates)."""
    days = (document or {}).get("DeleteAfterDays")
    cold = (document or {}).get("MoveToColdStorageAfterDays")
    if unbounded:
        days, cold = (None if each == -1 else each for each in (days, cold))
    return lifecycle_rules.problem(FOREVER if days is None else days, cold, continuous=continuous)


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


def _refusal(reasons: Sequence[tuple[str, str]]) -> ApiError:
    rule, reason = reasons[0]
    name = "error_in_rule" if len({each for each, _ in reasons}) == 1 else "error_in_rules"
    text = facts.message(name).format(rule=rule, reason=reason)
    return invalid_parameter(text, code="ERROR_3015", context=json.dumps([rule, reason]))


def _rule_problems(rule: Mapping[str, Any]) -> list[str]:
    continuous = bool(rule.get("EnableContinuousBackup"))
    lifecycles = [lifecycle_problem(rule.get("Lifecycle"), continuous=continuous)]
    lifecycles += [lifecycle_problem(copy.get("Lifecycle"), unbounded=True) for copy in rule.get("CopyActions") or ()]
    destinations = [_destination_problem(copy["DestinationBackupVaultArn"]) for copy in rule.get("CopyActions") or ()]
    return [problem for problem in [*lifecycles, *destinations, _cron_problem(rule), *_size_problems(rule)] if problem]


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


def _cron_problem(rule: Mapping[str, Any]) -> str | None:
    try:
        schedule.parse_cron(rule.get("ScheduleExpression") or facts.limit("schedule_expression_default").value)
    except schedule.CronError as error:
        return f"Invalid ScheduleExpression. {error}"
    timezone = rule.get("ScheduleExpressionTimezone") or facts.limit("schedule_timezone_default").value
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return f"Invalid ScheduleExpressionTimezone {timezone}"
    return None


def _size_problems(rule: Mapping[str, Any]) -> list[str]:
    problems = []
    window = rule.get("StartWindowMinutes", facts.limit("start_window_minutes_default").value)
    low, high = facts.limit("start_window_minutes_min").value, facts.limit("start_window_minutes_max").value
    if not low <= window <= high:
        problems.append(f"Invalid StartWindowMinutes. It must be between {low} and {high}: {window}")
    complete = rule.get("CompletionWindowMinutes", facts.limit("completion_window_minutes_default").value)
    longest = facts.limit("completion_window_minutes_max").value
    if not 0 < complete <= longest:
        problems.append(f"Invalid CompletionWindowMinutes. It must be between 1 and {longest}: {complete}")
    for member, limit in (("CopyActions", "copies_per_rule"), ("RecoveryPointTags", "recovery_point_tags_per_rule")):
        count, most = len(rule.get(member) or ()), facts.limit(limit).value
        if count > most:
            problems.append(f"{member} has {count} entries, at most {most} are allowed")
    return problems
