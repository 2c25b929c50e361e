"""A backup plan and its rules in any of the grammars of `wirenames` -> drafts."""

from strongroom.documents.drafts import DraftCopy, DraftLifecycle, DraftRule
from strongroom.documents.fields import Fields
from strongroom.documents.nodes import Opaque
from strongroom.documents.selections import note_console_vault
from strongroom.documents.wirenames import WireNames
from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.domain.origin import Unread
from strongroom.facts import Fact, limit


def rules(plan: Fields, names: WireNames, *, strict: bool = True) -> tuple[tuple[DraftRule, ...], Unread | None]:
    """Return the rules of a plan, and why there may be others that are unknown."""
    found = plan.objects(names.rules, "rule", required=True)
    if isinstance(found, Unread):
        return (), found
    if not found and plan.value(names.rules) is not None:
        plan.wrong(names.rules, f"{names.rules} is empty", "add a rule", code="DOC010")
    most = limit("rules_per_plan")
    if len(found) > most.value:
        plan.wrong(names.rules, f"{plan.subject} has {len(found)} {most.unit}, {most.value} allowed", "use two plans", code="DOC022")
    return tuple(_rule(each, plan.subject, names, strict=strict) for each in found), None


def _rule(rule: Fields, plan: str, names: WireNames, *, strict: bool) -> DraftRule:
    name = rule.text(names.rule_name, required=True)
    if isinstance(name, str):
        rule.subject = f"rule {plan.removeprefix('plan ')}.{name}"
    else:
        rule.subject = f"{rule.subject} of {plan}"
    if strict:
        rule.only(names.rule_keys)
    return DraftRule(
        name=name,
        schedule=rule.text(names.schedule),
        timezone=rule.text(names.timezone),
        start_within_minutes=_within(rule, names.start, limit("start_window_minutes_min"), limit("start_window_minutes_max"), names),
        complete_within_minutes=_within(rule, names.complete, None, limit("completion_window_minutes_max"), names),
        lifecycle=_lifecycle(rule, names, strict=strict),
        continuous=rule.flag(names.continuous),
        vault=_vault(rule, names.vault),
        air_gapped_arn=rule.text(names.air_gapped),
        copies=_copies(rule, names, strict=strict),
        subject=rule.subject,
        origin=rule.origin,
        schedule_origin=rule.notes.origin(rule.place(names.schedule)),
        timezone_origin=rule.notes.origin(rule.place(names.timezone)),
    )


def _copies(rule: Fields, names: WireNames, *, strict: bool) -> tuple[DraftCopy, ...] | Unread:
    found = rule.objects(names.copies, f"{rule.subject}, copy")
    if isinstance(found, Unread):
        return found
    most = limit("copies_per_rule")
    if len(found) > most.value:
        rule.wrong(names.copies, f"{rule.subject} has {len(found)} {most.unit}, {most.value} allowed", "use two rules", code="DOC022")
    if strict:
        for copy in found:
            copy.only({names.destination, names.lifecycle})
    return tuple(
        DraftCopy(
            vault_arn=_vault(copy, names.destination),
            lifecycle=_lifecycle(copy, names, strict=strict),
            origin=copy.origin,
        )
        for copy in found
    )


def _vault(fields: Fields, key: str) -> str | Unread | None:
    vault = fields.text(key, required=True)
    if isinstance(vault, str):
        note_console_vault(fields.notes, fields.place(key), fields.subject, vault)
    return vault


def _lifecycle(holder: Fields, names: WireNames, *, strict: bool) -> DraftLifecycle | Unread:
    written: Fields | Unread | None
    if names.listed_lifecycle and not isinstance(holder.value(names.lifecycle), Opaque):
        several = holder.objects(names.lifecycle, holder.subject)
        written = several if isinstance(several, Unread) else (several[0] if several else None)
        if isinstance(written, Fields):
            written.subject = holder.subject
    else:
        written = holder.object(names.lifecycle)
    if written is None:
        return DraftLifecycle()
    if isinstance(written, Unread):
        return written
    if strict:
        written.only(names.lifecycle_keys)
    cold = _within(written, names.cold, None, limit("retention_days_max"), names)
    cold = None if cold == limit("retention_days_never").value else cold
    return DraftLifecycle(keep=_keep(written, names), cold_after_days=cold, archive=written.flag(names.archive))


def _keep(written: Fields, names: WireNames) -> RetentionDays | Unread | None:
    days = _within(written, names.delete, limit("retention_days_min"), limit("retention_days_max"), names)
    return FOREVER if days == limit("retention_days_never").value else days


def _within(fields: Fields, key: str, low: Fact | None, high: Fact, names: WireNames) -> int | Unread | None:
    """Return a number inside AWS's bounds; -1 passes where it means never."""
    number = fields.number(key)
    if not isinstance(number, int) or (names.zero_is_absent and number == 0):
        return number if isinstance(number, Unread) else None
    least = int(low.value) if low else 0
    days = high.name.startswith("retention_days")
    if days and number == limit("retention_days_never").value:
        return number
    if least <= number <= high.value:
        return number
    fields.wrong(key, f"{key} is {number}, {least} to {high.value} allowed", f"write a number from {least} to {high.value}", code="DOC013")
    return Unread(f"{key} is out of bounds")
