"""Windows, lifecycles, locks, air-gapped vaults and continuous backups agree with vectors transcribed from AWS's pages."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from strongroom.domain.names import FOREVER, ResourceType, RetentionDays
from strongroom.semantics import airgapped, continuous, lifecycle, locks, windows

HERE = Path(__file__).parent


def vectors(name: str, table: str) -> list[Any]:
    tables = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return [pytest.param(vector, id=vector["what"]) for vector in tables[table]]


def keep(value: int | str) -> RetentionDays:
    return FOREVER if value == "forever" else int(value)


def instants(texts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


def lifecycle_of(written: dict[str, Any]) -> lifecycle.Lifecycle:
    return lifecycle.Lifecycle(keep=keep(written["keep"]), cold_after_days=written.get("cold"))


def lock_of(written: dict[str, Any] | None) -> locks.Lock | None:
    if written is None:
        return None
    return locks.Lock(min_days=written.get("min"), max_days=written.get("max"), lock_at=written.get("lock_at"))


@pytest.mark.parametrize("vector", vectors("windows", "collision"))
def test_one_job_per_resource(vector):
    """What waits, what expires, and what AWS leaves open."""
    found = windows.collisions(
        [
            windows.PlanRun(
                plan=run["plan"],
                rule="r",
                slot_at=run["at"],
                start_within_minutes=run["start_within_minutes"],
                complete_within_minutes=run.get("complete_within_minutes"),
                duration_minutes=run.get("duration_minutes"),
            )
            for run in vector["runs"]
        ]
    )
    assert [str(each.fate) for each in found] == vector["fates"]
    assert vector.get("says", "") in found[-1].message
    if "starts" in vector:
        assert [each.starts_at for each in found] == instants(vector["starts"])


@pytest.mark.parametrize("vector", vectors("windows", "maintenance"))
def test_maintenance_windows(vector):
    """A backup can't begin in a window nor in the time before it."""
    resource_type = ResourceType(vector["type"])
    read = windows.fsx_weekly if resource_type is ResourceType.FSX else windows.weekly
    listed = [read(vector["weekly"])] if vector["weekly"] else []
    listed += windows.fsx_daily(vector["daily"]) if "daily" in vector else []
    found = windows.maintenance_conflicts(
        [vector["slot"]], listed, resource_type, start_within_minutes=vector.get("start_within_minutes", 0)
    )
    assert ["certain" if each.certain else "possible" for each in found] == vector["conflicts"]
    assert all("configured" in each.message for each in found)


@pytest.mark.parametrize("vector", vectors("windows", "odd_window"))
def test_windows_that_aws_would_not_print(vector):
    """The error shows the text and the form that is expected."""
    with pytest.raises(windows.WindowError, match=vector["text"]):
        windows.weekly(vector["text"])


@pytest.mark.parametrize("vector", vectors("lifecycle", "landed"))
def test_what_is_left_of_a_lifecycle(vector):
    """Types without cold storage stay warm in silence; the archive has its conditions."""
    asked = lifecycle.Lifecycle(keep=keep(vector["keep"]), cold_after_days=vector["cold"], archive=vector.get("archive", False))
    interval = vector["interval_days"] * 1440 if "interval_days" in vector else None
    found = lifecycle.landed(
        ResourceType(vector["type"]), asked, interval_minutes_max=interval, advanced_dynamodb=vector.get("advanced", True)
    )
    assert (found.lifecycle.cold_after_days or -1) == vector["expected"]
    assert any(vector.get("says", "") in one.reason for one in found.ignored) or "says" not in vector
    assert any(one.open for one in found.ignored) is vector.get("open", False)


@pytest.mark.parametrize("vector", vectors("lifecycle", "updated"))
def test_updates_of_a_lifecycle(vector):
    """An update replaces the lifecycle or is refused."""
    before, after = lifecycle_of(vector["before"]), lifecycle_of(vector["after"])
    flags = {name: vector.get(name, False) for name in ("cold", "continuous", "locked")}
    found = lifecycle.updated(before, after, age_days=vector["age"], **flags)
    assert vector["refused"] in found.refused
    assert bool(found.refused) is bool(vector["refused"])
    assert found.lifecycle == (before if found.refused else after)


