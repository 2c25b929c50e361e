"""Which tag values and types gain or lose what protection between two strategies, or two backup policies."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final

from strongroom.domain.names import ResourceType, RetentionDays
from strongroom.domain.organization import is_below
from strongroom.domain.strategy import Lock, LockMode
from strongroom.forecast.calendar import days_in_words
from strongroom.forecast.cells import Box, Cell, Group, boxes, groups
from strongroom.forecast.protection import Protection, ProtectionRule
from strongroom.semantics.lifecycle import is_forever
from strongroom.semantics.schedule import CronError, interval_minutes_max, parse_cron

NOTHING: Final = "nothing"


class Effect(StrEnum):
    """What a change does to the protection."""

    LOSES = "loses"
    GAINS = "gains"
    CHANGES = "changes"  # neither can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class TagValues:
    """A tag key with the values that a row is about."""

    key: str
    values: tuple[str, ...]
    others: bool  # also every other value, and resources without the tag


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One change for some resources."""

    effect: Effect
    tags: tuple[TagValues, ...]  # all of them; none: whatever the tags
    types: tuple[ResourceType, ...]  # empty: every type
    rule: str  # plan.rule, or what else changed: an OU, a vault
    aspect: str  # rule, schedule, runs, retention, cold storage, continuous, vault, Regions, windows, copy to …, lock, governed
    before: str
    after: str
    resources: int | None  # how many of the inventory, None without one, or where it isn't about resources


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDiff:
    """Everything that differs, losses first."""

    before: str
    after: str
    rows: tuple[DiffRow, ...]

    @property
    def loses(self) -> bool:
        """Whether any protection is lost."""
        return any(row.effect is Effect.LOSES for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many resources of an inventory have the same type, Region and values under the tag keys that matter."""

    type: ResourceType
    region: str
    tags: tuple[tuple[str, str], ...]
    resources: int


@dataclass(frozen=True, slots=True)
class _Change:
    rule: str
    aspect: str
    before: str
    after: str
    effect: Effect
    regions: tuple[str, ...] = ()  # where resources must be to be concerned


def keys_compared(before: Protection, after: Protection) -> tuple[str, ...]:
    """Return the tag keys that the plans of two sides tell resources apart by."""
    return tuple(sorted({key for group in groups((*before.plans, *after.plans)) for key in group.keys}))


def policy_diff(before: Protection, after: Protection, *, inventory: Iterable[Counted] | None = None) -> PolicyDiff:
    """Return which resources gain or lose what when `after` takes the place of `before`.

    Where one of the sides doesn't say what is opted in, every type counts as opted in on both. Raises BadInput where the plans
    tell too many combinations of tags apart.
    """
    counted = None if inventory is None else tuple(inventory)
    comparable = before.opt_in is not None and after.opt_in is not None
    opt_in = [{str(kind): not comparable or kind in (side.opt_in or ()) for kind in ResourceType} for side in (before, after)]
    rows: list[DiffRow] = []
    for group in groups((*before.plans, *after.plans)):
        points: dict[_Change, list[tuple[object, ...]]] = {}
        for cell in group.cells():
            for kind in ResourceType:
                old, new = (_given(side, group, cell, kind, on) for side, on in zip((before, after), opt_in, strict=True))
                for change in _changes(old, new) if old != new else ():
                    points.setdefault(change, []).append((kind, *cell))
        rows += [_row(group, change, box, counted) for change, found in points.items() for box in boxes(found)]
    rows += [_general(change) for change in (*_governed(before, after), *_locks(before, after))]
    order = list(Effect)
    rows.sort(key=lambda row: (order.index(row.effect), _sortable(row.tags), row.types, row.rule))
    return PolicyDiff(before=before.name, after=after.name, rows=tuple(rows))


def _sortable(tags: Sequence[TagValues]) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
    return tuple((tag.key, tag.values, tag.others) for tag in tags)


def _given(side: Protection, group: Group, cell: Cell, kind: ResourceType, opt_in: Mapping[str, bool]) -> tuple[ProtectionRule, ...]:
    tags = group.tags(cell)
    return tuple(rule for plan in side.plans if plan.name in group.plans and plan.selects(kind, tags, opt_in) for rule in plan.rules)


def _changes(before: Sequence[ProtectionRule], after: Sequence[ProtectionRule]) -> Iterator[_Change]:
    """Pair the rules of both sides, by name and then by likeness, and yield what differs."""
    old, new = list(before), list(after)
    for alike in (_name, _same_but_name, _same_time):
        pairs, old, new = _paired(old, new, alike)
        for one, other in pairs:
            yield from _rule_changes(one, other)
    for rule in old:
        yield _Change(_called(rule), "rule", _summary(rule), NOTHING, Effect.LOSES, rule.regions)
    for rule in new:
        yield _Change(_called(rule), "rule", NOTHING, _summary(rule), Effect.GAINS, rule.regions)


def _name(rule: ProtectionRule) -> object:
    return rule.plan, rule.rule


def _same_but_name(rule: ProtectionRule) -> object:
    return rule.schedule, rule.timezone, rule.regions, rule.vault, rule.keep, rule.copies


def _same_time(rule: ProtectionRule) -> object:
    return rule.schedule, rule.timezone


Rules = list[ProtectionRule]


def _paired(
    old: Rules, new: Rules, alike: Callable[[ProtectionRule], object]
) -> tuple[list[tuple[ProtectionRule, ProtectionRule]], Rules, Rules]:
    pairs, left, waiting = [], [], list(new)
    for rule in old:
        other = next((each for each in waiting if alike(each) == alike(rule)), None)
        if other is None:
            left.append(rule)
        else:
            waiting.remove(other)
            pairs.append((rule, other))
    return pairs, left, waiting


def _rule_changes(old: ProtectionRule, new: ProtectionRule) -> Iterator[_Change]:
    called = _called(old) if _name(old) == _name(new) else f"{_called(old)} (now {_called(new)})"
    regions = tuple(dict.fromkeys((*old.regions, *new.regions)))

    def change(aspect: str, before: str, after: str, effect: Effect) -> _Change:
        return _Change(called, aspect, before, after, effect, regions)

    if (old.schedule, old.timezone) != (new.schedule, new.timezone):
        effect = _more((-_interval(old), -old.lost), (-_interval(new), -new.lost))
        yield change("schedule", _times(old), _times(new), effect)
    elif old.runs != new.runs:
        yield change("runs", f"{old.runs} in a year", f"{new.runs} in a year", _more(old.runs, new.runs))
    if old.keep != new.keep:
        yield change("retention", days_in_words(old.keep), days_in_words(new.keep), _more(_days(old.keep), _days(new.keep)))
    if old.continuous != new.continuous:
        yield change("continuous", _yes(old.continuous), _yes(new.continuous), _more(old.continuous, new.continuous))
    if set(old.regions) != set(new.regions):
        yield from _set_changes(called, "Regions", old.regions, new.regions)
    for aspect, before, after in (
        ("vault", old.vault, new.vault),
        ("cold storage", _cold(old.cold_after_days), _cold(new.cold_after_days)),
        ("start window", f"{old.start_within_minutes}m", f"{new.start_within_minutes}m"),
        ("completion window", f"{old.complete_within_minutes}m", f"{new.complete_within_minutes}m"),
    ):
        if before != after:
            yield change(aspect, before, after, Effect.CHANGES)
    yield from _copy_changes(old, new, change)


def _copy_changes(old: ProtectionRule, new: ProtectionRule, change: Callable[[str, str, str, Effect], _Change]) -> Iterator[_Change]:
    before, after = ({copy.destination: copy for copy in rule.copies} for rule in (old, new))
    for place in dict.fromkeys((*before, *after)):
        one, other, aspect = before.get(place), after.get(place), f"copy to {place}"
        if one is None and other is not None:
            yield change(aspect, NOTHING, days_in_words(other.keep), Effect.GAINS)
        elif one is not None and other is None:
            yield change(aspect, days_in_words(one.keep), NOTHING, Effect.LOSES)
        elif one is not None and other is not None:
            if one.keep != other.keep:
                yield change(aspect, days_in_words(one.keep), days_in_words(other.keep), _more(_days(one.keep), _days(other.keep)))
            if one.cold_after_days != other.cold_after_days:
                yield change(f"{aspect}, cold storage", _cold(one.cold_after_days), _cold(other.cold_after_days), Effect.CHANGES)


def _set_changes(called: str, aspect: str, before: Sequence[str], after: Sequence[str]) -> Iterator[_Change]:
    """Yield one change for what is gone and one for what is new, each only for resources that are there."""
    gone = tuple(each for each in before if each not in after)
    new = tuple(each for each in after if each not in before)
    if gone:
        yield _Change(called, aspect, ", ".join(gone), NOTHING, Effect.LOSES, gone)
    if new:
        yield _Change(called, aspect, NOTHING, ", ".join(new), Effect.GAINS, new)


def _governed(before: Protection, after: Protection) -> Iterator[_Change]:
    if before.governs is None or after.governs is None:
        return
    for unit in before.governs:
        if not is_below(unit, after.governs):
            yield _Change(f"organizational unit {unit}", "governed", "yes", "no", Effect.LOSES)
    for unit in after.governs:
        if not is_below(unit, before.governs):
            yield _Change(f"organizational unit {unit}", "governed", "no", "yes", Effect.GAINS)


def _locks(before: Protection, after: Protection) -> Iterator[_Change]:
    """Yield the locks that differ, of vaults that both sides have."""
    new = dict(after.locks)
    for vault, old_lock in before.locks:
        if vault in new and _lock(old_lock) != _lock(new[vault]):
            effect = _more(_strength(old_lock), _strength(new[vault]))
            yield _Change(f"vault {vault}", "lock", _lock(old_lock), _lock(new[vault]), effect)


def _strength(lock: Lock | None) -> tuple[int, int]:
    return (0, 0) if lock is None else (2 if lock.mode is LockMode.COMPLIANCE else 1, lock.min_days)


def _lock(lock: Lock | None) -> str:
    if lock is None:
        return "none"
    grace = f", grace {lock.grace_days}d" if lock.grace_days is not None else ""
    return f"{lock.mode.value}, {lock.min_days}d to {f'{lock.max_days}d' if lock.max_days is not None else 'no maximum'}{grace}"


def _row(group: Group, change: _Change, box: Box, counted: Sequence[Counted] | None) -> DiffRow:
    kinds, *values = box
    return DiffRow(
        effect=change.effect,
        tags=tuple(
            TagValues(key=key, values=tuple(sorted(str(value) for value in chosen if value is not None)), others=None in chosen)
            for key, chosen, known in zip(group.keys, values, group.values, strict=True)
            if len(chosen) < len(known)
        ),
        types=() if len(kinds) == len(ResourceType) else tuple(kind for kind in ResourceType if kind in kinds),
        rule=change.rule,
        aspect=change.aspect,
        before=change.before,
        after=change.after,
        resources=None if counted is None else _resources(group, change, box, counted),
    )


def _resources(group: Group, change: _Change, box: Box, counted: Sequence[Counted]) -> int:
    return sum(
        each.resources
        for each in counted
        if each.region in change.regions
        and all(value in chosen for value, chosen in zip((each.type, *group.cell_of(dict(each.tags))), box, strict=True))
    )


def _general(change: _Change) -> DiffRow:
    return DiffRow(
        effect=change.effect,
        tags=(),
        types=(),
        rule=change.rule,
        aspect=change.aspect,
        before=change.before,
        after=change.after,
        resources=None,
    )


def _more(before: object, after: object) -> Effect:
    """Return the effect of a measure of protection that grows or shrinks."""
    if before == after:
        return Effect.CHANGES
    return Effect.GAINS if after > before else Effect.LOSES  # type: ignore[operator]


def _interval(rule: ProtectionRule) -> float:
    try:
        return interval_minutes_max(parse_cron(rule.schedule), rule.timezone)
    except CronError:
        return inf


def _days(keep: RetentionDays) -> float:
    return inf if is_forever(keep) else float(keep)  # type: ignore[arg-type]


def _called(rule: ProtectionRule) -> str:
    return f"{rule.plan}.{rule.rule}"


def _times(rule: ProtectionRule) -> str:
    return f"{rule.schedule} {rule.timezone}, {rule.runs} runs in a year"


def _summary(rule: ProtectionRule) -> str:
    copies = "".join(f"; copy to {copy.destination} {days_in_words(copy.keep)}" for copy in rule.copies)
    continuous = ", continuous" if rule.continuous else ""
    return f"{_times(rule)}, keeps {days_in_words(rule.keep)} in {', '.join(rule.regions)}{continuous}{copies}"


def _cold(days: int | None) -> str:
    return "never" if days is None else f"after {days}d"


def _yes(on: bool) -> str:  # noqa: FBT001 - it turns a boolean into a word
    return "on" if on else "off"
