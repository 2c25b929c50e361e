"""The passage of time: AWS Backup does what is due, then the clock moves."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from strongroom.twin.clock import LONGEST_STEP, Clock
from strongroom.twin.ports import BackupService


class Passage:
    """Lets time pass, exclusively; `progress` may be asked meanwhile."""

    def __init__(self, clock: Clock, backup: BackupService, lock: threading.RLock) -> None:
        self._clock = clock
        self._backup = backup
        self._lock = lock
        self._progress: dict[str, Any] = {"moving": False}
        self.watch: Callable[[], None] = lambda: None  # called after each step, with the lock held
        self.standstill: Callable[[], AbstractContextManager[None]] = nullcontext  # nobody writes past the lock inside it

    def catch_up(self) -> None:
        """Let everything happen that is due by now."""
        self._backup.run_until(self._clock.now())

    def advance(self, to: datetime) -> dict[str, Any]:
        """Move to `to` in steps of a day at most, and return the new now with what happened: counts of jobs and points.

        The steps make no difference to what happens; they let other services' instants follow and progress be seen.
        """
        with self._lock, self.standstill():
            start, started = self._clock.now(), time.monotonic()
            total: Counter[str] = Counter()
            at = start
            while at < to:
                at = min(at + LONGEST_STEP, to)
                total.update(self._backup.run_until(at))
                self._clock.move(at)
                self._progress = {"moving": True, "from": _text(start), "to": _text(to), "reached": _text(at), "counts": dict(total)}
                self.watch()
            self._progress = {"moving": False}
            return {"now": _text(self._clock.now()), "counts": dict(total), "seconds": round(time.monotonic() - started, 3)}

    def progress(self) -> dict[str, Any]:
        """Return the virtual now, and how far a move has come."""
        return {"now": _text(self._clock.now()), **self._progress}


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
