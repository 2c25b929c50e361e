"""What resources have in common: their copies in words that don't depend on the account, and the smallest sets of events."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from strongroom.proof.survival.places import MANAGEMENT, Place
from strongroom.semantics.survival import ANYBODY, Event, EventKind, Events, lost, smallest_sets

OWN: Final = "its own account"  # of the resource
SET_SIZE_MAX: Final = 3  # more things at once are counted together
ANY_NUMBER: Final = SET_SIZE_MAX + 1


@dataclass(frozen=True, slots=True, order=True)
class Copy:
    """A copy of a resource, in words that are the same for all resources that stand alike."""

    name: str  # local@its own account, eu-west-2
    account: str
    region: str
    vault: str
    events: Events
    sure: Events  # those of which it is certain
    by_points: frozenset[str]  # accounts whose administrator could delete it
    by_key: frozenset[str]  # accounts whose administrator could change its key
    hardened: bool
    held: bool = False  # by a legal hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What has to go wrong for resources with the same copies."""

    copies: tuple[Copy, ...]
    sets: tuple[Events, ...]  # smallest first, of at most SET_SIZE_MAX events; without the management account's where others remain

    @property
    def size(self) -> int:
        """How many things have to go wrong besides the management account; ANY_NUMBER: more than SET_SIZE_MAX."""
        return min((len(each) for each in self.sets if MANAGEMENT not in each), default=ANY_NUMBER)

    @property
    def fewest(self) -> tuple[Events, ...]:
        """The sets of that size."""
        return tuple(each for each in self.sets if len(each) == self.size and MANAGEMENT not in each)

    def certain(self, events: Events) -> bool:
        """Tell whether a set certainly leaves no copy."""
        return lost(events, [copy.sure for copy in self.copies])


