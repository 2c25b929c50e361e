"""`resume`: go on with what was interrupted."""

from collections.abc import Callable
from pathlib import Path

from strongroom.api.plan import act_in_management
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Step
from strongroom.workflows import runs
from strongroom.workflows.apply import Applied, Run, resume_run, unfinished_runs
from strongroom.workflows.runs import RunKind


def unfinished(home: Path) -> tuple[Run, ...]:
    """Return the runs that can be resumed, oldest first."""
    return unfinished_runs(home)


def kind_of(run_id: str, home: Path) -> RunKind:
    """Return which verb a run that can go on is of; raises BadInput when there is none."""
    return runs.stored(run_id, home).kind


def resume(run_id: str, *, home: Path, on_step: Callable[[Step, int], None]) -> Applied:
    """Go on with an interrupted apply; raises BadInput, AwsRefused, Stopped."""
    return resume_run(run_id, _sessions, home=home, on_step=on_step)


def _sessions(plan: ChangePlan) -> Sessions:
    sessions = Sessions.open(role=plan.deploy_role, region=plan.home_region)
    act_in_management(sessions, plan.management_account)
    return sessions
