"""`restore` as a durable workflow: planned by reading alone, then each step runs at least once, in order, and survives a crash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbos import DBOS

from strongroom.aws.recovery.carrying import OnWait, RestoreFailed, carry, passes, restored
from strongroom.aws.sessions import Sessions
from strongroom.domain.finding import Severity
from strongroom.domain.recovery import Restored, RestorePlan, RestoreStep
from strongroom.domain.recoveryjson import decode, encode
from strongroom.errors import AwsRefused, BadInput, Stopped
from strongroom.workflows import durable, runs
from strongroom.workflows.restoring.planning import is_refused, plan_restore, without_findings
from strongroom.workflows.restoring.request import RestoreRequest
from strongroom.workflows.runs import RunKind

__all__ = [
    "OnStep",
    "OnWait",
    "RestoreDone",
    "RestoreFailed",
    "RestoreRequest",
    "carry",
    "is_refused",
    "plan_restore",
    "read_stored",
    "restored",
    "resume_restore",
    "start_restore",
    "stored",
]

OnStep = Callable[[RestoreStep, int], None]  # hears the step that begins, and how many there are


@dataclass(frozen=True, slots=True)
class _Means:
    """What the steps of a run need of the process they run in."""

    sessions: Sessions
    on_step: OnStep
    on_wait: OnWait


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDone:
    """A run that has come to its end."""

    run_id: str
    plan: RestorePlan
    restored: Restored


def start_restore(plan: RestorePlan, sessions: Sessions, *, home: Path, on_step: OnStep, on_wait: OnWait) -> RestoreDone:
    """Carry out a plan as a run of its own; raises BadInput for a refused one, RestoreFailed, AwsRefused, Stopped."""
    if is_refused(plan):
        errors = [each.message for each in plan.findings if each.severity is Severity.ERROR]
        raise BadInput(f"the restore can't be carried out: {errors[0] if errors else 'there is nothing to do'}", hint="see --dry-run")
    run_id = plan.plan_id
    with durable.alone(home, run_id):
        known = durable.start(
            _restore,
            stored(plan),
            run_id=run_id,
            attributes={"strategy": plan.strategy, "steps": len(plan.steps), "resource": plan.resource_arn},
            work=durable.Work(_Means(sessions, on_step, on_wait)),
            home=home,
            mark=runs.MARKS[RunKind.RESTORE],
        )
    return RestoreDone(run_id=run_id, plan=plan, restored=restored(plan, known))


def resume_restore(
    run_id: str, sessions_for: Callable[[RestorePlan], Sessions], *, home: Path, on_step: OnStep, on_wait: OnWait
) -> RestoreDone:
    """Go on with an interrupted restore; raises BadInput when there is no such run, else as `start_restore`."""
    with durable.alone(home, run_id):
        found = runs.stored(run_id, home)
        plan = read_stored(found.arguments[0])
        work = durable.Work(_Means(sessions_for(plan), on_step, on_wait))
        known = durable.go_on(run_id, work=work, home=home, version=found.version)
    return RestoreDone(run_id=run_id, plan=plan, restored=restored(plan, known))


def stored(plan: RestorePlan) -> dict[str, Any]:
    """Return a plan as JSON; its findings have been seen and are left out."""
    document: dict[str, Any] = encode(without_findings(plan))
    return document


def read_stored(document: Mapping[str, Any]) -> RestorePlan:
    """Return the plan that `stored` wrote; raises BadInput when it is of another release."""
    try:
        return decode(RestorePlan, document)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the stored restore can't be read: {error}", hint="restore again: strongroom restore") from error


@DBOS.workflow(name=RunKind.RESTORE.value)
def _restore(document: Mapping[str, Any]) -> dict[str, Any]:
    plan, known = read_stored(document), dict[str, Any]()
    for step in plan.steps:
        known = durable.step(f"{step.number} {step.title}", _carry, document, step.number, known)
    return known


def _carry(document: Mapping[str, Any], number: int, known: dict[str, Any]) -> dict[str, Any]:
    means: _Means = durable.means()
    plan = read_stored(document)
    step = plan.steps[number - 1]
    means.on_step(step, len(plan.steps))
    try:
        return carry(step, plan, means.sessions, token=plan.plan_id, known=known, halt=durable.halted(), on_wait=means.on_wait)
    except AwsRefused as error:
        if not passes(error):
            raise
        # What AWS has begun goes on there: the run waits for whoever has credentials or a network again, and nothing begins twice.
        raise Stopped(error.message, hint=error.hint) from error
