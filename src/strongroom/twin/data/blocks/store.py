"""Volumes and snapshots as maps from a block's index to its bytes; pure bookkeeping, without moto and without a clock.

A volume remembers each write. A snapshot refers to blocks that are stored for it or for earlier ones; a block goes with the last
snapshot that refers to it, without anybody counting. Which earlier ones a snapshot builds on is in `semantics.blocks`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from strongroom.semantics import blocks as rules
from strongroom.semantics.blocks import BLOCK_BYTES
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.contents import Shelf

_REMEMBERED = timedelta(days=30)  # how long a deleted volume is known, for jobs that began before


@dataclass(frozen=True, slots=True)
class Written:
    """A write to a block of a volume."""

    number: int  # of all writes; a volume that is made of a snapshot takes its numbers over
    at: datetime
    data: bytes  # without the zeros at its end


@dataclass(slots=True, eq=False)
class Stored:
    """A block that snapshots refer to."""

    number: int
    written: int  # number of the write that it came from
    data: bytes
    sound: bytes | None = None  # what it should be, while it is corrupt


@dataclass(slots=True, eq=False)
class Volume:
    """What is known of a volume."""

    history: dict[int, list[Written]] = field(default_factory=dict)  # by index, oldest first
    chain: list[int] = field(default_factory=list)  # numbers of the snapshots that later ones build on, oldest first
    gone_at: datetime | None = None  # deleted; kept for jobs that have begun before


@dataclass(slots=True, eq=False, kw_only=True)
class Snapshot:
    """A snapshot: which block is where."""

    number: int
    volume: str  # ARN of the volume that it, or what it was copied from, is of
    at: datetime  # whose content it has
    shelf: Shelf
    blocks: dict[int, Stored]  # by index
    moved: int  # blocks that were stored for it when it was made
    archived: bool = False
    points: int = 1  # recovery points that have it as content, or 1 for a snapshot of EC2

    @property
    def full_bytes(self) -> int:
        """The size of all its blocks, whoever else refers to them."""
        return len(self.blocks) * BLOCK_BYTES


@dataclass(slots=True, eq=False)
class Disk:
    """A volume of an instance in its image: device, and the snapshot of it; None: nothing was ever written to it."""

    device: str
    volume: str  # id of the volume that was backed up
    size_gib: int
    snapshot: int | None


Place = tuple[str, str, str, bool]  # ARN of the volume, account, Region, whether it is air-gapped


@dataclass(slots=True, eq=False)
class Store:
    """All volumes and snapshots of a twin."""

    volumes: dict[str, Volume] = field(default_factory=dict)  # by ARN
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    copies: dict[Place, list[int]] = field(default_factory=dict)  # numbers of the copies that lie there, and of the last one
    images: dict[int, list[Disk]] = field(default_factory=dict)
    image_points: dict[int, int] = field(default_factory=dict)  # recovery points that have an image as content
    names: dict[tuple[str, str, str], int] = field(default_factory=dict)  # account, Region and id of EC2's own snapshots -> number
    numbers: int = 0

    def next(self) -> int:
        """Return a number that nothing had yet."""
        self.numbers += 1
        return self.numbers

    def write(self, volume: str, index: int, data: bytes, at: datetime) -> None:
        """Write a block of a volume."""
        history = self.volumes.setdefault(volume, Volume()).history.setdefault(index, [])
        history.append(Written(self.next(), at, data.rstrip(b"\0")))

    def content(self, volume: str, at: datetime) -> dict[int, Written]:
        """Return what a volume held at an instant, by index."""
        known = self.volumes.get(volume)
        last = {index: _last(history, at) for index, history in known.history.items()} if known else {}
        return {index: written for index, written in sorted(last.items()) if written is not None}

    def snapshot(self, volume: str, shelf: Shelf, at: datetime) -> int | None:
        """Make a snapshot of a volume as of an instant, and return its number; None: nothing was ever written to it."""
        known = self.volumes.get(volume)
        if known is None:
            return None
        known.chain = [number for number in known.chain if number in self.snapshots]
        made_before = [number for number in known.chain if self.snapshots[number].at <= at]
        base = rules.base_of_snapshot([self._earlier(number, shelf) for number in made_before], shelf.key_arn)
        found = self._store(volume, shelf, at, self.content(volume, at), None if base is None else made_before[base])
        known.chain.append(found.number)
        return found.number

    def copy(self, number: int, shelf: Shelf) -> int:
        """Copy a snapshot to a shelf and return the number of the copy; one to the shelf where it lies moves nothing."""
        source = self.snapshots[number]
        place = (source.volume, shelf.account, shelf.region, shelf.air_gapped)
        earlier = self.copies.setdefault(place, [])
        earlier[:] = [each for each in earlier[:-1] if each in self.snapshots] + earlier[-1:]
        base = number if source.shelf == shelf and not source.archived else None
        if base is None:
            last = rules.base_of_copy([self._earlier(each, shelf) for each in earlier], shelf.key_arn)
            base = None if last is None else earlier[last]
        made = self._store(source.volume, shelf, source.at, source.blocks, base)
        earlier.append(made.number)
        return made.number

    def put(self, volume: str, shelf: Shelf, at: datetime, blocks: Mapping[int, bytes], base: int | None) -> int:
        """Make a snapshot of blocks that a client wrote, over those of another one, and return its number."""
        below: dict[int, Stored | Written] = dict(self.snapshots[base].blocks) if base is not None else {}
        content = below | {index: Written(self.next(), at, data.rstrip(b"\0")) for index, data in blocks.items()}
        alike = base is not None and self._earlier(base, shelf).exists and self.snapshots[base].shelf == shelf
        return self._store(volume, shelf, at, content, base if alike else None).number

    def archive(self, number: int) -> None:
        """Move a snapshot to the archive, where it is full; what others refer to stays for them."""
        found = self.snapshots[number]
        if not found.archived:
            found.blocks = {index: Stored(self.next(), each.written, each.data, each.sound) for index, each in found.blocks.items()}
            found.archived = True

    def unarchive(self, number: int) -> None:
        """Move a snapshot back to the standard tier, where it keeps blocks of its own."""
        self.snapshots[number].archived = False

    def release(self, number: int) -> None:
        """Hear that one recovery point, or EC2's own snapshot, is gone; the last one takes its blocks along that nobody shares."""
        found = self.snapshots[number]
        found.points -= 1
        if not found.points:
            del self.snapshots[number]

    def restore(self, number: int, volume: str, at: datetime) -> None:
        """Let a new volume hold what a snapshot holds, and begin with it."""
        source = self.snapshots[number]
        history = {}
        for index, each in source.blocks.items():
            rotten = each.sound is not None and each.sound != each.data  # then it isn't what the snapshot should share with it
            history[index] = [Written(self.next() if rotten else each.written, at, each.data)]
        self.volumes[volume] = Volume(history, [number])

    def corrupt(self, number: int, count: int, seed: str) -> int:
        """Change a byte in up to `count` blocks of a snapshot; others that refer to them rot too."""
        sound = [(index, each) for index, each in self.snapshots[number].blocks.items() if each.sound is None]
        sound.sort(key=lambda member: chance("rot", seed, member[0]).fraction(0))
        for index, each in sound[:count]:
            place = int(chance("rotten byte", seed, index).fraction(0) * max(len(each.data), 1))
            before = each.data or b"\0"
            each.sound, each.data = each.data, before[:place] + bytes((before[place] ^ 0xFF,)) + before[place + 1 :]
        return len(sound[:count])

    def heal(self, number: int) -> None:
        """Put right the blocks of a snapshot."""
        found = self.snapshots.get(number)
        for each in () if found is None else found.blocks.values():
            each.data, each.sound = (each.data if each.sound is None else each.sound), None

    def forget(self, volume: str, at: datetime) -> None:
        """Hear that a volume is deleted; its content stays for the job that may have begun before."""
        known = self.volumes.get(volume)
        if known is not None:
            known.gone_at = at
        for arn in [arn for arn, each in self.volumes.items() if each.gone_at is not None and at - each.gone_at > _REMEMBERED]:
            del self.volumes[arn]

    def referred(self) -> Iterator[tuple[int, frozenset[int]]]:
        """Return the numbers of all snapshots with those of the stored blocks that they refer to."""
        for number, found in self.snapshots.items():
            yield number, frozenset(each.number for each in found.blocks.values())

    def _earlier(self, number: int, shelf: Shelf) -> rules.Earlier:
        """Return what a rule asks of an earlier snapshot; one that lies elsewhere is not there."""
        found = self.snapshots.get(number)
        if found is None:
            return rules.Earlier(key_arn=None, exists=False, archived=False)
        where = (found.shelf.account, found.shelf.region, found.shelf.air_gapped)
        here = where == (shelf.account, shelf.region, shelf.air_gapped)
        return rules.Earlier(key_arn=found.shelf.key_arn, exists=here, archived=found.archived)

    def _store(self, volume: str, shelf: Shelf, at: datetime, content: Mapping[int, Written | Stored], base: int | None) -> Snapshot:
        """Make a snapshot that refers to the blocks of its base where they came from the same write, and to new ones elsewhere."""
        there = self.snapshots[base].blocks if base is not None else {}
        blocks, moved = {}, 0
        for index, each in sorted(content.items()):
            written = each.number if isinstance(each, Written) else each.written
            shared = there.get(index)
            if shared is None or shared.written != written:
                shared = Stored(self.next(), written, each.data, each.sound if isinstance(each, Stored) else None)
                moved += 1
            blocks[index] = shared
        made = Snapshot(number=self.next(), volume=volume, at=at, shelf=shelf, blocks=blocks, moved=moved)
        self.snapshots[made.number] = made
        return made


def whole(data: bytes) -> bytes:
    """Return the bytes of a block with the zeros at its end."""
    return data.ljust(BLOCK_BYTES, b"\0")


def _last(history: list[Written], at: datetime) -> Written | None:
    if history[-1].at <= at:  # nearly always
        return history[-1]
    place = bisect_right(history, at, key=lambda written: written.at)
    return history[place - 1] if place else None
