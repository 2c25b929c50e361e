"""What resources have in common, and the cheapest change that helps: hand-made copies, no ledger."""

import pytest

from strongroom.proof.survival import ANY_NUMBER, OWN, Copy, words
from strongroom.proof.survival.patterns import cheapest_improvement, standing
from strongroom.semantics.survival import Event, EventKind

HOME, SECOND, CENTRAL = "eu-west-2", "eu-west-1", "333333333333"
MANAGEMENT = Event(EventKind.MANAGEMENT)


def admin(account):
    return Event(EventKind.ADMINISTRATOR, account)


def region(name):
    return Event(EventKind.REGION, name)


def copy(vault, account, where, *more, by_points=(), by_key=(), unsure=(), hardened=False):
    events = frozenset({MANAGEMENT, region(where), Event(EventKind.CLOSED, account), *map(admin, (*by_points, *by_key)), *more, *unsure})
    return Copy(
        name=f"{vault}@{account}, {where}",
        account=account,
        region=where,
        vault=vault,
        events=events,
        sure=events - set(unsure),
        by_points=frozenset(by_points),
        by_key=frozenset(by_key),
        hardened=hardened,
    )


LOCAL = copy("local", OWN, HOME, by_points=[OWN], by_key=[OWN])
LOCKED = copy("central", CENTRAL, SECOND, by_key=[CENTRAL], hardened=True)


def test_without_a_copy_nothing_has_to_go_wrong():
    """A resource that was never backed up is lost already."""
    assert standing(()).size == 0


def test_the_management_account_is_counted_apart():
    """It is enough for whatever lies inside the organization, but the fewest things are those besides it."""
    found = standing((LOCAL, LOCKED))
    assert frozenset({MANAGEMENT}) in found.sets
    assert found.size == 2
    assert all(MANAGEMENT not in each for each in found.fewest)
    assert frozenset({admin(OWN), admin(CENTRAL)}) in found.fewest


def test_more_than_three_things_are_any_number():
    """Four copies with nothing in common take four events."""
    apart = tuple(copy("v", f"{number}" * 12, f"eu-west-{number}") for number in range(1, 5))
    assert standing(apart).size == ANY_NUMBER


def test_a_set_is_certain_where_every_copy_certainly_goes():
    """One event of which it isn't known makes the set only possible."""
    doubtful = copy("local", OWN, HOME, unsure=[admin("444444444444")])
    found = standing((doubtful,))
    assert found.certain(frozenset({region(HOME)}))
    assert not found.certain(frozenset({admin("444444444444")}))


@pytest.mark.parametrize(
    ("copies", "events", "says", "price", "size"),
    [
        (  # the key isn't in reach, so that a lock alone is enough
            (copy("local", OWN, HOME, by_points=[OWN]),),
            {admin(OWN)},
            f"lock vault local@{OWN}, {HOME} in compliance mode",
            "nothing to pay",
            1,
        ),
        ((LOCAL,), {admin(OWN)}, f"put guard rails above {OWN}", "nothing to pay", 1),
        (  # a role there is assumed from elsewhere: what binds it stands above its own account
            (copy("central", CENTRAL, SECOND, by_key=["222222222222"]),),
            {admin("222222222222")},
            f"put guard rails above account {CENTRAL}",
            "nothing to pay",
            1,
        ),
        ((LOCAL,), {region(HOME)}, "copy to a locked vault in another account and another Region", "storage and transfer", 2),
        (
            (copy("local", OWN, HOME, Event(EventKind.RANSOMWARE, "30")),),
            {Event(EventKind.RANSOMWARE, "30")},
            f"keep a recovery point in vault local@{OWN}, {HOME} for more than 30 days",
            "storage of the recovery points",
            1,
        ),
    ],
)
def test_the_cheapest_change_is_the_first_that_helps(copies, events, says, price, size):
    """A lock or guard rails cost nothing, longer retention some storage, another copy most."""
    found = cheapest_improvement(standing(copies), frozenset(events))
    assert found is not None
    assert found.words.startswith(says)
    assert found.price.startswith(price)
    assert found.size == size


def test_nothing_inside_the_organization_outlasts_the_management_account():
    """A further copy is closed with the others."""
    assert cheapest_improvement(standing((LOCAL, LOCKED)), frozenset({MANAGEMENT})) is None


def test_every_kind_of_event_has_words():
    """Each is half a sentence that names what it happens to."""
    for kind in EventKind:
        sentence = words(Event(kind, "30"))
        assert kind is EventKind.MANAGEMENT or "30" in sentence
        assert sentence[0].islower() or sentence.startswith("Region")
