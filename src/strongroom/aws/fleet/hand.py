"""A hand carries out orders with a bounded crew of threads, and tells what it has done."""

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.aws.fleet.orders import Ground, Order, Part, Task, task_of
from strongroom.aws.fleet.shelf import Entry, Log, Segment
from strongroom.aws.readers.harvest import Halted
from strongroom.aws.sessions import THREADS
from strongroom.domain.tables import POLICY_TEXTS, READS, TABLES


@dataclass(frozen=True, slots=True)
class Step:
    """A task is done and has brought others."""

    brought: int
    what: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A task could not do its job, and no other can: everything stops."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Silence:
    """A service never answered in a Region: the others need not find out."""

    region: str
    service: str


Message = Step | Entry | Failure | Silence
_Done = Future[tuple[Part, Sequence[Task]]]


@dataclass(slots=True)
class _Open:
    """An order that is being carried out."""

    order: Order
    waiting: int = 1  # tasks
    parts: list[Part] = field(default_factory=list)


class Hand:
    """Threads of this process that carry out orders; `run` in a thread, `give` and `stop` from any."""

    _STOP: Final = object()

    def __init__(self, ground: Ground, log: Log, tell: Callable[[Message], None], *, threads: int = THREADS) -> None:
        self._ground = ground
        self._log = log
        self._tell = tell
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="strongroom")

    def give(self, order: Order) -> None:
        """Let an order be carried out."""
        self._inbox.put(order)

    def stop(self) -> None:
        """Let `run` end; tasks under way are expected to look at `halt` before their next call."""
        self._ground.reading.halt.set()
        self._inbox.put(self._STOP)

    def run(self) -> None:
        """Carry out orders until `stop`; raises the error of the first that fails."""
        try:
            while (event := self._inbox.get()) is not self._STOP:
                if isinstance(event, Order):
                    self._submit(_Open(event), task_of(event, self._ground))
                elif isinstance(event, tuple):
                    self._took(*event)
        finally:
            self._ground.reading.halt.set()
            self._executor.shutdown(wait=False, cancel_futures=True)

    def ended(self, run: Future[None]) -> None:
        """Tell why `run` ended, if it was an error: whoever waits for this hand has to hear of it."""
        error = run.exception()
        if error is not None:
            self._tell(Failure(error))

    def _submit(self, opened: _Open, task: Task) -> None:
        self._executor.submit(task).add_done_callback(lambda done: self._inbox.put((opened, done)))

    def _took(self, opened: _Open, done: _Done) -> None:
        try:
            part, brought = done.result()
        except Halted:
            return
        opened.parts.append(part)
        opened.waiting += len(brought) - 1
        for task in brought:
            self._submit(opened, task)
        self._tell(Step(len(brought), " ".join(word for word in part.place if word)))
        if not opened.waiting:
            entry = self._stored(opened)
            self._log.enter(entry)
            self._tell(entry)

    def _stored(self, opened: _Open) -> Entry:
        """Write the rows of an order, a segment for each table, and return its entry."""
        parts = sorted(opened.parts, key=lambda part: part.place)
        segments: list[Segment] = [segment for part in parts for segment in part.harvest.segments]
        unread = 0
        for table in TABLES:
            tables = [each for part in parts for each in part.harvest.columns.get(table.name, ())]
            if not tables:
                continue
            data = pa.concat_tables(tables)
            segments.append(self._log.append(table.name, data))
            if table is READS:
                unread = data.num_rows - (pc.sum(data["read"]).as_py() or 0)
            elif table is POLICY_TEXTS:  # from now on nobody else needs to bring them
                self._ground.reading.texts.update(dict.fromkeys(data["digest"].to_pylist()))
        return Entry(
            order=opened.order.name,
            wanted=opened.order.digest,
            reached=all(part.reached for part in parts),
            unread=unread,
            segments=tuple(segments),
            keys=tuple(sorted({key for part in parts for key in part.harvest.keys})),
            roles=tuple(sorted({role for part in parts for role in part.harvest.roles})),
            known=tuple((key.wanted, key.arn, key.manager, key.related) for part in parts for key in part.keys),
            incremental=opened.order.since,
            witnesses=tuple(sorted({witness for part in parts for witness in part.harvest.witnesses})),
        )


def begin(hand: Hand) -> None:
    """Run a hand in a thread of its own, which is no daemon: those of its crew would be too, and the end of a process waits for them."""
    runner = ThreadPoolExecutor(1, thread_name_prefix="strongroom-hand")
    runner.submit(hand.run).add_done_callback(hand.ended)
    runner.shutdown(wait=False)
