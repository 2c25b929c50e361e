"""Every set of up to three events is carried out by API calls: the data are gone exactly when `survive` says so."""

from collections.abc import Iterator
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from tests.detect.attacks import BANK, CENTRAL, HOME, KEYS, MANAGEMENT, NAMES, SECOND, SEED, SHOP, VAULTS, Attacked
from tests.detect.conftest import _as_sdk_reads as as_sdk_reads

from strongroom.api.survive import survive_one
from strongroom.api.sync import sync
from strongroom.proof.survival import Held
from strongroom.semantics.survival import Event, EventKind, lost
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.stem import Stem

DAYS = (7, 30)


class Ready:
    """The organization before anything happened, what `survive` says of it, and twins to attack."""

    def __init__(self, world: Attacked, held: dict[str, Held], stem: Stem, home: Path, now: datetime) -> None:
        self.world, self.held, self.stem, self.home, self.now = world, held, stem, home, now

    @property
    def events(self) -> tuple[Event, ...]:
        key = Event(EventKind.KEY, self.world.keys["shop-local"]), Event(EventKind.KEY, self.world.keys["central-open"])
        accounts = tuple(Event(EventKind.ADMINISTRATOR, each) for each in (SHOP, BANK, CENTRAL))
        closed = tuple(Event(EventKind.CLOSED, each) for each in (CENTRAL, BANK))
        regions = tuple(Event(EventKind.REGION, each) for each in (HOME, SECOND))
        unnoticed = tuple(Event(EventKind.RANSOMWARE, str(each)) for each in DAYS)
        return (*accounts, Event(EventKind.MANAGEMENT), *closed, *key, *regions, *unnoticed)

    def attack(self, events: tuple[Event, ...]) -> dict[str, list[str]]:
        """Carry some events out on a twin of their own; return what is left of each resource."""
        endpoint = self.stem.grow(self.home, self.world.endpoint.port)
        try:
            world = self.world.at(endpoint)
            world.happen(events)
            return {name: world.left(name, frozenset(events), self.now) for name in NAMES}
        finally:
            process.down(self.home)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    folder = tmp_path_factory.mktemp("attacked")
    seed, state, home = folder / "organization.yaml", folder / "state", folder / "home"
    seed.write_text(SEED, encoding="utf-8")
    endpoint = process.up(home, 0, seed, enforce_iam=True)
    try:
        world = Attacked(endpoint)
        world.build()
        variables = process.environment(endpoint) | dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEYS[MANAGEMENT], strict=True))
        with as_sdk_reads(variables):
            synced = sync(None, home=home, regions=(HOME, SECOND), on_progress=lambda *_: None)
        assert synced.unread == ()
        held = {name: survive_one(world.arns[name], home=home, days=DAYS) for name in NAMES}
        now = datetime.fromisoformat(control.clock(endpoint)["now"])
        state.write_bytes(control.save(endpoint))
    finally:
        process.down(home)
    with Stem(folder / "stem", state=state, enforce_iam=True) as stem:
        yield Ready(world, held, stem, folder / "twin", now)


def disagreements(ready: Ready, size: int, *, every: int = 1) -> list[str]:
    """What `survive` says otherwise than an attack shows, for all sets of a size, or for one in so many."""
    found = []
    for events in list(combinations(ready.events, size))[::every]:
        left = ready.attack(events)
        for name in NAMES:
            said = lost(events, ready.held[name].events)
            if said != (not left[name]):
                names = " and ".join(f"{event.kind} {event.subject}" for event in events)
                found.append(f"{name} after {names}: survive says {'lost' if said else 'not lost'}, left are {left[name]}")
    return found


def test_everything_is_certain_in_an_organization_that_was_read_whole(ready):
    """What the comparison below rests on: no event is only perhaps enough."""
    for held in ready.held.values():
        assert all(copy.events == copy.sure for copy in held.standing.copies), held


def test_each_resource_has_the_copies_it_was_given(ready):
    """One or two, and only the locked one is locked for good, only the held one under a hold."""
    assert [len(ready.held[name].standing.copies) for name in NAMES] == [1, 2, 2, 2, 2]
    under_hold = {(name, copy.vault) for name, held in ready.held.items() for copy in held.standing.copies if copy.held}
    assert under_hold == {("held", "central-open")}
    hardened = {copy.vault for held in ready.held.values() for copy in held.standing.copies if copy.hardened}
    assert hardened == {"central-locked"}
    assert set(VAULTS) == {copy.vault for held in ready.held.values() for copy in held.standing.copies}


def test_one_event_loses_exactly_the_data_that_survive_names(ready):
    """None, and each of the twelve alone."""
    assert disagreements(ready, 0) == disagreements(ready, 1) == []
    assert {name: held.standing.size for name, held in ready.held.items()}["local-only"] == 1


def test_what_one_event_loses_is_what_one_would_expect(ready):
    """By hand: the shop's administrator reaches into the central account, and into the bank, which he makes leave its guard rails.

    The bank's disables the central keys as long as he is a member, and deletes what is his when he isn't. What is under a legal hold in
    the central account stays until that account leaves, which only its own administrator can bring about.
    """
    expected = {
        Event(EventKind.ADMINISTRATOR, SHOP): {"local-only", "copied", "two-regions"},
        Event(EventKind.ADMINISTRATOR, BANK): {"locked-away", "two-regions"},
        Event(EventKind.ADMINISTRATOR, CENTRAL): set(),
        Event(EventKind.MANAGEMENT): set(NAMES),
        Event(EventKind.CLOSED, CENTRAL): set(),
        Event(EventKind.CLOSED, BANK): {"two-regions"},
        Event(EventKind.KEY, ready.world.keys["shop-local"]): {"local-only"},
        Event(EventKind.KEY, ready.world.keys["central-open"]): set(),
        Event(EventKind.REGION, HOME): {"local-only", "copied", "held"},
        Event(EventKind.REGION, SECOND): set(),
        Event(EventKind.RANSOMWARE, "7"): {"local-only"},
        Event(EventKind.RANSOMWARE, "30"): {"local-only", "locked-away"},
    }
    assert {event: {name for name in NAMES if lost([event], ready.held[name].events)} for event in ready.events} == expected


def test_two_events_lose_exactly_the_data_that_survive_names(ready):
    """Every fifth pair, which have each of the twelve in them; all of them in the long run."""
    assert disagreements(ready, 2, every=5) == []


@pytest.mark.long
@pytest.mark.parametrize("size", [2, 3])
def test_more_events_lose_exactly_the_data_that_survive_names(ready, size):
    """Every pair and every three of the twelve."""
    assert disagreements(ready, size) == []
