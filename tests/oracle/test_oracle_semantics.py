"""The semantics agree with vectors that were transcribed by hand from AWS's pages."""

import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from strongroom.domain.names import FOREVER, ResourceType, RetentionDays
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics import copies, jobs, lifecycle, locks, policies, schedule, selection, windows

HERE = Path(__file__).parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def vectors(name: str, table: str) -> list[Any]:
    return [pytest.param(vector, id=vector["what"]) for vector in read(name)[table]]


def keep(value: int | str) -> RetentionDays:
    return FOREVER if value == "forever" else int(value)


@pytest.mark.parametrize("name", sorted(file.stem for file in HERE.glob("*.toml") if file.stem != "rows"))
def test_every_vector_names_its_source(name):
    """A vector without the page it was read on proves nothing."""
    tables = read(name).values()
    sources = [vector["source"] for table in tables for vector in (table if isinstance(table, list) else [table])]
    assert sources
    assert all(source.startswith("https://") for source in sources)


@pytest.mark.parametrize("vector", vectors("schedule", "slots"))
def test_a_schedule_runs_when_aws_says(vector):
    """A cron expression gives exactly the instants of the vector."""
    found = schedule.slots(schedule.parse_cron(vector["cron"]), vector["timezone"], vector["after"], vector["until"])
    assert found == [datetime.fromisoformat(text) for text in vector["expected"]]


@pytest.mark.parametrize("vector", vectors("schedule", "refused"))
def test_a_schedule_that_aws_refuses_is_refused(vector):
    """The error names field, value and bound."""
    with pytest.raises(schedule.CronError) as caught:
        schedule.parse_cron(vector["cron"])
    assert vector["says"] in str(caught.value)


@pytest.mark.parametrize("vector", vectors("schedule", "interval"))
def test_the_longest_gap_of_a_schedule(vector):
    """The longest gap counts weekends, months and daylight saving."""
    assert schedule.interval_minutes_max(schedule.parse_cron(vector["cron"]), vector["timezone"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("schedule", "surprise"))
def test_a_schedule_that_does_not_do_what_it_looks_like(vector):
    """What AWS documents as a trap is said beforehand."""
    assert vector["kind"] in [str(problem.kind) for problem in schedule.diagnose(vector["cron"], vector.get("timezone", "UTC"))]


@pytest.mark.parametrize("vector", vectors("windows", "vector"))
def test_overlapping_windows_drop_runs(vector):
    """Of overlapping rules the one that is kept longest runs."""
    rules = [
        windows.RuleWindow(
            name=rule["name"],
            cron=schedule.parse_cron(rule["cron"]),
            timezone="UTC",
            start_within_minutes=rule["start_within_minutes"],
            keep=keep(rule["keep"]),
        )
        for rule in vector["rules"]
    ]
    kept = [run for run in windows.runs(rules, vector["after"], vector["until"]) if run.suppressed_by is None]
    assert {rule.name: sum(run.rule == rule.name for run in kept) for rule in rules} == vector["runs"]
    first = {name: min(run.slot_at for run in kept if run.rule == name) for name in vector["first"]}
    assert first == {name: datetime.fromisoformat(text) for name, text in vector["first"].items()}


@pytest.mark.parametrize("vector", vectors("lifecycle", "problem"))
def test_lifecycles_that_aws_refuses(vector):
    """The message is AWS's own, or there is none."""
    assert (lifecycle.problem(keep(vector["keep"]), vector.get("cold"), continuous=vector["continuous"]) or "") == vector["expected"]


@pytest.mark.parametrize("vector", vectors("lifecycle", "delete_at"))
def test_deletion_counts_from_the_creation_date(vector):
    """The calculated date is exact to the millisecond."""
    due = lifecycle.delete_at(vector["created_at"], keep(vector["keep"]))
    assert due == (datetime.fromisoformat(vector["expected"]) if vector["expected"] else None)


@pytest.mark.parametrize("vector", vectors("lifecycle", "copy"))
def test_what_a_copy_really_keeps(vector):
    """A copy inherits unless it asks for a number of days."""
    requested = keep(vector["requested"]) if "requested" in vector else None
    assert lifecycle.copy_retention(keep(vector["source_keep"]), requested) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("lifecycle", "lock"))
def test_the_range_of_a_lock(vector):
    """The bounds themselves are inside."""
    assert lifecycle.outside_lock(keep(vector["keep"]), vector.get("min"), vector.get("max")) is vector["expected"]


