"""Naive interpreters of windows, policies and selections, which share no code with the product, agree with it."""

import calendar
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.domain.names import FOREVER, ResourceType
from strongroom.semantics import policies, windows
from strongroom.semantics.schedule import parse_cron
from strongroom.semantics.selection import Answer, Condition, Operator, PlanSelection, plan_selects, verdict

QUICK = settings(max_examples=60, deadline=None)
START = datetime(2027, 1, 4, tzinfo=UTC)  # a Monday


# Windows: sets of minutes. A rule is (hours of the day, window in minutes, days kept).
HOURS = st.sets(st.integers(0, 23), min_size=1, max_size=4)
WINDOW_RULES = st.lists(st.tuples(HOURS, st.sampled_from([60, 90, 240, 600]), st.sampled_from([1, 7, 30, FOREVER])), min_size=1, max_size=4)


def naive_overlap(rules, days):
    """Walk from the longest retention to the shortest; a slot runs if none of its minutes is taken by another rule."""
    first = -days * 1440  # long before the range, so that a chain of windows is complete
    order = sorted(range(len(rules)), key=lambda index: (-(10**9 if rules[index][2] is FOREVER else rules[index][2]), index))
    taken, kept = {}, set()
    for index in order:
        hours, minutes, _ = rules[index]
        own = set()
        for slot in range(first, days * 1440, 60):
            if (slot // 60) % 24 not in hours:
                continue
            window = set(range(slot, slot + minutes))
            if not any(window & others for other, others in taken.items() if other != index):
                own |= window
                if 0 < slot <= (days - 1) * 1440:
                    kept.add((slot, index))
        taken[index] = own
    return kept


@QUICK
@given(WINDOW_RULES)
def test_overlap_is_what_sets_of_minutes_say(drawn):
    """The runs that are left are those of an interpreter that paints minutes."""
    rules = [
        windows.RuleWindow(
            name=str(index),
            cron=parse_cron(f"cron(0 {','.join(map(str, sorted(hours)))} * * ? *)"),
            timezone="UTC",
            start_within_minutes=minutes,
            keep=keep,
        )
        for index, (hours, minutes, keep) in enumerate(drawn)
    ]
    found = windows.runs(rules, START, START + timedelta(days=3))
    kept = {((run.slot_at - START) // timedelta(minutes=1), int(run.rule)) for run in found if run.suppressed_by is None}
    assert kept == naive_overlap(drawn, 4)


PLAN_RUNS = st.lists(
    st.tuples(st.integers(0, 2000), st.sampled_from([60, 120, 480]), st.integers(1, 700), st.one_of(st.none(), st.integers(60, 900))),
    min_size=1,
    max_size=6,
    unique_by=lambda drawn: drawn[0],
)


@QUICK
@given(PLAN_RUNS)
def test_jobs_of_one_resource_never_overlap(drawn):
    """A job starts in its window, at its slot if the resource is free, and only when the one before it has ended."""
    runs = [
        windows.PlanRun(
            plan=str(index),
            rule="r",
            slot_at=START + timedelta(minutes=at),
            start_within_minutes=within,
            duration_minutes=duration,
            complete_within_minutes=complete,
        )
        for index, (at, within, duration, complete) in enumerate(drawn)
    ]
    found = windows.collisions(runs)
    assert [each.run for each in found] == sorted(runs, key=lambda run: run.slot_at)
    free_at = START
    for each in found:
        slot, deadline = each.run.slot_at, each.run.slot_at + timedelta(minutes=each.run.start_within_minutes)
        starts = max(slot, free_at)
        if starts >= deadline:
            assert each.fate is windows.Fate.EXPIRES_WAITING
            continue
        assert each.starts_at == starts
        lasts = each.run.duration_minutes
        if each.run.complete_within_minutes is not None:
            lasts = min(lasts, each.run.complete_within_minutes)
        free_at = starts + timedelta(minutes=lasts)
        assert each.ends_at == free_at


WEEKLY = st.builds(lambda day, minute, length: (day, minute, length), st.integers(0, 6), st.integers(0, 1439), st.integers(30, 24 * 60))


@QUICK
@given(WEEKLY, st.integers(0, 14 * 1440), st.sampled_from([ResourceType.RDS, ResourceType.FSX]))
def test_maintenance_windows_agree_with_a_walk_through_the_minutes(drawn, minute, resource_type):
    """Whether a minute is blocked is found by stepping forward to a window's begin, by the names of days."""
    day, at, length = drawn
    end_day, end_at = (day + (at + length) // 1440) % 7, (at + length) % 1440
    names = [name.lower() for name in calendar.day_abbr]
    window = windows.weekly(f"{names[day]}:{at // 60:02}:{at % 60:02}-{names[end_day]}:{end_at // 60:02}:{end_at % 60:02}")
    assert window.minutes == length
    slot, margin = START + timedelta(minutes=minute), windows.margin_minutes(resource_type)
    blocked = False
    for step in range(-length + 1, margin + 1):
        instant = slot + timedelta(minutes=step)
        blocked = blocked or (instant.weekday() == day and instant.hour * 60 + instant.minute == at)
    assert [each.certain for each in windows.maintenance_conflicts([slot], [window], resource_type)] == ([True] if blocked else [])


# Policies: a table of places instead of a tree.
TEXTS = st.sampled_from(["a", "b", "c"])
LISTS = st.lists(TEXTS, max_size=2)
LOCKS = st.one_of(
    st.just({}),
    st.lists(st.sampled_from(["@@none", "@@append", "@@all", "@@assign", "@@remove"]), min_size=1, max_size=2).map(
        lambda operators: {"@@operators_allowed_for_child_policies": operators}
    ),
)
LIST_LEAVES = st.builds(
    lambda written, lock: written | lock,
    st.dictionaries(st.sampled_from(["@@assign", "@@append", "@@remove"]), LISTS, min_size=1, max_size=2),
    LOCKS,
)
TEXT_LEAVES = st.builds(lambda text, lock: {"@@assign": text} | lock, TEXTS, LOCKS)
RULES = st.builds(lambda leaves, lock: leaves | lock, st.dictionaries(st.just("schedule_expression"), TEXT_LEAVES, max_size=1), LOCKS)
PLANS = st.builds(
    lambda regions, rules, lock: {**regions, **({"rules": rules} if rules else {}), **lock},
    st.dictionaries(st.just("regions"), LIST_LEAVES, max_size=1),
    st.dictionaries(st.sampled_from(["daily", "weekly"]), RULES, max_size=2),
    LOCKS,
)
POLICIES = st.builds(lambda plans, lock: {"plans": plans | lock}, st.dictionaries(st.sampled_from(["P", "Q"]), PLANS, max_size=2), LOCKS)
LEVELS = st.lists(st.lists(POLICIES, max_size=2), max_size=4)
CONTROL = "@@operators_allowed_for_child_policies"
ALL = {"@@assign", "@@append", "@@remove"}


def places(document, place=()):
    """Yield every object of a policy with its place."""
    yield place, document
    for key, below in document.items():
        if not key.startswith("@@"):
            yield from places(below, (*place, key))


def leaves(document, place=()):
    """Yield every value of an effective policy under its path."""
    for key, below in document.items():
        if isinstance(below, dict):
            yield from leaves(below, (*place, key))
        else:
            yield "/".join((*place, key)), below


def naive_effective(levels):
    """Keep a table from place to (value, allowed); a level reads the table as its parents left it."""
    values, allowed = {(): None}, {(): set(ALL)}
    for level in levels:
        before, seen = {place: set(each) for place, each in allowed.items()}, {()}
        written = [pair for document in level for pair in places(document)]
        for place in sorted({place for place, _ in written}, key=len):
            known = place in before
            if place and (place[:-1] not in seen or (not known and not before.get(place[:-1], ALL) & {"@@assign", "@@append"})):
                continue
            seen.add(place)
            bodies, may = [body for each, body in written if each == place], before.get(place, ALL)
            values[place] = naive_leaf(values.get(place), bodies, may)
            allowed.setdefault(place, set(ALL))
            for body in bodies:
                if CONTROL in body and "@@all" not in body[CONTROL]:
                    allowed[place] &= set(body[CONTROL])
    return naive_document(values) if any(levels) else None


def naive_leaf(value, bodies, may):
    for operator in ("@@assign", "@@append", "@@remove"):
        operands = [body[operator] for body in bodies if operator in body]
        if not operands or operator not in may:
            continue
        if operator == "@@assign":
            value = operands[0]
        elif operator == "@@append":
            value = [*(value or []), *(item for each in operands for item in each)]
        elif value is not None:
            value = [item for item in value if not any(item in each for each in operands)]
    if isinstance(value, list):
        value = [item for index, item in enumerate(value) if item not in value[:index]]
    return value


def naive_document(values):
    document = {}
    for place, value in values.items():
        if value in (None, []):
            continue
        at = document
        for key in place[:-1]:
            at = at.setdefault(key, {})
        at[place[-1]] = value
    return document


@settings(max_examples=300, deadline=None)
@given(LEVELS)
def test_a_table_of_places_merges_like_the_tree(levels):
    """Assigns, appends, removes and controls of two policies a level."""
    assert policies.effective(levels, "111122223333") == naive_effective(levels)


@settings(max_examples=200, deadline=None)
@given(LEVELS)
def test_an_explanation_explains_all_of_the_effective_policy(levels):
    """It shows the same document, and its contributions add up to each list."""
    named = [
        policies.PolicyLevel(
            name=f"level {number}",
            policies=tuple(policies.AttachedPolicy(id=f"p-{number}-{index}", document=each) for index, each in enumerate(level)),
        )
        for number, level in enumerate(levels)
    ]
    found = policies.explain(named, "111122223333")
    assert found.document == policies.effective(levels, "111122223333")
    assert {each.path: each.value for each in found.values} == dict(leaves(found.document or {}))
    for each in found.values:
        assert each.set_by
        if isinstance(each.value, list):
            items = {item for one in each.set_by if one.operator != "@@remove" for item in one.items}
            assert items == set(each.value)


# Selections: characters one by one.
WORDS = st.sampled_from(["prod", "Prod", "dev", ""])
KEYS = st.sampled_from(["env", "team"])
TAGS = st.dictionaries(KEYS, WORDS, max_size=2)
ARNS = st.sampled_from(
    [
        "arn:aws:s3:::papers",
        "arn:aws:s3:::app-logs",
        "arn:aws:ec2:eu-west-2:111122223333:volume/vol-1",
        "arn:aws:rds:eu-west-2:111122223333:cluster:c",
    ]
)
PATTERNS = st.one_of(
    ARNS,
    st.sampled_from(
        ["*", "arn:aws:ec2:*", "arn:aws:ec2:*:*:volume/*", "arn:aws:rds:*:*:cluster:*", "arn:aws:s3:::*", "arn:aws:s3:::*-logs"]
    ),
)
CONDITIONS = st.builds(
    Condition, st.sampled_from(Operator), st.one_of(st.none(), KEYS), st.one_of(WORDS, st.sampled_from(["p*", "?rod", "*"]))
)
SELECTIONS = st.builds(
    lambda resources, excluded, tags, conditions: PlanSelection(
        name="", role_arn="", resources=tuple(resources), not_resources=tuple(excluded), tags=tuple(tags), conditions=tuple(conditions)
    ),
    st.lists(PATTERNS, max_size=2),
    st.lists(PATTERNS, max_size=1),
    st.lists(st.tuples(KEYS, WORDS), max_size=2),
    st.lists(CONDITIONS, max_size=2),
)
TYPES = st.sampled_from([ResourceType.S3, ResourceType.EBS, ResourceType.AURORA, ResourceType.NEPTUNE])
OPT_IN = st.dictionaries(st.sampled_from(["S3", "EBS", "Aurora", "Neptune"]), st.booleans())


def glob(pattern, text, one):
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[skip:], one) for skip in range(len(text) + 1))
    return bool(text) and (pattern[0] == text[0] or (one and pattern[0] == "?")) and glob(pattern[1:], text[1:], one)


def naive_selects(chosen, arn, resource_type, tags, opt_in):
    on = opt_in.get(str(resource_type), False)
    taken = on and any(tags.get(key) == value for key, value in chosen.tags)
    for pattern in chosen.resources:
        if not glob(pattern, arn, one=False):
            continue
        tail = pattern.split(":")[5:]
        names_a_type = bool(tail) and ("s3" in pattern.split(":")[2:3] or ":".join(tail).strip("*") != "")
        shared = resource_type in {ResourceType.AURORA, ResourceType.NEPTUNE}
        taken = taken or on or "*" not in pattern or (names_a_type and not shared)
    for one in chosen.conditions:
        value = tags.get(one.tag) if one.tag else None
        holds = value is not None and (glob(one.value, value, one=True) if "Like" in one.operator.value else value == one.value)
        taken = taken and (not holds if "Not" in one.operator.value else holds)
    return taken and not any(glob(pattern, arn, one=False) for pattern in chosen.not_resources)


@settings(max_examples=300, deadline=None)
@given(SELECTIONS, ARNS, TYPES, TAGS, OPT_IN)
def test_a_character_by_character_interpreter_selects_the_same(chosen, arn, resource_type, tags, opt_in):
    """Resources, tags, conditions, exclusions and opt-in."""
    assert plan_selects(chosen, arn, resource_type, tags, opt_in) is naive_selects(chosen, arn, resource_type, tags, opt_in)


@settings(max_examples=300, deadline=None)
@given(SELECTIONS, ARNS, TYPES, TAGS, OPT_IN)
def test_a_verdict_is_the_answer_or_open_and_unread_is_never_an_answer_of_its_own(chosen, arn, resource_type, tags, opt_in):
    """Where nothing is open a verdict says what `plan_selects` says; taking knowledge away makes it open or leaves it."""
    found = verdict(chosen, arn, resource_type, tags, opt_in)
    if found.answer is not Answer.OPEN:
        assert (found.answer is Answer.YES) is plan_selects(chosen, arn, resource_type, tags, opt_in)
    for known in ((None, opt_in), (tags, None), (None, None)):
        assert verdict(chosen, arn, resource_type, *known).answer in {found.answer, Answer.OPEN}
