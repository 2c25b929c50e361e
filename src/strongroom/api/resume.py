"""`resume`: go on with what was interrupted."""

from collections.abc import Callable
from pathlib import Path

from strongroom.api.plan import act_in_management
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Step
from strongroom.workflows.apply import Applied, Run, resume_run, unfinished_runs


def unfinished(home: Path) -> tuple[Run, ...]:
    """Return the runs that can be resumed, oldest first."""
    return unfinished_runs(home)


def resume(run_id: str, *, home: Path, on_step: Callable[[Step, int], None]) -> Applied:
    """Go on with an interrupted run; raises BadInput, AwsRefused, Stopped."""
    return resume_run(run_id, _sessions, home=home, on_step=on_step)


def _sessions(plan: ChangePlan) -> Sessions:
    sessions = Sessions.open(role=plan.deploy_role, region=plan.home_region)
    act_in_management(sessions, plan.management_account)
    return sessions
