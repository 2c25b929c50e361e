"""The queue of everything that will happen, in the order in which it will happen."""

import heapq
from collections.abc import Callable
from datetime import datetime
from typing import Any

Happening = Callable[[Any, datetime, Any], None]  # (world, instant, subject)


class Clockwork:
    """Events keyed by instant; at the same instant, first come first served."""

    __slots__ = ("_events", "_number")

    def __init__(self) -> None:
        self._events: list[tuple[datetime, int, Happening, Any]] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._events)

    def at(self, instant: datetime, happening: Happening, subject: Any) -> None:
        """Let `happening(world, instant, subject)` happen at an instant."""
        self._number += 1
        heapq.heappush(self._events, (instant, self._number, happening, subject))

    def run(self, world: Any, until: datetime) -> int:
        """Let everything due at or before `until` happen, and return how many events that were."""
        events, count, pop = self._events, 0, heapq.heappop
        while events and events[0][0] <= until:
            instant, _, happening, subject = pop(events)
            world.at = instant
            happening(world, instant, subject)
            count += 1
        return count
