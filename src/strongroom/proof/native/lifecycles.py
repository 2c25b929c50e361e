"""What `native: buckets` declares of lifecycle rules: where objects and their versions move, and when they end.

Source: S3 API reference, LifecycleRule.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongroom.domain.changeplan import canonical
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import NativeBuckets, StorageClass, Transition
from strongroom.proof.native.comparing import Row, Seen, Trait

Rule = Mapping[str, Any]
_KEYWORDS: Mapping[str, str] = {each.value: each.keyword for each in StorageClass}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Members:
    """Where a rule says something of current objects, or of those that no longer are."""

    what: str
    end: str
    moves: str
    days: str


_CURRENT = _Members(what="objects", end="Expiration", moves="Transitions", days="Days")
_OLD = _Members(what="old versions", end="NoncurrentVersionExpiration", moves="NoncurrentVersionTransitions", days="NoncurrentDays")


def lifecycle_traits(declared: NativeBuckets) -> Iterator[Trait]:
    """Yield ends and moves of objects and of old versions; where nothing of it is declared, moves are not compared."""
    for members, keep, moves in (
        (_CURRENT, declared.expire_after_days, declared.transitions),
        (_OLD, declared.noncurrent_expire_after_days, declared.noncurrent_transitions),
    ):
        yield _trait(declared, f"the end of {members.what}", _after(keep), _ends(members, keep))
        if declared.has_lifecycle:
            wanted = _moved(moves)
            yield _trait(declared, f"where {members.what} move", wanted or "nowhere", _moves(members, wanted))


def _trait(declared: NativeBuckets, name: str, wanted: str, compare: Callable[[Sequence[Rule]], tuple[str, Severity] | None]) -> Trait:
    def judge(row: Row) -> Seen | None:
        found = compare(json.loads(row["lifecycle"]))
        return Seen(value=found[0], severity=found[1], fix=_command(row, declared)) if found else None

    return Trait(name=name, declared=wanted, column="lifecycle", read="details", judge=judge)


def _ends(members: _Members, wanted: int | None) -> Callable[[Sequence[Rule]], tuple[str, Severity] | None]:
    def compare(rules: Sequence[Rule]) -> tuple[str, Severity] | None:
        dated = sorted(str(rule[members.end]["Date"])[:10] for rule in rules if (rule.get(members.end) or {}).get("Date"))
        if dated:
            return f"on {dated[0]}", Severity.WARNING if wanted is None else Severity.ERROR
        ends = [(rule[members.end][members.days], whole(rule)) for rule in rules if (rule.get(members.end) or {}).get(members.days)]
        first = min((after for after, _ in ends), default=None)
        if wanted is None:
            return None if first is None else (_after(first), Severity.WARNING)
        if first is not None and first < wanted:
            return f"{_after(first)}{'' if (first, True) in ends else ' for some'}", Severity.ERROR
        everything = min((after for after, all_of_them in ends if all_of_them), default=None)
        return None if everything == wanted else (_after(everything), Severity.WARNING)

    return compare


def _moves(members: _Members, wanted: str) -> Callable[[Sequence[Rule]], tuple[str, Severity] | None]:
    def compare(rules: Sequence[Rule]) -> tuple[str, Severity] | None:
        there = sorted(
            (move.get(members.days, 0), move["StorageClass"], whole(rule))
            for rule in rules
            for move in rule.get(members.moves) or ()
        )  # fmt: skip
        said = ", ".join(f"{_move(after, to)}{'' if all_of_them else ' for some'}" for after, to, all_of_them in dict.fromkeys(there))
        return None if said == wanted else (said or "nowhere", Severity.WARNING)

    return compare


def whole(rule: Rule) -> bool:
    """Tell whether a rule of lifecycle or replication is about all objects of its bucket."""
    chosen = rule.get("Filter") or {}
    return not rule.get("Prefix") and not any(value for value in chosen.values())


def _after(days: int | None) -> str:
    return "never" if days is None else f"after {days} day{'' if days == 1 else 's'}"


def _moved(transitions: Sequence[Transition]) -> str:
    return ", ".join(_move(each.after_days, each.to) for each in sorted(transitions, key=lambda each: (each.after_days, each.to)))


def _move(after: int, to: str) -> str:
    return f"to {_KEYWORDS.get(to, to)} after {after} days"


def _command(row: Row, declared: NativeBuckets) -> str:
    """Return what sets the declared rules, and no other; without any, what takes the rules away."""
    bucket = f"--region {row['region']} --bucket {row['name']}"
    if not declared.has_lifecycle:
        return f"s3api delete-bucket-lifecycle {bucket}, or say under native buckets {declared.name} how long they are kept"
    rule: dict[str, Any] = {"ID": declared.name, "Status": "Enabled", "Filter": {}}
    for members, keep, moves in (
        (_CURRENT, declared.expire_after_days, declared.transitions),
        (_OLD, declared.noncurrent_expire_after_days, declared.noncurrent_transitions),
    ):
        rule |= {members.moves: [{members.days: each.after_days, "StorageClass": each.to} for each in moves]} if moves else {}
        rule |= {members.end: {members.days: keep}} if keep is not None else {}
    return f"s3api put-bucket-lifecycle-configuration {bucket} --lifecycle-configuration '{canonical({'Rules': [rule]})}'"