@pytest.mark.parametrize("vector", vectors("lifecycle", "deletion"))
def test_between_which_instants_a_recovery_point_goes(vector):
    """Deletion is at random within 8 hours."""
    found = lifecycle.deleted_between(vector["created_at"], keep(vector["keep"]))
    assert list(found or ()) == instants(vector["between"])


@pytest.mark.parametrize("vector", vectors("lifecycle", "destination"))
def test_the_lifecycle_at_a_destination(vector):
    """A copy has its own lifecycle or all of its source's."""
    asked = lifecycle_of(vector["asked"]) if "asked" in vector else None
    assert lifecycle.at_destination(lifecycle_of(vector["from"]), asked) == lifecycle_of(vector["expected"])


@pytest.mark.parametrize("vector", vectors("lifecycle", "stays"))
def test_what_keeps_a_due_recovery_point(vector):
    """A deletion that fails leaves an EXPIRED recovery point."""
    reason = lifecycle.expiry_ends_in_expired(
        role_works=vector["role_works"], snapshot_locked=vector["snapshot_locked"], held=vector["held"]
    )
    assert vector["says"] in reason
    assert bool(reason) is bool(vector["says"])


@pytest.mark.parametrize("vector", vectors("locks", "put"))
def test_putting_a_lock(vector):
    """The presence of ChangeableForDays decides the mode, the lock date decides who can still change it."""
    call = vector["call"]
    found = locks.put(
        lock_of(vector.get("before")),
        at=vector["at"],
        min_days=call.get("min"),
        max_days=call.get("max"),
        changeable_for_days=call.get("changeable"),
    )
    assert vector.get("refused", "") in found.refused
    assert bool(found.refused) is ("refused" in vector)
    assert vector.get("open", "") in found.open
    assert bool(found.open) is ("open" in vector)
    assert found.lock == lock_of(vector.get("after"))
    if "phase" in vector:
        assert str(locks.phase(found.lock, vector["at"])) == vector["phase"]


@pytest.mark.parametrize("vector", vectors("locks", "delete"))
def test_deleting_a_lock(vector):
    """Until its lock date a lock can go."""
    found = locks.delete(lock_of(vector.get("before")), at=vector["at"])
    assert vector["refused"] in found.refused
    assert found.lock == (lock_of(vector["before"]) if vector["refused"] else None)


@pytest.mark.parametrize("vector", vectors("locks", "act"))
def test_what_a_lock_refuses(vector):
    """Recovery points are immutable in every phase of a lock."""
    reason = locks.refuses(lock_of(vector.get("before")), locks.Act(vector["act"]), recovery_points=vector["recovery_points"])
    assert vector["refused"] in reason
    assert bool(reason) is bool(vector["refused"])


@pytest.mark.parametrize("vector", vectors("locks", "job"))
def test_jobs_outside_a_lock_fail(vector):
    """With AWS's own message, when they run."""
    message = locks.fails(lock_of(vector.get("before")), keep(vector["keep"]), copy=vector["copy"])
    assert vector["says"] in message
    assert bool(message) is bool(vector["says"])


@pytest.mark.parametrize("vector", vectors("locks", "continuous"))
def test_locks_that_block_continuous_backups(vector):
    """Continuous backups are kept for 35 days at most."""
    assert locks.blocks_continuous(lock_of(vector["before"])) is vector["blocks"]


@pytest.mark.parametrize("vector", vectors("locks", "undeletable"))
def test_what_can_never_be_removed(vector):
    """Kept for ever under a hard lock."""
    assert locks.undeletable(lock_of(vector["before"]), keep(vector["keep"]), vector["at"]) is vector["undeletable"]


