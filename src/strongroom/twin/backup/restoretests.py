"""Restore tests: scheduled runs, one recovery point a resource, validation, clean-up.

Resources are matched when the plan runs; their recovery points are chosen when each test really starts.
Source: AWS Backup developer guide, restore-testing, restore-testing-validation (read 2026-11).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import restoretesting as rules
from strongroom.semantics import schedule
from strongroom.semantics.cron import parse_cron
from strongroom.semantics.jobs import RestoreJobState
from strongroom.semantics.restores import merged
from strongroom.semantics.restoretesting import Deletion, Validation
from strongroom.twin.backup import continuous, leftovers, restores
from strongroom.twin.backup.chance import Chance, chance
from strongroom.twin.backup.restoremetadata import inferred_metadata
from strongroom.twin.backup.state import (
    Place,
    RecoveryPoint,
    RestoreJob,
    RestoreTest,
    RestoreTestingPlan,
    RestoreTestingSelection,
    Vault,
    World,
)
from strongroom.twin.backup.turns import HANDOVER

_MINUTE = timedelta(minutes=1)
_CLEANING = _MINUTE, 10 * _MINUTE
_EMPTYING = timedelta(days=facts.limit("restore_testing_bucket_days").value)  # buckets go by a lifecycle rule, some time after it
_Found = tuple[Vault, RecoveryPoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draw:
    """A test that will start: of one resource, in one run."""

    plan: RestoreTestingPlan
    selection: RestoreTestingSelection
    resource_arn: str
    chance: Chance
    points: tuple[_Found, ...]  # of the resource, when the plan ran
    numbers: int  # the last serial number then
    start_by: datetime


def schedule_runs(world: World, plan: RestoreTestingPlan, after: datetime) -> None:
    """Let a plan run by its present schedule; runs that were planned before don't happen."""
    plan.edition += 1
    _next(world, plan, after)


def _next(world: World, plan: RestoreTestingPlan, after: datetime) -> None:
    slot = schedule.next_slot(parse_cron(plan.document["ScheduleExpression"]), plan.document["ScheduleExpressionTimezone"], after)
    if slot is not None:
        world.clockwork.at(slot, _run, (plan, plan.edition))


def _exists(world: World, plan: RestoreTestingPlan) -> bool:
    return world.place(plan.account, plan.region).testing_plans.get(plan.name) is plan


def _run(world: World, at: datetime, subject: tuple[RestoreTestingPlan, int]) -> None:
    plan, edition = subject
    if not _exists(world, plan) or plan.edition != edition:
        return
    plan.executed_at = at
    by_resource = _points_by_resource(world, plan)
    window = timedelta(hours=plan.document["StartWindowHours"])
    for selection in plan.selections.values():
        for arn, found in by_resource.items():
            latest = max((point for _, point in found), key=lambda point: (point.created_at, point.serial))
            if rules.takes_resource(selection.scope, latest.resource.type, arn, latest.tags):
                luck = chance(world.seed, "restore test", plan.arn, selection.name, at.timestamp(), arn)
                draw = _Draw(
                    plan=plan,
                    selection=selection,
                    resource_arn=arn,
                    chance=luck,
                    points=tuple(found),
                    numbers=world.numbers,
                    start_by=at + window,
                )
                world.clockwork.at(at + luck.between(timedelta(0), window, 0), _start, draw)
    _next(world, plan, at)


def _points_by_resource(world: World, plan: RestoreTestingPlan) -> dict[str, list[_Found]]:
    found: dict[str, list[_Found]] = {}
    for vault in _vaults(world, plan):
        for point in vault.points.values():
            if point.passing is None:  # one on its way to an air-gapped vault doesn't count
                found.setdefault(point.resource.arn, []).append((vault, point))
    return found


def _vaults(world: World, plan: RestoreTestingPlan) -> list[Vault]:
    place = world.place(plan.account, plan.region)
    return [vault for vault in place.vaults.values() if rules.takes_vault(plan.points, vault.arn)]


def _start(world: World, at: datetime, draw: _Draw) -> None:
    """Choose a recovery point and restore it; a resource without an eligible one is left out, as is one that nobody selects any more."""
    plan, selection = draw.plan, draw.selection
    if not _exists(world, plan) or plan.selections.get(selection.name) is not selection:
        return
    found = {point.arn: (vault, point) for vault, point in _present(world, draw)}
    candidates = [_candidate(point, at) for _, point in found.values()]
    chosen = rules.pick(plan.points, candidates, at, draw.chance.fraction(1))
    if chosen is None:
        return
    vault, point = found[chosen.arn]
    overrides = selection.document.get("RestoreMetadataOverrides") or {}
    metadata = merged(inferred_metadata(point, plan.region, draw.chance), overrides)
    if point.continuous:
        metadata["RestoreTime"] = f"{_instant(plan, draw, point, chosen.at, at):%Y-%m-%dT%H:%M:%SZ}"
    job = RestoreJob(
        serial=0,
        job_id="",
        chance=draw.chance,
        account=plan.account,
        region=plan.region,
        vault=vault,
        point=point,
        role_arn=selection.document["IamRoleArn"],
        metadata=metadata,
        copy_tags=False,
        created_at=at,
        test=RestoreTest(
            plan_arn=plan.arn,
            plan_name=plan.name,
            validation_hours=selection.document["ValidationWindowHours"],
            over=over,
        ),
    )
    _queue(world, job, draw.start_by)


