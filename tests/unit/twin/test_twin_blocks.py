"""Snapshots of volumes as the examples of AWS's pages have them, a block here for a GiB there."""

from datetime import UTC, datetime, timedelta

from strongroom.semantics.blocks import BLOCK_BYTES, Earlier, base_of_copy, base_of_snapshot, stored_bytes, usage
from strongroom.twin.backup.contents import Shelf
from strongroom.twin.data.blocks.store import Store

START = datetime(2027, 1, 1, tzinfo=UTC)
HOME = Shelf(account="111111111111", region="eu-west-2", key_arn=None, air_gapped=False)
CENTRAL = Shelf(account="333333333333", region="eu-west-2", key_arn="key", air_gapped=False)
ONE, TWO = "arn:aws:ec2:eu-west-2:111111111111:volume/vol-1", "arn:aws:ec2:eu-west-2:111111111111:volume/vol-2"


class Days:
    """A store on a calendar of its own."""

    def __init__(self) -> None:
        self.store, self.now = Store(), START

    def write(self, volume: str, indexes: range) -> None:
        self.now += timedelta(days=1)
        for index in indexes:
            self.store.write(volume, index, f"{self.now} {index}".encode(), self.now)

    def snapshot(self, volume: str = ONE, shelf: Shelf = HOME) -> int:
        number = self.store.snapshot(volume, shelf, self.now)
        assert number is not None
        return number

    def told(self, number: int) -> tuple[int, int]:
        """Blocks that a snapshot stored anew, and all that it has."""
        found = self.store.snapshots[number]
        return found.moved, found.full_bytes // BLOCK_BYTES

    def stored(self) -> int:
        return stored_bytes(blocks for _, blocks in self.store.referred()) // BLOCK_BYTES


def test_three_snapshots_of_a_volume() -> None:
    """10, then 4 changed, then 2 added: 10, 4 and 2 are stored, 16 together (how_snapshots_work, several snapshots of a volume)."""
    days, told = Days(), []
    for written in (range(10), range(4), range(10, 12)):
        days.write(ONE, written)
        told.append(days.told(days.snapshot()))
    assert (told, days.stored()) == ([(10, 10), (4, 10), (2, 12)], 16)


def test_a_snapshot_of_a_volume_that_was_made_of_one() -> None:
    """4 added to a copy of 10: 4 are stored, 14 together (how_snapshots_work, snapshots of different volumes)."""
    days = Days()
    days.write(ONE, range(10))
    first = days.snapshot()
    days.store.restore(first, TWO, days.now)
    days.write(TWO, range(10, 14))
    assert (days.told(days.snapshot(TWO)), days.stored()) == ((4, 14), 14)


def test_a_deleted_snapshot_leaves_what_the_next_one_needs() -> None:
    """10, then 4 changed; the first one's deletion frees 4, its other 6 go on with the second one (ebs-deleting-snapshot)."""
    days = Days()
    days.write(ONE, range(10))
    first = days.snapshot()
    days.write(ONE, range(4))
    second = days.snapshot()
    before = usage(dict(days.store.referred()))
    days.store.release(first)
    after = usage(dict(days.store.referred()))
    assert (before[first].unique_bytes, before[second].unique_bytes) == (4 * BLOCK_BYTES, 4 * BLOCK_BYTES)
    assert (after[second].unique_bytes, after[second].shared_bytes, days.stored()) == (10 * BLOCK_BYTES, 0, 10)


def test_copies_begin_full_and_once_more_when_the_last_is_gone() -> None:
    """A copy to another place is full, the next incremental, and full again without the last one (ebs-copy-snapshot)."""
    days, moved = Days(), []
    days.write(ONE, range(10))
    copies = [days.store.copy(days.snapshot(), CENTRAL)]
    days.write(ONE, range(3))
    copies.append(days.store.copy(days.snapshot(), CENTRAL))
    days.store.release(copies[-1])
    copies.append(days.store.copy(days.snapshot(), CENTRAL))
    moved = [days.store.snapshots[each].moved for each in copies if each in days.store.snapshots]
    assert moved == [10, 10]


def test_a_copy_where_it_lies_moves_nothing() -> None:
    """Within an account and Region and under the same key nothing is moved; under another key everything is (ebs-copy-snapshot)."""
    days = Days()
    days.write(ONE, range(5))
    first = days.snapshot()
    encrypted = Shelf(account=HOME.account, region=HOME.region, key_arn="key", air_gapped=False)
    assert [days.told(days.store.copy(first, shelf))[0] for shelf in (HOME, encrypted)] == [0, 5]


def test_what_a_snapshot_can_build_on() -> None:
    """The last one that is there, warm and under the same key; of copies the last one alone, and only where all are encrypted alike."""
    there = Earlier(key_arn=None, exists=True, archived=False)
    gone = Earlier(key_arn=None, exists=False, archived=False)
    cold = Earlier(key_arn=None, exists=True, archived=True)
    other = Earlier(key_arn="key", exists=True, archived=False)
    for earlier, snapshot, copy in (
        ([], None, None),
        ([there], 0, 0),
        ([there, gone], 0, None),
        ([there, cold], 0, None),
        ([there, other], 0, None),
        ([other, there], 1, None),
        ([other], None, None),
        ([gone, there], 1, 1),
        ([cold, there], 1, 1),
    ):
        assert (base_of_snapshot(earlier, None), base_of_copy(earlier, None)) == (snapshot, copy), earlier


def test_a_deleted_volume_is_known_for_a_while() -> None:
    """A job that began before the deletion still finds what was there; a month later nobody does."""
    days = Days()
    days.write(ONE, range(2))
    days.write(TWO, range(2))
    days.store.forget(ONE, days.now)
    assert days.told(days.snapshot()) == (2, 2)
    days.store.forget(TWO, days.now + timedelta(days=31))
    assert days.store.snapshot(ONE, HOME, days.now) is None


def test_what_rots_together_heals_together() -> None:
    """Snapshots that share a block share its rot; what was restored meanwhile stays wrong and shares nothing with them any more."""
    days = Days()
    days.write(ONE, range(3))
    first = days.snapshot()
    second = days.snapshot()
    held = {number: {index: each.data for index, each in days.store.snapshots[number].blocks.items()} for number in (first, second)}
    assert days.store.corrupt(first, 2, "rot") == 2
    assert days.store.corrupt(second, 5, "rot") == 1  # two are rotten already
    days.store.restore(first, TWO, days.now)
    wrong = days.store.content(TWO, days.now)
    assert all(wrong[index].data != held[first][index] for index in range(3))
    days.store.heal(second)
    assert {index: each.data for index, each in days.store.snapshots[first].blocks.items()} == held[first]
    third = days.snapshot(TWO)
    assert (days.told(third), {index: each.data for index, each in days.store.snapshots[third].blocks.items()}) == (
        (3, 3),
        {index: each.data for index, each in wrong.items()},
    )
