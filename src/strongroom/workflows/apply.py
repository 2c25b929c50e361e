"""`apply` as a durable workflow: each step of a change plan runs at least once, in order, and survives a crash.

What a crash leaves: `workflows.sqlite` knows the plan and the steps that finished; the step that was under way runs
again on `resume`, which is harmless because every action reads before it writes.
"""

import fcntl
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID

from strongroom.aws.deployment_read import read_deployment
from strongroom.aws.deployment_write import Site, execute
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Step, decode_step, encode, from_json, to_json
from strongroom.domain.estate import Estate
from strongroom.errors import BadInput, Stopped, StrongroomError, WorldMoved
from strongroom.workflows.planning import moved

# Pinned: with DBOS's own version (a hash of the source) a run from before an upgrade could never be resumed.
# Raise it when the sequence of steps that a plan leads to changes.
APPLICATION_VERSION = "apply-1"

# Steps of the workflow run in DBOS's thread; they reach the caller's sessions and ears through this one place.
_site: Site | None = None
_on_step: Callable[[Step, int], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An `apply` that was started and has not finished."""

    run_id: str
    strategy: str
    steps: int
    done: int


def apply_plan(
    plan: ChangePlan,
    estate: Estate,
    sessions: Sessions,
    *,
    home: Path,
    on_step: Callable[[Step, int], None],
) -> None:
    """Carry out a plan; raises WorldMoved before the first write when AWS has changed since it was made."""
    changed = moved(plan, read_deployment(sessions, estate))
    if changed:
        raise WorldMoved(
            f"{len(changed)} objects changed since plan {plan.plan_id} was made, first: {changed[0]}",
            hint="make a new plan: strongroom plan",
        )
    with _engine(home, plan.plan_id, _site_of(plan, sessions), on_step):
        with SetWorkflowID(plan.plan_id):
            handle = DBOS.start_workflow(_apply, to_json(plan))
        _finish(handle, plan.plan_id)


def resume_run(
    run_id: str, sessions_for: Callable[[ChangePlan], Sessions], *, home: Path, on_step: Callable[[Step, int], None]
) -> ChangePlan:
    """Go on with an interrupted run and return its plan; raises BadInput when there is no such run."""
    plan = _plan_of(run_id, home)
    with _engine(home, run_id, _site_of(plan, sessions_for(plan)), on_step):
        _finish(DBOS.resume_workflow(run_id), run_id)
    return plan


def unfinished_runs(home: Path) -> tuple[Run, ...]:
    """Return the runs that `resume` can go on with, oldest first."""
    return tuple(
        Run(run_id=row.workflow_id, strategy=plan.strategy, steps=len(plan.steps), done=done)
        for row, plan, done in _recorded(home)
        if row.status in {"PENDING", "CANCELLED", "ENQUEUED"}
    )


@DBOS.workflow(name="apply")
def _apply(document: Mapping[str, Any]) -> None:
    plan = from_json(document, file="the stored plan")
    for step in plan.steps:
        DBOS.run_step({"name": f"{step.number} {step.title}"}, _carry_out, encode(step), len(plan.steps))


def _carry_out(document: Mapping[str, Any], total: int) -> None:
    if _site is None or _on_step is None:
        raise RuntimeError("a step ran outside _engine")
    step = decode_step(document)
    _on_step(step, total)
    execute(step.action, _site)


def _finish(handle: Any, run_id: str) -> None:
    try:
        handle.get_result()
    except KeyboardInterrupt:
        # The step under way ends (or not) with this process; what matters is that no further one starts.
        DBOS.cancel_workflow(run_id)
        raise Stopped(f"stopped run {run_id}; finished steps stay", hint=f"go on with: strongroom resume {run_id}") from None


def _site_of(plan: ChangePlan, sessions: Sessions) -> Site:
    return Site(strategy=plan.strategy, home_region=plan.home_region, sessions=sessions)


@contextmanager
def _engine(home: Path, run_id: str, site: Site, on_step: Callable[[Step, int], None]) -> Iterator[None]:
    """Launch DBOS for one run; raises Stopped when another process applies in this home."""
    global _site, _on_step  # noqa: PLW0603 - see above
    home.mkdir(parents=True, exist_ok=True)
    with (home / "apply.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(f"another apply or resume is at work in {home}", hint="wait for it, or use another STRONGROOM_HOME") from None
        _site, _on_step = site, on_step
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # what fails is raised here and told by the command line
        DBOS(config=_config(home, run_id))
        DBOS.launch()
        try:
            yield
        finally:
            DBOS.destroy()
            _site = _on_step = None


def _config(home: Path, run_id: str) -> DBOSConfig:
    # The executor is the run itself: launching for one run must not recover another one in the background.
    return {
        "name": "strongroom",
        "system_database_url": f"sqlite:///{home.resolve() / 'workflows.sqlite'}",
        "application_version": APPLICATION_VERSION,
        "executor_id": run_id,
        "log_level": "CRITICAL",
    }


def _recorded(home: Path) -> Iterator[tuple[Any, ChangePlan, int]]:
    if not (home / "workflows.sqlite").exists():
        return
    from dbos import DBOSClient

    client = DBOSClient(system_database_url=f"sqlite:///{home.resolve() / 'workflows.sqlite'}")
    try:
        for row in client.list_workflows(name="apply"):
            if row.input is None:
                continue
            plan = from_json(row.input["args"][0], file=f"run {row.workflow_id}")
            done = len(client.list_workflow_steps(row.workflow_id))
            yield row, plan, done
    finally:
        client.destroy()


def _plan_of(run_id: str, home: Path) -> ChangePlan:
    runs = {row.workflow_id: (row, plan) for row, plan, _ in _recorded(home)}
    if run_id not in runs:
        raise BadInput(f"there is no run {run_id!r} in {home}", hint="list runs with: strongroom resume")
    row, plan = runs[run_id]
    if row.status == "SUCCESS":
        raise BadInput(f"run {run_id} has finished, there is nothing to resume", hint="see what is left with: strongroom plan")
    if row.status == "ERROR":
        raise StrongroomError(f"run {run_id} failed", hint="mend the cause, then: strongroom apply")
    return plan
