"""Laws of lifetimes and locks, and parsers that never fall over."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.domain.names import FOREVER, ResourceType
from strongroom.semantics import lifecycle, locks, policies
from strongroom.semantics.cron import CronError, parse_cron
from strongroom.semantics.lifecycle import Lifecycle
from strongroom.semantics.maintenance import WindowError, fsx_daily, fsx_weekly, weekly

QUICK = settings(max_examples=80, deadline=None)
NOW = datetime(2027, 1, 4, tzinfo=UTC)
DAYS = st.integers(1, 36500)
KEEPS = st.one_of(st.just(FOREVER), DAYS)


def length(keep):
    return 10**9 if keep is FOREVER else keep


@QUICK
@given(KEEPS, KEEPS)
def test_a_longer_retention_never_makes_an_erasure_earlier(one, other):
    """Neither of the recovery point nor of a copy that inherits it."""
    shorter, longer = sorted((one, other), key=length)
    early, late = lifecycle.deleted_between(NOW, shorter), lifecycle.deleted_between(NOW, longer)
    assert late is None or (early is not None and early <= late)
    for asked in (None, Lifecycle(keep=FOREVER)):
        copied = [lifecycle.at_destination(Lifecycle(keep=keep), asked).keep for keep in (shorter, longer)]
        assert length(copied[0]) <= length(copied[1])


@QUICK
@given(st.sampled_from(ResourceType), KEEPS, st.one_of(st.none(), DAYS), st.booleans(), st.one_of(st.none(), st.integers(60, 10**6)))
def test_what_lands_asks_for_no_more_than_was_asked(resource_type, keep, cold, archive, interval):
    """The end stays, cold storage stays or goes, and landing twice is landing once."""
    asked = Lifecycle(keep=keep, cold_after_days=cold, archive=archive)
    found = lifecycle.landed(resource_type, asked, interval_minutes_max=interval).lifecycle
    assert found.keep == keep
    assert found.cold_after_days in {cold, None}
    assert lifecycle.landed(resource_type, found, interval_minutes_max=interval).lifecycle == found


CALLS = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete"]),
        st.integers(0, 6),  # days that pass before it
        st.one_of(st.none(), st.integers(1, 40)),
        st.one_of(st.none(), st.integers(1, 400)),
        st.one_of(st.none(), st.integers(1, 9)),
    ),
    max_size=8,
)


@QUICK
@given(CALLS)
def test_a_hard_lock_stays_as_it_is(calls):
    """Whatever is called, from its lock date on a lock never changes; before it nothing is refused but impossible ranges."""
    lock, at = None, NOW
    for call, days, low, high, changeable in calls:
        at += timedelta(days=days)
        before = locks.phase(lock, at)
        made = (
            locks.put(lock, at=at, min_days=low, max_days=high, changeable_for_days=changeable)
            if call == "put"
            else locks.delete(lock, at=at)
        )
        assert (made.lock == lock) or not made.refused
        if before is locks.Phase.COMPLIANCE:
            assert made.lock == lock
            assert made.refused
        lock = made.lock
        if lock is not None and call == "put" and not made.refused:
            assert (lock.lock_at is None) is (changeable is None)


JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["@@none", "@@assign"])),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from(
                    ["plans", "P", "regions", "rules", "@@assign", "@@append", "@@remove", "@@operators_allowed_for_child_policies"]
                ),
                st.text(max_size=4),
            ),
            below,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(JSONS)
def test_no_json_makes_the_grammar_fall_over(document):
    """Whatever is written, the answer is a sentence or nothing; what is well-formed merges and is explained."""
    found = policies.malformed(document)
    assert found is None or isinstance(found, str)
    assert policies.read(json.dumps(document)).refused == (found or "")
    if found is None:
        merged = policies.effective([[document], [document]], "111122223333")
        level = policies.PolicyLevel(name="Root", policies=(policies.AttachedPolicy(id="p", document=document),))
        assert policies.explain([level, level], "111122223333").document == merged


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.just("plans"), JSONS))
def test_no_object_makes_the_merge_fall_over(document):
    """Also what AWS would never have taken merges to something."""
    merged = policies.effective([[document], [document]], "111122223333")
    assert "@@" not in json.dumps(merged) or "@@" in json.dumps(document)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_a_parser_fall_over(text):
    """Policies answer, crons and windows raise their own errors."""
    assert isinstance(policies.read(text).refused, str)
    for parse, error in ((parse_cron, CronError), (weekly, WindowError), (fsx_weekly, WindowError), (fsx_daily, WindowError)):
        with suppress(error):
            parse(text)
    fields = " ".join([*text.split()[:6], *"******"][:6])
    with suppress(CronError):
        parse_cron(f"cron({fields})")


def test_a_policy_nested_a_hundred_thousand_deep_is_refused():
    """With a sentence, not with a traceback."""
    assert policies.read('{"a":' * 100_000 + "1" + "}" * 100_000).refused == "not a policy: nested too deeply"
    assert (policies.read('{\n"plans": }').line, policies.read('{\n"plans": }').column) == (2, 10)
