"""A regulation asks for restore tests, and none covers what it is about

Why:     The statement that the finding quotes asks to test that what is backed up can be restored. Recovery points that nobody
         has restored are a hope.
Fix:     Add a restore test, with a vault that the plans write into, and types and tags of what the regulation is about.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Says only what no
         declared test can meet: one that may find something of each part of `select` is enough, without `select` one that finds
         something of any plan. Whether tests ran is REG008, what they prove RST001 to RST005.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: FM26
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.regulations import Demand, Statement, Subject, demands, subjects
from strongroom.checks.testing import restores
from strongroom.checks.timetable import MINUTES_PER_DAY
from strongroom.checks.walk import days, listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Regulation, RestoreTest
from strongroom.semantics.schedule import UNBOUNDED_MINUTES, interval_minutes_max, parse_cron


@check("REG009", severity=Severity.WARNING)
def regulation_wants_restore_tests(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for a restore test, often enough, for each part of what a regulation is about."""
    for regulation, statement in demands(estate, Demand.RESTORE_TESTS):
        for words, parts in _wholes(estate, regulation):
            tests = [test for test in estate.restore_tests if _covers(estate, test, parts)]
            if any(_often_enough(test, statement) for test in tests):
                continue
            bound = f"every {days(statement.days)}" if statement.days else "more than once"
            names = f"restore test {listed(test.name for test in tests)}, which does not run {bound}" if tests else "no restore test"
            yield Problem(
                subject=f"regulation {regulation.name}, {words}",
                message=f"{regulation.name}: {words} is restored by {names}",
                why=str(statement),
                help="add under restore_tests one with from: a vault that the plans write into, or narrow the regulation's select",
                origin=regulation.origin,
            )


def _wholes(estate: Estate, regulation: Regulation) -> Iterator[tuple[str, tuple[Subject, ...]]]:
    """Yield what must be tested, with the subjects of which one is enough: no text asks for a test of every plan."""
    parts = tuple(subjects(estate, regulation))
    if regulation.select is None:
        yield "what plans protect", parts
    else:
        yield from ((subject.words, (subject,)) for subject in parts)


def _covers(estate: Estate, test: RestoreTest, parts: tuple[Subject, ...]) -> bool:
    return any(restores(estate, test, cell, subject.plans) for subject in parts for cell in subject.cells)


def _often_enough(test: RestoreTest, statement: Statement) -> bool:
    gap = interval_minutes_max(parse_cron(test.schedule), test.timezone)
    return gap <= statement.days * MINUTES_PER_DAY if statement.days else gap < UNBOUNDED_MINUTES
