"""`whoami`: who you are in AWS, and which accounts can be reached."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from strongroom.api.strategy import load_strategy
from strongroom.api.sync import READ_ROLE, organization_refusal
from strongroom.aws.organization import read_organization
from strongroom.aws.sessions import Sessions
from strongroom.errors import AwsRefused, ExitCode

THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whether an account's read role can be assumed."""

    account_id: str
    name: str
    reached: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The caller, and what can be reached from here."""

    account: str
    arn: str
    region: str
    role: str
    reach: tuple[Reach, ...]
    organization: str  # a sentence about an organization that could not be listed, else empty

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when some account, or the organization, can't be reached."""
        return ExitCode.PROVEN if self.reach and all(each.reached for each in self.reach) else ExitCode.COULD_NOT_VERIFY


def whoami(strategy: Path | None, *, role: str | None) -> Identity:
    """Return the caller and which accounts can be reached; raises NoCredentials, AwsUnreachable."""
    declared = load_strategy(strategy) if strategy else None
    role_name = role or (declared.roles.read if declared else READ_ROLE)
    sessions = Sessions.open(role=role_name, region=declared.organization.home_region if declared else None)
    caller = sessions.caller()
    try:
        accounts = [(account.id, account.name) for account in read_organization(sessions).accounts if account.status == "ACTIVE"]
        remark = ""
    except AwsRefused as error:
        accounts, remark = [], f"the organization can't be read: {error.message}; {organization_refusal(error, sessions).hint}"
    with ThreadPoolExecutor(THREADS) as pool:
        reach = tuple(pool.map(lambda each: _reach(sessions, *each), accounts))
    return Identity(account=caller.account, arn=caller.arn, region=caller.region, role=role_name, reach=reach, organization=remark)


def _reach(sessions: Sessions, account: str, name: str) -> Reach:
    try:
        sessions.assume(account)
    except AwsRefused as error:
        return Reach(account_id=account, name=name, reached=False, reason=error.message)
    return Reach(account_id=account, name=name, reached=True, reason="")
