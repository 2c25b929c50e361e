"""Holding what a part of `native` declares against the resources that it selects, property by property."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection
from strongroom.proof.links import LinkState
from strongroom.proof.observed import Tables
from strongroom.proof.protected import within
from strongroom.proof.readings import Readings, Unreadable
from strongroom.proof.scope import Scope
from strongroom.semantics.selection_columns import mask

if TYPE_CHECKING:
    from strongroom.proof.engine import Judgement

NAMED = 20  # ARNs in a difference
Row = Mapping[str, Any]  # of the table of resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is compared, and with what: the part of a judgement that needs no chains."""

    estate: Estate
    scope: Scope
    tables: Tables
    readings: Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is instead of what is declared."""

    value: str  # "7 days", "off"
    fix: str  # a command of the AWS CLI
    severity: Severity = Severity.ERROR  # WARNING: nothing is lost by it, or more is kept than declared
    state: LinkState = LinkState.BROKEN  # or UNKNOWN: what was read does not decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One property that a part declares."""

    name: str  # "deletion protection"
    declared: str  # "on"
    column: str  # of the resources; null there: nobody has read it
    read: str = "resources"  # what of a type it is read with, as `reads` has it: resources, details, locks
    judge: Callable[[Row], Seen | None]  # None: it is as declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One declaration under `native`, as far as it can be compared."""

    title: str  # "native databases main"
    select: Selection
    types: tuple[ResourceType, ...]  # that it can be about
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Resources that differ in one property from what a part declares, in the same way."""

    part: str
    trait: str
    declared: str
    seen: Seen  # its fix is that of the first resource
    rows: tuple[Row, ...]  # in the order of their ARNs

    @property
    def message(self) -> str:
        """What is declared and what is there."""
        return f"{self.trait} is {self.seen.value}; {self.part} declares {self.declared}"

    @property
    def subject(self) -> str:
        """The first resource, and how many more."""
        more = len(self.rows) - 1
        return f"{self.rows[0]['arn']} and {more} more" if more else str(self.rows[0]["arn"])

    @property
    def arns(self) -> tuple[str, ...]:
        """The ARNs of the first 20."""
        return tuple(row["arn"] for row in self.rows[:NAMED])


def ground(judgement: "Judgement") -> Ground:
    """Return what a judgement compares with."""
    return Ground(estate=judgement.estate, scope=judgement.scope, tables=judgement.snapshot, readings=judgement.observed.readings)


def resources(given: Ground, kinds: Sequence[ResourceType]) -> pa.Table:
    """Return the resources of some types in governed accounts and Regions."""
    table = given.tables.table("resources")
    return within(given.scope, table.filter(pc.is_in(table["type"], value_set=pa.array([str(each) for each in kinds]))))


def differences(given: Ground, table: pa.Table, parts: Iterable[Part]) -> Iterator[Difference | Unreadable]:
    """Yield where resources differ from what the parts declare, and what nobody has read of them."""
    for part in parts:
        missing = tuple(unread(given, part))
        yield from missing
        told = {(each.account_id, each.region, each.subject) for each in missing}
        found: dict[tuple[str, str, str, Severity, LinkState], list[tuple[Row, Trait, Seen]]] = {}
        for row in selected(part.select, part.types, table):
            for trait in part.traits:
                if row[trait.column] is None:
                    if (row["account_id"], row["region"], f"{trait.read}:{row['type']}") not in told:
                        yield _untold(part, trait, row)
                elif seen := trait.judge(row):
                    key = (trait.name, trait.declared, seen.value, seen.severity, seen.state)
                    found.setdefault(key, []).append((row, trait, seen))
        for several in found.values():
            _, trait, seen = several[0]
            rows = tuple(row for row, _, _ in several)
            yield Difference(part=part.title, trait=trait.name, declared=trait.declared, seen=seen, rows=rows)


def selected(select: Selection, kinds: Sequence[ResourceType], table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of the resources that a part is about, in the order of their ARNs."""
    mine = table.filter(pc.is_in(table["type"], value_set=pa.array([str(each) for each in kinds])))
    return mine.filter(mask(select, mine)).sort_by("arn").to_pylist() if mine.num_rows else []


def unread(given: Ground, part: Part) -> Iterator[Unreadable]:
    """Yield the listings and details of a part's types that nobody could read, and types that it can't be about."""
    select = part.select
    for kind in select.types:
        if kind not in part.types:
            reason = f"{part.title} selects {kind}, of which nobody can tell what it declares"
            yield Unreadable(account_id=given.scope.management, region="", subject=f"resources:{kind}", reason=reason)
    kinds = [kind for kind in part.types if kind not in select.not_types and (not select.types or kind in select.types)]
    subjects = [f"{what}:{kind}" for kind in kinds for what in sorted({"resources", *(trait.read for trait in part.traits)})]
    for place in given.scope.places:
        yield from filter(None, (given.readings.missing(*place, subject) for subject in subjects))


def switched(name: str, column: str, fix: Callable[[Row], str], *, on: bool, read: str = "resources") -> Trait:
    """Return a switch that is declared on or off; what is on beyond that is a warning."""

    def judge(row: Row) -> Seen | None:
        there = row[column]
        severity = Severity.ERROR if on else Severity.WARNING
        return None if there == on else Seen(value=switch(there), fix=fix(row), severity=severity)

    return Trait(name=name, declared=switch(on), column=column, read=read, judge=judge)


def reaching(name: str, column: str, fix: Callable[[Row], str], *, wanted: int, read: str = "resources") -> Trait:
    """Return a number of days that something reaches back, 0 for off; more than is declared is a warning."""

    def judge(row: Row) -> Seen | None:
        there = row[column]
        severity = Severity.ERROR if there < wanted else Severity.WARNING
        return None if there == wanted else Seen(value=days(there), fix=fix(row), severity=severity)

    return Trait(name=name, declared=days(wanted), column=column, read=read, judge=judge)


def switch(on: bool) -> str:  # noqa: FBT001 - the only thing it says
    """Return a switch as it is spoken of."""
    return "on" if on else "off"


def days(number: int) -> str:
    """Return a number of days, 0 as off."""
    return "off" if number == 0 else "1 day" if number == 1 else f"{number} days"


def _untold(part: Part, trait: Trait, row: Row) -> Unreadable:
    reason = f"the snapshot does not tell {trait.name}, which {part.title} declares"
    return Unreadable(account_id=row["account_id"], region=row["region"], subject=f"{trait.read}:{row['type']}", reason=reason)
