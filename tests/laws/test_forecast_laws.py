"""Laws of calendar, rehearsal and comparison that hold for any strategy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.compiler import compile_strategy
from strongroom.domain.names import FOREVER
from strongroom.domain.strategy import LockMode, TagTerm
from strongroom.forecast.calendar import calendar
from strongroom.forecast.lockrehearsal import ProposedLock, rehearse
from strongroom.forecast.policydiff import Effect, policy_diff
from strongroom.forecast.protection import of_estate
from strongroom.strategyfile import parse

QUICK = settings(max_examples=40, deadline=None)
SLOW = settings(max_examples=10, deadline=None)  # a year of hourly runs each time
BASE = compile_strategy(
    parse(
        """\
strongroom: 1
name: law
organization: {home_region: eu-west-2, accounts: {central: "333333333333"}, governs: [Workloads]}
vaults:
  local: {in: every-account}
  central: {in: central}
plans:
  one:
    select: {tags: {environment: prod}}
    rules: {a: {at: "02:00", keep: 30d, copy: central}, b: {at: "03:00", keep: 7d}, c: {at: "04:00", keep: 1d, copy: central}}
""",
        file="strategy.yaml",
    ).strategy
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC, microsecond=0))  # noqa: DTZ001
KEEPS = st.one_of(st.integers(1, 400), st.just(FOREVER))
CRONS = st.sampled_from(
    ["cron(0 * * * ? *)", "cron(0 2 * * ? *)", "cron(30 1 * * ? *)", "cron(0 0/6 * * ? *)", "cron(0 3 ? * SUN *)", "cron(0 4 L * ? *)"]
)
ZONES = st.sampled_from(["UTC", "Europe/London", "America/Santiago", "Australia/Lord_Howe"])


@st.composite
def estates(draw):
    """One plan with three rules, any schedule, window, retention, copy retention and selection."""
    (plan,) = BASE.plans
    rules = []
    for rule in plan.rules:
        copies = tuple(replace(copy, keep=draw(KEEPS)) for copy in rule.copies)
        window = draw(st.sampled_from([60, 90, 480, 3000]))
        rules.append(
            replace(rule, schedule=draw(CRONS), timezone=draw(ZONES), start_within_minutes=window, keep=draw(KEEPS), copies=copies)
        )
    values = draw(st.lists(st.sampled_from(["prod", "live", "dev"]), min_size=1, unique=True))
    select = replace(plan.select, tags=(TagTerm(key="environment", values=tuple(values)),))
    return replace(BASE, plans=(replace(plan, rules=tuple(rules), select=select),))


@QUICK
@given(estates(), INSTANTS, st.integers(1, 12), ZONES)
def test_a_calendar_of_twice_the_days_contains_that_of_the_days(estate, now, days, timezone):
    """What comes first doesn't depend on how far one looks."""
    short, long = (calendar(estate, now=now, days=number, timezone=timezone) for number in (days, 2 * days))
    assert short.runs == tuple(run for run in long.runs if run.slot_at < short.end_at)
    assert short.clock_changes == tuple(change for change in long.clock_changes if change.at < short.end_at)


@QUICK
@given(estates(), INSTANTS, st.integers(1, 400), st.integers(0, 400), st.tuples(st.integers(0, 100), st.integers(0, 100)))
def test_a_wider_lock_never_fails_more_jobs(estate, now, low, span, wider):
    """A lower minimum and a higher maximum can only let more pass, vault by vault."""
    for label in ("local", "central"):
        narrow = ProposedLock(label=label, mode=LockMode.GOVERNANCE, min_days=low, max_days=low + span, grace_days=None)
        wide = replace(narrow, min_days=max(1, low - wider[0]), max_days=low + span + wider[1])
        open_ended = replace(wide, max_days=None)
        failing = [
            {(job.kind, job.rule) for job in rehearse(estate, [lock], now=now, days=9).locks[0].failing}
            for lock in (narrow, wide, open_ended)
        ]
        assert failing[2] <= failing[1] <= failing[0]


@SLOW
@given(estates())
def test_a_strategy_compared_with_itself_does_not_differ(estate):
    """No row, whatever the strategy."""
    assert policy_diff(of_estate(estate), of_estate(estate)).rows == ()


@SLOW
@given(estates(), estates())
def test_what_one_direction_loses_the_other_gains(before, after):
    """Exchanging the sides exchanges losses and gains."""
    there, back = policy_diff(of_estate(before), of_estate(after)), policy_diff(of_estate(after), of_estate(before))

    def numbers(found, effect):
        return sorted((row.rule, row.aspect, row.tags, row.types) for row in found.rows if row.effect is effect)

    assert [(row.rule, row.aspect) for row in there.rows if " (now " in row.rule] == []
    plain = [
        [sum(row.effect is effect for row in found.rows) for effect in (Effect.LOSES, Effect.GAINS, Effect.CHANGES)]
        for found in (there, back)
    ]
    assert plain[0] == [plain[1][1], plain[1][0], plain[1][2]]
    assert bool(numbers(there, Effect.LOSES)) == bool(numbers(back, Effect.GAINS))


@QUICK
@given(estates(), INSTANTS)
def test_a_longer_commitment_is_never_earlier(estate, now):
    """A lock that hardens commits at least until what the strategy's passing jobs keep; a later horizon commits no less."""
    lock = ProposedLock(label="central", mode=LockMode.COMPLIANCE, min_days=1, max_days=None, grace_days=3)
    short, long = (rehearse(estate, [lock], now=now, days=days).locks[0] for days in (5, 10))
    if short.committed_until_at:
        assert long.committed_until_at >= short.committed_until_at
    assert long.committed_forever >= short.committed_forever
    assert short.hardens_at == now + timedelta(days=3)
