"""Everybody who carries out the orders of one reading: threads of this process, and where there is much to read worker processes."""

import os
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from strongroom.aws.fleet import shelf
from strongroom.aws.fleet.hand import Failure, Hand, Message, Silence, Step, begin
from strongroom.aws.fleet.orders import HOME, Ground, Order
from strongroom.aws.fleet.shelf import Entry, Log
from strongroom.aws.fleet.worker import Worker, setup_of
from strongroom.errors import BadInput

ORDERS_AT_ONCE = 12  # of each hand: enough for its threads, few enough that what is done is done whole
PLACES_A_PROCESS = 32  # accounts times Regions; with fewer a process costs more than it saves
PROCESSES_MAX = 64
WAKE_SECONDS = 30.0  # renewed credentials reach workers within this time

Progress = Callable[[int, int, str], None]
Tell = Callable[[Message], None]


def processes_for(accounts: int, regions: int, asked: int | None) -> int:
    """Return how many worker processes read a fleet; 0: threads of this process do. `asked`: at most so many, 1 means none.

    Example:
        >>> processes_for(3, 2, None), processes_for(5000, 2, 4)
        (0, 4)
    """
    if asked is not None and not 1 <= asked <= PROCESSES_MAX:
        raise BadInput(f"{asked} processes can't read", hint=f"name 1 to {PROCESSES_MAX}: --processes 4")
    wanted = asked if asked is not None else min(len(os.sched_getaffinity(0)), accounts * regions // PLACES_A_PROCESS)
    return min(wanted, accounts) if min(wanted, accounts) > 1 else 0


class _Place:
    """A hand or worker with the orders that only it may get: accounts stay where their sessions are."""

    def __init__(self, finished: "queue.SimpleQueue[tuple[_Place, Message]]", make: "Callable[[Tell], Hand | Worker]") -> None:
        self.waiting: deque[Order] = deque()
        self.open = 0
        self.who = make(lambda message: finished.put((self, message)))


class Crowd:
    """Hands of this process and of others; a context manager that ends them all."""

    def __init__(self, ground: Ground, folder: Path, *, processes: int, on_progress: Progress) -> None:
        self._ground = ground
        self._on_progress = on_progress
        self._finished: queue.SimpleQueue[tuple[_Place, Message]] = queue.SimpleQueue()
        self._done = self._known = 0
        self._of_account: dict[str, _Place] = {}
        number = shelf.free_number(folder)
        self._log = Log(folder, shelf.log_name(number))
        ground.reading.spill = self._log.append
        self._here = _Place(self._finished, partial(Hand, ground, self._log))
        ground.reading.sessions.on_silence = lambda region, service: self._finished.put((self._here, Silence(region, service)))
        self._workers: list[_Place] = []
        self._signed = ground.reading.sessions.signing()
        for each in range(processes):
            setup = setup_of(ground.reading.sessions, ground, folder=folder, name=shelf.log_name(number + 1 + each))
            self._workers.append(_Place(self._finished, partial(Worker, setup)))

    def __enter__(self) -> Self:
        if isinstance(self._here.who, Hand):
            begin(self._here.who)
        return self

    def __exit__(self, *_: object) -> None:
        for place in (self._here, *self._workers):
            place.who.stop()
        self._log.close()

    def carry_out(self, orders: Sequence[Order]) -> Iterator[Entry]:
        """Carry out orders and yield each that is done; raises the first error of a task."""
        self._known += len(orders)
        anybodys: deque[Order] = deque()
        for order in orders:
            place = self._here if order.kind in HOME else self._of_account.get(order.account)
            (anybodys if place is None else place.waiting).append(order)
        left = len(orders)
        while left:
            self._hand_out(anybodys)
            try:
                place, message = self._finished.get(timeout=WAKE_SECONDS)
            except queue.Empty:
                self._renew()
                continue
            if isinstance(message, Failure):
                raise message.error
            if isinstance(message, Silence):
                self._spread(message, place)
            elif isinstance(message, Step):
                self._done += 1
                self._known += message.brought
                self._on_progress(self._done, self._known, message.what)
            else:
                left -= 1
                place.open -= 1
                yield message

    def _hand_out(self, anybodys: deque[Order]) -> None:
        """Give everybody as much as they can do at once."""
        for place in (self._here, *self._workers):
            shared = anybodys if place is not self._here or not self._workers else ()
            while place.open < ORDERS_AT_ONCE and (place.waiting or shared):
                order = (place.waiting or anybodys).popleft()
                self._of_account.setdefault(order.account, place)
                place.open += 1
                place.who.give(order)

    def _spread(self, silence: Silence, knows: _Place) -> None:
        """Let everybody know of a silence but who has told of it."""
        self._ground.reading.sessions.hears_nothing(silence.region, silence.service)
        for place in self._workers:
            if place is not knows and isinstance(place.who, Worker):
                place.who.hear_of(silence)

    def _renew(self) -> None:
        signed = self._ground.reading.sessions.signing()
        if signed != self._signed:
            self._signed = signed
            for place in self._workers:
                if isinstance(place.who, Worker):
                    place.who.sign_with(signed)
