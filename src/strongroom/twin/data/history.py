"""A versioned map: what lay under each key at every instant of its past, as long as somebody needs it.

A position is the number of changes before it. Taking one costs nothing: a recovery point is a number. A version goes when no taken
position sees it and it is older than the longest window of point-in-time recovery.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from strongroom import facts

WINDOW = timedelta(days=facts.limit("continuous_retention_days_max").value + 1)  # a day for the points that end within it
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)  # the instant of what was there before anybody looked
_STALE_MIN = 64  # changes and releases after which it is looked for what may go, at least; else a quarter of what is kept


@dataclass(slots=True, eq=False)
class History:
    """The past of one resource. Values are never None; None says that nothing lies under a key. Instants only grow."""

    ended_at: datetime | None = None  # the resource was deleted
    first: int = 0  # position before the oldest change whose instant is known
    instants: list[datetime] = field(default_factory=list)  # of the changes after it
    bytes_at_first: int = 0
    bytes_after: list[int] = field(default_factory=list)  # all values together, after each of these changes
    versions: dict[Hashable, list[tuple[int, Any, int]]] = field(default_factory=dict)  # position from which, value, bytes
    held: dict[int, int] = field(default_factory=dict)  # how many recovery points have a position
    stale: int = 0

    @property
    def position(self) -> int:
        """The position of now."""
        return self.first + len(self.instants)

    @property
    def size_bytes(self) -> int:
        """The bytes of all values now."""
        return self.bytes_after[-1] if self.bytes_after else self.bytes_at_first

    def record(self, at: datetime, key: Hashable, value: Any | None, size_bytes: int = 0) -> bool:
        """Let a key have a value from an instant on, None: nothing; returns whether that is a change."""
        known = self.versions.get(key)
        before, size_before = (known[-1][1], known[-1][2]) if known else (None, 0)
        if before is value or before == value:
            return False
        total = self.size_bytes + size_bytes - size_before
        self.instants.append(max(at, self.instants[-1]) if self.instants else at)
        self.bytes_after.append(total)
        self.versions.setdefault(key, []).append((self.position, value, size_bytes))
        self._grow_stale(at)
        return True

    def position_at(self, at: datetime) -> int:
        """Return the position after all changes up to and including an instant; before the window: the oldest that is known."""
        return self.first + bisect_right(self.instants, at)

    def size_at(self, position: int) -> int:
        """Return the bytes of all values at a position within the window."""
        return self.bytes_at_first if position <= self.first else self.bytes_after[position - self.first - 1]

    def state(self, position: int | None = None) -> dict[Any, Any]:
        """Return what lay under the keys at a position that is taken or within the window; without one: what lies there now."""
        if position is None:
            return {key: versions[-1][1] for key, versions in self.versions.items() if versions[-1][1] is not None}
        found = {}
        for key, versions in self.versions.items():
            number = bisect_right(versions, position, key=_position)
            value = versions[number - 1][1] if number else None
            if value is not None:
                found[key] = value
        return found

    def get(self, key: Hashable) -> Any | None:
        """Return what lies under a key now."""
        known = self.versions.get(key)
        return known[-1][1] if known else None

    def hold(self, position: int) -> None:
        """Keep what is seen from a position, once more."""
        self.held[position] = self.held.get(position, 0) + 1

    def release(self, position: int, at: datetime) -> None:
        """Hold a position once less."""
        self.held[position] -= 1
        if not self.held[position]:
            del self.held[position]
            self._grow_stale(at)

    def _grow_stale(self, at: datetime) -> None:
        self.stale += 1
        if self.stale >= max(_STALE_MIN, len(self.versions) // 4):
            self.forget(at - WINDOW)

    def forget(self, before: datetime) -> None:
        """Let versions go that nobody holds and that were replaced before an instant."""
        self.stale = 0
        floor = self.position_at(before)
        holds = sorted(self.held)
        for key in list(self.versions):
            kept = list(_needed(self.versions[key], floor, holds))
            if kept:
                self.versions[key] = kept
            else:
                del self.versions[key]
        gone = floor - self.first
        if gone > 0:
            self.bytes_at_first = self.bytes_after[gone - 1]
            del self.instants[:gone], self.bytes_after[:gone]
            self.first = floor


def _position(version: tuple[int, Any, int]) -> int:
    return version[0]


def _needed(versions: list[tuple[int, Any, int]], floor: int, holds: list[int]) -> Iterator[tuple[int, Any, int]]:
    """Yield the versions of a key that are seen from the floor or later, or from a held position; no leading nothing."""
    shown = False
    for number, version in enumerate(versions):
        end = versions[number + 1][0] if number + 1 < len(versions) else None
        seen = end is None or end > floor
        if not seen:
            following = bisect_right(holds, version[0] - 1)
            seen = following < len(holds) and end is not None and holds[following] < end
        if seen and (shown or version[1] is not None):
            shown = True
            yield version


@dataclass(slots=True, eq=False)
class Position:
    """What a recovery point holds: a place in the past of a resource."""

    history: History
    number: int
    rotten: dict[Hashable, Any] | None = None  # what is seen instead of what was


@dataclass(slots=True, eq=False)
class Histories:
    """The pasts of all resources of one kind, by a name that is theirs alone; a name may be used again after a deletion."""

    lives: dict[str, list[History]] = field(default_factory=dict)  # oldest first; only the last may go on

    def current(self, name: str) -> History | None:
        """Return the past of what has a name now; None: nobody has written anything into it."""
        lives = self.lives.get(name)
        return lives[-1] if lives and lives[-1].ended_at is None else None

    def begin(self, name: str) -> History:
        """Return a new past for what has a name from now on."""
        made = History()
        self.lives.setdefault(name, []).append(made)
        return made

    def end(self, name: str, at: datetime) -> None:
        """Hear that what has a name is deleted: whose backup runs still finds it; older ones are left to their recovery points."""
        found = self.current(name)
        if found is not None:
            found.ended_at = at
            lives = self.lives[name]
            lives[:] = [each for each in lives if each.ended_at is None or each.ended_at > at - WINDOW]

    def take(self, name: str, at: datetime) -> tuple[Position, int] | None:
        """Hold what had a name at an instant; None: nobody had written anything into it."""
        lives = self.lives.get(name)
        if lives is None:
            return None
        history = next((each for each in lives if each.ended_at is None or each.ended_at > at), lives[-1])
        number = history.position_at(at)
        history.hold(number)
        return Position(history, number), history.size_at(number)


def share(position: Position) -> Position:
    """Hold a position once more, for a copy: what rots in one of both from now on does not in the other."""
    position.history.hold(position.number)
    return Position(position.history, position.number, dict(position.rotten) if position.rotten else None)


def seen(position: Position, instant: datetime | None) -> dict[Any, Any]:
    """Return what is seen from a position, or at an instant of the same past; what has rotten is seen as it is."""
    history = position.history
    found = history.state(position.number if instant is None else history.position_at(instant))
    return found if position.rotten is None else found | {key: value for key, value in position.rotten.items() if key in found}


def chosen(position: Position, count: int, seed: str) -> list[tuple[Any, Any]]:
    """Return up to `count` keys and values of a position as they were, chosen by chance from `seed`: what rots twice is rotten once."""
    found = position.history.state(position.number)
    return sorted(found.items(), key=lambda each: sha256(f"{seed}/{each[0]!r}".encode()).digest())[:count]
