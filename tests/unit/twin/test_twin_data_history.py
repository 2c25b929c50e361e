"""The versioned map agrees with a naive one that copies everything, whatever is taken, released and forgotten."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from strongroom.twin.data.history import WINDOW, Histories, History, chosen, seen, share

START = datetime(2027, 1, 1, tzinfo=UTC)


class HistoryMachine(RuleBasedStateMachine):
    """Drives a history and whole copies of what it should be."""

    taken = Bundle("taken")

    def __init__(self):
        super().__init__()
        self.histories = Histories()
        self.history = self.histories.begin("one")
        self.at = START
        self.state = {}
        self.copies = [(START, {})]  # the state from each instant on

    @rule(key=st.integers(0, 5), value=st.none() | st.integers(1, 9), hours=st.integers(0, 400))
    def change(self, key, value, hours):
        self.at += timedelta(hours=hours)
        changed = self.history.record(self.at, key, value, 0 if value is None else value * 100)
        assert changed == (self.state.get(key) != value)
        self.state = {name: each for name, each in (self.state | {key: value}).items() if each is not None}
        self.copies.append((self.at, self.state))

    @rule(target=taken, back_hours=st.integers(0, 24 * 35))
    def take(self, back_hours):
        at = max(START, self.at - timedelta(hours=back_hours))
        position, size = self.histories.take("one", at)
        expected = self.state_at(at)
        assert size == sum(expected.values()) * 100
        return position, expected

    @rule(target=taken, point=taken)
    def copy(self, point):
        return share(point[0]), point[1]

    @rule(point=consumes(taken))
    def expire(self, point):
        assert seen(point[0], None) == point[1]
        point[0].history.release(point[0].number, self.at)

    @rule(point=taken)
    def restore(self, point):
        assert seen(point[0], None) == point[1]

    @rule()
    def forget(self):
        self.history.forget(self.at - WINDOW)

    @rule(back_hours=st.integers(0, 24 * 35))
    def look_back(self, back_hours):
        at = max(START, self.at - timedelta(hours=back_hours))
        assert self.history.state(self.history.position_at(at)) == self.state_at(at)

    def state_at(self, at):
        return [state for since, state in self.copies if since <= at][-1]

    @invariant()
    def now_is_known(self):
        assert self.history.state() == self.history.state(self.history.position) == self.state
        assert self.history.size_bytes == sum(self.state.values()) * 100


TestHistory = HistoryMachine.TestCase


def test_what_nobody_holds_goes_after_the_window():
    """A thousand versions of one key are one when their window is over and no recovery point sees them."""
    history = History()
    for number in range(1000):
        history.record(START + timedelta(minutes=number), "key", number, 8)
    histories = Histories({"one": [history]})
    held, _ = histories.take("one", START + timedelta(minutes=500))
    history.forget(START + timedelta(days=90))
    assert [value for _, value, _ in history.versions["key"]] == [500, 999]
    held.history.release(held.number, START + timedelta(days=90))
    history.forget(START + timedelta(days=90))
    assert ([value for _, value, _ in history.versions["key"]], history.instants) == ([999], [])


def test_history_forgets_by_itself():
    """Nobody has to ask: a key that changes all the time for years keeps the versions of the window."""
    history = History()
    for number in range(20_000):
        history.record(START + timedelta(hours=number), "key", number, 8)
    assert len(history.versions["key"]) < 2 * WINDOW / timedelta(hours=1)


def test_a_name_that_is_used_again_has_a_past_of_its_own():
    """A backup that began before a deletion has the old data, one after the new creation the new ones."""
    histories = Histories()
    histories.begin("one").record(START, "key", "old")
    histories.end("one", START + timedelta(hours=2))
    histories.begin("one").record(START + timedelta(hours=3), "key", "new")
    points = [histories.take("one", START + timedelta(hours=hours)) for hours in (1, 4)]
    assert [seen(point[0], None) for point in points if point] == [{"key": "old"}, {"key": "new"}]
    assert histories.take("two", START) is None


@given(st.integers(1, 12), st.text(max_size=3))
def test_chance_chooses_alike(count, seed):
    """The same seed chooses the same things, as many as there are at most."""
    histories = Histories()
    for number in range(8):
        (histories.current("one") or histories.begin("one")).record(START, number, number + 1)
    position, _ = histories.take("one", START) or (None, 0)
    assert chosen(position, count, seed) == chosen(position, count, seed)
    assert len(chosen(position, count, seed)) == min(count, 8)
