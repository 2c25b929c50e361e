"""`apply` as a durable workflow: each step of a change plan runs at least once, in order, and survives a crash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbos import DBOS

from strongroom.aws.deployment.carrying import carry_out
from strongroom.aws.deployment.reading import read_deployment
from strongroom.aws.deployment.site import Site
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Shortfall, Step, decode_shortfall, decode_step, encode, from_json, to_json
from strongroom.domain.estate import Estate
from strongroom.errors import WorldMoved
from strongroom.workflows import durable, runs
from strongroom.workflows.planning import moved, subject_of
from strongroom.workflows.runs import Run, unfinished_runs

__all__ = ["Applied", "Run", "apply_plan", "resume_run", "unfinished_runs"]

OnStep = Callable[[Step, int], None]


@dataclass(frozen=True, slots=True)
class _Means:
    """What the steps of a run need of the process they run in."""

    site: Site
    on_step: OnStep


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
    with durable.alone(home):
        run_id = runs.free_id(plan.plan_id, home)
        watched = Watched.of(estate)
        _refuse(plan, moved(plan, read_deployment(sessions, watched)))
        found = durable.start(
            _apply,
            to_json(plan),
            watched.to_json(),
            run_id=run_id,
            attributes={"strategy": plan.strategy, "steps": len(plan.steps)},
            work=_work(plan, sessions, on_step),
            home=home,
            mark=runs.FORMAT,
        )
    return Applied(run_id=run_id, plan=plan, shortfalls=_newest(found))


def resume_run(run_id: str, sessions_for: Callable[[ChangePlan], Sessions], *, home: Path, on_step: OnStep) -> Applied:
    """Go on with an interrupted run.

    Raises BadInput when there is no such run, WorldMoved when AWS has changed in another way than by the run itself.
    """
    with durable.alone(home):
        record = runs.unfinished_run(run_id, home)
        sessions = sessions_for(record.plan)
        begun = {subject_of(step.action) for step in record.plan.steps[: record.done + 1]}
        changed = moved(record.plan, read_deployment(sessions, record.watched))
        _refuse(record.plan, tuple(subject for subject in changed if subject not in begun))
        found = durable.go_on(run_id, work=_work(record.plan, sessions, on_step), home=home, version=record.version)
    return Applied(run_id=run_id, plan=record.plan, shortfalls=_newest(found))


@DBOS.workflow(name="apply")
def _apply(document: Mapping[str, Any], watched: Mapping[str, Any]) -> list[Any]:  # noqa: ARG001 - `resume` reads it from the stored input
    plan = from_json(document, file="the stored plan")
    found = []
    for step in plan.steps:
        found += durable.step(f"{step.number} {step.title}", _carry_out, encode(step), len(plan.steps))
    return found


def _carry_out(document: Mapping[str, Any], total: int) -> list[Any]:
    means: _Means = durable.means()
    step = decode_step(document)
    means.on_step(step, total)
    return [encode(each) for each in carry_out(step.action, means.site)]


def _work(plan: ChangePlan, sessions: Sessions, on_step: OnStep) -> durable.Work:
    site = Site(strategy=plan.strategy, home_region=plan.home_region, sessions=sessions)
    return durable.Work(_Means(site, on_step), halt=site.halt)


def _newest(found: list[Any]) -> tuple[Shortfall, ...]:
    return tuple({(each["subject"], each["account"], each["region"]): decode_shortfall(each) for each in found}.values())


def _refuse(plan: ChangePlan, changed: tuple[str, ...]) -> None:
    if changed:
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise WorldMoved(f"{changed[0]}{others} changed since plan {plan.plan_id} was made", hint="make a new plan: strongroom plan")
