"""Virtual instants and positions in the log of a database."""

from datetime import UTC, datetime, timedelta

import pytest

from strongroom.twin.data.databases.bases import SEGMENT_BYTES, segment_of
from strongroom.twin.data.databases.positions import History, Mark, exactly, number_of, text_of

START = datetime(2027, 1, 1, tzinfo=UTC)
REAL = datetime(2026, 11, 21, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _mark(hours: float, lsn: int, *, offset: timedelta | None = None, real: datetime = REAL) -> Mark:
    return Mark(at=START + hours * HOUR, lsn=lsn, upto=lsn + 1, real=real, offset=offset)


def test_on_a_standing_clock_the_last_mark_before_an_instant_counts():
    """Nobody wrote between two marks of a standing clock but at the instant of the later one."""
    marks = [_mark(0, 10), _mark(1, 20), _mark(1, 25), _mark(3, 30)]
    history = History(list(marks))
    found = {hours: history.find(START + hours * HOUR) for hours in (0, 0.5, 1, 2.9, 3, 100)}
    assert found == {hours: exactly(marks[number]) for hours, number in ((0, 0), (0.5, 0), (1, 2), (2.9, 2), (3, 3), (100, 3))}


def test_on_a_ticking_clock_an_instant_between_two_marks_is_one_of_the_machine():
    """The offset of the later mark leads to the machine's time, but never to before the earlier mark was made."""
    offset = REAL - START
    history = History([_mark(0, 10), _mark(2, 30, offset=offset, real=REAL + 2 * HOUR)])
    found = history.find(START + HOUR)
    assert found is not None
    assert (found.lsn, found.real, found.lower, found.upto) == (None, REAL + HOUR, 10, 31)
    moved = History([_mark(0, 10), _mark(48, 30, offset=offset - 47 * HOUR, real=REAL + HOUR)])  # after a move of the clock
    assert moved.find(START + 12 * HOUR) == exactly(_mark(0, 10))


def test_nothing_is_known_before_the_first_mark():
    """An empty history has no target; before its first mark a history is as it was then."""
    assert History().find(START) is None
    assert History([_mark(5, 10)]).find(START) == exactly(_mark(5, 10))


def test_a_history_forgets_what_no_instant_of_a_window_needs():
    """The last mark before the window stays: it is the state of the window's beginning."""
    history = History([_mark(hours, hours) for hours in range(5)])
    history.forget(START + 2.5 * HOUR)
    assert [mark.lsn for mark in history.marks] == [2, 3, 4]


@pytest.mark.parametrize("lsn", [0, 1, 0x7ED7D8, 0xFFFFFFFF, 1 << 32, (7 << 32) + 42])
def test_positions_are_written_and_read_as_postgresql_does(lsn: int):
    """A position as text and back is the same."""
    assert number_of(text_of(lsn)) == lsn


def test_files_of_the_log_are_known_by_their_names():
    """The number of a file is that of its first byte; other files have none."""
    assert segment_of("0000000200000001000000FF") == (0x1_0FF0_0000) // SEGMENT_BYTES
    assert [segment_of(name) for name in ("00000002.history", "archive_status", "00000002000000010000zzzz")] == [None, None, None]
