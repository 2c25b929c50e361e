"""The smallest sets of events, against looking at every set there is."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.semantics.survival import ANYBODY, Event, EventKind, lost, smallest_sets

EVENTS = (
    *(Event(EventKind.ADMINISTRATOR, account) for account in ("111111111111", "222222222222")),
    ANYBODY,
    Event(EventKind.CLOSED, "111111111111"),
    Event(EventKind.MANAGEMENT),
    Event(EventKind.REGION, "eu-west-1"),
    *(Event(EventKind.RANSOMWARE, days) for days in ("7", "30", "90")),
)
copies = st.lists(st.frozensets(st.sampled_from(EVENTS), max_size=5), max_size=4)


@settings(max_examples=400)
@given(copies)
def test_every_set_that_loses_the_data_holds_a_smallest_one_and_no_other_set_does(held):
    """Every set of up to three events loses the data exactly when one of the smallest sets happens with it."""
    found = smallest_sets(held, 3)
    for size in range(4):
        for events in combinations(EVENTS, size):
            held_in_it = any(lost(events, [{event} for event in each]) for each in found)
            assert lost(events, held) == held_in_it, events


@settings(max_examples=400)
@given(copies)
def test_no_part_of_a_smallest_set_loses_the_data(held):
    """Whatever is left out of a smallest set, a copy remains."""
    for events in smallest_sets(held, 3):
        assert lost(events, held)
        for left_out in events:
            assert not lost(events - {left_out}, held)


def test_without_a_copy_nothing_has_to_happen():
    """A resource without any recovery point is lost already."""
    assert smallest_sets([], 3) == (frozenset(),)


def test_a_copy_that_nothing_destroys_is_never_lost():
    """No set of events is enough where one copy has none."""
    assert smallest_sets([frozenset({EVENTS[0]}), frozenset()], 3) == ()
