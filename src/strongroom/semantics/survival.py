"""What has to go wrong before data are lost: events, and the smallest sets of them that leave no copy.

A copy is lost when one of the events that destroy it happens; data are lost when every copy is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What can happen to an organization."""

    ADMINISTRATOR = "administrator"  # somebody with all permissions in an account turns against it
    CLOSED = "closed"  # an account is closed
    KEY = "key"  # a key is deleted, or disabled
    MANAGEMENT = "management"  # the management account is taken
    RANSOMWARE = "ransomware"  # everything younger than some days is worthless
    REGION = "region"  # a Region is lost


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One thing that goes wrong."""

    kind: EventKind
    subject: str = ""  # account id (* is any), ARN of a key, Region, or days before it is noticed; the management account has none

    @property
    def days(self) -> int:
        """Days between an attack and its discovery; 0 for other events."""
        return int(self.subject) if self.kind is EventKind.RANSOMWARE else 0


Events = frozenset[Event]
ANYBODY = Event(EventKind.ADMINISTRATOR, "*")  # the administrator of any account at all


def happened(events: Iterable[Event], against: Collection[Event]) -> bool:
    """Tell whether one of some events destroys a copy; ransomware of more days does whatever one of fewer days does.

    Example:
        >>> happened([Event(EventKind.RANSOMWARE, "30")], {Event(EventKind.RANSOMWARE, "7")})
        True
    """
    days = max((event.days for event in events), default=0)
    if ANYBODY in against and any(event.kind is EventKind.ADMINISTRATOR for event in events):
        return True
    return any(event in against for event in events) or any(0 < event.days <= days for event in against)


def lost(events: Iterable[Event], copies: Iterable[Collection[Event]]) -> bool:
    """Tell whether some events leave no copy; where there is none, nothing has to happen."""
    events = tuple(events)
    return all(happened(events, copy) for copy in copies)


def smallest_sets(copies: Sequence[Events], size_max: int) -> tuple[Events, ...]:
    """Return the sets of at most `size_max` events that leave no copy and of which no part does, smallest first.

    Where any administrator is enough none is named, and where few days of ransomware are enough no more days are. Without a copy the
    empty set is the answer.
    """
    known = frozenset(event for copy in copies for event in copy)
    found: set[Events] = {frozenset()}
    for copy in {frozenset(event for event in known if happened([event], copy)) for copy in copies}:
        hit = {each for each in found if each & copy}
        grown = {each | {event} for each in found - hit if len(each) < size_max for event in copy}
        found = hit | {each for each in grown if not any(smaller <= each for smaller in hit)}
    kept = [each for each in found if not any(_weaker(other, each) for other in found)]
    return tuple(sorted(kept, key=lambda each: (len(each), sorted(each))))


def _weaker(one: Events, other: Events) -> bool:
    """Tell whether less has to happen for one set than for another."""
    return one != other and len(one) <= len(other) and all(happened(other, {event}) for event in one)
