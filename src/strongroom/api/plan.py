"""`plan` and `apply`: a plan is made and shown, then executed."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.api.writing import write_whole
from strongroom.aws.deployment.reading import read_deployment, read_management_account
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Step, from_json, sha256, to_json
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.domain.names import AccountId
from strongroom.errors import AwsRefused, BadInput, NoCredentials
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
    sessions.caller()  # the plainest error for missing or expired credentials
    act_in_management(sessions, read_management_account(sessions))
    deployed = read_deployment(sessions, Watched.of(estate))
    planned = plan_changes(estate, deployed, plan_id=f"{estate.name}-{uuid.uuid4().hex[:12]}")
    return PlanMade(plan=planned.plan, findings=planned.findings, estate=estate, sessions=sessions)


def act_in_management(sessions: Sessions, management: AccountId) -> None:
    """Let calls go to the management account: with the caller's own credentials there, else through the deploy role, in one hop.

    Raises AwsRefused when that role can't be assumed.
    """
    account = sessions.caller().account
    if account == management:
        return
    try:
        sessions.act_in(management)
    except NoCredentials:
        raise
    except AwsRefused as error:
        raise AwsRefused(
            f"you are in account {account}, but deploying needs the management account {management}, "
            f"and its role {sessions.role} can't be assumed from here",
            hint=f"use a profile of the management account, or deploy a role {sessions.role} there with a trust in account {account}",
            code=error.code,
        ) from error


def apply(made: PlanMade, plan: ChangePlan, *, home: Path, on_step: Callable[[Step, int], None]) -> str:
    """Execute a plan that was made for the same strategy and return the id of the run; raises WorldMoved, AwsRefused, Stopped."""
    from strongroom.workflows.apply import apply_plan

    act_in_management(made.sessions, plan.management_account)
    return apply_plan(plan, made.estate, made.sessions, home=home, on_step=on_step)


def write_plan(plan: ChangePlan, file: Path) -> None:
    """Write a plan for `read_plan`, whole or not at all; raises BadInput when the file can't be written."""
    document = {**to_json(plan), "sha256": sha256(to_json(plan))}
    write_whole(file, json.dumps(document, indent=2) + "\n")


def read_plan(file: Path, *, strategy: str) -> ChangePlan:
    """Return the plan of a strategy from a file that `write_plan` wrote; raises BadInput when it was changed since."""
    again = "write one with: strongroom plan --out FILE"
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"can't read {file}: {error.strerror}", hint=again) from error
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", hint=again) from error
    if not isinstance(document, dict) or "plan_id" not in document:
        raise BadInput(f"{file} is not a change plan", hint=again)
    digest = document.pop("sha256", None)
    if digest != sha256(document):
        raise BadInput(f"{file} is not as strongroom wrote it: its content and its sha256 differ", hint=again)
    plan = from_json(document, file=str(file))
    if plan.strategy != strategy:
        raise BadInput(f"{file} is a plan of strategy {plan.strategy}, not of {strategy}", hint="name the strategy that it was made for")
    return plan