@pytest.mark.parametrize("vector", vectors("copies", "vector"))
def test_what_comes_of_a_copy(vector):
    """Type support, key classes and the organization's switch decide, and what is unread stays unknown."""
    source_region, destination_region = vector.get("regions", ("", ""))
    bounds = vector.get("lock")
    case = copies.CopyCase(
        type=ResourceType(vector["type"]),
        same_account="account" not in vector["across"],
        same_region="region" not in vector["across"],
        key_manager=None if vector["key"] == "none" else vector["key"],
        advanced_dynamodb=vector.get("advanced", True),
        cross_account_enabled={"yes": True, "no": False, "unread": None}[vector["enabled"]],
        destination_key_manager=None if vector["vault"] == "UNKNOWN" else vector["vault"],
        same_organization=vector.get("same_organization", True),
        source_region=source_region,
        destination_region=destination_region,
        multi_az_cluster=vector.get("multi_az_cluster", False),
        cold=vector.get("cold", False),
        continuous=vector.get("continuous", False),
        on_demand=vector.get("on_demand", False),
        marketplace_image=vector.get("marketplace_image", False),
        images_restricted=None if vector.get("images") == "unread" else False,
        keep=keep(vector["keep"]) if "keep" in vector else None,
        destination_lock=locks.Lock(min_days=bounds["min"], max_days=bounds["max"], lock_at=None) if bounds else None,
    )
    assert copies.makes_snapshot(case) is vector.get("snapshot", False)
    found = copies.verdict(case)
    assert (str(found.outcome), found.failure_mode) == (vector["outcome"], vector.get("failure_mode", ""))
    assert vector.get("says", "") in found.message


@pytest.mark.parametrize("vector", vectors("selection", "vector"))
def test_what_a_plan_selects(vector):
    """((resources or tags) and conditions) without exclusions, and opt-in on top."""
    plan_selection = selection.PlanSelection.parse(vector["selection"])
    found = selection.plan_selects(plan_selection, vector["arn"], ResourceType(vector["type"]), vector["tags"], vector["opt_in"])
    assert found is vector["selected"]


@pytest.mark.parametrize("vector", vectors("selection", "near"))
def test_near_misses(vector):
    """Case, blanks and typos are named; declared values and other words are not."""
    declared = Selection(tags=tuple(TagTerm(key=key, values=tuple(values)) for key, values in vector["declared"].items()), origin=BuiltIn())
    known = frozenset((key, value) for key, value in vector.get("known", ()))
    assert [miss.difference for miss in selection.near_misses(declared, vector["tags"], known=known)] == vector["differences"]


@pytest.mark.parametrize("vector", vectors("policies", "vector"))
def test_what_policies_merge_to(vector):
    """Levels merge as AWS's worked examples say, and missing keys are named."""
    merged = policies.effective(json.loads(vector["levels"]), "123456789012")
    assert merged == json.loads(vector["effective"])
    if "problem" in vector:
        assert vector["problem"] in [f"{problem.code} {problem.path}" for problem in policies.problems(merged)]


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        ("backup", jobs.BackupJobState),
        ("copy", jobs.CopyJobState),
        ("recovery_point", jobs.RecoveryPointStatus),
        ("restore", jobs.RestoreJobState),
        ("legal_hold", jobs.LegalHoldState),
    ],
)
def test_states_and_moves(table, enum):
    """States, terminal states and moves are AWS's."""
    vector = read("jobs")[table]
    assert {str(state) for state in enum} == set(vector["states"])
    if "terminal" in vector:
        assert {str(state) for state in enum if jobs.is_terminal(state)} == set(vector["terminal"])
    if "restorable" in vector:
        assert {str(state) for state in enum if state.restorable} == set(vector["restorable"])
    moves = {move: jobs.may_move(*map(enum, move.split())) for move in (*vector.get("allowed", ()), *vector.get("forbidden", ()))}
    assert moves == dict.fromkeys(vector.get("allowed", ()), True) | dict.fromkeys(vector.get("forbidden", ()), False)


def test_what_can_be_stopped_and_held():
    """Some jobs can't be stopped; continuous and dying recovery points can't be held."""
    stop, hold = read("jobs")["stoppable"], read("jobs")["holdable"]
    assert {str(each) for each in ResourceType if not jobs.stoppable(each)} == set(stop["no"])
    assert all(jobs.stoppable(ResourceType(each)) for each in stop["yes"])
    answers = {str(status): jobs.holdable(status, continuous=False) for status in jobs.RecoveryPointStatus}
    expected = {True: hold["yes"], False: hold["no"], None: hold["open"]}
    assert all(answers[status] is answer for answer, listed in expected.items() for status in listed)
    assert not any(jobs.holdable(status, continuous=True) for status in jobs.RecoveryPointStatus)
