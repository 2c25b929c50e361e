"""What the policies of a change plan mean for the resources: who gains and who loses which backups and copies."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.names import PolicyType
from strongroom.domain.organization import units_named
from strongroom.forecast.policydiff import NOTHING, DiffRow, Effect, TagValues, keys_compared, policy_diff
from strongroom.forecast.protection import Protection, of_policy
from strongroom.forecast.unread import UnreadPlace
from strongroom.semantics import policies
from strongroom.workflows.planning.change import path_of

if TYPE_CHECKING:
    from strongroom.ledger import Snapshot

Documents = tuple[str, ...]
COPY = "copy to "


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One thing that a plan does to resources, wherever it does it."""

    effect: Effect
    sentence: str
    rule: str  # plan.rule
    aspect: str  # rule, schedule, retention, copy to …, see forecast.policydiff
    before: str
    after: str
    units: tuple[str, ...]  # paths of the OUs
    resources: int | None  # None without a snapshot of the ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """Everything that a plan's policies mean, losses first, and what could not be told."""

    rows: tuple[Meaning, ...]
    unread: tuple[UnreadPlace, ...]  # places whose resources are not counted
    untold: tuple[str, ...]  # policies whose text can't be read, such as one that somebody edited


def meanings(estate: Estate, deployed: Deployment, snapshot: "Snapshot | None" = None) -> Meanings:
    """Return what changes for whom when the strategy's backup policies take the place of those that are attached.

    With a snapshot, the resources of the accounts below each OU are counted. Plans inside single accounts are not part of it.
    """
    rows: list[tuple[DiffRow, tuple[str, ...]]] = []
    unread: list[UnreadPlace] = []
    untold: list[str] = []
    for (before, after), targets in _situations(estate, deployed).items():
        units = tuple(sorted(path_of(target, deployed) for target in targets))
        old, new = _protection(before), _protection(after)
        if old is None or new is None:
            untold.append(f"the backup policies at {', '.join(units)} can't be read as they are")
            continue
        numbers = None
        if snapshot is not None:
            from strongroom.forecast.counting import counted

            numbers, gaps = counted(snapshot, keys=keys_compared(old, new), governs=targets)
            unread += gaps
        rows += [(row, units) for row in policy_diff(old, new, inventory=numbers).rows]
    found = tuple(_merged(rows))
    order = list(Effect)
    return Meanings(
        rows=tuple(sorted(found, key=lambda each: (order.index(each.effect), each.rule, each.aspect))),
        unread=tuple(dict.fromkeys(unread)),
        untold=tuple(untold),
    )


def _situations(estate: Estate, deployed: Deployment) -> dict[tuple[Documents, Documents], list[str]]:
    """Return the OUs by what is attached there and what will be, where the two differ."""
    before: dict[str, list[str]] = {}
    for policy in deployed.policies:
        if policy.owner == estate.name and policy.type is PolicyType.BACKUP:
            for target in policy.targets:
                before.setdefault(target, []).append(policy.content)
    after: dict[str, list[str]] = {}
    for wanted in estate.policies:
        for unit in {unit.id for each in wanted.targets for unit in units_named(each, deployed.units)}:
            after.setdefault(unit, []).append(wanted.content)
    found: dict[tuple[Documents, Documents], list[str]] = {}
    for target in sorted(before.keys() | after.keys()):
        pair = (tuple(sorted(before.get(target, ()))), tuple(sorted(after.get(target, ()))))
        if pair[0] != pair[1]:
            found.setdefault(pair, []).append(target)
    return found


def _protection(documents: Documents) -> Protection | None:
    """Return what policies of one OU give together; None where AWS would make no plan of them either."""
    try:
        merged = policies.effective([[json.loads(each) for each in documents]], "$account") or {}
        if policies.problems(merged) if merged else ():
            return None
        return of_policy(merged, name="")
    except (ValueError, policies.PolicyError, AttributeError, TypeError):  # what somebody wrote by hand
        return None


def _merged(rows: Iterable[tuple[DiffRow, tuple[str, ...]]]) -> Iterator[Meaning]:
    """Yield one meaning for what happens to several kinds of resources, or in several OUs, alike."""
    alike: dict[tuple[Effect, str, str, str, str], list[tuple[DiffRow, tuple[str, ...]]]] = {}
    for row, units in rows:
        alike.setdefault((row.effect, row.rule, row.aspect, row.before, row.after), []).append((row, units))
    for (effect, rule, aspect, before, after), several in alike.items():
        numbers = [row.resources for row, _ in several]
        resources = None if None in numbers else sum(number for number in numbers if number is not None)
        units = tuple(sorted({unit for _, each in several for unit in each}))
        yield Meaning(
            effect=effect,
            sentence=f"{_who(resources, [row for row, _ in several])} {_what(effect, rule, aspect, before, after, one=resources == 1)}",
            rule=rule,
            aspect=aspect,
            before=before,
            after=after,
            units=units,
            resources=resources,
        )


def _who(resources: int | None, rows: Sequence[DiffRow]) -> str:
    tags = dict.fromkeys(_tags(row.tags) for row in rows)
    described = " or ".join(tag for tag in tags if tag)
    if resources is not None:
        return f"{resources} {'resource' if resources == 1 else 'resources'}"
    return f"resources with {described}" if described and "" not in tags else "resources"


def _tags(tags: Sequence[TagValues]) -> str:
    return " and ".join(f"{tag.key}={'|'.join((*tag.values, *(('…',) if tag.others else ())))}" for tag in tags)


def _what(effect: Effect, rule: str, aspect: str, before: str, after: str, *, one: bool) -> str:
    """Return the rest of the sentence; `one`: about one resource."""
    end = "s" if one else ""
    if aspect == "rule":
        return f"gain{end} backups by {rule}: {after}" if before == NOTHING else f"lose{end} the backups by {rule} ({before})"
    if aspect.startswith(COPY) and NOTHING in (before, after):
        account, region, vault = _destination(aspect)
        place = f"in {region} (vault {vault}, {account}) by {rule}"
        return f"gain{end} a copy {place}, kept {after}" if before == NOTHING else f"lose{end} the copy {place}"
    verb = {Effect.LOSES: f"lose{end}", Effect.GAINS: f"gain{end}", Effect.CHANGES: f"change{end}"}[effect]
    return f"{verb} by {rule}, {aspect}: {before} -> {after}"


def _destination(aspect: str) -> tuple[str, str, str]:
    parts: Mapping[int, str] = dict(enumerate(aspect.removeprefix(COPY).split("/", 2)))
    account = parts.get(0, "")
    return ("their own account" if account == "$account" else f"account {account}"), parts.get(1, ""), parts.get(2, "")
