"""From an effective backup policy to the plans that AWS Backup makes of it in an account and Region.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html,
https://docs.aws.amazon.com/organizations/latest/userguide/invalid-policy-alerts.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/logging-using-cloudtrail.html (names and shape of the selections)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from strongroom import facts
from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.semantics import lifecycle
from strongroom.semantics.cron import CronError, parse_cron
from strongroom.semantics.selection import TAG_PREFIX, Condition, Operator, condition

_OPERATORS: Final = {
    "string_equals": Operator.EQUALS,
    "string_not_equals": Operator.NOT_EQUALS,
    "string_like": Operator.LIKE,
    "string_not_like": Operator.NOT_LIKE,
}
_TRUE: Final = frozenset({"true", True})


class PolicyError(ValueError):
    """A value of an effective policy can't be read; shows its path and the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """Why an effective policy, or a plan of it, is invalid."""

    code: str  # KEY_REQUIRED, ELEMENTS_TOO_MANY, ELEMENTS_TOO_FEW, VALUE_INVALID, PLAN_INVALID
    path: str  # plans/Production/rules/daily
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCopy:
    """A copy action of a rule."""

    vault_arn: str
    delete_after_days: int | None  # None: as the source
    cold_after_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """A rule of a plan; its schedule is in UTC, a policy can't say otherwise."""

    name: str
    schedule: str
    vault_name: str
    start_within_minutes: int
    complete_within_minutes: int
    delete_after_days: int | None  # None: for ever
    cold_after_days: int | None
    continuous: bool
    copies: tuple[PolicyCopy, ...]
    archive: bool = False  # EBS snapshots go to the archive
    air_gapped_vault_arn: str | None = None
    recovery_point_tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySelection:
    """A selection of a plan: by tag, or by resource types."""

    name: str
    role_arn: str
    tag_key: str | None
    tag_values: tuple[str, ...]
    resource_types: tuple[str, ...]  # ARN patterns
    not_resource_types: tuple[str, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlan:
    """A plan as the effective policy describes it for every Region it names."""

    name: str
    regions: tuple[str, ...]
    rules: tuple[PolicyRule, ...]
    selections: tuple[PolicySelection, ...]
    tags: tuple[tuple[str, str], ...] = ()
    advanced_settings: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # ("EC2", (("WindowsVSS", "enabled"),))


def problems(effective: Mapping[str, Any]) -> tuple[PolicyProblem, ...]:
    """Return why AWS Organizations would call an effective policy invalid: missing keys, too many or too few elements.

    While it is invalid, an account keeps its last valid policy. Vaults, roles, lifecycles and schedules are not judged here;
    see `plan_problems`.

    Example:
        >>> [f"{found.code} {found.path}" for found in problems({"plans": {"P": {"regions": ["eu-west-2"]}}})]
        ['KEY_REQUIRED plans/P/rules', 'KEY_REQUIRED plans/P/selections']
    """
    return tuple(found for name, plan in (effective.get("plans") or {}).items() for found in _plan_structure(f"plans/{name}", plan))


def plans(effective: Mapping[str, Any]) -> tuple[PolicyPlan, ...]:
    """Return the plans of a valid effective policy, in its order; raises PolicyError where a value is missing or unreadable.

    Windows that the policy leaves out have AWS's defaults: 480 and 10,080 minutes.
    """
    return tuple(_plan(name, plan) for name, plan in (effective.get("plans") or {}).items())


def plan_problems(plan: PolicyPlan) -> tuple[PolicyProblem, ...]:
    """Return why AWS Backup would refuse to make this plan in an account (`InvalidOrganizationBackupPlan`, without a reason)."""
    return tuple(
        PolicyProblem(code="PLAN_INVALID", path=f"plans/{plan.name}/rules/{rule.name}", message=f"{message} ({at})" if at else message)
        for rule in plan.rules
        for message, at in rule_refusals(rule, windows=("start_backup_window_minutes", "complete_backup_window_minutes"))
    )


def rule_refusals(rule: PolicyRule, *, windows: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Yield why AWS Backup refuses a rule of any plan, and for a copy action which; `windows`: what its windows are called there."""
    refused = lifecycle.problem(_keep(rule.delete_after_days), rule.cold_after_days, continuous=rule.continuous)
    if refused:
        yield refused, ""
    for copy in rule.copies:
        refused = lifecycle.problem(_keep(copy.delete_after_days), copy.cold_after_days, continuous=False)
        if refused:
            yield refused, f"copy to {copy.vault_arn}"
    for message in window_refusals(rule.start_within_minutes, rule.complete_within_minutes, names=windows):
        yield message, ""
    try:
        parse_cron(rule.schedule)
    except CronError as error:
        yield error.message, ""


def window_refusals(start_minutes: int, complete_minutes: int, *, names: tuple[str, str]) -> Iterator[str]:
    """Yield why AWS Backup refuses the windows of a rule or of a job on demand.

    Example:
        >>> list(window_refusals(30, 10080, names=("StartWindowMinutes", "CompleteWindowMinutes")))
        ['StartWindowMinutes is 30, 60 to 52560000 allowed']
    """
    low, high = (facts.limit(f"start_window_minutes_{bound}").value for bound in ("min", "max"))
    longest = facts.limit("completion_window_minutes_max").value
    for name, minutes, least, most in zip(names, (start_minutes, complete_minutes), (low, 1), (high, longest), strict=True):
        if not least <= minutes <= most:
            yield f"{name} is {minutes}, {least} to {most} allowed"


def plan_document(plan: PolicyPlan) -> dict[str, Any]:
    """Return a plan as the BackupPlan document of AWS Backup's API."""
    document: dict[str, Any] = {"BackupPlanName": plan.name, "Rules": [_rule_document(rule) for rule in plan.rules]}
    if plan.advanced_settings:
        document["AdvancedBackupSettings"] = [
            {"ResourceType": resource_type, "BackupOptions": dict(options)} for resource_type, options in plan.advanced_settings
        ]
    return document


def selection_documents(plan: PolicyPlan) -> list[dict[str, Any]]:
    """Return a plan's selections as BackupSelection documents; each tag value is an entry of its own."""
    return [_selection_document(selection) for selection in plan.selections]


def _plan_structure(path: str, plan: Mapping[str, Any]) -> Iterator[PolicyProblem]:
    yield from _required(path, plan, ("regions", "rules", "selections"))
    rules = plan.get("rules") or {}
    yield from _at_most(f"{path}/rules", len(rules), "rules_per_plan")
    for name, rule in rules.items():
        yield from _rule_structure(f"{path}/rules/{name}", rule)
    selections = plan.get("selections") or {}
    tags, resources = selections.get("tags") or {}, selections.get("resources") or {}
    if tags and resources:
        message = "selections has both tags and resources, exactly one allowed"
        yield PolicyProblem(code="ELEMENTS_TOO_MANY", path=f"{path}/selections", message=message)
    if selections and not tags and not resources:
        message = "selections has neither tags nor resources, exactly one needed"
        yield PolicyProblem(code="ELEMENTS_TOO_FEW", path=f"{path}/selections", message=message)
    yield from _at_most(f"{path}/selections/tags", len(tags), "tag_selections_per_plan")
    yield from _at_most(f"{path}/selections", len(tags) + len(resources), "selections_per_plan")
    for kind, keys, named in (
        ("tags", ("iam_role_arn", "tag_key", "tag_value"), tags),
        ("resources", ("iam_role_arn", "resource_types"), resources),
    ):
        for name, selection in named.items():
            yield from _required(f"{path}/selections/{kind}/{name}", selection, keys)
            conditions = selection.get("conditions") or {}
            place = f"{path}/selections/{kind}/{name}/conditions"
            yield from _at_most(place, sum(len(entries or ()) for entries in conditions.values()), "policy_conditions_max")
            for operator, entries in conditions.items():
                for key, entry in (entries or {}).items():
                    yield from _condition_structure(f"{place}/{operator}/{key}", entry)


def _condition_structure(path: str, entry: Mapping[str, Any]) -> Iterator[PolicyProblem]:
    for key in ("condition_key", "condition_value"):
        if not isinstance(entry.get(key), str):  # an empty value is one
            yield PolicyProblem(code="KEY_REQUIRED", path=f"{path}/{key}", message=f"{key} is missing")


def _rule_structure(path: str, rule: Mapping[str, Any]) -> Iterator[PolicyProblem]:
    yield from _required(path, rule, ("schedule_expression", "target_backup_vault_name"))
    copies = rule.get("copy_actions") or {}
    yield from _at_most(f"{path}/copy_actions", len(copies), "copies_per_rule")
    yield from _at_most(f"{path}/recovery_point_tags", len(rule.get("recovery_point_tags") or {}), "recovery_point_tags_per_rule")
    yield from _numbers(path, rule, ("start_backup_window_minutes", "complete_backup_window_minutes"))
    yield from _numbers(f"{path}/lifecycle", rule.get("lifecycle") or {}, ("delete_after_days", "move_to_cold_storage_after_days"))
    for name, copy in copies.items():
        place = f"{path}/copy_actions/{name}"
        yield from _required(place, copy, ("target_backup_vault_arn",))
        yield from _numbers(f"{place}/lifecycle", copy.get("lifecycle") or {}, ("delete_after_days", "move_to_cold_storage_after_days"))


def _required(path: str, written: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[PolicyProblem]:
    for key in keys:
        if not written.get(key):
            yield PolicyProblem(code="KEY_REQUIRED", path=f"{path}/{key}", message=f"{key} is missing")


def _at_most(path: str, count: int, limit_name: str) -> Iterator[PolicyProblem]:
    limit = facts.limit(limit_name)
    if count > limit.value:
        yield PolicyProblem(code="ELEMENTS_TOO_MANY", path=path, message=f"{count} {limit.unit}, {limit.value} allowed")


def _numbers(path: str, written: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[PolicyProblem]:
    for key in keys:
        try:
            _number(path, written, key)
        except PolicyError as error:
            yield PolicyProblem(code="VALUE_INVALID", path=f"{path}/{key}", message=str(error))


def _plan(name: str, plan: Mapping[str, Any]) -> PolicyPlan:
    path = f"plans/{name}"
    selections = _need(path, plan, "selections")
    return PolicyPlan(
        name=name,
        regions=tuple(_need(path, plan, "regions")),
        rules=tuple(_rule(f"{path}/rules/{rule}", rule, body) for rule, body in _need(path, plan, "rules").items()),
        selections=tuple(
            _selection(f"{path}/selections/{kind}/{selection}", selection, body)
            for kind in ("tags", "resources")
            for selection, body in (selections.get(kind) or {}).items()
        ),
        tags=_tags(plan.get("backup_plan_tags") or {}),
        advanced_settings=_advanced(plan.get("advanced_backup_settings") or {}),
    )


def _rule(path: str, name: str, rule: Mapping[str, Any]) -> PolicyRule:
    kept = rule.get("lifecycle") or {}
    start = _number(path, rule, "start_backup_window_minutes")
    complete = _number(path, rule, "complete_backup_window_minutes")
    return PolicyRule(
        name=name,
        schedule=str(_need(path, rule, "schedule_expression")),
        vault_name=str(_need(path, rule, "target_backup_vault_name")),
        start_within_minutes=facts.limit("start_window_minutes_default").value if start is None else start,
        complete_within_minutes=facts.limit("completion_window_minutes_default").value if complete is None else complete,
        delete_after_days=_days(path, kept, "delete_after_days"),
        cold_after_days=_days(path, kept, "move_to_cold_storage_after_days"),
        continuous=rule.get("enable_continuous_backup") in _TRUE,
        copies=tuple(_copy(f"{path}/copy_actions/{key}", body) for key, body in (rule.get("copy_actions") or {}).items()),
        archive=kept.get("opt_in_to_archive_for_supported_resources") in _TRUE,
        air_gapped_vault_arn=rule.get("target_logically_air_gapped_backup_vault_arn"),
        recovery_point_tags=_tags(rule.get("recovery_point_tags") or {}),
    )


def _copy(path: str, copy: Mapping[str, Any]) -> PolicyCopy:
    kept = copy.get("lifecycle") or {}
    return PolicyCopy(
        vault_arn=str(_need(path, copy, "target_backup_vault_arn")),
        delete_after_days=_days(path, kept, "delete_after_days"),
        cold_after_days=_days(path, kept, "move_to_cold_storage_after_days"),
    )


def _selection(path: str, name: str, selection: Mapping[str, Any]) -> PolicySelection:
    return PolicySelection(
        name=name,
        role_arn=str(_need(path, selection, "iam_role_arn")),
        tag_key=selection.get("tag_key"),
        tag_values=tuple(_texts(selection.get("tag_value"))),
        resource_types=tuple(_texts(selection.get("resource_types"))),
        not_resource_types=tuple(_texts(selection.get("not_resource_types"))),
        conditions=tuple(
            _condition(f"{path}/conditions/{operator}/{key}", operator, entry)
            for operator, entries in (selection.get("conditions") or {}).items()
            for key, entry in (entries or {}).items()
        ),
    )


def _condition(path: str, operator: str, entry: Mapping[str, Any]) -> Condition:
    if problem := next(_condition_structure(path, entry), None):
        raise PolicyError(f"{problem.path}: {problem.message}")
    return condition(_OPERATORS[operator], entry["condition_key"], entry["condition_value"])


def _need(path: str, written: Mapping[str, Any], key: str) -> Any:
    if not written.get(key):
        raise PolicyError(f"{path} has no {key}")
    return written[key]


def _number(path: str, written: Mapping[str, Any], key: str) -> int | None:
    value = written.get(key)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise PolicyError(f"{path} has {key} {value!r}, a whole number expected") from None


def _days(path: str, written: Mapping[str, Any], key: str) -> int | None:
    days = _number(path, written, key)
    return None if days == facts.limit("retention_days_never").value else days


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [] if value is None else [str(value)]


def _tags(written: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(tag.get("tag_key", key)), str(tag.get("tag_value", ""))) for key, tag in written.items())


def _advanced(written: Mapping[str, Any]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    names = {"windows_vss": "WindowsVSS", "backup_acls": "BackupACLs", "backup_object_tags": "BackupObjectTags"}
    return tuple(
        (resource_type.upper(), tuple((names.get(key, key), str(value)) for key, value in options.items()))
        for resource_type, options in written.items()
    )


def _keep(days: int | None) -> RetentionDays:
    return FOREVER if days is None else days


def _rule_document(rule: PolicyRule) -> dict[str, Any]:
    document: dict[str, Any] = {
        "RuleName": rule.name,
        "TargetBackupVaultName": rule.vault_name,
        "ScheduleExpression": rule.schedule,
        "ScheduleExpressionTimezone": facts.limit("schedule_timezone_default").value,
        "StartWindowMinutes": rule.start_within_minutes,
        "CompletionWindowMinutes": rule.complete_within_minutes,
        "EnableContinuousBackup": rule.continuous,
        "RecoveryPointTags": dict(rule.recovery_point_tags),
        "CopyActions": [_copy_document(copy) for copy in rule.copies],
    }
    if kept := _lifecycle(rule.delete_after_days, rule.cold_after_days, archive=rule.archive):
        document["Lifecycle"] = kept
    if rule.air_gapped_vault_arn:
        document["TargetLogicallyAirGappedBackupVaultArn"] = rule.air_gapped_vault_arn
    return document


def _copy_document(copy: PolicyCopy) -> dict[str, Any]:
    kept = _lifecycle(copy.delete_after_days, copy.cold_after_days, archive=False)
    return {"DestinationBackupVaultArn": copy.vault_arn} | ({"Lifecycle": kept} if kept else {})


def _lifecycle(delete_after_days: int | None, cold_after_days: int | None, *, archive: bool) -> dict[str, Any]:
    """Return a Lifecycle without the members that are absent: a 0 or false would be validated."""
    kept: dict[str, Any] = {"MoveToColdStorageAfterDays": cold_after_days, "DeleteAfterDays": delete_after_days}
    kept |= {"OptInToArchiveForSupportedResources": True} if archive else {}
    return {key: value for key, value in kept.items() if value is not None}


def _selection_document(selection: PolicySelection) -> dict[str, Any]:
    conditions: dict[str, list[dict[str, str]]] = {}
    for one in selection.conditions:
        entry = {"ConditionKey": f"{TAG_PREFIX}{one.tag}", "ConditionValue": one.value}
        conditions.setdefault(one.operator.value, []).append(entry)
    return {
        "SelectionName": f"selection{selection.name}"[:50],
        "IamRoleArn": selection.role_arn,
        "Resources": list(selection.resource_types),
        "NotResources": list(selection.not_resource_types),
        "ListOfTags": [
            {"ConditionType": "STRINGEQUALS", "ConditionKey": selection.tag_key, "ConditionValue": value} for value in selection.tag_values
        ],
        "Conditions": conditions,
    }