def held_copies(signature: Sequence[int], account: str, places: Sequence[Place], days: Sequence[int]) -> tuple[tuple[Copy, Place], ...]:
    """Return a resource's copies and where they are; `signature` has a place and the number of `days` that it reaches back for each."""
    keys: dict[str, str] = {}
    found = [(_copy(places[each // 1000], each % 1000, account, days, keys), places[each // 1000]) for each in signature]
    return tuple(sorted(found, key=lambda pair: (pair[0].name, pair[1].number)))


def standing(copies: tuple[Copy, ...]) -> Standing:
    """Return what has to go wrong for these copies."""
    return _standing(copies)


@lru_cache(maxsize=100_000)
def _standing(copies: tuple[Copy, ...]) -> Standing:
    return Standing(copies=copies, sets=smallest_sets([copy.events for copy in copies], SET_SIZE_MAX))


def _copy(place: Place, spans: int, account: str, days: Sequence[int], keys: dict[str, str]) -> Copy:
    def called(each: str) -> str:
        return OWN if each == account else each

    key = keys.setdefault(place.key_arn, f"of vault {place.vault}@{called(place.account)}, {place.region}")
    events = {_renamed(event, called, key): certain for event, certain in place.events.items()}
    events |= {Event(EventKind.RANSOMWARE, str(each)): True for each in days[spans : spans + 1]}
    return Copy(
        name=f"{place.vault}@{called(place.account)}, {place.region}",
        account=called(place.account),
        region=place.region,
        vault=place.vault,
        events=frozenset(events),
        sure=frozenset(event for event, certain in events.items() if certain),
        by_points=frozenset(map(called, place.powers.by_points)),
        by_key=frozenset(map(called, place.powers.by_key)),
        hardened=place.hardened,
        held=place.held,
    )


def _renamed(event: Event, called: Callable[[str], str], key: str) -> Event:
    match event.kind:
        case EventKind.KEY:
            return replace(event, subject=key)
        case EventKind.ADMINISTRATOR | EventKind.CLOSED:
            return replace(event, subject=called(event.subject))
        case _:
            return event


def words(event: Event) -> str:
    """Return what an event is, as a sentence calls it.

    Example:
        >>> words(Event(EventKind.RANSOMWARE, "30"))
        'ransomware goes unnoticed for 30 days'
    """
    match event.kind:
        case EventKind.ADMINISTRATOR:
            return "an administrator of any account turns" if event == ANYBODY else f"an administrator of {_account(event.subject)} turns"
        case EventKind.CLOSED:
            return f"{_account(event.subject)} is closed"
        case EventKind.KEY:
            return f"the key {event.subject} is deleted or disabled"
        case EventKind.MANAGEMENT:
            return "the management account is taken"
        case EventKind.RANSOMWARE:
            return f"ransomware goes unnoticed for {event.subject} days"
        case EventKind.REGION:
            return f"Region {event.subject} is lost"


def _account(subject: str) -> str:
    return subject if subject == OWN else f"account {subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """A change after which a set of events no longer loses the data."""

    words: str
    price: str  # what it costs
    size: int  # how many things have to go wrong then


NOTHING_TO_PAY: Final = "nothing to pay"
RAILS: Final = ("delete-backups", "delete-keys", "remove-locks", "leave-organization")
_STORAGE: Final = "storage and transfer of another copy"


def cheapest_improvement(standing: Standing, events: Events) -> Improvement | None:
    """Return the cheapest change after which these events leave a copy; None: nothing inside the organization helps."""
    for improved, sentence, price in _improvements(standing.copies, events):
        if not lost(events, [copy.events for copy in improved]):
            return Improvement(words=sentence, price=price, size=_standing(tuple(sorted(improved))).size)
    return None


def _improvements(copies: tuple[Copy, ...], events: Events) -> Iterator[tuple[tuple[Copy, ...], str, str]]:
    """Yield changes, the cheapest first, with the copies as they would be."""
    for event in sorted(events):
        if event.kind is EventKind.ADMINISTRATOR and event != ANYBODY:
            yield from _against_administrators(copies, event)
    for event in sorted(events):
        if event.kind is EventKind.RANSOMWARE:
            for copy in copies:
                yield (
                    _changed(copies, copy, frozenset({event})),
                    f"keep a recovery point in vault {copy.name} for more than {event.subject} days, such as one a month",
                    "storage of the recovery points that stay longer",
                )
    regions = sorted({copy.region for copy in copies})
    yield (
        (*copies, _elsewhere(regions)),
        "copy to a locked vault in another account and another Region, under that account's own key, and keep one long enough",
        _STORAGE,
    )


def _against_administrators(copies: tuple[Copy, ...], event: Event) -> Iterator[tuple[tuple[Copy, ...], str, str]]:
    account = event.subject
    for copy in copies:
        if account in copy.by_points and account not in copy.by_key and not copy.hardened:
            yield (
                _changed(copies, copy, frozenset(each for each in copy.events if each.kind is EventKind.ADMINISTRATOR)),
                f"lock vault {copy.name} in compliance mode",
                NOTHING_TO_PAY,
            )
    # they bind the roles of the account that has the vault, whoever assumes them
    above = " and ".join(dict.fromkeys(_account(copy.account) for copy in copies if event in copy.events))
    railed = tuple(replace(copy, events=copy.events - {event}, sure=copy.sure - {event}) for copy in copies)
    yield railed, f"put guard rails above {above}: {', '.join(RAILS)}", NOTHING_TO_PAY


def _changed(copies: tuple[Copy, ...], one: Copy, without: Events) -> tuple[Copy, ...]:
    return tuple(replace(copy, events=copy.events - without, sure=copy.sure - without) if copy == one else copy for copy in copies)


def _elsewhere(regions: Sequence[str]) -> Copy:
    account, region = "another account", f"a Region other than {' and '.join(regions)}"
    events = frozenset(
        {
            MANAGEMENT,
            Event(EventKind.REGION, region),
            Event(EventKind.CLOSED, account),
            Event(EventKind.KEY, f"of a vault in {account}"),
        }
    )
    return Copy(
        name=f"a vault in {account}",
        account=account,
        region=region,
        vault="",
        events=events,
        sure=events,
        by_points=frozenset(),
        by_key=frozenset({account}),
        hardened=True,
    )
