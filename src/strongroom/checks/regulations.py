"""Statements of regulations, and the plans that each declared regulation is about."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from strongroom.checks.check import Problem
from strongroom.checks.reach import Cell, cells, plans_reaching
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.strategy import Regulation, RegulationName


class Demand(StrEnum):
    """What a configuration can be held against."""

    SEPARATE_ACCOUNT = "separate-account"
    OTHER_REGION = "other-region"
    LOCKED = "locked"
    COMPLIANCE_LOCKED = "compliance-locked"
    END = "end"  # nothing is kept without end
    MINIMUM_DAYS = "minimum-days"
    OBJECTIVES = "objectives"  # an RPO and an RTO are declared
    INSIDE_UNION = "inside-union"  # copies stay in the European Economic Area
    RESTORE_TESTS = "restore-tests"  # what is backed up is restored as a test
    NOT_JUDGED = "not-judged"  # by this release


_SEEN = {
    "text": "its wording was seen quoted",
    "secondary": "seen in a secondary source",
    "unread": "not verified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a regulation says, summarized, and how surely."""

    regulation: RegulationName
    clause: str
    words: str
    seen: str  # how far the wording was verified, as words
    demand: Demand
    days: int  # of MINIMUM_DAYS, and of RESTORE_TESTS where the words say how far apart two tests may be; 0 otherwise
    reason: str  # of NOT_JUDGED; empty otherwise

    def __str__(self) -> str:
        return f"{self.clause}: {self.words} ({self.seen})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Resources that a regulation is about, and the plans that may protect them; any of these may meet a demand."""

    words: str
    cells: tuple[Cell, ...]
    plans: tuple[BackupPlan, ...]


@cache
def statements() -> tuple[Statement, ...]:
    """Return all statements, in the order of their file."""
    written = tomllib.loads(files("strongroom.checks").joinpath("statements.toml").read_text(encoding="utf-8"))
    return tuple(
        Statement(
            regulation=RegulationName(each["regulation"]),
            clause=each["clause"],
            words=each["words"],
            seen=_SEEN[each["seen"]],
            demand=Demand(each["demand"]),
            days=each.get("days", 0),
            reason=each.get("reason", ""),
        )
        for each in written["statement"]
    )


def demands(estate: Estate, *wanted: Demand) -> Iterator[tuple[Regulation, Statement]]:
    """Yield each declared regulation with each of its statements that makes one of the demands."""
    for regulation in estate.regulations:
        for statement in statements():
            if statement.regulation is regulation.name and statement.demand in wanted:
                yield regulation, statement


def subjects(estate: Estate, regulation: Regulation) -> Iterator[Subject]:
    """Yield what a regulation is about: every plan alone, or each part of its selection with the plans that may take it."""
    if regulation.select is None:
        for plan in estate.plans:
            yield Subject(words=f"plan {plan.name}", cells=tuple(cells(plan.select)), plans=(plan,))
        return
    for cell in cells(regulation.select):
        yield Subject(words=str(cell), cells=(cell,), plans=plans_reaching(estate, cell))


def unmet(
    estate: Estate,
    demand: Demand,
    met: Callable[[BackupPlan, Statement], bool],
    lack: str,
    fix: str,
    *,
    natively: Callable[[Subject], bool] = lambda _: False,
) -> Iterator[Problem]:
    """Yield a problem for each subject of which neither a plan nor something native meets a demand; `lack` follows what it lacks."""
    for regulation, statement in demands(estate, demand):
        for subject in subjects(estate, regulation):
            if any(met(plan, statement) for plan in subject.plans) or natively(subject):
                continue
            yield Problem(
                subject=f"regulation {regulation.name}, {subject.words}",
                message=f"{regulation.name}: {subject.words} {lack if subject.plans else 'is selected by no plan'}",
                why=str(statement),
                help=fix if subject.plans else "add a plan that selects it, or narrow the regulation's select",
                origin=regulation.origin,
            )
