"""Backup policies of one path through the organization, merged: what is missing, what never takes effect, what plans come of it.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from strongroom.documents.drafts import OWN_ACCOUNT, Draft, DraftCopy, DraftLifecycle, DraftPlan, DraftRule, DraftSelection
from strongroom.documents.nodes import Members, Node, entries, plain
from strongroom.documents.notes import Notes, shortened, shown
from strongroom.documents.policydocument import Written, locate
from strongroom.domain.finding import Severity
from strongroom.domain.names import Region, RetentionDays
from strongroom.domain.origin import FileOrigin, Unread
from strongroom.facts import limit
from strongroom.semantics.policies import (
    Merged,
    PolicyCopy,
    PolicyError,
    PolicyPlan,
    PolicyRule,
    PolicySelection,
    plans,
    problems,
)
from strongroom.semantics.selection import TAG_PREFIX

_CODES: Final = {"KEY_REQUIRED": "DOC010", "ELEMENTS_TOO_FEW": "DOC010", "ELEMENTS_TOO_MANY": "DOC022", "VALUE_INVALID": "DOC009"}
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Path:
    """The policies from the root down to some accounts."""

    levels: tuple[tuple[Written, ...], ...] = ()
    merged: Merged = field(default_factory=Merged)

    def below(self, policies: Sequence[Written]) -> "Path":
        """Return the path one level further down; notes the values of this level that never take effect."""
        if not policies:
            return self
        merged = self.merged.with_level([each.document for each in policies])
        made = Path((*self.levels, tuple(policies)), merged)
        document = merged.document(OWN_ACCOUNT) or {}
        for position, policy in enumerate(policies):
            _note_lost(policy, policies[:position], document)
        return made

    def origin(self, path: str) -> FileOrigin:
        """Return where a part of the merged policy is written: at the lowest level that has it, else what is nearest."""
        found = [(each.nearest(path), depth) for depth, level in enumerate(self.levels) for each in level]
        return min(found, key=lambda pair: (pair[0][0], -pair[1]))[0][1]


def draft(path: Path, name: str, account: str | None, notes: Notes, *, complete: bool) -> Draft:
    """Return the plans that an account gets; `complete`: these are all policies, so that what is missing is missing for good."""
    effective = path.merged.document(OWN_ACCOUNT) or {}
    if not effective.get("plans"):
        notes.add("DOC024", path.origin("plans"), name, f"there is no plan in {name}", "add a plan")
    faulty = set[str]()
    for problem in problems(effective):
        faulty |= {plan for plan in effective.get("plans") or {} if problem.path.startswith(f"plans/{plan}/")}
        fix = "add it here, or attach the policy that has it" if problem.code == "KEY_REQUIRED" else "correct it here or in a policy above"
        where = f"the merged {name}" if complete else "the policy, if nothing is merged with it"
        message = f"{shortened(problem.path, 200)}: {shortened(problem.message, 200)} in {where}"
        code = _CODES.get(problem.code, "DOC009")
        severity = Severity.WARNING if code == "DOC010" and not complete else None
        notes.add(code, path.origin(problem.path), shortened(problem.path), message, fix, severity=severity)
    drafts = tuple(
        made for plan, body in (effective.get("plans") or {}).items() if plan not in faulty for made in _plan(plan, body, path, notes)
    )
    return Draft(name=name, plans=drafts, account=account)


def _plan(name: str, body: Mapping[str, Any], path: Path, notes: Notes) -> Iterator[DraftPlan]:
    where = f"plans/{name}"
    try:
        (plan,) = plans({"plans": {name: body}})
    except PolicyError as error:
        notes.add("DOC009", path.origin(where), f"plan {name}", shortened(str(error), 200), "correct the value")
        return
    yield DraftPlan(
        name=name,
        rules=tuple(_rule(plan, rule, path, notes) for rule in plan.rules),
        selections=tuple(_selection(plan, each, path) for each in plan.selections),
        regions=tuple(_regions(plan, path, notes)),
        account=None,
        origin=path.origin(where),
    )


def _regions(plan: PolicyPlan, path: Path, notes: Notes) -> Iterator[str]:
    for region in plan.regions:
        try:
            yield Region.parse(region)
        except ValueError as error:
            notes.add("DOC009", path.origin(f"plans/{plan.name}/regions"), f"plan {plan.name}", str(error)[:200], "correct the Region")


def _rule(plan: PolicyPlan, rule: PolicyRule, path: Path, notes: Notes) -> DraftRule:
    where = f"plans/{plan.name}/rules/{rule.name}"
    subject = f"rule {plan.name}.{rule.name}"
    start = (int(limit(f"start_window_minutes_{bound}").value) for bound in ("min", "max"))
    complete = (0, int(limit("completion_window_minutes_max").value))

    def within(key: str, number: int, low: int, high: int) -> int | Unread:
        if low <= number <= high:
            return number
        message = f"{key} is {number}, {low} to {high} allowed"
        notes.add("DOC013", path.origin(f"{where}/{key}"), subject, message, f"write a number from {low} to {high}")
        return Unread(f"{key} is out of bounds")

    def lifecycle(at: str, delete: int | None, cold: int | None) -> DraftLifecycle:
        low, high = int(limit("retention_days_min").value), int(limit("retention_days_max").value)
        keep: RetentionDays | Unread | None = None if delete is None else within(f"{at}lifecycle/delete_after_days", delete, low, high)
        moved = None if cold is None else within(f"{at}lifecycle/move_to_cold_storage_after_days", cold, 0, high)
        return DraftLifecycle(keep=keep, cold_after_days=moved, archive=rule.archive and not at)

    return DraftRule(
        name=rule.name,
        schedule=rule.schedule,
        timezone=None,
        start_within_minutes=within("start_backup_window_minutes", rule.start_within_minutes, *start),
        complete_within_minutes=within("complete_backup_window_minutes", rule.complete_within_minutes, *complete),
        lifecycle=lifecycle("", rule.delete_after_days, rule.cold_after_days),
        continuous=rule.continuous,
        vault=rule.vault_name,
        air_gapped_arn=rule.air_gapped_vault_arn,
        copies=tuple(_copy(where, copy, lifecycle, path) for copy in rule.copies),
        subject=subject,
        origin=path.origin(where),
        schedule_origin=path.origin(f"{where}/schedule_expression"),
        timezone_origin=path.origin(where),
    )


def _copy(where: str, copy: PolicyCopy, lifecycle: Any, path: Path) -> DraftCopy:
    at = f"copy_actions/{copy.vault_arn}"  # the key, as far as whoever wrote it followed the grammar's advice
    return DraftCopy(
        vault_arn=copy.vault_arn,
        lifecycle=lifecycle(f"{at}/", copy.delete_after_days, copy.cold_after_days),
        origin=path.origin(f"{where}/{at}"),
    )


def _selection(plan: PolicyPlan, selection: PolicySelection, path: Path) -> DraftSelection:
    kind = "tags" if selection.tag_key else "resources"
    key = selection.tag_key
    return DraftSelection(
        subject=f"selection {selection.name}",
        role=selection.role_arn,
        resources=selection.resource_types,
        not_resources=selection.not_resource_types,
        tags=tuple((key, value) for value in selection.tag_values) if key else (),
        conditions=tuple(
            (each.operator.value, f"{TAG_PREFIX}{each.tag}" if each.tag is not None else "", each.value) for each in selection.conditions
        ),
        origin=path.origin(f"plans/{plan.name}/selections/{kind}/{selection.name}"),
    )


def _note_lost(policy: Written, before: Sequence[Written], merged: Mapping[str, Any]) -> None:
    """Note what a policy writes and its level's merge doesn't have (O02)."""
    for entry in entries(policy.root):
        if entry.key.startswith("@@"):
            continue
        _lost(policy, before, entry.key, entry.value, _member(merged, entry.key))


def _lost(policy: Written, before: Sequence[Written], path: str, node: Node, merged: Any) -> None:
    if not isinstance(node, Members):
        return
    operators = {entry.key: plain(entry.value) for entry in entries(node) if entry.key in {"@@assign", "@@append", "@@remove"}}
    if operators:
        operator = _blocked(operators, merged)
        if operator:
            _note(policy, before, path, operator)
    elif merged is _ABSENT:
        if _says_something(node):
            _note(policy, before, path, "@@assign")
    else:
        for entry in entries(node):
            if not entry.key.startswith("@@"):
                _lost(policy, before, f"{path}/{entry.key}", entry.value, _member(merged, entry.key))


def _blocked(operators: Mapping[str, Any], merged: Any) -> str:
    """Return the operator that had no effect; empty when all had."""
    found = merged if isinstance(merged, list) else [] if merged is _ABSENT else [merged]
    removed = _listed(operators.get("@@remove"))
    for operator in ("@@assign", "@@append"):
        if any(item not in found and item not in removed for item in _listed(operators.get(operator))):
            return operator
    return "@@remove" if any(item in found for item in removed) else ""


def _note(policy: Written, before: Sequence[Written], path: str, operator: str) -> None:
    place, _ = locate(policy.root, path)
    first = next((each for each in before if operator == "@@assign" and each.nearest(path)[0] == 0), None)
    if first is not None:
        message = f"{shortened(path, 200)} never takes effect: policy {first.name} is attached first, and wins"
        fix = f"remove it here or in policy {first.name}, or attach this policy first"
    else:
        message = f"{shortened(path, 200)} never takes effect: a policy above or beside doesn't allow {operator} here"
        fix = f"allow {shown(operator)} there with @@operators_allowed_for_child_policies, or remove it here"
    policy.notes.add("DOC014", place, f"policy {policy.name}", message, fix)


def _says_something(node: Node) -> bool:
    return any(
        bool(_listed(plain(entry.value)))
        if entry.key in {"@@assign", "@@append"}
        else not entry.key.startswith("@@") and _says_something(entry.value)
        for entry in entries(node)
    )


def _member(merged: Any, key: str) -> Any:
    if not isinstance(merged, Mapping):
        return _ABSENT
    if key in merged:
        return merged[key]
    return next((value for name, value in merged.items() if name.lower() == key.lower()), _ABSENT)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
