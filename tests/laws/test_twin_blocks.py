"""Snapshots of volumes against a reference that knows nothing but sets: what they share, what a deletion frees, what they hold."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from strongroom.semantics.blocks import BLOCK_BYTES, stored_bytes, usage
from strongroom.twin.backup.contents import Shelf
from strongroom.twin.data.blocks.store import Store

START = datetime(2027, 1, 1, tzinfo=UTC)
HOME, KEYS = ("111111111111", "eu-west-2"), (None, "key-1", "key-2")
DESTINATIONS = (HOME, ("111111111111", "eu-west-1"), ("333333333333", "eu-west-2"))
INDEXES = st.integers(0, 5)
WHICH = st.integers(0, 50)  # of those there are


@dataclass(eq=False)
class Past:
    """A volume as the reference knows it: every write to it, and its snapshots."""

    arn: str
    key: str | None
    writes: list[tuple[int, int, bytes]] = field(default_factory=list)  # tick, index, data
    born: dict[int, object] = field(default_factory=dict)  # what it was made with: a mark for each block
    content: dict[int, bytes] = field(default_factory=dict)  # what it was made with
    mother: "Known | None" = None
    snapshots: list["Known"] = field(default_factory=list)

    def held(self, tick: int) -> dict[int, bytes]:
        return self.content | {index: data for at, index, data in self.writes if at <= tick}


@dataclass(eq=False)
class Known:
    """A snapshot as the reference knows it: a mark for each block, which is the same one where it is shared."""

    number: int
    past: Past
    tick: int
    place: tuple[str, str]
    key: str | None
    data: dict[int, bytes]
    marks: dict[int, object]
    fresh: int
    archived: bool = False
    there: bool = True


class Snapshots(RuleBasedStateMachine):
    """Writes, takes, copies, archives, restores and deletes in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.tick = Store(), 0
        self.pasts = [Past(f"arn:aws:ec2:eu-west-2:111111111111:volume/vol-{number}", key) for number, key in enumerate(KEYS)]
        self.known: list[Known] = []
        self.copies: dict[tuple[Past, tuple[str, str]], list[Known]] = {}

    def at(self, tick: int) -> datetime:
        return START + timedelta(minutes=tick)

    def alive(self) -> list[Known]:
        return [each for each in self.known if each.there]

    @rule(which=WHICH, index=INDEXES, data=st.binary(max_size=3))
    def write(self, which: int, index: int, data: bytes) -> None:
        past = self.pasts[which % len(self.pasts)]
        self.tick += 1
        past.writes.append((self.tick, index, data))
        self.store.write(past.arn, index, data, self.at(self.tick))

    @rule(which=WHICH, late=st.integers(0, 2))
    def take(self, which: int, late: int) -> None:
        """A backup that began a while ago: it holds what was there then."""
        past = self.pasts[which % len(self.pasts)]
        self.tick += 1
        tick = max(self.tick - late, 1)
        number = self.store.snapshot(past.arn, shelf(HOME, past.key), self.at(tick))
        if not past.writes and past.mother is None:
            assert number is None
            return
        assert number is not None
        chain = ([past.mother] if past.mother else []) + past.snapshots
        usable = [each for each in chain if each.there and not each.archived and each.key == past.key and each.place == HOME]
        usable = [each for each in usable if each is past.mother or each.tick <= tick]
        past.snapshots.append(self.taken(past, tick, number, usable[-1] if usable else None))
        self.known.append(past.snapshots[-1])

    def taken(self, past: Past, tick: int, number: int, last: Known | None) -> Known:
        """Return a snapshot of a volume that builds on its last one: what wasn't written since is shared."""
        data, marks = past.held(tick), dict[int, object]()
        for index in data:
            since = 0 if last is None or last is past.mother else last.tick
            touched = any(at > since and at <= tick and each == index for at, each, _ in past.writes)
            shared = None if last is None or touched else last.marks.get(index)
            marks[index] = object() if shared is None else shared
        fresh = sum(last is None or marks[index] not in last.marks.values() for index in marks)
        return Known(number, past, tick, HOME, past.key, data, marks, fresh)

    @precondition(lambda self: self.alive())
    @rule(which=WHICH, to=st.sampled_from(DESTINATIONS), key=st.sampled_from(KEYS))
    def copy(self, which: int, to: tuple[str, str], key: str | None) -> None:
        self.copied(self.alive()[which % len(self.alive())], to, key)

    @precondition(lambda self: any(each.there for copies in self.copies.values() for each in copies))
    @rule(which=WHICH, last_goes=st.booleans())
    def copy_on(self, which: int, last_goes: bool) -> None:  # noqa: FBT001 - drawn
        """Copy what lies there once more to where copies of it lie, whether the last one is still there or not."""
        known = [(key, copies) for key, copies in self.copies.items() if any(each.there for each in copies)]
        (past, to), copies = known[which % len(known)]
        if last_goes and copies[-1].there:
            self.drop(copies[-1])
        sources = [each for each in self.alive() if each.past is past]
        if sources:
            self.copied(sources[which % len(sources)], to, copies[-1].key)

    def copied(self, source: Known, to: tuple[str, str], key: str | None) -> None:
        number = self.store.copy(source.number, shelf(to, key))
        earlier = self.copies.setdefault((source.past, to), [])
        if (source.place, source.key) == (to, key) and not source.archived:
            marks = dict(source.marks)
        else:
            last = earlier[-1] if earlier and earlier[-1].there and not earlier[-1].archived else None
            alike = last is not None and all(each.key == key for each in earlier if each.there)
            marks = {index: self.shared(source, last if alike else None, index) for index in source.marks}
        before = {id(mark) for each in self.alive() for mark in each.marks.values()}
        fresh = sum(id(mark) not in before for mark in marks.values())
        self.known.append(Known(number, source.past, source.tick, to, key, source.data, marks, fresh))
        earlier.append(self.known[-1])

    def shared(self, source: Known, last: Known | None, index: int) -> object:
        """Return the mark of a block in the last copy, where that holds the same write."""
        if last is None or index not in last.marks:
            return object()
        low, high = sorted((last.tick, source.tick))
        touched = any(low < at <= high and each == index for at, each, _ in source.past.writes)
        return object() if touched else last.marks[index]

    @precondition(lambda self: self.alive())
    @rule(which=WHICH)
    def archive(self, which: int) -> None:
        found = self.alive()[which % len(self.alive())]
        self.store.archive(found.number)
        if not found.archived:
            found.archived, found.marks = True, {index: object() for index in found.marks}

    @precondition(lambda self: self.alive() and len(self.pasts) < 12)
    @rule(which=WHICH, key=st.sampled_from(KEYS))
    def restore(self, which: int, key: str | None) -> None:
        """A volume that is made of a snapshot holds it, whatever becomes of the snapshot."""
        source = self.alive()[which % len(self.alive())]
        past = Past(f"arn:aws:ec2:eu-west-2:111111111111:volume/vol-{len(self.pasts)}", key)
        past.content, past.mother, self.tick = dict(source.data), source, self.tick + 1
        self.store.restore(source.number, past.arn, self.at(0))
        self.pasts.append(past)

    @precondition(lambda self: self.alive())
    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        """What is freed is what nobody else refers to."""
        self.drop(self.alive()[which % len(self.alive())])

    def drop(self, gone: Known) -> None:
        before = self.total()
        gone.there = False
        freed = {id(mark) for mark in gone.marks.values()} - {id(mark) for each in self.alive() for mark in each.marks.values()}
        self.store.release(gone.number)
        assert before - self.total() == len(freed) * BLOCK_BYTES

    def total(self) -> int:
        return stored_bytes(blocks for _, blocks in self.store.referred())

    @invariant()
    def bytes_add_up(self) -> None:
        used, alive = usage(dict(self.store.referred())), self.alive()
        assert used.keys() == {each.number for each in alive}
        for each in alive:
            others = {id(mark) for other in alive if other is not each for mark in other.marks.values()}
            unique = sum(id(mark) not in others for mark in each.marks.values())
            assert used[each.number].unique_bytes == unique * BLOCK_BYTES
            assert used[each.number].shared_bytes == (len(each.marks) - unique) * BLOCK_BYTES
        assert self.total() == len({id(mark) for each in alive for mark in each.marks.values()}) * BLOCK_BYTES

    @invariant()
    def everything_is_held(self) -> None:
        for each in self.alive():
            found = self.store.snapshots[each.number]
            assert {index: block.data for index, block in found.blocks.items()} == trimmed(each.data)
            assert found.moved == each.fresh
        for past in self.pasts:
            content = self.store.content(past.arn, self.at(self.tick))
            assert {index: written.data for index, written in content.items()} == trimmed(past.held(self.tick))


def shelf(place: tuple[str, str], key: str | None) -> Shelf:
    return Shelf(account=place[0], region=place[1], key_arn=key, air_gapped=False)


def trimmed(data: dict[int, bytes]) -> dict[int, bytes]:
    return {index: each.rstrip(b"\0") for index, each in data.items()}


def test_snapshots_agree_with_sets_in_any_order(request: pytest.FixtureRequest) -> None:
    """After any order of writes, snapshots, copies, restores and deletions unique and shared bytes add up, and content is exact."""
    examples = 2_000 if request.config.getoption("--long") else 150
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Snapshots, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=checks)
    )
