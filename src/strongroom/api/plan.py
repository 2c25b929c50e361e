"""`plan` and `apply`: a plan is made and shown, then executed."""

import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.api.writing import write_whole
from strongroom.aws.deployment.drift import read_drift
from strongroom.aws.deployment.kept_stacks import with_kept_stacks
from strongroom.aws.deployment.reading import read_deployment, read_management_account
from strongroom.aws.deployment.site import Site
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import ChangePlan, Step, from_json, sha256, to_json
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.domain.names import AccountId
from strongroom.errors import AwsRefused, BadInput, LockNotAccepted, NoCredentials
from strongroom.forecast.lockrehearsal import Rehearsal
from strongroom.workflows.planning import plan_changes, unaccepted_locks
from strongroom.workflows.planning.accounts import account_findings
from strongroom.workflows.planning.meaning import Meanings, meanings

if TYPE_CHECKING:
    from strongroom.ledger import Snapshot
    from strongroom.workflows.apply import Applied


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade:
    """A change plan, or the findings that keep it from being made; `sessions` are those it was read with."""

    plan: ChangePlan | None
    findings: tuple[Finding, ...]  # warnings alone beside a plan
    estate: Estate
    deployed: Deployment
    meaning: Meanings | None  # None without a plan
    counted_at: datetime | None  # of the snapshot whose resources were counted
    sessions: Sessions
    second_factor: bool  # the caller has proven one


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiFactor:
    """The proof that AWS wants of a second factor."""

    device: str  # ARN or serial number; empty: the only one of the caller
    code: str  # six digits


def plan(path: Path, *, home: Path | None = None, drift: bool = False, multi_factor: MultiFactor | None = None) -> PlanMade:
    """Return what `apply` would do; nothing that could act is called.

    With `drift`, CloudFormation looks for what was changed by hand inside the stacks, which takes it minutes in a large organization.
    With a `home`, the resources in the newest snapshot of its ledger are counted, if there is one. Raises AwsRefused, FaultyStrategy.
    """
    estate = compiler.compile_strategy(load_strategy(path))
    sessions = Sessions.open(role=estate.roles.deploy, region=estate.organization.home_region)
    sessions.caller()  # the plainest error for missing or expired credentials
    if multi_factor is not None:
        sessions.prove_second_factor(multi_factor.device, multi_factor.code)
    act_in_management(sessions, read_management_account(sessions))
    deployed = read_deployment(sessions, Watched.of(estate))
    open_reader = partial(Sessions.open, role=estate.roles.read, region=estate.organization.home_region)
    deployed = with_kept_stacks(deployed, open_reader, strategy=estate.name)
    if drift:
        site = Site(strategy=estate.name, home_region=estate.organization.home_region, sessions=sessions)
        deployed = replace(deployed, drift=read_drift(deployed, site))
    planned = plan_changes(estate, deployed, plan_id=f"{estate.name}-{uuid.uuid4().hex[:12]}")
    newest = _snapshot(home) if planned.plan else None
    snapshot = newest if planned.plan and planned.plan.steps else None
    return PlanMade(
        plan=planned.plan,
        findings=(*planned.findings, *(account_findings(estate, newest) if planned.plan and home else ())),
        estate=estate,
        deployed=deployed,
        meaning=meanings(estate, deployed, snapshot) if planned.plan else None,
        counted_at=snapshot.observed_at if snapshot else None,
        sessions=sessions,
        second_factor=multi_factor is not None,
    )


def _snapshot(home: Path | None) -> "Snapshot | None":
    """Return the newest snapshot of a ledger; None where there is none: then nothing is counted, and the plan says so."""
    if home is None or not (home / "ledger").is_dir():
        return None
    from strongroom import ledger

    found = ledger.snapshots(home)
    return ledger.latest(home) if found else None


def require_second_factor(estate: Estate, *, shown: bool) -> None:
    """Raise BadInput where a strategy asks for a second factor before protection is taken away, and none was shown."""
    if estate.safeguards.mfa and not shown:
        raise BadInput(
            "the strategy asks for a second factor before protection is taken away",
            hint="add the code that your multi-factor device shows now: --mfa-code 123456",
        )


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


def rehearsal(made: PlanMade, plan: ChangePlan, *, home: Path | None = None) -> Rehearsal | None:
    """Return what the compliance locks that a plan puts would do; None when it puts none."""
    if not plan.locks:
        return None
    from strongroom.api.lock import rehearse_locks

    return rehearse_locks(made.estate, plan.locks, now=made.deployed.observed_at, home=home if _snapshot(home) else None)


def unaccepted(made: PlanMade, plan: ChangePlan, accept_locks: Collection[str]) -> tuple[Finding, ...]:
    """Return a finding for every compliance lock of a plan that is not among the accepted ones, which are labels of vaults.

    Raises BadInput for a label that the strategy doesn't know.
    """
    labels = [vault.label for vault in made.estate.vaults]
    for label in accept_locks:
        if label not in labels:
            near = get_close_matches(label, labels, n=1)
            hint = f"did you mean {near[0]}?" if near else f"vaults: {', '.join(labels)}"
            raise BadInput(f"the strategy has no vault {label!r}", hint=hint)
    return unaccepted_locks(plan, accept_locks, {vault.label: vault.origin for vault in made.estate.vaults})


def apply(
    made: PlanMade, plan: ChangePlan, *, home: Path, on_step: Callable[[Step, int], None], accept_locks: Collection[str] = ()
) -> "Applied":
    """Execute a plan that was made for the same strategy; raises LockNotAccepted, WorldMoved, AwsRefused, Stopped.

    What single accounts could not be given is returned with the run, whose other steps are done nevertheless.
    """
    from strongroom.workflows.apply import apply_plan

    refused = unaccepted(made, plan, accept_locks)
    if refused:
        raise LockNotAccepted(refused[0].message, hint=refused[0].help)
    if any(step.removes for step in plan.steps):
        require_second_factor(made.estate, shown=made.second_factor)
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
