"""`destroy`: take a strategy away again, except for what recovery points need."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from strongroom import compiler
from strongroom.api.plan import MultiFactor, act_in_management, require_second_factor
from strongroom.api.strategy import load_strategy
from strongroom.aws.deployment.contents import read_contents
from strongroom.aws.deployment.reading import read_deployment, read_management_account
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import Step
from strongroom.domain.estate import Estate
from strongroom.workflows.apply import Applied, apply_plan
from strongroom.workflows.planning.destruction import Destruction, places_of, plan_destruction


@dataclass(frozen=True, slots=True, kw_only=True)
class DestructionMade:
    """A destruction, with the sessions that it was planned with."""

    destruction: Destruction
    estate: Estate
    sessions: Sessions


def plan_destroy(path: Path, *, multi_factor: MultiFactor | None = None) -> DestructionMade:
    """Return what `destroy` would take away; nothing that could act is called.

    Raises BadInput where the strategy asks for a second factor and none is given, AwsRefused, FaultyStrategy.
    """
    estate = compiler.compile_strategy(load_strategy(path))
    require_second_factor(estate, shown=multi_factor is not None)
    sessions = Sessions.open(role=estate.roles.deploy, region=estate.organization.home_region)
    sessions.caller()
    if multi_factor is not None:
        sessions.prove_second_factor(multi_factor.device, multi_factor.code)
    act_in_management(sessions, read_management_account(sessions))
    deployed = read_deployment(sessions, Watched.of(estate))
    reader = Sessions.open(role=estate.roles.read, region=estate.organization.home_region)
    vaults, unread = read_contents(reader, places_of(estate, deployed), strategy=estate.name)
    return DestructionMade(
        destruction=plan_destruction(estate, deployed, vaults, unread, plan_id=f"destroy-{estate.name}-{uuid.uuid4().hex[:12]}"),
        estate=estate,
        sessions=sessions,
    )


def destroy(made: DestructionMade, *, home: Path, on_step: Callable[[Step, int], None]) -> Applied:
    """Carry out a destruction as a run that `resume` can go on with; raises WorldMoved, AwsRefused, Stopped."""
    return apply_plan(made.destruction.plan, made.estate, made.sessions, home=home, on_step=on_step)