@pytest.mark.parametrize("vector", vectors("airgapped", "target"))
def test_the_way_into_an_air_gapped_vault(vector):
    """What goes there, by which way, and what falls back."""
    found = airgapped.target(
        airgapped.AirGappedCase(
            type=ResourceType(vector["type"]),
            key_manager=None if vector["key"] == "none" else vector["key"],
            continuous=vector.get("continuous", False),
            continuous_elsewhere=vector.get("bucket", ""),
            advanced_dynamodb=vector.get("advanced", True),
        )
    )
    assert (str(found.way), found.in_air_gapped, found.in_standard) == (vector["way"], vector["in_air_gapped"], vector["in_standard"])
    assert vector["says"] in found.message
    assert str(found.job_state) == ("FAILED" if vector["way"] == "fails" else "COMPLETED")
    assert found.with_issues is (vector["way"] == "falls back")


@pytest.mark.parametrize("vector", vectors("airgapped", "temporary"))
def test_when_a_temporary_recovery_point_goes(vector):
    """Only once its copies are over and the one that matters is there."""
    point = airgapped.TemporaryPoint(
        copies_over=vector["copies_over"],
        air_gapped_copy_completed=vector["copy_completed"],
        air_gapped_keeps_as_long=vector["keeps_as_long"],
        aurora_continuous=vector["aurora_continuous"],
    )
    assert airgapped.removed(point) is vector["removed"]


@pytest.mark.parametrize("vector", vectors("airgapped", "range"))
def test_the_range_of_an_air_gapped_vault(vector):
    """Both bounds are required, 7 days at least."""
    message = airgapped.lock_problem(vector["min"], vector.get("max"))
    assert vector["says"] in message
    assert bool(message) is bool(vector["says"])


@pytest.mark.parametrize("vector", vectors("continuous", "supported"))
def test_what_has_continuous_backups(vector):
    """By type, and not in clusters and stacks."""
    flags = {name: vector[name] for name in ("multi_az_cluster", "in_stack") if name in vector}
    assert continuous.supported(ResourceType(vector["type"]), **flags) is vector["expected"]


@pytest.mark.parametrize("vector", vectors("continuous", "placement"))
def test_one_continuous_recovery_point_per_resource(vector):
    """Which rule has it, and what the others get."""
    rules = [
        continuous.ContinuousRule(
            plan_arn=f"arn:plan:{rule['vault']}",
            rule=str(index),
            vault=rule["vault"],
            continuous=rule["continuous"],
            keep_days=rule["keep"],
        )
        for index, rule in enumerate(vector["rules"])
    ]
    found = continuous.placements(ResourceType(vector["type"]), rules, multi_az_cluster=vector.get("multi_az_cluster", False))
    assert [str(each.gets) for each in found] == vector["gets"]
    assert vector.get("says", "") in found[-1].message
    assert vector.get("open", "") in found[-1].open


@pytest.mark.parametrize("vector", vectors("continuous", "change"))
def test_changes_of_a_continuous_retention(vector):
    """In place, a new recovery point, or the next maintenance window."""
    assert str(continuous.retention_change(ResourceType(vector["type"]), vector["before"], vector["after"])) == vector["effect"]


@pytest.mark.parametrize("vector", vectors("continuous", "lapse"))
def test_a_continuous_rule_must_run_more_often_than_it_forgets(vector):
    """Else its recovery point becomes EXPIRED."""
    interval = timedelta(days=vector["interval_days"]) // timedelta(minutes=1)
    assert continuous.lapses(vector["keep"], interval) is vector["lapses"]


@pytest.mark.parametrize("vector", vectors("continuous", "until"))
def test_how_far_a_restore_can_go(vector):
    """A few minutes behind now."""
    found = continuous.restorable_until(ResourceType(vector["type"]), vector["now"])
    assert found == (datetime.fromisoformat(vector["expected"]) if vector["expected"] else None)


@pytest.mark.parametrize("vector", vectors("continuous", "interrupted"))
def test_what_interrupts_a_bucket(vector):
    """Versioning and notifications are needed all the time."""
    reason = continuous.interrupted(versioning=vector["versioning"], notifications=vector["notifications"])
    assert vector["says"] in reason
    assert bool(reason) is bool(vector["says"])
