"""The durable run: the tests of a batch go through the same steps together, and each step's result is stored.

Tests wait for AWS most of their time, so those of a batch wait at once. A batch is small: what it restored exists until it is examined.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbos import DBOS

from strongroom.domain.recovery import TestRecord
from strongroom.domain.recoveryjson import decode, encode
from strongroom.workflows import durable, runs
from strongroom.workflows.runs import RunKind
from strongroom.workflows.testing.orders import Subject, TestOrder, Untested, Way
from strongroom.workflows.testing.steps import STEPS, Context, Means, record_of, together

BATCH = 8  # tests whose restored resources exist at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A run that has come to its end."""

    run_id: str
    records: tuple[TestRecord, ...]
    untested: tuple[Untested, ...]


def start_test(order: TestOrder, means: Means) -> Tested:
    """Carry out a run of tests.

    Raises Stopped on an interrupt or when the credentials end, BadInput when another run is at work or the ledger can't be written.
    """
    attributes = {"strategy": order.strategy, "steps": len(_batches(order)) * (1 + len(STEPS))}
    with durable.alone(means.home, order.run_id):
        ways = durable.start(
            _test,
            encode(order),
            run_id=order.run_id,
            attributes=attributes,
            work=durable.Work(means),
            home=means.home,
            mark=runs.MARKS[RunKind.TEST],
        )
    return _tested(order, ways)


def resume_test(run_id: str, means_for: Callable[[TestOrder], Means], *, home: Path) -> Tested:
    """Go on with an interrupted run of tests; raises BadInput when there is no such run, else as `start_test`."""
    with durable.alone(home, run_id):
        stored = runs.stored(run_id, home)
        order = decode(TestOrder, stored.arguments[0])
        ways = durable.go_on(run_id, work=durable.Work(means_for(order)), home=home, version=stored.version)
    return _tested(order, ways)


@DBOS.workflow(name=RunKind.TEST.value)
def _test(document: Mapping[str, Any]) -> list[Any]:
    order = decode(TestOrder, document)
    done: list[Any] = []
    for number, batch in enumerate(_batches(order)):
        ways = durable.step(f"{number} begin", _begin, [encode(each) for each in batch])
        for place, (title, _) in enumerate(STEPS):
            ways = durable.step(f"{number} {title}", _step, place, number, document, ways)
        done += ways
    return done


def _begin(subjects: list[Any]) -> list[Any]:
    now = durable.means().sessions.observed_at()
    return [encode(Way(subject=decode(Subject, each), started_at=now)) for each in subjects]


def _step(place: int, batch: int, document: Mapping[str, Any], ways: list[Any]) -> list[Any]:
    order, means = decode(TestOrder, document), durable.means()
    context = Context(order=order, means=means, halt=durable.halted())
    title, step = STEPS[place]
    means.on_progress(batch * len(STEPS) + place, len(_batches(order)) * len(STEPS), title)
    return [encode(each) for each in together(step, context, [decode(Way, each) for each in ways])]


def _batches(order: TestOrder) -> list[tuple[Subject, ...]]:
    return [order.subjects[first : first + BATCH] for first in range(0, len(order.subjects), BATCH)]


def _tested(order: TestOrder, ways: list[Any]) -> Tested:
    ended = [decode(Way, each) for each in ways]
    return Tested(
        run_id=order.run_id,
        records=tuple(record_of(order, way) for way in ended if way.point is not None),
        untested=tuple(Untested(subject=way.subject, reason=way.untested) for way in ended if way.point is None),
    )
