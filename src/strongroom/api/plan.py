"""`plan` and `apply`: a plan is made and shown, then executed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.aws.deployment_read import read_deployment
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Step
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.errors import AwsRefused
from strongroom.workflows.planning import plan_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade:
    """A change plan, or the findings that keep it from being made; `sessions` are those it was read with."""

    plan: ChangePlan | None
    findings: tuple[Finding, ...]
    estate: Estate
    sessions: Sessions


def plan(path: Path) -> PlanMade:
    """Return what `apply` would do; nothing that could act is called. Raises AwsRefused, FaultyStrategy."""
    estate = compiler.compile_strategy(load_strategy(path))
    sessions = Sessions.open(role=estate.roles.deploy, region=estate.organization.home_region)
    deployed = read_deployment(sessions, estate)
    caller = sessions.caller()
    if caller.account != deployed.management_account:
        raise AwsRefused(
            f"you are in account {caller.account}, but deploying needs the management account {deployed.management_account}",
            hint="use a profile of the management account, for example: AWS_PROFILE=management strongroom plan",
        )
    planned = plan_changes(estate, deployed, plan_id=f"{estate.name}-{uuid.uuid4().hex[:12]}")
    return PlanMade(plan=planned.plan, findings=planned.findings, estate=estate, sessions=sessions)


def apply(made: PlanMade, plan: ChangePlan, *, home: Path, on_step: Callable[[Step, int], None]) -> None:
    """Execute a plan that was made for the same strategy; raises WorldMoved, AwsRefused, Stopped."""
    from strongroom.workflows.apply import apply_plan

    apply_plan(plan, made.estate, made.sessions, home=home, on_step=on_step)
