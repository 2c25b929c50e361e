"""Runs that survive a crash, on DBOS: one process at a time in a home, its steps at least once, in order, stoppable between calls.

What a crash leaves: `workflows.sqlite` knows the input of the run and the steps that finished; the step that was under way runs
again on `resume`, which is harmless because every action reads before it writes.
"""

import fcntl
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowAttributes, SetWorkflowID
from dbos import error as dbos_errors

from strongroom.errors import BadInput, Stopped, StrongroomError
from strongroom.workflows import runs

POLL_SECONDS = 0.05  # how often DBOS's threads look into the database, and whether they are to end


@dataclass(frozen=True, slots=True)
class Work:
    """What the steps of a run need of the process they run in; `halt` asks the call under way to end soon."""

    means: Any
    halt: threading.Event = field(default_factory=threading.Event)
    idle: threading.Event = field(default_factory=threading.Event)  # no step is under way
    gave_up: list[Stopped] = field(default_factory=list)  # why the run stopped by itself, if it did

    def __post_init__(self) -> None:
        self.idle.set()


# Steps run in DBOS's threads, with nothing but what is stored; this leads them to the process they are in. By run id.
_work: dict[str, Work] = {}


def means() -> Any:
    """Return what the run of this step was given by the process it runs in."""
    return _work[str(DBOS.workflow_id)].means


def halted() -> threading.Event:
    """Return the event that asks the run of this step to end soon."""
    return _work[str(DBOS.workflow_id)].halt


def step(title: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run one step of the workflow under way: its JSON result is stored, and a run that goes on does not repeat it."""
    return DBOS.run_step({"name": title}, _guarded, title, function, *arguments)


def _guarded(title: str, function: Callable[..., Any], *arguments: Any) -> Any:
    work = _work[str(DBOS.workflow_id)]
    work.idle.clear()
    try:
        return function(*arguments)
    except Stopped as error:
        # the one error that is not stored: the step runs again on resume
        if not work.halt.is_set():
            work.gave_up.append(error)
            DBOS.cancel_workflow(str(DBOS.workflow_id))
        raise dbos_errors.DBOSWorkflowCancelledError(error.message) from error
    except StrongroomError:
        raise
    except Exception as error:
        # DBOS stores what a step raises, so it has to be something that can be pickled.
        raise RuntimeError(f"step {title}: {type(error).__name__}: {error}") from error
    finally:
        work.idle.set()


def start(workflow: Callable[..., Any], *arguments: Any, run_id: str, attributes: dict[str, Any], work: Work, home: Path, mark: str) -> Any:
    """Start a workflow and return its result; `mark` is the format of its stored runs.

    Raises what a step raised, Stopped on an interrupt.
    """

    def begin() -> Any:
        with SetWorkflowID(run_id), SetWorkflowAttributes(attributes):
            return DBOS.start_workflow(workflow, *arguments)

    # A version of its own: nobody but `resume` of this very run will ever go on with it, see `_config`.
    return _ended(run_id, work, begin, home=home, version=f"{mark} {uuid.uuid4().hex}")


def go_on(run_id: str, *, work: Work, home: Path, version: str) -> Any:
    """Go on with a run that was stored under a version; raises as `start`."""
    runs.park(run_id, home)
    return _ended(run_id, work, lambda: DBOS.resume_workflow(run_id), home=home, version=version)


def _ended(run_id: str, work: Work, begin: Callable[[], Any], *, home: Path, version: str) -> Any:
    with _engine(home, version):
        _work[run_id] = work
        try:
            return begin().get_result(polling_interval_sec=POLL_SECONDS)
        except dbos_errors.DBOSAwaitedWorkflowCancelledError:
            reason = work.gave_up[0].message if work.gave_up else "somebody cancelled it"
            raise Stopped(f"run {run_id} stopped: {reason}", hint=f"go on with: strongroom resume {run_id}") from None
        except KeyboardInterrupt:
            _stop(run_id, work)
            return DBOS.retrieve_workflow(run_id).get_result()  # it had just finished
        finally:
            del _work[run_id]


def _stop(run_id: str, work: Work) -> None:
    """Let the call under way end and no further one begin; a second interrupt doesn't wait for that call."""
    with suppress(KeyboardInterrupt):
        if DBOS.get_workflow_status(run_id) is None:  # it was never written down
            raise KeyboardInterrupt
        DBOS.cancel_workflow(run_id)  # a run that has just finished stays finished
        work.halt.set()
        work.idle.wait()
    status = DBOS.get_workflow_status(run_id)
    if status is None:
        raise KeyboardInterrupt
    if status.status != "SUCCESS":
        raise Stopped(f"stopped run {run_id}; the steps that are done stay", hint=f"go on with: strongroom resume {run_id}") from None


@contextmanager
def alone(home: Path, work: str = "apply") -> Iterator[None]:
    """Let one process at a time do a work in this home; raises BadInput when another one does, or when nothing can be written there.

    Whatever changes the deployment is one work. Restores go on beside it and beside each other: each run is a work of its own.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / f"{work}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"can't write to {home}: {error.strerror}", hint="set STRONGROOM_HOME to a folder you may write to") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            name = "apply or resume" if work == "apply" else f"resume of {work}"
            raise BadInput(f"another {name} is at work in {home}", hint="wait for it, or use another STRONGROOM_HOME") from None
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
