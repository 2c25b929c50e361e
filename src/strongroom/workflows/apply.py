"""`apply` as a durable workflow: each step of a change plan runs at least once, in order, and survives a crash.

What a crash leaves: `workflows.sqlite` knows the plan and the steps that finished; the step that was under way runs
again on `resume`, which is harmless because every action reads before it writes.
"""

import fcntl
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowAttributes, SetWorkflowID
from dbos import error as dbos_errors

from strongroom.aws.deployment.carrying import carry_out
from strongroom.aws.deployment.reading import read_deployment
from strongroom.aws.deployment.site import Site
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Shortfall, Step, decode_shortfall, decode_step, encode, from_json, to_json
from strongroom.domain.estate import Estate
from strongroom.errors import BadInput, Stopped, StrongroomError, WorldMoved
from strongroom.workflows import runs
from strongroom.workflows.planning import moved, subject_of
from strongroom.workflows.runs import Run, unfinished_runs

__all__ = ["Applied", "Run", "apply_plan", "resume_run", "unfinished_runs"]

POLL_SECONDS = 0.05  # how often DBOS's threads look into the database, and whether they are to end

OnStep = Callable[[Step, int], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """What the steps of a run need of the process they run in."""

    site: Site
    on_step: OnStep
    idle: threading.Event = field(default_factory=threading.Event)  # no step is under way

    @classmethod
    def of(cls, plan: ChangePlan, sessions: Sessions, on_step: OnStep) -> "_Work":
        work = cls(Site(strategy=plan.strategy, home_region=plan.home_region, sessions=sessions), on_step)
        work.idle.set()
        return work


# Steps run in DBOS's threads, with nothing but what is stored; this leads them to the process they are in. By run id.
_work: dict[str, _Work] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A run that has come to its end."""

    run_id: str
    plan: ChangePlan
    shortfalls: tuple[Shortfall, ...]  # what single accounts could not be given, each once


def apply_plan(plan: ChangePlan, estate: Estate, sessions: Sessions, *, home: Path, on_step: OnStep) -> Applied:
    """Carry out a plan; raises WorldMoved before the first write when AWS has changed since it was made.

    Raises AwsRefused when AWS refuses a step, Stopped on an interrupt: what was done stays in both cases.
    """
    with _alone(home):
        run_id = runs.free_id(plan.plan_id, home)
        watched = Watched.of(estate)
        _refuse(plan, moved(plan, read_deployment(sessions, watched)))

        def start() -> Any:
            with SetWorkflowID(run_id), SetWorkflowAttributes({"strategy": plan.strategy, "steps": len(plan.steps)}):
                return DBOS.start_workflow(_apply, to_json(plan), watched.to_json())

        # A version of its own: nobody but `resume` of this very run will ever go on with it, see `_config`.
        found = _run(run_id, _Work.of(plan, sessions, on_step), start, home=home, version=f"{runs.FORMAT} {uuid.uuid4().hex}")
    return Applied(run_id=run_id, plan=plan, shortfalls=found)


def resume_run(run_id: str, sessions_for: Callable[[ChangePlan], Sessions], *, home: Path, on_step: OnStep) -> Applied:
    """Go on with an interrupted run.

    Raises BadInput when there is no such run, WorldMoved when AWS has changed in another way than by the run itself.
    """
    with _alone(home):
        record = runs.unfinished_run(run_id, home)
        sessions = sessions_for(record.plan)
        begun = {subject_of(step.action) for step in record.plan.steps[: record.done + 1]}
        changed = moved(record.plan, read_deployment(sessions, record.watched))
        _refuse(record.plan, tuple(subject for subject in changed if subject not in begun))
        work = _Work.of(record.plan, sessions, on_step)
        runs.park(run_id, home)
        found = _run(run_id, work, lambda: DBOS.resume_workflow(run_id), home=home, version=record.version)
    return Applied(run_id=run_id, plan=record.plan, shortfalls=found)


@DBOS.workflow(name="apply")
def _apply(document: Mapping[str, Any], watched: Mapping[str, Any]) -> list[Any]:  # noqa: ARG001 - `resume` reads it from the stored input
    plan = from_json(document, file="the stored plan")
    found = []
    for step in plan.steps:
        found += DBOS.run_step({"name": f"{step.number} {step.title}"}, _carry_out, encode(step), len(plan.steps))
    return found


def _carry_out(document: Mapping[str, Any], total: int) -> list[Any]:
    work = _work[str(DBOS.workflow_id)]
    step = decode_step(document)
    work.idle.clear()
    try:
        work.on_step(step, total)
        return [encode(each) for each in carry_out(step.action, work.site)]
    except Stopped as error:
        raise dbos_errors.DBOSWorkflowCancelledError(
            error.message
        ) from error  # the one error that is not stored: the step runs again on resume
    except StrongroomError:
        raise
    except Exception as error:
        # DBOS stores what a step raises, so it has to be something that can be pickled.
        raise RuntimeError(f"step {step.number}, {step.title}: {type(error).__name__}: {error}") from error
    finally:
        work.idle.set()


def _run(run_id: str, work: _Work, start: Callable[[], Any], *, home: Path, version: str) -> tuple[Shortfall, ...]:
    """Start or go on with a run, wait for its end and return its shortfalls; raises what a step raised, Stopped on an interrupt."""
    with _engine(home, version):
        _work[run_id] = work
        try:
            found = start().get_result(polling_interval_sec=POLL_SECONDS)
        except KeyboardInterrupt:
            _stop(run_id, work)
            found = DBOS.retrieve_workflow(run_id).get_result()  # it had just finished
        finally:
            del _work[run_id]
    newest = {(each["subject"], each["account"], each["region"]): decode_shortfall(each) for each in found}
    return tuple(newest.values())


def _stop(run_id: str, work: _Work) -> None:
    """Let the call under way end and no further one begin; a second interrupt doesn't wait for that call."""
    with suppress(KeyboardInterrupt):
        if DBOS.get_workflow_status(run_id) is None:  # it was never written down
            raise KeyboardInterrupt
        DBOS.cancel_workflow(run_id)  # a run that has just finished stays finished
        work.site.halt.set()
        work.idle.wait()
    status = DBOS.get_workflow_status(run_id)
    if status is None:
        raise KeyboardInterrupt
    if status.status != "SUCCESS":
        raise Stopped(f"stopped run {run_id}; the steps that are done stay", hint=f"go on with: strongroom resume {run_id}") from None


def _refuse(plan: ChangePlan, changed: tuple[str, ...]) -> None:
    if changed:
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise WorldMoved(f"{changed[0]}{others} changed since plan {plan.plan_id} was made", hint="make a new plan: strongroom plan")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one process at a time work in this home; raises BadInput when another one does, or when nothing can be written there."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "apply.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"can't write to {home}: {error.strerror}", hint="set STRONGROOM_HOME to a folder you may write to") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(f"another apply or resume is at work in {home}", hint="wait for it, or use another STRONGROOM_HOME") from None
        yield


@contextmanager
def _engine(home: Path, version: str) -> Iterator[None]:
    logging.getLogger("dbos").setLevel(logging.CRITICAL)  # what fails is raised here and told by the command line
    DBOS(config=_config(home, version))
    try:
        DBOS.launch()
        yield
    finally:
        DBOS.destroy()


def _config(home: Path, version: str) -> DBOSConfig:
    # Launching recovers pending runs of the same version and executor in the background, and takes queued ones of the same version.
    # The version belongs to one run and the executor to one process, so no run is ever touched by the process of another.
    return {
        "name": "strongroom",
        "system_database_url": runs.url(home),
        "application_version": version,
        "executor_id": uuid.uuid4().hex,
        "log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": POLL_SECONDS,  # default 1 s: so long would ending take
    }