def _present(world: World, draw: _Draw) -> Iterator[_Found]:
    """Yield the recovery points of a resource that are there now: those that were, and those that came since the plan ran."""
    for vault, point in draw.points:
        if vault.points.get(point.arn) is point:
            yield vault, point
    for vault in _vaults(world, draw.plan):
        for point in reversed(vault.points.values()):
            if point.serial <= draw.numbers:
                break
            if point.resource.arn == draw.resource_arn and point.passing is None:
                yield vault, point


def _candidate(point: RecoveryPoint, at: datetime) -> rules.Candidate:
    last = continuous.window(point, at)[1] if point.continuous else point.created_at
    return rules.Candidate(arn=point.arn, at=last, continuous=point.continuous, restorable=point.status.restorable)


def _instant(plan: RestoreTestingPlan, draw: _Draw, point: RecoveryPoint, last: datetime, at: datetime) -> datetime:
    """Return the instant that a continuous recovery point is restored to: its last one, or any one in the window."""
    first = max(continuous.window(point, at)[0], at - timedelta(days=plan.points.window_days))
    if plan.points.algorithm is rules.Algorithm.LATEST or last <= first:
        return last
    return first + draw.chance.between(timedelta(0), last - first, 2)


def _queue(world: World, job: RestoreJob, start_by: datetime) -> None:
    """Start a test, or let it wait until one of its type is over, at most until its start window is."""
    place, kind = world.place(job.account, job.region), job.resource.type
    if place.testing.get(kind, 0) < rules.at_once_max(kind):
        place.testing[kind] = place.testing.get(kind, 0) + 1
        restores.start(world, job)
        return
    restores.enlist(world, job)
    place.testing_queue.setdefault(kind, deque()).append(job)
    world.clockwork.at(start_by, _give_up, job)


def _give_up(world: World, at: datetime, job: RestoreJob) -> None:
    queue = world.place(job.account, job.region).testing_queue.get(job.resource.type)
    if queue is not None and job in queue:
        queue.remove(job)
        restores.fail(world, at, job, facts.message("restore_test_start_window"))


def over(world: World, at: datetime, job: RestoreJob) -> None:
    """A restore test ended: the next one of its type starts, its own validation window opens, or its resource goes at once."""
    started = job.started_at is not None or job.message != facts.message("restore_test_start_window")
    if started:
        _hand_over(world, at, world.place(job.account, job.region), job.resource.type)
    if job.state is not RestoreJobState.COMPLETED or job.test is None:
        return
    if job.test.validation_hours == 0:
        _clean(world, at, job)
        return
    job.validation = Validation.VALIDATING
    world.clockwork.at(at + timedelta(hours=job.test.validation_hours), _close_window, job)


def _hand_over(world: World, at: datetime, place: Place, kind: ResourceType) -> None:
    queue = place.testing_queue.get(kind)
    if queue:
        world.clockwork.at(at + HANDOVER, restores.begin, queue.popleft())
    else:
        place.testing[kind] -= 1


def validate(world: World, at: datetime, job: RestoreJob, result: Validation, message: str | None) -> str:
    """Take the result of somebody's validation and clean up; returns why it is refused, empty if it is taken."""
    refused = rules.validation_refused(job.validation)
    if not refused:
        job.validation, job.validation_message = result, message
        _clean(world, at, job)
    return refused


def _close_window(world: World, at: datetime, job: RestoreJob) -> None:
    if job.validation is Validation.VALIDATING:
        job.validation = Validation.TIMED_OUT
        _clean(world, at, job)


def _clean(world: World, at: datetime, job: RestoreJob) -> None:
    job.deletion = Deletion.DELETING
    low, high = (_EMPTYING, 2 * _EMPTYING) if job.resource.type is ResourceType.S3 else _CLEANING
    world.clockwork.at(at + job.chance.between(low, high, 3), _cleaned, job)


def _cleaned(world: World, _at: datetime, job: RestoreJob) -> None:
    stays = leftovers.remove(world, job)
    job.deletion, job.deletion_message = (Deletion.FAILED, stays) if stays else (Deletion.SUCCESSFUL, None)
    world.count(f"restore_tests_deletion_{job.deletion.value.lower()}")
