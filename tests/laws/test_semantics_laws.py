"""Laws of the semantics that hold for any input, and rivals that share no code with them."""

import calendar
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.domain.names import FOREVER, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics import lifecycle, policies
from strongroom.semantics.nearmiss import near_misses
from strongroom.semantics.schedule import count, next_slot, parse_cron, slots, upcoming
from strongroom.semantics.selection import Condition, Operator, PlanSelection, matches, plan_selects
from strongroom.semantics.selection_columns import mask, plan_mask
from strongroom.semantics.windows import RuleWindow, runs

QUICK = settings(max_examples=60, deadline=None)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001
ZONES = st.sampled_from(
    ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Asia/Beirut"]
)


def field(low, high):
    """One field of the common subset: *, value, range, list, step."""
    value = st.integers(low, high)
    span = st.tuples(value, value).map(lambda pair: f"{min(pair)}-{max(pair)}")
    step = st.integers(1, max(2, (high - low) // 2)).map(lambda number: f"*/{number}")
    return st.one_of(
        st.just("*"), value.map(str), span, step, st.lists(value, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))
    )


MINUTES, HOURS, MONTHS = field(0, 59), field(0, 23), field(1, 12)
MONTH_DAYS = st.one_of(field(1, 31), st.just("L"), st.integers(1, 31).map(lambda day: f"{day}W"))
WEEKDAYS = st.one_of(
    field(1, 7),
    st.integers(1, 7).map(lambda day: f"{day}L"),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
)
DAYS = st.one_of(MONTH_DAYS.map(lambda day: (day, "?")), WEEKDAYS.map(lambda day: ("?", day)))
CRONS = st.builds(lambda minute, hour, day, month: f"cron({minute} {hour} {day[0]} {month} {day[1]} *)", MINUTES, HOURS, DAYS, MONTHS)


def naive_match(text, wall):
    """A cron interpreter that asks of one minute whether it matches; it shares nothing with ours."""
    minute, hour, day, month, weekday, _ = text[5:-1].split()
    aws_weekday = wall.isoweekday() % 7 + 1
    last = calendar.monthrange(wall.year, wall.month)[1]
    if not (simple(minute, wall.minute, 0) and simple(hour, wall.hour, 0) and simple(month, wall.month, 1)):
        return False
    return naive_weekday(weekday, aws_weekday, wall.day, last) if day == "?" else naive_day(day, wall, last)


def naive_weekday(text, aws_weekday, day, last):
    if text.endswith("L"):
        return aws_weekday == int(text[:-1]) and day + 7 > last
    if "#" in text:
        wanted, which = text.split("#")
        return aws_weekday == int(wanted) and (day + 6) // 7 == int(which)
    return simple(text, aws_weekday, 1)


def naive_day(text, wall, last):
    if text == "L":
        return wall.day == last
    if not text.endswith("W"):
        return simple(text, wall.day, 1)
    target = int(text[:-1])
    if target > last:
        return False
    weekdays = [day for day in range(1, last + 1) if calendar.weekday(wall.year, wall.month, day) < 5]
    return wall.day == min(weekdays, key=lambda day: abs(day - target))  # of Saturday and Sunday only one side is nearer


def simple(text, value, low):
    for item in text.split(","):
        if item == "*":
            return True
        if item.startswith("*/") and (value - low) % int(item[2:]) == 0:
            return True
        first, _, last = item.partition("-")
        if "/" not in item and int(first) <= value <= int(last or first):
            return True
    return False


@QUICK
@given(CRONS, ZONES, INSTANTS, st.integers(1, 70))
def test_the_slots_are_those_of_a_naive_interpreter(text, zone_name, after, hours):
    """Walking minute by minute through UTC finds the same runs; a repeated wall time counts the first time."""
    zone = ZoneInfo(zone_name)
    after = after.replace(second=0, microsecond=0)
    expected = []
    for minute in range(1, hours * 60 + 1):
        instant = after + timedelta(minutes=minute)
        wall = instant.astimezone(zone)
        if wall.fold == 0 and naive_match(text, wall):
            expected.append(instant)
    assert slots(parse_cron(text), zone_name, after, after + timedelta(hours=hours)) == expected


COMMON_DAYS = st.one_of(
    field(1, 31)
    .filter(lambda text: "*" in text or any(int(item.partition("-")[0]) <= 28 for item in text.split(",")))
    .map(lambda day: (day, None)),
    st.integers(1, 7).map(lambda weekday: (None, weekday)),
)  # without dates such as 30 February, where cronsim gives up


@QUICK
@given(st.tuples(MINUTES, HOURS, MONTHS), COMMON_DAYS, INSTANTS)
def test_cronsim_agrees_on_the_common_subset(fields, days, after):
    """An independent library with Unix weekdays gives the same next 20 runs."""
    minute, hour, month = fields
    day, weekday = days
    after = after.replace(second=0, microsecond=0)
    ours = f"cron({minute} {hour} {day} {month} ? *)" if day else f"cron({minute} {hour} ? {month} {weekday} *)"
    rival = CronSim(f"{minute} {hour} {day} {month} *" if day else f"{minute} {hour} * {month} {weekday - 1}", after)
    assert upcoming(parse_cron(ours), "UTC", after, 20) == [next(rival) for _ in range(20)]


@QUICK
@given(CRONS, ZONES, INSTANTS, st.integers(1, 400))
def test_slots_are_sorted_unique_and_begin_with_the_next(text, zone_name, after, days):
    """next_slot, slots, upcoming and count are four ways of asking one question."""
    cron, until = parse_cron(text), after + timedelta(days=days)
    found = slots(cron, zone_name, after, until)
    assert found == sorted(set(found))
    assert all(after < instant <= until for instant in found)
    following = next_slot(cron, zone_name, after)
    assert (following == found[0]) if found else (following is None or following > until)
    assert count(cron, zone_name, after, until) == len(found)
    middle = after + timedelta(days=days) / 2
    assert slots(cron, zone_name, after, middle) + slots(cron, zone_name, middle, until) == found


RULES = st.lists(
    st.tuples(
        st.sampled_from(["cron(0 * * * ? *)", "cron(0 0/12 * * ? *)", "cron(30 2 * * ? *)", "cron(0 3 ? * SUN *)", "cron(0 23 * * ? *)"]),
        st.sampled_from([60, 90, 480, 1440]),
        st.sampled_from([1, 7, 30, 360, FOREVER]),
    ),
    min_size=1,
    max_size=4,
)


@QUICK
@given(RULES, INSTANTS)
def test_overlap_keeps_the_longest_and_loses_nothing(drawn, after):
    """Every slot is there once, the longest rule always runs, and what is dropped has a kept run over it."""
    rules = [
        RuleWindow(name=str(index), cron=parse_cron(cron), timezone="UTC", start_within_minutes=window, keep=keep)
        for index, (cron, window, keep) in enumerate(drawn)
    ]
    until = after + timedelta(days=8)
    found = runs(rules, after, until)
    assert [(run.slot_at, int(run.rule)) for run in found] == sorted(
        (slot, index) for index, rule in enumerate(rules) for slot in slots(rule.cron, "UTC", after, until)
    )
    weight = {rule.name: 10**6 if rule.keep is FOREVER else rule.keep for rule in rules}
    longest = max(weight.values())
    assert all(run.suppressed_by is None or weight[run.suppressed_by] >= weight[run.rule] for run in found)
    if list(weight.values()).count(longest) == 1:
        assert all(run.suppressed_by is None for run in found if weight[run.rule] == longest)
    window = {rule.name: timedelta(minutes=rule.start_within_minutes) for rule in rules}
    kept = [run for run in found if run.suppressed_by is None]
    for run in kept:
        overlapping = [
            other
            for other in kept
            if other.rule != run.rule
            and other.slot_at < run.slot_at + window[run.rule]
            and run.slot_at < other.slot_at + window[other.rule]
        ]
        assert overlapping == []


@QUICK
@given(RULES, INSTANTS, st.integers(1, 47))
def test_overlap_does_not_depend_on_where_the_question_begins(drawn, after, hours):
    """Asking for a part of a range gives that part of the answer."""
    rules = [
        RuleWindow(name=str(index), cron=parse_cron(cron), timezone="UTC", start_within_minutes=window, keep=keep)
        for index, (cron, window, keep) in enumerate(drawn)
    ]
    middle, until = after + timedelta(hours=hours), after + timedelta(hours=48)
    assert runs(rules, after, middle) + runs(rules, middle, until) == runs(rules, after, until)


WORDS = st.sampled_from(["prod", "Prod", "prd", "dev", "staging", "", "prod ", "te.st", "x*y"])
KEYS = st.sampled_from(["env", "Env", "team", "aws:x"])
TAGS = st.dictionaries(KEYS, WORDS, max_size=3)
TERMS = st.lists(
    st.builds(lambda key, values: TagTerm(key=key, values=tuple(values)), KEYS, st.lists(WORDS, min_size=1, max_size=3)), max_size=2
).map(tuple)
TYPES = st.lists(st.sampled_from(ResourceType), max_size=2).map(tuple)
ARNS = st.sampled_from(
    [
        "arn:aws:s3:::papers",
        "arn:aws:ec2:eu-west-2:111122223333:volume/vol-1",
        "arn:aws:rds:eu-west-2:111122223333:cluster:c",
        "arn:aws:rds:eu-west-2:111122223333:db:d",
    ]
)
PATTERNS = st.one_of(
    ARNS,
    st.sampled_from(["*", "arn:aws:ec2:*", "arn:aws:ec2:*:*:volume/*", "arn:aws:rds:*:*:cluster:*", "arn:aws:s3:::*", "arn:aws:s3:::p*"]),
)
SELECTIONS = st.builds(
    lambda tags, types, not_tags, not_types, arns, not_arns: Selection(
        tags=tags, types=types, not_tags=not_tags, not_types=not_types, arns=tuple(arns), not_arns=tuple(not_arns), origin=BuiltIn()
    ),
    TERMS,
    TYPES,
    TERMS,
    TYPES,
    st.lists(PATTERNS, max_size=2),
    st.lists(PATTERNS, max_size=1),
)
CONDITIONS = st.builds(
    Condition, st.sampled_from(Operator), st.one_of(st.none(), KEYS), st.one_of(WORDS, st.sampled_from(["p*", "?rod", "*"]))
)
PLAN_SELECTIONS = st.builds(
    lambda resources, not_resources, tags, conditions: PlanSelection(
        name="", role_arn="", resources=tuple(resources), not_resources=tuple(not_resources), tags=tuple(tags), conditions=tuple(conditions)
    ),
    st.lists(PATTERNS, max_size=2),
    st.lists(PATTERNS, max_size=1),
    st.lists(st.tuples(KEYS, WORDS), max_size=2),
    st.lists(CONDITIONS, max_size=2),
)
ROWS = st.lists(st.tuples(ARNS, st.sampled_from(ResourceType), TAGS), max_size=8)
OPT_IN = st.dictionaries(st.sampled_from([str(resource_type) for resource_type in ResourceType]), st.booleans())


def table(rows):
    return pa.table(
        {
            "arn": pa.array([arn for arn, _, _ in rows], pa.string()),
            "type": pa.array([str(resource_type) for _, resource_type, _ in rows], pa.string()),
            "tags": pa.array([list(tags.items()) for _, _, tags in rows], pa.map_(pa.string(), pa.string())),
        }
    )


@QUICK
@given(SELECTIONS, ROWS)
def test_a_mask_is_matches_row_by_row(selection, rows):
    """Columns and rows agree for a strategy's selection."""
    assert mask(selection, table(rows)).to_pylist() == [matches(selection, resource_type, tags, arn) for arn, resource_type, tags in rows]


@QUICK
@given(PLAN_SELECTIONS, ROWS, OPT_IN)
def test_a_plan_mask_is_plan_selects_row_by_row(plan_selection, rows, opt_in):
    """Columns and rows agree for AWS's documents."""
    expected = [plan_selects(plan_selection, arn, resource_type, tags, opt_in) for arn, resource_type, tags in rows]
    assert plan_mask(plan_selection, table(rows), opt_in).to_pylist() == expected


@QUICK
@given(SELECTIONS, TAGS)
def test_what_matches_is_no_near_miss(selection, tags):
    """A near miss is reported of a term that doesn't match, never of one that does."""
    missed = near_misses(selection, tags)
    if all(tags.get(term.key) in term.values for term in selection.tags):
        assert missed == ()
    assert [
        miss for miss in missed if any((miss.key, miss.value) == (term.key, value) for term in selection.tags for value in term.values)
    ] == []


OPERATORS = st.one_of(
    st.fixed_dictionaries({"@@assign": st.lists(WORDS, max_size=2)}),
    st.fixed_dictionaries({"@@append": st.lists(WORDS, max_size=2)}),
    st.fixed_dictionaries({"@@remove": st.lists(WORDS, max_size=2)}),
)
LOCKS = st.one_of(
    st.just({}),
    st.sampled_from([["@@none"], ["@@append"], ["@@all"], ["@@assign", "@@remove"]]).map(
        lambda ops: {"@@operators_allowed_for_child_policies": ops}
    ),
)
LEAVES = st.builds(lambda leaf, lock: leaf | lock, OPERATORS, LOCKS)
POLICIES = st.builds(
    lambda plans, lock: {"plans": {name: {"regions": regions} for name, regions in plans.items()} | lock},
    st.dictionaries(st.sampled_from(["A", "B"]), LEAVES, max_size=2),
    LOCKS,
)
LEVELS = st.lists(st.lists(POLICIES, max_size=2), max_size=3)


@QUICK
@given(LEVELS)
def test_merging_an_empty_child_changes_nothing(levels):
    """A level without policies is no level; an empty policy changes nothing that is there."""
    merged = policies.effective(levels, "111122223333")
    assert policies.effective([*levels, []], "111122223333") == merged
    if merged is not None:
        assert policies.effective([*levels, [{"plans": {}}]], "111122223333") == merged


@QUICK
@given(LEVELS, POLICIES)
def test_what_is_locked_altogether_never_changes(levels, child):
    """A level that locks every node makes everything below it futile."""
    merged = policies.effective(levels, "111122223333") or {}
    lock = {"@@operators_allowed_for_child_policies": ["@@none"]}
    regions = {name: {"regions": dict(lock), **lock} for name in ("A", "B")}
    locked = [*levels, [{"plans": regions | lock, **lock}]]
    assert (policies.effective([*locked, [child]], "111122223333") or {}) == merged


@QUICK
@given(LEVELS)
def test_the_effective_policy_has_no_operators(levels):
    """Operators are gone, and the documents that went in are unchanged."""
    before = json.dumps(levels)
    assert "@@" not in json.dumps(policies.effective(levels, "111122223333"))
    assert json.dumps(levels) == before


@given(
    st.one_of(st.just(FOREVER), st.integers(-5, 40000)),
    st.one_of(st.none(), st.integers(-5, 40000)),
    st.one_of(st.none(), st.integers(1, 36500)),
)
def test_a_lock_with_wider_bounds_admits_more(keep, low, high):
    """Whatever fails without a bound fails with it too."""
    if lifecycle.outside_lock(keep, None, high) or lifecycle.outside_lock(keep, low, None):
        assert lifecycle.outside_lock(keep, low, high)
    assert not lifecycle.outside_lock(keep, None, None)
