"""`restore`: what was backed up is brought back; planned first, by reading alone."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strongroom import facts
from strongroom.api.calendar import instant
from strongroom.api.entitled import snapshot_of
from strongroom.api.home import require_writable
from strongroom.api.rolenames import role_named
from strongroom.api.strategy import DEFAULT, load_strategy, strategy_path
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.domain.recovery import RestorePlan, RestoreStep
from strongroom.domain.roles import RolePurpose
from strongroom.errors import BadInput, CouldNotVerify

if TYPE_CHECKING:
    from strongroom.domain.estate import Estate
    from strongroom.ledger import Snapshot
    from strongroom.workflows.restore import RestoreDone
    from strongroom.workflows.restoring.request import RestoreRequest

DEPLOY_ROLE = "strongroom-deploy"  # assumed in other accounts where no strategy says which
_NAMELESS: Final = frozenset({ResourceType.EBS, ResourceType.EC2, ResourceType.EFS})
OnStep = Callable[[RestoreStep, int], None]
OnWait = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A restore that has not begun: nothing that could act was called."""

    plan: RestorePlan
    sessions: Sessions
    home: Path
    predicted_from: str  # id of the ledger's snapshot; empty: there is none

    @property
    def refused(self) -> bool:
        """Whether something is in its way."""
        from strongroom.workflows.restoring.planning import is_refused

        return is_refused(self.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants back, as they say it; empty: as it is best."""

    resource_arn: str
    at: str = ""  # ISO 8601, UTC where it names no zone
    point: str = ""  # ARN
    vault: str = ""  # label, name or ARN
    account: str = ""
    region: str = ""
    overrides: Sequence[str] = ()  # "key=value"
    name: str = ""
    overwrite: str = ""
    job_role: str = ""  # ARN of the role that AWS Backup assumes
    items: Sequence[str] = ()
    accept_cold: bool = False


def prepare(wish: Wish, *, strategy: Path | None, home: Path, role: str = "", as_of: str | None = None) -> Prepared:
    """Return the plan of a restore; without a strategy the `strategy.yaml` of the working folder, if there is one.

    `role`: name of the role to assume in other accounts; empty: the strategy's for recovery, else the one that deploys. `as_of`: the
    snapshot that permissions are predicted from. What is wished for is judged before anything is read. Raises BadInput, AwsRefused.
    """
    from strongroom.workflows.restoring.planning import plan_restore

    request, assumed = _request(wish), role_named(role)
    estate = _estate(strategy)
    snapshot = _snapshot(home, as_of)
    sessions = Sessions.open(role=assumed or _role_of(estate), region=estate.organization.home_region if estate else None)
    plan = plan_restore(request, sessions, estate=estate, snapshot=snapshot, plan_id=f"restore-{secrets.token_hex(6)}")
    return Prepared(plan=plan, sessions=sessions, home=home, predicted_from=snapshot.id if snapshot and estate else "")


def restore(prepared: Prepared, *, on_step: OnStep, on_wait: OnWait) -> "RestoreDone":
    """Carry out a restore; raises BadInput for a refused plan, RestoreFailed when a job fails, AwsRefused, Stopped on an interrupt."""
    from strongroom.workflows.restore import start_restore

    require_writable(prepared.home)
    return start_restore(prepared.plan, prepared.sessions, home=prepared.home, on_step=on_step, on_wait=on_wait)


def resume_restore(run_id: str, *, home: Path, on_step: OnStep, on_wait: OnWait) -> "RestoreDone":
    """Go on with an interrupted restore; raises as `restore`."""
    from strongroom.workflows.restore import resume_restore as go_on

    return go_on(run_id, _sessions, home=home, on_step=on_step, on_wait=on_wait)


def _request(wish: Wish) -> "RestoreRequest":
    from strongroom.workflows.restoring.request import RestoreRequest, judge, type_of

    request = RestoreRequest(
        resource_arn=wish.resource_arn,
        at=instant(wish.at, "UTC") if wish.at else None,
        point_arn=wish.point,
        vault=wish.vault,
        account=_account(wish.account),
        region=_region(wish.region),
        overrides=_pairs(wish.overrides),
        name=wish.name,
        overwrite=wish.overwrite,
        job_role=wish.job_role,
        items=tuple(wish.items),
        accept_cold=wish.accept_cold,
    )
    judge(request)
    kind = type_of(Arn.parse(wish.resource_arn))
    if wish.name and not wish.overwrite and kind in _NAMELESS:
        raise BadInput(f"AWS chooses the id of what is restored of {kind}: {wish.name!r} names nothing", hint="leave out --name")
    return request


def _sessions(plan: RestorePlan) -> Sessions:
    sessions = Sessions.open(role=plan.role, region=plan.home_region)
    sessions.caller()
    return sessions


def _estate(strategy: Path | None) -> "Estate | None":
    from strongroom import compiler

    if strategy is None and not DEFAULT.exists():
        return None
    return compiler.compile_strategy(load_strategy(strategy_path(strategy or DEFAULT)))


def _snapshot(home: Path, as_of: str | None) -> "Snapshot | None":
    """Return the snapshot to predict from; without a ledger nothing is predicted, and the plan says so."""
    try:
        return snapshot_of(home, as_of)
    except CouldNotVerify:
        if as_of is not None:
            raise
        return None


def _role_of(estate: "Estate | None") -> str:
    if estate is None:
        return DEPLOY_ROLE
    made = next((each.name for each in estate.roles.made if each.purpose is RolePurpose.RECOVERY), "")
    return made or estate.roles.deploy


def _account(text: str) -> AccountId | None:
    try:
        return AccountId.parse(text) if text else None
    except ValueError as error:
        raise BadInput(str(error), hint="--to-account 111122223333") from None


def _region(text: str) -> Region | None:
    try:
        found = Region.parse(text) if text else None
    except ValueError as error:
        raise BadInput(str(error), hint="--to-region eu-west-2") from None
    if found and found not in facts.regions():
        near = get_close_matches(found, sorted(facts.regions()), n=1)
        raise BadInput(f"there is no AWS Region {found}", hint=f"did you mean {near[0]}?" if near else "--to-region eu-west-2")
    return found


def _pairs(texts: Sequence[str]) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise BadInput(
                f"{text!r} sets nothing", hint="write restore metadata as KEY=VALUE, such as: --set DBInstanceClass=db.t3.medium"
            )
        pairs[key.strip()] = value
    return pairs
